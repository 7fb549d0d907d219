/**
 * When to allocate, and for which agents. Allocation follows events: an agent whose resources were
 * freed, or all of them after a change of frameworks, become candidates and the next run comes at
 * once. With quotas one agent's change may matter to all others, so all are looked at again after
 * at most one allocation interval (spec allocator, sections 3 and 9).
 */
import type { Instant } from '../base/clock.ts';
import type { DurationMs } from '../base/duration.ts';
import type { AgentId } from '../base/ids.ts';
import type { AllocatorOptions } from './types.ts';

/** Runs closer together than this are one run, so that a burst of events makes few messages. */
const COALESCE_MS: DurationMs = 1;

export class Schedule {
  private readonly options: AllocatorOptions;
  private readonly candidates = new Set<AgentId>();
  private isEverything = false;
  /** Set while quotas exist and something changed since all agents were looked at. */
  private isTickDue = false;
  private lastRunAt: Instant = Number.NEGATIVE_INFINITY;
  private lastFullRunAt: Instant = Number.NEGATIVE_INFINITY;
  private isPaused = false;
  private recovery: { readonly agentCount: number; readonly until: Instant } | undefined;
  /** Ends of inverse-offer filters; few, so a plain map is enough. */
  private readonly wakes = new Map<AgentId, Instant>();

  constructor(options: AllocatorOptions) {
    this.options = options;
  }

  requestAgent(agentId: AgentId): void {
    this.candidates.add(agentId);
    this.isTickDue = true;
  }

  requestAll(): void {
    this.isEverything = true;
  }

  forgetAgent(agentId: AgentId): void {
    this.candidates.delete(agentId);
    this.wakes.delete(agentId);
  }

  wakeAgentAt(agentId: AgentId, at: Instant): void {
    this.wakes.set(agentId, Math.min(at, this.wakes.get(agentId) ?? at));
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
  }

  /** After a failover with quotas: wait for most agents, so that no guarantee is given away. */
  recover(expectedAgentCount: number, now: Instant): void {
    const agentCount = Math.floor(expectedAgentCount * this.options.agentRecoveryFactor);
    if (agentCount === 0) return;
    this.recovery = { agentCount, until: now + this.options.recoveryTimeoutMs };
  }

  /** The next run; `filterEndsAt` is when the next refuse filter ends. */
  nextWake(
    now: Instant,
    hasQuota: boolean,
    filterEndsAt: Instant | undefined,
  ): Instant | undefined {
    let wake = Number.POSITIVE_INFINITY;
    if (this.isEverything || this.candidates.size > 0) {
      wake = Math.max(now, this.lastRunAt + COALESCE_MS);
    }
    if (hasQuota && this.isTickDue) {
      wake = Math.min(wake, this.lastFullRunAt + this.options.allocationIntervalMs);
    }
    if (filterEndsAt !== undefined) wake = Math.min(wake, filterEndsAt);
    for (const at of this.wakes.values()) wake = Math.min(wake, at);
    return wake === Number.POSITIVE_INFINITY ? undefined : wake;
  }

  /** Whether a run may happen now. */
  isOpen(agentCount: number, now: Instant): boolean {
    if (this.isPaused) return false;
    if (this.recovery === undefined) return true;
    if (agentCount < this.recovery.agentCount && now < this.recovery.until) return false;
    this.recovery = undefined;
    this.requestAll();
    return true;
  }

  /** When a closed schedule opens by itself. */
  get closedUntil(): Instant | undefined {
    return this.isPaused ? undefined : this.recovery?.until;
  }

  /** The candidates of a run that starts now, `'all'` for every agent; they are forgotten here. */
  take(now: Instant, hasQuota: boolean): ReadonlySet<AgentId> | 'all' {
    for (const [agentId, at] of this.wakes) {
      if (at > now) continue;
      this.wakes.delete(agentId);
      this.candidates.add(agentId);
    }
    const tickAt = this.lastFullRunAt + this.options.allocationIntervalMs;
    const isTick = hasQuota && this.isTickDue && now >= tickAt;
    const taken = new Set(this.candidates);
    this.candidates.clear();
    if (taken.size > 0 || this.isEverything || isTick) this.lastRunAt = now;
    if (!this.isEverything && !isTick) return taken;
    this.isEverything = false;
    this.isTickDue = false;
    this.lastFullRunAt = now;
    return 'all';
  }
}
