import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SimulatedClock } from '../../../../core/testing/clock.ts';
import type { TaskResult } from '../../../../schedulers/aurora/thermos/machine/states.ts';
import {
  chosenReport,
  reportOfExit,
  reportOfResult,
  type TaskReport,
} from '../../../../schedulers/aurora/thermos/machine/task-report.ts';
import type { TaskRunner } from '../../../../schedulers/aurora/thermos/runner-process.ts';
import type { StatusSource } from '../../../../schedulers/aurora/thermos/status-source.ts';
import {
  ASSUMED_HEALTHY,
  TaskExecution,
} from '../../../../schedulers/aurora/thermos/task-execution.ts';

class FakeRunner implements TaskRunner {
  isStarted = true;
  ended: TaskResult | undefined;
  exit: TaskReport | undefined;

  hasStarted(): boolean {
    return this.isStarted;
  }

  result(): TaskResult | undefined {
    return this.ended;
  }

  report(): TaskReport | undefined {
    return this.ended === undefined ? this.exit : reportOfResult(this.ended);
  }

  async stop(): Promise<void> {
    this.ended ??= 'KILLED';
  }
}

class World {
  readonly clock = new SimulatedClock();
  readonly runner = new FakeRunner();
  readonly told: string[] = [];
  health: TaskReport | undefined = ASSUMED_HEALTHY;
  refusal: TaskReport | undefined;
  readonly execution = new TaskExecution(
    {
      prepare: () =>
        this.refusal === undefined ? { runner: this.runner } : { refusal: this.refusal },
      sources: () => [this.source()],
      askToEnd: async () => {
        this.told.push('asked');
      },
    },
    {
      clock: this.clock,
      tell: ({ state, message }) => this.told.push(`${state} ${message}`),
      stopLimitMs: 120_000,
    },
  );

  async run(act: () => void = () => {}): Promise<readonly string[]> {
    const done = this.execution.run();
    await this.clock.advance(1_000);
    act();
    await this.clock.advance(150_000);
    await done;
    return this.told;
  }

  private source(): StatusSource {
    return { report: () => this.health, stop: async () => {} };
  }
}

const START = 'STARTING Initializing sandbox.';
const RUNNING = `RUNNING ${ASSUMED_HEALTHY.message}`;

test('a task starts, runs and finishes', async () => {
  const world = new World();
  const told = await world.run(() => {
    world.runner.ended = 'SUCCESS';
  });
  assert.deepEqual(told, [START, RUNNING, 'FINISHED Task finished.']);
});

test('a killed task is asked, and told as killed', async () => {
  const world = new World();
  const told = await world.run(() => world.execution.end('Instructed to kill task.'));
  assert.deepEqual(told, [START, RUNNING, 'asked', 'KILLED Instructed to kill task.']);
});

test('a task that ended by itself is told so, with the message of who noticed first', async () => {
  const world = new World();
  const told = await world.run(() => {
    world.runner.ended = 'FAILED';
    world.execution.end('Instructed to kill task.');
  });
  assert.deepEqual(told, [START, RUNNING, 'FAILED Task failed.']);
});

test('a task runs only when its health says so, and its health may end it', async () => {
  const world = new World();
  world.health = { state: 'STARTING', message: '' };
  const told = await world.run(() => {
    world.health = { state: 'FAILED', message: 'Failed health check! bad' };
  });
  assert.deepEqual(told, [START, 'asked', 'FAILED Failed health check! bad']);
});

test('a task whose sandbox cannot be made has failed', async () => {
  const world = new World();
  world.refusal = { state: 'FAILED', message: 'Task initialization failed: no' };
  assert.deepEqual(await world.run(), [START, 'FAILED Task initialization failed: no']);
});

test('a runner that does not come up in two minutes loses the task', async () => {
  const world = new World();
  world.runner.isStarted = false;
  const told = await world.run();
  assert.deepEqual(told, [START, 'asked', 'LOST Timed out waiting for task to start!']);
});

test('a runner that ends before the task has is told by its exit', () => {
  const of = (code: number | null, signal?: number, isActive = true): string => {
    const { state, message } = reportOfExit({ code, signal }, isActive);
    return `${state} ${message}`;
  };
  assert.equal(of(104), 'FAILED Task started with unknown user.');
  assert.equal(of(101), 'LOST Thermos failed with internal error.');
  assert.equal(of(102), 'FAILED Thermos received an invalid task.');
  assert.equal(of(0), 'LOST Runner died while task was active.');
  assert.equal(of(105, undefined, false), 'LOST Task checkpoint could not be read.');
  assert.equal(of(103), 'LOST Thermos failed with an unknown error.');
  assert.equal(of(13), 'LOST Thermos exited for unknown reason (exit status: 13)');
  assert.equal(of(null, 9), 'KILLED Task killed by signal 9.');
});

test('the first end wins, then whoever is not ready', () => {
  const [starting, running, failed, killed] = (
    ['STARTING', 'RUNNING', 'FAILED', 'KILLED'] as const
  ).map((state) => ({ state, message: '' }));
  assert.equal(chosenReport([undefined]), undefined);
  assert.equal(chosenReport([running, undefined]), running);
  assert.equal(chosenReport([running, starting]), starting);
  assert.equal(chosenReport([starting, killed, failed]), killed);
});
