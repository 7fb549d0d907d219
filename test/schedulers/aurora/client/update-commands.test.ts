/** `aurora update` and the names that older clients had for it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ThriftCall } from '../../../../schedulers/aurora/thrift/messages.ts';
import type {
  JobUpdateDetails,
  JobUpdateStatus,
  JobUpdateSummary,
  Response,
} from '../../../../schedulers/aurora/thrift/types.ts';
import { okay, refusal, START, World } from './fake-world.ts';
import { CRON_HELLO, HELLO, KEY, usual } from './jobs.ts';

const FILES = { '/hello.aurora': HELLO, '/cron.aurora': CRON_HELLO };
const JOB = { role: 'bozo', environment: 'test', name: 'hello' };
const UPDATE = { job: JOB, id: 'u1' };
const NO_DIFF = okay({
  getJobUpdateDiffResult: { add: [], remove: [], update: [], unchanged: [] },
});

function summary(
  status: JobUpdateStatus,
  changes: Partial<JobUpdateSummary> = {},
): JobUpdateSummary {
  const [createdTimestampMs, lastModifiedTimestampMs] = [START, START + 61_000];
  return {
    ...{ key: UPDATE, user: 'someone' },
    state: { status, createdTimestampMs, lastModifiedTimestampMs },
    ...changes,
  };
}

function summaries(...found: readonly JobUpdateSummary[]): Response {
  return okay({ getJobUpdateSummariesResult: { updateSummaries: found } });
}

/** A scheduler whose update goes through these states, one a question. */
function scheduler(states: readonly JobUpdateStatus[], started?: (call: ThriftCall) => Response) {
  let asked = 0;
  return (call: ThriftCall): Response => {
    switch (call.method) {
      case 'getJobUpdateDiff':
        return NO_DIFF;
      case 'startJobUpdate':
        return started?.(call) ?? okay({ startJobUpdateResult: { key: UPDATE } });
      case 'getJobUpdateSummaries': {
        const status = states[Math.min(asked, states.length - 1)];
        asked += 1;
        return status === undefined ? summaries() : summaries(summary(status));
      }
      default:
        return usual(call);
    }
  };
}

test('an update is started for the instances named, and its page is told', async () => {
  const it = new World({ files: FILES, answer: scheduler([]) });
  assert.equal(await it.aurora('update', 'start', '-m', 'why', `${KEY}/0-1,4`, '/hello.aurora'), 0);
  assert.deepEqual(it.out, [
    'This job update will:',
    'Job update has started. View your update progress at http://scheduler:8081/scheduler/bozo/test/hello/update/u1',
  ]);
  const call = it.calls.at(-1);
  assert.ok(call?.method === 'startJobUpdate');
  const { request, message } = call.args;
  assert.equal(message, 'why');
  assert.deepEqual(request?.settings?.updateOnlyTheseInstances, [
    { first: 0, last: 1 },
    { first: 4, last: 4 },
  ]);
  assert.equal(request?.metadata?.[0]?.key, 'org.apache.aurora.client.update_id');
});

test('what the scheduler says when nothing changes is printed', async () => {
  const said = 'Job is unchanged by proposed update.';
  const it = new World({ files: FILES, answer: scheduler([], () => okay(undefined, said)) });
  assert.equal(await it.aurora('update', 'start', KEY, '/hello.aurora'), 0);
  assert.equal(it.out.at(-1), said);
});

test("an update in progress is somebody else's unless it has our id", async () => {
  const busy = (isOurs: boolean) => (call: ThriftCall) => {
    const metadata = call.method === 'startJobUpdate' ? call.args.request?.metadata : [];
    const updateSummary = summary('ROLLING_FORWARD', isOurs ? { metadata } : {});
    return {
      ...refusal('INVALID_REQUEST', 'An active update already exists for this job'),
      result: { startJobUpdateResult: { key: UPDATE, updateSummary } },
    };
  };
  const other = new World({ files: FILES, answer: scheduler([], busy(false)) });
  assert.equal(await other.aurora('update', 'start', KEY, '/hello.aurora'), 10);
  assert.deepEqual(other.err, [
    'Failed to start update due to error:',
    '\tAn active update already exists for this job',
  ]);
  const ours = new World({ files: FILES, answer: scheduler([], busy(true)) });
  assert.equal(await ours.aurora('update', 'start', KEY, '/hello.aurora'), 0);
  assert.match(ours.out.at(-1) ?? '', /^Job update has started\./);
});

