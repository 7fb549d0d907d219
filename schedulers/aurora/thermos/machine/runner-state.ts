/**
 * What a checkpoint stream says, record by record (spec thermos, section 2). The runner, the executor and the observer
 * read streams through this.
 */
import { err, ok, type Result } from '../../../../core/base/result.ts';
import type {
  ProcessStatus,
  RunnerCkpt,
  RunnerHeader,
  TaskStatus,
  ThermosTaskState,
} from '../../thrift/types.ts';
import { isProcessEnd, NEXT_PROCESS, NEXT_TASK } from './states.ts';

export type Applied = 'applied' | 'out-of-order';

export class RunnerState {
  header: RunnerHeader | undefined;
  private readonly taskStatuses: TaskStatus[] = [];
  private readonly runsOf = new Map<string, ProcessStatus[]>();

  get statuses(): readonly TaskStatus[] {
    return this.taskStatuses;
  }

  get taskState(): ThermosTaskState | undefined {
    return this.taskStatuses.at(-1)?.state;
  }

  /** By name; each list in the order of the runs. */
  get processes(): ReadonlyMap<string, readonly ProcessStatus[]> {
    return this.runsOf;
  }

  runs(process: string): readonly ProcessStatus[] {
    return this.runsOf.get(process) ?? [];
  }

  latest(process: string): ProcessStatus | undefined {
    return this.runsOf.get(process)?.at(-1);
  }

  /** The number of the next record of a process. */
  nextSeq(process: string): number {
    const seq = this.latest(process)?.seq;
    return seq === undefined ? 0 : seq + 1;
  }

  /** An error is a stream that no runner writes. */
  apply(record: RunnerCkpt): Result<Applied> {
    if ('runner_header' in record) return this.begin(record.runner_header);
    if ('task_status' in record) return this.changeTask(record.task_status);
    return this.changeProcess(record.process_status);
  }

  /** `WAITING 0, FORKED 1` and so on, for tests and logs. */
  describe(): string {
    const processes = [...this.runsOf].map(
      ([name, runs]) => `${name}: ${runs.map((run) => run.state).join(' ')}`,
    );
    return [`task: ${this.taskStatuses.map(({ state }) => state).join(' ')}`, ...processes].join(
      '\n',
    );
  }

  private begin(header: RunnerHeader): Result<Applied> {
    if (this.header !== undefined) return err('the stream has two headers');
    this.header = header;
    return ok('applied');
  }

  private changeTask(status: TaskStatus): Result<Applied> {
    const { state } = status;
    if (state === undefined) return err('a status of the task has no state');
    const before = this.taskState;
    const isFirst = before === undefined && state === 'ACTIVE';
    // A runner that starts on an existing stream says the state again, with its own pid.
    const isAgain = before === state;
    if (!isFirst && !isAgain && !(before !== undefined && NEXT_TASK[before].includes(state))) {
      return err(`the task goes from ${before ?? 'nothing'} to ${state}`);
    }
    this.taskStatuses.push(status);
    return ok('applied');
  }

  private changeProcess(status: ProcessStatus): Result<Applied> {
    const { process, state } = status;
    if (process === undefined || state === undefined) {
      return err('a status of a process has no name or no state');
    }
    if (status.seq !== this.nextSeq(process)) return ok('out-of-order');
    const runs = this.runsOf.get(process) ?? [];
    const latest = runs.at(-1);
    if (state === 'WAITING' && (latest === undefined || isProcessEnd(latest.state))) {
      runs.push(status);
      this.runsOf.set(process, runs);
      return ok('applied');
    }
    if (latest?.state === undefined || !NEXT_PROCESS[latest.state].includes(state)) {
      return err(`process ${process} goes from ${latest?.state ?? 'nothing'} to ${state}`);
    }
    runs[runs.length - 1] = merged(latest, status);
    return ok('applied');
  }
}

/** Only what has changed is written. */
function merged(before: ProcessStatus, after: ProcessStatus): ProcessStatus {
  const changes = Object.entries(after).filter(([, value]) => value !== undefined);
  return { ...before, ...Object.fromEntries(changes) };
}
