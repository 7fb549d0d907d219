/** `thermos kill`: ends tasks with or without a runner, as the original does: at once, through the stream. */
import { renameSync } from 'node:fs';
import { seconds } from '../../../../core/base/duration.ts';
import { ClusterError } from '../../../../core/base/errors.ts';
import type { ProcessStatus } from '../../thrift/types.ts';
import { CheckpointPaths } from '../checkpoint-paths.ts';
import { CheckpointWriter, readRunnerState } from '../checkpoint-stream.ts';
import type { RunnerState } from '../machine/runner-state.ts';
import { isProcessEnd, isTaskEnd } from '../machine/states.ts';
import { descendants, listProcesses, processesAtHome, signalProcess } from '../process-list.ts';
import { matchingTasks, patternsOf } from './task-patterns.ts';
import type { ThermosCommand, ThermosWorld } from './world.ts';

/** For the lock of a runner that has been killed. */
const LOCK_WAIT_SECS = 30;

export const KILL: ThermosCommand = {
  name: 'kill',
  help: 'Kill task(s)',
  options: [],
  positionals: [
    { name: 'task_id', isRest: true, isOptional: true, help: 'Ids of tasks, or patterns' },
  ],
  run: async (world, args, root) => {
    if (!args.has('task_id')) {
      world.complain('Must specify tasks!');
      return 0;
    }
    const paths = new CheckpointPaths(root);
    const tasks = matchingTasks(paths, 'active', patternsOf(args.texts('task_id')));
    if (tasks.length === 0) world.print('No active tasks matched.');
    for (const taskId of tasks) {
      killTask(world, paths, taskId);
      world.print(`Killing ${taskId}...done.`);
    }
    return 0;
  },
};

function killTask(world: ThermosWorld, paths: CheckpointPaths, taskId: string): void {
  const state = readRunnerState(paths.runner(taskId));
  if (state?.header !== undefined && !isTaskEnd(state.taskState)) {
    const stream = takeControl(paths.runner(taskId), state);
    try {
      // The runner may have written more until it was killed.
      endTask(world, stream, readRunnerState(paths.runner(taskId)) ?? state);
    } finally {
      stream.close();
    }
  }
  renameSync(paths.task('active', taskId), paths.task('finished', taskId));
}

function takeControl(path: string, state: RunnerState): CheckpointWriter {
  try {
    return new CheckpointWriter(path, 0);
  } catch (thrown) {
    const pid = state.statuses.at(-1)?.runner_pid;
    if (!(thrown instanceof ClusterError) || pid === undefined) throw thrown;
    // Whoever has the lock is the one that says so in the stream.
    signalProcess(pid, 'SIGKILL');
    return new CheckpointWriter(path, LOCK_WAIT_SECS);
  }
}

function endTask(world: ThermosWorld, stream: CheckpointWriter, state: RunnerState): void {
  if (isTaskEnd(state.taskState)) return;
  const sandbox = state.header?.sandbox;
  const all = listProcesses();
  const own = new Set(
    (sandbox === undefined ? [] : processesAtHome(sandbox, state.header?.task_id)).map(
      ({ pid }) => pid,
    ),
  );
  const now = world.clock.now();
  for (const [process, runs] of state.processes) {
    const latest = runs.at(-1);
    if (latest === undefined || isProcessEnd(latest.state) || latest.state === 'WAITING') continue;
    const ended = killRun(latest, own, all)
      ? { state: 'KILLED' as const, return_code: -9, stop_time: now / seconds(1) }
      : { state: 'LOST' as const };
    stream.append({ process_status: { process, seq: state.nextSeq(process), ...ended } });
  }
  for (const pid of own) signalProcess(pid, 'SIGKILL');
  stream.append({
    task_status: {
      ...{ state: 'KILLED', timestamp_ms: now, runner_pid: process.pid },
      runner_uid: process.getuid?.() ?? 0,
    },
  });
}

/** Whether something of the run was there; another task's process may have its pid by now. */
function killRun(
  { pid, coordinator_pid }: ProcessStatus,
  own: ReadonlySet<number>,
  all: ReturnType<typeof listProcesses>,
): boolean {
  if (pid === undefined || !own.has(pid)) return false;
  // The coordinator first: it would tell an end of its own.
  const parent = all.find((each) => each.pid === pid)?.parent;
  if (coordinator_pid !== undefined && parent === coordinator_pid) {
    signalProcess(coordinator_pid, 'SIGKILL');
  }
  for (const each of descendants(pid, all)) signalProcess(each.pid, 'SIGKILL');
  return true;
}
