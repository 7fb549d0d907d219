/** Groups at the agent: nothing starts before every task has its sandbox. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AgentEffect, PreparedSandbox } from '../../../core/agent/effects.ts';
import { validateReregistration } from '../../../core/master/validation/agent.ts';
import { allocate } from '../../../core/resources/select.ts';
import type { Resource, TaskInfo } from '../../../core/wire/types/mesos.v1.ts';
import { AGENT_ID, AgentKit, MASTER, resources } from './agent-builder.ts';

type Prepare = Extract<AgentEffect, { readonly kind: 'prepare' }>;

const DONE: PreparedSandbox = { ok: true, user: undefined };

function member(id: string, extra: Partial<TaskInfo> = {}): TaskInfo {
  return {
    name: id,
    task_id: { value: id },
    agent_id: { value: AGENT_ID },
    resources: allocate(resources('cpus:0.1;mem:32'), '*'),
    command: { value: 'true' },
    ...extra,
  };
}

/** A default executor that has just been given a group. */
function starting(tasks: readonly TaskInfo[], checkpointed: readonly Resource[] = []) {
  const it = new AgentKit().registered();
  it.machine.state.checkpointedResources = checkpointed;
  it.runGroup(tasks, allocate(resources('cpus:0.1;mem:32;disk:8'), '*'));
  it.prepared('pod');
  it.took();
  it.started('pod');
  const effects = it.effectsTaken();
  const prepares = effects.filter((each): each is Prepare => each.kind === 'prepare');
  const finish = (prepare: Prepare | undefined, result: PreparedSandbox = DONE): void => {
    it.input({ kind: 'prepared', containerId: prepare?.containerId ?? '', result });
  };
  return { it, effects, prepares, finish };
}

function runs(it: AgentKit) {
  return it.effectsTaken().flatMap((each) => (each.kind === 'run' ? each.tasks : []));
}

test('a group runs when all its sandboxes are there, each with its own files and user', () => {
  const uris = [{ value: 'http://h/a.tgz' }];
  const { it, prepares, finish } = starting([
    member('a', { command: { value: 'true', uris, user: 'app' } }),
    member('b'),
  ]);
  assert.deepEqual(
    prepares.map(({ user, uris: files }) => [user, files]),
    [
      ['app', uris],
      ['root', []],
    ],
  );
  finish(prepares[1]);
  assert.deepEqual(runs(it), []);
  finish(prepares[0], { ok: true, user: { uid: 7, gid: 8 } });
  const tasks = runs(it).map(({ hosted }) => [hosted.taskId, hosted.user]);
  assert.deepEqual(tasks, [
    ['a', { uid: 7, gid: 8 }],
    ['b', undefined],
  ]);
});

test('a sandbox that could not be made is told to the executor, which fails the task', () => {
  const { it, prepares, finish } = starting([member('a'), member('b')]);
  finish(prepares[0], { ok: false, stage: 'fetch', message: 'Failed to fetch' });
  finish(prepares[1]);
  const tasks = runs(it).map(({ hosted }) => [hosted.taskId, hosted.refusal]);
  assert.deepEqual(tasks, [
    ['a', 'Failed to fetch'],
    ['b', undefined],
  ]);
});

test('what a container of a task asks for in vain is refused, never ignored', () => {
  const container = { type: 'MESOS', rlimit_info: { rlimits: [] } } as const;
  const { effects } = starting([member('a', { container })]);
  const hosted = effects.flatMap((each) => (each.kind === 'run' ? each.tasks : []));
  assert.deepEqual(
    hosted.map((each) => each.hosted.refusal),
    [
      "resource limits (rlimit_info) without the isolator 'posix/rlimits' are not supported by this agent",
    ],
  );
});

test('a KILL of a task that does not run yet follows its start', () => {
  const { it, prepares, finish } = starting([member('a')]);
  it.message({
    name: 'mesos.internal.KillTaskMessage',
    value: {
      framework_id: { value: 'F' },
      task_id: { value: 'a' },
      kill_policy: { grace_period: { nanoseconds: 2e9 } },
    },
  });
  assert.deepEqual(it.took(), []);
  finish(prepares[0]);
  assert.deepEqual(it.took(), ['run a', 'kill a 2000']);
});

test('nothing is fetched any more for an executor that has ended', () => {
  const { it, prepares, finish } = starting([member('a')]);
  const containerId = it.containerOf('pod');
  it.launcher({ kind: 'exited', containerId, status: 9 });
  assert.ok(it.took().includes('cancel-prepare'));
  finish(prepares[0]);
  assert.deepEqual(it.took(), []);
});

test('volumes of a task are links in its own sandbox: persistent ones, and parts of sandboxes', () => {
  const volume = {
    name: 'disk',
    type: 'SCALAR',
    scalar: { value: 8 },
    reservations: [{ type: 'DYNAMIC', role: 'db' }],
    disk: {
      persistence: { id: 'v1' },
      volume: { mode: 'RW', container_path: 'data' },
    },
    allocation_info: { role: 'db' },
  } as const;
  const share = (type: 'PARENT' | 'SELF', path: string) =>
    ({
      mode: 'RW',
      container_path: path,
      source: { type: 'SANDBOX_PATH', sandbox_path: { type, path: 'shared' } },
    }) as const;
  const task = member('a', {
    resources: [...allocate(resources('cpus:0.1;mem:32'), 'db'), volume],
    container: { type: 'MESOS', volumes: [share('PARENT', 'up'), share('SELF', 'own')] },
  });
  const { allocation_info: _, ...reserved } = volume;
  const { it, prepares } = starting([task], [reserved]);
  const [prepare] = prepares;
  const [executor] = it.machine.state.containers.values();
  assert.deepEqual(prepare?.links, [
    { path: 'data', target: '/work-dir/volumes/roles/db/v1' },
    { path: 'up', target: `${executor?.directory}/shared`, makesTarget: true },
    { path: 'own', target: `${prepare?.directory}/shared`, makesTarget: true },
  ]);
});

test('an agent that returns tells of a default executor no command: masters refuse one that has it', () => {
  const { it } = starting([member('a')]);
  it.input({ kind: 'master', pid: MASTER }).advance(1_000);
  const told = it.effectsTaken().flatMap((effect) => {
    if (effect.kind !== 'send') return [];
    const { message } = effect;
    if (message.name !== 'mesos.internal.ReregisterSlaveMessage') return [];
    // What the master holds against it, word for word.
    const frameworks = (message.value.frameworks ?? []).map((info) => ({
      ...info,
      capabilities: [{ type: 'MULTI_ROLE' as const }],
    }));
    assert.equal(validateReregistration({ ...message.value, frameworks }), undefined);
    return message.value.executor_infos ?? [];
  });
  assert.deepEqual(
    told.map(({ type, command }) => [type, command]),
    [['DEFAULT', undefined]],
  );
});
