/**
 * Pending tasks with the same configuration are one group, which is tried as a whole and waits longer after
 * each try that did not place all (spec aurora-scheduler, section 4.1).
 */
import type { Instant } from '../../../core/base/clock.ts';
import type { DurationMs } from '../../../core/base/duration.ts';
import type { ScheduledTask, TaskConfig } from '../thrift/types.ts';
import { NearestFits } from './nearest-fit.ts';
import { flappingPenaltyOf } from './task-changes.ts';
import { idOf } from './task-table.ts';
import type { TaskChange, Turn } from './turn.ts';

export interface PendingGroup {
  readonly id: string;
  readonly config: TaskConfig;
  /** In the order in which they became pending. */
  readonly taskIds: ReadonlySet<string>;
  readonly penaltyMs: DurationMs;
}

interface Group extends PendingGroup {
  readonly taskIds: Set<string>;
  penaltyMs: DurationMs;
}

/** So many seconds of unused tries may be caught up. */
const BURST_MS = 1_000;

export class PendingGroups {
  readonly fits = new NearestFits();
  private readonly byText = new Map<string, Group>();
  private readonly byId = new Map<string, Group>();
  private lastNumber = 0;
  /** Tries before this are used up. */
  private nextTryAt: Instant = 0;

  all(): Iterable<PendingGroup> {
    return this.byId.values();
  }

  /** Of all groups together. */
  get taskCount(): number {
    let count = 0;
    for (const { taskIds } of this.byId.values()) count += taskIds.size;
    return count;
  }

  get isEmpty(): boolean {
    return this.byId.size === 0;
  }

  /** There was nothing to try them with until now. */
  tryAllSoon(turn: Turn): void {
    const at = turn.now + turn.settings.scheduling.firstDelayMs;
    for (const id of this.byId.keys()) turn.timetable.set('group', id, at);
  }

  get(id: string): PendingGroup | undefined {
    return this.byId.get(id);
  }

  of(turn: Turn, config: TaskConfig): PendingGroup | undefined {
    return this.byText.get(turn.state.configText(config));
  }

  follow(turn: Turn, { before, after }: TaskChange): void {
    if (before?.status === 'PENDING' && after?.status !== 'PENDING') this.remove(turn, before);
    if (after?.status === 'PENDING' && before?.status !== 'PENDING') {
      this.add(turn, after, turn.settings.scheduling.firstDelayMs);
    }
  }

  /** After a start the groups are spread over some time, as all of them begin at once; what has flapped waits longer. */
  resume(turn: Turn, task: ScheduledTask): void {
    const most = turn.settings.scheduling.startupDelayMaxMs;
    const delayMs = Math.floor(turn.random.float() * most);
    this.add(turn, task, delayMs + flappingPenaltyOf(turn, task));
  }

  /** Whether a group may be tried now; else it is put off until it may. */
  mayTry(turn: Turn, id: string): boolean {
    if (turn.now < this.nextTryAt) {
      turn.count('schedule_attempts_blocks');
      turn.timetable.set('group', id, Math.ceil(this.nextTryAt));
      return false;
    }
    const pauseMs = 1_000 / turn.settings.scheduling.attemptsPerSecond;
    this.nextTryAt = Math.max(this.nextTryAt, turn.now - BURST_MS) + pauseMs;
    return true;
  }

  /** After a try: the rest of the group comes up again, at once when all that were tried were placed. */
  tried(turn: Turn, id: string, werePlaced: boolean): void {
    const group = this.byId.get(id);
    if (group === undefined) return;
    const { firstDelayMs, penaltyMs, penaltyMaxMs } = turn.settings.scheduling;
    if (werePlaced) group.penaltyMs = 0;
    else group.penaltyMs = Math.min(penaltyMaxMs, Math.max(penaltyMs, group.penaltyMs * 2));
    const delayMs = werePlaced ? firstDelayMs : group.penaltyMs;
    turn.timetable.set('group', id, turn.now + delayMs);
  }

  private add(turn: Turn, task: ScheduledTask, delayMs: DurationMs): void {
    const { task: config } = task.assignedTask;
    const text = turn.state.configText(config);
    const known = this.byText.get(text);
    if (known !== undefined) {
      known.taskIds.add(idOf(task));
      return;
    }
    this.lastNumber += 1;
    const id = String(this.lastNumber);
    const group = { id, config, taskIds: new Set([idOf(task)]), penaltyMs: 0 };
    this.byText.set(text, group);
    this.byId.set(id, group);
    turn.timetable.set('group', id, turn.now + delayMs);
  }

  private remove(turn: Turn, task: ScheduledTask): void {
    const text = turn.state.configText(task.assignedTask.task);
    const group = this.byText.get(text);
    if (group === undefined) return;
    group.taskIds.delete(idOf(task));
    if (group.taskIds.size > 0) return;
    this.byText.delete(text);
    this.byId.delete(group.id);
    this.fits.forget(group.id);
    turn.timetable.clear('group', group.id);
  }
}
