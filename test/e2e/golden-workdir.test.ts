/**
 * What lies in the agent's work directory after the actions that were recorded: a framework that
 * checkpoints with a task that finished, one that failed, two that run, and a reservation; one that
 * does not checkpoint. Ids of agents, frameworks, containers and operations are masked.
 */
import assert from 'node:assert/strict';
import { lstatSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { at, textAt } from './support/json.ts';
import { eventually } from './support/programs.ts';
import { SchedulerSession } from './support/scheduler-session.ts';
import { SmallCluster } from './support/small-cluster.ts';

const RECORDING = new URL('../wire/golden/agent-workdir.txt', import.meta.url);
const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;
/** Explained in the README beside the recording. */
const NOT_OURS = /\/resource_provider_registry\//;

/** Files and links below a directory, as `find . ! -type d` lists them. */
function filesBelow(directory: string, prefix = '.'): readonly string[] {
  return readdirSync(directory).flatMap((name) => {
    const path = `${prefix}/${name}`;
    const full = join(directory, name);
    return lstatSync(full).isDirectory() ? filesBelow(full, path) : [path];
  });
}

function masked(path: string): string {
  return path.replaceAll(UUID, 'ID').replace(/\/ID-\d{4}\//, '/ID-FRAMEWORK/');
}

function recorded(): readonly string[] {
  const lines = readFileSync(RECORDING, 'utf8').trim().split('\n');
  return lines.filter((line) => !NOT_OURS.test(line));
}

/** Command executors live in the launcher and have no address, like those that use HTTP. */
function asHosted(path: string): string {
  return path.replace('/pids/libprocess.pid', '/http.marker');
}

function below(folder: string, paths: readonly string[]): readonly string[] {
  return paths
    .filter((path) => path.startsWith(folder))
    .map(masked)
    .sort();
}

/** Each `latest` leads to the only directory beside it. */
function checkLinks(directory: string, paths: readonly string[]): void {
  const links = paths.filter((path) => path.endsWith('/latest'));
  for (const link of links) {
    const folder = dirname(join(directory, link));
    const [only] = readdirSync(folder).filter((name) => name !== 'latest');
    assert.equal(realpathSync(join(directory, link)), join(realpathSync(folder), only ?? ''));
  }
  // Of the agent twice, of five sandboxes, of four of them below `meta`.
  assert.equal(links.length, 11);
}

async function subscribed(cluster: SmallCluster, checkpoint: boolean): Promise<SchedulerSession> {
  const role = checkpoint ? 'kept' : 'not-kept';
  const framework_info = {
    user: 'root',
    name: role,
    principal: 'golden',
    checkpoint,
    roles: [role],
    capabilities: [{ type: 'MULTI_ROLE' }],
  };
  return await SchedulerSession.subscribe(cluster.schedulerUrl, role, {
    type: 'SUBSCRIBE',
    subscribe: { framework_info },
  });
}

const AMOUNTS = { cpus: 0.1, mem: 32 };

/** Accepts an offer with the operations made for its agent. */
async function accept(
  session: SchedulerSession,
  operationsFor: (agentId: unknown, role: unknown) => readonly object[],
): Promise<void> {
  const [offer] = await session.settledOffers();
  const operations = operationsFor(at(offer, 'agent_id'), at(offer, 'allocation_info', 'role'));
  await session.call({
    type: 'ACCEPT',
    accept: { offer_ids: [at(offer, 'id')], operations, filters: { refuse_seconds: 0 } },
  });
}

function launch(tasks: Readonly<Record<string, string>>) {
  return (agent_id: unknown): readonly object[] => {
    const task_infos = Object.entries(tasks).map(([id, value]) => ({
      name: id,
      task_id: { value: id },
      agent_id,
      command: { value },
      resources: Object.entries(AMOUNTS).map(([name, amount]) => ({
        name,
        type: 'SCALAR',
        scalar: { value: amount },
      })),
    }));
    return [{ type: 'LAUNCH', launch: { task_infos } }];
  };
}

function reserve(_agentId: unknown, role: unknown): readonly object[] {
  const resource = {
    name: 'cpus',
    type: 'SCALAR',
    scalar: { value: 0.1 },
    reservations: [{ type: 'DYNAMIC', role, principal: 'golden' }],
  };
  return [{ type: 'RESERVE', id: { value: 'r1' }, reserve: { resources: [resource] } }];
}

async function until(session: SchedulerSession, id: string, state: string): Promise<void> {
  let seen = '';
  while (seen !== state) seen = textAt(await session.nextUpdate(id), 'update', 'status', 'state');
}

test('the work directory has the files of the recorded one, and its links lead where they should', async (t) => {
  const cluster = await SmallCluster.start(t, 'golden-workdir');
  const forgotten = await subscribed(cluster, false);
  t.after(() => forgotten.stream.close());
  await accept(forgotten, launch({ 'task-1': 'true' }));
  await until(forgotten, 'task-1', 'TASK_FINISHED');
  await forgotten.call({ type: 'TEARDOWN' });

  const kept = await subscribed(cluster, true);
  t.after(() => kept.stream.close());
  const tasks = {
    'done.1': 'true',
    'fail.1': 'exit 3',
    'web.0001': 'sleep 1000',
    'web.0002': 'sleep 1000',
  };
  await accept(kept, launch(tasks));
  await until(kept, 'done.1', 'TASK_FINISHED');
  await until(kept, 'fail.1', 'TASK_FAILED');
  await until(kept, 'web.0001', 'TASK_RUNNING');
  await until(kept, 'web.0002', 'TASK_RUNNING');
  await accept(kept, reserve);
  await kept.next('the reservation', ({ type }) => type === 'UPDATE_OPERATION_STATUS');

  const directory = cluster.agentDirectory;
  const found = await eventually(
    'both executors that ended are written off and no file is being written',
    () => {
      const paths = filesBelow(directory);
      const writing = paths.some((path) => path.endsWith('.new'));
      return !writing && paths.filter((path) => path.endsWith('/executor.sentinel')).length === 2
        ? paths
        : undefined;
    },
    () => cluster.output(),
  );
  assert.deepEqual(below('./meta/', found), below('./meta/', recorded().map(asHosted)));
  const ofTask = (paths: readonly string[]): readonly string[] =>
    below('./slaves/', paths).filter((path) => path.includes('/task-1/'));
  assert.deepEqual(ofTask(found), ofTask(recorded()));
  assert.deepEqual(readdirSync(directory).sort(), ['launcher', 'meta', 'slaves']);
  checkLinks(directory, found);
});
