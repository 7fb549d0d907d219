import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { decodeJob } from '../../../schedulers/chronos/job-decode.ts';
import { HELD_MAX, LetterBatches } from '../../../schedulers/chronos/letter-batches.ts';
import { joinLetters, type Letter } from '../../../schedulers/chronos/letters.ts';
import { CHRONOS_DEFAULTS } from '../../../schedulers/chronos/options.ts';

function letter(subject: string): Letter {
  const job = decodeJob({ name: 'a' }, CHRONOS_DEFAULTS.jobDefaults, 0);
  assert.ok(job.ok);
  return { job: job.value, subject, message: undefined };
}

test('letters go at once up to the rate, the rest goes together when there is room again', () => {
  const batches = new LetterBatches({ ratePerMinute: 2, gatherMs: 0 });
  const sent = [1, 2, 3, 4].map((number) => batches.admit('me', letter(`l${number}`), 0));
  assert.deepEqual(sent, [true, true, false, false]);
  assert.equal(batches.admit('you', letter('other'), 0), true, 'another recipient is not held up');
  assert.equal(batches.nextAt, 30_000);
  assert.deepEqual(batches.take(29_999), []);
  const [batch] = batches.take(30_000);
  assert.deepEqual(
    batch?.letters.map((each) => each.subject),
    ['l3', 'l4'],
  );
  assert.equal(batches.nextAt, undefined);
});

test('with a time to gather everything waits for it', () => {
  const batches = new LetterBatches({ ratePerMinute: 100, gatherMs: 5_000 });
  assert.equal(batches.admit('me', letter('l1'), 1_000), false);
  assert.equal(batches.admit('me', letter('l2'), 4_000), false);
  assert.equal(batches.nextAt, 6_000);
  assert.equal(batches.take(6_000)[0]?.letters.length, 2);
});

test('what is too much is counted, and said', () => {
  const batches = new LetterBatches({ ratePerMinute: 1, gatherMs: 0 });
  for (let count = 0; count < HELD_MAX + 6; count += 1) batches.admit('me', letter('l'), 0);
  const [batch] = batches.take(0, true);
  assert.equal(batch?.letters.length, HELD_MAX);
  assert.equal(batch?.droppedCount, 5);
  const joined = joinLetters(batch?.letters ?? [], batch?.droppedCount ?? 0, undefined);
  assert.equal(joined?.subject, ' [Chronos] 205 notifications');
  assert.ok(joined?.message?.endsWith('... and 5 more'));
});

test('a single letter that had to wait stays as it is', () => {
  const only = letter('l');
  assert.equal(joinLetters([only], 0, 'x'), only);
});

test('nobody gets more than the rate, and every letter is sent or counted', () => {
  const event = fc.record({ afterMs: fc.nat(20_000), to: fc.constantFrom('a', 'b') });
  fc.assert(
    fc.property(
      fc.array(event, { maxLength: 100 }),
      fc.integer({ min: 1, max: 5 }),
      (events, rate) => {
        const batches = new LetterBatches({ ratePerMinute: rate, gatherMs: 0 });
        const sent: { readonly at: number; readonly to: string; readonly count: number }[] = [];
        let now = 0;
        const flush = (until: number): void => {
          for (let at = batches.nextAt; at !== undefined && at <= until; at = batches.nextAt) {
            for (const batch of batches.take(at)) {
              const count = batch.letters.length + batch.droppedCount;
              sent.push({ at, to: batch.recipient, count });
            }
          }
        };
        for (const { afterMs, to } of events) {
          now += afterMs;
          flush(now);
          if (batches.admit(to, letter('l'), now)) sent.push({ at: now, to, count: 1 });
        }
        flush(Number.POSITIVE_INFINITY);
        assert.equal(
          sent.reduce((sum, each) => sum + each.count, 0),
          events.length,
        );
        for (const { at, to } of sent) {
          const inMinute = sent.filter(
            (each) => each.to === to && each.at <= at && each.at > at - 60_000,
          );
          // A bucket of `rate` letters that is refilled all the time lets at most twice as many pass.
          assert.ok(
            inMinute.length <= rate * 2 + 1,
            `${inMinute.length} in a minute at rate ${rate}`,
          );
        }
      },
    ),
  );
});
