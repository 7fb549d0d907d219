/** Between the request for a task's process and the moment when it becomes the task's program. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LauncherCore } from '../../../../core/agent/launcher/core.ts';
import type { BeginHandlers, Processes } from '../../../../core/agent/launcher/ports.ts';
import type { LauncherEvent } from '../../../../core/agent/launcher-port.ts';
import { SeededRandom } from '../../../../core/base/random.ts';
import { signalledWith } from '../../../../core/executor/wait-status.ts';
import { SimulatedClock } from '../../../../core/testing/index.ts';

const SPEC = {
  id: 'c1',
  kind: 'group',
  frameworkId: 'f',
  executorId: 'e',
  sandbox: '/sandbox',
  sendsKilling: false,
  shutdownGraceMs: 1_000,
  recoveryTimeoutMs: 60_000,
} as const;
const COMMAND = { shell: true, value: 'sleep 1', arguments: [], environment: {} };

/** A launcher whose processes are born and begin when the test says so. */
class Launcher {
  readonly orders: BeginHandlers[] = [];
  readonly signals: string[] = [];
  readonly told: string[] = [];
  readonly core: LauncherCore;
  private readonly records = new Map<string, string>();
  private readonly marks = new Map<string, number>();

  constructor(before?: Launcher) {
    for (const [id, text] of before?.records ?? []) this.records.set(id, text);
    for (const [mark, pid] of before?.marks ?? []) this.marks.set(mark, pid);
    let markCount = this.marks.size;
    const processes: Processes = {
      spawn: () => assert.fail('tasks are begun'),
      begin: ({ mark = '' }, handlers) => {
        this.orders.push(handlers);
        this.marks.set(mark, 100 + this.orders.length);
      },
      newMark: () => `mark-${++markCount}`,
      startedAs: (mark) => {
        const pid = this.marks.get(mark);
        return pid === undefined ? undefined : { pid, startTime: '1' };
      },
      adopt: () => true,
      endOf: () => -1,
      findIn: () => undefined,
      signalTree: (pid, signal) => this.signals.push(`${signal} ${pid}`),
      sweep: () => {},
      probe: async () => undefined,
    };
    const disk = {
      save: (id: string, value: unknown) => this.records.set(id, JSON.stringify(value)),
      remove: (id: string) => this.records.delete(id),
      load: () => ({
        values: [...this.records.values()].map((text): unknown => JSON.parse(text)),
        damaged: 0,
      }),
    };
    const clock = new SimulatedClock();
    this.core = new LauncherCore({ clock, random: new SeededRandom(1), processes, disk });
    this.core.recover();
    this.core.attach((event) => this.heard(event));
  }

  run(...taskIds: readonly string[]): void {
    this.core.handle({ kind: 'launch', spec: SPEC });
    const tasks = taskIds.map((taskId) => {
      return { taskId, command: COMMAND, killGraceMs: 3_000, maxCompletionMs: 0 };
    });
    this.core.handle({ kind: 'run', containerId: 'c1', tasks });
  }

  launchCustom(): void {
    const spec = { ...SPEC, kind: 'process', command: COMMAND } as const;
    this.core.handle({ kind: 'launch', spec });
  }

  born(at: number): void {
    this.orders[at]?.onBorn({ pid: 101 + at, startTime: '1' });
  }

  begun(at: number): void {
    this.orders[at]?.onBegun({ pid: 101 + at, startTime: '1' });
  }

  /** What was asked for has not begun, and never will. */
  forgetMarks(): void {
    this.marks.clear();
  }

  private heard(event: LauncherEvent): void {
    if (event.kind === 'update') {
      this.told.push(`${event.update.taskId} ${event.update.state} ${event.update.pid}`);
    }
    if (event.kind === 'exited') this.told.push(`exited ${event.status}`);
    if (event.kind === 'started' && event.pid !== undefined) this.told.push(`started ${event.pid}`);
    if (event.kind === 'launch-failed') this.told.push(`launch-failed ${event.message}`);
  }
}

test('STARTING is told with the pid when the process exists, RUNNING when it has begun', () => {
  const it = new Launcher();
  it.run('a');
  assert.deepEqual(it.told, []);
  it.born(0);
  assert.deepEqual(it.told, ['a TASK_STARTING 101']);
  it.begun(0);
  assert.deepEqual(it.told, ['a TASK_STARTING 101', 'a TASK_RUNNING 101']);
});

test('a kill that comes before the process exists is sent when it does, once', () => {
  const it = new Launcher();
  it.run('a');
  it.core.handle({ kind: 'kill', containerId: 'c1', taskId: 'a' });
  assert.deepEqual(it.signals, []);
  it.born(0);
  it.begun(0);
  assert.deepEqual(it.signals, ['SIGTERM 101']);
  it.orders[0]?.onExit(signalledWith('SIGTERM'));
  assert.deepEqual(it.told, ['a TASK_STARTING 101', 'a TASK_KILLED 101']);
});

