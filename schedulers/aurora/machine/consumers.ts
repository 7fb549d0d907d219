/** Which tasks use which part of the cluster (spec aurora-scheduler, sections 10 and 10.3). */
import type { ScheduledTask } from '../thrift/types.ts';
import type { AuroraMachine } from './aurora-machine.ts';
import { isDedicated } from './quota-use.ts';
import { ACTIVE } from './schedule-status.ts';

const POOLS = {
  total: () => true,
  quota: (machine: AuroraMachine, task: ScheduledTask) =>
    machine.tiers.isProduction(task.assignedTask.task) && !isDedicated(task.assignedTask.task),
  free: (machine: AuroraMachine, task: ScheduledTask) =>
    !machine.tiers.isProduction(task.assignedTask.task) && !isDedicated(task.assignedTask.task),
  dedicated: (_machine: AuroraMachine, task: ScheduledTask) => isDedicated(task.assignedTask.task),
} as const;

export type Pool = keyof typeof POOLS;

export function isPool(name: string): name is Pool {
  return Object.hasOwn(POOLS, name);
}

/** Active tasks, those without an agent among them. */
export function consumers(machine: AuroraMachine, pool: Pool): readonly ScheduledTask[] {
  const counts = POOLS[pool];
  return [...ACTIVE]
    .flatMap((status) => [...machine.state.tasks.withStatus(status)])
    .filter((task) => counts(machine, task));
}
