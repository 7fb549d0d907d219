/**
 * When to allocate, for which agents and frameworks. Allocation follows events: what is left on an
 * agent after a run is what no framework could take, so only a change can make an offer of it. A
 * freed agent is looked at for all frameworks; after a framework's filter ended, or the framework
 * came, only that framework is. With quotas one agent's change may matter to all others, so all are
 * looked at again after at most one allocation interval (spec allocator, sections 3 and 9).
 */
import type { Instant } from '../base/clock.ts';
import type { DurationMs } from '../base/duration.ts';
import type { AgentId, FrameworkId } from '../base/ids.ts';
import type { AllocatorOptions } from './types.ts';

/** Runs closer together than this are one run, so that a burst of events makes few messages. */
const COALESCE_MS: DurationMs = 1;

/** The frameworks an agent is looked at for. */
export type Focus = ReadonlySet<FrameworkId> | 'all';

export interface Candidates {
  readonly agents: ReadonlyMap<AgentId, Focus>;
  /** The focus of agents that are not in `agents`; `undefined` leaves them out. */
  readonly others: Focus | undefined;
}

export class Schedule {
  private readonly options: AllocatorOptions;
  private candidates = new Map<AgentId, Focus>();
  /** To be looked at on every agent. */
  private newcomers = new Set<FrameworkId>();
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
    this.candidates.set(agentId, 'all');
    this.isTickDue = true;
  }

  requestPair(agentId: AgentId, frameworkId: FrameworkId): void {
    const focus = this.candidates.get(agentId) ?? new Set();
    if (focus === 'all') return;
    this.candidates.set(agentId, new Set(focus).add(frameworkId));
    this.isTickDue = true;
  }

  requestFramework(frameworkId: FrameworkId): void {
    this.newcomers.add(frameworkId);
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
    if (this.isEverything || this.candidates.size > 0 || this.newcomers.size > 0) {
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

  /** The candidates of a run that starts now; they are forgotten here. */
  take(now: Instant, hasQuota: boolean): Candidates {
    for (const [agentId, at] of this.wakes) {
      if (at > now) continue;
      this.wakes.delete(agentId);
      this.candidates.set(agentId, 'all');
    }
    const tickAt = this.lastFullRunAt + this.options.allocationIntervalMs;
    const isFull = this.isEverything || (hasQuota && this.isTickDue && now >= tickAt);
    const { candidates: agents, newcomers } = this;
    this.candidates = new Map();
    this.newcomers = new Set();
    if (isFull || agents.size > 0 || newcomers.size > 0) this.lastRunAt = now;
    if (!isFull) return { agents, others: newcomers.size > 0 ? newcomers : undefined };
    this.isEverything = false;
    this.isTickDue = false;
    this.lastFullRunAt = now;
    return { agents: new Map(), others: 'all' };
  }
}

/** What both of two reasons ask for. */
export function joinFocus(a: Focus, b: Focus | undefined): Focus {
  if (b === undefined || a === 'all') return a;
  return b === 'all' ? b : new Set([...a, ...b]);
}
