/**
 * Agents that are kept for somebody for a while: for a group of pending tasks that others gave way to, or for an
 * instance that an update has just taken from there (spec aurora-scheduler, section 4.3).
 */
import type { Instant } from '../../../core/base/clock.ts';
import type { TaskConfig } from '../thrift/types.ts';
import { keyText } from './job-key.ts';

interface Reservation {
  readonly whom: string;
  readonly until: Instant;
}

export function forGroup(configText: string): string {
  return `group ${configText}`;
}

export function forInstance(config: TaskConfig, instance: number): string {
  return `instance ${config.job === undefined ? '' : keyText(config.job)}/${instance}`;
}

export class Reservations {
  private readonly byAgent = new Map<string, Reservation>();

  /** A later one takes the place of an earlier one. */
  hold(agentId: string, whom: string, until: Instant): void {
    this.byAgent.set(agentId, { whom, until });
  }

  /** Whom an agent is kept for; undefined when anybody may have it. */
  holder(agentId: string, now: Instant): string | undefined {
    const found = this.byAgent.get(agentId);
    if (found === undefined) return undefined;
    if (found.until > now) return found.whom;
    this.byAgent.delete(agentId);
    return undefined;
  }

  agentsFor(whom: string, now: Instant): readonly string[] {
    if (this.byAgent.size === 0) return [];
    return [...this.byAgent.keys()].filter((agentId) => this.holder(agentId, now) === whom);
  }

  release(agentId: string): void {
    this.byAgent.delete(agentId);
  }
}
