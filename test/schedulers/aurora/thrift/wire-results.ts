/** Every result, and the same by the ids of the spec (aurora-scheduler, section 1). */
import type {
  ConfigGroup,
  JobUpdateSummary,
  Result,
  ScheduledTask,
} from '../../../../schedulers/aurora/thrift/types.ts';
import {
  CONFIG,
  CONFIG_IDS,
  JOB,
  JOB_IDS,
  KEY,
  KEY_IDS,
  METADATA,
  METADATA_IDS,
  QUOTA,
  QUOTA_IDS,
  SETTINGS,
  SETTINGS_IDS,
  UPDATE_KEY,
  UPDATE_KEY_IDS,
} from './wire-values.ts';

const TASK: ScheduledTask = {
  assignedTask: {
    taskId: 't',
    slaveId: 's',
    slaveHost: 'h',
    task: CONFIG,
    assignedPorts: new Map([['http', 31_000]]),
    instanceId: 2,
  },
  status: 'RUNNING',
  failureCount: 1,
  taskEvents: [{ timestamp: 1_480_000_000_000, status: 'PENDING', message: 'm', scheduler: 'x' }],
  ancestorId: 'a',
  timesPartitioned: 4,
};
const TASK_IDS = {
  1: {
    rec: {
      1: { str: 't' },
      2: { str: 's' },
      3: { str: 'h' },
      4: { rec: CONFIG_IDS },
      5: { map: ['str', 'i32', 1, { http: 31_000 }] },
      6: { i32: 2 },
    },
  },
  2: { i32: 2 },
  3: { i32: 1 },
  4: {
    lst: [
      'rec',
      1,
      { 1: { i64: 1_480_000_000_000 }, 2: { i32: 0 }, 3: { str: 'm' }, 4: { str: 'x' } },
    ],
  },
  5: { str: 'a' },
  6: { i32: 4 },
};
const SUMMARY: JobUpdateSummary = {
  user: 'me',
  state: { status: 'ROLLED_BACK', createdTimestampMs: 1, lastModifiedTimestampMs: 2 },
  key: UPDATE_KEY,
  metadata: METADATA,
};
const SUMMARY_IDS = {
  3: { str: 'me' },
  4: { rec: { 1: { i32: 5 }, 2: { i64: 1 }, 3: { i64: 2 } } },
  5: UPDATE_KEY_IDS,
  6: METADATA_IDS,
};
const RANGES_IDS = { set: ['rec', 1, { 1: { i32: 0 }, 2: { i32: 4 } }] };
const GROUP: ConfigGroup = { config: CONFIG, instances: [{ first: 0, last: 4 }] };
const GROUP_IDS = { 1: { rec: CONFIG_IDS }, 3: RANGES_IDS };
const INSTANCES = { task: CONFIG, instances: [{ first: 0, last: 4 }] };
const INSTANCES_IDS = { 1: { rec: CONFIG_IDS }, 2: RANGES_IDS };
const DETAILS = {
  update: {
    summary: SUMMARY,
    instructions: { initialState: [INSTANCES], desiredState: INSTANCES, settings: SETTINGS },
  },
  updateEvents: [{ status: 'FAILED' as const, timestampMs: 3, user: 'me', message: 'm' }],
  instanceEvents: [
    { instanceId: 4, timestampMs: 5, action: 'INSTANCE_ROLLBACK_FAILED' as const, message: 'm' },
  ],
};
const DETAILS_IDS = {
  1: {
    rec: {
      1: { rec: SUMMARY_IDS },
      2: {
        rec: {
          1: { set: ['rec', 1, INSTANCES_IDS] },
          2: { rec: INSTANCES_IDS },
          3: SETTINGS_IDS,
        },
      },
    },
  },
  2: { lst: ['rec', 1, { 1: { i32: 8 }, 2: { i64: 3 }, 3: { str: 'me' }, 4: { str: 'm' } }] },
  3: { lst: ['rec', 1, { 1: { i32: 4 }, 2: { i64: 5 }, 3: { i32: 6 }, 4: { str: 'm' } }] },
};
const HOST_STATUSES = { statuses: [{ host: 'h', mode: 'DRAINED' as const }] };
const HOST_STATUSES_IDS = { 1: { set: ['rec', 1, { 1: { str: 'h' }, 2: { i32: 4 } }] } };
const TIERS = [{ name: 'n', settings: new Map([['revocable', 'false']]) }];

