/** When the launcher may end, and what the next one knows. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LauncherCore } from '../../../../core/agent/launcher/core.ts';
import type { LauncherDisk, Processes } from '../../../../core/agent/launcher/ports.ts';
import type { LauncherEvent } from '../../../../core/agent/launcher-port.ts';
import { SeededRandom } from '../../../../core/base/random.ts';
import type { WaitStatus } from '../../../../core/executor/wait-status.ts';
import { SimulatedClock } from '../../../../core/testing/index.ts';

class FakeDisk implements LauncherDisk {
  readonly records = new Map<string, string>();
  save(id: string, value: unknown): void {
    this.records.set(id, JSON.stringify(value));
  }
  remove(id: string): void {
    this.records.delete(id);
  }
  load(): { values: readonly unknown[]; damaged: number } {
    return { values: [...this.records.values()].map((text) => JSON.parse(text)), damaged: 0 };
  }
}

function coreOn(disk: LauncherDisk): {
  readonly core: LauncherCore;
  readonly exits: ((status: WaitStatus) => void)[];
} {
  const exits: ((status: WaitStatus) => void)[] = [];
  const processes: Processes = {
    spawn: (_, onExit) => {
      exits.push(onExit);
      return { pid: 100 + exits.length, startTime: '1' };
    },
    adopt: () => false,
    endOf: () => -1,
    findIn: () => undefined,
    signalTree: () => {},
    sweep: () => {},
    probe: async () => undefined,
  };
  const clock = new SimulatedClock();
  return { core: new LauncherCore({ clock, random: new SeededRandom(1), processes, disk }), exits };
}

const SPEC = {
  id: 'c1',
  kind: 'process',
  frameworkId: 'f',
  executorId: 'e',
  sandbox: '/sandbox',
  command: { shell: true, value: 'sleep 1', arguments: [], environment: {} },
  sendsKilling: false,
  shutdownGraceMs: 1_000,
  recoveryTimeoutMs: 60_000,
} as const;

test('a launcher without agent may end when its last process has, and the next one tells it', () => {
  const disk = new FakeDisk();
  const { core, exits } = coreOn(disk);
  core.attach(() => {});
  core.handle({ kind: 'launch', spec: SPEC });
  assert.equal(core.isIdle, false, 'an agent listens');
  core.detach();
  assert.equal(core.isIdle, false, 'a process runs');
  exits[0]?.(3 << 8);
  assert.equal(core.isIdle, true);

  const next = coreOn(disk).core;
  next.recover();
  const events: LauncherEvent[] = [];
  next.attach((event) => events.push(event));
  const [report] = events;
  assert.ok(report?.kind === 'report');
  assert.deepEqual(
    report.containers.map((each) => [each.id, each.exitStatus]),
    [['c1', 3 << 8]],
  );
});
