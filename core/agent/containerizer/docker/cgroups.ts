/**
 * The cgroups that the engine made for a container: found through its first process, read for
 * statistics, written when the grant changes (spec agent-runtime, sections 8.1, 8.2 and 9).
 */
import { readFileSync, writeFileSync } from 'node:fs';
import type { ResourceStatistics } from '../../../wire/types/mesos.v1.ts';
import {
  CFS_PERIOD_US,
  cfsQuotaOf,
  cpuSharesOf,
  finite,
  memoryBytesOf,
} from '../isolators/amounts.ts';

export interface Grant {
  readonly cpus: number;
  readonly memMb: number;
  readonly cpusLimit: number | undefined;
  readonly memLimitMb: number | undefined;
}

/** Where one container's cgroups lie. */
export type DockerCgroups =
  | {
      readonly version: 1;
      readonly cpu?: string;
      readonly cpuacct?: string;
      readonly memory?: string;
    }
  | { readonly version: 2; readonly path: string };

export interface CgroupWrite {
  readonly path: string;
  readonly value: string;
  /** A limit is never lowered under a container that may use it already. */
  readonly onlyRaises?: boolean;
}

const CPU_WEIGHT_PER_CPU = 100;
const CPU_WEIGHT_MAX = 10_000;
const TICKS_PER_SECOND = 100;

/** From the lines of `/proc/<pid>/cgroup`; undefined for a process outside of containers. */
export function parseCgroups(text: string, hierarchy: string): DockerCgroups | undefined {
  const paths = new Map<string, string>();
  let unified: string | undefined;
  for (const line of text.split('\n')) {
    const [, subsystems, ...rest] = line.split(':');
    const path = rest.join(':');
    if (subsystems === undefined || path === '' || path === '/') continue;
    if (subsystems === '') unified = path;
    for (const subsystem of subsystems.split(',')) {
      if (subsystem !== '') paths.set(subsystem, `${hierarchy}/${subsystem}${path}`);
    }
  }
  const [cpu, cpuacct, memory] = ['cpu', 'cpuacct', 'memory'].map((name) => paths.get(name));
  if (cpu !== undefined || memory !== undefined) {
    return {
      version: 1,
      ...(cpu === undefined ? {} : { cpu }),
      ...(cpuacct === undefined ? {} : { cpuacct }),
      ...(memory === undefined ? {} : { memory }),
    };
  }
  return unified === undefined ? undefined : { version: 2, path: `${hierarchy}${unified}` };
}

/** What a changed grant means for the container's files. */
export function grantWrites(
  cgroups: DockerCgroups,
  grant: Grant,
  enableCfs: boolean,
): readonly CgroupWrite[] {
  const { cpus, memMb, cpusLimit, memLimitMb } = grant;
  const quota = finite(cfsQuotaOf(cpus, cpusLimit, enableCfs));
  const soft = memoryBytesOf(memMb);
  const hard = finite(memoryBytesOf(memLimitMb ?? memMb));
  const writes: CgroupWrite[] = [];
  if (cgroups.version === 2) {
    const weight = Math.min(CPU_WEIGHT_MAX, Math.max(1, Math.floor(CPU_WEIGHT_PER_CPU * cpus)));
    const { path } = cgroups;
    if (cpus > 0) writes.push({ path: `${path}/cpu.weight`, value: String(weight) });
    if (quota !== undefined) {
      writes.push({ path: `${path}/cpu.max`, value: `${quota} ${CFS_PERIOD_US}` });
    }
    if (memMb === 0) return writes;
    writes.push(
      { path: `${path}/memory.low`, value: String(soft) },
      { path: `${path}/memory.max`, value: String(hard ?? 'max'), onlyRaises: true },
    );
    return writes;
  }
  const { cpu, memory } = cgroups;
  if (cpu !== undefined && cpus > 0) {
    writes.push({ path: `${cpu}/cpu.shares`, value: String(cpuSharesOf(cpus)) });
  }
  if (cpu !== undefined && quota !== undefined) {
    writes.push(
      { path: `${cpu}/cpu.cfs_period_us`, value: String(CFS_PERIOD_US) },
      { path: `${cpu}/cpu.cfs_quota_us`, value: String(quota) },
    );
  }
  if (memory !== undefined && memMb > 0) {
    writes.push(
      { path: `${memory}/memory.soft_limit_in_bytes`, value: String(soft) },
      { path: `${memory}/memory.limit_in_bytes`, value: String(hard ?? -1), onlyRaises: true },
    );
  }
  return writes;
}

export function findCgroups(pid: number, hierarchy: string): DockerCgroups | undefined {
  return parseCgroups(readText(`/proc/${pid}/cgroup`), hierarchy);
}

