/** Changes made by operators: their effects on offers, agents and the registry. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defined } from '../../../core/base/assert.ts';
import type { OperatorAnswer, OperatorRequest } from '../../../core/master/operator/requests.ts';
import { formatResources } from '../../../core/resources/format.ts';
import type { OfferOperation, Resource } from '../../../core/wire/types/mesos.v1.ts';
import { MasterScene, resources, task } from './machine-builder.ts';

let ticket = 0;

/** The answer of a request whose write is durable at once. */
function operate(it: MasterScene, request: OperatorRequest): OperatorAnswer {
  ticket += 1;
  const mine = ticket;
  it.input({ kind: 'operator', ticket: mine, request });
  it.advance(1);
  const found = it.others.find((each) => each.kind === 'answer' && each.ticket === mine);
  assert.ok(found?.kind === 'answer', 'no answer came');
  return found.answer;
}

const cpus = (value: number) => ({ cpus: { value } });

test('a quota is refused beyond the capacity of the cluster, and forced all the same', () => {
  const it = new MasterScene();
  it.agent('a1');
  const configs = [{ role: 'web', guarantees: cpus(5) }];
  assert.deepEqual(operate(it, { kind: 'update-quota', configs, isForced: false }), {
    status: 400,
    text: "Invalid QuotaConfig: total quota guarantees 'cpus:5' exceed cluster capacity 'cpus:4; disk:8192; mem:4096' (use 'force' flag to bypass this check)",
  });
  assert.equal(operate(it, { kind: 'update-quota', configs, isForced: true }).status, 200);
  assert.deepEqual([...it.state.quotas.keys()], ['web']);
});

test('a limit below what the role uses is refused', () => {
  const it = new MasterScene();
  const agent = it.agent('a1');
  const framework = it.subscribe('s', { roles: ['web'] });
  it.launch(framework, it.takeOffer('s'), [task('t', agent, 'cpus:2;mem:128')], 1000);
  const configs = [{ role: 'web', limits: cpus(1) }];
  assert.deepEqual(operate(it, { kind: 'update-quota', configs, isForced: false }), {
    status: 400,
    text: "Invalid QuotaConfig: Role 'web' is already consuming 'cpus:2; mem:128'; this is more than the requested limits 'cpus:1' (use 'force' flag to bypass this check)",
  });
});

test('quotas that are wrong in themselves say why, and none of the list is set', () => {
  const it = new MasterScene();
  it.agent('a1');
  const texts = [
    { role: 'a/b' },
    { role: 'a', guarantees: cpus(-1) },
    { role: 'a', guarantees: { mem: { value: 1024 ** 4 + 1 } } },
    { role: 'a', guarantees: { cpus: { value: 2 } }, limits: { cpus: { value: 1 } } },
    { role: '' },
  ].map((config) => {
    const configs = [{ role: 'good', guarantees: cpus(1) }, config];
    return operate(it, { kind: 'update-quota', configs, isForced: true }).text;
  });
  assert.deepEqual(texts, [
    "Updating quota on nested role 'a/b' is not supported yet",
    "Invalid QuotaConfig: Invalid guarantee configuration {'cpus': -1}: Negative values not supported",
    "Invalid QuotaConfig: Invalid 'QuotaConfig.guarantees': {'mem': 1099511627777} is invalid: values greater than 1 exabyte (1099511627776) are not supported",
    "Invalid QuotaConfig: 'QuotaConfig.guarantees' { cpus: 2 } is not contained within the 'QuotaConfig.limits' { cpus: 1 }",
    "Invalid QuotaConfig: Invalid 'QuotaConfig.role': Role names cannot be the empty string",
  ]);
  assert.equal(it.state.quotas.size, 0);
});

test('a new quota takes offers back, so that its guarantee can be met', () => {
  const it = new MasterScene();
  it.agent('a1');
  it.subscribe('other', { roles: ['other'] });
  it.subscribe('web', { roles: ['web'] });
  const id = it.takeOffer('other').id.value;
  const configs = [{ role: 'web', guarantees: cpus(4) }];
  assert.equal(operate(it, { kind: 'update-quota', configs, isForced: false }).status, 200);
  assert.ok(it.lines('other').includes(`RESCIND ${id}`));
  it.advance(1000);
  assert.match(it.lines('web').join(), /OFFERS .*cpus\(allocated: web\):4/);
});

test('weights of an active role take all offers back', () => {
  const it = new MasterScene();
  it.agent('a1');
  it.subscribe('s', { roles: ['web'] });
  const id = it.takeOffer('s').id.value;
  operate(it, { kind: 'update-weights', infos: [{ role: 'idle', weight: 2 }] });
  assert.deepEqual(it.lines('s'), []);
  operate(it, { kind: 'update-weights', infos: [{ role: ' web ', weight: 2.5 }] });
  assert.equal(it.lines('s')[0], `RESCIND ${id}`);
  assert.equal(it.state.weights.get('web'), 2.5);
});

