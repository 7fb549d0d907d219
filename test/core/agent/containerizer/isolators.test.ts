/** What isolators plan, without a kernel. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { usageOf } from '../../../../core/agent/containerizer/cgroup-usage.ts';
import {
  type IsolationOptions,
  NO_ISOLATION,
} from '../../../../core/agent/containerizer/isolation-options.ts';
import type { IsolatedContainer } from '../../../../core/agent/containerizer/isolator.ts';
import { diskStatistics } from '../../../../core/agent/containerizer/isolators/disk.ts';
import { createIsolators } from '../../../../core/agent/containerizer/isolators.ts';
import type { IsolationPlan } from '../../../../core/agent/containerizer/plan.ts';
import { IsolationPlanner } from '../../../../core/agent/containerizer/planner.ts';
import type { ContainerInfo, Resource, Volume } from '../../../../core/wire/types/mesos.v1.ts';
import { resources } from '../agent-builder.ts';

const MB = 1024 ** 2;

function planner(
  isolators: readonly string[],
  more: Partial<IsolationOptions> = {},
): IsolationPlanner {
  const options = { ...NO_ISOLATION, hostMemoryBytes: 1024 * MB, isolators, ...more };
  return new IsolationPlanner(createIsolators(options, { volumeDirectory: () => '/volume' }));
}

function container(text: string, more: Partial<IsolatedContainer> = {}): IsolatedContainer {
  return {
    id: 'c1',
    sandbox: '/sandbox',
    sandboxDirectory: '/mnt/mesos/sandbox',
    containerInfo: undefined,
    command: undefined,
    resources: { requests: resources(text), limits: {} },
    user: undefined,
    ...more,
  };
}

function planOf(it: IsolationPlanner, of: IsolatedContainer): IsolationPlan {
  const planned = it.plan(of);
  assert.ok(planned.ok, planned.ok ? '' : planned.error);
  assert.ok(planned.value.plan !== undefined, 'nothing is planned');
  return planned.value.plan;
}

/** `path=value`, from the cgroup root on. */
function writesOf({ cgroups }: Pick<IsolationPlan, 'cgroups'>): readonly string[] {
  return cgroups.flatMap(({ writes }) => writes.map(wordOf));
}

function wordOf({ path, value }: { readonly path: string; readonly value: string }): string {
  return `${path.replace('/sys/fs/cgroup/', '')}=${value}`;
}

const V2 = {
  cgroups: { version: 2, hierarchy: '/sys/fs/cgroup', root: 'mesos' },
  launcher: 'linux',
  subsystems: ['cpu', 'memory'],
} as const;

test('without isolators a container is a plain process', () => {
  const planned = planner(NO_ISOLATION.isolators).plan(container('cpus:1;mem:64'));
  assert.deepEqual(planned, { ok: true, value: { plan: undefined, environment: {} } });
});

test('version 1: shares and limits as they are written at first', () => {
  const it = planner(['cgroups/cpu', 'cgroups/mem']);
  assert.deepEqual(writesOf(planOf(it, container('cpus:0.5;mem:128'))), [
    'cpu/mesos/c1/cpu.shares=512',
    `memory/mesos/c1/memory.soft_limit_in_bytes=${128 * MB}`,
    `memory/mesos/c1/memory.limit_in_bytes=${128 * MB}`,
  ]);
  assert.deepEqual(
    writesOf(planOf(it, container('cpus:0.001;mem:1'))),
    [
      'cpu/mesos/c1/cpu.shares=2',
      `memory/mesos/c1/memory.soft_limit_in_bytes=${32 * MB}`,
      `memory/mesos/c1/memory.limit_in_bytes=${32 * MB}`,
    ],
    'neither falls below its least',
  );
});

test('version 1: limits of tasks, without bound too', () => {
  const it = planner(['cgroups/cpu', 'cgroups/mem'], { enablesCfs: true });
  const infinite = Number.POSITIVE_INFINITY;
  const grant = (limits: { cpus?: number; mem?: number }) =>
    writesOf(
      planOf(it, container('', { resources: { requests: resources('cpus:1;mem:64'), limits } })),
    );
  assert.ok(grant({}).includes('cpu/mesos/c1/cpu.cfs_quota_us=100000'));
  assert.ok(grant({ cpus: 2.5 }).includes('cpu/mesos/c1/cpu.cfs_quota_us=250000'));
  assert.ok(grant({ cpus: 0.001 }).includes('cpu/mesos/c1/cpu.cfs_quota_us=1000'));
  assert.ok(grant({ cpus: infinite }).includes('cpu/mesos/c1/cpu.cfs_quota_us=-1'));
  assert.ok(grant({ mem: infinite }).includes('memory/mesos/c1/memory.limit_in_bytes=-1'));
});

