/** `--launcher=linux` and `posix`: whoever a task has started is gone when it is killed. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { pidsBelow } from '../../core/agent/launcher/cgroup-files.ts';
import { needs } from './support/host-features.ts';
import { IsolationBench, isAlive } from './support/isolation-bench.ts';

const LINUX = needs('root', 'cgroup:freezer');

/** Deaf to SIGTERM, twice forked away into a session of its own, and their pids in a file. */
const ESCAPE = `
trap '' TERM
(setsid sh -c 'trap "" TERM; echo $$ >> pids; exec sleep 1000' &)
(setsid setsid --fork sh -c 'trap "" TERM; echo $$ >> pids; exec sleep 1000' &)
echo $$ >> pids; while :; do sleep 1; done`;

function pidsIn(bench: IsolationBench, id: string): readonly number[] {
  try {
    return bench.output(id, 'pids').split('\n').filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

test(
  'linux: what is deaf to SIGTERM and has left its session is gone after a kill',
  LINUX,
  async (t) => {
    const bench = await IsolationBench.start(t, ['--launcher=linux']);
    const pids = await killDeaf(bench);
    await bench.until('their end', () => (pids.some(isAlive) ? undefined : true));
  },
);

test(
  'posix: what is deaf to SIGTERM is gone after a kill; what has left its session is not looked for',
  needs('root'),
  async (t) => {
    const pids = await killDeaf(await IsolationBench.start(t, ['--launcher=posix']));
    const left = pids.filter(isAlive);
    for (const pid of left) process.kill(pid, 'SIGKILL');
    // The third is the shell of the task.
    assert.equal(left.length, 2);
  },
);

/** Gives what the task had started. */
async function killDeaf(bench: IsolationBench): Promise<readonly number[]> {
  await bench.run('t1', { command: ESCAPE });
  const pids = await bench.until('three processes', () => {
    const all = pidsIn(bench, 't1');
    return all.length === 3 ? all : undefined;
  });
  bench.it.kill('t1', 't1', undefined);
  const { message } = await bench.updated('t1', 'TASK_KILLED');
  assert.equal(message, 'Command terminated with signal Killed');
  return pids;
}

test(
  'linux: a thousand children, forked away twice, are gone after a kill with their cgroup',
  LINUX,
  async (t) => {
    const bench = await IsolationBench.start(t, ['--launcher=linux']);
    const command = `trap '' TERM
    i=0; while [ $i -lt 1000 ]; do setsid setsid --fork sleep 1000 & i=$((i + 1)); done; echo all; exec sleep 1000`;
    await bench.run('bomb', { command });
    const path = `${bench.cgroupRoot('freezer')}/bomb`;
    const pids = await bench.until('a thousand children beside the shell', () => {
      const found = pidsBelow(path);
      return bench.output('bomb').includes('all') && found.length > 1000 ? found : undefined;
    });
    bench.it.kill('bomb', 'bomb', undefined);
    const killed = await bench.updated('bomb', 'TASK_KILLED');
    bench.it.acknowledge('bomb', 'bomb', killed.uuid);
    for (const state of ['TASK_STARTING', 'TASK_RUNNING', 'TASK_KILLING']) {
      bench.it.acknowledge('bomb', 'bomb', (await bench.updated('bomb', state)).uuid);
    }
    await bench.exited('bomb');
    assert.deepEqual(pids.filter(isAlive), []);
    assert.equal(bench.hasCgroup('freezer', 'bomb'), false);
  },
);

test(
  'linux: a task that forks all the time is gone after its container is destroyed',
  LINUX,
  async (t) => {
    const bench = await IsolationBench.start(t, ['--launcher=linux']);
    const command = `trap '' TERM; f() { setsid sh -c 'sleep 1' & }; while :; do f; f; f; sleep 0.01; done`;
    await bench.run('rabbit', { command });
    const path = `${bench.cgroupRoot('freezer')}/rabbit`;
    await bench.until('a crowd', () => (pidsBelow(path).length > 50 ? true : undefined));
    bench.it.destroy('rabbit');
    await bench.exited('rabbit');
    assert.equal(bench.hasCgroup('freezer', 'rabbit'), false);
  },
);

test('linux: what a task leaves behind in the background ends with it', LINUX, async (t) => {
  const bench = await IsolationBench.start(t, ['--launcher=linux']);
  const command = `(setsid setsid --fork sh -c 'echo $$ > pids; exec sleep 1000' &)
    while [ ! -s pids ]; do sleep 0.01; done; exit 3`;
  await bench.run('t1', { command });
  const { message } = await bench.updated('t1', 'TASK_FAILED');
  assert.equal(message, 'Command exited with status 3');
  const [left = 0] = pidsIn(bench, 't1');
  await bench.until('the end of what was left', () => (isAlive(left) ? undefined : true));
});

test(
  'linux: containers outlive the launcher, and the next one kills them whole',
  LINUX,
  async (t) => {
    const bench = await IsolationBench.start(t, ['--launcher=linux']);
    await bench.run('t1', { command: ESCAPE });
    const pids = await bench.until('three processes', () => {
      const all = pidsIn(bench, 't1');
      return all.length === 3 ? all : undefined;
    });
    bench.events.length = 0;
    process.kill(bench.launcherPid, 'SIGKILL');
    await bench.until('another launcher', () =>
      bench.events.some(({ kind }) => kind === 'report') ? true : undefined,
    );
    assert.deepEqual(
      pids.filter((pid) => !isAlive(pid)),
      [],
    );
    bench.it.destroy('t1');
    await bench.exited('t1');
    assert.deepEqual(pids.filter(isAlive), []);
    assert.equal(bench.hasCgroup('freezer', 't1'), false);
  },
);

test(
  'linux: a container that nobody knows is destroyed when a launcher starts',
  LINUX,
  async (t) => {
    const bench = await IsolationBench.start(t, ['--launcher=linux']);
    await bench.run('known', { command: 'sleep 1000' });
    const orphan = spawn('sleep', ['1000'], { stdio: 'ignore', detached: true });
    const { pid = 0 } = orphan;
    t.after(() => orphan.kill('SIGKILL'));
    const path = `${bench.cgroupRoot('freezer')}/orphan`;
    mkdirSync(path);
    writeFileSync(`${path}/cgroup.procs`, String(pid));
    bench.events.length = 0;
    process.kill(bench.launcherPid, 'SIGKILL');
    await bench.until('the end of the orphan', () => (isAlive(pid) ? undefined : true));
    await bench.until('its cgroup to go', () =>
      bench.hasCgroup('freezer', 'orphan') ? undefined : true,
    );
    await bench.until('another launcher', () =>
      bench.events.some(({ kind }) => kind === 'report') ? true : undefined,
    );
    assert.ok(bench.hasCgroup('freezer', 'known'), 'others are left alone');
  },
);
