/** Cron expressions in place of intervals, next starts, and why a start is late. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { CronRule } from '../../../schedulers/chronos/cron.ts';
import { parseSchedule, skipTo } from '../../../schedulers/chronos/schedule.ts';
import { ChronosTester } from './chronos-tester.ts';

/** Expression, zone, from, and the first times after that; undefined where it is refused. */
const TIMES: readonly (readonly [
  text: string,
  zone: string,
  from: string,
  times: readonly string[] | undefined,
])[] = [
  ['cron 0 3 * * MON-FRI', 'UTC', '2026-01-02T03:00Z', ['2026-01-05T03:00Z', '2026-01-06T03:00Z']],
  ['cron */20 * * * *', 'UTC', '2026-01-01T00:01Z', ['2026-01-01T00:20Z', '2026-01-01T00:40Z']],
  ['cron @daily', 'Europe/Berlin', '2026-07-01T00:00Z', ['2026-07-01T22:00Z']],
  ['cron 0 0 29 2 *', 'UTC', '2026-01-01T00:00Z', ['2028-02-29T00:00Z', '2032-02-29T00:00Z']],
  ['cron 0 0 L * *', 'UTC', '2026-02-01T00:00Z', ['2026-02-28T00:00Z', '2026-03-31T00:00Z']],
  ['cron 30 0 0 1 1 *', 'UTC', '2026-01-01T00:00Z', ['2026-01-01T00:00:30Z']],
  // The hour that is left out when summer time begins, and the one that comes twice when it ends.
  [
    'cron 0 12 * * *',
    'Europe/Berlin',
    '2026-03-28T00:00Z',
    ['2026-03-28T11:00Z', '2026-03-29T10:00Z'],
  ],
  ['cron 0 12 * * *', 'PST', '2026-10-31T00:00Z', ['2026-10-31T19:00Z', '2026-11-01T20:00Z']],
  ['cron 0 0 30 2 *', 'UTC', '2026-01-01T00:00Z', undefined],
  ['cron 0 3 * *', 'UTC', '2026-01-01T00:00Z', undefined],
  ['cron', 'UTC', '2026-01-01T00:00Z', undefined],
  ['cron ', 'UTC', '2026-01-01T00:00Z', undefined],
  ['cron 61 * * * *', 'UTC', '2026-01-01T00:00Z', undefined],
  ['cron H * * * *', 'UTC', '2026-01-01T00:00Z', undefined],
  ['cron H(0-5) * * * *', 'UTC', '2026-01-01T00:00Z', undefined],
  ['cron 0 3 * * XYZ', 'UTC', '2026-01-01T00:00Z', undefined],
  ['cron @reboot', 'UTC', '2026-01-01T00:00Z', undefined],
  ['cron 0 0 1 1 * 2030 1', 'UTC', '2026-01-01T00:00Z', undefined],
];

for (const [text, zone, from, times] of TIMES) {
  test(`'${text}' in ${zone} after ${from}: ${times?.join(', ') ?? 'refused'}`, () => {
    const schedule = parseSchedule(text, zone, Date.parse(from));
    if (times === undefined) {
      assert.equal(schedule, undefined);
      return;
    }
    let at = Date.parse(from);
    const found = times.map(() => {
      at = schedule?.cron?.firstAfter(at) ?? Number.NaN;
      return at;
    });
    assert.deepEqual(
      found,
      times.map((time) => Date.parse(time)),
    );
    assert.equal(schedule?.start?.toMillis(), found[0]);
  });
}

test('a job that was down for long counts only some of the starts it missed, and goes on', () => {
  const from = Date.UTC(2026, 0, 1);
  const schedule = parseSchedule('cron * * * * *', '', from);
  assert.ok(schedule !== undefined);
  const now = from + 10 * 86_400_000 + 30_000;
  const skipped = skipTo(schedule, now, now);
  assert.equal(skipped.count, 200);
  assert.equal(skipped.last, now - 30_000);
  assert.equal(skipped.schedule.start?.toMillis(), now + 30_000);
  assert.equal(CronRule.parse('cron * * * * *', 'UTC')?.lastBefore(now), now - 30_000);
});

async function launchedTimes(it: ChronosTester, name: string): Promise<readonly string[]> {
  return it.launches(name).map((at) => new Date(at).toISOString().slice(8, 16));
}

test('a cron job runs at its times, shows its expression, and goes on after a restart', async (t) => {
  // A Friday.
  const it = await new ChronosTester({}, Date.UTC(2026, 0, 2, 2, 59)).start();
  t.after(() => it.chronos.stop());
  await it.post({ name: 'c', cron: '0 3 * * MON-FRI' });
  await it.clock.advance(61_000);
  await it.crash(3 * 86_400_000 + 600_000);
  await it.clock.advance(1_000);
  assert.deepEqual(await launchedTimes(it, 'c'), ['02T03:00', '05T03:10']);
  assert.equal((await it.job('c'))['schedule'], 'cron 0 3 * * MON-FRI');
  const next = await it.http('GET', '/v1/scheduler/jobs/c/next?count=2');
  assert.deepEqual(next.json, {
    job: 'c',
    disabled: false,
    next: ['2026-01-06T03:00:00.000Z', '2026-01-07T03:00:00.000Z'],
  });
});