test('version 1: swap is limited with the memory, in the order the kernel wants', () => {
  const it = planner(['cgroups/mem'], { limitsSwap: true });
  const files = (writes: readonly { readonly path: string }[]) =>
    writes.map(({ path }) => path.split('/').at(-1)).slice(1);
  const first = planOf(it, container('mem:64')).cgroups.flatMap(({ writes }) => writes);
  assert.deepEqual(files(first), ['memory.limit_in_bytes', 'memory.memsw.limit_in_bytes']);
  const { writes } = it.update(container('mem:128'));
  assert.deepEqual(files(writes), ['memory.memsw.limit_in_bytes', 'memory.limit_in_bytes']);
  assert.deepEqual(
    writes.map(({ onlyRaises }) => onlyRaises),
    [undefined, true, true],
  );
});

test('revocable cpus weigh little', () => {
  const requests = resources('cpus:2').map((each) => ({ ...each, revocable: {} }));
  const revocable = container('', { resources: { requests, limits: {} } });
  const shares = (isRevocableLow: boolean) =>
    writesOf(planOf(planner(['cgroups/cpu'], { isRevocableLow }), revocable));
  assert.deepEqual(shares(true), ['cpu/mesos/c1/cpu.shares=20']);
  assert.deepEqual(shares(false), ['cpu/mesos/c1/cpu.shares=2048']);
});

test('who may take more than was asked for is killed first when the host runs out of memory', () => {
  const it = planner(['cgroups/mem']);
  const grant = (mem: number | undefined) =>
    planOf(it, container('', { resources: { requests: resources('mem:256'), limits: { mem } } }))
      .oomScoreAdjust;
  assert.deepEqual([grant(undefined), grant(256), grant(512)], [undefined, undefined, 750]);
});

test('version 1: nested containers join their root, have their own freezer, or all of their own', () => {
  const it = planner(['cgroups/mem'], { launcher: 'linux' });
  const nested = (containerInfo: ContainerInfo | undefined) =>
    planOf(it, container('mem:64', { id: 'c1.n1', containerInfo })).cgroups.map(
      ({ path, isOwn }) => `${path.replace('/sys/fs/cgroup/', '')} ${isOwn ? 'own' : 'joined'}`,
    );
  assert.deepEqual(nested(undefined), ['freezer/mesos/c1/mesos/n1 own', 'memory/mesos/c1 joined']);
  assert.deepEqual(nested({ type: 'MESOS', linux_info: { share_cgroups: false } }), [
    'freezer/mesos/c1/mesos/n1 own',
    'memory/mesos/c1/mesos/n1 own',
  ]);
});

test('version 2: weights and limits in one directory, processes in its leaf', () => {
  const it = planner(['cgroups/cpu', 'cgroups/mem'], V2);
  const plan = planOf(it, container('cpus:0.5;mem:128'));
  assert.deepEqual(
    plan.cgroups.map(({ path, isJoined }) => [path, isJoined]),
    [
      ['/sys/fs/cgroup/mesos/c1', false],
      ['/sys/fs/cgroup/mesos/c1/leaf', true],
    ],
  );
  assert.deepEqual(writesOf(plan), [
    'mesos/c1/cpu.weight=50',
    'mesos/c1/cpu.max=max 100000',
    `mesos/c1/memory.low=${128 * MB}`,
    `mesos/c1/memory.max=${128 * MB}`,
  ]);
  assert.deepEqual(plan.kill, { kind: 'cgroup.kill', path: '/sys/fs/cgroup/mesos/c1' });
  const limits = { cpus: 2, mem: Number.POSITIVE_INFINITY };
  const { writes } = it.update(
    container('', { resources: { requests: resources('cpus:400;mem:64'), limits } }),
  );
  assert.deepEqual(writes.map(wordOf), [
    'mesos/c1/cpu.weight=10000',
    'mesos/c1/cpu.max=200000 100000',
    `mesos/c1/memory.low=${64 * MB}`,
    'mesos/c1/memory.max=max',
  ]);
});

test('version 2: nested containers always have a cgroup; controllers only when they ask for them', () => {
  const it = planner(['cgroups/cpu'], { ...V2, subsystems: ['cpu'] });
  const nested = (containerInfo: ContainerInfo | undefined) =>
    writesOf(planOf(it, container('cpus:1', { id: 'c1.n1', containerInfo })));
  assert.deepEqual(nested(undefined), []);
  assert.deepEqual(nested({ type: 'MESOS', linux_info: { share_cgroups: false } }), [
    'mesos/c1/cgroup.subtree_control=+cpu',
    'mesos/c1/mesos/cgroup.subtree_control=+cpu',
    'mesos/c1/mesos/n1/cpu.weight=100',
    'mesos/c1/mesos/n1/cpu.max=max 100000',
  ]);
});

