/**
 * A real launcher kills itself at each of its failpoints while a real task runs or is killed; its
 * successor brings the task to one true end, and nothing is started twice.
 */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { FAILPOINT_VARIABLE, LAUNCHER_STEPS } from '../../core/agent/failpoints.ts';
import { LauncherClient } from '../../core/agent/launcher/client.ts';
import type { LauncherEvent } from '../../core/agent/launcher-port.ts';
import { SystemClock } from '../../core/base/clock.ts';
import { silentLog } from '../../core/base/log.ts';
import type { HostedUpdate } from '../../core/executor/hosted.ts';
import { eventually } from './support/programs.ts';

const clock = new SystemClock();
const root = mkdtempSync(join(tmpdir(), 'launcher-matrix-'));
after(() => rmSync(root, { recursive: true, force: true }));

/** Steps of a run until its container is forgotten; the last passes of some may not come. */
const PASSES: Readonly<Record<(typeof LAUNCHER_STEPS)[number], number>> = {
  record: 6,
  spawn: 1,
  signal: 1,
  tell: 4,
  forget: 1,
};
/** The task changes what it could be found by, as services do. */
const COMMAND = 'cd /; echo start >> "$FOLDER/starts"; sleep 0.5; exit 7';
const ENDS = {
  runs: 'Command exited with status 7',
  killed: 'Command terminated with signal Terminated',
  custom: 'exited with 1792',
};

type Way = keyof typeof ENDS;

/** What an agent does: acknowledges, takes notice of ends, asks for kills. */
class MatrixAgent {
  readonly folder: string;
  readonly updates = new Map<string, HostedUpdate>();
  isOver = false;
  /** How a custom executor's container ended; told again by each launcher until it is forgotten. */
  exited: number | undefined;
  private readonly client: LauncherClient;
  private readonly way: Way;

  constructor(name: string, way: Way) {
    this.way = way;
    this.folder = join(root, `${name}-${way}`);
    mkdirSync(join(this.folder, 'c'), { recursive: true });
    const environment = {
      PATH: process.env['PATH'],
      [FAILPOINT_VARIABLE]: `${name}:${this.folder}/dead`,
    };
    this.client = new LauncherClient(this.folder, { clock, log: silentLog, environment });
  }

  async run(): Promise<void> {
    await this.client.start((event) => this.received(event));
    const common = { frameworkId: 'f', executorId: 'c', sandbox: join(this.folder, 'c') };
    const times = { shutdownGraceMs: 5_000, recoveryTimeoutMs: 60_000 };
    const environment = { PATH: '/usr/bin:/bin', FOLDER: this.folder };
    if (this.way === 'custom') {
      const command = { shell: true, value: COMMAND, arguments: [], environment };
      const custom = { id: 'c', kind: 'process', command, sendsKilling: false } as const;
      this.client.launch({ ...custom, ...common, ...times });
      await this.over();
      return;
    }
    this.client.launch({ id: 'c', kind: 'command', sendsKilling: false, ...common, ...times });
    const value = this.way === 'runs' ? COMMAND : COMMAND.replace('sleep 0.5', 'exec sleep 1000');
    const command = { shell: true, value, arguments: [], environment };
    this.client.run('c', [{ taskId: 't', command, killGraceMs: 5_000, maxCompletionMs: 0 }]);
    await this.over();
  }

  private async over(): Promise<void> {
    await eventually(`${this.folder} ends`, () => this.isOver);
    await eventually(`the launcher of ${this.folder} dies`, () => this.hasDied);
    await this.client.stop({ killTasks: true });
  }

  get hasDied(): boolean {
    return existsSync(join(this.folder, 'dead'));
  }

  get startCount(): number {
    try {
      return readFileSync(join(this.folder, 'starts'), 'utf8').split('\n').length - 1;
    } catch {
      return 0;
    }
  }

  private received(event: LauncherEvent): void {
    if (event.kind === 'update') this.update(event.update);
    if (event.kind === 'exited') this.ended(event.status);
    if (event.kind !== 'report') return;
    const known = event.containers.find(({ id }) => id === 'c');
    for (const update of known?.updates ?? []) this.update(update);
    if (known?.exitStatus !== undefined) this.ended(known.exitStatus);
    // Forgotten before it could say so.
    if (known === undefined && this.messages.length > 0) this.isOver = true;
  }

  /** Of all ends that were told. */
  get messages(): readonly (string | undefined)[] {
    if (this.way === 'custom')
      return this.exited === undefined ? [] : [`exited with ${this.exited}`];
    const ends = [...this.updates.values()].filter(({ state }) =>
      /FINISHED|FAILED|KILLED/.test(state),
    );
    return ends.map(({ message }) => message);
  }

  private update(update: HostedUpdate): void {
    this.updates.set(update.uuid, update);
    this.client.acknowledge('c', 't', update.uuid);
    if (update.state === 'TASK_RUNNING' && this.way === 'killed') {
      setTimeout(() => this.client.kill('c', 't', undefined), 300);
    }
  }

  private ended(status: number): void {
    if (this.way === 'custom') this.exited ??= status;
    this.client.forget('c');
    // The launcher may die while it forgets.
    setTimeout(() => {
      this.isOver = true;
    }, 500);
  }
}

for (const way of ['runs', 'killed'] as const) {
  test(`a task that ${way === 'runs' ? 'exits with 7' : 'is killed'} ends truly at whatever step its launcher dies`, async () => {
    const names = LAUNCHER_STEPS.filter((step) => step !== 'signal' || way === 'killed').flatMap(
      (step) =>
        ['before', 'after'].flatMap((when) =>
          Array.from({ length: PASSES[step] }, (_, at) => `launcher.${step}.${when}:${at + 1}`),
        ),
    );
    const waiting = [...names];
    const worker = async (): Promise<void> => {
      for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
        await checkOne(name, way);
      }
    };
    await Promise.all([worker(), worker(), worker(), worker()]);
  });
}

async function checkOne(name: string, way: Way): Promise<void> {
  const agent = new MatrixAgent(name, way);
  await agent.run();
  assert.equal(agent.startCount, 1, `${name}: started ${agent.startCount} times`);
  assert.deepEqual(agent.messages, [ENDS[way]], name);
}

test('a custom executor is started once, whenever its launcher dies on the way to it', async () => {
  const names = ['launcher.spawn.before:1', 'launcher.spawn.after:1', 'launcher.record.before:3'];
  await Promise.all(names.map((name) => checkOne(name, 'custom')));
});
