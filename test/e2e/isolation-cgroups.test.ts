/** Isolators of cgroups v1 with real tasks: what is written, what happens at the limits. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { pidsBelow } from '../../core/agent/launcher/cgroup-files.ts';
import { needs } from './support/host-features.ts';
import { IsolationBench, isAlive, resources } from './support/isolation-bench.ts';

const MB = 1024 ** 2;
const CPU = needs('root', 'cgroup:freezer', 'cgroup:cpu', 'cgroup:cpuacct');
const MEMORY = needs('root', 'cgroup:freezer', 'cgroup:memory');
const GROUP = needs('root', 'cgroup:freezer', 'cgroup:cpu', 'cgroup:memory', 'cgroup:pids');
/** Touches more memory than any container here has; `tail` keeps what it reads until a line ends. */
const HOG = 'head -c 400000000 /dev/zero | tail';

test('cpu: shares follow the request, quotas the limit, and both are met', CPU, async (t) => {
  const bench = await IsolationBench.start(t, ['--launcher=linux', '--isolation=cgroups/cpu']);
  const spin = 'while :; do :; done';
  await bench.run('free', { command: 'sleep 1000', resources: 'cpus:0.5;mem:64' });
  assert.equal(bench.cgroup('cpu', 'free', 'cpu.shares'), '512');
  assert.equal(bench.cgroup('cpu', 'free', 'cpu.cfs_quota_us'), '-1');
  const limits = { cpus: { value: 0.2 } };
  await bench.run('tied', { command: spin, resources: 'cpus:0.1;mem:64', info: { limits } });
  assert.equal(bench.cgroup('cpu', 'tied', 'cpu.shares'), '102');
  assert.equal(bench.cgroup('cpu', 'tied', 'cpu.cfs_quota_us'), '20000');
  // Where others need the processors, too, it gets as much as its quota in some periods only.
  const usage = await bench.until('some periods', () => {
    const seen = bench.it.usage('tied');
    const isThrottled = (seen?.cpus_throttled_time_secs ?? 0) > 0;
    return (seen?.cpus_nr_periods ?? 0) >= 10 && isThrottled ? seen : undefined;
  });
  const used = (usage.cpus_user_time_secs ?? 0) + (usage.cpus_system_time_secs ?? 0);
  const granted = (usage.cpus_nr_periods ?? 0) * 0.02;
  assert.ok(used <= granted * 1.5 + 0.05, `${used} s used, ${granted} s granted`);
  assert.ok((usage.cpus_nr_throttled ?? 0) > 0);
});

test('cpu: with --cgroups_enable_cfs the request is the limit', CPU, async (t) => {
  const bench = await IsolationBench.start(t, [
    ...['--launcher=linux', '--isolation=cgroups/cpu', '--cgroups_enable_cfs'],
    '--cgroups_cpu_enable_pids_and_tids_count',
  ]);
  const pid = await bench.run('t1', { command: 'sleep 1000 & sleep 1000', resources: 'cpus:1.5' });
  assert.equal(bench.cgroup('cpu', 't1', 'cpu.cfs_quota_us'), '150000');
  assert.ok(pidsBelow(`${bench.cgroupRoot('cpu')}/t1`).includes(pid));
  const usage = await bench.until('three processes', () => {
    const seen = bench.it.usage('t1');
    return seen?.processes === 3 ? seen : undefined;
  });
  assert.equal(usage.threads, 3);
});

test(
  'memory: who takes too much fails with the limitation, and nobody else notices',
  MEMORY,
  async (t) => {
    const bench = await IsolationBench.start(t, ['--launcher=linux', '--isolation=cgroups/mem']);
    const neighbour = await bench.run('neighbour', { command: 'sleep 1000' });
    await bench.run('hog', { command: HOG, resources: 'cpus:0.1;mem:64' });
    assert.equal(
      bench.cgroup('memory', 'neighbour', 'memory.soft_limit_in_bytes'),
      String(64 * MB),
    );
    assert.equal(bench.cgroup('memory', 'neighbour', 'memory.limit_in_bytes'), String(64 * MB));
    const { limitation } = await bench.exited('hog');
    assert.equal(limitation?.reason, 'REASON_CONTAINER_LIMITATION_MEMORY');
    assert.match(
      limitation.message,
      /^Memory limit exceeded: Requested: 64MB Maximum Used: 64MB\n\nMEMORY STATISTICS: \ncache \d+\nrss \d+\n/,
    );
    assert.deepEqual(limitation.resources, [
      { name: 'mem', type: 'SCALAR', scalar: { value: 64 } },
    ]);
    const states = bench.events.flatMap((event) =>
      event.kind === 'update' && event.update.taskId === 'hog' ? [event.update.state] : [],
    );
    assert.deepEqual(states, ['TASK_STARTING', 'TASK_RUNNING'], 'the agent tells the end');
    assert.ok(isAlive(neighbour));
    assert.equal(bench.hasCgroup('memory', 'hog'), false);
    const usage = bench.it.usage('neighbour');
    assert.equal(usage?.mem_limit_bytes, 64 * MB);
    assert.ok((usage?.mem_rss_bytes ?? -1) >= 0);
  },
);

