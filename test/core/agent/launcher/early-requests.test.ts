/** What is asked of a hosted container while what it needs is being made. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LauncherCore } from '../../../../core/agent/launcher/core.ts';
import type { Held, Isolation, Processes } from '../../../../core/agent/launcher/ports.ts';
import type { LauncherRequest } from '../../../../core/agent/launcher/protocol.ts';
import type { LauncherEvent } from '../../../../core/agent/launcher-port.ts';
import { SeededRandom } from '../../../../core/base/random.ts';
import { SimulatedClock } from '../../../../core/testing/index.ts';

const LAUNCH: LauncherRequest = {
  kind: 'launch',
  spec: {
    id: 'c1',
    kind: 'command',
    frameworkId: 'f',
    executorId: 'e',
    sandbox: '/sandbox',
    sendsKilling: false,
    shutdownGraceMs: 1_000,
    recoveryTimeoutMs: 60_000,
    isolation: {
      cgroups: [],
      rlimits: [],
      noNewPrivileges: false,
      namespaces: { kinds: ['mount'], setup: [] },
      watches: [],
    },
  },
};
const COMMAND = { shell: true, value: 'sleep 1', arguments: [], environment: {} };
const TASK = { taskId: 't', command: COMMAND, killGraceMs: 3_000, maxCompletionMs: 0 };
const RUN: LauncherRequest = { kind: 'run', containerId: 'c1', tasks: [TASK] };

const ISOLATION: Isolation = {
  make: () => undefined,
  join: () => undefined,
  write: () => undefined,
  kill: () => {},
  destroy: (_plan, done) => done(),
  watch: () => {},
  unwatch: () => {},
  attach: (_plan, done) => done({ ok: true, got: [] }),
  detach: (_plan, done) => done(),
  check: () => undefined,
};

/** A launcher whose namespaces are there when the test says so. */
class SlowLauncher {
  readonly words: string[] = [];
  private readonly core: LauncherCore;
  private made: (held: Held) => void = () => {};

  constructor() {
    const processes: Processes = {
      isolation: ISOLATION,
      hold: (_plan, done) => {
        this.made = done;
      },
      spawn: () => {
        this.words.push('spawn');
        return { pid: 100, startTime: '1' };
      },
      adopt: () => true,
      endOf: () => -1,
      findIn: () => undefined,
      signalTree: (pid, signal) => this.words.push(`${signal} ${pid}`),
      sweep: () => {},
      probe: async () => undefined,
    };
    const disk = { save: () => {}, remove: () => {}, load: () => ({ values: [], damaged: 0 }) };
    const clock = new SimulatedClock();
    this.core = new LauncherCore({ clock, random: new SeededRandom(1), processes, disk });
    this.core.attach((event) => this.words.push(wordOf(event)));
    this.took();
  }

  ask(...requests: readonly LauncherRequest[]): this {
    for (const request of requests) this.core.handle(request);
    return this;
  }

  hold(held: Held): this {
    this.made(held);
    return this;
  }

  /** What an agent is told that connects now: each container with its tasks. */
  reported(): readonly string[] {
    const told: string[] = [];
    this.core.attach((event) => {
      if (event.kind !== 'report') return;
      for (const { id, taskIds } of event.containers) told.push(`${id}: ${taskIds.join(', ')}`);
    });
    return told;
  }

  took(): readonly string[] {
    return this.words.splice(0);
  }
}

function wordOf(event: LauncherEvent): string {
  return event.kind === 'update' ? event.update.state : event.kind;
}

const HELD: Held = { ok: true, holder: { pid: 50, startTime: '1' } };

test('a task that came with its container runs when the container is there, told after it', () => {
  const it = new SlowLauncher().ask(LAUNCH, RUN);
  assert.deepEqual(it.took(), []);
  assert.deepEqual(it.hold(HELD).took(), ['started', 'spawn', 'TASK_STARTING', 'TASK_RUNNING']);
});

test('a kill that comes before the container is there is not lost', () => {
  const it = new SlowLauncher().ask(LAUNCH, RUN);
  it.ask({ kind: 'kill', containerId: 'c1', taskId: 't' });
  assert.deepEqual(it.took(), []);
  assert.deepEqual(it.hold(HELD).took().at(-1), 'SIGTERM 100');
});

test('a shutdown that comes before the container is there ends its task', () => {
  const it = new SlowLauncher().ask(LAUNCH, RUN, { kind: 'shutdown', containerId: 'c1' });
  assert.deepEqual(it.took(), []);
  assert.deepEqual(it.hold(HELD).took().at(-1), 'SIGKILL 100');
});

test('an agent that returns before the container is there is told of the task, once, and drops it not', () => {
  const it = new SlowLauncher().ask(LAUNCH, RUN, RUN);
  assert.deepEqual(it.reported(), ['c1: t']);
  it.hold(HELD);
  assert.deepEqual(it.reported(), ['c1: t']);
});

test('a container that cannot be made runs nothing', () => {
  const it = new SlowLauncher().ask(LAUNCH, RUN);
  assert.deepEqual(it.hold({ ok: false, message: 'no' }).took(), ['launch-failed']);
});
