import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NO_RESOURCES } from '../../../core/resources/arithmetic.ts';
import { formatResources } from '../../../core/resources/format.ts';
import { conversionsOf } from '../../../core/resources/operations.ts';
import { AllocatorKit, resources } from './allocator-kit.ts';

const SMALL = 'cpus:4;mem:1024;disk:2048;ports:[31000-32000]';
const OFFER = 'ports:[31000-32000]; cpus:4; mem:1024; disk:2048';

test('a new agent is offered at once, non-scalars first', () => {
  const it = new AllocatorKit();
  it.framework('f1', { roles: ['web'] });
  assert.deepEqual(it.run(), []);
  it.agent('a1', SMALL);
  assert.deepEqual(it.advance(1), [`f1 web a1 ${OFFER}`]);
});

test('an offer declined with 0 seconds comes back at once', () => {
  const it = new AllocatorKit();
  it.framework('f1', { roles: ['web'] });
  it.agent('a1', SMALL);
  it.run();
  it.decline('f1', 'a1', 0);
  assert.deepEqual(it.advance(1), [`f1 web a1 ${OFFER}`]);
});

test('a declined offer is withheld until its filter expires', () => {
  const it = new AllocatorKit();
  it.framework('f1', { roles: ['web'] });
  it.agent('a1', SMALL);
  it.run();
  it.decline('f1', 'a1', 5);
  assert.deepEqual(it.advance(4_999), []);
  assert.deepEqual(it.advance(1), [`f1 web a1 ${OFFER}`]);
});

test('without filters, and with unusable ones, five seconds hold', () => {
  for (const refuse of [undefined, -1, Number.NaN]) {
    const it = new AllocatorKit();
    it.framework('f1', { roles: ['web'] });
    it.agent('a1', SMALL);
    it.run();
    it.decline('f1', 'a1', refuse);
    assert.deepEqual(it.advance(4_999), []);
    assert.equal(it.advance(1).length, 1);
  }
});

test('a filter shorter than the allocation interval lasts one interval', () => {
  const it = new AllocatorKit();
  it.framework('f1', { roles: ['web'] });
  it.agent('a1', SMALL);
  it.run();
  it.decline('f1', 'a1', 0.5);
  assert.deepEqual(it.advance(999), []);
  assert.equal(it.advance(1).length, 1);
});

test('a framework that keeps declining with 0 seconds is slowed down, others are not', () => {
  const it = new AllocatorKit();
  it.framework('f1', { roles: ['web'] });
  it.agent('a1', SMALL);
  it.run();
  let offers = 0;
  const end = it.now + 10_000;
  while (it.now < end) {
    if (it.offers.length > 0) {
      offers += 1;
      it.decline('f1', 'a1', 0);
    }
    it.advance(1);
  }
  assert.ok(offers >= 15 && offers <= 25, `${offers} offers in ten seconds`);
  it.framework('f2', { roles: ['db'] });
  assert.ok(it.advance(20).some((line) => line.startsWith('f2 ')));
});

test('more resources than were refused escape the filter', () => {
  const it = new AllocatorKit();
  it.framework('f1', { roles: ['web'] });
  it.agent('a1', SMALL);
  it.run();
  const task = it.launch('f1', 'a1', 'cpus:1;mem:100', 1_000);
  assert.deepEqual(it.advance(10_000), []);
  it.finish(task);
  assert.deepEqual(it.advance(1), [`f1 web a1 ${OFFER}`]);
});

test('freed resources are offered within a millisecond', () => {
  const it = new AllocatorKit();
  it.framework('f1', { roles: ['web'] });
  it.agent('a1', SMALL);
  it.run();
  const task = it.launch('f1', 'a1', SMALL);
  assert.deepEqual(it.advance(60_000), []);
  it.finish(task);
  assert.deepEqual(it.run(), [`f1 web a1 ${OFFER}`]);
});

test('revive clears filters and suppress stops offers', () => {
  const it = new AllocatorKit();
  const f1 = it.framework('f1', { roles: ['web'] });
  it.agent('a1', SMALL);
  it.run();
  it.decline('f1', 'a1', 1_000);
  assert.deepEqual(it.advance(2_000), []);
  it.allocator.reviveOffers(f1, [], it.now);
  assert.equal(it.advance(1).length, 1);
  it.allocator.suppressOffers(f1, ['web'], it.now);
  it.decline('f1', 'a1', 0);
  assert.deepEqual(it.advance(10_000), []);
  it.allocator.reviveOffers(f1, ['web'], it.now);
  assert.equal(it.advance(1).length, 1);
});

