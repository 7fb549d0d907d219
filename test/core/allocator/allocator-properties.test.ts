import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Allocation } from '../../../core/allocator/types.ts';
import { SeededRandom } from '../../../core/base/random.ts';
import { contains, sum } from '../../../core/resources/arithmetic.ts';
import { scalarOf, unallocate, unreserved } from '../../../core/resources/select.ts';
import { AllocatorKit, resources } from './allocator-kit.ts';

const RUNS = { numRuns: 60 };
const step = fc.record({
  kind: fc.constantFrom(
    'decline',
    'launch',
    'finish',
    'wait',
    'suppress',
    'revive',
    'agent',
    'gone',
  ),
  pick: fc.nat(1_000),
  amount: fc.integer({ min: 1, max: 30 }),
});

/** Plays random events; gives everything held at the end. */
function play(it: AllocatorKit, steps: readonly { kind: string; pick: number; amount: number }[]) {
  const tasks: Allocation[] = [];
  const totals = new Map<string, string>();
  const frameworks = ['f0', 'f1', 'f2'].map((name, at) =>
    it.framework(name, { roles: [['a', 'a/b', 'c'][at] ?? 'a'] }),
  );
  for (const { kind, pick, amount } of steps) {
    const offer = it.offers[pick % Math.max(1, it.offers.length)];
    const framework = frameworks[pick % 3];
    if (framework === undefined) continue;
    if (kind === 'decline' && offer !== undefined) {
      it.declineOffer(offer, pick % 3);
    } else if (kind === 'launch' && offer !== undefined) {
      const cpus = Math.min(scalarOf(unreserved(offer.resources), 'cpus'), amount / 10);
      if (cpus > 0) tasks.push(it.launchOn(offer, `cpus:${cpus}`, pick % 3));
    } else if (kind === 'finish' && tasks.length > 0) {
      const [task] = tasks.splice(pick % tasks.length, 1);
      if (task !== undefined) it.finish(task);
    } else if (kind === 'wait') {
      it.advance(amount * 100);
    } else if (kind === 'suppress') {
      it.allocator.suppressOffers(framework, [], it.now);
    } else if (kind === 'revive') {
      it.allocator.reviveOffers(framework, [], it.now);
    } else if (kind === 'agent') {
      const name = `a${totals.size}`;
      totals.set(name, `cpus:${amount / 10};mem:${amount * 64};cpus(a):1`);
      it.agent(name, totals.get(name) ?? '');
    }
    it.advance(1);
    check(it, tasks, totals);
  }
  return { tasks, totals };
}

function check(
  it: AllocatorKit,
  tasks: readonly Allocation[],
  totals: ReadonlyMap<string, string>,
) {
  for (const [name, total] of totals) {
    const held = [...it.offers, ...tasks].filter(({ agentId }) => agentId === name);
    const used = sum(held.map((each) => unallocate(each.resources)));
    assert.ok(contains(resources(total), used), `agent ${name} gave more than it has`);
  }
}

test('never is more offered and used than the agents have', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.nat(), (steps, seed) => {
      play(new AllocatorKit({}, seed), steps);
    }),
    RUNS,
  );
});

test('what is given back completely is offered completely again', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), fc.nat(), (steps, seed) => {
      const it = new AllocatorKit({}, seed);
      const { tasks, totals } = play(it, steps);
      for (const task of tasks) it.finish(task);
      for (const offer of [...it.offers]) {
        it.forget(offer);
        it.allocator.recoverResources({ ...offer, filters: undefined, isAllocated: false }, it.now);
      }
      for (const [name] of totals) {
        const id = it.framework(`last-${name}`, { roles: ['a'] });
        it.allocator.removeFramework(id, it.now);
      }
      for (const share of it.allocator.shares()) assert.equal(share.dominantShare, 0);
      for (const role of ['a', 'c']) {
        assert.equal(it.allocator.usageOf(role).offeredOrAllocated.size, 0);
        assert.equal(it.allocator.usageOf(role).allocated.size, 0);
      }
    }),
    RUNS,
  );
});

