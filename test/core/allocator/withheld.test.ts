/** Who is not offered what: capabilities, domains, shared and revocable resources, fairness (spec allocator, sections 5 to 8). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { agentId, frameworkId } from '../../../core/base/ids.ts';
import type { AgentInfoCapabilityType, Resource } from '../../../core/wire/types/mesos.v1.ts';
import { AllocatorKit, resources } from './allocator-kit.ts';

const domain = (region: string, zone = 'z') => ({
  fault_domain: { region: { name: region }, zone: { name: zone } },
});

test('agents of another region are for region-aware frameworks; zones do not matter', () => {
  const it = new AllocatorKit({ domain: domain('eu', 'z1') });
  it.framework('local', { roles: ['a'] });
  it.agent('near', 'cpus:1;mem:64', { domain: domain('eu', 'z2') });
  it.agent('far', 'cpus:1;mem:64', { domain: domain('us') });
  it.agent('nowhere', 'cpus:1;mem:64');
  assert.deepEqual(it.advance(10), [
    'local a near cpus:1; mem:64',
    'local a nowhere cpus:1; mem:64',
  ]);
  it.framework('aware', { roles: ['a'], capabilities: ['REGION_AWARE'] });
  assert.deepEqual(it.advance(10), ['aware a far cpus:1; mem:64']);
});

function addAgent(
  it: AllocatorKit,
  total: readonly Resource[],
  capabilities: readonly AgentInfoCapabilityType[],
): void {
  const id = agentId('a1');
  const info = { hostname: 'a1' };
  const agent = { id, info, capabilities, unavailability: undefined, total, used: new Map() };
  it.allocator.addAgent(agent, it.now);
}

test('agents without MULTI_ROLE are for frameworks without it', () => {
  const it = new AllocatorKit();
  it.framework('multi', { roles: ['a'] });
  it.framework('single', { roles: [], info: { role: 'a', roles: [], capabilities: [] } });
  addAgent(it, resources('cpus:1;mem:64'), []);
  assert.deepEqual(it.advance(10), ['single a a1 cpus:1; mem:64']);
});

test('agents without HIERARCHICAL_ROLE are for roles without a slash', () => {
  const it = new AllocatorKit();
  it.framework('f', { roles: ['a/b', 'c'] });
  addAgent(it, resources('cpus:1;mem:64'), ['MULTI_ROLE']);
  assert.deepEqual(it.advance(10), ['f c a1 cpus:1; mem:64']);
});

test('refined reservations, revocable and shared resources are for those who know them', () => {
  const volume: Resource = {
    name: 'disk',
    type: 'SCALAR',
    scalar: { value: 8 },
    reservations: [{ type: 'STATIC', role: 'a' }],
    disk: { persistence: { id: 'v' }, volume: { mode: 'RW', container_path: 'v' } },
    shared: {},
  };
  const refined: Resource = {
    name: 'mem',
    type: 'SCALAR',
    scalar: { value: 64 },
    reservations: [
      { type: 'STATIC', role: 'a' },
      { type: 'DYNAMIC', role: 'a/b' },
    ],
  };
  const [spare] = resources('cpus:2');
  const total = [
    ...resources('cpus:1;mem:32'),
    ...(spare === undefined ? [] : [{ ...spare, revocable: {} }]),
    volume,
    refined,
  ];
  const offered = (capabilities: Parameters<AllocatorKit['framework']>[1]['info']) => {
    const it = new AllocatorKit();
    it.framework('f', { roles: ['a/b'], info: capabilities ?? {} });
    addAgent(it, total, ['MULTI_ROLE', 'HIERARCHICAL_ROLE', 'RESERVATION_REFINEMENT']);
    return it.advance(10);
  };
  const knowing = (
    ...types: readonly (
      | 'MULTI_ROLE'
      | 'REVOCABLE_RESOURCES'
      | 'SHARED_RESOURCES'
      | 'RESERVATION_REFINEMENT'
    )[]
  ) => offered({ capabilities: types.map((type) => ({ type })) });
  assert.deepEqual(knowing('MULTI_ROLE'), ['f a/b a1 cpus:1; mem:32']);
  assert.match(String(knowing('MULTI_ROLE', 'REVOCABLE_RESOURCES')), /cpus\{REV\}:2/);
  assert.match(
    String(knowing('MULTI_ROLE', 'SHARED_RESOURCES')),
    /disk\(.*STATIC,a.*\)\[v:v\]<SHARED>:8/,
  );
  assert.match(
    String(knowing('MULTI_ROLE', 'RESERVATION_REFINEMENT')),
    /mem\(.*DYNAMIC,a\/b.*\):64/,
  );
});

test('a shared volume in use is offered to others all the same', () => {
  const volume: Resource = {
    name: 'disk',
    type: 'SCALAR',
    scalar: { value: 8 },
    reservations: [{ type: 'DYNAMIC', role: 'a' }],
    disk: { persistence: { id: 'v' }, volume: { mode: 'RW', container_path: 'v' } },
    shared: {},
  };
  const it = new AllocatorKit();
  it.framework('f', { roles: ['a'], capabilities: ['SHARED_RESOURCES'] });
  addAgent(it, [...resources('cpus:2;mem:64'), volume], ['MULTI_ROLE', 'RESERVATION_REFINEMENT']);
  it.advance(10);
  const offer = it.take('f', 'a1');
  const used = offer.resources.map((each) =>
    each.name === 'cpus' ? { ...each, scalar: { value: 1 } } : each,
  );
  const rest = offer.resources.flatMap((each) =>
    each.name === 'cpus' ? [{ ...each, scalar: { value: 1 } }] : [],
  );
  it.allocator.transitionOfferedToAllocated(offer.agentId, used);
  it.allocator.recoverResources(
    { ...offer, resources: rest, filters: undefined, isAllocated: false },
    it.now,
  );
  const [line] = it.advance(10);
  assert.match(line ?? '', /cpus:1/);
  assert.match(line ?? '', /<SHARED>:8/);
});

test('excluded resources do not count for the shares of roles', () => {
  const next = (excluded: readonly string[]): readonly string[] => {
    const it = new AllocatorKit({ fairSharingExcludedResourceNames: excluded });
    it.framework('g', { roles: ['gpu'], capabilities: ['GPU_RESOURCES'] });
    it.agent('a1', 'cpus:1;mem:64;gpus:4');
    it.advance(10);
    it.launch('g', 'a1', 'cpus:1;mem:64;gpus:4');
    it.framework('c', { roles: ['cpu'] });
    it.agent('a2', 'cpus:2;mem:128');
    it.advance(10);
    it.launch('c', 'a2', 'cpus:2;mem:128');
    it.agent('a3', 'cpus:1;mem:64');
    return it.advance(10);
  };
  assert.deepEqual(next([]), ['c cpu a3 cpus:1; mem:64'], 'all gpus are a share of 1');
  assert.deepEqual(next(['gpus']), ['g gpu a3 cpus:1; mem:64'], 'the same by cpus would be less');
});

test('an agent that is not whitelisted is offered from the moment it is', () => {
  const it = new AllocatorKit();
  it.allocator.updateWhitelist(['a2'], it.now);
  it.framework('f', { roles: ['a'] });
  it.agent('a1', 'cpus:1;mem:64');
  assert.deepEqual(it.advance(10_000), []);
  it.allocator.updateWhitelist(['a1'], it.now);
  assert.deepEqual(it.advance(10), ['f a a1 cpus:1; mem:64']);
  it.decline('f', 'a1', 0);
  it.allocator.updateWhitelist(undefined, it.now);
  assert.deepEqual(it.advance(10), ['f a a1 cpus:1; mem:64']);
});

test('the wait for agents after a failover with quotas ends by itself', () => {
  const it = new AllocatorKit({ recoveryTimeoutMs: 60_000, agentRecoveryFactor: 0.5 });
  it.allocator.recover(4, true, it.now);
  it.framework('f', { roles: ['a'] });
  it.agent('a1', 'cpus:1;mem:64');
  assert.deepEqual(it.advance(59_999), []);
  assert.deepEqual(it.advance(1), ['f a a1 cpus:1; mem:64']);
  const other = new AllocatorKit({ recoveryTimeoutMs: 60_000, agentRecoveryFactor: 0.5 });
  other.allocator.recover(4, true, other.now);
  other.framework('f', { roles: ['a'] });
  other.agent('a1', 'cpus:1;mem:64');
  other.agent('a2', 'cpus:1;mem:64');
  assert.equal(other.advance(10).length, 2, 'half of the agents is enough');
  const free = new AllocatorKit();
  free.allocator.recover(4, false, free.now);
  free.framework('f', { roles: ['a'] });
  free.agent('a1', 'cpus:1;mem:64');
  assert.equal(free.advance(10).length, 1, 'without quotas nothing is waited for');
});

test('REVIVE of one role leaves the filters of the others', () => {
  const it = new AllocatorKit();
  it.framework('f', { roles: ['a', 'b'] });
  it.agent('a1', 'cpus:1;mem:64');
  const [first] = it.advance(10);
  const role = first?.split(' ')[1] ?? '';
  it.decline('f', 'a1', 1_000);
  it.advance(10);
  it.decline('f', 'a1', 1_000);
  assert.deepEqual(it.advance(10_000), []);
  it.allocator.reviveOffers(frameworkId('f'), [role], it.now);
  assert.deepEqual(it.advance(10), [`f ${role} a1 cpus:1; mem:64`]);
  it.decline('f', 'a1', 1_000);
  assert.deepEqual(it.advance(10_000), []);
});