test('the role with the smaller share is served first', () => {
  const it = new AllocatorKit();
  it.framework('f1', { roles: ['a'] });
  it.framework('f2', { roles: ['b'] });
  it.agent('a1', SMALL);
  assert.deepEqual(it.run(), [`f1 a a1 ${OFFER}`]);
  it.agent('a2', SMALL);
  assert.deepEqual(it.advance(1), [`f2 b a2 ${OFFER}`]);
});

test('weights decide the proportion', () => {
  const it = new AllocatorKit();
  it.allocator.updateWeight('heavy', 3, it.now);
  it.framework('f1', { roles: ['heavy'] });
  it.framework('f2', { roles: ['light'] });
  for (let at = 0; at < 40; at += 1) it.agent(`a${at}`, SMALL);
  const lines = it.run();
  assert.equal(lines.filter((line) => line.startsWith('f1')).length, 30);
  assert.equal(lines.length, 40);
});

test('a reservation goes only to its role and its subroles', () => {
  const it = new AllocatorKit();
  it.framework('f1', { roles: ['other'] });
  it.agent('a1', 'cpus(eng):2;mem(eng):100;cpus:1;mem:50');
  assert.deepEqual(it.run(), ['f1 other a1 cpus:1; mem:50']);
  it.framework('f2', { roles: ['eng/web'] });
  assert.deepEqual(it.advance(1), [
    'f2 eng/web a1 cpus(reservations: [(STATIC,eng)]):2; mem(reservations: [(STATIC,eng)]):100',
  ]);
});

test('agents with gpus are for frameworks that know gpus', () => {
  const it = new AllocatorKit();
  it.framework('f1', { roles: ['a'] });
  it.agent('a1', 'cpus:1;mem:100;gpus:1');
  assert.deepEqual(it.run(), []);
  it.framework('f2', { roles: ['b'], capabilities: ['GPU_RESOURCES'] });
  assert.equal(it.advance(1).length, 1);
});

test('crumbs below the minimum are not offered, unless the framework says so', () => {
  const it = new AllocatorKit();
  it.framework('f1', { roles: ['a'] });
  it.agent('a1', 'cpus:0.005;mem:16');
  assert.deepEqual(it.run(), []);
  const minimum = { min_allocatable_resources: { quantities: [] } };
  it.framework('f2', { roles: ['b'], info: { offer_filters: { b: minimum } } });
  assert.deepEqual(it.advance(1), ['f2 b a1 cpus:0.005; mem:16']);
});

test('a guarantee is met before fair shares, and its headroom is kept free', () => {
  const it = new AllocatorKit();
  it.allocator.updateQuota({ role: 'vip', guarantees: { cpus: { value: 4 } } }, it.now);
  it.framework('f1', { roles: ['other'] });
  it.agent('a1', 'cpus:4;mem:1024');
  assert.deepEqual(it.run(), ['f1 other a1 mem:1024']);
  it.framework('f2', { roles: ['vip'] });
  assert.deepEqual(it.advance(1), ['f2 vip a1 cpus:4']);
});

test('limits cut what a role gets', () => {
  const it = new AllocatorKit();
  it.allocator.updateQuota({ role: 'small', limits: { cpus: { value: 1.5 } } }, it.now);
  it.framework('f1', { roles: ['small'] });
  it.agent('a1', 'cpus:4;mem:1024');
  const [line] = it.run();
  assert.match(line ?? '', /cpus:1.5/);
  assert.match(line ?? '', /mem:1024/);
});

test('resources freed on one agent let a limited role have another', () => {
  const it = new AllocatorKit();
  it.allocator.updateQuota(
    { role: 'small', limits: { cpus: { value: 1 }, mem: { value: 64 } } },
    it.now,
  );
  it.framework('f1', { roles: ['small'] });
  it.agent('a1', 'cpus:1;mem:64');
  it.run();
  const task = it.launch('f1', 'a1', 'cpus:1;mem:64');
  it.agent('a2', 'cpus:1;mem:64');
  assert.deepEqual(it.advance(3_000), []);
  it.allocator.deactivateAgent(task.agentId, it.now);
  it.finish(task);
  // Limits shuffle the resources.
  assert.match(it.advance(1_000).join(), /^f1 small a2 (cpus:1; mem:64|mem:64; cpus:1)$/);
});

