/**
 * When to REVIVE and when to SUPPRESS, per role. A role with work gets offers at once when it was
 * suppressed; asking again (for offers declined before) is limited to one REVIVE per interval, later
 * requests are merged. A role without work is suppressed so that others get its offers.
 */
import type { Instant } from '../../core/base/clock.ts';
import type { DurationMs } from '../../core/base/duration.ts';

export interface DemandStep {
  readonly revive: readonly string[];
  readonly suppress: readonly string[];
  readonly wakeAt: Instant | undefined;
}

export interface OfferDemandOptions {
  /** Between two REVIVEs of a role that gets offers already. */
  readonly minReviveIntervalMs: DurationMs;
  /** How often a REVIVE is repeated, one interval later each, while work is left. */
  readonly repeats: number;
  /**
   * How soon after a REVIVE a role that was suppressed since may be revived again. In a burst of small work each
   * piece would else ask for the offers of all agents, use one and turn the others down.
   */
  readonly resumePauseMs?: DurationMs;
  /** False keeps offers coming when there is no work. */
  readonly suppresses: boolean;
}

interface RoleDemand {
  wanted: boolean;
  /** What the master was told last. */
  isOffered: boolean;
  isReviveAsked: boolean;
  repeatsLeft: number;
  revivedAt: Instant;
}

export class OfferDemand {
  private readonly options: OfferDemandOptions;
  private readonly roles = new Map<string, RoleDemand>();
  private isConnected = false;

  constructor(options: OfferDemandOptions, roles: readonly string[]) {
    this.options = options;
    for (const role of roles) this.roles.set(role, newDemand(!options.suppresses));
  }

  /** Work of this role is left; `isNew` work also wants offers that were declined before. */
  want(role: string, isNew: boolean): void {
    const demand = this.roles.get(role) ?? newDemand(false);
    this.roles.set(role, demand);
    demand.wanted = true;
    if (isNew) demand.isReviveAsked = true;
  }

  unwant(role: string): void {
    const demand = this.roles.get(role);
    if (demand === undefined) return;
    demand.wanted = !this.options.suppresses;
    demand.isReviveAsked = false;
    demand.repeatsLeft = 0;
  }

  isWanted(role: string): boolean {
    return this.roles.get(role)?.wanted === true;
  }

  /** Roles to name as suppressed when subscribing. */
  suppressedRoles(): readonly string[] {
    return [...this.roles].filter(([, demand]) => !demand.wanted).map(([role]) => role);
  }

  /** Whatever the master remembers: roles with work are revived, the others suppressed. */
  subscribed(): void {
    this.isConnected = true;
    for (const demand of this.roles.values()) {
      demand.isOffered = !demand.wanted;
      demand.revivedAt = -Infinity;
    }
  }

  disconnected(): void {
    this.isConnected = false;
  }

  /** What to send now; the state changes as if it had been sent. */
  step(now: Instant): DemandStep {
    const revive: string[] = [];
    const suppress: string[] = [];
    let wakeAt: Instant | undefined;
    if (!this.isConnected) return { revive, suppress, wakeAt };
    for (const [role, demand] of this.roles) {
      if (demand.wanted) {
        const at = this.reviveAt(demand, now);
        if (at !== undefined && at <= now) {
          revive.push(role);
          this.markRevived(demand, now);
        }
        const next = this.reviveAt(demand, now);
        if (next !== undefined) wakeAt = Math.min(wakeAt ?? next, next);
      } else if (demand.isOffered) {
        suppress.push(role);
        demand.isOffered = false;
      }
    }
    return { revive, suppress, wakeAt };
  }

  private reviveAt(demand: RoleDemand, now: Instant): Instant | undefined {
    const { resumePauseMs = 0 } = this.options;
    if (!demand.isOffered) {
      // A clock that was set back must not keep work waiting.
      return demand.revivedAt > now ? now : Math.max(now, demand.revivedAt + resumePauseMs);
    }
    const wantsAgain = demand.isReviveAsked || demand.repeatsLeft > 0;
    return wantsAgain ? demand.revivedAt + this.options.minReviveIntervalMs : undefined;
  }

  private markRevived(demand: RoleDemand, now: Instant): void {
    const isRepeat = demand.isOffered && !demand.isReviveAsked;
    demand.repeatsLeft = isRepeat ? demand.repeatsLeft - 1 : this.options.repeats;
    demand.isOffered = true;
    demand.isReviveAsked = false;
    demand.revivedAt = now;
  }
}

function newDemand(wanted: boolean): RoleDemand {
  return { wanted, isOffered: false, isReviveAsked: false, repeatsLeft: 0, revivedAt: -Infinity };
}
