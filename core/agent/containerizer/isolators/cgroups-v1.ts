/** Cgroups of version 1: which hierarchies a container joins, what is written there (section 8.1). */
import { ok, type Result } from '../../../base/result.ts';
import { type CgroupOptions, cgroupV1 } from '../cgroup-paths.ts';
import { type IsolatedContainer, type Isolator, isNested, rootIdOf } from '../isolator.ts';
import type { NetClsHandles } from '../net-cls.ts';
import type { CgroupPlan, FileWrite, PlanPart } from '../plan.ts';
import type { ContainerResources } from '../port.ts';
import {
  CFS_PERIOD_US,
  cfsQuotaUs,
  cpuSharesOf,
  hasRevocable,
  memoryLimitBytes,
  memoryRequestBytes,
  oomScoreAdjust,
  requestOf,
  SHARES_PER_CPU,
} from './amounts.ts';

const SHARES_PER_REVOCABLE_CPU = 10;

export interface CgroupsV1Options extends CgroupOptions {
  /** `--cgroups_enable_cfs`. */
  readonly enablesCfs: boolean;
  /** `--cgroups_limit_swap`. */
  readonly limitsSwap: boolean;
  /** `--revocable_cpu_low_priority`. */
  readonly isRevocableLow: boolean;
  readonly hostMemoryBytes: number;
  /** `--allowed_devices`. */
  readonly allowedDevices: readonly string[];
  /** Undefined: containers get no handles. */
  readonly netCls?: NetClsHandles | undefined;
}

/** What a container may do with devices; everything else is denied. */
const DEVICES_ALLOWED = [
  ...['c *:* m', 'b *:* m', 'c 5:1 rwm', 'c 4:0 rwm', 'c 4:1 rwm', 'c 136:* rwm', 'c 5:2 rwm'],
  ...['c 10:200 rwm', 'c 1:3 rwm', 'c 1:5 rwm', 'c 1:7 rwm', 'c 5:0 rwm', 'c 1:9 rwm'],
  'c 1:8 rwm',
];

/** Subsystems of version 1 behind each name of `--isolation`. */
export const V1_SUBSYSTEMS: Readonly<Record<string, readonly string[]>> = {
  'cgroups/blkio': ['blkio'],
  'cgroups/cpu': ['cpu', 'cpuacct'],
  'cgroups/cpuset': ['cpuset'],
  'cgroups/devices': ['devices'],
  'cgroups/hugetlb': ['hugetlb'],
  'cgroups/mem': ['memory'],
  'cgroups/net_cls': ['net_cls'],
  'cgroups/net_prio': ['net_prio'],
  'cgroups/perf_event': ['perf_event'],
  'cgroups/pids': ['pids'],
};

export function cgroupsV1Isolator(name: string, options: CgroupsV1Options): Isolator {
  const subsystems = V1_SUBSYSTEMS[name] ?? [];
  return {
    name,
    prepare: (container) => {
      const part = prepare(subsystems, options, container);
      const isHandled = subsystems.includes('net_cls') && !sharesCgroups(container);
      if (!isHandled || options.netCls === undefined || container.isSession === true)
        return ok(part);
      const handle = options.netCls.claim(container.id);
      return handle.ok ? ok(withHandle(part, handle.value)) : handle;
    },
    update: (id, resources) =>
      subsystems.flatMap((subsystem) => {
        const path = cgroupV1(options, subsystem, id);
        if (subsystem === 'cpu') return cpuWrites(path, resources, options);
        return subsystem === 'memory' ? memoryWrites(path, resources, options, true) : [];
      }),
  };
}

function withHandle(part: PlanPart, handle: number): PlanPart {
  const value = String(handle);
  const cgroups = part.cgroups?.map((cgroup) => {
    const writes = [...cgroup.writes, { path: `${cgroup.path}/net_cls.classid`, value }];
    return { ...cgroup, writes };
  });
  return { ...part, ...(cgroups === undefined ? {} : { cgroups }) };
}

/** Nested containers are counted with their root unless they ask not to be. */
export function sharesCgroups(container: IsolatedContainer): boolean {
  if (!isNested(container.id)) return false;
  return container.containerInfo?.linux_info?.share_cgroups ?? true;
}

