/** A few seeds of the sharing scenario; many more with `npm run sim -- --scenario=sharing`. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { repeatCommand } from './main.ts';
import { simulateSharing } from './sharing.ts';

const SEEDS = [1];
/** Things that happen before all want everything. */
const STEPS = 15;

test('ten frameworks in four roles get what weights, guarantee and limit give them', async () => {
  for (const seed of SEEDS) {
    try {
      await simulateSharing({ seed, steps: STEPS });
    } catch (thrown) {
      assert.fail(`seed ${seed}: ${thrown instanceof Error ? thrown.stack : String(thrown)}
${repeatCommand(seed, { scenario: 'sharing', steps: String(STEPS) })}`);
    }
  }
});
