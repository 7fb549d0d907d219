/** Grants as the kernel counts them. */
import type { ContainerResources } from '../port.ts';

const MB = 1024 ** 2;
const MEMORY_MIN_BYTES = 32 * MB;
export const CFS_PERIOD_US = 100_000;
const CFS_QUOTA_MIN_US = 1_000;

export function requestOf({ requests }: ContainerResources, name: string): number {
  let total = 0;
  for (const each of requests) if (each.name === name) total += each.scalar?.value ?? 0;
  return total;
}

export function hasRevocable({ requests }: ContainerResources, name: string): boolean {
  return requests.some((each) => each.name === name && each.revocable !== undefined);
}

/** Undefined when the container asks for no memory at all. */
export function memoryRequestBytes(resources: ContainerResources): number {
  return Math.max(MEMORY_MIN_BYTES, Math.round(requestOf(resources, 'mem') * MB));
}

/** Infinite when a task may use all there is. */
export function memoryLimitBytes(resources: ContainerResources): number {
  const { mem } = resources.limits;
  if (mem === undefined) return memoryRequestBytes(resources);
  return Number.isFinite(mem) ? Math.max(MEMORY_MIN_BYTES, Math.round(mem * MB)) : mem;
}

/** Microseconds per period; infinite without bound, undefined when nothing bounds the container. */
export function cfsQuotaUs(resources: ContainerResources, isAlways: boolean): number | undefined {
  const { cpus } = resources.limits;
  if (cpus === undefined && !isAlways) return undefined;
  const share = cpus ?? requestOf(resources, 'cpus');
  if (!Number.isFinite(share)) return share;
  return Math.max(CFS_QUOTA_MIN_US, Math.round(CFS_PERIOD_US * share));
}

/**
 * Containers that may use more memory than they asked for are the first to be killed when the host
 * runs out of it, the more so the less they asked for.
 */
export function oomScoreAdjust(
  resources: ContainerResources,
  hostBytes: number,
): number | undefined {
  const { mem } = resources.limits;
  const request = memoryRequestBytes(resources);
  if (mem === undefined || memoryLimitBytes(resources) <= request || hostBytes <= 0) {
    return undefined;
  }
  return Math.max(0, 1000 - Math.floor((1000 * request) / hostBytes));
}