test('a request waits for the write of the one before it', () => {
  const it = new MasterScene();
  it.agent('a1');
  it.persistsAtOnce = false;
  const scalar = { value: 1 };
  const request = { role: 'web', guarantee: [{ name: 'cpus', type: 'SCALAR', scalar }] } as const;
  it.input({ kind: 'operator', ticket: 9001, request: { kind: 'set-quota', request } });
  it.input({ kind: 'operator', ticket: 9002, request: { kind: 'set-quota', request } });
  const answers = (): readonly unknown[] =>
    it.others.flatMap((each) => (each.kind === 'answer' ? [each.ticket, each.answer] : []));
  assert.deepEqual(answers(), []);
  it.persist();
  assert.deepEqual(answers(), [
    9001,
    { status: 200 },
    9002,
    {
      status: 400,
      text: "Failed to validate set quota request: Cannot set quota for role 'web' which already has quota",
    },
  ]);
});

test('an idle agent is drained at once and comes back by reactivation', () => {
  const it = new MasterScene();
  const agent = it.agent('a1');
  const drain = {
    kind: 'drain-agent',
    agent,
    maxGracePeriod: undefined,
    markGone: undefined,
  } as const;
  assert.equal(operate(it, drain).status, 200);
  const record = defined([...it.state.agents.values()][0], 'the agent');
  assert.equal(record.drainInfo?.state, 'DRAINED');
  assert.deepEqual(it.sentNames('a1').at(-1), 'DrainSlaveMessage');
  assert.equal(operate(it, { kind: 'reactivate-agent', agent }).status, 200);
  assert.deepEqual([record.active, record.deactivated, record.drainInfo], [true, false, undefined]);
});

test('a drain ends with the acknowledgement of the last task, and the agent is gone if that was asked', () => {
  const it = new MasterScene();
  const agent = it.agent('a1');
  const framework = it.subscribe('s', { roles: ['web'] });
  it.launch(framework, it.takeOffer('s'), [task('t', agent)]);
  const maxGracePeriod = { nanoseconds: 1e9 };
  assert.equal(
    operate(it, { kind: 'drain-agent', agent, maxGracePeriod, markGone: true }).status,
    200,
  );
  const stillDraining = operate(it, { kind: 'reactivate-agent', agent });
  assert.deepEqual(stillDraining, { status: 400, text: 'Agent is still in the DRAINING state' });
  const uuid = it.update('a1', { framework, id: 't', agent }, 'TASK_KILLED');
  assert.equal(it.state.goneAgents.size, 0);
  it.acknowledge(framework, agent, 't', uuid);
  assert.deepEqual([...it.state.goneAgents.keys()], [agent]);
  assert.equal(it.state.agents.size, 0);
});

test('a machine goes down with its agents and lets them in again when it is up', () => {
  const it = new MasterScene();
  const agent = it.agent('a1');
  it.subscribe('s', { roles: ['web'] });
  const machine = { hostname: 'A1', ip: '10.0.1.1' };
  const unavailability = { start: { nanoseconds: 1e18 } };
  const schedule = { windows: [{ machine_ids: [machine], unavailability }] };
  assert.equal(operate(it, { kind: 'update-schedule', schedule }).status, 200);
  it.advance(1000);
  const offers = it.take('s').flatMap((event) => event.offers?.offers ?? []);
  assert.deepEqual(offers.at(-1)?.unavailability, unavailability);
  const machines = [{ hostname: 'a1', ip: '10.0.1.1' }];
  assert.equal(operate(it, { kind: 'start-maintenance', machines }).status, 200);
  assert.equal(it.state.agents.size, 0);
  assert.match(it.lines('s').join(), /FAILURE/);
  it.sentNames('a1');
  it.reregister('a1', agent);
  assert.deepEqual(it.sentNames('a1'), ['ShutdownMessage']);
  assert.equal(operate(it, { kind: 'stop-maintenance', machines }).status, 200);
  it.reregister('a1', agent);
  assert.equal(it.state.agents.size, 1);
  assert.deepEqual(it.state.schedules, []);
});

const RESERVED = [
  {
    name: 'cpus',
    type: 'SCALAR',
    scalar: { value: 2 },
    reservations: [{ type: 'DYNAMIC', role: 'ads', principal: 'ops' }],
  },
] as const;

test('an operator reserves what is on offer, and not more than is free', () => {
  const it = new MasterScene();
  const agent = it.agent('a1');
  const framework = it.subscribe('s', { roles: ['web'] });
  const id = it.takeOffer('s').id.value;
  const reserve: OfferOperation = { type: 'RESERVE', reserve: { resources: RESERVED } };
  const change = { kind: 'change-resources', agent, principal: undefined } as const;
  assert.equal(operate(it, { ...change, operation: reserve }).status, 202);
  assert.ok(it.lines('s').includes(`RESCIND ${id}`));
  assert.ok(it.sentNames('a1').includes('ApplyOperationMessage'));
  const record = defined([...it.state.agents.values()][0], 'the agent');
  assert.match(formatResources(record.totalResources), /ads/);
  assert.equal(operate(it, { ...change, operation: reserve }).status, 202);
  const third = operate(it, { ...change, operation: reserve });
  assert.equal(third.status, 409);
  assert.match(third.text ?? '', /does not contain cpus/);
  const unreserve: OfferOperation = { type: 'UNRESERVE', unreserve: { resources: RESERVED } };
  assert.equal(operate(it, { ...change, operation: unreserve }).status, 202);
  assert.ok(framework !== '');
});

