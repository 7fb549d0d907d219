/** Tasks with `tty_info`: terminals that can be attached to, whoever dies. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { removeCgroupRoots } from './support/cgroup-roots.ts';
import { ContainerApi, idOf, stdin } from './support/container-api.ts';
import { needs } from './support/host-features.ts';
import { at, textAt } from './support/json.ts';
import { startPod } from './support/pod.ts';
import { eventually, http } from './support/programs.ts';
import { SchedulerSession } from './support/scheduler-session.ts';
import { SmallCluster } from './support/small-cluster.ts';

const TTY = { type: 'MESOS', tty_info: { window_size: { rows: 10, columns: 20 } } };
const ISOLATION = needs(
  'root',
  'namespaces',
  'cgroup:freezer',
  'cgroup:memory',
  'cgroup:cpu',
  'cgroup:cpuacct',
);
const ROOT = `orrery-test-${process.pid}-terminals`;

test('what is typed reaches the task of a group, also when the launcher has died in between', async (t) => {
  const cluster = await SmallCluster.start(t, 'terminal-pod');
  const api = new ContainerApi(cluster);
  const value =
    'stty size; while read line; do echo "got $line"; [ "$line" = end ] && exit 3; done';
  const pod = await startPod(cluster, { value, container: TTY });
  const id = `${pod.rootContainer}.${pod.taskContainer}`;
  const first = await api.attach(id);
  assert.equal(first.response.status, 200);
  assert.equal((await api.input(id, [stdin('one\n')])).status, 200);
  // The terminal echoes, ends lines with CR LF, and both readers see all of it.
  const second = await api.attach(id);
  await first.shows('got one\r\n');

  const folder = join(cluster.agentDirectory, 'launcher');
  const launcher = Number(readFileSync(join(folder, 'pid'), 'utf8'));
  process.kill(launcher, 'SIGKILL');
  await eventually('another launcher serves', () => {
    return Number(readFileSync(join(folder, 'pid'), 'utf8')) !== launcher;
  });
  const size = { type: 'TTY_INFO', tty_info: { window_size: { rows: 41, columns: 132 } } };
  await eventually('what is typed arrives again', async () => {
    await api.input(id, [{ type: 'CONTROL', control: size }, stdin('two\n')]);
    return second.output.includes('got two\r\n');
  });
  const waiting = api.wait(id);
  await api.input(id, [stdin('end\n')]);
  await second.ended;
  assert.equal(at((await waiting).body, 'wait_container', 'exit_status'), 3 << 8);
  await second.shows('got end\r\n');
  await pod.teardown();
});

test(
  'a command task in cgroups and namespaces, of another user, has the terminal as its own',
  ISOLATION,
  async (t) => {
    const cluster = await SmallCluster.start(t, 'terminal-task', {
      agentFlags: [
        '--isolation=cgroups/cpu,cgroups/mem,filesystem/linux,namespaces/pid',
        `--cgroups_root=${ROOT}`,
      ],
    });
    t.after(() => removeCgroupRoots(ROOT, ['freezer', 'cpu', 'cpuacct', 'memory']));
    const api = new ContainerApi(cluster);
    const session = await SchedulerSession.subscribe(cluster.schedulerUrl, 'terminal-task', {
      type: 'SUBSCRIBE',
      subscribe: { framework_info: { user: 'root', name: 'terminals', checkpoint: true } },
    });
    t.after(() => session.stream.close());
    const [offer] = await session.settledOffers();
    const value =
      'trap "echo goodbye; exit 0" TERM; stty size; tty >&2; id -un; echo $SECRET; echo ready; ' +
      'while :; do read line; echo "got $line"; done';
    const task = {
      name: 'shell',
      task_id: { value: 'shell' },
      agent_id: at(offer, 'agent_id'),
      command: {
        value,
        user: 'nobody',
        environment: { variables: [{ name: 'SECRET', value: 'a=b c' }] },
      },
      container: TTY,
      resources: [
        { name: 'cpus', type: 'SCALAR', scalar: { value: 0.1 } },
        { name: 'mem', type: 'SCALAR', scalar: { value: 32 } },
      ],
    };
    await session.call({
      type: 'ACCEPT',
      accept: {
        offer_ids: [at(offer, 'id')],
        operations: [{ type: 'LAUNCH', launch: { task_infos: [task] } }],
      },
    });
    let status = at(await session.nextUpdate('shell'), 'update', 'status');
    while (at(status, 'state') !== 'TASK_RUNNING') {
      status = at(await session.nextUpdate('shell'), 'update', 'status');
    }
    const id = textAt(status, 'container_status', 'container_id', 'value');
    const { body: state } = await http('GET', `${cluster.agentUrl}/state`);
    const directory = textAt(state, 'frameworks', 0, 'executors', 0, 'directory');
    const output = (): string => readFileSync(join(directory, 'stdout'), 'utf8');
    // A window size that the launch states is not applied.
    const begin = /^0 0\r\n\/dev\/pts\/\d+\r\nnobody\r\na=b c\r\nready\r\n/;
    await eventually('the task is ready', () => begin.test(output()), output);
    const reading = await api.attach(id);
    await api.input(id, [stdin('hello\n')]);
    await reading.shows('got hello\r\n');
    const waiting = api.call('ATTACH_CONTAINER_OUTPUT', { container_id: idOf('unknown') });
    assert.equal((await waiting).status, 404);
    await session.call({ type: 'KILL', kill: { task_id: { value: 'shell' } } });
    while (at(status, 'state') !== 'TASK_KILLED') {
      status = at(await session.nextUpdate('shell'), 'update', 'status');
    }
    assert.equal(at(status, 'message'), 'Command exited with status 0');
    await reading.ended;
    await reading.shows('goodbye\r\n');
    assert.match(output(), /hello\r\ngot hello\r\ngoodbye\r\n$/);
  },
);
