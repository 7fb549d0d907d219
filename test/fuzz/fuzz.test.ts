/** Short fuzz runs, long ones with `npm run fuzz -- --requests=1000000 --seed=N`. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fuzz } from './run.ts';

const SEEDS = [1, 2];
const REQUESTS_PER_SEED = 2_000;

for (const seed of SEEDS) {
  test(`master and agent answer mutated requests as the API says and serve on, seed ${seed}`, async () => {
    const result = await fuzz({ seed, requestCount: REQUESTS_PER_SEED });
    assert.equal(result.requestCount + result.messageCount, REQUESTS_PER_SEED);
    // The requests reach what lies behind the checks, too.
    for (const status of [200, 202, 400, 404, 405]) {
      assert.ok((result.statuses.get(status) ?? 0) > 0, `no answer has status ${status}`);
    }
  });
}