test('the disk of a sandbox is measured without the volumes in it, and each volume by itself', () => {
  const volume = {
    ...resources('disk:10')[0],
    name: 'disk',
    type: 'SCALAR',
    disk: {
      persistence: { id: 'v' },
      volume: { container_path: 'data', mode: 'RW' },
    },
  } as const;
  const requests = [...resources('disk:32'), volume];
  const it = planner(['disk/du'], { isDiskEnforced: true });
  const plan = planOf(it, container('', { resources: { requests, limits: {} } }));
  const common = { kind: 'disk', intervalMs: 15_000, isEnforced: true };
  assert.deepEqual(plan.watches, [
    { ...common, path: '/sandbox', excludes: ['/sandbox/data'], quotaBytes: 32 * MB },
    { ...common, path: '/volume', excludes: [], quotaBytes: 10 * MB },
  ]);
});

test('the quota of a disk of its own is its size, which nobody else enforces', () => {
  const disk = {
    source: { type: 'MOUNT', mount: { root: '/mnt/a' } },
    persistence: { id: 'v' },
    volume: { container_path: 'data', mode: 'RW' },
  } as const;
  const requests = resources('disk:10').map((each) => ({ ...each, disk }));
  const it = planner(['disk/du'], { isDiskEnforced: true });
  const plan = planOf(it, container('', { resources: { requests, limits: {} } }));
  assert.deepEqual(
    plan.watches.map((watch) => watch.kind === 'disk' && watch.isEnforced),
    [false],
  );
});

test('what may be taken of disks is told at once, what is taken when it was measured', () => {
  const source = { type: 'PATH', path: { root: '/mnt/a' } } as const;
  const persistence = { id: 'v' };
  const volume = { container_path: 'data', mode: 'RW' } as const;
  const requests = [
    ...resources('cpus:1;disk:32'),
    ...resources('disk:10').map((each) => ({ ...each, disk: { source, persistence, volume } })),
  ];
  const statistics = (usedBytes: ReadonlyMap<string, number>) =>
    diskStatistics({ sandbox: '/sandbox', requests, usedBytes }, () => '/volume');
  assert.deepEqual(statistics(new Map()), {
    disk_limit_bytes: 32 * MB,
    disk_statistics: [{ limit_bytes: 32 * MB }, { source, persistence, limit_bytes: 10 * MB }],
  });
  const measured = new Map([
    ['/sandbox', 1],
    ['/volume', 2],
  ]);
  assert.deepEqual(statistics(measured), {
    disk_limit_bytes: 32 * MB,
    disk_used_bytes: 1,
    disk_statistics: [
      { limit_bytes: 32 * MB, used_bytes: 1 },
      { source, persistence, limit_bytes: 10 * MB, used_bytes: 2 },
    ],
  });
});

test('resource limits are soft and hard, or none at all', () => {
  const it = planner(['posix/rlimits']);
  const limits = (rlimits: NonNullable<ContainerInfo['rlimit_info']>['rlimits']) =>
    it.plan(container('', { containerInfo: { type: 'MESOS', rlimit_info: { rlimits } } }));
  const good = limits([{ type: 'RLMT_NOFILE', soft: 10, hard: 20 }, { type: 'RLMT_CORE' }]);
  assert.ok(good.ok);
  assert.deepEqual(good.value.plan?.rlimits, [
    { name: 'nofile', value: '10:20' },
    { name: 'core', value: 'unlimited' },
  ]);
  assert.equal(limits([{ type: 'RLMT_CPU', soft: 1 }]).ok, false);
  assert.equal(limits([{ type: 'RLMT_CPU', soft: 2, hard: 1 }]).ok, false);
});

test('capabilities are those of the flag, less where a task says so, and never more', () => {
  const it = planner(['linux/capabilities'], {
    effectiveCapabilities: ['NET_RAW', 'CHOWN'],
    boundingCapabilities: undefined,
  });
  const asked = (linux_info: ContainerInfo['linux_info']) =>
    it.plan(container('', { containerInfo: { type: 'MESOS', linux_info } }));
  const usual = it.plan(container(''));
  assert.ok(usual.ok);
  assert.deepEqual(usual.value.plan?.capabilities, {
    effective: ['net_raw', 'chown'],
    bounding: ['net_raw', 'chown'],
  });
  const less = asked({ effective_capabilities: { capabilities: ['CHOWN'] } });
  assert.ok(less.ok);
  assert.deepEqual(less.value.plan?.capabilities?.effective, ['chown']);
  assert.deepEqual(asked({ effective_capabilities: { capabilities: ['SYS_ADMIN'] } }), {
    ok: false,
    error: "Requested capabilities '{ SYS_ADMIN }', but only '{ CHOWN, NET_RAW }' are allowed",
    refusedBy: 'linux/capabilities',
  });
});

