/** Cgroups of version 2: one tree, controllers in `<id>`, processes in `<id>/leaf` (section 8.2). */
import { ok } from '../../../base/result.ts';
import { type CgroupOptions, cgroupV2, leafV2 } from '../cgroup-paths.ts';
import { type Isolator, rootIdOf } from '../isolator.ts';
import type { CgroupPlan, FileWrite } from '../plan.ts';
import type { ContainerResources } from '../port.ts';
import {
  CFS_PERIOD_US,
  cfsQuotaUs,
  hasRevocable,
  memoryLimitBytes,
  memoryRequestBytes,
  oomScoreAdjust,
  requestOf,
} from './amounts.ts';
import { sharesCgroups } from './cgroups-v1.ts';

const WEIGHT_PER_CPU = 100;
const WEIGHT_MIN = 1;
const WEIGHT_MAX = 10_000;

export interface CgroupsV2Options extends CgroupOptions {
  readonly enablesCfs: boolean;
  readonly isRevocableLow: boolean;
  readonly hostMemoryBytes: number;
}

/** Controllers behind each name of `--isolation`; `core` needs none. */
export const V2_CONTROLLERS: Readonly<Record<string, string>> = {
  'cgroups/cpu': 'cpu',
  'cgroups/cpuset': 'cpuset',
  'cgroups/hugetlb': 'hugetlb',
  'cgroups/io': 'io',
  'cgroups/mem': 'memory',
  'cgroups/perf_event': 'perf_event',
  'cgroups/pids': 'pids',
};

/** Of the linux launcher: every container has its cgroup and its leaf. */
export function leafIsolator(options: CgroupOptions, controllers: readonly string[]): Isolator {
  return {
    name: 'launcher/linux',
    prepare: (container) => {
      const path = cgroupV2(options, container.id);
      const control = controllers.map((name) => `+${name}`).join(' ');
      const isControlled = controllers.length > 0 && !sharesCgroups(container);
      const parents = parentControls(options, container.id, isControlled ? control : '');
      const tree: CgroupPlan[] = [
        { path, isOwn: true, isJoined: false, writes: parents },
        { path: leafV2(options, container.id), isOwn: true, isJoined: true, writes: [] },
      ];
      return ok({ cgroups: tree, kill: { kind: 'cgroup.kill', path } });
    },
  };
}

/** Controllers reach a nested container only through every directory above it. */
function parentControls(options: CgroupOptions, id: string, control: string): readonly FileWrite[] {
  const parts = id.split('.');
  if (control === '' || parts.length < 2) return [];
  const parent = cgroupV2(options, parts.slice(0, -1).join('.'));
  return [parent, `${parent}/mesos`].map((path) => ({
    path: `${path}/cgroup.subtree_control`,
    value: control,
  }));
}

export function cgroupsV2Isolator(name: string, options: CgroupsV2Options): Isolator {
  const controller = V2_CONTROLLERS[name];
  return {
    name,
    prepare: (container) => {
      if (sharesCgroups(container)) return ok({});
      const { id, resources } = container;
      const path = cgroupV2(options, id);
      const writes = writesOf(controller, path, resources, { ...options, isUpdate: false });
      if (controller !== 'memory') {
        return ok({ cgroups: [{ path, isOwn: true, isJoined: false, writes }] });
      }
      const score = oomScoreAdjust(resources, options.hostMemoryBytes);
      return ok({
        cgroups: [{ path, isOwn: true, isJoined: false, writes }],
        ...(score === undefined ? {} : { oomScoreAdjust: score }),
        watches: [{ kind: 'memory', path, version: 2 }],
      });
    },
    update: (id, resources) =>
      writesOf(controller, cgroupV2(options, rootIdOf(id)), resources, {
        ...options,
        isUpdate: true,
      }),
  };
}

function writesOf(
  controller: string | undefined,
  path: string,
  resources: ContainerResources,
  options: CgroupsV2Options & { readonly isUpdate: boolean },
): readonly FileWrite[] {
  if (controller === 'cpu') return cpuWrites(path, resources, options);
  if (controller !== 'memory') return [];
  const limit = memoryLimitBytes(resources);
  const max: FileWrite = {
    path: `${path}/memory.max`,
    value: Number.isFinite(limit) ? String(limit) : 'max',
    ...(options.isUpdate ? { onlyRaises: true as const } : {}),
  };
  return [{ path: `${path}/memory.low`, value: String(memoryRequestBytes(resources)) }, max];
}

function cpuWrites(
  path: string,
  resources: ContainerResources,
  options: CgroupsV2Options,
): readonly FileWrite[] {
  const isLow = options.isRevocableLow && hasRevocable(resources, 'cpus');
  const cpus = requestOf(resources, 'cpus');
  const weight = Math.floor(isLow ? cpus : WEIGHT_PER_CPU * cpus);
  const quota = cfsQuotaUs(resources, options.enablesCfs);
  const isBounded = quota !== undefined && Number.isFinite(quota);
  return [
    {
      path: `${path}/cpu.weight`,
      value: String(Math.min(WEIGHT_MAX, Math.max(WEIGHT_MIN, weight))),
    },
    { path: `${path}/cpu.max`, value: `${isBounded ? quota : 'max'} ${CFS_PERIOD_US}` },
  ];
}
