/** Containers over the agent's API as a user meets them: sessions, terminals, losses, restarts. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ContainerApi, idOf, stdin } from './support/container-api.ts';
import { at } from './support/json.ts';
import { startPod } from './support/pod.ts';
import { eventually, isAlive } from './support/programs.ts';
import { sharedCluster } from './support/small-cluster.ts';

const shared = sharedCluster('containers');

test('a session in a task sees its sandbox and environment', async () => {
  const cluster = shared();
  const api = new ContainerApi(cluster);
  const command = { value: 'echo mine > file; sleep 1000', environment: { COLOUR: 'red' } };
  const pod = await startPod(cluster, command);
  const session = await api.session(`${pod.rootContainer}.${pod.taskContainer}.exec`, {
    value: 'cat file; echo $COLOUR $MESOS_FRAMEWORK_ID; pwd; echo problem >&2',
  });
  await session.ended;
  const text = await session.shows('/');
  const [file, colour, directory = ''] = text.split('\n');
  assert.deepEqual([file, colour], ['mine', `red ${pod.frameworkId}`]);
  const places = `/runs/${pod.rootContainer}/containers/${pod.taskContainer}`;
  assert.ok(directory.endsWith(places), directory);
  assert.equal(await session.shows('problem', 'STDERR'), 'problem\n');
  const kept = join(directory, 'containers/exec');
  assert.equal(readFileSync(join(kept, 'stdout'), 'utf8'), text);
  const id = { container_id: idOf(`${pod.rootContainer}.${pod.taskContainer}.exec`) };
  assert.equal((await api.call('REMOVE_CONTAINER', id)).status, 200);
  assert.equal(existsSync(kept), false);
  await pod.teardown();
});

test('a terminal echoes, can be resized and is killed by signals', async () => {
  const api = new ContainerApi(shared());
  await api.launch('terminal', 'sleep 1000');
  const tty = { container: { type: 'MESOS', tty_info: {} } };
  const session = await api.session('terminal.shell', { value: 'PS1="$ " sh -i' }, tty);
  await session.shows('$ ');
  assert.equal((await api.input('terminal.shell', [stdin('echo $((40 + 2))\n')])).status, 200);
  assert.match(await session.shows('42\r\n'), /echo \$\(\(40 \+ 2\)\)\r\n42\r\n/);
  const size = { type: 'TTY_INFO', tty_info: { window_size: { rows: 41, columns: 132 } } };
  await api.input('terminal.shell', [{ type: 'CONTROL', control: size }]);
  await eventually('the size arrives', async () => {
    await api.input('terminal.shell', [stdin('stty size\n')]);
    return (await session.shows('stty size')).includes('41 132') ? true : undefined;
  });
  await api.input('terminal.shell', [stdin('exit 3\n')]);
  await session.ended;
  assert.equal(
    at((await api.wait('terminal.shell')).body, 'wait_container', 'exit_status'),
    3 << 8,
  );

  const other = await api.session('terminal.other', { value: 'echo up; exec sleep 1000' }, tty);
  await other.shows('up');
  await api.call('KILL_CONTAINER', { container_id: idOf('terminal.other'), signal: 15 });
  await other.ended;
  assert.equal(at((await api.wait('terminal.other')).body, 'wait_container', 'exit_status'), 15);
});

test('a lost session takes its processes with it', async () => {
  const api = new ContainerApi(shared());
  await api.launch('losing', 'sleep 1000');
  for (const more of [{}, { container: { type: 'MESOS', tty_info: {} } }]) {
    const id = `losing.s${Object.keys(more).length}`;
    const command = { value: 'sleep 1000 & echo child $!; wait' };
    const session = await api.session(id, command, more);
    const child = Number(/child (\d+)/.exec(await session.shows('\n'))?.[1]);
    const pid = await api.pidOf(id);
    assert.ok(isAlive(pid) && isAlive(child));
    session.abort();
    assert.equal(at((await api.wait(id)).body, 'wait_container', 'exit_status'), 9);
    await eventually('all are gone', () => !isAlive(pid) && !isAlive(child));
  }
});

test('output is told as protobuf too, and input ends the process', async () => {
  const api = new ContainerApi(shared());
  await api.launch('wire', 'sleep 1000');
  const cat = { shell: false, value: 'cat', arguments: ['cat'] };
  const session = await api.session('wire.cat', cat, {}, 'protobuf');
  assert.equal(session.response.headers.get('message-content-type'), 'application/x-protobuf');
  const big = 'x'.repeat(300_000);
  const answer = await api.input('wire.cat', [stdin('a line\n'), stdin(big), stdin('')]);
  assert.equal(answer.status, 200);
  await session.ended;
  assert.equal((await session.shows('a line')).length, 7 + big.length);
});

test('containers go on when the agent is killed, sessions do not', async () => {
  const cluster = shared();
  const api = new ContainerApi(cluster);
  const pod = await startPod(cluster, { value: 'sleep 1000' });
  const nested = `${pod.rootContainer}.nested`;
  await api.launch('alone', 'trap "exit 4" TERM; while :; do sleep 0.1; done');
  await api.launch('alone.child', 'sleep 1000');
  await api.launch(nested, 'sleep 1000');
  const session = await api.session('alone.session', { value: 'echo up; sleep 1000' });
  await session.shows('up');
  const ids = ['alone', 'alone.child', nested];
  const pids = await Promise.all(ids.map((id) => api.pidOf(id)));
  const sessionPid = await api.pidOf('alone.session');
  await cluster.endAgent('SIGKILL');
  await session.ended;
  await eventually('the session is over', () => !isAlive(sessionPid));
  cluster.startAgent();
  await cluster.agentRegistered();
  assert.deepEqual(await Promise.all(ids.map((id) => api.pidOf(id))), pids);
  const over = at((await api.wait('alone.session')).body, 'wait_container', 'exit_status');
  assert.equal(over, 9);

  const waiting = api.wait('alone');
  await api.call('KILL_CONTAINER', { container_id: idOf('alone'), signal: 15 });
  assert.equal(at((await waiting).body, 'wait_container', 'exit_status'), 4 << 8);
  await eventually('the child goes with its parent', () => !isAlive(pids[1] ?? 0));
  await pod.teardown();
  await eventually('the nested one goes with its executor', () => !isAlive(pids[2] ?? 0));
  // Its status is told as long as its executor's container is being removed.
  await eventually(
    'nobody knows the nested one',
    async () => (await api.wait(nested)).status === 404,
  );
});

test('killing the container of a task ends the task', async () => {
  const cluster = shared();
  const api = new ContainerApi(cluster);
  const pod = await startPod(cluster, { value: 'sleep 1000' });
  const id = `${pod.rootContainer}.${pod.taskContainer}`;
  const waiting = api.wait(id);
  assert.equal((await api.call('REMOVE_CONTAINER', { container_id: idOf(id) })).status, 500);
  assert.equal((await api.call('KILL_CONTAINER', { container_id: idOf(id) })).status, 200);
  assert.equal(at((await waiting).body, 'wait_container', 'exit_status'), 9);
  await pod.teardown();
});

test('a slow reader does not stop a container, nor grow the agent', async () => {
  const api = new ContainerApi(shared());
  await api.launch('slow', 'sleep 1000');
  const session = await api.session('slow.flood', {
    value: 'yes | head -c 40000000; echo done >&2',
  });
  const attach = { container_id: idOf('slow.flood') };
  const call = { type: 'ATTACH_CONTAINER_OUTPUT', attach_container_output: attach };
  const slow = await fetch(api.url, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(call),
  });
  assert.equal(slow.status, 200);
  await session.shows('done', 'STDERR');
  await session.ended;
  await assert.rejects(slow.arrayBuffer(), 'the slow reader was dropped');
});