test(
  'memory: a limit beyond the request is the hard one, and makes the task killable first',
  MEMORY,
  async (t) => {
    const bench = await IsolationBench.start(t, ['--launcher=linux', '--isolation=cgroups/mem']);
    const info = { limits: { mem: { value: 256 } } };
    const pid = await bench.run('t1', { command: 'sleep 1000', resources: 'mem:64', info });
    assert.equal(bench.cgroup('memory', 't1', 'memory.soft_limit_in_bytes'), String(64 * MB));
    assert.equal(bench.cgroup('memory', 't1', 'memory.limit_in_bytes'), String(256 * MB));
    assert.ok(Number(readFileSync(`/proc/${pid}/oom_score_adj`, 'utf8')) > 900);
  },
);

test('memory: a new grant raises the hard limit, and never lowers it', MEMORY, async (t) => {
  const bench = await IsolationBench.start(t, ['--launcher=linux', '--isolation=cgroups/mem']);
  await bench.run('t1', { command: 'sleep 1000', resources: 'mem:64' });
  const limits = () =>
    ['memory.soft_limit_in_bytes', 'memory.limit_in_bytes'].map(
      (file) => Number(bench.cgroup('memory', 't1', file)) / MB,
    );
  const becomes = (wanted: readonly number[]) =>
    bench.until(wanted.join(), () => (limits().join() === wanted.join() ? true : undefined));
  bench.it.update('t1', { requests: resources('mem:128'), limits: {} });
  await becomes([128, 128]);
  await bench.restart();
  bench.it.update('t1', { requests: resources('mem:96'), limits: {} });
  await becomes([96, 128]);
});

test(
  'the memory that ran out while there was no agent is told to the next one',
  MEMORY,
  async (t) => {
    const bench = await IsolationBench.start(t, ['--launcher=linux', '--isolation=cgroups/mem']);
    const command = `while [ ! -e go ]; do sleep 0.05; done; ${HOG}`;
    await bench.run('hog', { command, resources: 'mem:48' });
    await bench.restart();
    const go = bench.infoOf('go', { command: `touch ${bench.sandbox('hog')}/go` });
    assert.ok(go.command);
    await bench.run('go', { command: go.command.value ?? '' });
    const { limitation } = await bench.exited('hog');
    assert.match(limitation?.message ?? '', /Requested: 48MB/);
  },
);

test(
  'tasks of a group share the cgroups of their executor, unless they ask for their own',
  GROUP,
  async (t) => {
    const isolation = '--isolation=cgroups/cpu,cgroups/mem,cgroups/pids';
    const bench = await IsolationBench.start(t, ['--launcher=linux', isolation]);
    await bench.runGroup('e1', {
      shared: { command: 'sleep 1000', resources: 'cpus:0.1;mem:64' },
      own: {
        command: HOG,
        resources: 'cpus:0.2;mem:40',
        info: { container: { type: 'MESOS', linux_info: { share_cgroups: false } } },
      },
    });
    const shared = await bench.updated('shared', 'TASK_RUNNING');
    const root = `${bench.cgroupRoot('memory')}/e1`;
    assert.ok(readFileSync(`${root}/cgroup.procs`, 'utf8').includes(String(shared.pid)));
    const { reason, message, limitation } = await bench.updated('own', 'TASK_FAILED');
    assert.equal(reason, 'REASON_CONTAINER_LIMITATION_MEMORY');
    assert.match(
      message ?? '',
      /^Command terminated with signal Killed: Memory limit exceeded: Requested: 40MB/,
    );
    assert.equal(limitation?.resources?.[0]?.name, 'mem');
    await bench.until('the end of its cgroup', () =>
      bench.hasCgroup('memory', 'e1/mesos/n-own') ? undefined : true,
    );
  },
);

