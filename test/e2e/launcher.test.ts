/** The launcher as a process, with real tasks: who dies when, and what is known afterwards. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, test } from 'node:test';
import { LauncherClient } from '../../core/agent/launcher/client.ts';
import { readAllProcesses } from '../../core/agent/launcher/proc-tree.ts';
import type { LauncherEvent } from '../../core/agent/launcher-port.ts';
import { SystemClock, sleep } from '../../core/base/clock.ts';
import { silentLog } from '../../core/base/log.ts';
import type { HostedUpdate } from '../../core/executor/hosted.ts';

const clock = new SystemClock();
const folders: string[] = [];
const benches: Bench[] = [];

// Also after a failure: a client keeps its launcher and this process alive.
afterEach(async () => {
  await Promise.all(benches.splice(0).map((bench) => bench.client.stop({ killTasks: true })));
});

after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

class Bench {
  readonly folder: string;
  readonly events: LauncherEvent[] = [];
  readonly client: LauncherClient;
  isReplaced = false;

  constructor(folder?: string) {
    this.folder = folder ?? mkdtempSync(join(tmpdir(), 'launcher-'));
    if (folder === undefined) folders.push(this.folder);
    this.client = new LauncherClient(this.folder, {
      clock,
      log: silentLog,
      replaced: () => {
        this.isReplaced = true;
      },
    });
    benches.push(this);
  }

  async start(): Promise<this> {
    await this.client.start((event) => {
      this.events.push(event);
    });
    return this;
  }

  async launch(id: string, command: string, recoveryTimeoutMs = 60_000): Promise<HostedUpdate> {
    const sandbox = join(this.folder, id);
    mkdirSync(sandbox);
    this.client.launch({
      id,
      kind: 'command',
      frameworkId: 'f',
      executorId: id,
      sandbox,
      sendsKilling: true,
      shutdownGraceMs: 5_000,
      recoveryTimeoutMs,
    });
    const environment = { PATH: '/usr/bin:/bin' };
    this.client.run(id, [
      {
        taskId: id,
        command: { shell: true, value: command, arguments: [], environment },
        killGraceMs: 1_000,
        maxCompletionMs: 0,
      },
    ]);
    return await this.updated(id, 'TASK_RUNNING');
  }

  get updates(): readonly HostedUpdate[] {
    return this.events.flatMap((event) => (event.kind === 'update' ? [event.update] : []));
  }

  async updated(id: string, state: string): Promise<HostedUpdate> {
    return await until(() =>
      this.updates.find((each) => each.taskId === id && each.state === state),
    );
  }

  get launcherPid(): number {
    return Number(readFileSync(join(this.folder, 'launcher', 'pid'), 'utf8'));
  }

  async reports(count: number): Promise<Extract<LauncherEvent, { kind: 'report' }>> {
    const reports = () => this.events.filter((event) => event.kind === 'report');
    return await until(() => reports()[count - 1]);
  }
}

async function until<T>(look: () => T | undefined): Promise<T> {
  const endsAt = clock.now() + 60_000;
  for (;;) {
    const found = look();
    if (found !== undefined) return found;
    assert.ok(clock.now() < endsAt, `waited too long for ${look}`);
    await sleep(clock, 10);
  }
}

/** A zombie that nobody reaps counts as dead. */
function isAlive(pid: number | undefined): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return !/\) [ZX] /.test(stat);
  } catch {
    return false;
  }
}

test('a task outlives its agent, and the next agent is told what it missed', async () => {
  const first = await new Bench().start();
  await first.launch('short', 'sleep 0.5; exit 7');
  const long = await first.launch('long', 'sleep 1000');
  await first.client.stop({ killTasks: false });
  await sleep(clock, 1_000);
  assert.ok(isAlive(long.pid));
  const second = await new Bench(first.folder).start();
  const { containers } = await second.reports(1);
  const states = containers.map(({ id, updates }) => [id, updates.at(-1)?.message]);
  assert.deepEqual(states.sort(), [
    ['long', undefined],
    ['short', 'Command exited with status 7'],
  ]);
  await second.client.stop({ killTasks: true });
  assert.ok(!isAlive(long.pid));
});

test('tasks of frameworks that do not checkpoint end with the connection to the agent', async () => {
  const first = await new Bench().start();
  const task = await first.launch('t', 'sleep 1000', 0);
  await first.client.stop({ killTasks: false });
  await until(() => (isAlive(task.pid) ? undefined : true));
  const second = await new Bench(first.folder).start();
  await second.client.stop({ killTasks: true });
});

