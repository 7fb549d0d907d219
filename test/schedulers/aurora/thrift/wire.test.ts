/**
 * Every call and every result of the service by the ids of the spec (aurora-scheduler, sections 1 and 2), written
 * here by hand as the JSON encoding has them: field id, type, value. The thrift package, which knows no names, makes
 * bytes of them and reads ours.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { METHODS } from '../../../../schedulers/aurora/thrift/description.ts';
import {
  decodeAnswer,
  decodeCall,
  encodeCall,
  encodeReply,
} from '../../../../schedulers/aurora/thrift/messages.ts';
import { readWith, writeWith } from '../../../../schedulers/aurora/thrift/protocols.ts';
import { type MethodName, structOf } from '../../../../schedulers/aurora/thrift/schema.ts';
import type {
  ConfigGroup,
  JobUpdateSummary,
  MethodArgs,
  Response,
  Result,
  ScheduledTask,
} from '../../../../schedulers/aurora/thrift/types.ts';
import { readMessage, writeMessage } from './by-ids.ts';

type Ids = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

const SEQID = 7;
const [CALL, REPLY] = [1, 2];

const KEY = { role: 'www', environment: 'prod', name: 'web' };
const KEY_IDS = { rec: { 1: { str: 'www' }, 2: { str: 'prod' }, 3: { str: 'web' } } };
const CONFIG = {
  job: KEY,
  isService: true,
  priority: 5,
  maxTaskFailures: -1,
  tier: 'preferred',
  resources: [{ numCpus: 0.5 }, { ramMb: 128 }, { diskMb: 64 }],
  constraints: [],
};
const CONFIG_IDS = {
  7: { tf: 1 },
  11: { i32: 5 },
  13: { i32: -1 },
  20: { set: ['rec', 0] },
  28: KEY_IDS,
  30: { str: 'preferred' },
  32: { set: ['rec', 3, { 1: { dbl: 0.5 } }, { 2: { i64: 128 } }, { 3: { i64: 64 } }] },
};
const JOB = {
  key: KEY,
  owner: { user: 'me' },
  cronSchedule: '0 3 * * *',
  cronCollisionPolicy: 'CANCEL_NEW' as const,
  taskConfig: CONFIG,
  instanceCount: 3,
};
const JOB_IDS = {
  4: { str: '0 3 * * *' },
  5: { i32: 1 },
  6: { rec: CONFIG_IDS },
  7: { rec: { 2: { str: 'me' } } },
  8: { i32: 3 },
  9: KEY_IDS,
};
const QUERY = {
  role: 'www',
  environment: 'prod',
  jobName: 'web',
  taskIds: ['t'],
  statuses: ['PENDING' as const, 'PARTITIONED' as const],
  instanceIds: [4],
  slaveHosts: ['h'],
  jobKeys: [KEY],
  offset: 1,
  limit: 2,
};
const QUERY_IDS = {
  rec: {
    2: { str: 'web' },
    4: { set: ['str', 1, 't'] },
    5: { set: ['i32', 2, 0, 18] },
    7: { set: ['i32', 1, 4] },
    9: { str: 'prod' },
    10: { set: ['str', 1, 'h'] },
    11: { set: ['rec', 1, KEY_IDS.rec] },
    12: { i32: 1 },
    13: { i32: 2 },
    14: { str: 'www' },
  },
};
const UPDATE_KEY = { job: KEY, id: 'u' };
const UPDATE_KEY_IDS = { rec: { 1: KEY_IDS, 2: { str: 'u' } } };
const UPDATE_QUERY = {
  role: 'www',
  jobKey: KEY,
  user: 'me',
  updateStatuses: ['ROLL_BACK_AWAITING_PULSE' as const],
  offset: 1,
  limit: 2,
  key: UPDATE_KEY,
};
const UPDATE_QUERY_IDS = {
  rec: {
    2: { str: 'www' },
    3: KEY_IDS,
    4: { str: 'me' },
    5: { set: ['i32', 1, 10] },
    6: { i32: 1 },
    7: { i32: 2 },
    8: UPDATE_KEY_IDS,
  },
};
const SETTINGS = {
  updateGroupSize: 1,
  maxPerInstanceFailures: 2,
  maxFailedInstances: 3,
  minWaitInInstanceRunningMs: 45_000,
  rollbackOnFailure: true,
  updateOnlyTheseInstances: [{ first: 0, last: 4 }],
  waitForBatchCompletion: false,
  blockIfNoPulsesAfterMs: 60_000,
  slaAware: false,
  updateStrategy: { varBatchStrategy: { groupSizes: [1, 2], autopauseAfterBatch: true } },
};
const SETTINGS_IDS = {
  rec: {
    1: { i32: 1 },
    2: { i32: 2 },
    3: { i32: 3 },
    5: { i32: 45_000 },
    6: { tf: 1 },
    7: { set: ['rec', 1, { 1: { i32: 0 }, 2: { i32: 4 } }] },
    8: { tf: 0 },
    9: { i32: 60_000 },
    10: { tf: 0 },
    11: { rec: { 3: { rec: { 1: { lst: ['i32', 2, 1, 2] }, 2: { tf: 1 } } } } },
  },
};
const METADATA = [{ key: 'k', value: 'v' }];
const METADATA_IDS = { set: ['rec', 1, { 1: { str: 'k' }, 2: { str: 'v' } }] };
const REQUEST = { taskConfig: CONFIG, instanceCount: 3, settings: SETTINGS, metadata: METADATA };
const REQUEST_IDS = {
  rec: { 1: { rec: CONFIG_IDS }, 2: { i32: 3 }, 3: SETTINGS_IDS, 4: METADATA_IDS },
};
const QUOTA = { resources: [{ numCpus: 1.5 }, { namedPort: 'http' }, { numGpus: 2 }] };
const QUOTA_IDS = {
  rec: { 4: { set: ['rec', 3, { 1: { dbl: 1.5 } }, { 4: { str: 'http' } }, { 5: { i64: 2 } }] } },
};
const HOSTS_IDS = { rec: { 1: { set: ['str', 1, 'h'] } } };
const HOSTS = { hostNames: ['h'] };

const NONE = {};
const STEER_IDS = { 1: UPDATE_KEY_IDS, 3: { str: 'why' } };
const STEER = { key: UPDATE_KEY, message: 'why' };

/** Ids of the arguments, and the arguments by name. */
const CALLS: { readonly [M in MethodName]: readonly [ids: Ids, args: MethodArgs[M]] } = {
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
const RESULTS: readonly (readonly [id: number, ids: object, result: Result])[] = [
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

for (const [method, [ids, args]] of entriesOf(CALLS)) {
  test(`${method} is the same by the ids of the spec in every encoding`, () => {
    const call = { kind: 'call', method, seqid: SEQID, args };
    const text = JSON.stringify([1, method, CALL, SEQID, ids]);
    assert.deepEqual(decodeCall('json', Buffer.from(text)), { ok: true, value: call });
    const written = encodeCall('json', { method, seqid: SEQID, args });
    assert.deepEqual(JSON.parse(written.toString()), [1, method, CALL, SEQID, ids]);
    for (const encoding of ['binary', 'compact'] as const) {
      const bytes = writeWith(encoding, (out) =>
        writeMessage(out, { name: method, type: CALL, seqid: SEQID, body: ids }),
      );
      assert.deepEqual(decodeCall(encoding, bytes), { ok: true, value: call }, encoding);
      const ours = encodeCall(encoding, { method, seqid: SEQID, args });
      assert.deepEqual(readWith(encoding, ours, readMessage), [1, method, CALL, SEQID, ids]);
    }
  });
}

for (const [id, ids, result] of RESULTS) {
  test(`${Object.keys(result)[0]} is the same by the ids of the spec in every encoding`, () => {
    const response: Response = {
      responseCode: 'OK',
      result,
      serverInfo: { clusterName: 'c', statsUrlPrefix: 'p' },
      details: [{ message: 'm' }],
    };
    const body = {
      0: {
        rec: {
          1: { i32: 1 },
          3: { rec: { [id]: { rec: ids } } },
          5: { rec: { 1: { str: 'c' }, 3: { str: 'p' } } },
          6: { lst: ['rec', 1, { 1: { str: 'm' } }] },
        },
      },
    };
    const method = 'getJobs';
    const message = [1, method, REPLY, SEQID, body];
    const answer = { kind: 'reply', seqid: SEQID, response };
    const text = Buffer.from(JSON.stringify(message));
    assert.deepEqual(decodeAnswer('json', method, text), { ok: true, value: answer });
    const written = encodeReply('json', { method, seqid: SEQID, response });
    assert.deepEqual(JSON.parse(written.toString()), message);
    for (const encoding of ['binary', 'compact'] as const) {
      const bytes = writeWith(encoding, (out) =>
        writeMessage(out, { name: method, type: REPLY, seqid: SEQID, body }),
      );
      assert.deepEqual(decodeAnswer(encoding, method, bytes), { ok: true, value: answer });
      const ours = encodeReply(encoding, { method, seqid: SEQID, response });
      assert.deepEqual(readWith(encoding, ours, readMessage), message);
    }
  });
}

test('no call and no result is left out', () => {
  assert.deepEqual(Object.keys(CALLS).sort(), Object.keys(METHODS).sort());
  const named = RESULTS.map(([, , result]) => Object.keys(result)[0]);
  assert.deepEqual(
    named,
    structOf('Result').fields.map(({ name }) => name),
  );
});

function entriesOf<K extends string, V>(
  table: Readonly<Record<K, V>>,
): readonly (readonly [K, V])[] {
  return Object.entries(table) as unknown as readonly (readonly [K, V])[];
}
