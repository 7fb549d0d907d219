/** What the pages of Chronos are made of: data routes, layout, and the pure parts of the pages. */
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { PICTURE_JOBS_MAX } from '../../../schedulers/chronos/graph-layout.ts';
import {
  type JobRow,
  nextText,
  type RunRow,
  refusalOf,
  timelineOf,
} from '../../../schedulers/chronos/ui/model.ts';
import { ChronosTester } from './chronos-tester.ts';

interface Picture {
  readonly jobs: readonly { readonly name: string; readonly layer: number; readonly row: number }[];
  readonly links: readonly { readonly parent: string; readonly child: string }[];
  readonly omitted: number;
}

async function picture(it: ChronosTester, query = ''): Promise<Picture> {
  return Object((await it.http('GET', `/v1/scheduler/graph/layout${query}`)).json);
}

test('the overview holds what the list shows, with the next start and a stated epsilon', async (t) => {
  const it = await new ChronosTester().start();
  t.after(() => it.chronos.stop());
  await it.post({ name: 'a', schedule: 'R/2030/P1D', owner: 'me', epsilon: 'PT5M' });
  await it.post({ name: 'b', parents: ['a'], disabled: true });
  const { json } = await it.http('GET', '/v1/scheduler/jobs/overview');
  assert.deepEqual(Object(json).jobs, [
    {
      name: 'a',
      status: 'fresh',
      state: 'idle',
      disabled: false,
      owner: 'me',
      schedule: 'R/2030/P1D',
      next: Date.UTC(2030, 0),
      epsilon: 'PT5M',
    },
    { name: 'b', status: 'fresh', state: 'idle', disabled: true, owner: '', parents: ['a'] },
  ]);
});

test('the graph is laid out in layers, without jobs that stand alone, or around one job', async (t) => {
  const it = await new ChronosTester().start();
  t.after(() => it.chronos.stop());
  for (const name of ['a', 'b', 'alone']) await it.post({ name, schedule: 'R/2030/P1D' });
  await it.post({ name: 'c', parents: ['a', 'b'] });
  await it.post({ name: 'd', parents: ['a', 'c'] });
  await it.post({ name: 'e', parents: ['b'] });
  const all = await picture(it);
  assert.deepEqual(all.jobs.map(({ name, layer }) => `${name}${layer}`).sort(), [
    'a0',
    'b0',
    'c1',
    'd2',
    'e1',
  ]);
  assert.equal(all.links.length, 5);
  const around = await picture(it, '?job=d');
  assert.deepEqual(around.jobs.map(({ name }) => name).sort(), ['a', 'b', 'c', 'd']);
  assert.equal((await it.http('GET', '/scheduler/graph/layout?job=x')).status, 400);
});

test('a large graph is cut, and it is said how much is missing', async (t) => {
  const it = await new ChronosTester().start();
  t.after(() => it.chronos.stop());
  await it.post({ name: 'top', schedule: 'R/2030/P1D' });
  const count = PICTURE_JOBS_MAX + 50;
  for (let number = 0; number < count; number += 1) {
    await it.post({ name: `child${number}`, parents: ['top'] });
  }
  const { jobs, omitted } = await picture(it);
  assert.equal(jobs.length, PICTURE_JOBS_MAX);
  assert.equal(omitted, count + 1 - PICTURE_JOBS_MAX);
});

test('in any picture every link goes to a later layer, and no two jobs share a place', async () => {
  const parents = fc.array(fc.array(fc.nat(30), { maxLength: 3 }), { minLength: 1, maxLength: 30 });
  await fc.assert(
    fc.asyncProperty(parents, async (lists) => {
      const it = await new ChronosTester().start();
      await it.post({ name: 'j0', schedule: 'R/2030/P1D' });
      for (const [index, list] of lists.entries()) {
        const names = [...new Set(list.map((number) => `j${number % (index + 1)}`))];
        await it.post({ name: `j${index + 1}`, parents: names.length === 0 ? ['j0'] : names });
      }
      const { jobs, links } = await picture(it);
      await it.chronos.stop();
      const layerOf = new Map(jobs.map(({ name, layer }) => [name, layer]));
      for (const { parent, child } of links) {
        assert.ok((layerOf.get(parent) ?? 99) < (layerOf.get(child) ?? -1), `${parent} ${child}`);
      }
      assert.equal(new Set(jobs.map(({ layer, row }) => `${layer} ${row}`)).size, jobs.length);
      assert.equal(jobs.length, lists.length + 1);
    }),
    { numRuns: 10 },
  );
});

const NOW = Date.UTC(2026, 0, 1);
const JOB: JobRow = {
  name: 'a',
  status: 'fresh',
  state: 'idle',
  isDisabled: false,
  owner: '',
  schedule: 'R//P1D',
  parents: [],
  nextAt: NOW,
  epsilon: undefined,
};

const NEXT_TEXTS: readonly (readonly [afterMs: number | undefined, text: string])[] = [
  [undefined, '—'],
  [-5_000, 'OVERDUE'],
  [1_000, 'OVERDUE'],
  [1_001, 'in <1 minute'],
  [59_999, 'in <1 minute'],
  [150_000, 'in ~3 minutes'],
  [7_200_000, 'in ~2 hours'],
  [3 * 86_400_000, 'in ~3 days'],
];

for (const [afterMs, text] of NEXT_TEXTS) {
  test(`a start after ${afterMs ?? 'no'} ms is shown as ${text}`, () => {
    const nextAt = afterMs === undefined ? undefined : NOW + afterMs;
    assert.equal(nextText({ ...JOB, nextAt }, NOW), text);
    assert.equal(nextText({ ...JOB, nextAt, isDisabled: true }, NOW), '—');
  });
}

test('the form refuses bad names, schedules and missing parents by itself', () => {
  assert.equal(refusalOf({ name: 'a', schedule: 'R/2030/P1D' }), undefined);
  assert.equal(refusalOf({ name: 'a', schedule: 'cron 0 3 * * *' }), undefined);
  assert.equal(refusalOf({ name: 'a', parents: ['b'] }), undefined);
  assert.match(refusalOf({ name: 'a b', schedule: 'R//P1D' }) ?? '', /^The name/);
  assert.match(refusalOf({ name: 'a', schedule: 'daily' }) ?? '', /^The schedule/);
  assert.match(refusalOf({ name: 'a', parents: [] }) ?? '', /^Name at least/);
});

test('runs at the same time lie in different lanes of the timeline', () => {
  const run = (startAt: number, endAt: number | undefined): RunRow => ({
    taskId: `${startAt}`,
    state: 'FINISHED',
    cause: 'schedule',
    attempt: 0,
    startAt,
    endAt,
    message: '',
    agent: '',
    sandbox: undefined,
  });
  const bars = timelineOf([run(50, undefined), run(20, 40), run(0, 30)], 100);
  assert.deepEqual(
    bars.map(({ from, to, lane }) => [from, to, lane]),
    [
      [0, 0.3, 0],
      [0.2, 0.4, 1],
      [0.5, 1, 0],
    ],
  );
});
