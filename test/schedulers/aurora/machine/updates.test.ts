/** Job updates from the call to the end (spec aurora-scheduler, section 6). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type {
  JobUpdateKey,
  JobUpdateSettings,
  JobUpdateStatus,
  TaskConfig,
} from '../../../../schedulers/aurora/thrift/types.ts';
import { config, job, SchedulerTester, said, UPDATE_SETTINGS, WEB } from './scheduler-tester.ts';

const BIGGER: Partial<TaskConfig> = { resources: [{ numCpus: 2 }, { ramMb: 128 }, { diskMb: 64 }] };

class UpdateTester extends SchedulerTester {
  start(
    instanceCount: number,
    settings: Partial<JobUpdateSettings> = {},
    changes: Partial<TaskConfig> = BIGGER,
  ): string {
    const request = {
      taskConfig: config(changes),
      instanceCount,
      settings: { ...UPDATE_SETTINGS, ...settings },
    };
    return said(this.call({ method: 'startJobUpdate', args: { request, message: 'go' } }));
  }

  get update() {
    const update = [...this.machine.state.updates.all()].at(-1);
    assert.ok(update !== undefined, 'there is no update');
    return update;
  }

  get key(): JobUpdateKey {
    return this.update.update.summary.key;
  }

  /** Ends what is being killed, starts what is pending, and waits until all has been watched. */
  step(): void {
    for (const { status, assignedTask } of this.tasks()) {
      if (status === 'KILLING') this.status(assignedTask.taskId, 'TASK_KILLED');
    }
    this.run();
    this.advance(10_000);
  }

  /** Cores and states of what is there. */
  get running(): readonly string[] {
    return this.tasks()
      .filter(({ status }) => !['KILLED', 'FAILED', 'LOST', 'FINISHED'].includes(status))
      .map(({ status, assignedTask: { instanceId, task } }) => {
        const cpus = task.resources.flatMap((each) => ('numCpus' in each ? [each.numCpus] : []));
        return `${instanceId} ${cpus.join()} ${status}`;
      })
      .sort();
  }

  get events(): readonly string[] {
    return this.update.updateEvents.map(({ status, message }) =>
      message === undefined ? status : `${status}: ${message}`,
    );
  }

  get instanceEvents(): readonly string[] {
    return this.update.instanceEvents.map(({ instanceId, action }) => `${instanceId} ${action}`);
  }
}

function running(instanceCount: number): UpdateTester {
  const it = new UpdateTester();
  it.create(job(instanceCount));
  it.run();
  return it;
}

test('an update takes one instance after the other to the new configuration', () => {
  const it = running(2);
  assert.equal(it.start(2), 'OK');
  assert.deepEqual(it.running, ['0 1 KILLING', '1 1 RUNNING']);
  assert.match(
    it.task(0).taskEvents.at(-1)?.message ?? '',
    /^Killed for job update [0-9a-f-]{36}$/,
  );
  it.step();
  assert.deepEqual(it.running, ['0 2 RUNNING', '1 1 KILLING']);
  it.step();
  assert.deepEqual(it.running, ['0 2 RUNNING', '1 2 RUNNING']);
  assert.deepEqual(it.events, ['ROLLING_FORWARD: go', 'ROLLED_FORWARD']);
  assert.deepEqual(it.instanceEvents, [
    '0 INSTANCE_UPDATING',
    '0 INSTANCE_UPDATED',
    '1 INSTANCE_UPDATING',
    '1 INSTANCE_UPDATED',
  ]);
});

test('an update of a job that is not there creates it; another one adds and removes', () => {
  const it = new UpdateTester();
  assert.equal(it.start(1, {}, {}), 'OK');
  it.step();
  assert.deepEqual(it.events.at(-1), 'ROLLED_FORWARD');
  assert.equal(it.start(3, { updateGroupSize: 2 }, {}), 'OK');
  assert.deepEqual(it.running, ['0 1 RUNNING', '1 1 PENDING', '2 1 PENDING']);
  it.step();
  assert.equal(it.start(1, { updateGroupSize: 3 }, {}), 'OK');
  it.step();
  assert.deepEqual(it.running, ['0 1 RUNNING']);
  assert.deepEqual(it.events.at(-1), 'ROLLED_FORWARD');
});

