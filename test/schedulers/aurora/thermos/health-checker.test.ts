import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SimulatedClock } from '../../../../core/testing/clock.ts';
import type { HealthCheck } from '../../../../schedulers/aurora/config/task-instance.ts';
import {
  HealthChecker,
  judgeAnswer,
} from '../../../../schedulers/aurora/thermos/health-checker.ts';
import {
  type CheckResult,
  HEALTHY,
} from '../../../../schedulers/aurora/thermos/machine/health-record.ts';

const CONFIG: HealthCheck = {
  http: { endpoint: '/health', expectedResponse: 'ok', expectedResponseCode: 0 },
  shellCommand: undefined,
  initialIntervalSecs: 15,
  intervalSecs: 10,
  maxConsecutiveFailures: 0,
  minConsecutiveSuccesses: 1,
  timeoutSecs: 1,
};
const BAD: CheckResult = { isHealthy: false, reason: 'bad' };

/** One letter for each check: `+` healthy, `-` not, `z` snoozed. Gives the state after each. */
async function statesOf(checks: string, changes: Partial<HealthCheck> = {}): Promise<string> {
  const clock = new SimulatedClock();
  let made = 0;
  const checker = new HealthChecker(
    { ...CONFIG, ...changes },
    {
      clock,
      check: async () => (checks[made++] === '+' ? HEALTHY : BAD),
      isSnoozed: () => {
        const isSnoozed = checks[made] === 'z';
        if (isSnoozed) made += 1;
        return isSnoozed;
      },
    },
  );
  const states: string[] = [];
  await clock.advance(0);
  for (const _ of checks) {
    const { state, message } = checker.report();
    states.push(state === 'FAILED' ? message : state);
    await clock.advance(10_000);
  }
  await checker.stop();
  return states.join(' | ');
}

test('a task runs with its first healthy check, however many bad ones are forgiven before', async () => {
  assert.equal(await statesOf('+++'), 'RUNNING | RUNNING | RUNNING');
  assert.equal(await statesOf('-+'), 'STARTING | RUNNING');
});

test('a task that is not healthy in time has failed', async () => {
  assert.equal(await statesOf('---'), 'STARTING | STARTING | Failed health check! bad');
});

test('a running task may fail as often as it says, one after another', async () => {
  const changes = { maxConsecutiveFailures: 1, initialIntervalSecs: 0 };
  assert.equal(await statesOf('+-+-', changes), 'RUNNING | RUNNING | RUNNING | RUNNING');
  assert.equal(await statesOf('+--', changes), 'RUNNING | RUNNING | Failed health check! bad');
});

test('several successes one after another make a task run', async () => {
  const changes = { minConsecutiveSuccesses: 2, initialIntervalSecs: 40 };
  assert.equal(await statesOf('+-++', changes), 'STARTING | STARTING | STARTING | RUNNING');
});

test('checks that never come to enough successes end with their number', async () => {
  const changes = {
    minConsecutiveSuccesses: 2,
    initialIntervalSecs: 40,
    maxConsecutiveFailures: 3,
  };
  const states = await statesOf('+-+-+-+-+-+-', changes);
  assert.match(states, /Failed health check! Not enough successful health checks in time\.$/);
});

test('a snoozed check counts as healthy and is not made', async () => {
  assert.equal(await statesOf('zz-'), 'RUNNING | RUNNING | Failed health check! bad');
});

test('a check that throws is a failure of its own', async () => {
  const clock = new SimulatedClock();
  const checker = new HealthChecker(
    { ...CONFIG, initialIntervalSecs: 0 },
    {
      clock,
      check: () => Promise.reject(new Error('no luck')),
      isSnoozed: () => false,
    },
  );
  await clock.advance(0);
  assert.deepEqual(checker.report(), {
    state: 'FAILED',
    message: 'Failed health check! Internal health check error: no luck',
  });
  await checker.stop();
});

test('an answer is judged by its body and its code', () => {
  const expected = { endpoint: '/', expectedResponse: 'OK', expectedResponseCode: 0 };
  const reason = (changes: object, status: number, body: string): string => {
    const judged = judgeAnswer({ ...expected, ...changes }, { status, body });
    return judged.isHealthy ? '' : judged.reason;
  };
  assert.equal(reason({}, 200, ' ok\n'), '');
  assert.equal(
    reason({}, 200, 'something long'),
    'Response differs from expected response (expected "ok", got "somethi...")',
  );
  assert.equal(
    reason({}, 503, 'ok'),
    'Response differs from expected response (expected "ok", got "")',
  );
  assert.equal(
    reason({ expectedResponse: '', expectedResponseCode: 200 }, 503, 'ok'),
    'Response code differs from expected response (expected 200, got 503)',
  );
  assert.equal(reason({ expectedResponse: '' }, 503, 'ok'), '');
});
