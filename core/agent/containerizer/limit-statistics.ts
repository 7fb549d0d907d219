/** What a container may use at most, as ResourceStatistics (spec agent-runtime, section 8). */
import type { ResourceStatistics } from '../../wire/types/mesos.v1.ts';
import type { IsolationOptions } from './isolation-options.ts';
import { memoryLimitBytes, requestOf } from './isolators/amounts.ts';
import type { ContainerResources } from './port.ts';

type Host = Pick<IsolationOptions, 'enablesCfs' | 'hostCpuCount' | 'hostMemoryBytes'>;

/**
 * Empty where no task has limits and `--cgroups_enable_cfs` does not make one of the request, whether
 * or not an isolator enforces them. An infinite limit is what the host has.
 */
export function limitStatistics(
  resources: ContainerResources,
  { enablesCfs, hostCpuCount, hostMemoryBytes }: Host,
): Pick<ResourceStatistics, 'cpus_limit' | 'mem_limit_bytes'> {
  const { cpus, mem } = resources.limits;
  const requested = requestOf(resources, 'cpus');
  const cpuLimit = cpus ?? (enablesCfs && requested > 0 ? requested : undefined);
  return {
    ...(cpuLimit === undefined ? {} : { cpus_limit: finiteOr(cpuLimit, hostCpuCount) }),
    ...(mem === undefined
      ? {}
      : { mem_limit_bytes: finiteOr(memoryLimitBytes(resources), hostMemoryBytes) }),
  };
}

function finiteOr(amount: number, otherwise: number): number {
  return Number.isFinite(amount) ? amount : otherwise;
}
