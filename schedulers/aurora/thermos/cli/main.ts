/** `thermos` as a program: its world is this machine. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { SystemClock, sleep } from '../../../../core/base/clock.ts';
import { systemSurroundings } from '../../client/world.ts';
import { CheckpointPaths } from '../checkpoint-paths.ts';
import { readRunnerState } from '../checkpoint-stream.ts';
import { ownProgram } from '../own-program.ts';
import { processesAtHome, TASK_MARK } from '../process-list.ts';
import { runnerArguments } from '../runner-options.ts';
import { runThermos } from './commands.ts';
import type { PreparedTask, ThermosWorld } from './world.ts';

const POLL_MS = 50;
const INTERRUPTED = 130;

/** Resolves with the exit code. */
export function main(argv: readonly string[]): Promise<number> {
  const clock = new SystemClock();
  const print = (line: string): void => {
    process.stdout.write(`${line}\n`);
  };
  const world: ThermosWorld = {
    ...{ clock, print },
    complain: (line) => {
      process.stderr.write(`${line}\n`);
    },
    surroundings: systemSurroundings(clock),
    hostname: hostname(),
    newSandbox: () => mkdtempSync(join(tmpdir(), 'thermos-')),
    runTask: (task) => runTask(task, clock, print),
    isHome: (directory) => processesAtHome(directory, undefined).length > 0,
  };
  return runThermos(argv, world);
}

/** The runner reads the task from a file, which nobody needs afterwards. */
async function runTask(
  { options, json, isDaemon }: PreparedTask,
  clock: SystemClock,
  print: (line: string) => void,
): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'thermos-task-'));
  try {
    const thermosJson = join(folder, 'task.json');
    writeFileSync(thermosJson, json);
    const [program = '', ...words] = ownProgram();
    const child = spawn(program, [...words, ...runnerArguments({ ...options, thermosJson })], {
      // Control-C at the terminal is for this program, which tells the runner.
      detached: true,
      env: { ...process.env, [TASK_MARK]: options.taskId },
      stdio: isDaemon ? 'ignore' : ['ignore', 'inherit', 'inherit'],
    });
    if (isDaemon) return await inControl(child, clock, options);
    const interrupt = (): void => {
      print('Got keyboard interrupt, killing job!');
      child.kill('SIGUSR1');
    };
    process.on('SIGINT', interrupt);
    const [code] = await once(child, 'exit');
    process.off('SIGINT', interrupt);
    return typeof code === 'number' ? code : INTERRUPTED;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function inControl(
  child: ChildProcess,
  clock: SystemClock,
  { checkpointRoot, taskId }: PreparedTask['options'],
): Promise<number> {
  const stream = new CheckpointPaths(checkpointRoot).runner(taskId);
  let code: number | undefined;
  child.once('exit', (exit) => {
    code = exit ?? INTERRUPTED;
  });
  while (code === undefined) {
    if (readRunnerState(stream)?.statuses.some((each) => each.runner_pid === child.pid) === true) {
      child.unref();
      return 0;
    }
    await sleep(clock, POLL_MS);
  }
  return code;
}