test('waiting tells each new state once and ends as the update ends', async () => {
  const ends: readonly (readonly [JobUpdateStatus, number])[] = [
    ['ROLLED_FORWARD', 0],
    ['ROLLED_BACK', 4],
    ['ABORTED', 20],
    ['FAILED', 20],
    ['ERROR', 20],
  ];
  for (const [end, code] of ends) {
    const states = ['ROLLING_FORWARD', 'ROLLING_FORWARD', end] as const;
    const it = new World({ files: FILES, answer: scheduler(states) });
    assert.equal(await it.aurora('update', 'wait', KEY, 'u1'), code, end);
    assert.deepEqual(it.out, ['Current state ROLLING_FORWARD', `Current state ${end}`]);
    const both = new World({ files: FILES, answer: scheduler(states) });
    assert.equal(await both.aurora('update', 'start', '--wait', KEY, '/hello.aurora'), code, end);
    assert.deepEqual(both.out.slice(-2), it.out);
  }
});

test('waiting for what is not there ends with 6', async () => {
  const it = new World({ answer: scheduler([]) });
  assert.equal(await it.aurora('update', 'wait', KEY, 'u1'), 6);
  assert.deepEqual(it.err, ['Job update not found.']);
});

test('cron jobs are not updated', async () => {
  const it = new World({ files: FILES, answer: scheduler([]) });
  assert.equal(await it.aurora('update', 'start', KEY, '/cron.aurora'), 4);
  assert.deepEqual(it.err, ['Cron jobs may only be updated with "aurora cron schedule" command']);
});

const CONTROLS = [
  ['pause', 'pauseJobUpdate', 'Update has been paused.'],
  ['resume', 'resumeJobUpdate', 'Update has been resumed.'],
  ['abort', 'abortJobUpdate', 'Update has been aborted.'],
  ['rollback', 'rollbackJobUpdate', 'Update rollback has started.'],
] as const;

test('the active update is paused, resumed, aborted and rolled back', async () => {
  for (const [verb, method, done] of CONTROLS) {
    const it = new World({ answer: scheduler(['ROLLING_FORWARD']) });
    assert.equal(await it.aurora('update', verb, KEY, '--message', 'why'), 0);
    assert.deepEqual(it.out, [done]);
    const call = it.calls.at(-1);
    assert.ok(call?.method === method);
    assert.deepEqual(call.args, { key: UPDATE, message: 'why' });
    const none = new World({ answer: scheduler([]) });
    assert.equal(await none.aurora('update', verb, KEY), 6);
    assert.deepEqual(none.err, ['No active update found for this job.']);
    const refused = new World({
      answer: (asked) =>
        asked.method === method
          ? refusal('INVALID_REQUEST', 'no')
          : scheduler(['ROLLING_FORWARD'])(asked),
    });
    assert.equal(await refused.aurora('update', verb, KEY), 10);
    assert.deepEqual(refused.err, [`Failed to ${verb} update due to error:`, '\tno']);
  }
});

test('updates are listed in columns and in JSON', async () => {
  const other = summary('ROLLED_FORWARD', {
    key: { job: { ...JOB, environment: 'prod' }, id: 'u2' },
  });
  const it = new World({ answer: () => summaries(summary('ROLLING_FORWARD'), other) });
  assert.equal(await it.aurora('update', 'list', 'west/bozo/test', '--status=active'), 0);
  assert.deepEqual(
    it.out.map((line) => line.trimEnd()),
    [
      'JOB                                             UPDATE ID                            STATUS          CREATED BY  STARTED             LAST MODIFIED',
      'west/bozo/test/hello                            u1                                   ROLLING_FORWARD someone     2016-11-24T15:06:40 2016-11-24T15:07:41',
    ],
  );
  const [call] = it.calls;
  assert.ok(call?.method === 'getJobUpdateSummaries');
  assert.deepEqual(call.args.jobUpdateQuery?.updateStatuses?.length, 6);
  assert.equal(call.args.jobUpdateQuery?.role, 'bozo');
  const json = new World({ answer: () => summaries(other) });
  assert.equal(await json.aurora('update', 'list', 'west', '--write-json'), 0);
  assert.deepEqual(JSON.parse(json.out.join('\n')), [
    {
      ...{ job: 'west/bozo/prod/hello', id: 'u2', user: 'someone', status: 'ROLLED_FORWARD' },
      ...{ started: '2016-11-24T15:06:40', last_modified: '2016-11-24T15:07:41' },
    },
  ]);
  assert.equal(await json.aurora('update', 'list', 'west', '--status=nonsense'), 2);
});

