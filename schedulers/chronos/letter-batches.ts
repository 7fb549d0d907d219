/**
 * When letters go out: at once, as long as a recipient does not get too many, else together in one
 * (an addition). Pure: the caller sends, and wakes it at `nextAt`.
 */
import type { Instant } from '../../core/base/clock.ts';
import { type DurationMs, minutes } from '../../core/base/duration.ts';
import type { Letter } from './letters.ts';

export interface BatchOptions {
  /** Letters to one recipient in a minute; more are gathered. */
  readonly ratePerMinute: number;
  /** All letters are gathered for so long; 0 sends the first ones at once. */
  readonly gatherMs: DurationMs;
}

export interface Batch {
  readonly recipient: string;
  readonly letters: readonly Letter[];
  /** Those that were too many to be kept. */
  readonly droppedCount: number;
}

/** Letters that wait for one recipient. */
export const HELD_MAX = 200;
/** Recipients with something to remember; above, the newest letters are dropped and counted. */
const RECIPIENTS_MAX = 10_000;

interface Mailbox {
  /** How many letters may go now. */
  allowance: number;
  countedAt: Instant;
  held: Letter[];
  droppedCount: number;
  flushAt: Instant | undefined;
}

export class LetterBatches {
  private readonly options: BatchOptions;
  private readonly boxes = new Map<string, Mailbox>();

  constructor(options: BatchOptions) {
    this.options = options;
  }

  get nextAt(): Instant | undefined {
    const times = [...this.boxes.values()].flatMap(({ flushAt }) => flushAt ?? []);
    return times.length === 0 ? undefined : Math.min(...times);
  }

  /** Whether the letter goes now; else it is kept, or dropped where too many are. */
  admit(recipient: string, letter: Letter, now: Instant): boolean {
    const box = this.boxOf(recipient, now);
    if (box === undefined) return false;
    const isFree = box.flushAt === undefined && box.allowance >= 1;
    if (this.options.gatherMs === 0 && isFree) {
      box.allowance -= 1;
      return true;
    }
    if (box.held.length < HELD_MAX) box.held.push(letter);
    else box.droppedCount += 1;
    box.flushAt ??= now + Math.max(this.options.gatherMs, this.msUntilFree(box));
    return false;
  }

  /** Batches that go now, or all of them. */
  take(now: Instant, isLast = false): readonly Batch[] {
    const batches: Batch[] = [];
    for (const [recipient, box] of this.boxes) {
      this.refill(box, now);
      const { held: letters, droppedCount, flushAt } = box;
      if (flushAt !== undefined && (isLast || flushAt <= now)) {
        batches.push({ recipient, letters, droppedCount });
        box.allowance -= 1;
        Object.assign(box, { held: [], droppedCount: 0, flushAt: undefined });
      }
      if (box.flushAt === undefined && box.allowance >= this.options.ratePerMinute) {
        this.boxes.delete(recipient);
      }
    }
    return batches;
  }

  private boxOf(recipient: string, now: Instant): Mailbox | undefined {
    const known = this.boxes.get(recipient);
    if (known !== undefined) {
      this.refill(known, now);
      return known;
    }
    if (this.boxes.size >= RECIPIENTS_MAX) this.forgetIdle(now);
    if (this.boxes.size >= RECIPIENTS_MAX) return undefined;
    const allowance = this.options.ratePerMinute;
    const box = { allowance, countedAt: now, held: [], droppedCount: 0, flushAt: undefined };
    this.boxes.set(recipient, box);
    return box;
  }

  private forgetIdle(now: Instant): void {
    for (const [recipient, box] of this.boxes) {
      this.refill(box, now);
      const isIdle = box.flushAt === undefined && box.allowance >= this.options.ratePerMinute;
      if (isIdle) this.boxes.delete(recipient);
    }
  }

  private refill(box: Mailbox, now: Instant): void {
    const { ratePerMinute } = this.options;
    const gained = ((now - box.countedAt) * ratePerMinute) / minutes(1);
    box.allowance = Math.min(ratePerMinute, box.allowance + Math.max(0, gained));
    box.countedAt = now;
  }

  private msUntilFree(box: Mailbox): DurationMs {
    const missing = Math.max(0, 1 - box.allowance);
    return Math.ceil((missing * minutes(1)) / this.options.ratePerMinute);
  }
}
