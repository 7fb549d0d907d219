import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { RunnerState } from '../../../../schedulers/aurora/thermos/machine/runner-state.ts';
import { NEXT_PROCESS, NEXT_TASK } from '../../../../schedulers/aurora/thermos/machine/states.ts';
import type { ProcessState, ThermosTaskState } from '../../../../schedulers/aurora/thrift/types.ts';
import { RunnerTester } from './thermos-tester.ts';

const PROCESS_STATES: readonly ProcessState[] = [
  ...(['WAITING', 'FORKED', 'RUNNING', 'SUCCESS', 'KILLED', 'FAILED', 'LOST'] as const),
];
const TASK_STATES: readonly ThermosTaskState[] = [
  ...(['ACTIVE', 'SUCCESS', 'FAILED', 'KILLED', 'LOST', 'CLEANING', 'FINALIZING'] as const),
];

/** Spec thermos, section 2: what follows what. */
const PROCESS_PAIRS = new Set([
  ...['WAITING FORKED', 'WAITING FAILED', 'FORKED RUNNING', 'FORKED KILLED', 'FORKED LOST'],
  ...['RUNNING SUCCESS', 'RUNNING FAILED', 'RUNNING KILLED', 'RUNNING LOST'],
  ...['SUCCESS WAITING', 'FAILED WAITING', 'KILLED WAITING', 'LOST WAITING'],
]);
const TASK_PAIRS = new Set([
  // Without a runner the end is written at once.
  ...['CLEANING', 'KILLED', 'LOST'].map((to) => `ACTIVE ${to}`),
  ...['FINALIZING', 'SUCCESS', 'FAILED', 'KILLED', 'LOST'].map((to) => `CLEANING ${to}`),
  ...['SUCCESS', 'FAILED', 'KILLED', 'LOST'].map((to) => `FINALIZING ${to}`),
]);

/** The shortest way to a state. */
const WAYS: Readonly<Record<ProcessState, readonly ProcessState[]>> = {
  WAITING: ['WAITING'],
  FORKED: ['WAITING', 'FORKED'],
  RUNNING: ['WAITING', 'FORKED', 'RUNNING'],
  SUCCESS: ['WAITING', 'FORKED', 'RUNNING', 'SUCCESS'],
  KILLED: ['WAITING', 'FORKED', 'RUNNING', 'KILLED'],
  FAILED: ['WAITING', 'FORKED', 'RUNNING', 'FAILED'],
  LOST: ['WAITING', 'FORKED', 'RUNNING', 'LOST'],
};

for (const from of PROCESS_STATES) {
  for (const to of PROCESS_STATES) {
    const isAllowed = PROCESS_PAIRS.has(`${from} ${to}`);
    test(`a stream that takes a process from ${from} to ${to} is ${isAllowed ? 'read' : 'refused'}`, () => {
      const state = new RunnerState();
      for (const [seq, each] of WAYS[from].entries()) {
        state.apply({ process_status: { seq, process: 'p', state: each } });
      }
      const seq = state.nextSeq('p');
      const applied = state.apply({ process_status: { seq, process: 'p', state: to } });
      assert.equal(applied.ok, isAllowed);
      if (to !== 'WAITING') assert.equal(NEXT_PROCESS[from].includes(to), isAllowed);
    });
  }
}

for (const from of TASK_STATES) {
  for (const to of TASK_STATES) {
    const isAllowed = TASK_PAIRS.has(`${from} ${to}`);
    test(`a stream that takes a task from ${from} to ${to} is ${isAllowed || from === to ? 'read' : 'refused'}`, () => {
      const state = new RunnerState();
      state.apply({ task_status: { state: 'ACTIVE' } });
      if (from !== 'ACTIVE') state.apply({ task_status: { state: 'CLEANING' } });
      if (from !== 'ACTIVE' && from !== 'CLEANING') state.apply({ task_status: { state: from } });
      // A runner that goes on says the state again.
      assert.equal(state.apply({ task_status: { state: to } }).ok, isAllowed || from === to);
      assert.equal(NEXT_TASK[from].includes(to), isAllowed);
    });
  }
}

