/** Figures under the original's names (spec aurora-scheduler, section 10.3), read when they are asked for. */
import type { AuroraMachine } from './machine/aurora-machine.ts';
import type { Counter } from './machine/effects.ts';
import { ACTIVE, TERMINAL } from './machine/schedule-status.ts';

export interface MetricsInput {
  readonly machine: AuroraMachine;
  readonly counts: ReadonlyMap<Counter, number>;
  readonly isSubscribed: boolean;
  readonly uptimeSeconds: number;
}

export function auroraVars(input: MetricsInput): ReadonlyMap<string, number> {
  const { machine, counts } = input;
  const vars = new Map<string, number>([
    ['framework_registered', input.isSubscribed ? 1 : 0],
    ['jvm_uptime_secs', input.uptimeSeconds],
    ['scheduler_lifecycle_ACTIVE', input.isSubscribed ? 1 : 0],
    ['scheduler_resource_offers', machine.offers.size],
    ...counts,
  ]);
  for (const status of [...ACTIVE, ...TERMINAL]) {
    vars.set(`task_store_${status}`, machine.state.tasks.countOf(status));
  }
  return vars;
}
