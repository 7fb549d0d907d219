/** What owners are told (spec chronos, section 7.2), a line per event. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { decodeJob } from '../../../schedulers/chronos/job-decode.ts';
import { writeLetter } from '../../../schedulers/chronos/letters.ts';
import { CHRONOS_DEFAULTS } from '../../../schedulers/chronos/options.ts';
import type { JobNotice } from '../../../schedulers/chronos/records.ts';

const NOW = '2026-01-01T00:00:00.000Z';
const ID = 'ct:1:2:n:';

const EVENTS: readonly (readonly [JobNotice, subject: string, message: string | undefined])[] = [
  [{ kind: 'deleted' }, "Your job 'n' was deleted!", undefined],
  [
    { kind: 'exhausted' },
    "job 'n' disabled",
    "JobSchedule 'n' has exhausted all of its recurrences and has been disabled.\n" +
      'Please consider either removing your job, or updating its schedule and re-enabling it.',
  ],
  [
    { kind: 'disabled', failures: 3, taskId: ID, text: undefined },
    "job 'n' disabled",
    `\nFailed at '${NOW}', 3 failures since last success\nTask id: ${ID}\n`,
  ],
  [
    { kind: 'failed', taskId: ID, text: undefined },
    "job 'n' failed!",
    `\n'${NOW}'. Retries attempted: 2.\nTask id: ${ID}\n`,
  ],
  [
    { kind: 'failed', taskId: ID, text: 'exit status 3' },
    "job 'n' failed!",
    `\n'${NOW}'. Retries attempted: 2.\nTask id: ${ID}\n` +
      'The scheduler provided this message:\n\nexit status 3',
  ],
];

for (const [notice, subject, message] of EVENTS) {
  test(`${JSON.stringify(notice)} is told as "${subject}"`, () => {
    const job = decodeJob({ name: 'n' }, CHRONOS_DEFAULTS.jobDefaults, 0);
    assert.ok(job.ok);
    const told = { kind: 'notify', job: job.value, notice, at: Date.parse(NOW) } as const;
    const plain = writeLetter(told, undefined);
    assert.deepEqual([plain.subject, plain.message], [` [Chronos] ${subject}`, message]);
    assert.equal(writeLetter(told, 'east').subject, `[east] [Chronos] ${subject}`);
  });
}
