/** What the kernel says that a container uses, as ResourceStatistics (spec agent-runtime, section 8). */
import type { ResourceStatistics } from '../../wire/types/mesos.v1.ts';
import { blkioStatistics } from './blkio-usage.ts';
import { cgroupV1, cgroupV2 } from './cgroup-paths.ts';
import type { IsolationOptions } from './isolation-options.ts';

export interface UsageFiles {
  /** Undefined when the file cannot be read. */
  read(path: string): string | undefined;
}

export interface UsageSources {
  readonly files: UsageFiles;
  /** What others have counted: received and sent, sampled, taken of disks. */
  readonly more?: Partial<ResourceStatistics>;
}

type Statistics = { -readonly [Key in keyof ResourceStatistics]?: ResourceStatistics[Key] };

/** USER_HZ, in which `cpuacct.stat` counts. */
const TICKS_PER_SECOND = 100;
const NANOSECONDS = 1e9;
const MICROSECONDS = 1e6;
/** Version 1 has no word for "no limit" but a number close to 2^63. */
const UNLIMITED_BYTES_MIN = 2 ** 62;

/** Undefined when nothing of it is known. The time stands at 0; whoever shows it knows better. */
export function usageOf(
  containerId: string,
  options: IsolationOptions,
  { files, more = {} }: UsageSources,
): ResourceStatistics | undefined {
  const statistics: Statistics = { ...more };
  if (options.cgroups.version === 1) readV1(containerId, options, { files, into: statistics });
  else readV2(containerId, options, { files, into: statistics });
  const known = Object.entries(statistics).filter(([, value]) => value !== undefined);
  return known.length === 0 ? undefined : { timestamp: 0, ...Object.fromEntries(known) };
}

interface Target {
  readonly files: UsageFiles;
  readonly into: Statistics;
}

function readV1(id: string, options: IsolationOptions, { files, into }: Target): void {
  const { cgroups, subsystems, countsPids } = options;
  if (subsystems.includes('cpuacct')) {
    const path = cgroupV1(cgroups, 'cpuacct', id);
    const ticks = countersOf(files.read(`${path}/cpuacct.stat`));
    into.cpus_user_time_secs = scaled(ticks['user'], TICKS_PER_SECOND);
    into.cpus_system_time_secs = scaled(ticks['system'], TICKS_PER_SECOND);
    if (countsPids) {
      into.processes = linesOf(files.read(`${path}/cgroup.procs`));
      into.threads = linesOf(files.read(`${path}/tasks`));
    }
  }
  if (subsystems.includes('cpu')) {
    const stat = countersOf(files.read(`${cgroupV1(cgroups, 'cpu', id)}/cpu.stat`));
    throttling(into, stat, stat['throttled_time'], NANOSECONDS);
  }
  if (subsystems.includes('blkio')) {
    const path = cgroupV1(cgroups, 'blkio', id);
    into.blkio_statistics = blkioStatistics((name) => files.read(`${path}/${name}`));
  }
  if (!subsystems.includes('memory')) return;
  const path = cgroupV1(cgroups, 'memory', id);
  const bytes = (name: string): number | undefined =>
    numberOf(files.read(`${path}/memory.${name}`));
  into.mem_total_bytes = bytes('usage_in_bytes');
  into.mem_total_memsw_bytes = bytes('memsw.usage_in_bytes');
  into.mem_kmem_usage_bytes = bytes('kmem.usage_in_bytes');
  into.mem_kmem_tcp_usage_bytes = bytes('kmem.tcp.usage_in_bytes');
  into.mem_limit_bytes = bytes('limit_in_bytes');
  into.mem_soft_limit_bytes = bytes('soft_limit_in_bytes');
  const stat = countersOf(files.read(`${path}/memory.stat`));
  into.mem_cache_bytes = stat['total_cache'];
  into.mem_file_bytes = stat['total_cache'];
  into.mem_rss_bytes = stat['total_rss'];
  into.mem_anon_bytes = stat['total_rss'];
  into.mem_mapped_file_bytes = stat['total_mapped_file'];
  into.mem_swap_bytes = stat['total_swap'];
  into.mem_unevictable_bytes = stat['total_unevictable'];
}

function readV2(id: string, options: IsolationOptions, { files, into }: Target): void {
  const { cgroups, subsystems } = options;
  const path = cgroupV2(cgroups, id);
  const cpu = countersOf(files.read(`${path}/cpu.stat`));
  into.cpus_user_time_secs = scaled(cpu['user_usec'], MICROSECONDS);
  into.cpus_system_time_secs = scaled(cpu['system_usec'], MICROSECONDS);
  throttling(into, cpu, cpu['throttled_usec'], MICROSECONDS);
  if (options.countsPids) {
    into.processes = linesOf(files.read(`${path}/leaf/cgroup.procs`));
    into.threads = linesOf(files.read(`${path}/leaf/cgroup.threads`));
  }
  if (!subsystems.includes('memory')) return;
  const bytes = (name: string): number | undefined =>
    numberOf(files.read(`${path}/memory.${name}`));
  into.mem_total_bytes = bytes('current');
  into.mem_limit_bytes = bytes('max');
  into.mem_soft_limit_bytes = bytes('low');
  into.mem_swap_bytes = bytes('swap.current');
  const stat = countersOf(files.read(`${path}/memory.stat`));
  into.mem_file_bytes = stat['file'];
  into.mem_cache_bytes = stat['file'];
  into.mem_anon_bytes = stat['anon'];
  into.mem_rss_bytes = stat['anon'];
  into.mem_mapped_file_bytes = stat['file_mapped'];
  into.mem_unevictable_bytes = stat['unevictable'];
  into.mem_kmem_usage_bytes = stat['kernel'];
}

function throttling(
  into: Statistics,
  stat: Readonly<Record<string, number>>,
  time: number | undefined,
  perSecond: number,
): void {
  into.cpus_nr_periods = stat['nr_periods'];
  into.cpus_nr_throttled = stat['nr_throttled'];
  into.cpus_throttled_time_secs = scaled(time, perSecond);
}

function scaled(value: number | undefined, perUnit: number): number | undefined {
  return value === undefined ? undefined : value / perUnit;
}

/** Lines of `name value`. */
export function countersOf(text: string | undefined): Readonly<Record<string, number>> {
  const counters: Record<string, number> = {};
  for (const line of text?.split('\n') ?? []) {
    const [name, value] = line.split(' ');
    if (name !== undefined && value !== undefined) counters[name] = Number(value);
  }
  return counters;
}

function numberOf(text: string | undefined): number | undefined {
  const value = Number(text?.trim() ?? Number.NaN);
  return Number.isFinite(value) && value < UNLIMITED_BYTES_MIN ? value : undefined;
}

function linesOf(text: string | undefined): number | undefined {
  return text?.split('\n').filter((line) => line !== '').length;
}
