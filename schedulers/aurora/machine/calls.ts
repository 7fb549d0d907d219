/** Every call of the API by its name. */
import type { MethodArgs, Response } from '../thrift/types.ts';
import {
  forceTaskState,
  pruneTasks,
  reconcileExplicitly,
  reconcileImplicitly,
  setQuota,
} from './admin-calls.ts';
import { type Caller, refused } from './answers.ts';
import { descheduleCronJob, putCronJob, startCronJob } from './cron-calls.ts';
import type { CronRuns } from './cron-runs.ts';
import { addInstances, createJob, killTasks, restartShards } from './job-calls.ts';
import {
  drainHosts,
  endMaintenance,
  maintenanceStatus,
  slaDrainHosts,
  startMaintenance,
} from './maintenance-calls.ts';
import type { OfferBook } from './offer-book.ts';
import type { PendingGroups } from './pending-groups.ts';
import * as read from './read-calls.ts';
import type { SlaKills } from './sla-kills.ts';
import type { Turn } from './turn.ts';
import { pulseUpdate, startUpdate, steerUpdate } from './update-calls.ts';
import { updateDiff } from './update-plan.ts';
import type { JobUpdates } from './updates.ts';

/** A call by the name of its method. */
export type MachineCall = {
  readonly [M in keyof MethodArgs]: { readonly method: M; readonly args: MethodArgs[M] };
}[keyof MethodArgs];

/** What calls need besides the state. */
export interface CallParts {
  readonly groups: PendingGroups;
  readonly offers: OfferBook;
  readonly cron: CronRuns;
  readonly updates: JobUpdates;
  readonly slaKills: SlaKills;
}

export function answerCall(
  turn: Turn,
  call: MachineCall,
  caller: Caller,
  parts: CallParts,
): Response {
  switch (call.method) {
    case 'createJob':
      return createJob(turn, call.args);
    case 'killTasks':
      return killTasks(turn, call.args, caller);
    case 'restartShards':
      return restartShards(turn, call.args, caller);
    case 'addInstances':
      return addInstances(turn, call.args);
    case 'scheduleCronJob':
      return putCronJob(turn, call.args.description, parts.cron, { replacesOnly: false });
    case 'replaceCronTemplate':
      return putCronJob(turn, call.args.config, parts.cron, { replacesOnly: true });
    case 'descheduleCronJob':
      return descheduleCronJob(turn, call.args.job, parts.cron);
    case 'startCronJob':
      return startCronJob(turn, call.args.job, parts.cron);
    case 'startJobUpdate':
      return startUpdate(turn, call.args, caller, parts.updates);
    case 'pauseJobUpdate':
      return steerUpdate(turn, 'pause', call.args, { caller, updates: parts.updates });
    case 'resumeJobUpdate':
      return steerUpdate(turn, 'resume', call.args, { caller, updates: parts.updates });
    case 'abortJobUpdate':
      return steerUpdate(turn, 'abort', call.args, { caller, updates: parts.updates });
    case 'rollbackJobUpdate':
      return steerUpdate(turn, 'rollback', call.args, { caller, updates: parts.updates });
    case 'pulseJobUpdate':
      return pulseUpdate(turn, call.args.key, parts.updates);
    case 'setQuota':
      return setQuota(turn, call.args);
    case 'forceTaskState':
      return forceTaskState(turn, call.args, caller);
    case 'pruneTasks':
      return pruneTasks(turn, call.args);
    case 'triggerExplicitTaskReconciliation':
      return reconcileExplicitly(turn, call.args);
    case 'triggerImplicitTaskReconciliation':
      return reconcileImplicitly(turn);
    case 'startMaintenance':
      return startMaintenance(turn, call.args.hosts, parts.offers);
    case 'drainHosts':
      return drainHosts(turn, call.args.hosts, parts.offers);
    case 'slaDrainHosts':
      return slaDrainHosts(turn, call.args, parts);
    case 'maintenanceStatus':
      return maintenanceStatus(turn, call.args.hosts);
    case 'endMaintenance':
      return endMaintenance(turn, call.args.hosts, parts.offers);
    default:
      return answerRead(turn, call, parts);
  }
}

function answerRead(turn: Turn, call: MachineCall, { groups }: CallParts): Response {
  switch (call.method) {
    case 'getRoleSummary':
      return read.roleSummary(turn);
    case 'getJobSummary':
      return read.jobSummary(turn, call.args.role);
    case 'getTasksStatus':
      return read.tasksStatus(turn, call.args.query);
    case 'getTasksWithoutConfigs':
      return read.tasksWithoutConfigs(turn, call.args.query);
    case 'getPendingReason':
      return read.pendingReason(turn, call.args.query, groups);
    case 'getConfigSummary':
      return read.configSummary(turn, call.args.job);
    case 'getJobs':
      return read.getJobs(turn, call.args.ownerRole);
    case 'getQuota':
      return read.getQuota(turn, call.args.ownerRole);
    case 'populateJobConfig':
      return read.populateJobConfig(turn, call.args.description);
    case 'getJobUpdateSummaries':
      return read.updateSummaries(turn, call.args.jobUpdateQuery);
    case 'getJobUpdateDetails':
      return read.updateDetails(turn, call.args.key, call.args.query);
    case 'getJobUpdateDiff':
      return updateDiff(turn, call.args.request);
    case 'getTierConfigs':
      return read.tierConfigs(turn);
    default:
      return refused('ERROR', `${call.method} is not supported by this scheduler yet`);
  }
}
