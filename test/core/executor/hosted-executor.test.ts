import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SeededRandom } from '../../../core/base/random.ts';
import type { HostedTask } from '../../../core/executor/hosted.ts';
import {
  type HostedEffect,
  HostedExecutor,
  newHostedState,
} from '../../../core/executor/hosted-executor.ts';
import { exitedWith, signalledWith } from '../../../core/executor/wait-status.ts';

const task = (taskId: string): HostedTask => ({
  taskId,
  command: { shell: true, value: 'true', arguments: [], environment: {} },
  killGraceMs: 3_000,
  maxCompletionMs: 0,
});

function executor(kind: 'command' | 'group'): HostedExecutor {
  const options = { kind, sendsKilling: true, shutdownGraceMs: 5_000 };
  return new HostedExecutor(options, newHostedState(), new SeededRandom(1));
}

function words(effects: readonly HostedEffect[]): string[] {
  return effects.map((effect) => {
    if (effect.kind === 'update') return `${effect.update.taskId} ${effect.update.state}`;
    if (effect.kind === 'signal') return `${effect.taskId} ${effect.signal}`;
    return effect.kind === 'done' ? 'done' : `${effect.taskId} ${effect.kind}`;
  });
}

function acknowledgeAll(it: HostedExecutor): string[] {
  return it.state.updates.flatMap(({ taskId, uuid }) => words(it.acknowledged(taskId, uuid)));
}

test('the command executor ends when the terminal update is acknowledged', () => {
  const it = executor('command');
  it.run([task('t')], 0);
  it.spawned('t', 1, 0);
  assert.deepEqual(acknowledgeAll(it), []);
  it.exited('t', exitedWith(0), 1);
  assert.deepEqual(acknowledgeAll(it), ['done']);
});

test('a second task for a command executor fails with the recorded message', () => {
  const it = executor('command');
  it.run([task('t')], 0);
  it.spawned('t', 1, 0);
  const [refusal] = it.run([task('u')], 1);
  assert.ok(refusal?.kind === 'update');
  assert.equal(refusal.update.state, 'TASK_FAILED');
  assert.equal(
    refusal.update.message,
    'Attempted to run multiple tasks using a "command" executor',
  );
});

test('a task id that is known is left alone when it is handed over again', () => {
  const it = executor('command');
  it.run([task('t')], 0);
  assert.deepEqual(it.run([task('t')], 1), []);
});

test('a task that fails takes its group along, but no other group', () => {
  const it = executor('group');
  it.run([task('a'), task('b')], 0);
  it.run([task('c')], 0);
  for (const id of ['a', 'b', 'c']) it.spawned(id, 1, 0);
  assert.deepEqual(words(it.exited('a', exitedWith(1), 1)), [
    'a TASK_FAILED',
    'b TASK_KILLING',
    'b SIGTERM',
  ]);
  assert.deepEqual(words(it.exited('b', signalledWith('SIGTERM'), 2)), ['b TASK_KILLED']);
  assert.equal(it.runOf('c')?.isEnded, false);
});

test('a task that finishes leaves its group alone', () => {
  const it = executor('group');
  it.run([task('a'), task('b')], 0);
  for (const id of ['a', 'b']) it.spawned(id, 1, 0);
  assert.deepEqual(words(it.exited('a', exitedWith(0), 1)), ['a TASK_FINISHED']);
});

test('a shutdown kills the task with the shutdown grace less two seconds', () => {
  const it = executor('command');
  it.run([task('t')], 0);
  it.spawned('t', 1, 0);
  assert.deepEqual(words(it.shutdown(1_000)), ['t TASK_KILLING', 't SIGTERM']);
  assert.equal(it.nextWake(), 4_000);
});

test('a shutdown before any task ends the executor at once', () => {
  assert.deepEqual(words(executor('command').shutdown(0)), ['done']);
});

test('a group whose container could not be made never starts: that task fails, the others are killed', () => {
  const it = executor('group');
  const refused = { ...task('b'), refusal: 'no such file' };
  const effects = it.run([task('a'), refused], 0);
  assert.deepEqual(words(effects), [
    'a TASK_STARTING',
    'a TASK_KILLED',
    'b TASK_STARTING',
    'b TASK_FAILED',
  ]);
  assert.equal(it.state.updates.at(-1)?.message, 'no such file');
  assert.deepEqual(acknowledgeAll(it), ['done']);
});
