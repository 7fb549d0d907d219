/** Every call with arguments, and these by the ids of the spec (aurora-scheduler, section 2). */
import type { MethodName } from '../../../../schedulers/aurora/thrift/schema.ts';
import type { MethodArgs } from '../../../../schedulers/aurora/thrift/types.ts';
import {
  HOSTS,
  HOSTS_IDS,
  JOB,
  JOB_IDS,
  KEY,
  KEY_IDS,
  NONE,
  QUERY,
  QUERY_IDS,
  QUOTA,
  QUOTA_IDS,
  REQUEST,
  REQUEST_IDS,
  STEER,
  STEER_IDS,
  UPDATE_KEY,
  UPDATE_KEY_IDS,
  UPDATE_QUERY,
  UPDATE_QUERY_IDS,
} from './wire-values.ts';

type Ids = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** Ids of the arguments, and the arguments by name. */
export const CALLS: { readonly [M in MethodName]: readonly [ids: Ids, args: MethodArgs[M]] } = {
  getRoleSummary: [NONE, {}],
  getJobSummary: [{ 1: { str: 'www' } }, { role: 'www' }],
  getTasksStatus: [{ 1: QUERY_IDS }, { query: QUERY }],
  getTasksWithoutConfigs: [{ 1: QUERY_IDS }, { query: QUERY }],
  getPendingReason: [{ 1: QUERY_IDS }, { query: QUERY }],
  getConfigSummary: [{ 1: KEY_IDS }, { job: KEY }],
  getJobs: [{ 1: { str: 'www' } }, { ownerRole: 'www' }],
  getQuota: [{ 1: { str: 'www' } }, { ownerRole: 'www' }],
  populateJobConfig: [{ 1: { rec: JOB_IDS } }, { description: JOB }],
  getJobUpdateSummaries: [{ 1: UPDATE_QUERY_IDS }, { jobUpdateQuery: UPDATE_QUERY }],
  getJobUpdateDetails: [
    { 1: UPDATE_KEY_IDS, 2: UPDATE_QUERY_IDS },
    { key: UPDATE_KEY, query: UPDATE_QUERY },
  ],
  getJobUpdateDiff: [{ 1: REQUEST_IDS }, { request: REQUEST }],
  getTierConfigs: [NONE, {}],
  createJob: [{ 1: { rec: JOB_IDS } }, { description: JOB }],
  scheduleCronJob: [{ 1: { rec: JOB_IDS } }, { description: JOB }],
  descheduleCronJob: [{ 4: KEY_IDS }, { job: KEY }],
  startCronJob: [{ 4: KEY_IDS }, { job: KEY }],
  restartShards: [
    { 3: { set: ['i32', 2, 0, 9] }, 5: KEY_IDS },
    { job: KEY, shardIds: [0, 9] },
  ],
  killTasks: [
    { 4: KEY_IDS, 5: { set: ['i32', 1, 3] }, 6: { str: 'why' } },
    { job: KEY, instances: [3], message: 'why' },
  ],
  addInstances: [
    { 3: { rec: { 1: KEY_IDS, 2: { i32: 6 } } }, 4: { i32: 2 } },
    { key: { jobKey: KEY, instanceId: 6 }, count: 2 },
  ],
  replaceCronTemplate: [{ 1: { rec: JOB_IDS } }, { config: JOB }],
  startJobUpdate: [
    { 1: REQUEST_IDS, 3: { str: 'why' } },
    { request: REQUEST, message: 'why' },
  ],
  pauseJobUpdate: [STEER_IDS, STEER],
  resumeJobUpdate: [STEER_IDS, STEER],
  abortJobUpdate: [STEER_IDS, STEER],
  rollbackJobUpdate: [{ 1: UPDATE_KEY_IDS, 2: { str: 'why' } }, STEER],
  pulseJobUpdate: [{ 1: UPDATE_KEY_IDS }, { key: UPDATE_KEY }],
  setQuota: [
    { 1: { str: 'www' }, 2: QUOTA_IDS },
    { ownerRole: 'www', quota: QUOTA },
  ],
  forceTaskState: [
    { 1: { str: 't' }, 2: { i32: 7 } },
    { taskId: 't', status: 'LOST' },
  ],
  performBackup: [NONE, {}],
  listBackups: [NONE, {}],
  stageRecovery: [{ 1: { str: 'b' } }, { backupId: 'b' }],
  queryRecovery: [{ 1: QUERY_IDS }, { query: QUERY }],
  deleteRecoveryTasks: [{ 1: QUERY_IDS }, { query: QUERY }],
  commitRecovery: [NONE, {}],
  unloadRecovery: [NONE, {}],
  startMaintenance: [{ 1: HOSTS_IDS }, { hosts: HOSTS }],
  drainHosts: [{ 1: HOSTS_IDS }, { hosts: HOSTS }],
  maintenanceStatus: [{ 1: HOSTS_IDS }, { hosts: HOSTS }],
  endMaintenance: [{ 1: HOSTS_IDS }, { hosts: HOSTS }],
  slaDrainHosts: [
    {
      1: HOSTS_IDS,
      2: { rec: { 1: { rec: { 1: { dbl: 95 }, 2: { i64: 1_800 } } } } },
      3: { i64: 600 },
    },
    {
      hosts: HOSTS,
      defaultSlaPolicy: { percentageSlaPolicy: { percentage: 95, durationSecs: 1_800 } },
      timeoutSecs: 600,
    },
  ],
  snapshot: [NONE, {}],
  triggerExplicitTaskReconciliation: [
    { 1: { rec: { 1: { i32: 100 } } } },
    { settings: { batchSize: 100 } },
  ],
  triggerImplicitTaskReconciliation: [NONE, {}],
  pruneTasks: [{ 1: QUERY_IDS }, { query: QUERY }],
};
