/** Task groups with files, volumes and users of their own, on a real master and agent. */
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { at, textAt } from './support/json.ts';
import { SchedulerSession } from './support/scheduler-session.ts';
import { SmallCluster } from './support/small-cluster.ts';

/** Who is not the agent, where the agent may change users. */
const SOMEBODY = process.getuid?.() === 0 ? 'nobody' : userInfo().username;

const SCALARS = [
  { name: 'cpus', type: 'SCALAR', scalar: { value: 0.1 } },
  { name: 'mem', type: 'SCALAR', scalar: { value: 32 } },
];

async function subscribed(t: TestContext, user: string) {
  const cluster = await SmallCluster.start(t, 'groups');
  // Temporary directories are private; tasks of other users must get through.
  chmodSync(cluster.directory, 0o755);
  const session = await SchedulerSession.subscribe(cluster.schedulerUrl, 'groups', {
    type: 'SUBSCRIBE',
    subscribe: { framework_info: { user, name: 'groups' } },
  });
  t.after(() => session.stream.close());
  const [offer] = await session.settledOffers();
  return { cluster, session, offer };
}

function task(id: string, offer: unknown, extra: object): object {
  const base = { name: id, task_id: { value: id }, agent_id: at(offer, 'agent_id') };
  return { ...base, resources: SCALARS, ...extra };
}

async function launch(
  session: SchedulerSession,
  offer: unknown,
  tasks: readonly object[],
): Promise<void> {
  const executor = {
    type: 'DEFAULT',
    executor_id: { value: 'pod' },
    framework_id: { value: session.frameworkId },
    resources: [...SCALARS, { name: 'disk', type: 'SCALAR', scalar: { value: 8 } }],
  };
  await session.call({
    type: 'ACCEPT',
    accept: {
      offer_ids: [at(offer, 'id')],
      operations: [{ type: 'LAUNCH_GROUP', launch_group: { executor, task_group: { tasks } } }],
    },
  });
}

/** State and message of the terminal update. */
async function endOf(session: SchedulerSession, id: string): Promise<readonly unknown[]> {
  for (;;) {
    const status = at(await session.nextUpdate(id), 'update', 'status');
    const state = textAt(status, 'state');
    if (/FINISHED|FAILED|KILLED/.test(state)) return [state, at(status, 'message')];
  }
}

const SHARED = {
  type: 'MESOS',
  volumes: [
    {
      mode: 'RW',
      container_path: 'meeting',
      source: { type: 'SANDBOX_PATH', sandbox_path: { type: 'PARENT', path: 'place' } },
    },
  ],
};

test('tasks of a group fetch their files, own their sandboxes, and meet in the sandbox of their executor', async (t) => {
  const { cluster, session, offer } = await subscribed(t, SOMEBODY);
  const files = join(cluster.directory, 'files');
  mkdirSync(files);
  writeFileSync(join(files, 'word.txt'), 'hello');
  const wait = 'for i in $(seq 2400); do [ -e meeting/word ] && break; sleep 0.05; done';
  await launch(session, offer, [
    task('giver', offer, {
      command: {
        value: 'id -un > me && mv word.txt meeting/word',
        uris: [{ value: join(files, 'word.txt') }],
      },
      container: SHARED,
    }),
    task('taker', offer, {
      command: { value: `${wait}; [ "$(cat meeting/word)" = hello ] && touch mine` },
      container: SHARED,
    }),
  ]);
  const finished = ['TASK_FINISHED', 'Command exited with status 0'];
  assert.deepEqual(await endOf(session, 'giver'), finished);
  assert.deepEqual(await endOf(session, 'taker'), finished);
});

test('a file that cannot be fetched fails its task, and with it the group', async (t) => {
  const { session, offer } = await subscribed(t, userInfo().username);
  await launch(session, offer, [
    task('good', offer, { command: { value: 'sleep 1000' } }),
    task('bad', offer, { command: { value: 'true', uris: [{ value: '/nowhere/to/be/found' }] } }),
  ]);
  const [state, message] = await endOf(session, 'bad');
  assert.equal(state, 'TASK_FAILED');
  assert.match(
    String(message),
    /^Failed to fetch all URIs for container '[-0-9a-f]+': exited with status 1$/,
  );
  assert.equal((await endOf(session, 'good'))[0], 'TASK_KILLED');
});
