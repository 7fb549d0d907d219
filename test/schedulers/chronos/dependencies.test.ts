/** Who is started after whom (spec chronos, section 6), as traces over a graph of five jobs. */
import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { ChronosTester } from './chronos-tester.ts';

const LATER = 'R/2030-01-01T00:00:00Z/P1D';
/** B and C after A, D after B, E after both B and C; off is disabled. */
const PARENTS: Readonly<Record<string, readonly string[]>> = {
  B: ['A'],
  C: ['A'],
  D: ['B'],
  E: ['B', 'C'],
};

/** No master answers, so that nothing starts: what is due stays in the queue. */
async function started(t: TestContext): Promise<ChronosTester> {
  const it = await new ChronosTester().start();
  t.after(() => it.chronos.stop());
  await it.post({ name: 'A', schedule: LATER });
  for (const [name, parents] of Object.entries(PARENTS)) await it.post({ name, parents });
  await it.post({ name: 'off', parents: ['A'], disabled: true });
  it.cluster.disconnect();
  it.cluster.answer = () => 'unreachable';
  return it;
}

/** Marks the job successful; gives who is queued for it, and empties the queue. */
async function after(it: ChronosTester, name: string): Promise<string> {
  await it.http('PUT', `/scheduler/job/success/${name}`);
  const { jobs } = Object((await it.http('GET', '/scheduler/jobs/summary')).json);
  const queued = jobs.filter(({ state }: { readonly state: string }) => state === 'queued');
  assert.equal((await it.http('DELETE', '/scheduler/task/all')).status, 204);
  return queued.map((job: { readonly name: string }) => job.name).join(' ');
}

const TRACES: readonly (readonly (readonly [success: string, starts: string])[])[] = [
  [
    ['A', 'B C'],
    ['B', 'D'],
    ['C', 'E'],
    ['A', 'B C'],
    ['C', ''],
    ['B', 'D E'],
  ],
  [
    ['B', 'D'],
    ['B', 'D'],
    ['C', 'E'],
    // One of B's successes is left over.
    ['C', 'E'],
    ['C', ''],
  ],
  // A child that is marked has nothing left to wait for.
  [
    ['B', 'D'],
    ['E', ''],
    ['C', ''],
    ['B', 'D E'],
  ],
  [
    ['D', ''],
    ['off', ''],
  ],
];

for (const trace of TRACES) {
  const text = trace.map(([success, starts]) => `${success}: ${starts || 'none'}`).join(', ');
  test(`after successes of one job after the other these start: ${text}`, async (t) => {
    const it = await started(t);
    for (const [success, starts] of trace) {
      assert.equal(await after(it, success), starts, `after ${success}`);
    }
  });
}

test('what parents have done survives a restart, and a changed list of parents begins anew', async (t) => {
  const it = await started(t);
  assert.equal(await after(it, 'B'), 'D');
  await it.crash();
  assert.equal(await after(it, 'C'), 'E');
  assert.equal(await after(it, 'B'), 'D');
  await it.post({ name: 'E', parents: ['A', 'B', 'C'] });
  assert.equal(await after(it, 'C'), '');
  assert.equal(await after(it, 'A'), 'B C');
  assert.equal(await after(it, 'B'), 'D E');
});

test('a parent that is posted again keeps its children, and what it has done for them', async (t) => {
  const it = await started(t);
  await it.post({ name: 'Z', schedule: LATER });
  await it.post({ name: 'both', parents: ['A', 'Z'] });
  assert.equal(await after(it, 'A'), 'B C');
  await it.post({ name: 'A', schedule: LATER, command: 'other' });
  await it.post({ name: 'Z', schedule: LATER, command: 'other' });
  assert.equal(await after(it, 'Z'), 'both');
  assert.equal(await after(it, 'A'), 'B C');
});
