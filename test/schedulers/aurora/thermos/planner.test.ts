import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planOf, scheduleOf } from '../../../../schedulers/aurora/thermos/machine/planner.ts';
import type { ProcessState, ProcessStatus } from '../../../../schedulers/aurora/thrift/types.ts';
import { type TaskText, taskOf } from './thermos-tester.ts';

type Runs = Readonly<Record<string, readonly ProcessState[]>>;

function plan(task: TaskText, runs: Runs, at = 0) {
  const statuses = (name: string): readonly ProcessStatus[] =>
    (runs[name] ?? []).map((state) => ({ state, fork_time: 0 }));
  return planOf(scheduleOf(taskOf(task), false), statuses, at);
}

test('a process waits for all that are in front of it in any order', () => {
  const task = {
    processes: ['a', 'b', 'c', 'd'].map((name) => ({ name })),
    order: [
      ['a', 'b', 'd'],
      ['c', 'd'],
    ],
  };
  assert.deepEqual(plan(task, {}).runnable, ['a', 'c']);
  assert.deepEqual(plan(task, { a: ['SUCCESS'], b: ['SUCCESS'], c: ['RUNNING'] }).runnable, []);
  assert.deepEqual(plan(task, { a: ['SUCCESS'], b: ['SUCCESS'], c: ['SUCCESS'] }).runnable, ['d']);
});

test('no more processes run at once than the task allows', () => {
  const task = { processes: ['a', 'b', 'c'].map((name) => ({ name })), max_concurrency: 2 };
  assert.deepEqual(plan(task, {}).runnable, ['a', 'b']);
  assert.deepEqual(plan(task, { a: ['FORKED'] }).runnable, ['b']);
  assert.deepEqual(plan(task, { a: ['FORKED'], b: ['WAITING'] }).runnable, []);
});

test('the least time between two launches counts from launch to launch', () => {
  const task = { processes: [{ name: 'a', max_failures: 0, min_duration: 5 }] };
  assert.deepEqual(plan(task, { a: ['FAILED'] }, 4_999).runnable, []);
  assert.equal(plan(task, { a: ['FAILED'] }, 4_999).nextAt, 5_000);
  assert.deepEqual(plan(task, { a: ['FAILED'] }, 5_000).runnable, ['a']);
});

test('what a run counts for depends on how it ended', () => {
  const of = (runs: readonly ProcessState[], process = {}): string => {
    const { finished, failed, runnable } = plan(
      { processes: [{ name: 'a', ...process }] },
      { a: runs },
      1,
    );
    return finished.has('a') ? 'finished' : failed.has('a') ? 'failed' : runnable.join();
  };
  assert.equal(of(['SUCCESS']), 'finished');
  assert.equal(of(['SUCCESS'], { daemon: true }), 'a');
  assert.equal(of(['FAILED']), 'failed');
  assert.equal(of(['FAILED'], { ephemeral: true }), 'finished');
  assert.equal(of(['FAILED'], { max_failures: 2 }), 'a');
  assert.equal(of(['FAILED', 'LOST', 'KILLED', 'FAILED'], { max_failures: 2 }), 'failed');
  assert.equal(of(['FAILED', 'FAILED'], { max_failures: 0 }), 'a');
  assert.equal(of(['KILLED']), 'a');
  assert.equal(of(['LOST']), 'a');
});

test('after a hundred runs a process has failed, however they ended', () => {
  const task = { processes: [{ name: 'a', daemon: true }] };
  const runs = (count: number): Runs => ({ a: Array(count).fill('SUCCESS') });
  assert.deepEqual(plan(task, runs(99), 1).runnable, ['a']);
  assert.deepEqual([...plan(task, runs(100), 1).failed], ['a']);
});

test('a task is complete without its ephemeral processes, and stuck behind a failed one', () => {
  const task = {
    processes: [{ name: 'a' }, { name: 'b' }, { name: 'e', ephemeral: true }],
    order: [['a', 'b']],
  };
  assert.equal(plan(task, { a: ['SUCCESS'], b: ['FAILED'] }).isComplete, true);
  assert.equal(plan(task, { a: ['FAILED'], e: ['SUCCESS'] }).isStuck, true);
  assert.equal(plan(task, { a: ['FAILED'], e: ['RUNNING'] }).isStuck, false);
});
