/** A few seeds of Marathon on a cluster with faults; many more with `npm run sim`. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { repeatCommand } from './main.ts';
import { simulateMarathon } from './marathon.ts';

const SEEDS = [13, 54];

test(`Marathon keeps its promises for the seeds ${SEEDS.join(', ')}`, async () => {
  for (const seed of SEEDS) {
    try {
      await simulateMarathon({ seed });
    } catch (thrown) {
      assert.fail(`seed ${seed}: ${thrown instanceof Error ? thrown.stack : String(thrown)}
${repeatCommand(seed, { scenario: 'marathon' })}`);
    }
  }
});
