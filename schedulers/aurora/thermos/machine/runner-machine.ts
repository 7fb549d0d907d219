/**
 * Decides what a runner does (spec thermos, section 4): which process starts, when the task is cleaned up and
 * finalized, and how it ends. Records are in front of what they announce, so that a runner that dies in between can be
 * followed by another.
 */
import { assert, unreachable } from '../../../../core/base/assert.ts';
import type { Instant } from '../../../../core/base/clock.ts';
import { minutes, seconds } from '../../../../core/base/duration.ts';
import type { ThermosTask } from '../../config/task-instance.ts';
import type { ProcessStatus, RunnerCkpt, RunnerHeader, TaskStatus } from '../../thrift/types.ts';
import { type Plan, planOf, type Schedule, scheduleOf } from './planner.ts';
import { RunnerState } from './runner-state.ts';
import { isProcessEnd, isTaskEnd, NEXT_PROCESS, type TaskResult } from './states.ts';

/** How long a killed task may clean up and finalize, whatever `finalization_wait` says. */
export const PREEMPTION_WAIT_MS = minutes(1);
/** A coordinator that has said FORKED and nothing else is lost then. */
export const FORKED_LIMIT_MS = seconds(60);

export type RunnerInput =
  /** The stream has been read; the runner is in control of it. */
  | { readonly kind: 'started'; readonly header: RunnerHeader }
  /** From the stream of a coordinator; may have been heard before. */
  | { readonly kind: 'process'; readonly status: ProcessStatus }
  /** No coordinator works for it, and its stream has nothing more. */
  | { readonly kind: 'coordinator-gone'; readonly process: string }
  | { readonly kind: 'kill' }
  | { readonly kind: 'lose' }
  | { readonly kind: 'woke' };

export type RunnerEffect =
  | { readonly kind: 'record'; readonly record: RunnerCkpt }
  | {
      readonly kind: 'launch';
      readonly process: string;
      readonly run: number;
      /** Of the first record that the coordinator writes. */
      readonly seq: number;
    }
  /** To the processes that run, and to what earlier ones have left behind. */
  | { readonly kind: 'terminate'; readonly processes: readonly ProcessStatus[] }
  /** Everything of the task that still lives, and the coordinators of those that have not begun. */
  | { readonly kind: 'kill-all'; readonly processes: readonly ProcessStatus[] }
  /** What a lost process has left behind. */
  | { readonly kind: 'kill-process'; readonly status: ProcessStatus }
  | { readonly kind: 'wake'; readonly at: Instant }
  | { readonly kind: 'ended'; readonly state: TaskResult };

export interface RunnerIdentity {
  readonly pid: number;
  readonly uid: number;
}

export class RunnerMachine {
  readonly state: RunnerState;
  private readonly task: ThermosTask;
  private readonly identity: RunnerIdentity;
  private readonly regular: Schedule;
  private readonly final: Schedule;
  private demanded: 'KILLED' | 'LOST' | undefined;
  private deadline: Instant | undefined;
  private effects: RunnerEffect[] = [];

  constructor(task: ThermosTask, identity: RunnerIdentity, state = new RunnerState()) {
    this.task = task;
    this.identity = identity;
    this.state = state;
    this.regular = scheduleOf(task, false);
    this.final = scheduleOf(task, true);
  }

  handle(input: RunnerInput, now: Instant): readonly RunnerEffect[] {
    this.effects = [];
    this.take(input, now);
    if (this.state.header !== undefined) this.advance(now);
    return this.effects;
  }

  private take(input: RunnerInput, now: Instant): void {
    switch (input.kind) {
      case 'started':
        this.begin(input.header, now);
        break;
      case 'process':
        this.heard(input.status);
        break;
      case 'coordinator-gone':
        this.gone(input.process, now);
        break;
      case 'kill':
        this.demand('KILLED', now);
        break;
      case 'lose':
        this.demand('LOST', now);
        break;
      case 'woke':
        break;
      default:
        unreachable(input);
    }
  }

  private begin(header: RunnerHeader, now: Instant): void {
    if (this.state.header === undefined) this.record({ runner_header: header });
    const before = this.state.taskState;
    if (isTaskEnd(before)) return;
    const cleaning = this.state.statuses.find(({ state }) => state === 'CLEANING');
    if (cleaning !== undefined) {
      this.deadline = (cleaning.timestamp_ms ?? now) + this.task.finalizationWaitSecs * 1_000;
    }
    this.recordTask(before ?? 'ACTIVE', now);
    // Whoever said WAITING may not have lived to start a coordinator; a second one gives way to the first.
    for (const [process, runs] of this.state.processes) {
      const latest = runs.at(-1);
      if (latest?.state === 'WAITING') this.launch(process);
    }
  }

  private heard(status: ProcessStatus): void {
    const { process, seq, state } = status;
    if (process === undefined || state === undefined) return;
    if (seq !== this.state.nextSeq(process)) return;
    // A coordinator that was given up for lost may still say how its process has ended.
    const before = this.state.latest(process)?.state;
    if (before === undefined || !NEXT_PROCESS[before].includes(state)) return;
    this.record({ process_status: status });
    const latest = this.state.latest(process);
    // It had no pid yet when the others were told to end.
    if (state === 'RUNNING' && latest !== undefined && this.state.taskState === 'CLEANING') {
      this.effects.push({ kind: 'terminate', processes: [latest] });
    }
  }