test('a guarantee is honoured whatever the others want', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 1, max: 8 }),
      fc.nat(),
      (agents, others, seed) => {
        const it = new AllocatorKit({}, seed);
        const guaranteed = Math.floor(agents / 2) * 4;
        it.allocator.updateQuota(
          { role: 'vip', guarantees: { cpus: { value: guaranteed } } },
          it.now,
        );
        for (let at = 0; at < others; at += 1) it.framework(`o${at}`, { roles: [`r${at}`] });
        for (let at = 0; at < agents; at += 1) it.agent(`a${at}`, 'cpus:4;mem:1024');
        it.run();
        it.framework('vip', { roles: ['vip'] });
        it.advance(2_000);
        const mine = it.offers.filter(({ role }) => role === 'vip');
        const cpus = scalarOf(
          mine.flatMap((offer) => offer.resources),
          'cpus',
        );
        assert.ok(cpus >= guaranteed, `${cpus} of ${guaranteed} cpus`);
      },
    ),
    RUNS,
  );
});

test('shares converge to the weights', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 2, maxLength: 6 }),
      fc.nat(),
      (weights, seed) => {
        const it = new AllocatorKit({}, seed);
        weights.forEach((weight, at) => {
          it.allocator.updateWeight(`r${at}`, weight, it.now);
          it.framework(`f${at}`, { roles: [`r${at}`] });
        });
        const total = weights.reduce((a, b) => a + b, 0);
        for (let at = 0; at < total * 10; at += 1) it.agent(`a${at}`, 'cpus:4;mem:1024');
        it.run();
        weights.forEach((weight, at) => {
          const count = it.offers.filter(({ role }) => role === `r${at}`).length;
          assert.equal(count, weight * 10);
        });
      },
    ),
    RUNS,
  );
});

test('frameworks that decline do not starve the others', () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 8 }), fc.nat(), (count, seed) => {
      const it = new AllocatorKit({ frameworkSorter: seed % 2 === 0 ? 'drf' : 'random' }, seed);
      for (let at = 0; at < count; at += 1) it.framework(`f${at}`, { roles: ['a'] });
      it.agent('a1', 'cpus:4;mem:1024');
      const served = new Set<string>();
      for (let at = 0; at < 400 && served.size < count; at += 1) {
        it.advance(10);
        for (const offer of [...it.offers]) {
          served.add(offer.frameworkId);
          it.declineOffer(offer, 0);
        }
      }
      assert.equal(served.size, count);
    }),
    RUNS,
  );
});

test('the random sorter follows the weights over many draws', async () => {
  const { ClusterTotals, Sorter } = await import('../../../core/allocator/sorter.ts');
  const sorter = new Sorter({
    kind: 'random',
    totals: new ClusterTotals(),
    random: new SeededRandom(1),
    excludedNames: [],
  });
  for (const role of ['a', 'b', 'c/d', 'c/e']) {
    sorter.add(role);
    sorter.activate(role);
  }
  sorter.updateWeight('a', 2);
  const first = new Map<string, number>();
  for (let at = 0; at < 8_000; at += 1) {
    const [role = ''] = sorter.sort();
    first.set(role, (first.get(role) ?? 0) + 1);
  }
  assert.ok(Math.abs((first.get('a') ?? 0) - 4_000) < 200);
  assert.ok(Math.abs((first.get('b') ?? 0) - 2_000) < 200);
  assert.ok(Math.abs((first.get('c/d') ?? 0) - 1_000) < 200);
});

test('limits are never exceeded, and nothing waits longer than an interval under them', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.nat(), (steps, seed) => {
      const it = new AllocatorKit({}, seed);
      const limits = { cpus: { value: 2 }, mem: { value: 1_000 } };
      it.allocator.updateQuota({ role: 'c', guarantees: { cpus: { value: 1 } }, limits }, it.now);
      const { tasks } = play(it, steps);
      const check = (): void => {
        const used = it.allocator.usageOf('c').offeredOrAllocated;
        assert.ok((used.get('cpus') ?? 0) <= 2_000, `${used.get('cpus')} of 2000 cpus`);
        assert.ok((used.get('mem') ?? 0) <= 1_000_000, `${used.get('mem')} of 1000000 mem`);
      };
      check();
      for (const task of tasks) {
        it.finish(task);
        it.advance(1);
        check();
      }
      it.advance(2_000);
      check();
    }),
    RUNS,
  );
});
