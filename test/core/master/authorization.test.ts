/** What the machine refuses by ACLs, with the texts frameworks and operators see. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseAcls } from '../../../core/auth/acls.ts';
import { createAuthorizer } from '../../../core/auth/authorizer.ts';
import { guardedAuthorizer } from '../../../core/auth/guarded-authorizer.ts';
import type { OperatorAnswer, OperatorRequest } from '../../../core/master/operator/requests.ts';
import type { OfferOperation, Resource } from '../../../core/wire/types/mesos.v1.ts';
import { MasterScene, resources, task } from './machine-builder.ts';

const ANYONE = { type: 'ANY' };

function sceneWith(acls: object): MasterScene {
  const parsed = parseAcls(acls);
  assert.ok(parsed.ok, parsed.ok ? '' : parsed.error);
  return new MasterScene({ authorizer: createAuthorizer(parsed.value) });
}

test('a framework that may not use one of its roles is told so and not let in', () => {
  const it = sceneWith({
    register_frameworks: [
      { principals: { values: ['web'] }, roles: { values: ['web', 'ads'] } },
      { principals: ANYONE, roles: { type: 'NONE' } },
    ],
  });
  assert.notEqual(it.subscribe('good', { roles: ['web', 'ads'], principal: 'web' }), '');
  it.subscribe('bad', { roles: ['web', 'db'], principal: 'web' });
  it.subscribe('stranger', { roles: ['web'] });
  assert.deepEqual(it.lines('bad'), [
    'ERROR Not authorized to register framework  with roles { web, db }',
  ]);
  assert.equal(it.isClosed('bad'), true);
  assert.equal(it.isClosed('stranger'), true);
  assert.equal(it.state.frameworks.size, 1);
});

test('UPDATE_FRAMEWORK to a role that is not allowed is 403', () => {
  const it = sceneWith({
    register_frameworks: [{ principals: ANYONE, roles: { type: 'NONE', values: ['db'] } }],
    permissive: true,
  });
  assert.equal(it.subscribe('f', { roles: ['web'], principal: 'web' }), '');
  const other = sceneWith({
    register_frameworks: [
      { principals: { values: ['web'] }, roles: { values: ['web'] } },
      { principals: ANYONE, roles: { type: 'NONE' } },
    ],
  });
  const framework = other.subscribe('f', { roles: ['web'], principal: 'web' });
  const info = other.state.frameworks.values().next().value?.info;
  assert.ok(info !== undefined);
  const verdict = other.machine.check(
    {
      type: 'UPDATE_FRAMEWORK',
      framework_id: { value: framework },
      update_framework: { framework_info: { ...info, roles: ['web', 'db'] } },
    },
    { principal: 'web', streamId: 'f' },
  );
  assert.deepEqual(verdict, {
    ok: false,
    refusal: {
      status: 403,
      text: `Not authorized to register framework ${framework} with roles { web, db }`,
    },
  });
});

const NO_ROOT = {
  run_tasks: [{ principals: { type: 'NONE' }, users: { values: ['root'] } }],
};

function rootTask(id: string, agent: string) {
  return { ...task(id, agent), command: { value: 'true', user: 'root' } };
}

test('a task of a user that is not allowed is an error, and its siblings run', () => {
  const it = sceneWith(NO_ROOT);
  const agent = it.agent('a1');
  const framework = it.subscribe('f', { principal: 'p' });
  const offer = it.takeOffer('f');
  it.launch(framework, offer, [rootTask('t1', agent), task('t2', agent)]);
  const [refused] = it.take('f').flatMap(({ update }) => update?.status ?? []);
  assert.equal(refused?.state, 'TASK_ERROR');
  assert.equal(refused?.reason, 'REASON_TASK_UNAUTHORIZED');
  assert.equal(
    refused?.message,
    `Principal 'p' no authorized to launch task t1 of framework ${framework} under user 'root'`,
  );
  assert.deepEqual([...(it.state.frameworks.values().next().value?.tasks.keys() ?? [])], ['t2']);
});

test('a group with one task that is not allowed is refused as a whole', () => {
  const it = sceneWith(NO_ROOT);
  const agent = it.agent('a1');
  const framework = it.subscribe('f', { principal: 'p' });
  const offer = it.takeOffer('f');
  const executor = {
    type: 'DEFAULT',
    executor_id: { value: 'e' },
    framework_id: { value: framework },
    resources: resources('cpus:0.1;mem:32;disk:32'),
  } as const;
  const tasks = [rootTask('t1', agent), task('t2', agent)];
  it.accept(framework, offer, [
    { type: 'LAUNCH_GROUP', launch_group: { executor, task_group: { tasks } } },
  ]);
  const statuses = it.take('f').flatMap(({ update }) => update?.status ?? []);
  assert.deepEqual(
    statuses.map((each) => [each.state, each.reason, each.message]),
    ['t1', 't2'].map(() => [
      'TASK_ERROR',
      'REASON_TASK_GROUP_UNAUTHORIZED',
      `Task 't1' is not authorized tolaunch task t1 of framework ${framework} under user 'root'`,
    ]),
  );
});

/** A module that cannot answer about root, nor make anything for `nobody`. */
function failingScene(): MasterScene {
  const authorizer = guardedAuthorizer({
    approvers: (principal) => {
      if (principal?.value === 'nobody') throw new Error('the directory is away');
      return {
        approved: (action, object) => {
          if (object === 'root' || object === 'db') throw new Error('no answer in time');
          return action !== 'reserve_resources';
        },
        approvedFor: () => true,
      };
    },
  });
  return new MasterScene({ authorizer });
}

