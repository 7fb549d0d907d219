/** Containers without an executor, isolated as those with one: cgroups, namespaces, networks. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { test } from 'node:test';
import type { CheckInfo, ContainerInfo } from '../../core/wire/types/mesos.v1.ts';
import { CniBench } from './support/cni-bench.ts';
import { needs } from './support/host-features.ts';
import { IsolationBench, isAlive } from './support/isolation-bench.ts';

const ALL = needs(
  ...(['root', 'namespaces', 'bridges', 'cgroup:freezer', 'cgroup:memory'] as const),
);
const SPACES = 'for each in mnt pid net uts; do readlink /proc/self/ns/$each; done';
const FLAGS = ['--isolation=cgroups/mem,filesystem/linux,namespaces/pid,posix/rlimits'];

/** Of a process: its mount, pid, network and host name namespaces. */
function spacesOf(pid: number | 'self'): readonly string[] {
  return ['mnt', 'pid', 'net', 'uts'].map((each) => readlinkSync(`/proc/${pid}/ns/${each}`));
}

function linesOf(text: string): readonly string[] {
  return text.trim().split(/\r?\n/);
}

test(
  'a standalone container has cgroups, limits, namespaces and a network, and leaves nothing',
  ALL,
  async (t) => {
    const { bench, cni } = await CniBench.start(t, FLAGS, 79);
    const info: ContainerInfo = {
      type: 'MESOS',
      network_infos: [{ name: 'blue' }],
      rlimit_info: { rlimits: [{ type: 'RLMT_NOFILE', soft: 123, hard: 456 }] },
      volumes: [
        {
          mode: 'RO',
          container_path: '/mnt',
          source: { type: 'HOST_PATH', host_path: { path: cni.folder } },
        },
      ],
    };
    const command = `ulimit -n > files; ls /mnt > mounted; hostname > name; ${SPACES} > spaces; exec sleep 1000`;
    const pid = await bench.plain('c1', { command, info, resources: 'cpus:1;mem:64' });
    await bench.until('its report', () => (bench.lines('c1', 'spaces') === 4 ? true : undefined));
    assert.equal(bench.output('c1', 'files'), '123\n');
    assert.match(bench.output('c1', 'mounted'), /^config$/m);
    assert.equal(bench.output('c1', 'name'), 'c1\n');
    const own = linesOf(bench.output('c1', 'spaces'));
    for (const space of spacesOf('self')) assert.equal(own.includes(space), false);
    assert.equal(bench.cgroup('memory', 'c1', 'memory.limit_in_bytes'), String(64 * 1024 ** 2));
    assert.match(readFileSync(`/proc/${pid}/cgroup`, 'utf8'), /memory:.*\/c1$/m);
    bench.containers?.request({ kind: 'plain-destroy', id: 'c1' });
    const { status } = await bench.containerEvent('c1', 'plain-ended');
    assert.equal(status, 9);
    assert.equal(isAlive(pid), false);
    assert.equal(bench.hasCgroup('freezer', 'c1'), false);
    assert.equal(bench.hasCgroup('memory', 'c1'), false);
    assert.deepEqual(readdirSync(cni.root), []);
    bench.containers?.request({ kind: 'plain-forget', id: 'c1' });
  },
);

test(
  'nested containers and sessions are where their parent is, on pipes and terminals',
  ALL,
  async (t) => {
    const { bench } = await CniBench.start(t, FLAGS, 79);
    const info = { container: { type: 'MESOS' as const, network_infos: [{ name: 'blue' }] } };
    const command = `${SPACES} > spaces; echo mine > file; exec sleep 1000`;
    await bench.run('t1', { command, info });
    await bench.until('its report', () => (bench.has('t1', 'file') ? true : undefined));
    const own = linesOf(bench.output('t1', 'spaces'));
    const shared: ContainerInfo = { type: 'MESOS', linux_info: { share_pid_namespace: true } };
    await bench.plain('t1.n', { command: `${SPACES} > spaces; exec sleep 1000`, info: shared });
    const alone = await bench.plain('t1.alone', {
      command: `${SPACES} > spaces; exec sleep 1000`,
    });
    const nested = 'containers/n/spaces';
    await bench.until('its report', () => (bench.lines('t1', nested) === 4 ? true : undefined));
    assert.deepEqual(linesOf(bench.output('t1', nested)), own);
    const ofOne = 'containers/alone/spaces';
    await bench.until('its report', () => (bench.lines('t1', ofOne) === 4 ? true : undefined));
    const [mount, pid, ...others] = linesOf(bench.output('t1', ofOne));
    assert.deepEqual(others, own.slice(2));
    assert.ok(![mount, pid].some((space) => own.includes(space ?? '')));
    for (const io of ['pipes', 'tty'] as const) {
      const session = `t1.${io}`;
      const shown = `${SPACES}; cat file; hostname; exit 3`;
      await bench.plain(session, { command: shown, isSession: true, io });
      const { status } = await bench.containerEvent(session, 'plain-ended');
      assert.equal(status, 3 << 8);
      assert.deepEqual(linesOf(bench.shown(session)), [...own, 'mine', 't1']);
    }
    const signalled = 't1.signalled';
    await bench.plain(signalled, {
      command: 'echo up; exec sleep 1000',
      isSession: true,
      io: 'pipes',
    });
    await bench.until('it', () => (bench.shown(signalled).includes('up') ? true : undefined));
    bench.containers?.request({ kind: 'plain-signal', id: signalled, signal: 15 });
    assert.equal((await bench.containerEvent(signalled, 'plain-ended')).status, 15);
    // The end of the task is that of all that is in it.
    bench.it.destroy('t1');
    assert.equal((await bench.containerEvent('t1.n', 'plain-ended')).status, 9);
    await bench.exited('t1');
    assert.equal(isAlive(alone), false);
    assert.equal(bench.hasCgroup('freezer', 't1'), false);
  },
);

