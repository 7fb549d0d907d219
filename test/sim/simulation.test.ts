/** Some seeds of the simulation; many more with `npm run sim`. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { repeatCommand } from './main.ts';
import { simulate } from './simulation.ts';

const SEEDS = 16;

test(`a cluster with faults keeps its promises for ${SEEDS} seeds`, async () => {
  for (let seed = 1; seed <= SEEDS; seed += 1) {
    try {
      await simulate({ seed });
    } catch (thrown) {
      assert.fail(`seed ${seed}: ${thrown instanceof Error ? thrown.stack : String(thrown)}
${repeatCommand(seed)}`);
    }
  }
});

test('the same seed gives the same run', async () => {
  const steps: string[][] = [[], []];
  const results = [];
  for (const run of steps) {
    results.push(await simulate({ seed: 4, onStep: (text) => run.push(text) }));
  }
  assert.deepEqual(steps[0], steps[1]);
  assert.deepEqual(results[0], results[1]);
});
