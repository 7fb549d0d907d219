/** Penalties for instances that keep ending (spec aurora-scheduler, section 3.1). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { flappingPenaltyMs, hasFlapped } from '../../../../schedulers/aurora/machine/flapping.ts';
import type { ScheduleStatus } from '../../../../schedulers/aurora/machine/schedule-status.ts';

const RULE = { thresholdMs: 300_000, initialMs: 30_000, maxMs: 300_000 };
const NEVER_MORE = { float: () => 0 };
const ALWAYS_MORE = { float: () => 0.999_999 };

function run(durationMs: number, end: ScheduleStatus = 'FAILED', between: ScheduleStatus[] = []) {
  return [
    { status: 'PENDING' as const, timestamp: 0 },
    { status: 'RUNNING' as const, timestamp: 1_000 },
    ...between.map((status) => ({ status, timestamp: 1_500 })),
    { status: end, timestamp: 1_000 + durationMs },
  ];
}

test('a run that ends before the threshold has flapped, whatever its end', () => {
  assert.equal(hasFlapped(run(299_999), RULE), true);
  assert.equal(hasFlapped(run(299_999, 'FINISHED'), RULE), true);
  assert.equal(hasFlapped(run(300_000), RULE), false);
});

test('a run that was asked to end has not flapped', () => {
  for (const status of ['RESTARTING', 'KILLING', 'DRAINING'] as const) {
    assert.equal(hasFlapped(run(10, 'KILLED', [status]), RULE), false, status);
  }
  assert.equal(hasFlapped(run(10, 'KILLED', ['PREEMPTING']), RULE), true);
});

test('a task that has not ended has not flapped', () => {
  assert.equal(hasFlapped(run(10).slice(0, 2), RULE), false);
  assert.equal(hasFlapped([], RULE), false);
});

test('the first end is free, then the penalty grows from the initial one to the maximum', () => {
  const flaps = (count: number) => Array.from({ length: count }, () => run(10));
  assert.equal(flappingPenaltyMs(flaps(0), RULE, NEVER_MORE), 0);
  assert.equal(flappingPenaltyMs(flaps(1), RULE, NEVER_MORE), 30_000);
  assert.equal(flappingPenaltyMs(flaps(5), RULE, NEVER_MORE), 30_000);
  assert.equal(flappingPenaltyMs(flaps(2), RULE, ALWAYS_MORE), 59_999 + 59_998);
  assert.equal(flappingPenaltyMs(flaps(50), RULE, ALWAYS_MORE), 300_000);
});

test('an ancestor that ran long ends the walk, and those before it are not read', () => {
  const read: number[] = [];
  function* histories() {
    for (const [index, durationMs] of [10, 10, 400_000, 10].entries()) {
      read.push(index);
      yield run(durationMs);
    }
  }
  assert.equal(flappingPenaltyMs(histories(), RULE, NEVER_MORE), 30_000);
  assert.deepEqual(read, [0, 1, 2]);
});
