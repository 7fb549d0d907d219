/** `network/ports`: containers listen on ports they were given, and on no others (section 8.3). */
import type { DurationMs } from '../../../base/duration.ts';
import { ok } from '../../../base/result.ts';
import { type CgroupOptions, cgroupV1, cgroupV2 } from '../cgroup-paths.ts';
import { type IsolatedContainer, type Isolator, isNested } from '../isolator.ts';
import type { WatchPlan } from '../plan.ts';

type Range = readonly [begin: number, end: number];

export interface PortsOptions {
  /** `--container_ports_watch_interval`. */
  readonly intervalMs: DurationMs;
  /** `--enforce_container_ports`. */
  readonly isEnforced: boolean;
  /** `--check_agent_port_range_only`, `--container_ports_isolated_range`. */
  readonly considered: readonly Range[] | undefined;
  readonly cgroups: CgroupOptions;
}

export function portsIsolator(options: PortsOptions): Isolator {
  const watches = (container: Pick<IsolatedContainer, 'id' | 'sandbox' | 'resources'>) =>
    isNested(container.id) ? [] : [watchOf(container, options)];
  return {
    name: 'network/ports',
    prepare: (container) => ok({ watches: watches(container) }),
    watches,
  };
}

function watchOf(
  { id, resources }: Pick<IsolatedContainer, 'id' | 'resources'>,
  { intervalMs, isEnforced, considered, cgroups }: PortsOptions,
): WatchPlan {
  const path = cgroups.version === 1 ? cgroupV1(cgroups, 'freezer', id) : cgroupV2(cgroups, id);
  const allowed = resources.requests.flatMap(({ name, ranges }) =>
    name === 'ports' ? (ranges?.range ?? []).map(({ begin, end }): Range => [begin, end]) : [],
  );
  const more = considered === undefined ? {} : { considered };
  return { kind: 'ports', path, intervalMs, isEnforced, allowed, ...more };
}
