/** States of an update and the calls that change them (spec aurora-scheduler, section 6.2). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  calledFor,
  isAllowed,
  isRollingBack,
  type JobUpdateStatus,
  UPDATE_TRANSITIONS,
} from '../../../../schedulers/aurora/machine/update-status.ts';
import {
  ACTIVE_UPDATE,
  isActiveUpdate,
} from '../../../../schedulers/aurora/thrift/update-statuses.ts';

const ALLOWED = `
ROLLING_FORWARD > ROLLING_BACK ROLL_FORWARD_PAUSED ROLL_FORWARD_AWAITING_PULSE ROLLED_FORWARD ABORTED FAILED ERROR
ROLLING_BACK > ROLL_BACK_PAUSED ROLL_BACK_AWAITING_PULSE ROLLED_BACK ABORTED FAILED ERROR
ROLL_FORWARD_PAUSED > ROLLING_FORWARD ROLL_FORWARD_AWAITING_PULSE ROLLING_BACK ABORTED ERROR
ROLL_BACK_PAUSED > ROLLING_BACK ROLL_BACK_AWAITING_PULSE ABORTED ERROR
ROLL_FORWARD_AWAITING_PULSE > ROLLING_FORWARD ROLL_FORWARD_PAUSED ROLLING_BACK ABORTED ERROR
ROLL_BACK_AWAITING_PULSE > ROLLING_BACK ROLL_BACK_PAUSED ABORTED ERROR
`;
const STATES = Object.keys(UPDATE_TRANSITIONS).filter(
  (name): name is JobUpdateStatus => name in UPDATE_TRANSITIONS,
);

test('each pair of states is allowed exactly as the spec has it', () => {
  const allowed = new Set(
    ALLOWED.trim()
      .split('\n')
      .flatMap((line) => {
        const [from = '', to = ''] = line.split(' > ');
        return to.split(' ').map((each) => `${from} > ${each}`);
      }),
  );
  for (const from of STATES) {
    for (const to of STATES) {
      assert.equal(isAllowed(from, to), allowed.has(`${from} > ${to}`), `${from} > ${to}`);
    }
  }
});

test('the states without a way out are the ended ones', () => {
  for (const status of STATES) {
    assert.equal(isActiveUpdate(status), UPDATE_TRANSITIONS[status].length > 0, status);
  }
  assert.deepEqual(ACTIVE_UPDATE.filter(isRollingBack), [
    'ROLLING_BACK',
    'ROLL_BACK_PAUSED',
    'ROLL_BACK_AWAITING_PULSE',
  ]);
});

/** Per state: pause, resume, resume with pulses expired, abort, rollback, pulse; undefined where it is refused. */
const CALLS: { readonly [from in JobUpdateStatus]?: readonly (string | undefined)[] } = {
  ROLLING_FORWARD: [
    'ROLL_FORWARD_PAUSED',
    'ROLLING_FORWARD',
    undefined,
    'ABORTED',
    'ROLLING_BACK',
    'ROLLING_FORWARD',
  ],
  ROLLING_BACK: [
    'ROLL_BACK_PAUSED',
    'ROLLING_BACK',
    undefined,
    'ABORTED',
    'ROLLING_BACK',
    'ROLLING_BACK',
  ],
  ROLL_FORWARD_PAUSED: [
    'ROLL_FORWARD_PAUSED',
    'ROLLING_FORWARD',
    'ROLL_FORWARD_AWAITING_PULSE',
    'ABORTED',
    'ROLLING_BACK',
    'ROLL_FORWARD_PAUSED',
  ],
  ROLL_BACK_PAUSED: [
    'ROLL_BACK_PAUSED',
    'ROLLING_BACK',
    'ROLL_BACK_AWAITING_PULSE',
    'ABORTED',
    'ROLLING_BACK',
    'ROLL_BACK_PAUSED',
  ],
  ROLL_FORWARD_AWAITING_PULSE: [
    'ROLL_FORWARD_PAUSED',
    undefined,
    'ROLL_FORWARD_AWAITING_PULSE',
    'ABORTED',
    'ROLLING_BACK',
    'ROLLING_FORWARD',
  ],
  ROLL_BACK_AWAITING_PULSE: [
    'ROLL_BACK_PAUSED',
    undefined,
    'ROLL_BACK_AWAITING_PULSE',
    'ABORTED',
    'ROLLING_BACK',
    'ROLLING_BACK',
  ],
};

test('a call leads each active update to its state in the same direction', () => {
  for (const from of ACTIVE_UPDATE) {
    assert.deepEqual(
      [
        calledFor('pause', from, false),
        calledFor('resume', from, false),
        calledFor('resume', from, true),
        calledFor('abort', from, false),
        calledFor('rollback', from, false),
        calledFor('pulse', from, false),
      ],
      CALLS[from],
      from,
    );
  }
});

test('an ended update can be asked for nothing', () => {
  for (const from of STATES.filter((status) => !isActiveUpdate(status))) {
    for (const call of ['pause', 'resume', 'rollback', 'pulse'] as const) {
      assert.equal(calledFor(call, from, false), undefined, `${call} ${from}`);
    }
    assert.equal(isAllowed(from, 'ABORTED'), false);
  }
});