test('an instance that fails too often rolls the update back to what was', () => {
  const it = running(2);
  it.start(2);
  it.status(it.id(0), 'TASK_KILLED');
  it.run();
  it.status(it.id(0), 'TASK_FAILED');
  assert.equal(it.update.status, 'ROLLING_BACK');
  assert.equal(it.update.updateEvents.at(-1)?.message, 'Latest failure: instance 0 exited.');
  it.step();
  it.step();
  assert.deepEqual(it.running, ['0 1 RUNNING', '1 1 RUNNING']);
  assert.equal(it.update.status, 'ROLLED_BACK');
  assert.deepEqual(it.instanceEvents, [
    '0 INSTANCE_UPDATING',
    '0 INSTANCE_UPDATE_FAILED',
    '0 INSTANCE_ROLLING_BACK',
    '0 INSTANCE_ROLLED_BACK',
  ]);
});

test('without roll back it fails and leaves all as it is', () => {
  const it = running(2);
  it.start(2, { rollbackOnFailure: false });
  it.status(it.id(0), 'TASK_KILLED');
  it.run();
  it.status(it.id(0), 'TASK_FAILED');
  assert.equal(it.update.status, 'FAILED');
  assert.deepEqual(it.running, ['0 2 PENDING', '1 1 RUNNING']);
});

test('a failure that is allowed is waited out', () => {
  const it = running(1);
  it.start(1, { maxPerInstanceFailures: 1 });
  it.status(it.id(0), 'TASK_KILLED');
  it.run();
  it.status(it.id(0), 'TASK_FAILED');
  assert.equal(it.update.status, 'ROLLING_FORWARD');
  it.step();
  assert.equal(it.update.status, 'ROLLED_FORWARD');
});

test('batches pause by themselves between groups, and go on when resumed', () => {
  const it = running(3);
  const updateStrategy = { batchStrategy: { groupSize: 2, autopauseAfterBatch: true } };
  it.start(3, { updateStrategy });
  it.step();
  assert.deepEqual(it.events.at(-1), 'ROLL_FORWARD_PAUSED: Update auto paused');
  assert.deepEqual(it.running, ['0 2 RUNNING', '1 2 RUNNING', '2 1 RUNNING']);
  const resumed = it.call({ method: 'resumeJobUpdate', args: { key: it.key } });
  assert.equal(said(resumed), 'OK');
  it.step();
  assert.equal(it.update.status, 'ROLLED_FORWARD');
});

test('an update is paused, resumed, rolled back and aborted by calls', () => {
  const it = running(2);
  it.start(2);
  const call = (
    method: 'pauseJobUpdate' | 'resumeJobUpdate' | 'rollbackJobUpdate' | 'abortJobUpdate',
  ): string => said(it.call({ method, args: { key: it.key } }));
  assert.equal(call('pauseJobUpdate'), 'OK');
  assert.equal(call('pauseJobUpdate'), 'OK');
  it.step();
  assert.deepEqual(it.running, ['1 1 RUNNING']);
  assert.equal(call('resumeJobUpdate'), 'OK');
  assert.deepEqual(it.running, ['0 2 PENDING', '1 1 RUNNING']);
  assert.equal(call('rollbackJobUpdate'), 'OK');
  assert.equal(call('abortJobUpdate'), 'OK');
  assert.equal(
    call('pauseJobUpdate'),
    'INVALID_REQUEST Cannot transition update from ABORTED to null',
  );
  assert.equal(call('abortJobUpdate'), 'OK');
  const key = { ...it.key, id: 'nobody' };
  assert.equal(
    said(it.call({ method: 'pauseJobUpdate', args: { key } })),
    'INVALID_REQUEST Update does not exist JobUpdateKey(job:JobKey(role:www, environment:prod, name:web), id:nobody)',
  );
});

test('a coordinated update waits for pulses, and stops when they stay away', () => {
  const it = running(2);
  it.start(2, { blockIfNoPulsesAfterMs: 15_000 });
  const status = (): JobUpdateStatus => it.update.status;
  const pulse = () => it.call({ method: 'pulseJobUpdate', args: { key: it.key } }).result;
  assert.equal(status(), 'ROLL_FORWARD_AWAITING_PULSE');
  assert.deepEqual(pulse(), { pulseJobUpdateResult: { status: 'OK' } });
  assert.equal(status(), 'ROLLING_FORWARD');
  it.step();
  it.advance(15_000);
  it.step();
  assert.equal(status(), 'ROLL_FORWARD_AWAITING_PULSE');
  assert.equal(
    it.update.updateEvents.at(-1)?.message,
    'Pulses from external service have timed out.',
  );
  pulse();
  it.step();
  pulse();
  it.step();
  assert.equal(status(), 'ROLLED_FORWARD');
  assert.deepEqual(pulse(), { pulseJobUpdateResult: { status: 'FINISHED' } });
});

