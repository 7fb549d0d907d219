/** `thermos`: its commands over checkpoint roots in files, with a runner that only notes what it is given. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { SystemClock } from '../../../../core/base/clock.ts';
import { systemSurroundings } from '../../../../schedulers/aurora/client/world.ts';
import { CheckpointPaths } from '../../../../schedulers/aurora/thermos/checkpoint-paths.ts';
import {
  CheckpointWriter,
  readRunnerState,
} from '../../../../schedulers/aurora/thermos/checkpoint-stream.ts';
import { runThermos } from '../../../../schedulers/aurora/thermos/cli/commands.ts';
import type {
  PreparedTask,
  ThermosWorld,
} from '../../../../schedulers/aurora/thermos/cli/world.ts';
import { processesAtHome, TASK_MARK } from '../../../../schedulers/aurora/thermos/process-list.ts';
import { ownUser } from '../../../../schedulers/aurora/thermos/users.ts';
import type {
  ProcessStatus,
  ThermosTaskState,
} from '../../../../schedulers/aurora/thrift/types.ts';

const LAUNCHED = new Date(2026, 10, 9, 1, 2, 3).getTime();
const WHEN = 'Mon Nov  9 01:02:03 2026';

class Root {
  readonly folder: string;
  readonly paths: CheckpointPaths;
  readonly ran: PreparedTask[] = [];
  out: string[] = [];
  err: string[] = [];

  constructor(t: TestContext) {
    this.folder = mkdtempSync(join(tmpdir(), 'thermos-test-'));
    t.after(() => rmSync(this.folder, { recursive: true, force: true }));
    this.paths = new CheckpointPaths(this.folder);
  }

  file(name: string, text: string): string {
    const path = join(this.folder, name);
    writeFileSync(path, text);
    return path;
  }

  /** A task of one process with its stream; the lock is not taken. */
  task(
    taskId: string,
    states: readonly ThermosTaskState[],
    statuses: readonly ProcessStatus[],
  ): void {
    const kind = states.at(-1) === 'ACTIVE' ? 'active' : 'finished';
    mkdirSync(this.paths.tasks('active'), { recursive: true });
    mkdirSync(this.paths.tasks('finished'), { recursive: true });
    writeFileSync(this.paths.task(kind, taskId), '{}');
    const stream = new CheckpointWriter(this.paths.runner(taskId), 0);
    const sandbox = join(this.folder, 'sandbox');
    const ports = new Map([['http', 31_000]]);
    const header = { task_id: taskId, launch_time_ms: LAUNCHED, sandbox, ports };
    const where = { hostname: 'h', user: 'www', log_dir: join(sandbox, '.logs') };
    stream.append({ runner_header: { ...header, ...where } });
    for (const state of states) {
      stream.append({ task_status: { state, timestamp_ms: LAUNCHED, runner_pid: 7 } });
    }
    for (const status of statuses) stream.append({ process_status: status });
    stream.close();
  }

  async thermos(...argv: readonly string[]): Promise<number> {
    [this.out, this.err] = [[], []];
    const clock = { now: () => LAUNCHED, setTimer: new SystemClock().setTimer };
    const world: ThermosWorld = {
      ...{ clock, surroundings: systemSurroundings(clock), hostname: 'here' },
      print: (line) => this.out.push(...line.split('\n')),
      complain: (line) => this.err.push(line),
      newSandbox: () => join(this.folder, 'new'),
      isHome: (directory) => processesAtHome(directory, undefined).length > 0,
      runTask: async (task) => {
        this.ran.push(task);
        return 0;
      },
    };
    return await runThermos([`--root=${this.folder}`, ...argv], world);
  }
}

const RUN: readonly ProcessStatus[] = [
  { seq: 0, process: 'run', state: 'WAITING' },
  { seq: 1, process: 'run', state: 'FORKED', coordinator_pid: 8, fork_time: LAUNCHED / 1_000 },
  { seq: 2, process: 'run', state: 'RUNNING', pid: 9, start_time: LAUNCHED / 1_000 },
];
const DONE: ProcessStatus = {
  ...{ seq: 3, process: 'run', state: 'SUCCESS', return_code: 0 },
  stop_time: LAUNCHED / 1_000,
};

const FILE = `
run = Process(name='run', cmdline='echo {{greeting}} {{thermos.ports[http]}} {{thermos.task_id}} {{thermos.user}}')
export(SimpleTask('simple', 'echo x'))
export(Task(name='t', processes=[run], resources=Resources(cpu=1, ram=1*MB, disk=0)))
`;