test('a record out of order is dropped, and only what has changed is taken over', () => {
  const state = new RunnerState();
  const said = [
    { seq: 0, process: 'p', state: 'WAITING' },
    { seq: 1, process: 'p', state: 'FORKED', coordinator_pid: 7, fork_time: 1 },
    { seq: 1, process: 'p', state: 'LOST' },
    { seq: 3, process: 'p', state: 'SUCCESS' },
    { seq: 2, process: 'p', state: 'RUNNING', pid: 8, start_time: 2 },
  ] as const;
  const applied = said.map((each) => state.apply({ process_status: each }));
  assert.deepEqual(
    applied.map((each) => each.ok && each.value),
    ['applied', 'applied', 'out-of-order', 'out-of-order', 'applied'],
  );
  assert.deepEqual(state.latest('p'), {
    ...{ seq: 2, process: 'p', state: 'RUNNING', coordinator_pid: 7, fork_time: 1, pid: 8 },
    start_time: 2,
  });
});

test('processes run in their order, then the final ones, then the task has ended', () => {
  new RunnerTester({
    processes: [{ name: 'a' }, { name: 'b' }, { name: 'z', final: true }],
    order: [['a', 'b']],
  })
    .does('ACTIVE', 'launch a 0')
    .runs('a', 'SUCCESS')
    .does('launch b 0')
    .runs('b', 'SUCCESS')
    .does('CLEANING', 'terminate', 'FINALIZING', 'kill-all', 'launch z 0')
    .runs('z', 'FAILED')
    // A final process that fails changes nothing.
    .does('kill-all', 'SUCCESS');
});

test('a process is tried as often as it may fail, and its successors never run', () => {
  new RunnerTester({
    processes: [{ name: 'a', max_failures: 2 }, { name: 'b' }],
    order: [['a', 'b']],
    max_failures: 0,
  })
    .does('ACTIVE', 'launch a 0')
    .runs('a', 'FAILED')
    .does('launch a 1')
    .runs('a', 'KILLED')
    .does('launch a 2')
    .runs('a', 'FAILED')
    .does('CLEANING', 'terminate', 'FINALIZING', 'kill-all', 'kill-all', 'FAILED');
});

test('a killed task has a minute, whatever its finalization wait, and skips what is late', () => {
  new RunnerTester({
    processes: [{ name: 'a' }, { name: 'z', final: true }],
    finalization_wait: 300,
  })
    .process('a', 'FORKED', 'RUNNING')
    .does('ACTIVE', 'launch a 0')
    .give({ kind: 'kill' })
    .does('CLEANING', 'terminate a')
    .advance(59.9)
    .does()
    .advance(0.1)
    .does('kill-all', 'KILLED');
});

test('the final processes of a killed task share its minute', () => {
  new RunnerTester({ processes: [{ name: 'a' }, { name: 'z', final: true }] })
    .process('a', 'FORKED', 'RUNNING')
    .give({ kind: 'kill' })
    .advance(40)
    .process('a', 'KILLED')
    .does('ACTIVE', 'launch a 0', 'CLEANING', 'terminate a', 'FINALIZING', 'kill-all', 'launch z 0')
    .process('z', 'FORKED', 'RUNNING')
    .advance(20)
    .does('kill-all', 'KILLED');
});

test('a lost task waits for nothing', () => {
  new RunnerTester({ processes: [{ name: 'a' }, { name: 'z', final: true }] })
    .process('a', 'FORKED', 'RUNNING')
    .give({ kind: 'lose' })
    .does('ACTIVE', 'launch a 0', 'CLEANING', 'terminate a', 'kill-all', 'LOST');
});

test('daemons and ephemeral processes end when the others have', () => {
  new RunnerTester({
    processes: [{ name: 'a' }, { name: 'd', daemon: true, ephemeral: true, min_duration: 10 }],
  })
    .does('ACTIVE', 'launch a 0', 'launch d 0')
    .runs('d', 'SUCCESS')
    .advance(9)
    .does()
    .advance(1)
    .does('launch d 1')
    .process('d', 'FORKED', 'RUNNING')
    .runs('a', 'SUCCESS')
    .does('CLEANING', 'terminate d')
    .process('d', 'KILLED')
    .does('FINALIZING', 'kill-all', 'kill-all', 'SUCCESS');
});

