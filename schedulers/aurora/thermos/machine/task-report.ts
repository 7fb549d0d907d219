/** What the executor tells of its task, out of what several sources say (spec thermos, section 5.1). */
import type { TaskResult } from './states.ts';

export type ReportedState = 'STARTING' | 'RUNNING' | 'FINISHED' | 'FAILED' | 'KILLED' | 'LOST';

export interface TaskReport {
  readonly state: ReportedState;
  readonly message: string;
}

export function isEnd({ state }: TaskReport): boolean {
  return state !== 'STARTING' && state !== 'RUNNING';
}

/** The first end wins; else whoever is not ready holds back those who are. */
export function chosenReport(reports: readonly (TaskReport | undefined)[]): TaskReport | undefined {
  const said = reports.filter((each) => each !== undefined);
  return (
    said.find(isEnd) ??
    said.find(({ state }) => state === 'STARTING') ??
    said.find(({ state }) => state === 'RUNNING')
  );
}

const OF_RESULT: Readonly<Record<TaskResult, TaskReport>> = {
  SUCCESS: { state: 'FINISHED', message: 'Task finished.' },
  FAILED: { state: 'FAILED', message: 'Task failed.' },
  KILLED: { state: 'KILLED', message: 'Task killed.' },
  LOST: { state: 'LOST', message: 'Task lost.' },
};

export function reportOfResult(result: TaskResult): TaskReport {
  return OF_RESULT[result];
}

const DIED: TaskReport = { state: 'LOST', message: 'Runner died while task was active.' };

/** Exit codes of a runner. */
export const RUNNER_EXIT = {
  internalError: 101,
  invalidTask: 102,
  unknownError: 103,
  unknownUser: 104,
  taskHasEnded: 105,
} as const;

export interface RunnerExit {
  readonly code: number | null;
  readonly signal: number | undefined;
}

/** The runner has ended and its stream names no end of the task; `isActive`: it goes on there. */
export function reportOfExit({ code, signal }: RunnerExit, isActive: boolean): TaskReport {
  if (signal !== undefined) return { state: 'KILLED', message: `Task killed by signal ${signal}.` };
  switch (code) {
    case RUNNER_EXIT.unknownUser:
      return { state: 'FAILED', message: 'Task started with unknown user.' };
    case RUNNER_EXIT.internalError:
      return { state: 'LOST', message: 'Thermos failed with internal error.' };
    case RUNNER_EXIT.invalidTask:
      return { state: 'FAILED', message: 'Thermos received an invalid task.' };
    case RUNNER_EXIT.unknownError:
      return { state: 'LOST', message: 'Thermos failed with an unknown error.' };
    case 0:
    case RUNNER_EXIT.taskHasEnded:
      return isActive ? DIED : { state: 'LOST', message: 'Task checkpoint could not be read.' };
    case null:
      return DIED;
    default:
      return {
        state: 'LOST',
        message: `Thermos exited for unknown reason (exit status: ${code})`,
      };
  }
}
