/**
 * A hosted executor: the command or Docker executor (one task), or the default executor (groups). Knows
 * its tasks, the updates the agent has not acknowledged, and when it is done
 * (spec executor-api, sections 12 and 13).
 *
 * One group ends together: a task that failed or was killed takes the others of its group along.
 */
import type { Instant } from '../base/clock.ts';
import type { DurationMs } from '../base/duration.ts';
import type { Random } from '../base/random.ts';
import type { HostedTask, HostedUpdate } from './hosted.ts';
import {
  type HostedKind,
  newRunState,
  type ProbeKind,
  type ProbeResult,
  type RunEffect,
  type RunState,
  type StartedContainer,
  TaskRun,
} from './task-run.ts';
import type { WaitStatus } from './wait-status.ts';

export type HostedEffect =
  | { readonly kind: 'update'; readonly update: HostedUpdate }
  | { readonly kind: 'spawn'; readonly taskId: string }
  | {
      readonly kind: 'signal';
      readonly taskId: string;
      readonly signal: 'SIGTERM' | 'SIGKILL';
      readonly graceMs: DurationMs;
    }
  | { readonly kind: 'probe'; readonly taskId: string; readonly probe: ProbeKind }
  /** Nothing is left to do: the executor ends with status 0. */
  | { readonly kind: 'done' };

export interface HostedOptions {
  readonly kind: HostedKind;
  readonly sendsKilling: boolean;
  readonly shutdownGraceMs: DurationMs;
}

/** JSON. */
export interface HostedState {
  readonly tasks: { readonly task: HostedTask; readonly group: number; readonly run: RunState }[];
  updates: HostedUpdate[];
  isShutDown: boolean;
  isDone: boolean;
  groupCount: number;
  /** A task was killed for its health; later terminal updates say `healthy: false`. */
  isUnhealthy: boolean;
}

export function newHostedState(): HostedState {
  return {
    tasks: [],
    updates: [],
    isShutDown: false,
    isDone: false,
    groupCount: 0,
    isUnhealthy: false,
  };
}

/** What the command executor takes off the shutdown grace for its own end. */
const SHUTDOWN_MARGIN_MS: DurationMs = 2_000;
const DEFAULT_KILL_GRACE_MS: DurationMs = 3_000;

export class HostedExecutor {
  readonly state: HostedState;
  private readonly options: HostedOptions;
  private readonly random: Random;
  private readonly runs = new Map<string, { readonly run: TaskRun; readonly group: number }>();
  private effects: HostedEffect[] = [];

  constructor(options: HostedOptions, state: HostedState, random: Random) {
    this.options = options;
    this.state = state;
    this.random = random;
    for (const { task, group, run } of state.tasks) this.index(task, group, run);
  }

  *liveRuns(): IterableIterator<TaskRun> {
    for (const { run } of this.runs.values()) if (!run.isEnded) yield run;
  }

  /** Probes that ran when an old launcher died will not come back: they start anew. */
  resumeProbes(now: Instant): void {
    for (const run of this.liveRuns()) run.resumeProbes(now);
  }

  resumeKills(now: Instant): readonly HostedEffect[] {
    for (const run of [...this.liveRuns()]) {
      this.apply(run.task.taskId, run.resumeKill(now), now);
    }
    return this.take();
  }

  /** Its process exists: what was asked of it before can be done. */
  born(taskId: string, now: Instant): readonly HostedEffect[] {
    return this.on(taskId, (run) => run.resumeKill(now), now);
  }

  runOf(taskId: string): TaskRun | undefined {
    return this.runs.get(taskId)?.run;
  }

  nextWake(): Instant | undefined {
    let next: Instant | undefined;
    for (const run of this.liveRuns()) {
      const at = run.nextWake();
      if (at !== undefined && (next === undefined || at < next)) next = at;
    }
    return next;
  }

  /** Starts tasks; several at once are a group. Known task ids are left alone. */
  run(tasks: readonly HostedTask[], now: Instant): readonly HostedEffect[] {
    const fresh = tasks.filter((task) => !this.runs.has(task.taskId));
    if (fresh.length === 0 || this.state.isShutDown) return this.take();
    const group = this.state.groupCount;
    this.state.groupCount += 1;
    for (const task of fresh) {
      const run = newRunState();
      this.state.tasks.push({ task, group, run });
      this.index(task, group, run);
    }
    if (this.options.kind !== 'group' && this.state.tasks.length > 1) {
      for (const task of fresh) this.refuse(task, now);
      return this.take();
    }
    const isRefused = fresh.some((task) => task.refusal !== undefined);
    for (const { taskId } of fresh) {
      const run = this.runOf(taskId);
      this.apply(taskId, (isRefused ? run?.giveUp(now) : run?.launch(now)) ?? [], now);
    }
    return this.take();
  }

  spawned(taskId: string, pid: number | undefined, now: Instant): readonly HostedEffect[] {
    return this.on(taskId, (run) => run.spawned(pid, now), now);
  }

  started(taskId: string, container: StartedContainer, now: Instant): readonly HostedEffect[] {
    return this.on(taskId, (run) => run.started(container, now), now);
  }