  private gone(process: string, now: Instant): void {
    const latest = this.state.latest(process);
    if (latest === undefined || isProcessEnd(latest.state)) return;
    if (latest.state === 'WAITING') {
      this.recordProcess(process, { state: 'FAILED', stop_time: now / 1_000 });
      return;
    }
    this.lost(latest, now);
  }

  /** The first demand stands, but a lost task is not waited for. */
  private demand(result: 'KILLED' | 'LOST', now: Instant): void {
    if (isTaskEnd(this.state.taskState)) return;
    this.demanded ??= result;
    const waitMs = result === 'LOST' ? 0 : PREEMPTION_WAIT_MS;
    this.deadline = Math.min(this.deadline ?? Number.POSITIVE_INFINITY, now + waitMs);
  }

  /** Goes on until nothing changes at this moment. */
  private advance(now: Instant): void {
    for (;;) {
      const before = this.state.taskState;
      this.loseSilent(now);
      switch (before) {
        case 'ACTIVE':
          this.runActive(now);
          break;
        case 'CLEANING':
          this.clean(now);
          break;
        case 'FINALIZING':
          this.finalize(now);
          break;
        default:
          return;
      }
      if (this.state.taskState === before) return;
    }
  }

  private runActive(now: Instant): void {
    const plan = this.plan(this.regular, now);
    if (this.demanded === undefined && !plan.isComplete && this.isHealthy(plan)) {
      this.follow(plan);
      return;
    }
    this.deadline ??= now + this.task.finalizationWaitSecs * 1_000;
    this.recordTask('CLEANING', now);
    this.effects.push({ kind: 'terminate', processes: this.running() });
  }

  private clean(now: Instant): void {
    if (this.isLate(now)) {
      this.end(now);
      return;
    }
    if (this.running().length > 0) {
      this.wakeAtDeadline();
      return;
    }
    this.recordTask('FINALIZING', now);
    this.effects.push({ kind: 'kill-all', processes: [] });
  }

  private finalize(now: Instant): void {
    const plan = this.plan(this.final, now);
    if (this.isLate(now) || plan.isComplete || plan.isStuck) {
      this.end(now);
      return;
    }
    this.follow(plan);
    this.wakeAtDeadline();
  }

  private end(now: Instant): void {
    this.effects.push({ kind: 'kill-all', processes: this.running() });
    for (const { process, state } of this.running()) {
      // WAITING has no coordinator that could be killed any more.
      const end = state === 'WAITING' ? 'FAILED' : 'KILLED';
      if (process === undefined) continue;
      this.recordProcess(process, { state: end, stop_time: now / 1_000, return_code: -1 });
    }
    const plan = this.plan(this.regular, now);
    const result = this.demanded ?? (this.isHealthy(plan) ? 'SUCCESS' : 'FAILED');
    this.recordTask(result, now);
    this.effects.push({ kind: 'ended', state: result });
  }

  private follow(plan: Plan): void {
    for (const process of plan.runnable) {
      this.recordProcess(process, { state: 'WAITING' });
      this.launch(process);
    }
    if (plan.nextAt !== undefined) this.effects.push({ kind: 'wake', at: plan.nextAt });
  }

  private launch(process: string): void {
    const run = this.state.runs(process).length - 1;
    this.effects.push({ kind: 'launch', process, run, seq: this.state.nextSeq(process) });
  }

  private isHealthy(plan: Plan): boolean {
    const { maxFailures } = this.task;
    if (maxFailures > 0 && plan.failed.size >= maxFailures) return false;
    // What is killed while cleaning up might run again, so this is no deadlock then.
    return !plan.isStuck;
  }

  private loseSilent(now: Instant): void {
    for (const status of this.running()) {
      if (status.state !== 'FORKED') continue;
      const at = (status.fork_time ?? 0) * 1_000 + FORKED_LIMIT_MS;
      if (at <= now) this.lost(status, now);
      else this.effects.push({ kind: 'wake', at });
    }
  }

  private lost(status: ProcessStatus, now: Instant): void {
    const { process } = status;
    assert(process !== undefined, 'a process without a name is lost');
    this.effects.push({ kind: 'kill-process', status });
    this.recordProcess(process, { state: 'LOST', stop_time: now / 1_000 });
  }

  private running(): readonly ProcessStatus[] {
    return [...this.state.processes.values()].flatMap((runs) => {
      const latest = runs.at(-1);
      return latest === undefined || isProcessEnd(latest.state) ? [] : [latest];
    });
  }

  private plan(schedule: Schedule, now: Instant): Plan {
    return planOf(schedule, (process) => this.state.runs(process), now);
  }

  private isLate(now: Instant): boolean {
    return this.deadline !== undefined && now >= this.deadline;
  }

  private wakeAtDeadline(): void {
    if (this.deadline !== undefined) this.effects.push({ kind: 'wake', at: this.deadline });
  }

  private recordTask(state: NonNullable<TaskStatus['state']>, now: Instant): void {
    const { pid, uid } = this.identity;
    const status = { state, timestamp_ms: Math.round(now), runner_pid: pid, runner_uid: uid };
    this.record({ task_status: status });
  }

  private recordProcess(process: string, change: Omit<ProcessStatus, 'seq' | 'process'>): void {
    this.record({ process_status: { seq: this.state.nextSeq(process), process, ...change } });
  }

  private record(record: RunnerCkpt): void {
    const applied = this.state.apply(record);
    assert(applied.ok, applied.ok ? '' : applied.error);
    this.effects.push({ kind: 'record', record });
  }
}
