/**
 * `--rate_limits`: how many messages of classic drivers are processed in a second, by principal (spec
 * ha-and-security, section 7). Pure: turns come as deadlines. HTTP frameworks, agents and senders that are no
 * registered frameworks are never held up.
 */
import type { Instant } from '../base/clock.ts';
import { err, ok, type Result } from '../base/result.ts';
import { fromJson } from '../wire/json.ts';
import type { Deadlines } from './deadlines.ts';

export interface RateLimit {
  /** Evenly spaced: nothing is saved up. */
  readonly perSecond: number;
  /** Messages that may wait; undefined means any number up to `WAITING_MAX`. */
  readonly capacity: number | undefined;
}

export interface RateLimits {
  /** `undefined` is a principal without a limit. */
  readonly byPrincipal: ReadonlyMap<string, RateLimit | undefined>;
  /** Shared by all frameworks that are not named. */
  readonly others: RateLimit | undefined;
}

/** What may wait without a capacity; beyond it messages are dropped as with one. */
export const WAITING_MAX = 1_000_000;

export function parseRateLimits(tree: unknown): Result<RateLimits> {
  const message = fromJson('mesos.v1.RateLimits', tree);
  if (!message.ok) return err(`Failed to parse rate limits: ${message.error}`);
  const { limits = [], aggregate_default_qps: qps } = message.value;
  const byPrincipal = new Map<string, RateLimit | undefined>();
  for (const limit of limits) {
    const { principal, qps: perSecond, capacity } = limit;
    if (byPrincipal.has(principal)) {
      return err(`Duplicate principal ${principal} found in RateLimits configuration`);
    }
    if (perSecond !== undefined && !(perSecond > 0)) {
      return err(`Invalid qps: ${perSecond}. It must be a positive number`);
    }
    byPrincipal.set(principal, perSecond === undefined ? undefined : { perSecond, capacity });
  }
  if (qps !== undefined && !(qps > 0)) {
    return err(`Invalid aggregate_default_qps: ${qps}. It must be a positive number`);
  }
  const capacity = message.value.aggregate_default_capacity;
  return ok({ byPrincipal, others: qps === undefined ? undefined : { perSecond: qps, capacity } });
}

/** Why a message was not taken: what was full. */
export interface Overflow {
  readonly capacity: number;
}

export class FrameworkThrottle {
  private readonly limits: RateLimits | undefined;
  private readonly deadlines: Deadlines;
  private readonly queues = new Map<string, TurnQueue>();

  constructor(limits: RateLimits | undefined, deadlines: Deadlines) {
    this.limits = limits;
    this.deadlines = deadlines;
  }

  /** Runs it now or when it is its turn, in the order of arrival. */
  pass(principal: string | undefined, now: Instant, run: () => void): Overflow | undefined {
    const queue = this.queueOf(principal);
    if (queue === undefined) {
      run();
      return undefined;
    }
    return queue.add(now, run, true);
  }

  /** The end of a connection waits for the messages before it, and has no limit of its own. */
  passExit(principal: string | undefined, now: Instant, run: () => void): void {
    const queue = this.queueOf(principal);
    if (queue === undefined) run();
    else queue.add(now, run, false);
  }

  private queueOf(principal: string | undefined): TurnQueue | undefined {
    const { limits } = this;
    if (limits === undefined) return undefined;
    const isNamed = principal !== undefined && limits.byPrincipal.has(principal);
    const limit = isNamed ? limits.byPrincipal.get(principal) : limits.others;
    if (limit === undefined) return undefined;
    const name = isNamed ? `turn of ${principal}` : 'turn';
    const known = this.queues.get(name);
    if (known !== undefined) return known;
    const made = new TurnQueue(name, limit, this.deadlines);
    this.queues.set(name, made);
    return made;
  }
}

class TurnQueue {
  private readonly name: string;
  private readonly limit: RateLimit;
  private readonly deadlines: Deadlines;
  private waiting: (() => void)[] = [];
  /** Entries of `waiting` that have had their turn. */
  private doneCount = 0;
  private nextTurn: Instant = 0;

  constructor(name: string, limit: RateLimit, deadlines: Deadlines) {
    this.name = name;
    this.limit = limit;
    this.deadlines = deadlines;
  }

  add(now: Instant, run: () => void, isBounded: boolean): Overflow | undefined {
    const waitingCount = this.waiting.length - this.doneCount;
    if (waitingCount === 0 && this.nextTurn <= now) {
      this.take(now, run);
      return undefined;
    }
    const capacity = this.limit.capacity ?? WAITING_MAX;
    if (isBounded && waitingCount >= capacity) return { capacity };
    this.waiting.push(run);
    if (waitingCount === 0) this.await();
    return undefined;
  }

  private take(now: Instant, run: () => void): void {
    this.nextTurn = Math.max(now, this.nextTurn) + 1000 / this.limit.perSecond;
    run();
  }

  private await(): void {
    const at = this.nextTurn;
    this.deadlines.set(this.name, at, () => this.turn(at));
  }

  /** A wake that comes late is no reason to be slower than allowed. */
  private turn(at: Instant): void {
    const run = this.waiting[this.doneCount];
    this.doneCount += 1;
    if (this.doneCount > 1024 && this.doneCount * 2 > this.waiting.length) {
      this.waiting = this.waiting.slice(this.doneCount);
      this.doneCount = 0;
    }
    if (run !== undefined) this.take(at, run);
    if (this.waiting.length > this.doneCount) this.await();
    else {
      this.waiting = [];
      this.doneCount = 0;
    }
  }
}
