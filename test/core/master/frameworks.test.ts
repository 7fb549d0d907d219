/** Frameworks subscribe, are refused, take over, disconnect and end. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { frameworkId } from '../../../core/base/ids.ts';
import type { FrameworkInfo } from '../../../core/wire/types/mesos.v1.ts';
import { MasterScene, task } from './machine-builder.ts';

const MULTI: FrameworkInfo = {
  user: 'app',
  name: 'x',
  roles: ['a'],
  capabilities: [{ type: 'MULTI_ROLE' }],
};

/** Row of spec scheduler-api, section 6.2: the info, and what refuses it. */
const REFUSALS: readonly (readonly [string, FrameworkInfo, string, object?])[] = [
  [
    'role with MULTI_ROLE',
    { ...MULTI, role: 'a' },
    "'FrameworkInfo.role' must not be set when the framework is MULTI_ROLE capable",
  ],
  [
    'roles without MULTI_ROLE',
    { user: 'app', name: 'x', roles: ['a'] },
    "'FrameworkInfo.roles' must not be set when the framework is not MULTI_ROLE capable",
  ],
  [
    'duplicate roles',
    { ...MULTI, roles: ['a', 'b', 'a'] },
    "'FrameworkInfo.roles' contains duplicate items: { a }",
  ],
  [
    'a bad role',
    { ...MULTI, roles: ['-x'] },
    "'FrameworkInfo.roles' contains invalid role: Role component '-x' is invalid because it starts with a dash",
  ],
  [
    'a bad single role',
    { user: 'app', name: 'x', role: '/a' },
    "'FrameworkInfo.role' is not a valid role: Role '/a' cannot start with a slash",
  ],
  ['an id with a slash', { ...MULTI, id: { value: 'a/b' } }, "'a/b' contains invalid characters"],
  ['a dot as id', { ...MULTI, id: { value: '.' } }, "'.' is disallowed"],
  [
    'an infinite quantity',
    {
      ...MULTI,
      offer_filters: {
        a: {
          min_allocatable_resources: {
            quantities: [{ quantities: { cpus: { value: Number.POSITIVE_INFINITY } } }],
          },
        },
      },
    },
    "Invalid resource quantity for 'cpus': Infinite values not supported",
  ],
  [
    'a huge failover_timeout',
    { ...MULTI, failover_timeout: 1e300 },
    'The framework failover_timeout (1e+300) is invalid',
  ],
  [
    'foreign suppressed roles',
    MULTI,
    'Suppressed roles { b } are not contained in the set of roles',
    { suppressed_roles: ['b'] },
  ],
  [
    'constraints for a foreign role',
    MULTI,
    "Offer constraints specify `role_constraints` for a role 'zz'not contained in the set of roles",
    { offer_constraints: { role_constraints: { zz: {} } } },
  ],
  [
    'constraints without groups',
    MULTI,
    "Offer constraints are not valid: 'OfferConstraints::role_constraints' has an empty 'RoleConstraints::groups' for role a",
    { offer_constraints: { role_constraints: { a: {} } } },
  ],
];

for (const [what, info, text, extra] of REFUSALS) {
  test(`a subscription with ${what} is refused on its stream`, () => {
    const it = new MasterScene();
    it.subscribeAs('f', info, extra ?? {});
    assert.deepEqual(it.lines('f'), [`ERROR ${text}`]);
    assert.equal(it.isClosed('f'), true);
    assert.equal(it.state.frameworks.size, 0);
  });
}

test('root is refused without --root_submissions', () => {
  const it = new MasterScene({ rootSubmissions: false });
  it.subscribeAs('f', { ...MULTI, user: 'root' });
  assert.deepEqual(it.lines('f'), [
    "ERROR User 'root' is not allowed to run frameworks without --root_submissions set",
  ]);
});

test('roles outside --roles are refused', () => {
  const it = new MasterScene({ roleWhitelist: new Set(['*', 'b']) });
  it.subscribeAs('f', MULTI);
  assert.deepEqual(it.lines('f'), ["ERROR Roles { a } are not present in the master's --roles"]);
});

test('a subscription is welcomed with SUBSCRIBED and a heartbeat, then one every 15 s', () => {
  const it = new MasterScene();
  it.subscribe('f');
  assert.deepEqual(
    it.take('f').map((event) => event.type),
    ['SUBSCRIBED', 'HEARTBEAT'],
  );
  it.advance(45_000);
  assert.equal(it.take('f').length, 3);
});

test('without an id every subscription is another framework; an unknown id is accepted', () => {
  const it = new MasterScene();
  assert.equal(it.subscribe('f'), 'M-0000');
  assert.equal(it.subscribe('g'), 'M-0001');
  assert.equal(it.subscribe('h', { id: 'made up' }), 'made up');
  assert.equal(it.subscribe('i', { id: '' }), 'M-0002');
});

