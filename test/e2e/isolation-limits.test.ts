/** Disk quotas, resource limits, privileges, ports and secrets of real tasks. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { needs } from './support/host-features.ts';
import { IsolationBench, isAlive } from './support/isolation-bench.ts';
import { freePorts } from './support/programs.ts';

const MB = 1024 ** 2;
const LIMITS = needs('root', 'prlimit');
const PRIVILEGES = needs('root', 'setpriv');
const PORTS = needs('root', 'cgroup:freezer');
const NOBODY = { uid: 65534, gid: 65534 };

/** Of `/proc/self/status`. */
function statusLine(text: string, name: string): string {
  return new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(text)?.[1] ?? '';
}

test(
  'disk/du: who takes too much of the disk fails with the quota, others go on',
  LIMITS,
  async (t) => {
    const bench = await IsolationBench.start(t, [
      ...['--isolation=posix/disk', '--enforce_container_disk_quota'],
      '--container_disk_watch_interval=50ms',
    ]);
    const neighbour = await bench.run('neighbour', { command: 'sleep 1000', resources: 'disk:1' });
    const command = 'head -c 4000000 /dev/zero > big; sleep 1000';
    await bench.run('hog', { command, resources: 'mem:64;disk:2' });
    const { limitation } = await bench.exited('hog');
    assert.equal(limitation?.reason, 'REASON_CONTAINER_LIMITATION_DISK');
    assert.match(limitation.message, /^Disk usage \(\d+(KB|MB)\) exceeds quota \(2MB\)$/);
    assert.deepEqual(limitation.resources, [
      { name: 'disk', type: 'SCALAR', scalar: { value: 2 } },
    ]);
    assert.ok(isAlive(neighbour));
  },
);

test('disk/du: without enforcement the disk is only measured', LIMITS, async (t) => {
  const bench = await IsolationBench.start(t, [
    ...['--isolation=disk/du', '--container_disk_watch_interval=50ms'],
  ]);
  const command = 'head -c 4000000 /dev/zero > big; sleep 1000';
  const pid = await bench.run('t1', { command, resources: 'mem:64;disk:2' });
  const usage = await bench.until('a measure', () => {
    const seen = bench.it.usage('t1');
    return (seen?.disk_used_bytes ?? 0) > 3 * MB ? seen : undefined;
  });
  assert.equal(usage.disk_limit_bytes, 2 * MB);
  assert.ok(isAlive(pid));
});

test('posix/rlimits: soft, hard, and none at all', LIMITS, async (t) => {
  const bench = await IsolationBench.start(t, ['--isolation=posix/rlimits']);
  const rlimits = [
    { type: 'RLMT_NOFILE', soft: 77, hard: 99 } as const,
    { type: 'RLMT_CORE', soft: 0, hard: 0 } as const,
  ];
  await bench.run('t1', {
    command: 'ulimit -Sn; ulimit -Hn; ulimit -c',
    user: NOBODY,
    info: { container: { type: 'MESOS', rlimit_info: { rlimits } } },
  });
  await bench.updated('t1', 'TASK_FINISHED');
  assert.equal(bench.output('t1'), '77\n99\n0\n');
});

test(
  'linux/capabilities: root has those of the flag, others what the task was given',
  PRIVILEGES,
  async (t) => {
    const bench = await IsolationBench.start(t, [
      '--isolation=linux/capabilities',
      '--effective_capabilities={"capabilities":["CHOWN","NET_RAW"]}',
    ]);
    await bench.run('root', { command: 'cat /proc/self/status' });
    const linux_info = { effective_capabilities: { capabilities: ['NET_RAW'] } } as const;
    const info = { container: { type: 'MESOS', linux_info } } as const;
    await bench.run('less', { command: 'cat /proc/self/status', info });
    await bench.run('nobody', { command: 'cat /proc/self/status', info, user: NOBODY });
    for (const id of ['root', 'less', 'nobody']) await bench.updated(id, 'TASK_FINISHED');
    const CHOWN = 1n << 0n;
    const NET_RAW = 1n << 13n;
    const sets = (id: string) =>
      ['CapEff', 'CapBnd'].map((name) => BigInt(`0x${statusLine(bench.output(id), name)}`));
    assert.deepEqual(sets('root'), [CHOWN | NET_RAW, CHOWN | NET_RAW]);
    assert.deepEqual(sets('less'), [NET_RAW, NET_RAW]);
    assert.deepEqual(sets('nobody'), [NET_RAW, NET_RAW]);
    assert.match(statusLine(bench.output('nobody'), 'Uid'), /^65534/);
  },
);