test('a container that is destroyed while a process is being made ends when that has ended', () => {
  const it = new Launcher();
  it.run('a', 'b');
  it.born(0);
  it.begun(0);
  it.core.handle({ kind: 'destroy', containerId: 'c1' });
  it.orders[0]?.onExit(9);
  assert.deepEqual(it.core.processCount, 1);
  assert.ok(!it.told.includes('exited 9'));
  it.born(1);
  assert.deepEqual(it.signals, ['SIGKILL 101', 'SIGKILL 102']);
  it.orders[1]?.onExit(9);
  assert.equal(it.told.at(-1), 'exited 9');
});

test('a process that cannot be made ends a destroyed container', () => {
  const it = new Launcher();
  it.run('a');
  it.core.handle({ kind: 'destroy', containerId: 'c1' });
  it.orders[0]?.onBegun(undefined);
  assert.equal(it.told.at(-1), 'exited 9');
});

test('what a launcher that died had asked for is found by its own mark, task by task', () => {
  const first = new Launcher();
  first.run('a', 'b');
  first.born(0);
  const next = new Launcher(first);
  assert.deepEqual(next.orders, [], 'nothing is started twice');
  next.core.handle({ kind: 'kill', containerId: 'c1', taskId: 'b' });
  assert.deepEqual(next.signals, ['SIGTERM 102']);
});

test('a custom executor is told to have started when it has begun, once', () => {
  const it = new Launcher();
  it.launchCustom();
  it.born(0);
  // The agent asks again after it has come back.
  it.launchCustom();
  assert.deepEqual(it.told, []);
  it.begun(0);
  assert.deepEqual(it.told, ['started 101']);
  it.launchCustom();
  assert.deepEqual(it.told, ['started 101', 'started 101']);
  assert.equal(it.orders.length, 1);
  it.orders[0]?.onExit(7);
  assert.equal(it.told.at(-1), 'exited 7');
});

test('a custom executor that cannot be started fails to launch and leaves no record', () => {
  const it = new Launcher();
  it.launchCustom();
  it.born(0);
  it.orders[0]?.onBegun(undefined);
  assert.deepEqual(it.told, ["launch-failed Failed to start the executor's command 'sleep 1'"]);
  assert.equal(it.core.knownIds.size, 0);
});

test('a custom executor that ends before it has begun has exited', () => {
  const it = new Launcher();
  it.launchCustom();
  it.born(0);
  it.orders[0]?.onExit(1);
  assert.deepEqual(it.told, ['exited 1']);
});

test('what is asked of a custom executor before it has begun is done then', () => {
  const shutDown = new Launcher();
  shutDown.launchCustom();
  shutDown.core.handle({ kind: 'shutdown', containerId: 'c1' });
  shutDown.born(0);
  assert.deepEqual(shutDown.signals, []);
  shutDown.begun(0);
  assert.deepEqual(shutDown.signals, ['SIGTERM 101']);
  const destroyed = new Launcher();
  destroyed.launchCustom();
  destroyed.core.handle({ kind: 'destroy', containerId: 'c1' });
  assert.deepEqual(destroyed.told, []);
  destroyed.born(0);
  destroyed.begun(0);
  assert.deepEqual(new Set(destroyed.signals), new Set(['SIGKILL 101']));
  assert.deepEqual(destroyed.told, []);
  destroyed.orders[0]?.onExit(9);
  assert.deepEqual(destroyed.told, ['exited 9']);
});

test('a custom executor that had not begun when its launcher died is started, one that had is found', () => {
  const before = new Launcher();
  before.launchCustom();
  assert.equal(new Launcher(before).orders.length, 0);
  const lost = new Launcher();
  lost.launchCustom();
  lost.forgetMarks();
  const after = new Launcher(lost);
  assert.equal(after.orders.length, 1);
  after.born(0);
  after.begun(0);
  assert.equal(after.told.at(-1), 'started 101');
});

test('what was found by its mark is found by a third launcher, too, when the marks are gone', () => {
  const custom = new Launcher();
  custom.launchCustom();
  const killed = new Launcher();
  killed.run('a');
  killed.core.handle({ kind: 'kill', containerId: 'c1', taskId: 'a' });
  for (const first of [custom, killed]) {
    const second = new Launcher(first);
    second.forgetMarks();
    const third = new Launcher(second);
    assert.deepEqual([second.orders.length, third.orders.length], [0, 0]);
    third.core.handle({ kind: 'destroy', containerId: 'c1' });
    assert.deepEqual(third.signals.at(-1), 'SIGKILL 101');
  }
});