test('a bounding set alone gives nothing to users', () => {
  const boundingCapabilities = ['NET_RAW'];
  const it = planner(['linux/capabilities'], { boundingCapabilities });
  assert.deepEqual(planOf(it, container('')).capabilities, { bounding: ['net_raw'] });
});

test('volumes of filesystem/shared and host paths are refused in the words of the original', () => {
  const refusal = (isolator: string, ...volumes: readonly Volume[]): string | undefined => {
    const containerInfo = { type: 'MESOS', volumes } as const;
    const planned = planner([isolator]).plan(
      container('', { containerInfo, sandbox: '/home/box' }),
    );
    return planned.ok ? undefined : planned.error;
  };
  const volume = (container_path: string, host_path?: string): Volume => {
    return { mode: 'RW', container_path, ...(host_path === undefined ? {} : { host_path }) };
  };
  const shared = 'filesystem/shared';
  assert.equal(refusal(shared, volume('/tmp', 'tmp'), volume('/srv', '/opt')), undefined);
  assert.equal(
    refusal(shared, volume('/tmp')),
    "Volume with container path '/tmp' must specify host path for shared filesystem isolator",
  );
  assert.equal(
    refusal(shared, volume('/srv/a', 'a'), volume('/srv', 'b')),
    "Cannot mount volume to '/srv/a' because it is under volume '/srv'",
  );
  assert.equal(
    refusal(shared, volume('/home', 'a')),
    "Cannot mount volume to '/home/box' because it is under volume '/home'",
  );
  assert.equal(
    refusal(shared, volume('/srv', '../a')),
    "Relative host path '/home/box/../a' cannot contain relative components",
  );
  const source = { type: 'HOST_PATH', host_path: { path: 'a' } } as const;
  assert.equal(
    refusal('volume/host_path', { ...volume('/srv'), source }),
    "Path 'a' in HOST_PATH volume is not absolute",
  );
});

test('volumes at absolute paths are made below the root of an image, never among the files of the host', () => {
  const volume: Resource = {
    name: 'disk',
    type: 'SCALAR',
    scalar: { value: 10 },
    disk: { persistence: { id: 'v' }, volume: { container_path: '/data', mode: 'RW' } },
  };
  const of = (more: Partial<IsolatedContainer>): string => {
    const wanted = container('', { resources: { requests: [volume], limits: {} }, ...more });
    return planOf(planner(['filesystem/linux']), wanted).namespaces?.setup.join('\n') ?? '';
  };
  const refusal = /\[ -e "\$to" \] \|\| \{ echo 'refused: Absolute container path '\\''\/data'/;
  assert.match(of({}), refusal);
  const runtime = { kind: 'docker', entrypoint: [], cmd: [], env: [] } as const;
  const image = { rootfs: '/rootfs', runtime };
  assert.doesNotMatch(of({ image }), /refused/);
});

test('what the kernel counts becomes statistics, in seconds and bytes', () => {
  const texts: Readonly<Record<string, string>> = {
    'cpuacct/mesos/c1/cpuacct.stat': 'user 250\nsystem 50\n',
    'cpu/mesos/c1/cpu.stat': 'nr_periods 10\nnr_throttled 4\nthrottled_time 1500000000\n',
    'memory/mesos/c1/memory.usage_in_bytes': '1000\n',
    'memory/mesos/c1/memory.limit_in_bytes': '9223372036854771712\n',
    'memory/mesos/c1/memory.stat': 'cache 1\nrss 2\ntotal_cache 300\ntotal_rss 700\n',
  };
  const files = { read: (path: string) => texts[path.replace('/sys/fs/cgroup/', '')] };
  const options = { ...NO_ISOLATION, subsystems: ['cpu', 'cpuacct', 'memory'] };
  const usage = usageOf('c1', options, { files, more: { disk_used_bytes: 5 } });
  const known = Object.entries(usage ?? {}).filter(([, value]) => value !== undefined);
  assert.deepEqual(Object.fromEntries(known), {
    timestamp: 0,
    cpus_user_time_secs: 2.5,
    cpus_system_time_secs: 0.5,
    cpus_nr_periods: 10,
    cpus_nr_throttled: 4,
    cpus_throttled_time_secs: 1.5,
    mem_total_bytes: 1000,
    mem_cache_bytes: 300,
    mem_file_bytes: 300,
    mem_rss_bytes: 700,
    mem_anon_bytes: 700,
    disk_used_bytes: 5,
  });
  assert.equal(usageOf('gone', options, { files }), undefined);
});
