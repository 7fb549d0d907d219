/** One Docker container in its launcher, through accidents of the engine and of everybody. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StrawMachine } from './straw-engine.ts';

test('a task runs when an inspection has seen its container, and ends with its status', async () => {
  const it = new StrawMachine();
  await it.launch();
  assert.deepEqual(it.take(), ['started', 'TASK_STARTING']);
  await it.clock.advance(200);
  assert.deepEqual(it.take(), ['TASK_RUNNING']);
  it.containerEnds(3);
  await it.clock.settle();
  assert.deepEqual(it.take(), ['TASK_FAILED: Container exited with status 3', 'exited 0']);
});

test('an image that cannot be pulled fails the launch with what was said', async () => {
  const it = new StrawMachine();
  it.image = 'refused';
  await it.launch();
  await it.clock.advance(1_000);
  assert.deepEqual(it.asked, ['pull busybox:latest']);
  assert.deepEqual(it.take(), ['launch failed: no busybox:latest']);
  assert.equal(it.records.size, 0);
});

test('it is told how long an image took that had to be pulled', async () => {
  const it = new StrawMachine();
  it.image = 'pulled';
  await it.launch();
  await it.clock.advance(1_000);
  assert.deepEqual(it.take(), ['pulled within 1000 ms', 'started', 'TASK_STARTING']);
});

test('an inspection that gets no answer is repeated until the engine answers', async () => {
  const it = new StrawMachine();
  await it.launch();
  it.engine = 'hangs';
  await it.clock.advance(20_000);
  assert.deepEqual(it.take(), ['started', 'TASK_STARTING']);
  it.engine = 'well';
  await it.clock.advance(10_000);
  assert.deepEqual(it.take(), ['TASK_RUNNING']);
});

test('a name that another container has fails the task with the status of the client', async () => {
  const it = new StrawMachine();
  it.refusal = 125;
  await it.launch();
  await it.clock.advance(100);
  const [, , ended] = it.take();
  assert.equal(ended, 'TASK_FAILED: Container exited with status 125');
});

test('a container removed by hand fails the task with the status of its client', async () => {
  const it = new StrawMachine();
  await it.launchAndRun();
  it.container = 'none';
  it.isProcessAlive = false;
  it.clientEnds(137 << 8);
  await it.clock.settle();
  assert.equal(it.take()[0], 'TASK_FAILED: Container exited with status 137');
});

test('what happens while no agent is there is told to the next one', async () => {
  const it = new StrawMachine();
  await it.launchAndRun();
  it.core.detach();
  it.containerEnds(7);
  await it.clock.settle();
  await it.replaceLauncher({ withAgent: false });
  const told: string[] = [];
  it.core.attach((event) => {
    if (event.kind !== 'report') return;
    for (const { updates } of event.containers) told.push(...updates.map(({ state }) => state));
  });
  assert.deepEqual(told, ['TASK_FAILED']);
});

test('a container whose launcher died between its start and the record of it is found again', async () => {
  const it = new StrawMachine();
  await it.launch();
  it.take();
  await it.replaceLauncher();
  await it.clock.advance(200);
  assert.deepEqual(it.take(), ['TASK_RUNNING']);
  await it.replaceLauncher();
  it.containerEnds(7);
  await it.clock.settle();
  assert.match(it.take().join('\n'), /^TASK_FAILED: Container exited with status 7/);
});

test('a container of a framework that does not checkpoint ends with the agent', async () => {
  const it = new StrawMachine();
  await it.launchAndRun({}, { recoveryTimeoutMs: 0 });
  it.core.detach();
  await it.clock.advance(100);
  assert.deepEqual(it.asked.slice(0, 1), ['stop 3000']);
  assert.equal(it.container, 'ended');
});

test('a container of a framework that checkpoints goes on, until no agent came for too long', async () => {
  const it = new StrawMachine();
  await it.launchAndRun();
  it.core.detach();
  await it.clock.advance(899_000);
  assert.equal(it.container, 'running');
  await it.clock.advance(2_000);
  assert.equal(it.container, 'ended');
});

test('a task that takes longer than its maximum is stopped and has failed', async () => {
  const it = new StrawMachine();
  await it.launchAndRun({ maxCompletionMs: 10_000 });
  await it.clock.advance(10_000);
  assert.match(it.take().join('\n'), /TASK_FAILED.*REASON_MAX_COMPLETION_TIME_REACHED/);
});

test('a kill gives the container the grace period that it names', async () => {
  const it = new StrawMachine();
  await it.launchAndRun();
  it.diesOfStop = false;
  it.core.handle({ kind: 'kill', containerId: 'c1', taskId: 't1', graceMs: 7_000 });
  await it.clock.advance(6_900);
  assert.deepEqual(it.asked, ['stop 7000']);
  assert.deepEqual(it.take(), ['TASK_KILLING']);
  await it.clock.advance(200);
  assert.match(it.take().join('\n'), /^TASK_KILLED: Container exited with status 137/);
});

test('a kill that a hanging engine did not hear is repeated', async () => {
  const it = new StrawMachine();
  await it.launchAndRun();
  it.engine = 'hangs';
  it.core.handle({ kind: 'kill', containerId: 'c1', taskId: 't1' });
  await it.clock.advance(34_000);
  assert.deepEqual(it.take(), ['TASK_KILLING']);
  it.engine = 'well';
  await it.clock.advance(6_000);
  assert.match(it.take().join('\n'), /^TASK_KILLED/);
});

for (const engine of ['hangs', 'dead'] as const) {
  test(`a container is destroyed within two seconds when the engine ${engine}`, async () => {
    const it = new StrawMachine();
    await it.launchAndRun();
    it.engine = engine;
    it.core.handle({ kind: 'destroy', containerId: 'c1' });
    await it.clock.advance(2_100);
    assert.deepEqual(it.asked, ['stop 0', 'SIGKILL in e1', 'SIGKILL 77']);
    assert.match(it.take().join('\n'), /^TASK_FAILED.*\nexited /);
    assert.equal(it.core.processCount, 0);
  });

  test(`all is gone soon after a stop of everything when the engine ${engine}`, async () => {
    const it = new StrawMachine();
    await it.launchAndRun();
    it.engine = engine;
    it.core.shutdownAll(1_500);
    await it.clock.advance(3_000);
    it.core.destroyAll();
    await it.clock.advance(100);
    assert.equal(it.isProcessAlive, false);
    assert.equal(it.core.processCount, 0);
  });
}