test('only a coordinated update can be pulsed, and a successor knows the last pulse of a paused one', () => {
  const plain = running(1);
  plain.start(1);
  const pulse = (it: UpdateTester) =>
    it.call({ method: 'pulseJobUpdate', args: { key: it.key } }).result;
  assert.deepEqual(pulse(plain), { pulseJobUpdateResult: { status: 'FINISHED' } });
  const before = running(2);
  before.start(2, { blockIfNoPulsesAfterMs: 60_000 });
  pulse(before);
  before.call({ method: 'pauseJobUpdate', args: { key: before.key } });
  const after = new UpdateTester({}, before);
  assert.deepEqual(pulse(after), { pulseJobUpdateResult: { status: 'OK' } });
  const fresh = new UpdateTester({}, before);
  assert.equal(said(fresh.call({ method: 'resumeJobUpdate', args: { key: fresh.key } })), 'OK');
  assert.equal(fresh.update.status, 'ROLLING_FORWARD');
});

test('an update that goes back, but was paused, goes on when it shall roll back', () => {
  const it = running(2);
  it.start(2);
  const key = it.key;
  it.call({ method: 'rollbackJobUpdate', args: { key } });
  it.call({ method: 'pauseJobUpdate', args: { key } });
  assert.equal(it.update.status, 'ROLL_BACK_PAUSED');
  assert.equal(said(it.call({ method: 'rollbackJobUpdate', args: { key } })), 'OK');
  assert.equal(it.update.status, 'ROLLING_BACK');
});

test('an instance that is gone through again after a pause is told of once', () => {
  const it = running(2);
  it.start(2, { updateStrategy: { batchStrategy: { groupSize: 1, autopauseAfterBatch: true } } });
  it.step();
  assert.equal(it.update.status, 'ROLL_FORWARD_PAUSED');
  assert.deepEqual(it.instanceEvents, ['0 INSTANCE_UPDATING', '0 INSTANCE_UPDATED']);
  it.status(it.id(0), 'TASK_FAILED');
  for (let round = 0; round < 3; round += 1) {
    it.call({ method: 'resumeJobUpdate', args: { key: it.key } });
    it.step();
  }
  assert.equal(it.update.status, 'ROLLED_FORWARD');
  assert.deepEqual(it.instanceEvents.slice(2), ['1 INSTANCE_UPDATING', '1 INSTANCE_UPDATED']);
});

test('an update that has no room is told so before that another one is active', () => {
  const quota = { resources: [{ numCpus: 2 }, { ramMb: 256 }, { diskMb: 128 }] };
  const it = new UpdateTester();
  it.call({ method: 'setQuota', args: { ownerRole: 'www', quota } });
  it.create(job(2, { tier: 'preferred' }));
  it.run();
  assert.equal(it.start(1, {}, { tier: 'preferred' }), 'OK', 'one that only removes needs none');
  assert.match(it.start(3, {}, { tier: 'preferred' }), /Insufficient resource quota/);
  assert.match(it.start(2, {}, { tier: 'preferred', priority: 1 }), /An active update already/);
});

