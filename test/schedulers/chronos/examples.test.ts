import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import test from 'node:test';
import { ChronosTester } from './chronos-tester.ts';

test('every example job is taken, the ones with parents after the others', async () => {
  const it = await new ChronosTester().start();
  const jobs = globSync('examples/chronos/*.json')
    .map((file): unknown => JSON.parse(readFileSync(file, 'utf8')))
    .sort((a, b) => Number(hasParents(a)) - Number(hasParents(b)));
  for (const job of jobs) {
    const path = hasParents(job) ? 'dependency' : 'iso8601';
    const reply = await it.http('POST', `/scheduler/${path}`, job);
    assert.equal(reply.status, 204, reply.text);
  }
  await it.clock.advance(601_000);
  assert.ok(jobs.length >= 6);
  assert.ok(it.launches('every-minute').length >= 10);
  assert.ok(it.launches('load').length >= 1);
  assert.equal(it.launches('arguments').length, 0);
  await it.chronos.stop();
});

function hasParents(job: unknown): boolean {
  return typeof job === 'object' && job !== null && 'parents' in job;
}
