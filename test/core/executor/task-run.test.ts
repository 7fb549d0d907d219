import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SeededRandom } from '../../../core/base/random.ts';
import type { HostedTask } from '../../../core/executor/hosted.ts';
import { newRunState, type RunEffect, TaskRun } from '../../../core/executor/task-run.ts';
import {
  exitedWith,
  NO_PROCESS,
  signalledWith,
  UNKNOWN_STATUS,
} from '../../../core/executor/wait-status.ts';

const COMMAND = { shell: true, value: 'sleep 1', arguments: [], environment: {} };
const TIMING = { delayMs: 0, intervalMs: 1_000, timeoutMs: 2_000 };

interface Setting {
  readonly task?: Partial<HostedTask>;
  readonly kind?: 'command' | 'group';
  readonly sendsKilling?: boolean;
}

function runOf(setting: Setting = {}): TaskRun {
  const task: HostedTask = {
    taskId: 't1',
    command: COMMAND,
    killGraceMs: 3_000,
    maxCompletionMs: 0,
    ...setting.task,
  };
  const { kind = 'command', sendsKilling = true } = setting;
  return new TaskRun(task, newRunState(), { kind, sendsKilling }, new SeededRandom(1));
}

function startedRun(setting: Setting = {}): TaskRun {
  const run = runOf(setting);
  run.launch(0);
  run.spawned(42, 0);
  return run;
}

/** Effects as words: `TASK_RUNNING`, `SIGTERM`, `probe health`, `ended`. */
function words(effects: readonly RunEffect[]): string[] {
  return effects.map((effect) => {
    switch (effect.kind) {
      case 'update': {
        const { state, message, healthy, reason } = effect.update;
        return [state, message, reason, healthy === undefined ? undefined : `healthy=${healthy}`]
          .filter((each) => each !== undefined)
          .join(' | ');
      }
      case 'signal':
        return effect.signal;
      case 'probe':
        return `probe ${effect.probe}`;
      default:
        return effect.kind;
    }
  });
}

test('a task says STARTING before its process is made and RUNNING as soon as it exists', () => {
  const run = runOf();
  assert.deepEqual(words(run.launch(0)), ['TASK_STARTING', 'spawn']);
  assert.deepEqual(words(run.spawned(42, 0)), ['TASK_RUNNING']);
});

test('a task that an older launcher recorded without STARTING says it before RUNNING', () => {
  const run = runOf();
  run.launch(0);
  run.state.last = undefined;
  assert.deepEqual(words(run.spawned(42, 0)), ['TASK_STARTING', 'TASK_RUNNING']);
});

test('a task that is killed before its process exists is never said to run', () => {
  const run = runOf();
  run.launch(0);
  assert.deepEqual(words(run.kill(undefined, 0)), ['TASK_KILLING', 'SIGTERM']);
  assert.deepEqual(words(run.spawned(42, 0)), []);
  assert.deepEqual(words(run.exited(signalledWith('SIGTERM'), 0)), [
    'TASK_KILLED | Command terminated with signal Terminated',
    'ended',
  ]);
});

test('a program that cannot be started counts as one that exited with status 1', () => {
  const run = runOf();
  run.launch(0);
  assert.deepEqual(words(run.spawned(undefined, 0)), [
    'TASK_RUNNING',
    'TASK_FAILED | Command exited with status 1',
    'ended',
  ]);
});

/** Phase, cause of a kill, wait status, and the words of the terminal update. */
const TERMINAL: readonly (readonly [string, (run: TaskRun) => unknown, number, string])[] = [
  ['running', () => [], exitedWith(0), 'TASK_FINISHED | Command exited with status 0'],
  ['running', () => [], exitedWith(3), 'TASK_FAILED | Command exited with status 3'],
  [
    'running',
    () => [],
    signalledWith('SIGKILL'),
    'TASK_FAILED | Command terminated with signal Killed',
  ],
  [
    'running',
    () => [],
    signalledWith('SIGSEGV'),
    'TASK_FAILED | Command terminated with signal Segmentation fault',
  ],
  ['running', () => [], UNKNOWN_STATUS, 'TASK_FAILED | Failed to get exit status for Command'],
  [
    'killing',
    (run) => run.kill(undefined, 1),
    signalledWith('SIGTERM'),
    'TASK_KILLED | Command terminated with signal Terminated',
  ],
  [
    'killing',
    (run) => run.kill(undefined, 1),
    exitedWith(0),
    'TASK_KILLED | Command exited with status 0',
  ],
  [
    'killing',
    (run) => run.kill(undefined, 1),
    UNKNOWN_STATUS,
    'TASK_FAILED | Failed to get exit status for Command',
  ],
];

test('the terminal update follows from how the process ended and whether it was killed', () => {
  for (const [phase, prepare, status, expected] of TERMINAL) {
    const run = startedRun();
    prepare(run);
    assert.equal(run.state.phase, phase);
    assert.deepEqual(words(run.exited(status, 2)), [expected, 'ended']);
    assert.deepEqual(run.exited(status, 3), [], 'nothing follows a terminal update');
    assert.deepEqual(run.kill(0, 3), []);
    assert.deepEqual(run.woke(1e9), []);
  }
});