test('a task of a file is run with what is bound to it', async (t) => {
  const root = new Root(t);
  const path = root.file('t.thermos', FILE);
  const given = ['--task=t', '--task_id', 'mine', '-E', 'greeting=hi', '-P', 'http:80'];
  const sandbox = join(root.folder, 'box');
  assert.equal(await root.thermos('run', ...given, `--sandbox=${sandbox}`, path), 0, root.err[0]);
  const [ran] = root.ran;
  assert.ok(ran !== undefined && existsSync(sandbox));
  const { name } = ownUser();
  assert.equal(JSON.parse(ran.json).processes[0].cmdline, `echo hi 80 mine ${name}`);
  const { taskId, ports, checkpointRoot, setuid, isChrooted, hostname } = ran.options;
  assert.deepEqual(
    { taskId, ports, checkpointRoot, setuid, isChrooted, hostname, box: ran.options.sandbox },
    {
      ...{ taskId: 'mine', ports: new Map([['http', 80]]), checkpointRoot: root.folder },
      ...{ setuid: undefined, isChrooted: false, hostname: 'here', box: sandbox },
    },
  );
  assert.equal(ran.isDaemon, false);
  const more = ['--user=nobody', '--enable_chroot', '--daemon', '--task=simple'];
  assert.equal(await root.thermos('run', ...more, `--sandbox=${sandbox}`, path), 0);
  assert.deepEqual(root.out, ['Daemonizing and starting runner.']);
  const { options, isDaemon } = root.ran[1] ?? ran;
  assert.deepEqual([options.setuid, options.isChrooted, isDaemon], ['nobody', true, true]);
  assert.equal(options.taskId, 'simple-20261109-010203.000000');
});

const REFUSED: readonly (readonly [argv: readonly string[], error: string])[] = [
  [['--task=t', '-E', 'greeting=x'], 'ERROR!  Unbound ports: http'],
  [[], 'Multiple tasks in config but no task name specified!'],
  [['--task=nope'], 'Could not find task nope!'],
  [['--task=t', '-P', 'http'], '--port is not NAME:PORT: http'],
];

for (const [argv, error] of REFUSED) {
  test(`run ${argv.join(' ')} is refused: ${error}`, async (t) => {
    const root = new Root(t);
    assert.equal(await root.thermos('run', ...argv, root.file('t.thermos', FILE)), 2);
    assert.equal(root.err.at(-1), `thermos: error: ${error}`);
    assert.deepEqual(root.ran, []);
  });
}

test('a file that exports nothing, is broken, or holds an invalid task is refused', async (t) => {
  const root = new Root(t);
  assert.equal(await root.thermos('run', root.file('a', 'x = 1')), 2);
  assert.equal(root.err.at(-1), 'thermos: error: No tasks specified!');
  assert.equal(await root.thermos('run', root.file('b', 'export(')), 1);
  assert.match(root.err[0] ?? '', /SyntaxError: unexpected EOF while parsing$/);
  const cyclic =
    "export(Task(name='t', processes=[Process(name='a', cmdline='x')], constraints=order('a', 'a')))";
  assert.equal(await root.thermos('run', root.file('c', cyclic)), 1);
  assert.match(root.err[0] ?? '', /Cycles detected in the task schedule!$/);
});

test('a command line is a task of one process', async (t) => {
  const root = new Root(t);
  assert.equal(await root.thermos('simplerun', '--name=x', '--', 'echo', '--a', 'b'), 0);
  assert.deepEqual(root.out, ["Running command: 'echo --a b'"]);
  const task = JSON.parse(root.ran[0]?.json ?? '{}');
  assert.deepEqual([task.name, task.processes[0].cmdline], ['x', 'echo --a b']);
  assert.deepEqual(task.resources, { cpu: 1, ram: 268_435_456, disk: 0, gpu: 0 });
});

