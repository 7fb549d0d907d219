/** Figures under the original's names (spec aurora-scheduler, section 10.3), read when they are asked for. */
import { LIFE, type LifeState } from './leading.ts';
import type { AuroraMachine } from './machine/aurora-machine.ts';
import { ACTIVE, TERMINAL } from './machine/schedule-status.ts';

export interface MetricsInput {
  readonly machine: AuroraMachine;
  readonly counts: ReadonlyMap<string, number>;
  readonly isSubscribed: boolean;
  readonly life: LifeState;
  readonly uptimeSeconds: number;
}

export function auroraVars(input: MetricsInput): ReadonlyMap<string, number> {
  const { machine, counts } = input;
  const vars = new Map<string, number>([
    ['framework_registered', input.isSubscribed ? 1 : 0],
    ['jvm_uptime_secs', input.uptimeSeconds],
    ['scheduler_resource_offers', machine.offers.size],
    ...counts,
  ]);
  for (const state of LIFE) vars.set(`scheduler_lifecycle_${state}`, state === input.life ? 1 : 0);
  for (const status of [...ACTIVE, ...TERMINAL]) {
    vars.set(`task_store_${status}`, machine.state.tasks.countOf(status));
  }
  return vars;
}
