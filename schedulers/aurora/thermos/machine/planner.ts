/**
 * What may run now, from the processes and their runs so far (spec thermos, section 3). Nothing is remembered: a
 * runner that starts on an existing stream plans as the one before it would have.
 */
import type { Instant } from '../../../../core/base/clock.ts';
import type { ThermosProcess, ThermosTask } from '../../config/task-instance.ts';
import type { ProcessStatus } from '../../thrift/types.ts';
import { isProcessEnd } from './states.ts';

/** Runs of one process; then it has failed. */
export const RUNS_MAX = 100;

export interface Schedule {
  readonly processes: readonly ThermosProcess[];
  /** Names of the processes that each one waits for. */
  readonly predecessors: ReadonlyMap<string, ReadonlySet<string>>;
  /** 0 is no limit. */
  readonly concurrencyMax: number;
}

export interface Plan {
  /** In the order of the task. */
  readonly runnable: readonly string[];
  readonly running: readonly string[];
  readonly finished: ReadonlySet<string>;
  readonly failed: ReadonlySet<string>;
  /** When the first process that only waits for its `min_duration` may run. */
  readonly nextAt: Instant | undefined;
  /** All that need to end have ended. */
  readonly isComplete: boolean;
  /** Incomplete, and nothing runs or ever will. */
  readonly isStuck: boolean;
}

/** Of the regular or of the final processes; a process of the other kind is in none of the orders. */
export function scheduleOf(task: ThermosTask, isFinal: boolean): Schedule {
  const processes = task.processes.filter((each) => each.isFinal === isFinal);
  const names = new Set(processes.map((each) => each.name));
  const predecessors = new Map<string, Set<string>>(processes.map(({ name }) => [name, new Set()]));
  for (const order of task.orders) {
    for (const [at, name] of order.entries()) {
      const before = order[at - 1];
      if (before !== undefined && names.has(before)) predecessors.get(name)?.add(before);
    }
  }
  return { processes, predecessors, concurrencyMax: task.maxConcurrency };
}

export function planOf(
  schedule: Schedule,
  runsOf: (process: string) => readonly ProcessStatus[],
  now: Instant,
): Plan {
  const standings = new Map(
    schedule.processes.map((each) => [each.name, standingOf(each, runsOf(each.name))]),
  );
  const named = (standing: Standing): string[] =>
    [...standings].flatMap(([name, each]) => (each === standing ? [name] : []));
  const finished = new Set(named('finished'));
  const failed = new Set(named('failed'));
  const running = named('running');
  const ready = schedule.processes.filter(
    ({ name }) =>
      standings.get(name) === 'may-run' &&
      [...(schedule.predecessors.get(name) ?? [])].every((before) => finished.has(before)),
  );
  const times = new Map(ready.map((each) => [each.name, earliest(each, runsOf(each.name))]));
  const due = ready.filter(({ name }) => (times.get(name) ?? 0) <= now).map(({ name }) => name);
  const later = [...times.values()].filter((at) => at > now);
  const { concurrencyMax } = schedule;
  const free = concurrencyMax === 0 ? due.length : Math.max(0, concurrencyMax - running.length);
  const isComplete = schedule.processes.every(
    ({ name, isEphemeral }) => isEphemeral || finished.has(name) || failed.has(name),
  );
  return {
    runnable: due.slice(0, free),
    running,
    finished,
    failed,
    nextAt: later.length === 0 ? undefined : Math.min(...later),
    isComplete,
    isStuck: !isComplete && running.length === 0 && ready.length === 0,
  };
}

type Standing = 'running' | 'may-run' | 'finished' | 'failed';

function standingOf(process: ThermosProcess, runs: readonly ProcessStatus[]): Standing {
  const latest = runs.at(-1);
  if (latest === undefined) return 'may-run';
  if (!isProcessEnd(latest.state)) return 'running';
  if (latest.state === 'SUCCESS' && !process.isDaemon) return 'finished';
  const failures = runs.filter(({ state }) => state === 'FAILED').length;
  const isOut =
    latest.state === 'FAILED' && process.maxFailures > 0 && failures >= process.maxFailures;
  if (!isOut && runs.length < RUNS_MAX) return 'may-run';
  return process.isEphemeral ? 'finished' : 'failed';
}

/** `min_duration` counts from launch to launch. */
function earliest(process: ThermosProcess, runs: readonly ProcessStatus[]): Instant {
  const latest = runs.at(-1);
  const launchedSecs = latest?.fork_time ?? latest?.stop_time;
  return launchedSecs === undefined ? 0 : (launchedSecs + process.minDurationSecs) * 1_000;
}
