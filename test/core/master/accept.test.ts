/** ACCEPT: offers that are not valid, tasks that are refused, with the recorded texts. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defined } from '../../../core/base/assert.ts';
import type { CallAccept } from '../../../core/wire/types/mesos.v1.scheduler.ts';
import type {
  Offer,
  OfferOperation,
  Resource,
  TaskInfo,
} from '../../../core/wire/types/mesos.v1.ts';
import { MasterScene, resources, task } from './machine-builder.ts';

function offered(): {
  readonly it: MasterScene;
  readonly agent: string;
  readonly framework: string;
  readonly offer: Offer;
} {
  const it = new MasterScene();
  const agent = it.agent('a1');
  const framework = it.subscribe('f');
  const offer = it.takeOffer('f');
  it.sentTo('a1');
  return { it, agent, framework, offer };
}

function updates(it: MasterScene): readonly string[] {
  return it.lines('f').filter((line) => !line.startsWith('OFFERS'));
}

const CASES: readonly (readonly [string, (agent: string) => Partial<TaskInfo>, string])[] = [
  [
    'more than the offer has',
    () => ({ resources: resources('cpus:10000;mem:32') }),
    'Total resources cpus(allocated: *):10000; mem(allocated: *):32 required by task and its executor is more than available ports(allocated: *):[31000-32000]; cpus(allocated: *):4; mem(allocated: *):4096; disk(allocated: *):8192',
  ],
  [
    'another agent',
    () => ({ agent_id: { value: 'wrong-agent' } }),
    'Task uses invalid agent wrong-agent while agent M-S0 is expected',
  ],
  ['no resources', () => ({ resources: [] }), 'Task uses no resources'],
  ['a slash in its id', () => ({ task_id: { value: 'a/b' } }), "'a/b' contains invalid characters"],
  ['an empty id', () => ({ task_id: { value: '' } }), 'ID must not be empty'],
  [
    'neither command nor executor',
    () => ({ command: undefined }),
    'Task should have at least one (but not both) of CommandInfo or ExecutorInfo present',
  ],
  [
    'a negative grace period',
    () => ({ kill_policy: { grace_period: { nanoseconds: -1 } } }),
    "Task's 'kill_policy.grace_period' must be non-negative",
  ],
  [
    'a health check without a scheme it knows',
    () => ({ health_check: { type: 'HTTP', http: { port: 80, scheme: 'ftp' } } }),
    "Task uses invalid health check: Unsupported HTTP health check scheme: 'ftp'",
  ],
  [
    'a check without a type',
    () => ({ check: {} }),
    "Task uses invalid check: CheckInfo must specify 'type'",
  ],
  [
    'an environment variable without a value',
    () => ({ command: { value: 'x', environment: { variables: [{ name: 'A' }] } } }),
    "Task's `CommandInfo` is invalid: Environment variable 'A' of type 'VALUE' must have a value set",
  ],
  [
    'a docker container without docker',
    () => ({ container: { type: 'DOCKER' } }),
    "Task's `ContainerInfo` is invalid: DockerInfo 'docker' is not set for DOCKER typed ContainerInfo",
  ],
  [
    'a limit below its request',
    () => ({ limits: { cpus: { value: 0.5 } } }),
    'The cpu limit must be greater than or equal to the cpu request',
  ],
  [
    'an executor of another type',
    () => ({
      command: undefined,
      executor: { type: 'DEFAULT', executor_id: { value: 'e' }, resources: resources('cpus:1') },
    }),
    "'ExecutorInfo.type' must be 'CUSTOM'",
  ],
];

for (const [what, change, text] of CASES) {
  test(`a task with ${what} is refused`, () => {
    const { it, agent, framework, offer } = offered();
    const info: TaskInfo = { ...task('t1', agent), ...change(agent) };
    it.launch(framework, offer, [info]);
    assert.deepEqual(updates(it), [
      `UPDATE ${info.task_id.value} TASK_ERROR REASON_TASK_INVALID ${text}`,
    ]);
    assert.deepEqual(it.sentTo('a1'), []);
  });
}

test('a refused task does not stop its siblings; the second of one id is a duplicate', () => {
  const { it, agent, framework, offer } = offered();
  it.launch(framework, offer, [task('dup', agent), task('dup', agent), task('other', agent)]);
  assert.deepEqual(updates(it), [
    'UPDATE dup TASK_ERROR REASON_TASK_INVALID Task has duplicate ID: dup',
  ]);
  assert.deepEqual(it.sentNames('a1'), ['RunTaskMessage', 'RunTaskMessage']);
});

test('an offer works once', () => {
  const { it, agent, framework, offer } = offered();
  it.launch(framework, offer, [task('t1', agent)]);
  it.take('f');
  it.launch(framework, offer, [task('t2', agent)]);
  assert.deepEqual(updates(it), [
    `UPDATE t2 TASK_DROPPED REASON_INVALID_OFFERS Task launched with invalid offers: Offer ${offer.id.value} is no longer valid`,
  ]);
});

test('no offer, or the same offer twice, is refused', () => {
  const { it, agent, framework, offer } = offered();
  const operations: OfferOperation[] = [
    { type: 'LAUNCH', launch: { task_infos: [task('t1', agent)] } },
  ];
  const prefix = 'UPDATE t1 TASK_DROPPED REASON_INVALID_OFFERS Task launched with invalid offers:';
  it.call(framework, { type: 'ACCEPT', accept: { operations } });
  assert.deepEqual(updates(it), [`${prefix} No offers specified`]);
  it.call(framework, { type: 'ACCEPT', accept: { operations, offer_ids: [offer.id, offer.id] } });
  assert.deepEqual(updates(it), [`${prefix} Duplicate offer ${offer.id.value} in offer list`]);
});

test("another framework's offer is refused and given back", () => {
  const { it, agent, offer } = offered();
  const other = it.subscribe('g');
  it.launch(other, offer, [task('t1', agent)]);
  assert.match(
    it.lines('g').join('\n'),
    /has invalid framework M-0000 while framework M-0001 is expected/,
  );
  assert.equal(it.state.offers.has(offer.id.value as never), false);
});

test('offers of two agents cannot be accepted together', () => {
  const it = new MasterScene();
  const agent = it.agent('a1');
  it.agent('a2');
  const framework = it.subscribe('f');
  const offers = it.take('f').flatMap((event) => event.offers?.offers ?? []);
  it.call(framework, {
    type: 'ACCEPT',
    accept: {
      offer_ids: offers.map((offer) => offer.id),
      operations: [{ type: 'LAUNCH', launch: { task_infos: [task('t1', agent)] } }],
    },
  });
  assert.match(
    updates(it)[0] ?? '',
    /Aggregated offers must belong to one single agent\. Offer M-O\d uses agent M-S\d and agent M-S\d$/,
  );
});

test('two offers of one agent are used together', () => {
  const { it, agent, framework, offer } = offered();
  it.launch(framework, offer, [task('t1', agent, 'cpus:3;mem:128')], 0);
  const rest = it.takeOffer('f');
  it.update('a1', { framework, id: 't1', agent }, 'TASK_FINISHED');
  const freed = it.takeOffer('f');
  it.call(framework, {
    type: 'ACCEPT',
    accept: {
      offer_ids: [rest.id, freed.id],
      operations: [
        { type: 'LAUNCH', launch: { task_infos: [task('t2', agent, 'cpus:4;mem:128')] } },
      ],
    },
  });
  assert.deepEqual(updates(it), []);
});

test('the rest of an offer is withheld for the refusal time', () => {
  const { it, agent, framework, offer } = offered();
  it.launch(framework, offer, [task('t1', agent)], 4);
  it.advance(3_900);
  assert.deepEqual(it.lines('f'), []);
  it.advance(200);
  assert.match(it.lines('f')[0] ?? '', /^OFFERS M-S0 ports.*cpus\(allocated: \*\):3;/);
});

test('an executor is launched with its first task and counted until it exits', () => {
  const { it, agent, framework, offer } = offered();
  const executor = {
    executor_id: { value: 'e' },
    command: { value: 'run' },
    resources: resources('cpus:1;mem:64'),
  };
  const custom = (id: string): TaskInfo => {
    const { command: _command, ...rest } = task(id, agent);
    return { ...rest, executor };
  };
  it.launch(framework, offer, [custom('t1'), custom('t2')]);
  assert.deepEqual(
    it
      .sentTo('a1')
      .map((each) =>
        each.name === 'mesos.internal.RunTaskMessage' ? each.message.launch_executor : undefined,
      ),
    [true, false],
  );
  const next = it.takeOffer('f');
  assert.deepEqual(next.executor_ids, [{ value: 'e' }]);
  assert.equal(next.resources?.find((each) => each.name === 'cpus')?.scalar?.value, 1);
  const exit = (executor: string): void =>
    it.input({
      kind: 'message',
      from: it.pid('a1'),
      content: {
        name: 'mesos.internal.ExitedExecutorMessage',
        message: {
          slave_id: { value: agent },
          framework_id: { value: framework },
          executor_id: { value: executor },
          status: 256,
        },
      },
    });
  exit('e');
  assert.deepEqual(it.lines('f'), [`FAILURE ${agent} e 256`]);
  // Neither again nor of an executor that the master does not know.
  exit('e');
  exit('other');
  assert.deepEqual(it.lines('f'), []);
});

test('DECLINE keeps an agent away for five seconds by default, longer when asked', () => {
  const { it, framework, offer } = offered();
  it.call(framework, { type: 'DECLINE', decline: { offer_ids: [offer.id] } });
  it.advance(4_900);
  assert.deepEqual(it.lines('f'), []);
  it.advance(200);
  assert.match(it.lines('f')[0] ?? '', /^OFFERS /);
});

test('tasks of one ACCEPT share a volume that it creates', () => {
  const it = new MasterScene();
  const agent = it.agent('a1');
  const framework = it.subscribe('s', {
    roles: ['web'],
    capabilities: ['MULTI_ROLE', 'SHARED_RESOURCES', 'RESERVATION_REFINEMENT'],
  });
  const disk: Resource = {
    ...{ name: 'disk', type: 'SCALAR', scalar: { value: 64 } },
    reservations: [{ type: 'DYNAMIC', role: 'web' }],
  };
  const volume: Resource = {
    ...disk,
    disk: { persistence: { id: 'v' }, volume: { mode: 'RW', container_path: 'data' } },
    shared: {},
  };
  const withVolume = (id: string): TaskInfo => {
    const info = task(id, agent, 'cpus:1;mem:64');
    return { ...info, resources: [...(info.resources ?? []), volume] };
  };
  const accept: CallAccept = {
    offer_ids: [it.takeOffer('s').id],
    operations: [
      { type: 'RESERVE', reserve: { resources: [disk] } },
      { type: 'CREATE', create: { volumes: [volume] } },
      { type: 'LAUNCH', launch: { task_infos: [withVolume('t1'), withVolume('t2')] } },
    ],
  };
  it.call(framework, { type: 'ACCEPT', accept });
  const launched = it.sentTo('a1').filter(({ name }) => name.endsWith('RunTaskMessage'));
  assert.equal(launched.length, 2, it.lines('s').join('\n'));
});

test('what a volume grew to is for no later operation of the call, and comes back whole', () => {
  const it = new MasterScene();
  const agent = it.agent('a1');
  const framework = it.subscribe('f', { roles: ['web'], principal: 'p' });
  const reserved = (size: number): Resource => ({
    ...defined(resources(`disk:${size}`)[0], 'disk'),
    reservations: [{ role: 'web', type: 'DYNAMIC', principal: 'p' }],
  });
  const volume = (size: number): Resource => ({
    ...reserved(size),
    disk: { persistence: { id: 'v', principal: 'p' }, volume: { container_path: 'v', mode: 'RW' } },
  });
  it.accept(framework, it.takeOffer('f'), [
    { type: 'RESERVE', reserve: { resources: [reserved(100)] } },
    { type: 'CREATE', create: { volumes: [volume(60)] } },
  ]);
  const launched = { ...task('t1', agent), resources: [...resources('cpus:1'), volume(70)] };
  it.accept(framework, it.takeOffer('f'), [
    { type: 'GROW_VOLUME', grow_volume: { volume: volume(60), addition: reserved(10) } },
    { type: 'LAUNCH', launch: { task_infos: [launched] } },
    {
      ...{ type: 'SHRINK_VOLUME', id: { value: 'shrink' } },
      shrink_volume: { volume: volume(70), subtract: { value: 10 } },
    },
  ]);
  const lines = it.lines('f');
  assert.match(
    lines.join('\n'),
    /t1 TASK_ERROR REASON_TASK_INVALID Total resources .* is more than/,
  );
  assert.match(
    lines.join('\n'),
    /shrink OPERATION_ERROR Invalid SHRINK_VOLUME operation: .* does not/,
  );
  const offered = defined(
    lines.find((line) => line.startsWith('OFFERS')),
    'offer',
  );
  assert.match(offered, /\)\]\)\[v:v\]:70(;|$)/);
  assert.match(offered, /\)\]\):30(;|$)/);
});