/** Whether a process of this host is in the engine's container of that id. */
export function isOfContainer(pid: number, engineId: string): boolean {
  return readText(`/proc/${pid}/cgroup`).includes(engineId);
}

/** The sentence of the first write that failed; undefined when all are done. */
export function applyWrites(writes: readonly CgroupWrite[]): string | undefined {
  for (const { path, value, onlyRaises } of writes) {
    if (onlyRaises === true && !raises(readText(path), value)) continue;
    try {
      writeFileSync(path, value);
    } catch (thrown) {
      return `Failed to write '${value}' to '${path}': ${String(thrown)}`;
    }
  }
  return undefined;
}

function raises(before: string, after: string): boolean {
  if (after === 'max' || after === '-1') return true;
  const old = Number(before);
  return Number.isFinite(old) && Number(after) > old;
}

/** Undefined when the container has gone. */
export function readStatistics(
  cgroups: DockerCgroups,
  grant: Grant,
  timestamp: number,
): ResourceStatistics | undefined {
  const used = cgroups.version === 1 ? usageV1(cgroups) : usageV2(cgroups.path);
  if (used === undefined) return undefined;
  return {
    timestamp,
    ...used,
    ...(grant.cpus > 0 ? { cpus_soft_limit: grant.cpus } : {}),
    ...(grant.cpusLimit === undefined ? {} : { cpus_limit: grant.cpusLimit }),
    ...(grant.memMb > 0 ? { mem_soft_limit_bytes: memoryBytesOf(grant.memMb) } : {}),
    ...(grant.memMb > 0
      ? { mem_limit_bytes: finite(memoryBytesOf(grant.memLimitMb ?? grant.memMb)) }
      : {}),
  };
}

type Used = Omit<ResourceStatistics, 'timestamp'>;

function usageV1({
  cpu,
  cpuacct,
  memory,
}: DockerCgroups & { readonly version: 1 }): Used | undefined {
  const ticks = pairsIn(readText(`${cpuacct}/cpuacct.stat`));
  const memoryStat = pairsIn(readText(`${memory}/memory.stat`));
  if (ticks.size === 0 && memoryStat.size === 0) return undefined;
  const cpuStat = pairsIn(readText(`${cpu}/cpu.stat`));
  const total = Number(readText(`${memory}/memory.usage_in_bytes`));
  const rss = memoryStat.get('total_rss');
  return {
    cpus_user_time_secs: (ticks.get('user') ?? 0) / TICKS_PER_SECOND,
    cpus_system_time_secs: (ticks.get('system') ?? 0) / TICKS_PER_SECOND,
    cpus_nr_periods: cpuStat.get('nr_periods'),
    cpus_nr_throttled: cpuStat.get('nr_throttled'),
    cpus_throttled_time_secs: (cpuStat.get('throttled_time') ?? 0) / 1e9,
    mem_total_bytes: total,
    mem_rss_bytes: rss,
    mem_anon_bytes: rss,
    mem_cache_bytes: memoryStat.get('total_cache'),
    mem_file_bytes: memoryStat.get('total_cache'),
    mem_mapped_file_bytes: memoryStat.get('total_mapped_file'),
    mem_unevictable_bytes: memoryStat.get('total_unevictable'),
  };
}

function usageV2(path: string): Used | undefined {
  const cpuStat = pairsIn(readText(`${path}/cpu.stat`));
  if (cpuStat.size === 0) return undefined;
  const memoryStat = pairsIn(readText(`${path}/memory.stat`));
  return {
    cpus_user_time_secs: (cpuStat.get('user_usec') ?? 0) / 1e6,
    cpus_system_time_secs: (cpuStat.get('system_usec') ?? 0) / 1e6,
    cpus_nr_periods: cpuStat.get('nr_periods'),
    cpus_nr_throttled: cpuStat.get('nr_throttled'),
    cpus_throttled_time_secs: (cpuStat.get('throttled_usec') ?? 0) / 1e6,
    mem_total_bytes: Number(readText(`${path}/memory.current`)),
    mem_rss_bytes: memoryStat.get('anon'),
    mem_anon_bytes: memoryStat.get('anon'),
    mem_cache_bytes: memoryStat.get('file'),
    mem_file_bytes: memoryStat.get('file'),
    mem_mapped_file_bytes: memoryStat.get('file_mapped'),
    mem_unevictable_bytes: memoryStat.get('unevictable'),
  };
}

/** Lines of a name and a number. */
function pairsIn(text: string): ReadonlyMap<string, number> {
  const lines = text.split('\n').map((line) => line.split(' '));
  return new Map(
    lines
      .filter(([, value]) => value !== undefined)
      .map(([key = '', value]) => [key, Number(value)]),
  );
}

/** Empty for a container that has gone. */
function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
