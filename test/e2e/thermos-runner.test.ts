/** The runner of Thermos as a process, that dies and is followed by another one. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { CheckpointPaths } from '../../schedulers/aurora/thermos/checkpoint-paths.ts';
import { readRunnerState } from '../../schedulers/aurora/thermos/checkpoint-stream.ts';
import { RUNNER_EXIT } from '../../schedulers/aurora/thermos/machine/task-report.ts';
import { isAlive, processesAtHome } from '../../schedulers/aurora/thermos/process-list.ts';
import type { ProcessStatus } from '../../schedulers/aurora/thrift/types.ts';
import {
  eventually,
  type Program,
  removeDirectory,
  startOrrery,
  temporaryDirectory,
} from './support/programs.ts';

const TASK_ID = 'task-1';
class RunnerWorld {
  readonly directory: string;
  readonly sandbox: string;
  private readonly t: TestContext;

  private constructor(t: TestContext, directory: string) {
    this.t = t;
    this.directory = directory;
    this.sandbox = join(directory, 'sandbox');
  }

  static async start(t: TestContext, processes: readonly object[]): Promise<RunnerWorld> {
    const world = new RunnerWorld(t, await temporaryDirectory('runner'));
    t.after(() => removeDirectory(world.directory));
    await mkdir(world.sandbox);
    const defaults = {
      ...{ max_failures: 1, daemon: false, ephemeral: false, min_duration: 0, final: false },
    };
    const task = {
      ...{ name: 't', constraints: [], max_failures: 1, max_concurrency: 0, finalization_wait: 30 },
      processes: processes.map((each) => ({ ...defaults, ...each })),
    };
    writeFileSync(join(world.directory, 'task.json'), JSON.stringify(task));
    return world;
  }

  runner(...more: readonly string[]): Program {
    const program = startOrrery([
      'thermos-runner',
      `--thermos_json=${join(this.directory, 'task.json')}`,
      `--sandbox=${this.sandbox}`,
      `--checkpoint_root=${join(this.directory, 'root')}`,
      `--task_id=${TASK_ID}`,
      ...more,
    ]);
    this.t.after(async () => {
      await program.stop('SIGKILL');
      // What it has started outlives it.
      for (const { pid } of processesAtHome(this.sandbox, undefined)) process.kill(pid, 'SIGKILL');
    });
    return program;
  }

  /** The latest run of a process once it is so. */
  async sees(
    process: string,
    runner: Program,
    isSo: (status: ProcessStatus, run: number) => boolean,
  ): Promise<ProcessStatus> {
    return await eventually(
      `${process} is so`,
      () => {
        const runs = this.state()?.runs(process) ?? [];
        const latest = runs.at(-1);
        return latest !== undefined && isSo(latest, runs.length - 1) ? latest : undefined;
      },
      () => `${this.state()?.describe()}\n${runner.output()}`,
    );
  }

  state(): ReturnType<typeof readRunnerState> {
    return readRunnerState(new CheckpointPaths(join(this.directory, 'root')).runner(TASK_ID));
  }

  text(path: string): string {
    return readFileSync(join(this.sandbox, path), 'utf8');
  }
}

const WORK = {
  name: 'chores',
  cmdline: 'while ! test -f go; do sleep 0.1; done; echo done; env | sort',
};

test('a runner that dies is followed by another one, and what its process did counts', async (t) => {
  const world = await RunnerWorld.start(t, [WORK]);
  const first = world.runner();
  const before = await world.sees('chores', first, ({ state }) => state === 'RUNNING');
  await first.stop('SIGKILL');
  writeFileSync(join(world.sandbox, 'go'), '');
  const second = world.runner('--port=http:8080');
  const after = await world.sees('chores', second, ({ state }) => state === 'SUCCESS');
  assert.equal(await second.ended, 0);
  assert.deepEqual([after.pid, after.return_code], [before.pid, 0]);
  const state = world.state();
  assert.equal(state?.runs('chores').length, 1);
  assert.deepEqual(
    state?.statuses.map((each) => each.state),
    ['ACTIVE', 'ACTIVE', 'CLEANING', 'FINALIZING', 'SUCCESS'],
  );
  const [done, ...environment] = world.text('.logs/chores/0/stdout').trim().split('\n');
  assert.equal(done, 'done');
  const names = environment.map((each) => each.split('=')[0] ?? '');
  const own = new Set(['HOME', 'LOGNAME', 'PATH', 'USER']);
  // Three more are the shell's.
  const shell = new Set(['PWD', 'SHLVL', '_', 'OLDPWD']);
  assert.deepEqual(
    names.filter((each) => !shell.has(each)),
    [...own],
  );
  assert.ok(environment.includes(`HOME=${world.sandbox}`));

  const third = world.runner();
  assert.equal(await third.ended, RUNNER_EXIT.taskHasEnded);
});

test('a process whose coordinator dies is lost and runs again; a killed task ends with all it started', async (t) => {
  const deaf = "trap '' TERM; setsid sleep 1000 & while true; do sleep 0.1; done";
  const world = await RunnerWorld.start(t, [
    { name: 'deaf', cmdline: deaf },
    { name: 'tidy', cmdline: 'echo tidied > tidied', final: true },
  ]);
  const runner = world.runner();
  const first = await world.sees('deaf', runner, ({ state }) => state === 'RUNNING');
  assert.ok(first.coordinator_pid !== undefined);
  process.kill(first.coordinator_pid, 'SIGKILL');
  const second = await world.sees(
    'deaf',
    runner,
    ({ state }, run) => run === 1 && state === 'RUNNING',
  );
  assert.equal(world.state()?.runs('deaf')[0]?.state, 'LOST');
  assert.ok(first.pid !== undefined && !isAlive(first.pid));
  runner.child.kill('SIGUSR2');
  assert.equal(await runner.ended, 0);
  assert.equal(world.state()?.taskState, 'LOST');
  assert.equal(world.state()?.latest('deaf')?.state, 'KILLED');
  const { pid } = second;
  assert.ok(pid !== undefined);
  await eventually('the process has ended', () => (isAlive(pid) ? undefined : true));
  assert.deepEqual(processesAtHome(world.sandbox, undefined), []);
  assert.throws(() => world.text('tidied'));
});

test('a task that is not valid, and a user that nobody knows, are told by the exit code', async (t) => {
  const world = await RunnerWorld.start(t, [WORK]);
  const unknown = world.runner('--setuid=no-such-user');
  assert.equal(await unknown.ended, RUNNER_EXIT.unknownUser);
  writeFileSync(join(world.directory, 'task.json'), '{"name": "t"');
  assert.equal(await world.runner().ended, RUNNER_EXIT.invalidTask);
});
