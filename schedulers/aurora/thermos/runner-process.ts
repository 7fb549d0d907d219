/** A task's runner as its executor sees it: a process of its own, and a stream that tells how far it is. */
import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';
import type { Clock } from '../../../core/base/clock.ts';
import { sleep } from '../../../core/base/clock.ts';
import { seconds } from '../../../core/base/duration.ts';
import { describeError } from '../../../core/base/errors.ts';
import { CheckpointPaths } from './checkpoint-paths.ts';
import { CheckpointReader } from './checkpoint-stream.ts';
import { RunnerState } from './machine/runner-state.ts';
import { isTaskEnd, type TaskResult } from './machine/states.ts';
import {
  type RunnerExit,
  reportOfExit,
  reportOfResult,
  type TaskReport,
} from './machine/task-report.ts';
import { ownProgram } from './own-program.ts';
import { processesAtHome, signalProcess, TASK_MARK } from './process-list.ts';
import { type RunnerOptions, runnerArguments } from './runner-options.ts';

const POLL_MS = 500;
/** A signal that came too early is given again. */
const SIGNAL_AGAIN_MS = seconds(5);

/** What the executor needs of a runner; tests have one without processes. */
export interface TaskRunner {
  /** The runner is in control and may be told to end. */
  hasStarted(): boolean;
  /** The end of the task as the stream has it. */
  result(): TaskResult | undefined;
  report(): TaskReport | undefined;
  /** Resolves when the task has ended, or when `limitMs` is over and everything has been killed. */
  stop(limitMs: number): Promise<void>;
}

export class RunnerProcess implements TaskRunner {
  private readonly options: RunnerOptions;
  private readonly clock: Clock;
  private readonly state = new RunnerState();
  private readonly reader: CheckpointReader;
  private child: ChildProcess;
  private exit: RunnerExit | undefined;
  private unreadable: string | undefined;

  constructor(options: RunnerOptions, clock: Clock) {
    this.options = options;
    this.clock = clock;
    const paths = new CheckpointPaths(options.checkpointRoot);
    this.reader = new CheckpointReader(paths.runner(options.taskId));
    this.child = this.spawn();
  }

  hasStarted(): boolean {
    this.read();
    return this.state.taskState !== undefined;
  }

  result(): TaskResult | undefined {
    this.read();
    const { taskState } = this.state;
    return isTaskEnd(taskState) ? taskState : undefined;
  }

  report(): TaskReport | undefined {
    // In this order: a runner says how its task has ended, and exits then.
    const { exit } = this;
    const result = this.result();
    if (result !== undefined) return reportOfResult(result);
    if (exit === undefined) return undefined;
    return reportOfExit(exit, this.state.taskState === 'ACTIVE');
  }

  async stop(limitMs: number): Promise<void> {
    const until = this.clock.now() + limitMs;
    if (this.exit !== undefined && this.result() === undefined && this.hasStarted()) {
      // It died; another one writes the end, and ends what is left.
      this.exit = undefined;
      this.child = this.spawn();
      await this.signalUntilEnd('SIGUSR2', until);
    } else {
      await this.signalUntilEnd('SIGUSR1', until);
    }
    if (this.exit === undefined && this.clock.now() >= until) this.child.kill('SIGKILL');
    const { sandbox, image, taskId } = this.options;
    for (const { pid } of processesAtHome(image?.sandbox ?? sandbox, taskId))
      signalProcess(pid, 'SIGKILL');
  }

  private async signalUntilEnd(signal: NodeJS.Signals, until: number): Promise<void> {
    let signalAt = this.clock.now();
    while (this.exit === undefined && this.clock.now() < until) {
      const now = this.clock.now();
      const isThere = this.isInControl();
      if (!isThere && signal === 'SIGUSR1') {
        // Nothing has been started, and nobody would hear the signal.
        this.child.kill('SIGKILL');
      } else if (isThere && now >= signalAt && this.result() === undefined) {
        this.child.kill(signal);
        signalAt = now + SIGNAL_AGAIN_MS;
      }
      await sleep(this.clock, POLL_MS);
    }
  }

  /** This runner, not one before it. */
  private isInControl(): boolean {
    this.read();
    return this.state.statuses.at(-1)?.runner_pid === this.child.pid;
  }

  private spawn(): ChildProcess {
    const [program = '', ...words] = ownProgram();
    const { image, taskId } = this.options;
    const child = spawn(program, [...words, ...runnerArguments(this.options)], {
      // All tasks with an image have the same home.
      env: { ...process.env, ...(image === undefined ? {} : { [TASK_MARK]: taskId }) },
      // It outlives the executor.
      detached: true,
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    child.once('error', (thrown) => {
      process.stderr.write(`${describeError(thrown)}\n`);
      this.exit = { code: null, signal: undefined };
    });
    child.once('exit', (code, signal) => {
      this.exit = { code, signal: signal === null ? undefined : constants.signals[signal] };
    });
    return child;
  }

  private read(): void {
    if (this.unreadable !== undefined) return;
    const records = this.reader.read();
    if (!records.ok) {
      this.unreadable = records.error;
      process.stderr.write(`the stream of the runner: ${records.error}\n`);
      return;
    }
    for (const record of records.value) this.state.apply(record);
  }
}