test('a take-over ends the old stream and voids its offers without RESCIND', () => {
  const it = new MasterScene();
  it.agent('a1');
  const id = it.subscribe('f');
  it.take('f');
  it.subscribe('again', { id });
  assert.deepEqual(it.lines('f'), ['ERROR Framework failed over']);
  assert.equal(it.isClosed('f'), true);
  assert.match(it.lines('again')[1] ?? '', /^OFFERS /);
  assert.equal(it.state.offers.size, 1);
});

test('a filter survives a take-over and ends with a disconnection', () => {
  const it = new MasterScene();
  it.agent('a1');
  const id = it.subscribe('f', { failoverTimeout: 60 });
  const offer = it.takeOffer('f');
  it.call(id, {
    type: 'DECLINE',
    decline: { offer_ids: [offer.id], filters: { refuse_seconds: 1_000 } },
  });
  it.subscribe('again', { id, failoverTimeout: 60 });
  assert.deepEqual(it.lines('again'), ['SUBSCRIBED']);
  it.disconnect('again');
  it.subscribe('third', { id, failoverTimeout: 60 });
  assert.match(it.lines('third')[1] ?? '', /^OFFERS /);
});

test('a take-over keeps the user and the checkpoint flag of before', () => {
  const it = new MasterScene();
  const id = it.subscribe('f', { checkpoint: true });
  it.subscribeAs('again', { ...MULTI, user: 'other', checkpoint: false, id: { value: id } });
  const info = it.state.frameworks.get(frameworkId(id))?.info;
  assert.deepEqual([info?.user, info?.checkpoint, info?.name], ['app', true, 'x']);
});

test('a take-over with another principal is refused and the old stream goes on', () => {
  const it = new MasterScene();
  const id = it.subscribe('f', { principal: 'p' });
  it.subscribe('again', { id, principal: 'q' });
  assert.deepEqual(it.lines('again'), ["ERROR Changing framework's principal is not allowed."]);
  assert.equal(it.isClosed('f'), false);
});

test('a framework that stays away is removed after its failover timeout, with its tasks', () => {
  const it = new MasterScene();
  const agent = it.agent('a1');
  const id = it.subscribe('f', { failoverTimeout: 5 });
  it.launch(id, it.takeOffer('f'), [task('t1', agent)]);
  it.sentTo('a1');
  it.disconnect('f');
  it.advance(4_999);
  assert.equal(it.state.frameworks.has(frameworkId(id)), true);
  it.advance(1);
  assert.equal(it.state.frameworks.size, 0);
  assert.deepEqual(it.sentNames('a1'), ['ShutdownFrameworkMessage']);
  const completed = it.state.completedFrameworks.get(frameworkId(id));
  assert.deepEqual(
    completed?.completedTasks.map((each) => each.state),
    ['TASK_KILLED'],
  );
  it.subscribe('again', { id });
  assert.deepEqual(it.lines('again'), ['ERROR Framework has been removed']);
});

test('coming back in time voids the failover timer', () => {
  const it = new MasterScene();
  const id = it.subscribe('f', { failoverTimeout: 5 });
  it.disconnect('f');
  it.advance(3_000);
  it.subscribe('again', { id, failoverTimeout: 5 });
  it.advance(60_000);
  assert.equal(it.state.frameworks.get(frameworkId(id))?.state, 'active');
});

test('without a failover timeout a framework ends with its stream', () => {
  const it = new MasterScene();
  const id = it.subscribe('f');
  it.disconnect('f');
  assert.equal(it.state.completedFrameworks.has(frameworkId(id)), true);
});

test('TEARDOWN frees everything and tells the scheduler nothing but the end', () => {
  const it = new MasterScene();
  const agent = it.agent('a1');
  const id = it.subscribe('f');
  it.launch(id, it.takeOffer('f'), [task('t1', agent)]);
  it.take('f');
  it.call(id, { type: 'TEARDOWN' });
  assert.deepEqual(it.lines('f'), []);
  assert.equal(it.isClosed('f'), true);
  it.subscribe('g');
  assert.equal(
    it.lines('g')[1],
    'OFFERS M-S0 ports(allocated: *):[31000-32000]; cpus(allocated: *):4; mem(allocated: *):4096; disk(allocated: *):8192',
  );
});

