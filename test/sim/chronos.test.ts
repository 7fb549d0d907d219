/** A few seeds of Chronos with faults; many more with `npm run sim -- --scenario=chronos`. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { simulateChronos } from './chronos.ts';
import { type PeriodicJob, targetsIn, unmetTargets } from './chronos-check.ts';
import { repeatCommand } from './main.ts';

const SEEDS = [1, 2];

test('after any faults each start of a job is met by exactly one complete run', async () => {
  for (const seed of SEEDS) {
    try {
      const { ends } = await simulateChronos({ seed });
      assert.ok((ends['starts met'] ?? 0) > 20, `only ${ends['starts met']} starts`);
    } catch (thrown) {
      assert.fail(`seed ${seed}: ${thrown instanceof Error ? thrown.stack : String(thrown)}
${repeatCommand(seed, { scenario: 'chronos' })}`);
    }
  }
});

const JOB: PeriodicJob = {
  name: 'j',
  start: 0,
  intervalMs: 60_000,
  count: 3,
  epsilonMs: 10_000,
  durationMs: 5_000,
};

test('only targets whose window and run lie in a good time are looked at', () => {
  assert.deepEqual(targetsIn(JOB, [{ from: 0, to: 200_000 }]), [0, 60_000, 120_000]);
  assert.deepEqual(targetsIn(JOB, [{ from: 1, to: 136_000 }]), [60_000, 120_000]);
  assert.deepEqual(targetsIn(JOB, [{ from: 1, to: 135_999 }]), [60_000]);
});

test('a target wants one complete run, begun within epsilon and a second', () => {
  const good = [{ from: 0, to: 70_000 }];
  const run = (begunAt: number, isComplete = true) => ({
    begunAt,
    endedAt: isComplete ? begunAt + 5_000 : undefined,
  });
  const table = [
    [[], 1],
    [[run(0)], 0],
    [[run(11_000)], 0],
    [[run(11_001)], 1],
    [[run(-1)], 1],
    [[run(1, false)], 1],
    [[run(1, false), run(2)], 0],
    [[run(1), run(2)], 1],
  ] as const;
  for (const [runs, count] of table) {
    assert.equal(unmetTargets(JOB, runs, good).length, count, JSON.stringify(runs));
  }
});
