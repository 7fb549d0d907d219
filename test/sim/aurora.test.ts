/** A few seeds of Aurora with faults; many more with `npm run sim -- --scenario=aurora`. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { simulateAurora } from './aurora.ts';
import { repeatCommand } from './main.ts';

const SEEDS = [1, 2];

test('updates, quotas, cron jobs and backups hold whatever fails', async () => {
  let updateCount = 0;
  for (const seed of SEEDS) {
    try {
      const { ends } = await simulateAurora({ seed });
      updateCount += (ends['ROLLED_FORWARD'] ?? 0) + (ends['ROLLED_BACK'] ?? 0);
    } catch (thrown) {
      assert.fail(`seed ${seed}: ${thrown instanceof Error ? thrown.stack : String(thrown)}
${repeatCommand(seed, { scenario: 'aurora' })}`);
    }
  }
  assert.ok(updateCount > 8, `only ${updateCount} updates came to an end`);
});
