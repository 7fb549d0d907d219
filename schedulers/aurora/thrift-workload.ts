/** How much a call was about, where that is more than one thing (spec aurora-scheduler, section 10.3). */
import type { MachineCall } from './machine/calls.ts';
import type { Response, Result } from './thrift/types.ts';

/** Of calls that look, the size of what they answer; of calls about hosts, how many. Others count themselves. */
export function workloadOf(call: MachineCall, { result }: Response): number | undefined {
  switch (call.method) {
    case 'startMaintenance':
    case 'drainHosts':
    case 'maintenanceStatus':
    case 'endMaintenance':
      return call.args.hosts?.hostNames.length ?? 0;
    case 'getTasksStatus':
    case 'getTasksWithoutConfigs':
    case 'getPendingReason':
    case 'getConfigSummary':
    case 'getRoleSummary':
    case 'getJobSummary':
    case 'getJobs':
    case 'getJobUpdateSummaries':
    case 'getJobUpdateDetails':
      return result === undefined ? 0 : sizeOf(result);
    default:
      return undefined;
  }
}

function sizeOf(result: Result): number {
  if ('scheduleStatusResult' in result) return result.scheduleStatusResult.tasks.length;
  if ('getPendingReasonResult' in result) return result.getPendingReasonResult.reasons.length;
  if ('configSummaryResult' in result) return result.configSummaryResult.summary.groups.length;
  if ('roleSummaryResult' in result) return result.roleSummaryResult.summaries.length;
  if ('jobSummaryResult' in result) return result.jobSummaryResult.summaries.length;
  if ('getJobsResult' in result) return result.getJobsResult.configs.length;
  if ('getJobUpdateSummariesResult' in result) {
    return result.getJobUpdateSummariesResult.updateSummaries.length;
  }
  if ('getJobUpdateDetailsResult' in result) {
    return result.getJobUpdateDetailsResult.detailsList.length;
  }
  return 0;
}
