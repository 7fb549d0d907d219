/**
 * Agents that are kept for somebody for a while: for a group of pending tasks that others gave way to, or for an
 * instance that an update has just taken from there (spec aurora-scheduler, section 4.3).
 */
import type { Instant } from '../../../core/base/clock.ts';
import type { TaskConfig } from '../thrift/types.ts';
import { keyText } from './job-key.ts';

export function forGroup(configText: string): string {
  return `group ${configText}`;
}

export function forInstance(config: TaskConfig, instance: number): string {
  return `instance ${config.job === undefined ? '' : keyText(config.job)}/${instance}`;
}

export class Reservations {
  /** By agent, for whom and until when: several instances may come back to one. */
  private readonly byAgent = new Map<string, Map<string, Instant>>();

  hold(agentId: string, whom: string, until: Instant): void {
    const known = this.byAgent.get(agentId);
    if (known === undefined) this.byAgent.set(agentId, new Map([[whom, until]]));
    else known.set(whom, until);
  }

  isKept(agentId: string, now: Instant): boolean {
    return this.holders(agentId, now) !== undefined;
  }

  /** Kept for others, and not for this one. */
  isKeptFrom(agentId: string, whom: string, now: Instant): boolean {
    const holders = this.holders(agentId, now);
    return holders !== undefined && !holders.has(whom);
  }

  agentsFor(whom: string, now: Instant): readonly string[] {
    if (this.byAgent.size === 0) return [];
    return [...this.byAgent.keys()].filter(
      (agentId) => this.holders(agentId, now)?.has(whom) === true,
    );
  }

  release(agentId: string, whom: string): void {
    const holders = this.byAgent.get(agentId);
    holders?.delete(whom);
    if (holders?.size === 0) this.byAgent.delete(agentId);
  }

  private holders(agentId: string, now: Instant): ReadonlyMap<string, Instant> | undefined {
    const holders = this.byAgent.get(agentId);
    if (holders === undefined) return undefined;
    for (const [whom, until] of holders) {
      if (until <= now) this.release(agentId, whom);
    }
    return holders.size === 0 ? undefined : holders;
  }
}
