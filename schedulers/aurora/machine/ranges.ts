/** Instance numbers as ranges, and configurations with the instances that have them. */
import type { ConfigGroup, Range, ScheduledTask, TaskConfig } from '../thrift/types.ts';
import type { AuroraState } from './state.ts';

/** Both ends included, rising, as few as possible. */
export function toRanges(numbers: Iterable<number>): readonly Range[] {
  const rising = [...new Set(numbers)].sort((a, b) => a - b);
  const ranges: { first: number; last: number }[] = [];
  for (const each of rising) {
    const open = ranges.at(-1);
    if (open !== undefined && open.last === each - 1) open.last = each;
    else ranges.push({ first: each, last: each });
  }
  return ranges;
}

export function inRanges(ranges: readonly Range[], number: number): boolean {
  return ranges.some(({ first, last }) => first <= number && number <= last);
}

export function groupByConfig(
  state: AuroraState,
  instances: Iterable<readonly [instance: number, config: TaskConfig]>,
): readonly ConfigGroup[] {
  const groups = new Map<string, { config: TaskConfig; instances: number[] }>();
  for (const [instance, config] of instances) {
    const text = state.configText(config);
    const known = groups.get(text);
    if (known === undefined) groups.set(text, { config, instances: [instance] });
    else known.instances.push(instance);
  }
  return [...groups.values()].map((group) => ({
    config: group.config,
    instances: toRanges(group.instances),
  }));
}

export function instanceConfigs(tasks: readonly ScheduledTask[]): ReadonlyMap<number, TaskConfig> {
  return new Map(tasks.map(({ assignedTask }) => [assignedTask.instanceId, assignedTask.task]));
}