test('inspect shows the evaluated task as the original prints it', async (t) => {
  const root = new Root(t);
  const path = root.file('t.thermos', FILE);
  assert.equal(await root.thermos('inspect', '--task=t', '-E', 'greeting=hello', path), 0);
  assert.deepEqual(root.out, [
    "{   'constraints': (),",
    "    'finalization_wait': 30,",
    "    'max_concurrency': 0,",
    "    'max_failures': 1,",
    "    'name': 't',",
    "    'processes': (   {   'cmdline': 'echo hello {{thermos.ports[http]}} {{thermos.task_id}} {{thermos.user}}',",
    "                         'daemon': False,",
    "                         'ephemeral': False,",
    "                         'final': False,",
    "                         'max_failures': 1,",
    "                         'min_duration': 5,",
    "                         'name': 'run'},),",
    "    'resources': {   'cpu': 1.0, 'disk': 0, 'gpu': 0, 'ram': 1048576}}",
  ]);
  const json = root.file('t.json', '{"name": "j", "processes": [{"name": "p", "cmdline": "c"}]}');
  assert.equal(await root.thermos('inspect', '--json', json), 0);
  assert.equal(root.out[4], "    'name': 'j',");
});

test('status shows tasks by pattern and kind, with as much as is asked for', async (t) => {
  const root = new Root(t);
  assert.equal(await root.thermos('status'), 1);
  assert.deepEqual(root.out, ['No tasks found.']);
  root.task('web-1', ['ACTIVE'], RUN);
  root.task('old-1', ['ACTIVE', 'CLEANING', 'FINALIZING', 'SUCCESS'], [...RUN, DONE]);
  const owner = `[owner: ${ownUser().name.padStart(8)}]`;
  assert.equal(await root.thermos('status'), 0);
  assert.deepEqual(root.out, [
    ...['Active tasks:', `  web-1                ${owner}`, ''],
    ...['Finished tasks:', `  old-1                ${owner}`, ''],
  ]);
  assert.equal(await root.thermos('status', '--verbosity=3', '--only', 'finished', 'o.*'), 0);
  assert.deepEqual(root.out, [
    'Finished tasks:',
    `  old-1                ${owner}  state:  SUCCESS start:  ${WHEN}`,
    '    user: www ports: http -> 31000',
    `    sandbox: ${root.folder}/sandbox`,
    '    process table:',
    `      - run runs: 1 last: pid=9, rc=0, finish:${WHEN}, state:SUCCESS`,
    '',
    '',
  ]);
  assert.equal(await root.thermos('status', 'ld'), 1);
  assert.equal(await root.thermos('status', '('), 2);
});