test('UPDATE_FRAMEWORK rescinds the offers of a dropped role and gets offers for the new one', () => {
  const it = new MasterScene();
  it.agent('a1');
  const id = it.subscribe('f', { roles: ['web'] });
  const offer = it.takeOffer('f');
  const info = it.state.frameworks.get(frameworkId(id))?.info;
  assert.ok(info !== undefined);
  it.call(id, {
    type: 'UPDATE_FRAMEWORK',
    update_framework: { framework_info: { ...info, roles: ['zzz'] } },
  });
  const lines = it.lines('f');
  assert.equal(lines[0], `RESCIND ${offer.id.value}`);
  assert.match(lines[1] ?? '', /^OFFERS .*allocated: zzz/);
});

test('agents hear of an UPDATE_FRAMEWORK only when it says something else', () => {
  const it = new MasterScene();
  it.agent('a1');
  const id = it.subscribe('f', { roles: ['web', 'db'] });
  const info = it.state.frameworks.get(frameworkId(id))?.info;
  assert.ok(info !== undefined);
  const told = (change: Partial<FrameworkInfo>): boolean => {
    it.sentTo('a1');
    const framework_info = { ...info, ...change };
    it.call(id, { type: 'UPDATE_FRAMEWORK', update_framework: { framework_info } });
    return it.sentNames('a1').includes('UpdateFrameworkMessage');
  };
  assert.equal(told({ roles: ['db', 'web'], checkpoint: false }), false);
  assert.equal(told({ capabilities: [...(info.capabilities ?? [])].reverse() }), false);
  assert.equal(told({ name: 'another' }), true);
  assert.equal(told({ name: 'another', roles: ['web'] }), true);
});

test('SUPPRESS stops offers but leaves those outstanding usable; REVIVE brings them back', () => {
  const it = new MasterScene();
  const agent = it.agent('a1');
  const id = it.subscribe('f');
  const offer = it.takeOffer('f');
  it.call(id, { type: 'SUPPRESS' });
  it.launch(id, offer, [task('t1', agent)]);
  it.advance(10_000);
  assert.deepEqual(it.lines('f'), []);
  it.call(id, { type: 'REVIVE' });
  assert.match(it.lines('f')[0] ?? '', /^OFFERS /);
});

test('SUPPRESS and REVIVE with a foreign role are dropped whole', () => {
  const it = new MasterScene();
  it.agent('a1');
  const id = it.subscribe('f');
  const offer = it.takeOffer('f');
  it.call(id, { type: 'SUPPRESS', suppress: { roles: ['*', 'foreign'] } });
  it.call(id, { type: 'DECLINE', decline: { offer_ids: [offer.id] } });
  it.advance(6_000);
  assert.match(it.lines('f')[0] ?? '', /^OFFERS /);
});

test('an offer that is not answered in time is rescinded', () => {
  const it = new MasterScene({ offerTimeoutMs: 3_000 });
  it.agent('a1');
  it.subscribe('f');
  const offer = it.takeOffer('f');
  it.advance(3_000);
  assert.equal(it.lines('f')[0], `RESCIND ${offer.id.value}`);
});

test('frameworks without capabilities see old forms and no allocation', () => {
  const it = new MasterScene();
  it.agent('a1', 'cpus:2;mem:64');
  it.subscribeAs('f', { user: 'app', name: 'old', role: 'r2' });
  const offer = it.takeOffer('f');
  assert.equal(offer.allocation_info, undefined);
  assert.deepEqual(offer.resources, [
    { name: 'cpus', type: 'SCALAR', scalar: { value: 2 }, role: '*' },
    { name: 'mem', type: 'SCALAR', scalar: { value: 64 }, role: '*' },
  ]);
});

test('a framework with an id of an earlier master is added as one that is awaited, then updated', () => {
  const it = new MasterScene();
  it.agent('a1');
  it.sentTo('a1');
  it.subscribe('f', { id: 'OLD-0000' });
  const told = it.others.flatMap((each) =>
    each.kind === 'operator-event' && 'framework' in each.event
      ? [[each.event.kind, each.event.framework.state]]
      : [],
  );
  assert.deepEqual(told, [
    ['framework-added', 'recovered'],
    ['framework-updated', 'active'],
  ]);
  assert.deepEqual(it.sentNames('a1'), ['UpdateFrameworkMessage']);
});

test('subscriptions are counted by whether they bring an id, refused ones too', () => {
  const it = new MasterScene();
  const id = it.subscribe('f');
  it.subscribe('g', { id });
  assert.equal(it.subscribe('h', { roles: ['/'] }), '');
  it.call(id, { type: 'TEARDOWN' });
  it.subscribe('i', { id });
  const count = (name: string): number => it.state.counters.get(`messages_${name}_framework`);
  assert.deepEqual([count('register'), count('reregister'), count('unregister')], [2, 2, 0]);
});
