/** What happens to tasks when their time has come (spec aurora-scheduler, section 3.3). */
import type { DurationMs } from '../../../core/base/duration.ts';
import type { ScheduledTask } from '../thrift/types.ts';
import { TERMINAL } from './schedule-status.ts';
import { changeTask, flappingPenaltyOf, setTimes } from './task-changes.ts';
import { idOf } from './task-table.ts';
import type { Turn } from './turn.ts';

/** Doubling ends here. */
const KILL_RETRY_MAX_MS: DurationMs = 300_000;
/** While the scheduler does not serve yet, nothing is lost for having waited. */
const NOT_SERVING_MS: DurationMs = 5_000;

export function timedOut(turn: Turn, id: string, isServing: boolean): void {
  if (!isServing) {
    turn.timetable.set('timeout', id, turn.now + NOT_SERVING_MS);
    return;
  }
  if (changeTask(turn, id, 'LOST', { message: 'Task timed out' }) === 'done') {
    turn.count('timed_out_tasks');
  }
}

/** How long ago it was asked for says how often it was repeated: pauses double from the first one. */
export function killAgain(turn: Turn, id: string): void {
  const task = turn.state.tasks.get(id);
  if (task?.status !== 'KILLING') return;
  turn.count('task_kill_retries');
  turn.act({ kind: 'kill', taskId: id, agentId: task.assignedTask.slaveId });
  const since = task.taskEvents.at(-1)?.timestamp ?? turn.now;
  const first = turn.settings.killRetryMs;
  // After pauses of 1, 2, 4 ... firsts, one of them more is what has passed by the next.
  const passed = Math.max(first, turn.now - since);
  turn.timetable.set('kill', id, turn.now + Math.min(KILL_RETRY_MAX_MS, passed + first));
}

export function throttleOver(turn: Turn, id: string): void {
  changeTask(turn, id, 'PENDING', { from: 'THROTTLED' });
}

export function partitionedTooLong(turn: Turn, id: string): void {
  const message = 'Task partitioned for too long.';
  changeTask(turn, id, 'LOST', { from: 'PARTITIONED', message });
}

/** After a start: penalties are found anew, as the announced ones are not stored. */
export function resumeTimes(turn: Turn, task: ScheduledTask): void {
  setTimes(turn, task);
  if (task.status !== 'THROTTLED') return;
  const since = task.taskEvents.at(-1)?.timestamp ?? turn.now;
  turn.timetable.set('throttle', idOf(task), since + flappingPenaltyOf(turn, task));
}

/**
 * Forgets ended tasks of a job that are too old, and of too many the oldest; each is kept for a while in any
 * case. The job is looked at again when the next may go.
 */
export function pruneJob(turn: Turn, job: string): void {
  const { pruneAfterMs, pruneNotBeforeMs, historyPerJobMax } = turn.settings;
  const ended = turn.state.tasks
    .ofJob(job)
    .filter((task) => TERMINAL.has(task.status))
    .map((task) => ({ task, at: task.taskEvents.at(-1)?.timestamp ?? 0 }))
    .sort((a, b) => a.at - b.at);
  let surplus = ended.length - historyPerJobMax;
  let next: number | undefined;
  for (const { task, at } of ended) {
    const mayGoAt = at + (surplus > 0 ? Math.min(pruneNotBeforeMs, pruneAfterMs) : pruneAfterMs);
    if (mayGoAt <= turn.now) {
      changeTask(turn, idOf(task), 'DELETED');
      turn.count('tasks_pruned');
    } else next = Math.min(next ?? mayGoAt, mayGoAt);
    surplus -= 1;
  }
  if (next !== undefined) turn.timetable.set('prune', job, next);
}