test('offer constraints exclude agents', () => {
  const it = new AllocatorKit();
  const selector = { attribute_name: 'rack' };
  const group = {
    attribute_constraints: [{ selector, predicate: { text_matches: { regex: 'r[12]' } } }],
  };
  it.framework('f1', {
    roles: ['a'],
    constraints: { role_constraints: { a: { groups: [group] } } },
  });
  const rack = (value: string) => ({
    attributes: [{ name: 'rack', type: 'TEXT' as const, text: { value } }],
  });
  it.agent('a1', SMALL, rack('r1'));
  it.agent('a2', SMALL, rack('r12'));
  it.agent('a3', SMALL);
  assert.deepEqual(it.run(), [`f1 a a1 ${OFFER}`]);
  assert.deepEqual(
    [...(it.allocator.constraintExclusions().values().next().value ?? [])],
    [['a', ['a2', 'a3']]],
  );
});

test('a removed framework frees what it held', () => {
  const it = new AllocatorKit();
  const f1 = it.framework('f1', { roles: ['a'] });
  it.agent('a1', SMALL);
  it.run();
  it.launch('f1', 'a1', 'cpus:2;mem:512');
  it.allocator.removeFramework(f1, it.now);
  it.framework('f2', { roles: ['a'] });
  assert.deepEqual(it.advance(1), [`f2 a a1 ${OFFER}`]);
});

test('a framework that drops a role keeps its tasks there and gets no offers for it', () => {
  const it = new AllocatorKit();
  const f1 = it.framework('f1', { roles: ['a', 'b'] });
  it.agent('a1', SMALL);
  it.run();
  const task = it.launch('f1', 'a1', SMALL);
  const info = {
    user: 'u',
    name: 'f1',
    roles: ['b'],
    capabilities: [{ type: 'MULTI_ROLE' as const }],
  };
  it.allocator.updateFramework(
    f1,
    { info, suppressedRoles: [], offerConstraints: undefined },
    it.now,
  );
  it.finish(task);
  assert.deepEqual(it.advance(1), [`f1 b a1 ${OFFER}`]);
  assert.deepEqual(
    it.allocator.shares().map(({ role }) => role),
    ['b'],
  );
});

test('speculative operations change the allocation and the total', () => {
  const it = new AllocatorKit();
  it.framework('f1', { roles: ['web'] });
  it.agent('a1', SMALL);
  it.run();
  const offer = it.take('f1', 'a1');
  const reservations = [{ type: 'DYNAMIC' as const, role: 'web', principal: 'edge' }];
  const wanted = [
    {
      name: 'disk',
      type: 'SCALAR' as const,
      scalar: { value: 64 },
      allocation_info: { role: 'web' },
      reservations,
    },
  ];
  const conversions = conversionsOf({ type: 'RESERVE', reserve: { resources: wanted } });
  assert.ok(conversions.ok);
  it.allocator.updateAllocation(
    offer.frameworkId,
    offer.agentId,
    offer.resources,
    conversions.value,
    it.now,
  );
  it.allocator.recoverResources(
    { ...offer, resources: wanted, filters: undefined, isAllocated: false },
    it.now,
  );
  assert.deepEqual(it.advance(1), []);
  it.allocator.removeFramework(offer.frameworkId, it.now);
  it.framework('f2', { roles: ['web'] });
  assert.deepEqual(it.advance(1), [
    'f2 web a1 ports:[31000-32000]; disk(reservations: [(DYNAMIC,web,edge)]):64; cpus:4; mem:1024; disk:1984',
  ]);
});

test('operator operations need free resources', () => {
  const it = new AllocatorKit();
  it.framework('f1', { roles: ['web'] });
  const a1 = it.agent('a1', SMALL);
  it.run();
  const reservations = [{ type: 'DYNAMIC' as const, role: 'web' }];
  const wanted = [{ name: 'cpus', type: 'SCALAR' as const, scalar: { value: 1 }, reservations }];
  const conversions = conversionsOf({ type: 'RESERVE', reserve: { resources: wanted } });
  assert.ok(conversions.ok);
  assert.deepEqual(it.allocator.updateAvailable(a1, conversions.value, it.now), {
    ok: false,
    error: '{} does not contain cpus:1',
  });
  it.decline('f1', 'a1', 10);
  assert.ok(it.allocator.updateAvailable(a1, conversions.value, it.now).ok);
});

