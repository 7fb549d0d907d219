/**
 * One task from its launch to its last status (spec thermos, section 5.1). Several sources have a say: the runner, health,
 * disk, the announcement, and whoever asks for the end.
 */
import { type Clock, sleep } from '../../../core/base/clock.ts';
import { minutes } from '../../../core/base/duration.ts';
import { chosenReport, isEnd, reportOfResult, type TaskReport } from './machine/task-report.ts';
import type { TaskRunner } from './runner-process.ts';
import type { StatusSource } from './status-source.ts';

const POLL_MS = 500;
const START_LIMIT_MS = minutes(2);

export const ASSUMED_HEALTHY: TaskReport = {
  state: 'RUNNING',
  message: 'No health-check defined, task is assumed healthy.',
};

/** Told first of all, whatever comes of the task. */
export const INITIALIZING: TaskReport = { state: 'STARTING', message: 'Initializing sandbox.' };

export interface ExecutionSteps {
  /** An end when the task cannot be started. */
  prepare(): { readonly runner: TaskRunner } | { readonly refusal: TaskReport };
  /** Made when the processes run. */
  sources(): readonly StatusSource[];
  /** Asks over HTTP in front of the signals. */
  askToEnd(hasEnded: () => boolean): Promise<void>;
}

export class TaskExecution {
  private readonly steps: ExecutionSteps;
  private readonly clock: Clock;
  private readonly tell: (report: TaskReport) => void;
  private readonly stopLimitMs: number;
  private demand: TaskReport | undefined;

  constructor(
    steps: ExecutionSteps,
    ports: {
      readonly clock: Clock;
      readonly tell: (report: TaskReport) => void;
      readonly stopLimitMs: number;
    },
  ) {
    this.steps = steps;
    this.clock = ports.clock;
    this.tell = ports.tell;
    this.stopLimitMs = ports.stopLimitMs;
  }

  /** The first message stands. */
  end(message: string): void {
    this.demand ??= { state: 'KILLED', message };
  }

  /** Resolves when the last status has been told. */
  async run(): Promise<void> {
    this.tell(INITIALIZING);
    const prepared = this.steps.prepare();
    if ('refusal' in prepared) {
      this.tell(prepared.refusal);
      return;
    }
    const { runner } = prepared;
    const failure = await this.started(runner);
    const sources = failure === undefined ? this.steps.sources() : [];
    const report = failure ?? (await this.follow(runner, sources));
    await this.finish(runner, sources, report);
  }

  /** Waits until the runner is in control; gives the end if that does not happen. */
  private async started(runner: TaskRunner): Promise<TaskReport | undefined> {
    const until = this.clock.now() + START_LIMIT_MS;
    while (!runner.hasStarted()) {
      const end = runner.report() ?? this.demand;
      if (end !== undefined) return end;
      if (this.clock.now() >= until) {
        return { state: 'LOST', message: 'Timed out waiting for task to start!' };
      }
      await sleep(this.clock, POLL_MS);
    }
    return undefined;
  }

  private async follow(runner: TaskRunner, sources: readonly StatusSource[]): Promise<TaskReport> {
    let isRunning = false;
    for (;;) {
      const said = [runner.report(), ...sources.map((each) => each.report()), this.demand];
      const report = chosenReport(said);
      if (report !== undefined && isEnd(report)) return report;
      if (report?.state === 'RUNNING' && !isRunning) {
        isRunning = true;
        this.tell(report);
      }
      await sleep(this.clock, POLL_MS);
    }
  }

  /** A task that ended by itself is told as it ended, whoever noticed something first. */
  private async finish(
    runner: TaskRunner,
    sources: readonly StatusSource[],
    report: TaskReport,
  ): Promise<void> {
    const own = runner.result();
    await Promise.all(sources.map((each) => each.stop()));
    const until = this.clock.now() + this.stopLimitMs;
    const hasEnded = (): boolean => runner.report() !== undefined;
    if (!hasEnded()) await this.steps.askToEnd(hasEnded);
    await runner.stop(Math.max(0, until - this.clock.now()));
    const state = own === undefined ? report.state : reportOfResult(own).state;
    this.tell({ state, message: report.message });
  }
}
