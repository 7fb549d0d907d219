/** Values that calls and results share, and the same by the ids of the spec (aurora-scheduler, section 1). */

export const KEY = { role: 'www', environment: 'prod', name: 'web' };
export const KEY_IDS = { rec: { 1: { str: 'www' }, 2: { str: 'prod' }, 3: { str: 'web' } } };
export const CONFIG = {
  job: KEY,
  isService: true,
  priority: 5,
  maxTaskFailures: -1,
  tier: 'preferred',
  resources: [{ numCpus: 0.5 }, { ramMb: 128 }, { diskMb: 64 }],
  constraints: [],
};
export const CONFIG_IDS = {
  7: { tf: 1 },
  11: { i32: 5 },
  13: { i32: -1 },
  20: { set: ['rec', 0] },
  28: KEY_IDS,
  30: { str: 'preferred' },
  32: { set: ['rec', 3, { 1: { dbl: 0.5 } }, { 2: { i64: 128 } }, { 3: { i64: 64 } }] },
};
export const JOB = {
  key: KEY,
  owner: { user: 'me' },
  cronSchedule: '0 3 * * *',
  cronCollisionPolicy: 'CANCEL_NEW' as const,
  taskConfig: CONFIG,
  instanceCount: 3,
};
export const JOB_IDS = {
  4: { str: '0 3 * * *' },
  5: { i32: 1 },
  6: { rec: CONFIG_IDS },
  7: { rec: { 2: { str: 'me' } } },
  8: { i32: 3 },
  9: KEY_IDS,
};
export const QUERY = {
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
export const QUERY_IDS = {
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
export const UPDATE_KEY = { job: KEY, id: 'u' };
export const UPDATE_KEY_IDS = { rec: { 1: KEY_IDS, 2: { str: 'u' } } };
export const UPDATE_QUERY = {
  role: 'www',
  jobKey: KEY,
  user: 'me',
  updateStatuses: ['ROLL_BACK_AWAITING_PULSE' as const],
  offset: 1,
  limit: 2,
  key: UPDATE_KEY,
};
export const UPDATE_QUERY_IDS = {
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
export const SETTINGS = {
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
export const SETTINGS_IDS = {
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
export const METADATA = [{ key: 'k', value: 'v' }];
export const METADATA_IDS = { set: ['rec', 1, { 1: { str: 'k' }, 2: { str: 'v' } }] };
export const REQUEST = {
  taskConfig: CONFIG,
  instanceCount: 3,
  settings: SETTINGS,
  metadata: METADATA,
};
export const REQUEST_IDS = {
  rec: { 1: { rec: CONFIG_IDS }, 2: { i32: 3 }, 3: SETTINGS_IDS, 4: METADATA_IDS },
};
export const QUOTA = { resources: [{ numCpus: 1.5 }, { namedPort: 'http' }, { numGpus: 2 }] };
export const QUOTA_IDS = {
  rec: { 4: { set: ['rec', 3, { 1: { dbl: 1.5 } }, { 4: { str: 'http' } }, { 5: { i64: 2 } }] } },
};
export const HOSTS_IDS = { rec: { 1: { set: ['str', 1, 'h'] } } };
export const HOSTS = { hostNames: ['h'] };

export const NONE = {};
export const STEER_IDS = { 1: UPDATE_KEY_IDS, 3: { str: 'why' } };
export const STEER = { key: UPDATE_KEY, message: 'why' };