const DETAILS: JobUpdateDetails = {
  update: {
    summary: summary('ROLLED_FORWARD', { metadata: [{ key: 'k', value: 'v' }] }),
    instructions: {
      initialState: [],
      settings: {
        ...{ updateGroupSize: 1, maxPerInstanceFailures: 0, maxFailedInstances: 0 },
        ...{ minWaitInInstanceRunningMs: 1, rollbackOnFailure: true },
        ...{ updateOnlyTheseInstances: [], waitForBatchCompletion: false },
      },
    },
  },
  updateEvents: [
    { status: 'ROLLING_FORWARD', timestampMs: START, message: 'text' },
    { status: 'ROLLED_FORWARD', timestampMs: START + 61_000 },
  ],
  instanceEvents: [{ instanceId: 0, timestampMs: START + 21_000, action: 'INSTANCE_UPDATING' }],
};

function detailed(details: readonly JobUpdateDetails[]) {
  return (call: ThriftCall): Response =>
    call.method === 'getJobUpdateDetails'
      ? okay({ getJobUpdateDetailsResult: { detailsList: details } })
      : scheduler(['ROLLING_FORWARD'])(call);
}

test('the details of an update are told as text', async () => {
  const it = new World({ answer: detailed([DETAILS]) });
  assert.equal(await it.aurora('update', 'info', KEY, 'u1'), 0);
  assert.deepEqual(it.out, [
    `Job: ${KEY}, UpdateID: u1`,
    'Started 2016-11-24T15:06:40, last activity: 2016-11-24T15:07:41',
    'Current status: ROLLED_FORWARD',
    'Update events:',
    '  Status: ROLLING_FORWARD at 2016-11-24T15:06:40',
    '      message: text',
    '  Status: ROLLED_FORWARD at 2016-11-24T15:07:41',
    'Instance events:',
    '  Instance 0 at 2016-11-24T15:07:01: INSTANCE_UPDATING',
    'Metadata:',
    '  k: v',
  ]);
});

test('the details of an update are told in JSON', async () => {
  const it = new World({ answer: detailed([DETAILS]) });
  assert.equal(await it.aurora('update', 'info', KEY, '--write-json'), 0);
  assert.deepEqual(JSON.parse(it.out.join('\n')), {
    ...{ updateId: 'u1', job: KEY, started: START, last_modified: '2016-11-24T15:07:41' },
    status: 'ROLLED_FORWARD',
    update_events: [
      { status: 'ROLLING_FORWARD', timestampMs: START, message: 'text' },
      { status: 'ROLLED_FORWARD', timestampMs: START + 61_000 },
    ],
    instance_update_events: [
      { instance: 0, timestamp: START + 21_000, action: 'INSTANCE_UPDATING' },
    ],
    metadata: [{ k: 'v' }],
  });
});

test('details of what is not there end with 6', async () => {
  const none = new World({ answer: scheduler([]) });
  assert.equal(await none.aurora('update', 'info', KEY), 6);
  assert.deepEqual(none.err, ['There is no active update for this job.']);
  const unknown = new World({ answer: detailed([]) });
  assert.equal(await unknown.aurora('update', 'info', KEY, 'u9'), 6);
  assert.match(unknown.err.join(), /^There is no update for key: JobUpdateKey\(.*id='u9'\)$/);
});

test('older names of the commands do the same', async () => {
  const words: readonly (readonly [argv: readonly string[], method: string])[] = [
    [['beta-update', 'pause', KEY], 'pauseJobUpdate'],
    [['cancel_update', KEY], 'abortJobUpdate'],
    [['job', 'cancel-update', KEY], 'abortJobUpdate'],
    [['create', KEY, '/hello.aurora'], 'createJob'],
    [['update', KEY, '/hello.aurora'], 'startJobUpdate'],
    [['job', 'update', KEY, '/hello.aurora'], 'startJobUpdate'],
    [['start_cron', KEY], 'startCronJob'],
    [['kill', '--no-batching', `${KEY}/1`], 'killTasks'],
    [['beta-update', 'status', KEY], 'getJobUpdateSummaries'],
  ];
  for (const [argv, method] of words) {
    const states = argv.includes('/hello.aurora')
      ? (['ROLLED_FORWARD'] as const)
      : (['ROLLING_FORWARD'] as const);
    const it = new World({ files: FILES, answer: scheduler(states) });
    await it.aurora(...argv);
    assert.ok(
      it.calls.some((call) => call.method === method),
      argv.join(' '),
    );
  }
});