test('an update is refused with the reason, in the order of the checks', () => {
  const it = running(2);
  const refusals: readonly (readonly [string, string])[] = [
    [it.start(2, {}, { isService: false }), 'Updates are not supported for non-service tasks.'],
    [it.start(2, { updateGroupSize: 0 }), 'Update results in no instance being modified.'],
    [
      it.start(2, {
        updateStrategy: { varBatchStrategy: { groupSizes: [1, 0], autopauseAfterBatch: false } },
      }),
      'All update group sizes must be positive.',
    ],
    [
      it.start(2, {
        updateStrategy: { varBatchStrategy: { groupSizes: [], autopauseAfterBatch: false } },
      }),
      'Update results in no instance being modified.',
    ],
    [it.start(2, { maxPerInstanceFailures: -1 }), 'maxPerInstanceFailures must be non-negative.'],
    [it.start(2, { maxFailedInstances: -1 }), 'maxFailedInstances must be non-negative.'],
    [
      it.start(2, { maxPerInstanceFailures: 10_001 }),
      'Your update allows too many failures to occur, consider decreasing the per-instance failures or maxFailedInstances.',
    ],
    [
      it.start(2, { minWaitInInstanceRunningMs: -1 }),
      'minWaitInInstanceRunningMs must be non-negative.',
    ],
    [it.start(2, { blockIfNoPulsesAfterMs: -1 }), 'blockIfNoPulsesAfterMs must be positive.'],
    [it.start(2, { slaAware: true }), 'slaAware is true, but no task slaPolicy is specified.'],
    [
      it.start(2, { updateOnlyTheseInstances: [{ first: 1, last: 3 }] }),
      'The update request attempted to update specific instances, but some are irrelevant to the update and current job state: [2, 3]',
    ],
    [it.start(0, {}, BIGGER), 'Instance count must be between 1 and 4000 inclusive.'],
    [it.start(4_001), 'Instance count must be between 1 and 4000 inclusive.'],
  ];
  for (const [answer, text] of refusals) assert.equal(answer, `INVALID_REQUEST ${text}`);
  assert.equal(it.start(2, {}, {}), 'OK Job is unchanged by proposed update.');
});

test('while an update is active, other changes of the job are refused', () => {
  const it = running(1);
  it.start(1);
  assert.match(it.start(1), /^INVALID_REQUEST An active update already exists for this job, /);
  const busy = 'JOB_UPDATING_ERROR Job is currently updating';
  assert.equal(said(it.call({ method: 'killTasks', args: { job: WEB } })), busy);
  const shards = { job: WEB, shardIds: [0] };
  assert.equal(said(it.call({ method: 'restartShards', args: shards })), busy);
  const key = { jobKey: WEB, instanceId: 0 };
  assert.equal(said(it.call({ method: 'addInstances', args: { key, count: 1 } })), busy);
  assert.equal(said(it.call({ method: 'createJob', args: { description: job(1) } })), busy);
});

test('only the instances that were asked for are updated', () => {
  const it = running(3);
  it.start(3, { updateOnlyTheseInstances: [{ first: 1, last: 1 }] });
  it.step();
  assert.equal(it.update.status, 'ROLLED_FORWARD');
  assert.deepEqual(it.running, ['0 1 RUNNING', '1 2 RUNNING', '2 1 RUNNING']);
});

test('the difference that an update would make is told by configuration', () => {
  const it = running(2);
  const request = { taskConfig: config(BIGGER), instanceCount: 3, settings: UPDATE_SETTINGS };
  const { result } = it.call({ method: 'getJobUpdateDiff', args: { request } });
  assert.ok(result !== undefined && 'getJobUpdateDiffResult' in result);
  const { add, remove, update, unchanged } = result.getJobUpdateDiffResult;
  const ranges = (groups: typeof add) => groups.map(({ instances }) => instances);
  assert.deepEqual(ranges(add), [[{ first: 2, last: 2 }]]);
  assert.deepEqual(ranges(update), [[{ first: 0, last: 1 }]]);
  assert.deepEqual([remove, unchanged], [[], []]);
  const settings = { ...UPDATE_SETTINGS, updateOnlyTheseInstances: [{ first: 1, last: 2 }] };
  const some = it.call({
    method: 'getJobUpdateDiff',
    args: { request: { ...request, settings } },
  }).result;
  assert.ok(some !== undefined && 'getJobUpdateDiffResult' in some);
  const within = some.getJobUpdateDiffResult;
  assert.deepEqual(ranges(within.update), [[{ first: 1, last: 1 }]]);
  assert.deepEqual(ranges(within.unchanged), [[{ first: 0, last: 0 }]], 'not asked for: it stays');
});