test('operations of operators are refused with the place where they do not fit', () => {
  const it = new MasterScene();
  const agent = it.agent('a1');
  const change = { kind: 'change-resources', agent, principal: undefined } as const;
  const operation: OfferOperation = {
    type: 'RESERVE',
    reserve: { resources: resources('cpus:1') },
  };
  const answer = operate(it, { ...change, operation });
  assert.equal(answer.status, 400);
  assert.match(
    answer.text ?? '',
    new RegExp(
      `^Invalid RESERVE operation on agent ${agent} at slave\\(1\\)@10.0.1.1:5051 \\(a1\\): `,
    ),
  );
});

test('a reservation changes its role as one, and never its amount', () => {
  const it = new MasterScene();
  const agent = it.agent('a1');
  const reservedTo = (text: string, role: string): readonly Resource[] =>
    resources(text).map((each) => ({ ...each, reservations: [{ type: 'DYNAMIC', role }] }));
  const move = (source: readonly Resource[], target: readonly Resource[]): OperatorAnswer => {
    const operation: OfferOperation = { type: 'RESERVE', reserve: { source, resources: target } };
    return operate(it, { kind: 'change-resources', agent, principal: undefined, operation });
  };
  assert.equal(move([], reservedTo('cpus:2', 'ads')).status, 202);
  const told = (source: readonly Resource[], target: readonly Resource[]): string | undefined =>
    move(source, target).text?.replace(
      /^Invalid RESERVE operation on agent \S+ at \S+ \(a1\): /,
      '',
    );
  assert.equal(
    told(reservedTo('cpus:1', 'ads'), reservedTo('cpus:2', 'web')),
    'Source and target resources should refer to identical resource quantities: cpus:1 vs. cpus:2',
  );
  const mixed = [...reservedTo('cpus:1', 'web'), ...reservedTo('cpus:1', 'db')];
  assert.match(
    told(reservedTo('cpus:2', 'ads'), mixed) ?? '',
    /^Invalid resources: Mixed reservations are not supported\[\{/,
  );
  assert.match(told(mixed, reservedTo('cpus:2', 'ads')) ?? '', /^Invalid source: Mixed/);
  assert.equal(
    told(reservedTo('cpus:1', 'ads'), []),
    'Invalid resources: Resource cannot be empty',
  );
  assert.equal(move(reservedTo('cpus:1', 'ads'), reservedTo('cpus:1', 'web')).status, 202);
  assert.equal(move(reservedTo('cpus:2', 'ads'), reservedTo('cpus:2', 'web')).status, 409);
  const record = defined([...it.state.agents.values()][0], 'the agent');
  assert.match(
    formatResources(record.totalResources),
    /\[\(DYNAMIC,ads\)\]\):1.*\[\(DYNAMIC,web\)\]\):1/,
  );
});

test('a volume grows only by what could be a part of it', () => {
  const it = new MasterScene();
  const agent = it.agent('a1');
  const disk = (value: number, role = 'ads'): Resource => ({
    ...{ name: 'disk', type: 'SCALAR', scalar: { value } },
    reservations: [{ type: 'DYNAMIC', role }],
  });
  const volume: Resource = {
    ...disk(64),
    disk: { persistence: { id: 'v' }, volume: { mode: 'RW', container_path: 'data' } },
  };
  const change = (operation: OfferOperation): OperatorAnswer =>
    operate(it, { kind: 'change-resources', agent, principal: undefined, operation });
  change({ type: 'RESERVE', reserve: { resources: [disk(128)] } });
  change({ type: 'CREATE', create: { volumes: [volume] } });
  const grow = (addition: Resource): OperatorAnswer =>
    change({ type: 'GROW_VOLUME', grow_volume: { volume, addition } });
  const incompatible =
    /: Incompatible resources in the 'GrowVolume.volume' and 'GrowVolume.addition' fields$/;
  assert.match(grow(disk(8, 'web')).text ?? '', incompatible);
  assert.match(grow({ ...disk(8), name: 'mem' }).text ?? '', incompatible);
  assert.equal(grow(disk(8)).status, 202);
});

test('a machine that nobody scheduled is known by its agents, and not to be brought down', () => {
  const it = new MasterScene();
  it.agent('a1');
  const machines = [{ hostname: 'A1', ip: '10.0.1.1' }];
  assert.deepEqual(operate(it, { kind: 'start-maintenance', machines }), {
    status: 400,
    text: 'Machine \'{"hostname":"A1","ip":"10.0.1.1"}\' is not in DRAINING mode and cannot be brought down',
  });
  assert.deepEqual(operate(it, { kind: 'stop-maintenance', machines: [{ hostname: 'a2' }] }), {
    status: 400,
    text: 'Machine \'{"hostname":"a2"}\' is not part of a maintenance schedule',
  });
});