test('posting a cron job again with the same expression changes no start', async (t) => {
  const it = await new ChronosTester({}, Date.UTC(2026, 0, 1, 2, 59)).start();
  t.after(() => it.chronos.stop());
  const job = { name: 'c', schedule: 'cron 0 3 * * *' };
  await it.post({ ...job, disabled: true });
  await it.clock.advance(120_000);
  await it.post(job);
  await it.clock.advance(1_000);
  assert.deepEqual(await launchedTimes(it, 'c'), ['01T03:01'], 'the start it missed when disabled');
});

const REFUSED: readonly (readonly [object, string])[] = [
  [{ cron: '0 3 * *' }, "Cannot parse schedule 'cron 0 3 * *' (wtf bro)"],
  [{ cron: '@daily', schedule: 'R//P1D' }, "'cron' is given as well as schedule"],
  [{ schedule: 'R//P1D', overlap: 'maybe' }, "'overlap' is not one of skip, queue, replace"],
  [
    { schedule: 'R//P1D', overlap: 'skip', concurrent: true },
    "'overlap' is given, but concurrent runs may overlap",
  ],
];

for (const [fields, message] of REFUSED) {
  test(`${JSON.stringify(fields)} is refused`, async (t) => {
    const it = await new ChronosTester().start();
    t.after(() => it.chronos.stop());
    const reply = await it.http('POST', '/scheduler/iso8601', { name: 'a', ...fields });
    assert.equal(reply.status, 400);
    assert.deepEqual(reply.json, { message, status: 'Bad Request' });
  });
}

/** Posted schedule and epsilon, and the next starts at 2026-01-01T00:00:10Z, in seconds after midnight. */
const NEXT: readonly (readonly [
  schedule: string,
  epsilon: string | undefined,
  readonly number[],
])[] = [
  ['R/2026-01-01T00:01:00Z/PT1M', undefined, [60, 120, 180]],
  ['R2/2026-01-01T00:01:00Z/PT1M', undefined, [60, 120]],
  ['R0/2026-01-01T00:01:00Z/PT1M', undefined, []],
  ['R/2025-12-31T00:00:05Z/PT1M', undefined, [10, 65, 125]],
  ['R2/2025-12-31T00:00:05Z/PT1M', undefined, [10, 65]],
  ['R/2025-12-31T00:00:05Z/P', undefined, [10]],
  ['R/2025-12-31T00:00:05Z/PT1M', 'PT1H', [65, 125, 185]],
];

for (const [schedule, epsilon, expected] of NEXT) {
  test(`the next starts of ${schedule} with epsilon ${epsilon ?? '-'} are ${expected}`, async (t) => {
    const it = await new ChronosTester({ master: 'm:5050' }).start();
    t.after(() => it.chronos.stop());
    await it.clock.advance(10_000 - 10);
    // Disabled, so that nothing is launched meanwhile.
    await it.post({ name: 'a', schedule, disabled: true, ...(epsilon && { epsilon }) });
    const { json } = await it.http('GET', '/scheduler/job/a/next?count=3');
    const next: readonly string[] = Object(json).next;
    assert.deepEqual(
      next.map((at) => (Date.parse(at) - Date.UTC(2026, 0, 1)) / 1_000),
      expected,
    );
  });
}

test('a dependent job has no next starts; a bad count and an unknown job are refused', async (t) => {
  const it = await new ChronosTester().start();
  t.after(() => it.chronos.stop());
  await it.post({ name: 'a', schedule: 'R/2030/P1D' });
  await it.post({ name: 'b', parents: ['a'] });
  const next = async (path: string) => (await it.http('GET', `/scheduler/jobs/${path}`)).json;
  assert.deepEqual(await next('b/next'), { job: 'b', disabled: false, next: [] });
  assert.equal(
    Object(await next('a/next?count=5000')).message,
    "'count' is not a number up to 1000",
  );
  assert.match(Object(await next('x/next')).message, /Job 'x' not found$/);
});

test('it is said why a start is late', async (t) => {
  const it = await new ChronosTester().start();
  t.after(() => it.chronos.stop());
  it.cluster.plan = () => undefined;
  await it.post({ name: 'big', schedule: 'R/2026-01-01T00:00:05Z/P1D', cpus: 99 });
  await it.post({ name: 'busy', schedule: 'R/2026-01-01T00:00:05Z/PT10S' });
  await it.post({ name: 'off', schedule: 'R/2026-01-01T00:00:05Z/PT10S', disabled: true });
  await it.clock.advance(20_000);
  const waiting = async (name: string) =>
    Object((await it.http('GET', `/scheduler/job/${name}/next`)).json).waiting;
  assert.deepEqual(await waiting('big'), {
    since: '2026-01-01T00:00:05.000Z',
    reason: 'no offer yet that has 99 cpus, 16 MB of memory, 1 MB of disk',
  });
  assert.deepEqual(await waiting('busy'), {
    since: '2026-01-01T00:00:15.000Z',
    reason: 'an earlier run has not ended',
  });
  assert.equal((await waiting('off')).reason, 'the job is disabled');
});