test('read replays a stream, or shows its records', async (t) => {
  const root = new Root(t);
  root.task('old-1', ['ACTIVE', 'CLEANING', 'FINALIZING', 'SUCCESS'], [...RUN, DONE]);
  const path = root.paths.runner('old-1');
  assert.equal(await root.thermos('read', path), 0);
  assert.deepEqual(root.out, [
    ...['Recovered Task Header:', '  id:      old-1', '  user:    www', '  host:    h'],
    ...[`  sandbox: ${root.folder}/sandbox`, '  ports:   http->31000', 'Recovered Task States:'],
    ...['ACTIVE', 'CLEANING', 'FINALIZING', 'SUCCESS'].map((s) => `  ${WHEN} [pid: 7] => ${s}`),
    ...['Recovered Processes:', '  run   runs: 1'],
    `     0: pid=9, rc=0, finish:${WHEN}, state:SUCCESS`,
  ]);
  assert.equal(await root.thermos('read', '--simple', path), 0);
  assert.match(root.out[1] ?? '', /^CKPT: RunnerCkpt\(.*task_status=TaskStatus\(state=0,/);
  assert.equal(await root.thermos('read', root.file('empty', '')), 0);
  assert.deepEqual(root.out, ['Checkpoint stream CORRUPT or outdated format']);
  assert.equal(await root.thermos('read', join(root.folder, 'none')), 2);
});

test('tail shows the last lines of a log whose process has ended', async (t) => {
  const root = new Root(t);
  root.task('old-1', ['ACTIVE', 'CLEANING', 'FINALIZING', 'SUCCESS'], [...RUN, DONE]);
  assert.equal(await root.thermos('tail', 'nope'), 1);
  assert.equal(await root.thermos('tail', 'old-1'), 1);
  assert.deepEqual(root.err, ['ERROR: No processes found.']);
  const log = join(root.folder, 'sandbox/.logs/run/0');
  mkdirSync(log, { recursive: true });
  const lines = Array.from({ length: 12 }, (_, at) => `line ${at}`);
  writeFileSync(join(log, 'stdout'), lines.join('\n'));
  writeFileSync(join(log, 'stderr'), 'é\n');
  assert.equal(await root.thermos('tail', 'old-1', 'run'), 0);
  assert.deepEqual(root.out, [`Tail of terminal log ${log}/stdout`, ...lines.slice(2)]);
  assert.equal(await root.thermos('tail', '--stderr', 'old-1'), 0);
  assert.deepEqual(root.out, [`Tail of terminal log ${log}/stderr`, 'é']);
  mkdirSync(join(root.folder, 'sandbox/.logs/other/0'), { recursive: true });
  assert.equal(await root.thermos('tail', 'old-1'), 1);
  assert.deepEqual(root.err, ['ERROR: More than one process matches query.']);
});

test('a task without a runner is killed through its stream', async (t) => {
  const root = new Root(t);
  const child: ChildProcess = spawn('sleep', ['1000'], {
    env: { ...process.env, HOME: join(root.folder, 'sandbox') },
    stdio: 'ignore',
  });
  const { pid } = child;
  assert.ok(pid !== undefined);
  const gone = once(child, 'exit');
  t.after(() => child.kill('SIGKILL'));
  await once(child, 'spawn');
  const lost = RUN.map((each) => ({ ...each, process: 'lost' }));
  root.task('web-1', ['ACTIVE'], [...RUN.slice(0, 2), { ...RUN[2], pid }, ...lost]);
  assert.equal(await root.thermos('kill', 'nope'), 0);
  assert.deepEqual(root.out, ['No active tasks matched.']);
  assert.equal(await root.thermos('kill', 'web'), 0);
  assert.deepEqual(root.out, ['Killing web-1...done.']);
  assert.deepEqual(await gone, [null, 'SIGKILL']);
  const state = readRunnerState(root.paths.runner('web-1'));
  assert.equal(state?.describe(), 'task: ACTIVE KILLED\nrun: KILLED\nlost: LOST');
  assert.equal(state?.latest('run')?.return_code, -9);
  assert.equal(readFileSync(root.paths.task('finished', 'web-1'), 'utf8'), '{}');
  assert.equal(existsSync(root.paths.task('active', 'web-1')), false);
  assert.equal(await root.thermos('kill'), 0);
  assert.deepEqual(root.err, ['Must specify tasks!']);
});

test('processes of another task with the same sandbox are not killed', async (t) => {
  const root = new Root(t);
  const sandbox = join(root.folder, 'sandbox');
  const started = (taskId: string): ChildProcess => {
    const env = { ...process.env, HOME: sandbox, [TASK_MARK]: taskId };
    const child = spawn('sleep', ['1000'], { env, stdio: 'ignore' });
    t.after(() => child.kill('SIGKILL'));
    return child;
  };
  const [own, other] = [started('web-1'), started('web-2')];
  const gone = once(own, 'exit');
  await Promise.all([once(own, 'spawn'), once(other, 'spawn')]);
  root.task('web-1', ['ACTIVE'], []);
  assert.equal(await root.thermos('kill', 'web-1'), 0);
  assert.deepEqual(await gone, [null, 'SIGKILL']);
  const left = processesAtHome(sandbox, 'web-2').map(({ pid }) => pid);
  assert.deepEqual(left, [other.pid]);
});

test('a sandbox that is the home of somebody else is refused', async (t) => {
  const root = new Root(t);
  const home = join(root.folder, 'home');
  const config = root.file(
    'task.thermos',
    "export(SimpleTask(name = 'hello', command = 'echo hello'))",
  );
  assert.equal(await root.thermos('run', '--sandbox', home, config), 0);
  const child = spawn('sleep', ['1000'], { env: { ...process.env, HOME: home }, stdio: 'ignore' });
  t.after(() => child.kill('SIGKILL'));
  await once(child, 'spawn');
  assert.equal(await root.thermos('run', '--sandbox', home, config), 2);
  assert.match(root.err.join('\n'), /is the home of others/);
  assert.equal(root.ran.length, 1);
});

test('what is no command, or no option of it, is told with the usage', async (t) => {
  const root = new Root(t);
  assert.equal(await root.thermos('dance'), 2);
  assert.match(root.err[0] ?? '', /^thermos: error: unknown command: dance/);
  assert.equal(await root.thermos('status', '--nope'), 2);
  assert.equal(root.err.at(-1), 'thermos: error: unrecognized arguments: --nope');
  assert.equal(await root.thermos('help', 'kill'), 0);
  assert.match(root.out[0] ?? '', /^usage: thermos kill/);
  assert.equal(await root.thermos(), 0);
});
