/** A launcher that died between deciding and acting: the next one does what was written down, once. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LauncherCore } from '../../../../core/agent/launcher/core.ts';
import type { LauncherDisk, Processes } from '../../../../core/agent/launcher/ports.ts';
import type { LauncherEvent } from '../../../../core/agent/launcher-port.ts';
import { seconds } from '../../../../core/base/duration.ts';
import { CountedFailpoint } from '../../../../core/base/failpoints.ts';
import { SeededRandom } from '../../../../core/base/random.ts';
import { SimulatedClock } from '../../../../core/testing/index.ts';

const SPEC = {
  id: 'c1',
  kind: 'command',
  frameworkId: 'f',
  executorId: 'e',
  sandbox: '/sandbox',
  sendsKilling: false,
  shutdownGraceMs: 1_000,
  recoveryTimeoutMs: 60_000,
} as const;
const COMMAND = { shell: true, value: 'sleep 1', arguments: [], environment: {} };
const TASK = { taskId: 't', command: COMMAND, killGraceMs: 3_000, maxCompletionMs: 0 };

/** One machine: its disk and processes stay when a launcher dies. */
class Machine {
  readonly clock = new SimulatedClock();
  readonly spawned: number[] = [];
  readonly signals: string[] = [];
  private readonly records = new Map<string, string>();
  private life = 0;

  /** A launcher; with a failpoint, one that does nothing any more after it. */
  launcher(failpoint?: string, pass = 1): LauncherCore {
    this.life += 1;
    const mine = this.life;
    let isDead = false;
    const isAlive = (): boolean => !isDead && mine === this.life;
    const disk: LauncherDisk = {
      save: (id, value) => {
        if (isAlive()) this.records.set(id, JSON.stringify(value));
      },
      remove: (id) => {
        if (isAlive()) this.records.delete(id);
      },
      load: () => ({
        values: [...this.records.values()].map((text) => JSON.parse(text)),
        damaged: 0,
      }),
    };
    const processes: Processes = {
      spawn: () => {
        const pid = 100 + this.spawned.length;
        if (isAlive()) this.spawned.push(pid);
        return { pid, startTime: '1' };
      },
      adopt: ({ pid }) => this.spawned.includes(pid),
      endOf: () => -1,
      findIn: () => undefined,
      signalTree: (pid, signal) => {
        if (isAlive()) this.signals.push(`${signal} ${pid}`);
      },
      sweep: () => {},
      probe: async () => undefined,
    };
    const { clock } = this;
    const failpoints =
      failpoint === undefined
        ? undefined
        : new CountedFailpoint({ name: failpoint, pass, file: '/dead' }, () => {
            isDead = true;
          });
    const core = new LauncherCore({
      clock,
      random: new SeededRandom(1),
      processes,
      disk,
      failpoints,
    });
    core.recover();
    return core;
  }
}

function report(core: LauncherCore): Extract<LauncherEvent, { kind: 'report' }> {
  const events: LauncherEvent[] = [];
  core.attach((event) => events.push(event));
  const [first] = events;
  assert.ok(first?.kind === 'report');
  return first;
}

test('a task that was recorded and not yet about to start is started by the next launcher', () => {
  const machine = new Machine();
  const first = machine.launcher('launcher.record.after', 2);
  first.attach(() => {});
  first.handle({ kind: 'launch', spec: SPEC });
  first.handle({ kind: 'run', containerId: 'c1', tasks: [TASK] });
  assert.deepEqual(machine.spawned, []);
  const { containers } = report(machine.launcher());
  assert.deepEqual(machine.spawned, [100]);
  assert.deepEqual(
    containers[0]?.updates.map(({ state }) => state),
    ['TASK_STARTING', 'TASK_RUNNING'],
  );
});

test("a custom executor's container that was only recorded is started by the next launcher", () => {
  const machine = new Machine();
  const first = machine.launcher('launcher.record.after');
  first.handle({ kind: 'launch', spec: { ...SPEC, kind: 'process', command: COMMAND } });
  assert.deepEqual(machine.spawned, []);
  assert.equal(report(machine.launcher()).containers[0]?.pid, 100);
  assert.deepEqual(machine.spawned, [100]);
});

test('a kill that was recorded and not sent is sent by the next launcher', () => {
  const machine = new Machine();
  const first = machine.launcher('launcher.signal.before');
  first.handle({ kind: 'launch', spec: SPEC });
  first.handle({ kind: 'run', containerId: 'c1', tasks: [TASK] });
  first.handle({ kind: 'kill', containerId: 'c1', taskId: 't' });
  assert.deepEqual(machine.signals, []);
  machine.launcher();
  assert.deepEqual(machine.signals, ['SIGTERM 100']);
});

test('the last kill that was recorded and not sent is sent as what it was', async () => {
  const machine = new Machine();
  const first = machine.launcher('launcher.signal.before', 2);
  first.handle({ kind: 'launch', spec: SPEC });
  first.handle({ kind: 'run', containerId: 'c1', tasks: [TASK] });
  first.handle({ kind: 'kill', containerId: 'c1', taskId: 't' });
  await machine.clock.advance(seconds(4));
  assert.deepEqual(machine.signals, ['SIGTERM 100']);
  machine.launcher();
  assert.deepEqual(machine.signals, ['SIGTERM 100', 'SIGKILL 100']);
});

test('tasks that do not outlive their agent outlive a launcher, if the agent comes back', async () => {
  const machine = new Machine();
  const spec = { ...SPEC, recoveryTimeoutMs: 0 };
  const first = machine.launcher();
  first.attach(() => {});
  first.handle({ kind: 'launch', spec });
  first.handle({ kind: 'run', containerId: 'c1', tasks: [TASK] });
  const second = machine.launcher();
  await machine.clock.advance(seconds(9));
  second.attach(() => {});
  await machine.clock.advance(seconds(9));
  assert.deepEqual(machine.signals, []);
  machine.launcher();
  await machine.clock.advance(seconds(11));
  assert.deepEqual(machine.signals[0], 'SIGTERM 100', 'nobody came back');
});