test('a process that begins while the others are told to end is told, too', () => {
  new RunnerTester({ processes: [{ name: 'a' }] })
    .process('a', 'FORKED')
    .give({ kind: 'kill' })
    .does('ACTIVE', 'launch a 0', 'CLEANING', 'terminate a')
    .process('a', 'RUNNING')
    .does('terminate a');
});

test('a coordinator that says FORKED and nothing else is lost after a minute, and its process runs again', () => {
  new RunnerTester({ processes: [{ name: 'a' }] })
    .process('a', 'FORKED')
    .advance(59)
    .does('ACTIVE', 'launch a 0')
    .advance(1)
    .does('kill a', 'launch a 1');
});

test('a process whose coordinator is gone is lost; one that had none yet has failed', () => {
  new RunnerTester({ processes: [{ name: 'a' }, { name: 'b' }], max_failures: 2 })
    .process('a', 'FORKED', 'RUNNING')
    .give({ kind: 'coordinator-gone', process: 'a' })
    .give({ kind: 'coordinator-gone', process: 'b' })
    .does('ACTIVE', 'launch a 0', 'launch b 0', 'kill a', 'launch a 1')
    .runs('a', 'SUCCESS')
    .does('CLEANING', 'terminate', 'FINALIZING', 'kill-all', 'kill-all', 'SUCCESS');
});

test('what a lost coordinator still says is not believed', () => {
  const it = new RunnerTester({ processes: [{ name: 'a', min_duration: 1_000 }] });
  it.process('a', 'FORKED').advance(60).process('a', 'SUCCESS');
  assert.equal(it.machine.state.latest('a')?.state, 'LOST');
});

test('another runner goes on where the first one died, and starts again only what may not have begun', () => {
  new RunnerTester({ processes: [{ name: 'a' }, { name: 'b' }] })
    .process('a', 'FORKED', 'RUNNING')
    .does('ACTIVE', 'launch a 0', 'launch b 0')
    .restart()
    .does('ACTIVE', 'launch b 0')
    .process('a', 'SUCCESS')
    .runs('b', 'SUCCESS')
    .does('CLEANING', 'terminate', 'FINALIZING', 'kill-all', 'kill-all', 'SUCCESS');
});

test('the time to clean up goes on while no runner lives', () => {
  const it = new RunnerTester({
    processes: [{ name: 'a' }, { name: 'd', ephemeral: true }],
    finalization_wait: 30,
  });
  it.process('d', 'FORKED', 'RUNNING').runs('a', 'SUCCESS');
  it.does('ACTIVE', 'launch a 0', 'launch d 0', 'CLEANING', 'terminate d');
  it.now += 31_000;
  it.restart().does('CLEANING', 'kill-all', 'SUCCESS');
});

test('whatever processes do, a task ends, and every runner reads what was written', () => {
  const ends = fc.constantFrom<ProcessState>('SUCCESS', 'FAILED', 'KILLED', 'LOST');
  fc.assert(
    fc.property(fc.array(ends, { maxLength: 300 }), fc.nat(3), (given, failures) => {
      const it = new RunnerTester({
        processes: [
          ...[
            { name: 'a', max_failures: failures },
            { name: 'b', max_failures: failures },
          ],
          { name: 'z', final: true },
        ],
        order: [['a', 'b']],
      });
      const left = [...given];
      for (let round = 0; round < 400; round += 1) {
        const waiting = [...it.machine.state.processes].find(
          ([, runs]) => runs.at(-1)?.state === 'WAITING',
        );
        if (waiting === undefined) break;
        it.runs(waiting[0], left.pop() ?? 'SUCCESS');
        if (round % 7 === 3) it.restart();
      }
      assert.deepEqual(NEXT_TASK[it.machine.state.taskState ?? 'ACTIVE'], []);
      for (const runs of it.machine.state.processes.values()) assert.ok(runs.length <= 100);
    }),
    { numRuns: 30 },
  );
});