test('a nested container has cgroups of its own when it wants to', ALL, async (t) => {
  const bench = await IsolationBench.start(t, FLAGS);
  await bench.plain('c1', { command: 'exec sleep 1000', resources: 'mem:128' });
  const info: ContainerInfo = { type: 'MESOS', linux_info: { share_cgroups: false } };
  const pid = await bench.plain('c1.own', {
    command: 'exec sleep 1000',
    info,
    resources: 'mem:48',
  });
  const limit = bench.cgroup('memory', 'c1/mesos/own', 'memory.limit_in_bytes');
  assert.equal(limit, String(48 * 1024 ** 2));
  assert.match(readFileSync(`/proc/${pid}/cgroup`, 'utf8'), /memory:.*\/c1\/mesos\/own$/m);
  const shared = await bench.plain('c1.shared', { command: 'exec sleep 1000' });
  assert.match(readFileSync(`/proc/${shared}/cgroup`, 'utf8'), /memory:.*\/c1$/m);
  bench.containers?.request({ kind: 'plain-destroy', id: 'c1.own' });
  await bench.containerEvent('c1.own', 'plain-ended');
  assert.equal(bench.hasCgroup('memory', 'c1/mesos/own'), false);
  assert.ok(isAlive(shared));
  bench.containers?.request({ kind: 'plain-destroy', id: 'c1' });
  await bench.containerEvent('c1', 'plain-ended');
  assert.equal(bench.hasCgroup('freezer', 'c1'), false);
});

test('another launcher takes over what isolates a standalone container', ALL, async (t) => {
  const { bench, cni } = await CniBench.start(t, FLAGS, 79);
  const info: ContainerInfo = { type: 'MESOS', network_infos: [{ name: 'blue' }] };
  const pid = await bench.plain('c1', { command: 'exec sleep 1000', info, resources: 'mem:64' });
  bench.containerEvents.length = 0;
  process.kill(bench.launcherPid, 'SIGKILL');
  await bench.until('another launcher', () =>
    bench.containerEvents.some(({ kind }) => kind === 'plain-report') ? true : undefined,
  );
  assert.ok(isAlive(pid));
  assert.ok(existsSync(`${cni.root}/c1/ns`));
  bench.containers?.request({ kind: 'plain-destroy', id: 'c1' });
  await bench.containerEvent('c1', 'plain-ended');
  assert.equal(bench.hasCgroup('memory', 'c1'), false);
  assert.deepEqual(readdirSync(cni.root), []);
});

test('checks of a task run where it is: among its files, in its network', ALL, async (t) => {
  const { bench } = await CniBench.start(t, FLAGS, 79);
  const container = { type: 'MESOS' as const, network_infos: [{ name: 'blue' }] };
  const serve = 'while :; do echo hello | nc -l -p 8080 -q 0; done';
  const often = { delay_seconds: 0, interval_seconds: 0.1, timeout_seconds: 10 };
  const tcp: CheckInfo = { ...often, type: 'TCP', tcp: { port: 8080 } };
  await bench.run('t1', { command: serve, info: { container, check: tcp } });
  await bench.until('its check to succeed', () =>
    bench.events.find(
      (each) => each.kind === 'update' && each.update.checkStatus?.tcp?.succeeded === true,
    ),
  );
  const value = '[ "$(hostname)" = t2 ] && [ -e own ]';
  const looks: CheckInfo = { ...often, type: 'COMMAND', command: { command: { value } } };
  const task = 'touch own; exec sleep 1000';
  await bench.run('t2', { command: task, info: { container, check: looks } });
  await bench.until('its check to succeed', () =>
    bench.events.find(
      (each) => each.kind === 'update' && each.update.checkStatus?.command?.exit_code === 0,
    ),
  );
});
