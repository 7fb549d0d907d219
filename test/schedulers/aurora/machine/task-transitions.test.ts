/** The whole table of the spec (aurora-scheduler, section 3.1), every pair of states. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  ACTIVE,
  AGENT_ASSIGNED,
  LIVE,
  TERMINAL,
} from '../../../../schedulers/aurora/machine/schedule-status.ts';
import {
  TASK_TRANSITIONS,
  type TaskFacts,
  type TaskState,
  taskTransition,
} from '../../../../schedulers/aurora/machine/task-transitions.ts';
import { ENUMS } from '../../../../schedulers/aurora/thrift/description.ts';

/** `from > to, to: effects`, for an ad-hoc task with no failures left. */
const TABLE = `
INIT > PENDING THROTTLED: save
PENDING > ASSIGNED: save
PENDING > KILLING: delete
THROTTLED > PENDING: save
THROTTLED > KILLING: delete
ASSIGNED > STARTING RUNNING: save
ASSIGNED STARTING RUNNING > FINISHED: save
ASSIGNED STARTING RUNNING > FAILED: count-failure save
ASSIGNED STARTING RUNNING > KILLED: save reschedule
ASSIGNED > LOST: save reschedule kill
STARTING RUNNING > LOST: save reschedule
ASSIGNED STARTING RUNNING > PREEMPTING RESTARTING DRAINING KILLING: save kill
STARTING > RUNNING: save
STARTING RUNNING > PARTITIONED: save
PREEMPTING RESTARTING DRAINING > FINISHED FAILED KILLED: save reschedule
PREEMPTING RESTARTING DRAINING > LOST: save reschedule kill
PREEMPTING RESTARTING DRAINING > KILLING: save
PREEMPTING RESTARTING DRAINING > PARTITIONED: save lose
KILLING > FINISHED FAILED KILLED LOST: save
KILLING > PARTITIONED: save lose
KILLING > DELETED: delete
PARTITIONED > ASSIGNED STARTING RUNNING: save
PARTITIONED > FINISHED: save
PARTITIONED > FAILED: count-failure save
PARTITIONED > LOST: save reschedule kill
PARTITIONED > KILLING RESTARTING DRAINING PREEMPTING: save lose
FINISHED FAILED KILLED LOST > DELETED: delete
`;
const KILLED_AGAIN =
  'PREEMPTING RESTARTING DRAINING KILLING FINISHED FAILED KILLED LOST UNKNOWN > ASSIGNED STARTING RUNNING';

const AD_HOC: TaskFacts = {
  isService: false,
  maxTaskFailures: 1,
  failureCount: 0,
  wasKilling: false,
};
const STATES: readonly TaskState[] = Object.keys(TASK_TRANSITIONS).filter(isState);

function isState(name: string): name is TaskState {
  return name in TASK_TRANSITIONS;
}

function pairs(line: string): string[] {
  const [from = '', to = ''] = line.split(' > ');
  return from.split(' ').flatMap((each) => to.split(' ').map((other) => `${each} > ${other}`));
}

const expected = new Map(
  TABLE.trim()
    .split('\n')
    .flatMap((line) => {
      const [where = '', effects = ''] = line.split(': ');
      return pairs(where).map((pair) => [pair, effects] as const);
    }),
);
const killedAgain = new Set(pairs(KILLED_AGAIN));

for (const from of STATES) {
  test(`a task in ${from} becomes what the table allows and nothing else`, () => {
    for (const to of STATES) {
      const pair = `${from} > ${to}`;
      const transition = taskTransition(from, to, AD_HOC);
      if (from === to) {
        assert.deepEqual(transition, { kind: 'same' }, pair);
        continue;
      }
      const effects = expected.get(pair);
      if (effects !== undefined) {
        assert.deepEqual(transition, { kind: 'done', effects: effects.split(' ') }, pair);
        continue;
      }
      const again = killedAgain.has(pair) ? ['kill'] : [];
      assert.deepEqual(transition, { kind: 'illegal', effects: again }, pair);
    }
  });
}

test('a service that ends is replaced, however often it has failed', () => {
  const service = { ...AD_HOC, isService: true, failureCount: 100 };
  for (const from of ['ASSIGNED', 'STARTING', 'RUNNING'] as const) {
    assert.deepEqual(taskTransition(from, 'FINISHED', service), {
      kind: 'done',
      effects: ['save', 'reschedule'],
    });
    assert.deepEqual(taskTransition(from, 'FAILED', service), {
      kind: 'done',
      effects: ['count-failure', 'save', 'reschedule'],
    });
  }
});

test('a service that finished behind a partition is not replaced', () => {
  const transition = taskTransition('PARTITIONED', 'FINISHED', { ...AD_HOC, isService: true });
  assert.deepEqual(transition, { kind: 'done', effects: ['save'] });
});

test('a job may fail one time less than its limit and go on', () => {
  const rows: readonly (readonly [limit: number, failures: number, isReplaced: boolean])[] = [
    [1, 0, false],
    [2, 0, true],
    [2, 1, false],
    [3, 1, true],
    [3, 2, false],
    [-1, 1_000, true],
  ];
  for (const [maxTaskFailures, failureCount, isReplaced] of rows) {
    const facts = { ...AD_HOC, maxTaskFailures, failureCount };
    for (const from of ['RUNNING', 'PARTITIONED'] as const) {
      const transition = taskTransition(from, 'FAILED', facts);
      assert.equal(
        transition.kind === 'done' && transition.effects.includes('reschedule'),
        isReplaced,
        `${from}, ${failureCount} of ${maxTaskFailures}`,
      );
    }
  }
});

test('a task that was being killed when its agent was cut off is not replaced', () => {
  const transition = taskTransition('PARTITIONED', 'LOST', { ...AD_HOC, wasKilling: true });
  assert.deepEqual(transition, { kind: 'done', effects: ['save', 'kill'] });
});

test('each status but the first one is either active or ended', () => {
  for (const status of Object.keys(ENUMS.ScheduleStatus)) {
    const groups = [ACTIVE, TERMINAL].filter((group) => new Set<string>(group).has(status));
    assert.equal(groups.length, status === 'INIT' ? 0 : 1, status);
  }
  assert.deepEqual(
    [...ACTIVE].filter((status) => !AGENT_ASSIGNED.has(status)),
    ['PENDING', 'THROTTLED'],
  );
  assert.deepEqual(
    [...AGENT_ASSIGNED].filter((status) => !LIVE.has(status)),
    ['ASSIGNED', 'STARTING'],
  );
});
