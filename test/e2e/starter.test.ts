/**
 * What the starter makes of a request, with a real launcher: environment and words to the byte, the user,
 * programs that cannot be started, and whose death hides nothing.
 */
import assert from 'node:assert/strict';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { IsolationPlan } from '../../core/agent/containerizer/plan.ts';
import { LauncherClient } from '../../core/agent/launcher/client.ts';
import { readAllProcesses, readProcess } from '../../core/agent/launcher/proc-tree.ts';
import type { ContainerSpec, LauncherEvent } from '../../core/agent/launcher-port.ts';
import { SystemClock } from '../../core/base/clock.ts';
import { silentLog } from '../../core/base/log.ts';
import type { HostedCommand, HostedUpdate } from '../../core/executor/hosted.ts';
import { eventually } from './support/programs.ts';

const clock = new SystemClock();
const PATH = '/usr/bin:/bin';
/** Needs a program of util-linux between the starter and the task. */
const LIMITED: IsolationPlan = {
  cgroups: [],
  rlimits: [{ name: 'nofile', value: '100:100' }],
  noNewPrivileges: false,
  watches: [],
};

class Bench {
  readonly folder: string;
  private readonly client: LauncherClient;
  private readonly updates = new Map<string, HostedUpdate>();
  private reportCount = 0;

  private constructor(folder: string) {
    this.folder = folder;
    this.client = new LauncherClient(folder, { clock, log: silentLog });
  }

  static async start(context: TestContext): Promise<Bench> {
    const bench = new Bench(mkdtempSync(join(tmpdir(), 'starter-')));
    chmodSync(bench.folder, 0o755);
    context.after(async () => {
      await bench.client.stop({ killTasks: true });
      rmSync(bench.folder, { recursive: true, force: true });
    });
    await bench.client.start((event) => bench.received(event));
    return bench;
  }

  launch(id: string, command: Partial<HostedCommand>, more: Partial<ContainerSpec> = {}): void {
    const sandbox = join(this.folder, id);
    mkdirSync(sandbox, { recursive: true });
    chmodSync(sandbox, 0o777);
    const common = { frameworkId: 'f', executorId: id, sandbox, sendsKilling: false };
    const times = { shutdownGraceMs: 5_000, recoveryTimeoutMs: 60_000 };
    this.client.launch({ id, kind: 'command', ...common, ...times, ...more });
    const whole = { shell: true, value: '', arguments: [], environment: { PATH }, ...command };
    this.client.run(id, [{ taskId: id, command: whole, killGraceMs: 1_000, maxCompletionMs: 0 }]);
  }

  /** How the task ended. */
  async endOf(id: string): Promise<string | undefined> {
    const state = /FINISHED|FAILED|KILLED/;
    const end = await eventually(`${id} ends`, () =>
      [...this.updates.values()].find((each) => each.taskId === id && state.test(each.state)),
    );
    return end.message;
  }

  async running(id: string): Promise<void> {
    await eventually(`${id} runs`, () =>
      [...this.updates.values()].some(
        (each) => each.taskId === id && each.state === 'TASK_RUNNING',
      ),
    );
  }

  output(id: string, file: 'stdout' | 'stderr' = 'stdout'): string {
    return readFileSync(join(this.folder, id, file), 'latin1');
  }

  get launcher(): number {
    return Number(readFileSync(join(this.folder, 'launcher', 'pid'), 'utf8'));
  }

  get keeper(): number {
    return readProcess(this.launcher)?.parent ?? 0;
  }

  get starter(): number {
    const { keeper } = this;
    const isStarter = (pid: number): boolean =>
      readFileSync(`/proc/${pid}/cmdline`, 'utf8').startsWith('orrery-launcher-starter');
    return (
      readAllProcesses().find(({ pid, parent }) => parent === keeper && isStarter(pid))?.pid ?? 0
    );
  }

  /** Kills at once, and waits for the next launcher. */
  async kill(...pids: readonly number[]): Promise<void> {
    const before = this.reportCount;
    for (const pid of pids) {
      assert.ok(pid > 1);
      process.kill(pid, 'SIGKILL');
    }
    await eventually('another launcher', () => this.reportCount > before || undefined);
  }

  private received(event: LauncherEvent): void {
    if (event.kind === 'update') this.updates.set(event.update.uuid, event.update);
    if (event.kind !== 'report') return;
    this.reportCount += 1;
    for (const { updates } of event.containers) {
      for (const update of updates) this.updates.set(update.uuid, update);
    }
  }
}

test('output does not go where a link in the sandbox leads', async (context) => {
  const bench = await Bench.start(context);
  const precious = join(bench.folder, 'precious');
  writeFileSync(precious, '');
  mkdirSync(join(bench.folder, 'linked'));
  symlinkSync(precious, join(bench.folder, 'linked', 'stdout'));
  bench.launch('linked', { value: 'echo gotten' });
  assert.equal(await bench.endOf('linked'), 'Command exited with status 1');
  assert.equal(readFileSync(precious, 'utf8'), '');
});