test('a framework is told why the authorizer could not decide, and comes in when it can', () => {
  const it = failingScene();
  it.subscribe('a', { roles: ['web'], principal: 'nobody' });
  it.subscribe('b', { roles: ['db'], principal: 'p' });
  const failure = 'ERROR Authorization failure: ';
  assert.deepEqual(it.lines('a'), [
    `${failure}could not create ObjectApprovers for a framework: the directory is away`,
  ]);
  assert.deepEqual(it.lines('b'), [`${failure}no answer in time`]);
  const framework = it.subscribe('c', { roles: ['web'], principal: 'p' });
  const info = it.state.frameworks.values().next().value?.info;
  assert.ok(info !== undefined);
  const call = {
    type: 'UPDATE_FRAMEWORK',
    framework_id: { value: framework },
    update_framework: { framework_info: { ...info, roles: ['web', 'db'] } },
  } as const;
  assert.deepEqual(it.machine.check(call, { principal: 'p', streamId: 'c' }), {
    ok: false,
    refusal: { status: 400, text: 'Authorization failure: no answer in time' },
  });
});

test('tasks that the authorizer cannot decide about are errors with its reason', () => {
  const it = failingScene();
  const agent = it.agent('a1');
  const framework = it.subscribe('f', { principal: 'p' });
  it.launch(framework, it.takeOffer('f'), [rootTask('t1', agent), task('t2', agent)]);
  const [refused] = it.take('f').flatMap(({ update }) => update?.status ?? []);
  assert.deepEqual(
    [refused?.state, refused?.reason, refused?.message],
    [
      ...['TASK_ERROR', 'REASON_TASK_UNAUTHORIZED'],
      "Failed to authorize principal 'p' to perform LAUNCH: no answer in time",
    ],
  );
  assert.deepEqual([...(it.state.frameworks.values().next().value?.tasks.keys() ?? [])], ['t2']);

  const other = failingScene();
  const second = other.agent('a1');
  const groups = other.subscribe('g', { principal: 'p' });
  const executor = {
    type: 'DEFAULT',
    executor_id: { value: 'e' },
    framework_id: { value: groups },
    resources: resources('cpus:0.1;mem:32;disk:32'),
  } as const;
  const tasks = [rootTask('t3', second), task('t4', second)];
  other.accept(groups, other.takeOffer('g'), [
    { type: 'LAUNCH_GROUP', launch_group: { executor, task_group: { tasks } } },
  ]);
  assert.deepEqual(
    other.take('g').flatMap(({ update }) => update?.status?.message ?? []),
    ['t3', 't4'].map(() => "Failed to authorize task 't3': no answer in time"),
  );
});

function reservation(role: string, principal: string): Resource {
  const reservations = [{ type: 'DYNAMIC', role, principal }] as const;
  return { name: 'cpus', type: 'SCALAR', scalar: { value: 1 }, reservations };
}