test('tasks outlive a killed launcher; the next one watches and can kill them', async () => {
  const it = await new Bench().start();
  const a = await it.launch('a', 'sleep 1000');
  const b = await it.launch('b', 'while [ ! -e go ]; do sleep 0.05; done; exit 7');
  const before = it.launcherPid;
  process.kill(before, 'SIGKILL');
  const { containers } = await it.reports(2);
  assert.notEqual(it.launcherPid, before);
  assert.deepEqual(containers.map(({ id, pid }) => [id, pid]).sort(), [
    ['a', a.pid],
    ['b', b.pid],
  ]);
  it.client.kill('a', 'a', undefined);
  await it.updated('a', 'TASK_KILLING');
  await until(() => (isAlive(a.pid) ? undefined : true));
  writeFileSync(join(it.folder, 'b', 'go'), '');
  const ended = await it.updated('b', 'TASK_FAILED');
  assert.equal(ended.message, 'Command exited with status 7');
  await it.client.stop({ killTasks: true });
});

test('a kill reaches the whole tree: children in sessions of their own, deaf to SIGTERM', async () => {
  const it = await new Bench().start();
  const command = `trap '' TERM; setsid sh -c 'trap "" TERM; echo $$ > child; sleep 1000 & wait' & wait`;
  const task = await it.launch('tree', `${command}; wait`);
  const child = await until(() => {
    try {
      return Number(readFileSync(join(it.folder, 'tree', 'child'), 'utf8')) || undefined;
    } catch {
      return undefined;
    }
  });
  it.client.kill('tree', 'tree', undefined);
  const killed = await it.updated('tree', 'TASK_KILLED');
  assert.equal(killed.message, 'Command terminated with signal Killed');
  await until(() => (isAlive(child) || isAlive(task.pid) ? undefined : true));
  await it.client.stop({ killTasks: true });
});

test('stopping with tasks leaves no process, within its limit', async () => {
  const it = await new Bench().start();
  const deaf = await it.launch('deaf', "trap '' TERM; while :; do sleep 1; done");
  const launcher = it.launcherPid;
  const startedAt = clock.now();
  await it.client.stop({ killTasks: true });
  assert.ok(clock.now() - startedAt < 5_000);
  await until(() => (isAlive(launcher) || isAlive(deaf.pid) ? undefined : true));
});

test('of two launchers started at once one alone reads the records and starts tasks', async () => {
  const { PATH: path } = process.env;
  // Without perl: a keeper would make the second wait.
  process.env['PATH'] = '';
  const [first, second] = [new Bench(), new Bench(folders.at(-1))];
  try {
    // The one that is replaced before it hears the report fails.
    await Promise.allSettled([first.start(), second.start()]);
  } finally {
    process.env['PATH'] = path;
  }
  const folder = join(first.folder, 'launcher');
  const launchers = () =>
    readAllProcesses()
      .map(({ pid }) => pid)
      .filter((pid) => commandOf(pid).includes(`${folder}/program`));
  await until(() => (launchers().length === 1 ? true : undefined));
  assert.deepEqual(launchers(), [first.launcherPid]);
  const log = readFileSync(join(folder, 'log'), 'utf8');
  assert.match(log, /another launcher holds the socket/);
  // Whoever came last is the agent, and the other does not come again.
  await until(() => first.isReplaced !== second.isReplaced || undefined);
  await Promise.all([first, second].map((it) => it.client.stop({ killTasks: true })));
  await until(() => (launchers().length === 0 ? true : undefined));
});

test('an agent is told when another one takes its launcher, and tasks go on', async () => {
  const first = await new Bench().start();
  const task = await first.launch('long', 'sleep 1000', 60_000);
  const second = await new Bench(first.folder).start();
  await until(() => first.isReplaced || undefined);
  const { containers } = await second.reports(1);
  assert.deepEqual(
    containers.map(({ id, pid }) => [id, pid]),
    [['long', task.pid]],
  );
  assert.ok(isAlive(task.pid));
  await second.client.stop({ killTasks: true });
  assert.ok(!isAlive(task.pid));
  assert.ok(!second.isReplaced);
});

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1');
  } catch {
    return '';
  }
}