test('words, environment and user reach a program to the byte', async (context) => {
  const bench = await Bench.start(context);
  const environment = { PATH, EMPTY: '', LINES: 'a\nb=c', UMLAUT: 'ü', 'odd-name.1': ' ' };
  const env = { shell: false, value: 'env', arguments: ['other', '-0'], environment };
  bench.launch('environment', env);
  assert.equal(await bench.endOf('environment'), 'Command exited with status 0');
  const shown = Buffer.from(bench.output('environment'), 'latin1').toString().split('\0');
  const wanted = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
  assert.deepEqual(shown.sort(), ['', ...wanted].sort());

  const words = ['zeroth word', '-c', 'tr "\\0" "\\n" < /proc/$$/cmdline; pwd', '', "it's $HOME"];
  bench.launch('words', { shell: false, value: '/bin/sh', arguments: words });
  await bench.endOf('words');
  const sandbox = join(bench.folder, 'words');
  assert.equal(bench.output('words'), `${[...words, sandbox].join('\n')}\n`);

  bench.launch('user', { value: 'id -u; id -g; id -G' }, { user: { uid: 1234, gid: 4321 } });
  await bench.endOf('user');
  assert.equal(bench.output('user'), '1234\n4321\n4321\n');

  const member = { uid: 1234, gid: 4321, groups: [27, 30] };
  const ids = { value: 'id -u; id -g; id -G' };
  bench.launch('member', ids, { user: member });
  bench.launch('switched', ids, { user: member, isolation: { ...LIMITED, noNewPrivileges: true } });
  for (const id of ['member', 'switched']) {
    await bench.endOf(id);
    assert.equal(bench.output(id), '1234\n4321\n4321 27 30\n', id);
  }

  const signals = 'grep -E "^Sig(Blk|Ign)" /proc/self/status; ls /proc/self/fd | wc -l';
  bench.launch('signals', { value: signals });
  await bench.endOf('signals');
  const none = '0'.repeat(16);
  // `ls` has the directory open.
  assert.equal(bench.output('signals'), `SigBlk:\t${none}\nSigIgn:\t${none}\n4\n`);
});

/** What cannot be started, and what is said of it. */
const REFUSED: readonly (readonly [file: string, why: string])[] = [
  ['/no/such', 'No such file or directory'],
  ['no-such-program', 'No such file or directory'],
  ['/etc/passwd', 'Permission denied'],
  ['/etc', 'Permission denied'],
];

async function checkRefused(bench: Bench): Promise<void> {
  for (const [index, [value, why]] of REFUSED.entries()) {
    for (const [name, isolation] of [
      ['plain', undefined] as const,
      ['limited', LIMITED] as const,
    ]) {
      const id = `${name}-${index}`;
      const command = { shell: false, value, arguments: [value] };
      bench.launch(id, command, isolation === undefined ? {} : { isolation });
      assert.equal(await bench.endOf(id), 'Command exited with status 1', `${name} ${value}`);
      if (bench.keeper === process.pid && name === 'plain') continue;
      assert.equal(bench.output(id, 'stderr'), `Failed to execute command: ${value}: ${why}\n`);
    }
  }
}

test('a program that cannot be started ends with 1 and says why', async (context) => {
  await checkRefused(await Bench.start(context));
});

test('so it does where there is no perl and the launcher starts it', async (context) => {
  const { PATH: path } = process.env;
  process.env['PATH'] = '';
  try {
    const bench = await Bench.start(context);
    assert.equal(bench.keeper, process.pid);
    await checkRefused(bench);
  } finally {
    process.env['PATH'] = path;
  }
});

const GOES_ON = { value: 'until [ -e go ]; do sleep 0.05; done; exit 7' };

/** Who dies, one after another. */
const DEATHS: Readonly<Record<string, (bench: Bench) => readonly number[]>> = {
  launcher: ({ launcher }) => [launcher],
  starter: ({ starter }) => [starter],
  keeper: ({ keeper, launcher }) => [keeper, launcher],
  // The other way round the launcher would end by itself.
  'launcher and starter': ({ launcher, starter }) => [launcher, starter],
};

for (const [who, victims] of Object.entries(DEATHS)) {
  test(`a status is true though the ${who} died meanwhile, and what comes later starts`, async (context) => {
    const bench = await Bench.start(context);
    bench.launch('before', GOES_ON);
    await bench.running('before');
    await bench.kill(...victims(bench));
    bench.launch('after', GOES_ON);
    await bench.running('after');
    for (const id of ['before', 'after']) {
      writeFileSync(join(bench.folder, id, 'go'), '');
      assert.equal(await bench.endOf(id), 'Command exited with status 7', id);
    }
    const kept = join(bench.folder, 'launcher', 'keeper');
    await eventually(
      'nothing is left of them',
      () =>
        ['starts', 'ends'].every((name) => readdirSync(join(kept, name)).length === 0) || undefined,
    );
  });
}