test('an agent with tasks of a framework not seen yet offers only the rest', () => {
  const it = new AllocatorKit();
  const kit = new AllocatorKit();
  const f1 = kit.framework('f1', { roles: ['web'] });
  it.framework('f2', { roles: ['web'] });
  const used = resources('cpus:1;mem:24').map((each) => ({
    ...each,
    allocation_info: { role: 'web' },
  }));
  const a1 = it.agent('a1', SMALL);
  it.allocator.removeAgent(a1, it.now);
  it.allocator.addAgent(
    {
      id: a1,
      info: { hostname: 'a1' },
      capabilities: ['MULTI_ROLE'],
      unavailability: undefined,
      total: resources(SMALL),
      used: new Map([[f1, used]]),
    },
    it.now,
  );
  assert.deepEqual(it.run(), ['f2 web a1 ports:[31000-32000]; cpus:3; mem:1000; disk:2048']);
  it.framework('f1', { roles: ['web'] });
  it.allocator.recoverResources(
    { frameworkId: f1, agentId: a1, resources: used, filters: undefined, isAllocated: true },
    it.now,
  );
  assert.deepEqual(it.advance(1), ['f1 web a1 cpus:1; mem:24']);
});

test('shrinking an agent below what is used leaves nothing to offer', () => {
  const it = new AllocatorKit();
  it.framework('f1', { roles: ['web'] });
  const a1 = it.agent('a1', SMALL);
  it.run();
  const task = it.launch('f1', 'a1', 'cpus:3;mem:1000;disk:2048;ports:[31000-32000]');
  it.advance(1);
  it.decline('f1', 'a1', 0);
  it.allocator.updateAgent(a1, { total: resources('cpus:2;mem:100') }, it.now);
  assert.deepEqual(it.advance(5_000), []);
  assert.deepEqual(it.allocator.availableOn(a1), NO_RESOURCES);
  it.finish(task);
  assert.equal(formatResources(it.allocator.availableOn(a1)), 'cpus:2; mem:100');
});

test('after a failover with quotas nothing is allocated until most agents are back', () => {
  const it = new AllocatorKit();
  it.allocator.recover(10, true, it.now);
  it.framework('f1', { roles: ['web'] });
  for (let at = 0; at < 7; at += 1) it.agent(`a${at}`, SMALL);
  assert.deepEqual(it.advance(5_000), []);
  it.agent('a7', SMALL);
  assert.equal(it.advance(1).length, 8);
});

test('inverse offers go once to frameworks on an agent that will be unavailable', () => {
  const it = new AllocatorKit();
  const f1 = it.framework('f1', { roles: ['web'] });
  const a1 = it.agent('a1', SMALL);
  it.run();
  const unavailability = { start: { nanoseconds: 1 } };
  it.allocator.updateUnavailability(a1, unavailability, it.now);
  it.now += 1;
  const { inverseAllocations } = it.allocator.allocate(it.now);
  assert.deepEqual(inverseAllocations, [{ frameworkId: f1, agentId: a1, unavailability }]);
  assert.deepEqual(it.allocator.allocate(it.now + 1).inverseAllocations, []);
});

test('who holds something on an agent that is not whitelisted is asked to leave it, too', () => {
  const it = new AllocatorKit();
  const f1 = it.framework('f1', { roles: ['web'] });
  const a1 = it.agent('a1', SMALL);
  it.run();
  it.allocator.updateWhitelist(['elsewhere'], it.now);
  it.allocator.updateUnavailability(a1, { start: { nanoseconds: 1 } }, it.now);
  it.now += 1;
  const { allocations, inverseAllocations } = it.allocator.allocate(it.now);
  assert.deepEqual(allocations, []);
  assert.deepEqual(
    inverseAllocations.map(({ frameworkId, agentId }) => [frameworkId, agentId]),
    [[f1, a1]],
  );
});

test('gauges carry the original names', () => {
  const it = new AllocatorKit();
  it.allocator.updateQuota({ role: 'vip', limits: { cpus: { value: 8 } } }, it.now);
  it.framework('f1', { roles: ['web'] });
  it.agent('a1', 'cpus:4;mem:1024;disk:2048;disk(web):100');
  it.run();
  it.launch('f1', 'a1', 'cpus:1;mem:128', 5);
  const gauges = it.allocator.gauges();
  const expected: readonly (readonly [string, number])[] = [
    ['allocation_runs', 1],
    ['resources/cpus/total', 4],
    ['resources/cpus/offered_or_allocated', 1],
    ['resources/disk/total', 2148],
    ['roles/web/shares/dominant', 0.25],
    ['offer_filters/roles/web/active', 1],
    ['quota/roles/web/resources/cpus/consumed', 1],
    ['quota/roles/web/resources/disk/consumed', 100],
    ['quota/roles//resources/mem/consumed', 128],
    ['quota/roles/vip/resources/cpus/limit', 8],
  ];
  for (const [name, value] of expected)
    assert.equal(gauges.get(`allocator/mesos/${name}`), value, name);
});
