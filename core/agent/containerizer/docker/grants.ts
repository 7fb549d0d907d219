/** Amounts of cpus and memory in the units of Docker and the kernel (spec agent-runtime, section 9). */

const MEGABYTE = 1024 ** 2;
const CPU_SHARES_PER_CPU = 1024;
const CPU_SHARES_MIN = 2;
export const CPU_PERIOD_US = 100_000;
const CPU_QUOTA_MIN_US = 1_000;
const MEMORY_MIN_MB = 32;
const OOM_SCORE_MAX = 1_000;

export function cpuSharesOf(cpus: number): number {
  return Math.max(CPU_SHARES_MIN, Math.floor(CPU_SHARES_PER_CPU * cpus));
}

/** Microseconds per period; undefined where nothing is limited. */
export function cpuQuotaOf(
  cpus: number,
  limit: number | undefined,
  enableCfs: boolean,
): number | undefined {
  const limited = limit ?? (enableCfs ? cpus : undefined);
  if (limited === undefined || limited === Number.POSITIVE_INFINITY) return undefined;
  return Math.max(CPU_QUOTA_MIN_US, Math.floor(CPU_PERIOD_US * limited));
}

/** Undefined for a memory without limit. */
export function memoryBytesOf(megabytes: number): number | undefined {
  if (megabytes === Number.POSITIVE_INFINITY) return undefined;
  return Math.max(MEMORY_MIN_MB * MEGABYTE, Math.floor(megabytes * MEGABYTE));
}

/** Containers that may use more than they asked for are the first to go when the host runs out. */
export function oomScoreOf(
  requestMb: number,
  limitMb: number | undefined,
  hostMemoryBytes: number,
): number | undefined {
  if (limitMb === undefined || requestMb >= limitMb || hostMemoryBytes <= 0) return undefined;
  const part = Math.floor((OOM_SCORE_MAX * requestMb * MEGABYTE) / hostMemoryBytes);
  return Math.max(0, OOM_SCORE_MAX - part);
}