test('a reservation for a role that is not allowed is dropped with its reason', () => {
  const it = sceneWith({
    reserve_resources: [{ principals: { type: 'NONE' }, roles: { values: ['web'] } }],
  });
  it.agent('a1');
  const framework = it.subscribe('f', { roles: ['web'], principal: 'p' });
  const offer = it.takeOffer('f');
  const operation: OfferOperation = {
    type: 'RESERVE',
    id: { value: 'op' },
    reserve: { resources: [reservation('web', 'p')] },
  };
  it.accept(framework, offer, [operation]);
  const [status] = it.take('f').flatMap((each) => each.update_operation_status?.status ?? []);
  assert.equal(status?.state, 'OPERATION_ERROR');
  assert.match(
    status?.message ?? '',
    /^Principal 'p' no authorized to perform action RESERVE_RESOURCES on object \{"value":"web","resource":\{/,
  );
});

const NOW = { start: { nanoseconds: 1 } };
let ticket = 0;

function operate(it: MasterScene, request: OperatorRequest, principal?: string): OperatorAnswer {
  ticket += 1;
  const mine = ticket;
  it.input({ kind: 'operator', ticket: mine, request, principal });
  const found = it.others.find((each) => each.kind === 'answer' && each.ticket === mine);
  assert.ok(found?.kind === 'answer', 'no answer came');
  return found.answer;
}

/** Only `ops` may do anything, everybody else may do nothing. */
const OPS_ONLY = Object.fromEntries(
  [
    ...[['update_quotas', 'roles'] as const, ['update_weights', 'roles'] as const],
    ...[['update_maintenance_schedules', 'machines'] as const],
    ...[['start_maintenances', 'machines'] as const, ['stop_maintenances', 'machines'] as const],
    ...[['drain_agents', 'agents'] as const, ['deactivate_agents', 'agents'] as const],
    ...[['reactivate_agents', 'agents'] as const, ['mark_agents_gone', 'agents'] as const],
    ['reserve_resources', 'roles'] as const,
  ].map(([list, key]) => [
    list,
    [
      { principals: { values: ['ops'] }, [key]: ANYONE },
      { principals: { type: 'NONE' }, [key]: ANYONE },
    ],
  ]),
);

test('every change by an operator needs its right', () => {
  const it = sceneWith(OPS_ONLY);
  const agent = it.agent('a1');
  it.agent('a2');
  const machines = [{ hostname: 'a2', ip: '10.0.1.2' }];
  const unavailability = { start: { nanoseconds: 1 } };
  const limits = { cpus: { value: 1 } };
  const guarantee = resources('cpus:1');
  const requests: readonly OperatorRequest[] = [
    { kind: 'set-quota', request: { role: 'web', guarantee } },
    { kind: 'remove-quota', role: 'web', path: undefined },
    { kind: 'update-quota', configs: [{ role: 'web', limits }], isForced: true },
    { kind: 'update-weights', infos: [{ role: 'web', weight: 2 }] },
    { kind: 'update-weights', infos: [] },
    {
      kind: 'update-schedule',
      schedule: { windows: [{ machine_ids: machines, unavailability }] },
    },
    { kind: 'start-maintenance', machines },
    { kind: 'stop-maintenance', machines },
    { kind: 'drain-agent', agent, maxGracePeriod: undefined, markGone: undefined },
    { kind: 'deactivate-agent', agent },
    { kind: 'reactivate-agent', agent },
    {
      ...{ kind: 'change-resources', agent, principal: undefined },
      operation: { type: 'RESERVE', reserve: { resources: [reservation('web', 'ops')] } },
    },
    { kind: 'mark-agent-gone', agent },
  ];
  for (const request of requests) {
    const refused = operate(it, request, 'somebody');
    assert.equal(refused.status, 403, request.kind);
    const named = request.kind === 'change-resources' ? { ...request, principal: 'ops' } : request;
    assert.ok(operate(it, named, 'ops').status < 300, request.kind);
  }
});

test('what is wrong in itself is refused as such, whoever asks', () => {
  const it = sceneWith(OPS_ONLY);
  it.agent('a1');
  const machines = [{ hostname: 'a1', ip: '10.0.1.1' }];
  const tooMuch = { role: 'web', guarantee: resources('cpus:100') };
  const requests: readonly (readonly [number, OperatorRequest])[] = [
    [400, { kind: 'set-quota', request: { role: 'web' } }],
    [400, { kind: 'remove-quota', role: 'web', path: undefined }],
    [400, { kind: 'update-quota', configs: [{ role: 'a/b' }], isForced: true }],
    [400, { kind: 'update-weights', infos: [{ role: 'web', weight: 0 }] }],
    [400, { kind: 'update-schedule', schedule: { windows: [{ unavailability: NOW }] } }],
    [400, { kind: 'start-maintenance', machines }],
    [400, { kind: 'stop-maintenance', machines }],
    // Whether the cluster has as much is told to those only who may ask for it.
    [403, { kind: 'set-quota', request: tooMuch }],
    [403, { kind: 'drain-agent', agent: 'x', maxGracePeriod: undefined, markGone: undefined }],
    [403, { kind: 'reactivate-agent', agent: 'x' }],
    [403, { kind: 'mark-agent-gone', agent: 'x' }],
  ];
  for (const [status, request] of requests) {
    assert.equal(operate(it, request, 'somebody').status, status, request.kind);
  }
});

test('a drain that ends with a gone agent needs both rights', () => {
  const it = sceneWith({
    mark_agents_gone: [{ principals: { type: 'NONE' }, agents: ANYONE }],
  });
  const agent = it.agent('a1');
  const drain = { kind: 'drain-agent', agent, maxGracePeriod: undefined } as const;
  assert.equal(operate(it, { ...drain, markGone: true }, 'ops').status, 403);
  assert.equal(operate(it, { ...drain, markGone: false }, 'ops').status, 200);
});

test('an agent that may not come in is ignored, also with resources of a role it may not have', () => {
  const none = sceneWith({ register_agents: [{ principals: { type: 'NONE' }, agents: ANYONE }] });
  assert.equal(none.agent('a1'), '');
  assert.deepEqual(none.sentTo('a1'), []);
  const roles = sceneWith({
    reserve_resources: [{ principals: { type: 'NONE' }, roles: { values: ['db'] } }],
  });
  assert.equal(roles.agent('a1', 'cpus(db):4;mem:1024'), '');
  assert.notEqual(roles.agent('a2', 'cpus(web):4;mem:1024'), '');
});
