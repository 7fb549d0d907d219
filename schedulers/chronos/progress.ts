/** Progress reports of data processing jobs (spec chronos, section 4.2.9). */
import { err, ok, type Result } from '../../core/base/result.ts';
import type { HistoryBook } from './history.ts';
import type { ChronosEffect, Refusal } from './records.ts';
import { doesNotExist, requirementFailed } from './refusals.ts';
import type { ChronosState } from './state.ts';
import { parseTaskId } from './task-id.ts';

export interface ProgressReport {
  readonly name: string;
  readonly taskId: string;
  /** Elements processed since the last report. */
  readonly count: number;
}

export function markProgress(
  state: ChronosState,
  history: HistoryBook,
  report: ProgressReport,
): Result<readonly ChronosEffect[], Refusal> {
  const entry = state.job(report.name);
  if (entry === undefined) return err(doesNotExist('JobSchedule', report.name));
  if (parseTaskId(report.taskId) === undefined) {
    return err(requirementFailed(`Invalid task id format ${report.taskId}`));
  }
  if (!entry.job.dataProcessingJobType) {
    return err(requirementFailed(`JobSchedule '${report.name}' is not enabled to track data`));
  }
  if (report.count < 0) {
    return err(
      requirementFailed(`numAdditionalElementsProcessed (${report.count}) is not positive`),
    );
  }
  const effects = history.addElements(report.name, report.taskId, report.count);
  return effects === undefined
    ? err(requirementFailed(`Task id  ${report.taskId} not found`))
    : ok(effects);
}