function prepare(
  subsystems: readonly string[],
  options: CgroupsV1Options,
  container: IsolatedContainer,
): PlanPart {
  const isShared = sharesCgroups(container);
  const id = isShared ? rootIdOf(container.id) : container.id;
  const cgroups = subsystems.map((subsystem): CgroupPlan => {
    const path = cgroupV1(options, subsystem, id);
    const writes = isShared ? [] : firstWrites(subsystem, path, container.resources, options);
    const inherits = ['cpuset.cpus', 'cpuset.mems'];
    return {
      path,
      isOwn: !isShared,
      isJoined: true,
      ...(subsystem === 'cpuset' && !isShared ? { inherits } : {}),
      writes,
    };
  });
  if (isShared || !subsystems.includes('memory')) return { cgroups };
  const score = oomScoreAdjust(container.resources, options.hostMemoryBytes);
  const path = cgroupV1(options, 'memory', id);
  return {
    cgroups,
    ...(score === undefined ? {} : { oomScoreAdjust: score }),
    watches: [{ kind: 'memory', path, version: 1 }],
  };
}

function firstWrites(
  subsystem: string,
  path: string,
  resources: ContainerResources,
  options: CgroupsV1Options,
): readonly FileWrite[] {
  switch (subsystem) {
    case 'cpu':
      return cpuWrites(path, resources, options);
    case 'memory':
      return memoryWrites(path, resources, options, false);
    case 'devices':
      return [
        { path: `${path}/devices.deny`, value: 'a' },
        ...[...DEVICES_ALLOWED, ...options.allowedDevices].map((value) => ({
          path: `${path}/devices.allow`,
          value,
        })),
      ];
    default:
      return [];
  }
}

function cpuWrites(
  path: string,
  resources: ContainerResources,
  options: CgroupsV1Options,
): readonly FileWrite[] {
  const isLow = options.isRevocableLow && hasRevocable(resources, 'cpus');
  const perCpu = isLow ? SHARES_PER_REVOCABLE_CPU : SHARES_PER_CPU;
  const shares = cpuSharesOf(requestOf(resources, 'cpus'), perCpu);
  const writes: FileWrite[] = [{ path: `${path}/cpu.shares`, value: String(shares) }];
  const quota = cfsQuotaUs(resources, options.enablesCfs);
  if (quota === undefined) return writes;
  writes.push(
    { path: `${path}/cpu.cfs_period_us`, value: String(CFS_PERIOD_US) },
    { path: `${path}/cpu.cfs_quota_us`, value: Number.isFinite(quota) ? String(quota) : '-1' },
  );
  return writes;
}

/** The kernel wants `limit <= memsw` at any time: the order depends on the direction. */
function memoryWrites(
  path: string,
  resources: ContainerResources,
  { limitsSwap }: CgroupsV1Options,
  isUpdate: boolean,
): readonly FileWrite[] {
  const limit = memoryLimitBytes(resources);
  const value = Number.isFinite(limit) ? String(limit) : '-1';
  const raises = isUpdate ? { onlyRaises: true as const } : {};
  const hard: FileWrite = { path: `${path}/memory.limit_in_bytes`, value, ...raises };
  const swap: FileWrite = { path: `${path}/memory.memsw.limit_in_bytes`, value, ...raises };
  const limits = !limitsSwap ? [hard] : isUpdate ? [swap, hard] : [hard, swap];
  const soft = String(memoryRequestBytes(resources));
  return [{ path: `${path}/memory.soft_limit_in_bytes`, value: soft }, ...limits];
}

/** `Result` of the linux launcher: the freezer every container gets, and the named hierarchies. */
export function freezerIsolator(
  options: CgroupOptions & { readonly namedHierarchies: readonly string[] },
): Isolator {
  return {
    name: 'launcher/linux',
    prepare: ({ id }): Result<PlanPart> => {
      const path = cgroupV1(options, 'freezer', id);
      const own = { isOwn: true, isJoined: true, writes: [] };
      const named = options.namedHierarchies.map((name) => ({
        path: cgroupV1(options, name, id),
        ...own,
      }));
      return ok({ cgroups: [{ path, ...own }, ...named], kill: { kind: 'freezer', path } });
    },
  };
}