test('cgroups/all puts a container into every hierarchy this machine has', GROUP, async (t) => {
  const bench = await IsolationBench.start(t, ['--launcher=linux', '--isolation=cgroups/all']);
  const pid = await bench.run('t1', { command: 'sleep 1000' });
  assert.ok(bench.options.subsystems.length >= 4, bench.options.subsystems.join());
  for (const subsystem of bench.options.subsystems) {
    assert.ok(
      bench.cgroup(subsystem, 't1', 'cgroup.procs').split('\n').includes(String(pid)),
      subsystem,
    );
  }
  bench.it.destroy('t1');
  await bench.exited('t1');
  for (const subsystem of bench.options.subsystems) {
    assert.equal(bench.hasCgroup(subsystem, 't1'), false, subsystem);
  }
});

test(
  'net_cls and blkio: packets have the handle of their container, and what it reads is counted',
  needs('root', 'cgroup:freezer', 'cgroup:net_cls', 'cgroup:blkio'),
  async (t) => {
    const bench = await IsolationBench.start(t, [
      ...['--launcher=linux', '--isolation=cgroups/net_cls,cgroups/blkio'],
      ...['--cgroups_net_cls_primary_handle=0x10', '--cgroups_net_cls_secondary_handles=0x1,0x2'],
    ]);
    const classid = (id: string): string => bench.cgroup('net_cls', id, 'net_cls.classid');
    await bench.run('t1', { command: 'sleep 1000' });
    await bench.run('t2', { command: 'sleep 1000' });
    assert.deepEqual([classid('t1'), classid('t2')], [String(0x10_0001), String(0x10_0002)]);
    assert.deepEqual(bench.it.status('t2'), { cgroup_info: { net_cls: { classid: 0x10_0002 } } });
    const totals = bench.it.usage('t1')?.blkio_statistics?.throttling?.at(-1);
    assert.deepEqual(totals?.io_serviced?.at(-1)?.op, 'TOTAL');

    await bench.restart();
    const report = bench.events.find(({ kind }) => kind === 'report');
    assert.ok(report?.kind === 'report');
    const infos = report.containers.map(({ id, cgroupInfo }) => [id, cgroupInfo?.net_cls?.classid]);
    assert.deepEqual(infos.sort(), [
      ['t1', 0x10_0001],
      ['t2', 0x10_0002],
    ]);
    bench.it.destroy('t1');
    await bench.exited('t1');
    await bench.run('t3', { command: 'sleep 1000' });
    assert.equal(classid('t3'), String(0x10_0001));
  },
);

test(
  'devices and cpuset: a container has the usual devices and those that are allowed, on all processors',
  needs('root', 'cgroup:freezer', 'cgroup:devices', 'cgroup:cpuset'),
  async (t) => {
    const device = (path: string, access: object): object => ({ device: { path }, access });
    const allowed = { allowed_devices: [device('/dev/kmsg', { read: true })] };
    const bench = await IsolationBench.start(t, [
      ...['--launcher=linux', '--isolation=cgroups/devices,cgroups/cpuset'],
      `--allowed_devices=${JSON.stringify(allowed)}`,
    ]);
    // Denied are those of the kernel's memory, which are there or can be made; allowed to be made is everything.
    const open = 'for d in null zero full urandom kmsg; do true < /dev/$d && echo $d; done';
    const other =
      'mknod port c 1 4 && echo made; true < port && echo opened; true > /dev/kmsg && echo written';
    await bench.run('t1', { command: `${open}; ${other}; exec sleep 1000` });
    const output = await bench.until('its output', () => {
      const text = bench.output('t1');
      return text.includes('made') ? text : undefined;
    });
    assert.equal(output, 'null\nzero\nfull\nurandom\nkmsg\nmade\n');
    await bench.until('its complaints', () => {
      const text = readFileSync(`${bench.sandbox('t1')}/stderr`, 'utf8');
      return text.match(/Operation not permitted/g)?.length === 2 || undefined;
    });
    const [first, ...others] = bench.cgroup('devices', 't1', 'devices.list').split('\n');
    assert.equal(first, 'c *:* m');
    assert.deepEqual([others.length, others.at(-1)], [14, 'c 1:11 r']);
    for (const file of ['cpuset.cpus', 'cpuset.mems']) {
      const above = readFileSync(`${bench.cgroupRoot('cpuset')}/${file}`, 'utf8').trim();
      assert.equal(bench.cgroup('cpuset', 't1', file), above);
    }
  },
);
