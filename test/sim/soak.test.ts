/** One seed of the soak; more with `npm run sim -- --scenario=soak`. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { repeatCommand } from './main.ts';
import { soak } from './soak.ts';

const SEEDS = 1;

test('24 virtual hours of an agent with faults leave nothing behind', async () => {
  for (let seed = 1; seed <= SEEDS; seed += 1) {
    try {
      const { taskCount } = await soak({ seed });
      assert.ok(taskCount > 500, `only ${taskCount} tasks`);
    } catch (thrown) {
      assert.fail(`seed ${seed}: ${thrown instanceof Error ? thrown.stack : String(thrown)}
${repeatCommand(seed, { scenario: 'soak' })}`);
    }
  }
});
