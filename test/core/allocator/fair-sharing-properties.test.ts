/** Who gets what when everybody wants everything and tasks come and go: shares to within one task. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Allocation } from '../../../core/allocator/types.ts';
import { scalarOf, unreserved } from '../../../core/resources/select.ts';
import { AllocatorKit } from './allocator-kit.ts';

const RUNS = { numRuns: 25 };
const TASK_CPUS = 1;
const AGENT_CPUS = 4;
const ROUNDS = 240;

interface Role {
  readonly name: string;
  readonly weight: number;
  readonly guarantee: number;
}

/**
 * Frameworks fill all offers with tasks; in each round some of the tasks end. Gives the mean of what each
 * role holds over the later rounds, and how many tasks each framework has launched in them.
 */
function share(given: {
  readonly roles: readonly Role[];
  readonly frameworksPerRole: number;
  readonly agentCount: number;
  readonly seed: number;
}) {
  const { roles, frameworksPerRole, agentCount, seed } = given;
  const it = new AllocatorKit({}, seed);
  const launched = new Map<string, number>();
  for (const { name, weight, guarantee } of roles) {
    it.allocator.updateWeight(name, weight, it.now);
    if (guarantee > 0) {
      const guarantees = { cpus: { value: guarantee } };
      it.allocator.updateQuota({ role: name, guarantees }, it.now);
    }
    for (let at = 0; at < frameworksPerRole; at += 1) {
      launched.set(it.framework(`${name}-${at}`, { roles: [name] }), 0);
    }
  }
  for (let at = 0; at < agentCount; at += 1) it.agent(`a${at}`, `cpus:${AGENT_CPUS}`);
  const tasks: Allocation[] = [];
  const sums = new Map<string, number>();
  for (let round = 0; round < ROUNDS; round += 1) {
    it.advance(1_000);
    for (const offer of [...it.offers]) {
      const count = Math.floor(scalarOf(unreserved(offer.resources), 'cpus') / TASK_CPUS);
      if (count === 0) continue;
      launched.set(offer.frameworkId, (launched.get(offer.frameworkId) ?? 0) + count);
      // One allocation per task, so that they end one by one.
      const all = it.launchOn(offer, `cpus:${count * TASK_CPUS}`, 0);
      const one = all.resources.map((each) => ({ ...each, scalar: { value: TASK_CPUS } }));
      for (let task = 0; task < count; task += 1) tasks.push({ ...all, resources: one });
    }
    if (round >= ROUNDS / 2) {
      for (const { name } of roles) {
        const held = tasks.filter(({ role }) => role === name).length * TASK_CPUS;
        sums.set(name, (sums.get(name) ?? 0) + held / (ROUNDS / 2));
      }
    } else if (round === ROUNDS / 2 - 1) {
      for (const id of launched.keys()) launched.set(id, 0);
    }
    // Every task ends sooner or later, the oldest first.
    for (const task of tasks.splice(0, 1)) it.finish(task);
  }
  return { held: sums, launched };
}

const weights = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 2, maxLength: 4 });

test('roles hold in proportion to their weights, to within one task', () => {
  fc.assert(
    fc.property(weights, fc.integer({ min: 1, max: 3 }), fc.nat(), (list, perRole, seed) => {
      const roles = list.map((weight, at) => ({ name: `r${at}`, weight, guarantee: 0 }));
      const agentCount = 10;
      const { held } = share({ roles, frameworksPerRole: perRole, agentCount, seed });
      const total = list.reduce((sum, weight) => sum + weight, 0);
      for (const { name, weight } of roles) {
        const fair = (agentCount * AGENT_CPUS * weight) / total;
        const off = Math.abs((held.get(name) ?? 0) - fair);
        assert.ok(
          off <= TASK_CPUS * 1.001,
          `${name} of ${list} holds ${held.get(name)}, not ${fair}`,
        );
      }
    }),
    RUNS,
  );
});

test('nobody is worse off than with a part of the cluster of its own', () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 6 }), fc.nat(), (count, seed) => {
      const roles = Array.from({ length: count }, (_, at) => ({
        name: `r${at}`,
        weight: 1,
        guarantee: 0,
      }));
      const { held } = share({ roles, frameworksPerRole: 1, agentCount: 9, seed });
      const own = (9 * AGENT_CPUS) / count;
      for (const { name } of roles) {
        assert.ok(
          (held.get(name) ?? 0) >= own - TASK_CPUS,
          `${name} holds ${held.get(name)}, not ${own}`,
        );
      }
    }),
    RUNS,
  );
});

test('a guarantee holds while tasks come and go, and no framework starves', () => {
  fc.assert(
    fc.property(weights, fc.integer({ min: 5, max: 25 }), fc.nat(), (list, guarantee, seed) => {
      const roles = list.map((weight, at) => ({
        name: `r${at}`,
        weight,
        guarantee: at === 0 ? guarantee : 0,
      }));
      const { held, launched } = share({ roles, frameworksPerRole: 2, agentCount: 10, seed });
      const mine = held.get('r0') ?? 0;
      assert.ok(mine >= guarantee - TASK_CPUS, `r0 holds ${mine}, guaranteed are ${guarantee}`);
      for (const [id, count] of launched) assert.ok(count > 0, `${id} starves`);
    }),
    RUNS,
  );
});