  failed(taskId: string, message: string, now: Instant): readonly HostedEffect[] {
    return this.on(taskId, (run) => run.failed(message, now), now);
  }

  exited(taskId: string, status: WaitStatus, now: Instant): readonly HostedEffect[] {
    return this.on(taskId, (run) => run.exited(status, now), now);
  }

  probed(
    taskId: string,
    kind: ProbeKind,
    result: ProbeResult,
    now: Instant,
  ): readonly HostedEffect[] {
    return this.on(taskId, (run) => run.probed(kind, result, now), now);
  }

  kill(taskId: string, graceMs: DurationMs | undefined, now: Instant): readonly HostedEffect[] {
    return this.on(taskId, (run) => run.kill(graceMs, now), now);
  }

  /** Kills all tasks; `graceMaxMs` shortens the usual grace. */
  shutdown(now: Instant, graceMaxMs = Number.POSITIVE_INFINITY): readonly HostedEffect[] {
    this.state.isShutDown = true;
    const usualMs =
      this.options.kind !== 'group'
        ? Math.max(0, this.options.shutdownGraceMs - SHUTDOWN_MARGIN_MS)
        : DEFAULT_KILL_GRACE_MS;
    const graceMs = Math.min(usualMs, graceMaxMs);
    for (const run of [...this.liveRuns()]) {
      this.apply(run.task.taskId, run.kill(graceMs, now), now);
    }
    return this.take();
  }

  woke(now: Instant): readonly HostedEffect[] {
    for (const run of [...this.liveRuns()]) this.apply(run.task.taskId, run.woke(now), now);
    return this.take();
  }

  acknowledged(taskId: string, uuid: string): readonly HostedEffect[] {
    this.state.updates = this.state.updates.filter(
      (update) => update.taskId !== taskId || update.uuid !== uuid,
    );
    return this.take();
  }

  /** The task's container could not be made, or used too much. */
  fail(
    taskId: string,
    why: Pick<HostedUpdate, 'message' | 'reason' | 'limitation'>,
    now: Instant,
  ): readonly HostedEffect[] {
    const run = this.runOf(taskId);
    if (run === undefined || run.isEnded) return this.take();
    run.state.phase = 'ended';
    const { nestedId } = run.task;
    this.update({
      taskId,
      state: 'TASK_FAILED',
      ...why,
      ...(nestedId === undefined ? {} : { nestedId }),
      timestamp: now / 1000,
      uuid: this.random.uuid(),
    });
    this.ended(taskId, true, now);
    return this.take();
  }

  private on(
    taskId: string,
    act: (run: TaskRun) => readonly RunEffect[],
    now: Instant,
  ): readonly HostedEffect[] {
    const run = this.runOf(taskId);
    if (run !== undefined) this.apply(taskId, act(run), now);
    return this.take();
  }

  private index(task: HostedTask, group: number, state: RunState): void {
    const { kind, sendsKilling } = this.options;
    const run = new TaskRun(task, state, { kind, sendsKilling }, this.random);
    this.runs.set(task.taskId, { run, group });
  }

  private apply(taskId: string, effects: readonly RunEffect[], now: Instant): void {
    for (const effect of effects) {
      switch (effect.kind) {
        case 'update':
          this.update(effect.update);
          break;
        case 'ended':
          if (effect.byHealth) this.state.isUnhealthy = true;
          this.ended(taskId, effect.state !== 'TASK_FINISHED', now);
          break;
        default:
          this.effects.push({ ...effect, taskId });
      }
    }
  }

  private update(update: HostedUpdate): void {
    const isTerminal = /^TASK_(FINISHED|FAILED|KILLED)$/.test(update.state);
    const marked = isTerminal && this.state.isUnhealthy ? { ...update, healthy: false } : update;
    this.state.updates.push(marked);
    this.effects.push({ kind: 'update', update: marked });
  }

  private ended(taskId: string, takesGroupAlong: boolean, now: Instant): void {
    const mine = this.runs.get(taskId);
    if (this.options.kind !== 'group' || !takesGroupAlong || mine === undefined) return;
    for (const { run, group } of this.runs.values()) {
      if (group !== mine.group || run.isEnded || run.isKilling) continue;
      this.apply(run.task.taskId, run.kill(undefined, now), now);
    }
  }

  private refuse(task: HostedTask, now: Instant): void {
    const run = this.runOf(task.taskId);
    if (run !== undefined) run.state.phase = 'ended';
    this.update({
      taskId: task.taskId,
      state: 'TASK_FAILED',
      message: `Attempted to run multiple tasks using a "${this.options.kind}" executor`,
      timestamp: now / 1000,
      uuid: this.random.uuid(),
    });
  }

  private take(): readonly HostedEffect[] {
    const taken = this.effects;
    this.effects = [];
    const { state } = this;
    const mayEnd = state.isShutDown || state.tasks.length > 0;
    const isIdle = state.updates.length === 0 && [...this.liveRuns()].length === 0;
    if (mayEnd && isIdle && !state.isDone) {
      state.isDone = true;
      return [...taken, { kind: 'done' }];
    }
    return taken;
  }
}
