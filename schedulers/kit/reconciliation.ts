/**
 * Which tasks to ask the master about, and when (spec scheduler-api, sections 15 and 24): all known
 * ones explicitly, again with growing pauses until each has an answer, then everything implicitly
 * once, and the whole again after an interval. Pure: `step` says what is to be sent now.
 */
import type { Instant } from '../../core/base/clock.ts';
import { type DurationMs, minutes, seconds } from '../../core/base/duration.ts';

export interface KnownTask {
  readonly taskId: string;
  readonly agentId: string | undefined;
}

export interface ReconciliationStep {
  /** Tasks to ask about, in calls of at most `TASKS_PER_CALL_MAX`. */
  readonly explicit: readonly (readonly KnownTask[])[];
  readonly implicit: boolean;
  /** The interval is over: call `begin` with the tasks known now. */
  readonly beginAgain: boolean;
  readonly wakeAt: Instant | undefined;
}

export const TASKS_PER_CALL_MAX = 500;
const PAUSE_MIN_MS = seconds(1);
const PAUSE_MAX_MS = minutes(1);

export class Reconciliation {
  private readonly intervalMs: DurationMs | undefined;
  private readonly unanswered = new Map<string, KnownTask>();
  private phase: 'off' | 'asking' | 'resting' | 'done' = 'off';
  private nextAt: Instant = 0;
  private pauseMs = PAUSE_MIN_MS;

  /** @param intervalMs undefined when the whole is not repeated */
  constructor(intervalMs: DurationMs | undefined) {
    this.intervalMs = intervalMs;
  }

  /** After each SUBSCRIBED, and when `step` says so. */
  begin(tasks: Iterable<KnownTask>, now: Instant): void {
    this.unanswered.clear();
    for (const task of tasks) this.unanswered.set(task.taskId, task);
    this.phase = 'asking';
    this.nextAt = now;
    this.pauseMs = PAUSE_MIN_MS;
  }

  /** Asks about one more task, for instance after its launch was refused. */
  add(task: KnownTask, now: Instant): void {
    if (this.phase === 'off') return;
    this.unanswered.set(task.taskId, task);
    if (this.phase === 'asking' && this.nextAt <= now) return;
    this.phase = 'asking';
    this.nextAt = now;
    this.pauseMs = PAUSE_MIN_MS;
  }

  /** Any update about the task is an answer. */
  answered(taskId: string): void {
    this.unanswered.delete(taskId);
  }

  /** The connection is gone. */
  stop(): void {
    this.phase = 'off';
    this.unanswered.clear();
  }

  step(now: Instant): ReconciliationStep {
    const nothing = { explicit: [], implicit: false, beginAgain: false, wakeAt: undefined };
    if (this.phase === 'off' || this.phase === 'done') return nothing;
    if (now < this.nextAt) return { ...nothing, wakeAt: this.nextAt };
    if (this.phase === 'resting') return { ...nothing, beginAgain: true };
    if (this.unanswered.size > 0) {
      const explicit = inChunks([...this.unanswered.values()], TASKS_PER_CALL_MAX);
      this.nextAt = now + this.pauseMs;
      this.pauseMs = Math.min(this.pauseMs * 2, PAUSE_MAX_MS);
      return { ...nothing, explicit, wakeAt: this.nextAt };
    }
    if (this.intervalMs === undefined) {
      this.phase = 'done';
      return { ...nothing, implicit: true };
    }
    this.phase = 'resting';
    this.nextAt = now + this.intervalMs;
    return { ...nothing, implicit: true, wakeAt: this.nextAt };
  }
}

function inChunks<T>(items: readonly T[], size: number): readonly (readonly T[])[] {
  const chunks: (readonly T[])[] = [];
  for (let at = 0; at < items.length; at += size) chunks.push(items.slice(at, at + size));
  return chunks;
}
