/** Grants as the kernel and Docker count them (spec agent-runtime, sections 8.1, 8.2 and 9). */
import type { ContainerResources } from '../port.ts';

const MB = 1024 ** 2;
const MEMORY_MIN_BYTES = 32 * MB;
export const CFS_PERIOD_US = 100_000;
const CFS_QUOTA_MIN_US = 1_000;
export const SHARES_PER_CPU = 1024;
const SHARES_MIN = 2;
const OOM_SCORE_MAX = 1_000;

export function requestOf({ requests }: ContainerResources, name: string): number {
  let total = 0;
  for (const each of requests) if (each.name === name) total += each.scalar?.value ?? 0;
  return total;
}

export function hasRevocable({ requests }: ContainerResources, name: string): boolean {
  return requests.some((each) => each.name === name && each.revocable !== undefined);
}

export function cpuSharesOf(cpus: number, perCpu: number = SHARES_PER_CPU): number {
  return Math.max(SHARES_MIN, Math.floor(perCpu * cpus));
}

/** Infinite for a memory without limit. */
export function memoryBytesOf(megabytes: number): number {
  if (!Number.isFinite(megabytes)) return megabytes;
  return Math.max(MEMORY_MIN_BYTES, Math.round(megabytes * MB));
}

/** Undefined for what is not bounded: where it is left out, it has no limit. */
export function finite(amount: number | undefined): number | undefined {
  return amount === undefined || Number.isFinite(amount) ? amount : undefined;
}

/** No less than the least that a container has. */
export function memoryRequestBytes(resources: ContainerResources): number {
  return memoryBytesOf(requestOf(resources, 'mem'));
}

/** Infinite when a task may use all there is. */
export function memoryLimitBytes(resources: ContainerResources): number {
  return memoryBytesOf(resources.limits.mem ?? requestOf(resources, 'mem'));
}

/** Microseconds per period; infinite without bound, undefined when nothing bounds the container. */
export function cfsQuotaUs(resources: ContainerResources, isAlways: boolean): number | undefined {
  return cfsQuotaOf(requestOf(resources, 'cpus'), resources.limits.cpus, isAlways);
}

export function cfsQuotaOf(
  cpus: number,
  limit: number | undefined,
  isAlways: boolean,
): number | undefined {
  if (limit === undefined && !isAlways) return undefined;
  const share = limit ?? cpus;
  if (!Number.isFinite(share)) return share;
  return Math.max(CFS_QUOTA_MIN_US, Math.round(CFS_PERIOD_US * share));
}

export function oomScoreAdjust(
  resources: ContainerResources,
  hostBytes: number,
): number | undefined {
  return oomScoreOf(requestOf(resources, 'mem'), resources.limits.mem, hostBytes);
}

/**
 * Containers that may use more memory than they asked for are the first to be killed when the host
 * runs out of it, the more so the less they asked for.
 */
export function oomScoreOf(
  requestMb: number,
  limitMb: number | undefined,
  hostBytes: number,
): number | undefined {
  if (limitMb === undefined || hostBytes <= 0) return undefined;
  const request = memoryBytesOf(requestMb);
  if (memoryBytesOf(limitMb) <= request) return undefined;
  const part = Math.floor((OOM_SCORE_MAX * request) / hostBytes);
  return Math.max(0, OOM_SCORE_MAX - part);
}
