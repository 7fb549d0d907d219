/**
 * Results that an asynchronous job reports itself, with `PUT /scheduler/task/<id>` (spec chronos,
 * section 12.1). The result counts at once; what becomes of the task later counts nothing.
 */
import type { Instant } from '../../core/base/clock.ts';
import { err, ok, type Result } from '../../core/base/result.ts';
import type { Outcomes } from './outcomes.ts';
import type { ChronosEffect, Refusal } from './records.ts';
import { doesNotExist, requirementFailed } from './refusals.ts';
import type { ChronosState } from './state.ts';
import { parseTaskId } from './task-id.ts';

export interface TaskResult {
  readonly taskId: string;
  /** 0 for success. */
  readonly statusCode: number;
}

export function reportResult(
  state: ChronosState,
  outcomes: Outcomes,
  result: TaskResult,
  now: Instant,
): Result<readonly ChronosEffect[], Refusal> {
  const { taskId, statusCode } = result;
  const key = parseTaskId(taskId);
  if (key === undefined) return err(requirementFailed(`Invalid task id format ${taskId}`));
  if (state.job(key.jobName) === undefined) return err(doesNotExist('Job', key.jobName));
  const task = state.task(taskId);
  // It has ended, or its result was reported before: it was counted then.
  if (task === undefined || task.isReported === true) return ok([]);
  return ok(outcomes.reported(task, statusCode, now));
}