test(
  'linux/capabilities: a bounding set gives to root, and to no other user',
  PRIVILEGES,
  async (t) => {
    const bounding = '--bounding_capabilities={"capabilities":["NET_RAW"]}';
    const bench = await IsolationBench.start(t, ['--isolation=linux/capabilities', bounding]);
    await bench.run('root', { command: 'cat /proc/self/status' });
    await bench.run('nobody', { command: 'cat /proc/self/status', user: NOBODY });
    const NET_RAW = 1n << 13n;
    for (const [id, effective] of [['root', NET_RAW] as const, ['nobody', 0n] as const]) {
      await bench.updated(id, 'TASK_FINISHED');
      const set = (name: string): bigint => BigInt(`0x${statusLine(bench.output(id), name)}`);
      assert.deepEqual([set('CapEff'), set('CapBnd')], [effective, NET_RAW]);
    }
  },
);

test('linux/capabilities: root may hold less than it could get', PRIVILEGES, async (t) => {
  const bench = await IsolationBench.start(t, ['--isolation=linux/capabilities']);
  const linux_info = {
    effective_capabilities: { capabilities: ['NET_RAW'] },
    bounding_capabilities: { capabilities: ['NET_RAW', 'CHOWN'] },
  } as const;
  const info = { container: { type: 'MESOS', linux_info } } as const;
  await bench.run('t1', { command: 'cat /proc/self/status', info });
  await bench.updated('t1', 'TASK_FINISHED');
  assert.equal(BigInt(`0x${statusLine(bench.output('t1'), 'CapEff')}`), 1n << 13n);
  assert.equal(BigInt(`0x${statusLine(bench.output('t1'), 'CapBnd')}`), (1n << 13n) | 1n);
});

test('linux/nnp: nothing a task starts gets new privileges', PRIVILEGES, async (t) => {
  const bench = await IsolationBench.start(t, ['--isolation=linux/nnp']);
  await bench.run('t1', { command: 'cat /proc/self/status', user: NOBODY });
  await bench.updated('t1', 'TASK_FINISHED');
  assert.equal(statusLine(bench.output('t1'), 'NoNewPrivs'), '1');
  assert.match(statusLine(bench.output('t1'), 'Uid'), /^65534/);
});

test(
  'network/ports: who listens on a port it does not have fails with the port',
  PORTS,
  async (t) => {
    const bench = await IsolationBench.start(t, [
      ...['--launcher=linux', '--isolation=network/ports', '--enforce_container_ports'],
      '--container_ports_watch_interval=50ms',
    ]);
    const listen = (port: number): string =>
      `exec ${process.execPath} -e 'require("net").createServer().listen(${port}, "127.0.0.1")'`;
    const [own = 0, other = 0, foreign = 0] = await freePorts(3);
    const good = await bench.run('good', {
      command: listen(own),
      resources: `ports:[${own}-${own}]`,
    });
    await bench.run('bad', {
      command: listen(foreign),
      resources: `ports:[${other}-${other}]`,
    });
    const { limitation } = await bench.exited('bad');
    assert.equal(limitation?.reason, 'REASON_CONTAINER_LIMITATION');
    assert.equal(
      limitation.message,
      `Container bad is listening on unallocated port(s): [${foreign}-${foreign}]`,
    );
    assert.ok(isAlive(good));
  },
);

test('environment_secret: values are given, references are refused', { skip: false }, async (t) => {
  const bench = await IsolationBench.start(t, ['--launcher=posix']);
  const secret = { type: 'VALUE', value: { data: new TextEncoder().encode('s3cret') } } as const;
  const value = 'printf %s "$TOKEN" > out';
  const variables = [{ name: 'TOKEN', type: 'SECRET', secret } as const];
  await bench.run('t1', { command: '', info: { command: { value, environment: { variables } } } });
  await bench.updated('t1', 'TASK_FINISHED');
  assert.equal(bench.output('t1', 'out'), 's3cret');
  const reference = { type: 'REFERENCE', reference: { name: 'vault' } } as const;
  const unknown = [{ name: 'TOKEN', type: 'SECRET', secret: reference } as const];
  const info = { command: { value, environment: { variables: unknown } } };
  bench.launch('t2', { command: '', info });
  const failed = bench.events.find((event) => event.kind === 'launch-failed');
  assert.match(failed?.message ?? '', /secret of the environment variable 'TOKEN'/);
  assert.equal(existsSync(`${bench.sandbox('t2')}/out`), false);
});
