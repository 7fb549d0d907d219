/** `thermos tail`: the log of a process, followed as long as it runs. */
import { readdirSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { sleep } from '../../../../core/base/clock.ts';
import { CheckpointPaths, logDirectory } from '../checkpoint-paths.ts';
import { readRunnerState } from '../checkpoint-stream.ts';
import { isProcessEnd, isTaskEnd } from '../machine/states.ts';
import { NOT_FOUND, type ThermosCommand, ThermosFailure, type ThermosWorld } from './world.ts';

const LINES = 10;
/** The end of a log that is looked at for its last lines. */
const TAIL_MAX_BYTES = 64 * 1024;
const CHUNK_BYTES = 64 * 1024;
const POLL_MS = 200;

export const TAIL: ThermosCommand = {
  name: 'tail',
  help: 'Tail the logs of a task process.',
  options: [{ name: '--stderr', kind: 'flag', help: 'Tail stderr instead of stdout' }],
  positionals: [
    { name: 'task_name', help: 'Id of the task' },
    { name: 'process_name', isOptional: true, help: 'Name of the process' },
  ],
  run: async (world, args, root) => {
    const taskId = args.text('task_name');
    const path = new CheckpointPaths(root).runner(taskId);
    const logDir = readRunnerState(path)?.header?.log_dir;
    if (logDir === undefined) {
      world.print('ERROR: Could not find task.');
      return NOT_FOUND;
    }
    const wanted = args.optional('process_name');
    const processes = entriesOf(logDir).filter((name) => wanted === undefined || name === wanted);
    const [process, second] = processes;
    if (process === undefined) throw new ThermosFailure('ERROR: No processes found.', NOT_FOUND);
    if (second !== undefined) {
      throw new ThermosFailure('ERROR: More than one process matches query.', NOT_FOUND);
    }
    const runs = entriesOf(join(logDir, process)).map(Number).filter(Number.isInteger);
    const run = Math.max(0, ...runs);
    const stream = args.has('--stderr') ? 'stderr' : 'stdout';
    const log = join(logDirectory(logDir, process, run), stream);
    await follow(world, log, () => isActive(path, process, run));
    return 0;
  },
};

function isActive(path: string, process: string, run: number): boolean {
  const state = readRunnerState(path);
  if (state === undefined || isTaskEnd(state.taskState)) return false;
  const status = state.runs(process)[run];
  return status !== undefined && !isProcessEnd(status.state);
}

async function follow(world: ThermosWorld, log: string, active: () => boolean): Promise<void> {
  let isLive = active();
  world.print(`Tail of ${isLive ? 'active' : 'terminal'} log ${log}`);
  const file = await open(log, 'r').catch(() => undefined);
  if (file === undefined) throw new ThermosFailure(`ERROR: Could not open ${log}`, NOT_FOUND);
  try {
    const { size } = await file.stat();
    let at = Math.max(0, size - TAIL_MAX_BYTES);
    let rest = '';
    const more = async (): Promise<string[]> => {
      const { bytesRead, buffer } = await file.read(Buffer.alloc(CHUNK_BYTES), 0, CHUNK_BYTES, at);
      at += bytesRead;
      const lines = (rest + buffer.subarray(0, bytesRead).toString('latin1')).split('\n');
      rest = lines.pop() ?? '';
      return lines;
    };
    const begin: string[] = [];
    while (at < size) begin.push(...(await more()));
    if (!isLive && rest !== '') begin.push(rest);
    for (const line of begin.slice(isLive ? -1 : -LINES)) tell(world, line);
    while (isLive) {
      // Asked before the last look: what was written until then is read.
      isLive = active();
      for (let lines = await more(); lines.length > 0; lines = await more()) {
        for (const line of lines) tell(world, line);
      }
      if (isLive) await sleep(world.clock, POLL_MS);
      else if (rest !== '') tell(world, rest);
    }
  } finally {
    await file.close();
  }
}

function tell(world: ThermosWorld, line: string): void {
  world.print(Buffer.from(line, 'latin1').toString('utf8').trimEnd());
}

function entriesOf(path: string): readonly string[] {
  try {
    return readdirSync(path);
  } catch {
    // Nothing has been written yet.
    return [];
  }
}