/** Id of the result, its fields by id, and the result by name. */
export const RESULTS: readonly (readonly [id: number, ids: object, result: Result])[] = [
  [1, { 2: { rec: CONFIG_IDS } }, { populateJobResult: { taskConfig: CONFIG } }],
  [3, { 1: { lst: ['rec', 1, TASK_IDS] } }, { scheduleStatusResult: { tasks: [TASK] } }],
  [4, { 1: { set: ['rec', 1, JOB_IDS] } }, { getJobsResult: { configs: [JOB] } }],
  [
    5,
    { 1: QUOTA_IDS, 2: QUOTA_IDS, 3: QUOTA_IDS, 4: QUOTA_IDS, 5: QUOTA_IDS },
    {
      getQuotaResult: {
        quota: QUOTA,
        prodSharedConsumption: QUOTA,
        nonProdSharedConsumption: QUOTA,
        prodDedicatedConsumption: QUOTA,
        nonProdDedicatedConsumption: QUOTA,
      },
    },
  ],
  [6, { 1: { set: ['str', 1, 'b'] } }, { listBackupsResult: { backups: ['b'] } }],
  [7, HOST_STATUSES_IDS, { startMaintenanceResult: HOST_STATUSES }],
  [8, HOST_STATUSES_IDS, { drainHostsResult: HOST_STATUSES }],
  [9, { 1: { set: ['rec', 1, TASK_IDS] } }, { queryRecoveryResult: { tasks: [TASK] } }],
  [10, HOST_STATUSES_IDS, { maintenanceStatusResult: HOST_STATUSES }],
  [11, HOST_STATUSES_IDS, { endMaintenanceResult: HOST_STATUSES }],
  [
    17,
    { 1: { set: ['rec', 1, { 1: { str: 'www' }, 2: { i32: 1 }, 3: { i32: 2 } }] } },
    { roleSummaryResult: { summaries: [{ role: 'www', jobCount: 1, cronJobCount: 2 }] } },
  ],
  [
    18,
    {
      1: {
        set: [
          'rec',
          1,
          {
            1: { rec: JOB_IDS },
            2: { rec: { 1: { i32: 1 }, 2: { i32: 2 }, 3: { i32: 3 }, 4: { i32: 4 } } },
            3: { i64: 5 },
          },
        ],
      },
    },
    {
      jobSummaryResult: {
        summaries: [
          {
            job: JOB,
            stats: {
              activeTaskCount: 1,
              finishedTaskCount: 2,
              failedTaskCount: 3,
              pendingTaskCount: 4,
            },
            nextCronRunMs: 5,
          },
        ],
      },
    },
  ],
  [
    20,
    { 1: { rec: { 1: KEY_IDS, 2: { set: ['rec', 1, GROUP_IDS] } } } },
    { configSummaryResult: { summary: { key: KEY, groups: [GROUP] } } },
  ],
  [
    21,
    { 1: { set: ['rec', 1, { 1: { str: 't' }, 2: { str: 'r' } }] } },
    { getPendingReasonResult: { reasons: [{ taskId: 't', reason: 'r' }] } },
  ],
  [
    22,
    { 1: UPDATE_KEY_IDS, 2: { rec: SUMMARY_IDS } },
    { startJobUpdateResult: { key: UPDATE_KEY, updateSummary: SUMMARY } },
  ],
  [
    23,
    { 1: { lst: ['rec', 1, SUMMARY_IDS] } },
    { getJobUpdateSummariesResult: { updateSummaries: [SUMMARY] } },
  ],
  [
    24,
    { 1: { rec: DETAILS_IDS }, 2: { lst: ['rec', 1, DETAILS_IDS] } },
    { getJobUpdateDetailsResult: { details: DETAILS, detailsList: [DETAILS] } },
  ],
  [25, { 1: { i32: 2 } }, { pulseJobUpdateResult: { status: 'FINISHED' } }],
  [
    26,
    Object.fromEntries([1, 2, 3, 4].map((id) => [id, { set: ['rec', 1, GROUP_IDS] }])),
    {
      getJobUpdateDiffResult: {
        add: [GROUP],
        remove: [GROUP],
        update: [GROUP],
        unchanged: [GROUP],
      },
    },
  ],
  [
    27,
    {
      1: { str: 'n' },
      2: {
        set: ['rec', 1, { 1: { str: 'n' }, 2: { map: ['str', 'str', 1, { revocable: 'false' }] } }],
      },
    },
    { getTierConfigResult: { defaultTierName: 'n', tiers: TIERS } },
  ],
];