test('a task of a group whose container nobody knows has failed, or was killed', () => {
  const lost = startedRun({ kind: 'group' });
  assert.deepEqual(words(lost.exited(NO_PROCESS, 2)), [
    "TASK_FAILED | Unable to retrieve command's termination information",
    'ended',
  ]);
  const killed = startedRun({ kind: 'group' });
  killed.kill(undefined, 1);
  assert.deepEqual(words(killed.exited(NO_PROCESS, 2)), ['TASK_KILLED', 'ended']);
});

test('a kill is SIGTERM, then SIGKILL after the grace period', () => {
  const run = startedRun();
  assert.deepEqual(words(run.kill(undefined, 1_000)), ['TASK_KILLING', 'SIGTERM']);
  assert.equal(run.nextWake(), 4_000);
  assert.deepEqual(run.woke(3_999), []);
  assert.deepEqual(words(run.woke(4_000)), ['SIGKILL']);
  assert.equal(run.nextWake(), undefined);
});

test('TASK_KILLING is for frameworks that know it', () => {
  const run = startedRun({ sendsKilling: false });
  assert.deepEqual(words(run.kill(undefined, 0)), ['SIGTERM']);
});

test('a second kill may shorten the time left, never lengthen it', () => {
  const run = startedRun();
  run.kill(10_000, 0);
  assert.deepEqual(run.kill(20_000, 1_000), []);
  assert.equal(run.nextWake(), 10_000);
  assert.deepEqual(run.kill(2_000, 1_000), []);
  assert.equal(run.nextWake(), 2_000);
  const late = startedRun();
  late.kill(10_000, 0);
  assert.deepEqual(words(late.kill(1_000, 5_000)), ['SIGKILL']);
});

test('a second kill of a task in a group is ignored', () => {
  const run = startedRun({ kind: 'group' });
  run.kill(10_000, 0);
  assert.deepEqual(run.kill(1_000, 5_000), []);
  assert.equal(run.nextWake(), 10_000);
});

test('a task that takes longer than allowed is killed at once and fails with a reason', () => {
  const run = startedRun({ task: { maxCompletionMs: 5_000 } });
  assert.equal(run.nextWake(), 5_000);
  assert.deepEqual(words(run.woke(5_000)), ['SIGTERM', 'SIGKILL']);
  assert.deepEqual(words(run.exited(signalledWith('SIGTERM'), 5_001)), [
    'TASK_FAILED | Command terminated with signal Terminated | REASON_MAX_COMPLETION_TIME_REACHED',
    'ended',
  ]);
});

const HEALTH = {
  ...TIMING,
  type: 'COMMAND' as const,
  command: COMMAND,
  gracePeriodMs: 0,
  consecutiveFailures: 2,
};
const result = (exitCode: number) => ({ type: 'COMMAND', exitCode }) as const;
const HEALTH_REASON = 'REASON_TASK_HEALTH_CHECK_STATUS_UPDATED';

test('health is told at its first success and at each failure, and too many failures kill', () => {
  const run = startedRun({ task: { healthCheck: HEALTH } });
  assert.deepEqual(words(run.woke(0)), ['probe health']);
  assert.deepEqual(run.woke(500), [], 'never two runs at once');
  assert.deepEqual(words(run.probed('health', result(0), 100)), [
    `TASK_RUNNING | ${HEALTH_REASON} | healthy=true`,
  ]);
  assert.deepEqual(run.probed('health', result(0), 1_200), []);
  assert.deepEqual(words(run.probed('health', result(1), 2_300)), [
    `TASK_RUNNING | ${HEALTH_REASON} | healthy=false`,
  ]);
  assert.deepEqual(words(run.probed('health', result(1), 3_400)), [
    `TASK_RUNNING | ${HEALTH_REASON} | healthy=false`,
    'TASK_KILLING',
    'SIGTERM',
  ]);
  assert.deepEqual(words(run.exited(signalledWith('SIGTERM'), 3_500)), [
    'TASK_KILLED | Command terminated with signal Terminated | healthy=false',
    'ended',
  ]);
});

test('failures within the grace period do not count before the first success', () => {
  const run = startedRun({ task: { healthCheck: { ...HEALTH, gracePeriodMs: 10_000 } } });
  assert.deepEqual(run.probed('health', result(1), 1_000), []);
  assert.deepEqual(run.probed('health', result(1), 9_000), []);
  assert.equal(run.probed('health', result(1), 10_000).length, 1);
});

test('a check is told only when its result changed, and starts as an empty result', () => {
  const check = { ...TIMING, type: 'COMMAND' as const, command: COMMAND };
  const run = runOf({ task: { check } });
  run.launch(0);
  const [starting] = run.spawned(1, 0);
  assert.deepEqual(starting?.kind === 'update' ? starting.update.checkStatus : undefined, {
    type: 'COMMAND',
    command: {},
  });
  const [first] = run.probed('check', result(7), 0);
  assert.deepEqual(first?.kind === 'update' ? first.update.checkStatus : undefined, {
    type: 'COMMAND',
    command: { exit_code: 7 },
  });
  assert.deepEqual(run.probed('check', result(7), 1_000), []);
});

test('the state is a JSON value from which another launcher goes on', () => {
  const run = startedRun({ task: { healthCheck: HEALTH } });
  run.kill(5_000, 1_000);
  const copy = JSON.parse(JSON.stringify(run.state));
  const next = new TaskRun(
    run.task,
    copy,
    { kind: 'command', sendsKilling: true },
    new SeededRandom(2),
  );
  assert.equal(next.nextWake(), 6_000);
  assert.deepEqual(words(next.woke(6_000)), ['SIGKILL']);
});