test('what was under way when the scheduler died is finished before the next group', () => {
  const before = new UpdateTester();
  before.create(job(4));
  before.run();
  assert.equal(before.start(4, { updateGroupSize: 2 }), 'OK');
  before.status(before.id(0), 'TASK_KILLED');
  before.run();
  before.advance(10_000);
  // Instance 0 is done, 1 still dies, 2 was begun in place of 0.
  const begun = ['0 2 RUNNING', '1 1 KILLING', '2 1 KILLING', '3 1 RUNNING'];
  assert.deepEqual(before.running, begun);
  const after = new UpdateTester({}, before);
  after.advance(30_000);
  assert.deepEqual(after.running, begun);
  after.step();
  after.step();
  after.step();
  assert.equal(after.update.status, 'ROLLED_FORWARD');
  assert.deepEqual(
    after.update.instanceEvents.map(({ action, instanceId }) => `${instanceId} ${action}`).sort(),
    [0, 1, 2, 3].flatMap((each) => [`${each} INSTANCE_UPDATED`, `${each} INSTANCE_UPDATING`]),
  );
});

test('a successor that finishes the last group does not pause after it', () => {
  const before = new UpdateTester();
  before.create(job(4));
  before.run();
  const updateStrategy = { batchStrategy: { groupSize: 2, autopauseAfterBatch: true } };
  assert.equal(before.start(4, { updateStrategy }), 'OK');
  for (let round = 0; round < 5 && before.update.status === 'ROLLING_FORWARD'; round += 1) {
    before.step();
  }
  assert.equal(before.events.at(-1), 'ROLL_FORWARD_PAUSED: Update auto paused');
  const key = before.update.update.summary.key;
  before.call({ method: 'resumeJobUpdate', args: { key } });
  assert.deepEqual(before.running.slice(2), ['2 1 KILLING', '3 1 KILLING']);
  const after = new UpdateTester({}, before);
  after.advance(30_000);
  for (let round = 0; round < 5; round += 1) after.step();
  assert.equal(after.update.status, 'ROLLED_FORWARD');
  assert.equal(after.events.filter((each) => each.includes('auto paused')).length, 1);
});

test('a successor forgives neither failed instances nor ends that were counted', () => {
  const before = new UpdateTester();
  before.create(job(3));
  before.run();
  const limits = { maxFailedInstances: 1, maxPerInstanceFailures: 1 };
  const hour = 3_600_000;
  const settings = { updateGroupSize: 3, minWaitInInstanceRunningMs: hour, ...limits };
  assert.equal(before.start(3, settings), 'OK');
  before.step();
  let hostCount = 0;
  const fail = (it: UpdateTester, instance: number): void => {
    hostCount += 1;
    it.advance(300_000);
    it.offer(`fresh${hostCount}`, { cpus: 100, ramMb: 100_000 });
    it.advance(60_000);
    for (const state of ['TASK_RUNNING', 'TASK_FAILED'] as const) {
      it.status(it.id(instance), state);
    }
  };
  fail(before, 0);
  fail(before, 0);
  fail(before, 1);
  assert.equal(before.update.status, 'ROLLING_FORWARD');
  const after = new UpdateTester({}, before);
  after.advance(30_000);
  assert.equal(after.update.status, 'ROLLING_FORWARD');
  fail(after, 1);
  assert.equal(after.events.at(-1), 'ROLLING_BACK: Latest failure: instance 1 exited.');
});

test('instances that are as they shall be already may be asked for, too', () => {
  const it = new UpdateTester();
  it.create(job(3));
  it.run();
  assert.equal(it.start(3, { updateOnlyTheseInstances: [{ first: 0, last: 0 }] }), 'OK');
  for (let round = 0; round < 3; round += 1) it.step();
  assert.equal(it.update.status, 'ROLLED_FORWARD');
  assert.equal(it.start(3, { updateOnlyTheseInstances: [{ first: 0, last: 2 }] }), 'OK');
  const { instructions } = it.update.update;
  assert.deepEqual(instructions.desiredState?.instances, [{ first: 1, last: 2 }]);
});

test('counts and ranges beyond all reason are refused at once', () => {
  const it = new UpdateTester();
  it.create(job(1));
  it.run();
  const most = 2 ** 31 - 1;
  const tooMany = 'INVALID_REQUEST Instance count must be between 1 and 4000 inclusive.';
  assert.equal(it.start(most), tooMany);
  const request = { taskConfig: config(BIGGER), instanceCount: most, settings: UPDATE_SETTINGS };
  assert.equal(said(it.call({ method: 'getJobUpdateDiff', args: { request } })), tooMany);
  assert.match(
    it.start(1, { updateOnlyTheseInstances: [{ first: 0, last: most }] }),
    /^INVALID_REQUEST .* \[1, 2, .*, 1000\]$/,
  );
});
