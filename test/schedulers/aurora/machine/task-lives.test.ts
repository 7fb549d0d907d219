/** Lives of tasks with time: placing, statuses, ends, penalties, time-outs, pruning (spec aurora-scheduler, sections 3 and 4). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TaskStatus } from '../../../../core/wire/types/mesos.v1.ts';
import { config, job, SchedulerTester, SETTINGS, said, WEB } from './scheduler-tester.ts';

test('a pending task goes to the first offer that fits, which is used up', () => {
  const it = new SchedulerTester();
  it.create(job(1));
  it.offer('h1');
  it.advance(1);
  assert.deepEqual(it.take(), ['launch 1 on h1']);
  const task = it.task(0);
  assert.equal(task.status, 'ASSIGNED');
  assert.equal(task.assignedTask.slaveHost, 'h1');
  assert.equal(task.assignedTask.slaveId, 'agent-h1');
  assert.equal(it.machine.offers.size, 0);
});

test('nothing is launched before it is written', () => {
  const it = new SchedulerTester();
  it.create(job(1));
  it.offer('h1');
  it.takeEffects();
  it.advance(1);
  const kinds = it.takeEffects().map(({ kind }) => kind);
  assert.deepEqual(kinds, ['persist', 'count', 'launch']);
});

test('the cluster is told of the executor, its overhead, the ports and the tier', () => {
  const it = new SchedulerTester();
  it.create(job(1, { resources: [...config().resources, { namedPort: 'http' }] }));
  it.offer('h1');
  it.takeEffects();
  it.advance(1);
  const effect = it.takeEffects().find(({ kind }) => kind === 'launch');
  assert.ok(effect?.kind === 'launch');
  const [launch] = effect.launches;
  assert.ok(launch !== undefined);
  const { info, assigned } = launch;
  const port = assigned.assignedPorts.get('http');
  assert.ok(port !== undefined && port >= 31_000 && port <= 32_000);
  assert.equal(info.name, 'www/prod/web');
  assert.equal(info.task_id.value, assigned.taskId);
  assert.equal(info.executor?.executor_id.value, `thermos-${assigned.taskId}`);
  assert.equal(info.executor?.name, 'AuroraExecutor');
  assert.equal(info.executor?.source, 'www.prod.web.0');
  assert.deepEqual(info.labels, {
    labels: [{ key: 'org.apache.aurora.tier', value: 'preemptible' }],
  });
  const amounts = (resources: typeof info.resources) =>
    (resources ?? []).map(({ name, scalar, ranges }) => [
      name,
      scalar?.value ?? ranges?.range?.map(({ begin, end }) => [begin, end]),
    ]);
  assert.deepEqual(amounts(info.resources), [
    ['cpus', 1],
    ['mem', 128],
    ['disk', 64],
    ['ports', [[port, port]]],
  ]);
  assert.deepEqual(amounts(info.executor?.resources), [
    ['cpus', 0.25],
    ['mem', 128],
  ]);
});

test('a group that finds no place waits longer each time, and says why', () => {
  const it = new SchedulerTester();
  it.create(job(1));
  it.offer('small', { cpus: 1 });
  it.advance(1);
  assert.deepEqual(it.take(), []);
  const answer = it.call({ method: 'getPendingReason', args: { query: {} } });
  assert.deepEqual(answer.result, {
    getPendingReasonResult: { reasons: [{ taskId: it.id(0), reason: 'Insufficient: CPU' }] },
  });
  it.offer('big');
  it.advance(999);
  assert.deepEqual(it.take(), []);
  it.advance(1);
  assert.deepEqual(it.take(), ['launch 1 on big']);
});

test('a limit counts the tasks that were placed in the same try', () => {
  const it = new SchedulerTester();
  it.create(job(2, { constraints: [{ name: 'host', constraint: { limit: { limit: 1 } } }] }));
  it.offer('h1');
  it.advance(10_000);
  assert.deepEqual(it.take(), ['launch 1 on h1']);
  const reasons = it.call({ method: 'getPendingReason', args: {} }).result;
  assert.deepEqual(reasons, {
    getPendingReasonResult: {
      reasons: [{ taskId: it.id(1), reason: 'Limit not satisfied: host' }],
    },
  });
  it.offer('h2');
  it.advance(60_000);
  assert.deepEqual(it.take(), ['launch 1 on h2']);
});

test('tasks of a group are placed five at a time', () => {
  const it = new SchedulerTester();
  it.create(job(7));
  it.offer('h1', { cpus: 100, ramMb: 100_000 });
  it.offer('h2', { cpus: 100, ramMb: 100_000 });
  it.advance(1);
  const [first] = it.take();
  assert.match(first ?? '', /^launch 5 on h[12]$/);
  it.advance(60);
  assert.match(it.take()[0] ?? '', /^launch 2 on h[12]$/);
});

test('an offer that nobody wants is declined after a while, a second one of its agent at once', () => {
  const it = new SchedulerTester();
  it.offer('h1');
  it.advance(299_999);
  assert.deepEqual(it.take(), []);
  it.advance(60_001);
  assert.deepEqual(it.take(), ['decline o1']);
  it.offer('h2');
  it.offer('h2');
  assert.deepEqual(it.take(), ['decline o2', 'decline o3']);
});

test('a rescinded offer is used no more', () => {
  const it = new SchedulerTester();
  it.offer('h1');
  it.machine.rescinded('o1', it.now);
  it.create(job(1));
  it.advance(10);
  assert.deepEqual(it.take(), []);
});

test('statuses are acknowledged when they are written, also those that say nothing new', () => {
  const it = new SchedulerTester();
  it.create(job(1));
  it.run();
  it.take();
  it.status(it.id(0), 'TASK_RUNNING');
  assert.deepEqual(it.take(), ['acknowledge TASK_RUNNING']);
  it.takeEffects();
  it.status(it.id(0), 'TASK_FAILED', { message: 'exit 1' });
  const kinds = it.takeEffects().map(({ kind }) => kind);
  assert.equal(kinds.at(-1), 'acknowledge');
  assert.equal(kinds[0], 'persist');
});

test('a task that nobody knows is killed when it runs', () => {
  const it = new SchedulerTester();
  it.status('stranger', 'TASK_RUNNING');
  assert.deepEqual(it.take(), ['kill stranger', 'acknowledge TASK_RUNNING']);
  it.status('stranger', 'TASK_FINISHED');
  assert.deepEqual(it.take(), ['acknowledge TASK_FINISHED']);
});

test('a service that keeps failing is throttled from its second failure on', () => {
  const it = new SchedulerTester();
  it.create(job(1));
  it.run();
  it.status(it.id(0), 'TASK_FAILED');
  assert.equal(it.task(0).status, 'PENDING');
  assert.equal(it.task(0).taskEvents[0]?.message, 'Rescheduled');
  it.run();
  it.status(it.id(0), 'TASK_FAILED');
  const throttled = it.task(0);
  assert.equal(throttled.status, 'THROTTLED');
  assert.equal(throttled.failureCount, 2);
  const message = throttled.taskEvents[0]?.message ?? '';
  const penaltyMs = Number(/penalized for (\d+) ms for flapping$/.exec(message)?.[1]);
  assert.ok(penaltyMs >= 30_000 && penaltyMs <= 60_000, message);
  it.advance(penaltyMs - 1);
  assert.equal(it.task(0).status, 'THROTTLED');
  it.advance(1);
  assert.equal(it.task(0).status, 'PENDING');
});

test('an ad-hoc task is tried again as long as it may fail', () => {
  const it = new SchedulerTester();
  it.create(job(1, { isService: false, maxTaskFailures: 2 }));
  it.run();
  it.status(it.id(0), 'TASK_FAILED');
  it.run();
  it.status(it.id(0), 'TASK_FAILED');
  assert.deepEqual(it.statuses(), ['0 FAILED', '0 FAILED']);
});

test('a task that stays ASSIGNED is lost after five minutes, and replaced', () => {
  const it = new SchedulerTester();
  it.create(job(1));
  it.offer('h1');
  it.advance(1);
  const id = it.id(0);
  it.take();
  it.advance(299_999);
  assert.equal(it.task(0).status, 'ASSIGNED');
  it.advance(1);
  assert.deepEqual(it.statuses(), ['0 LOST', '0 PENDING']);
  assert.equal(it.tasks()[0]?.taskEvents.at(-1)?.message, 'Task timed out');
  assert.deepEqual(it.take(), [`kill ${id}`]);
});

test('after a start, what is under way gets its five minutes anew', () => {
  const before = new SchedulerTester();
  before.create(job(1));
  before.offer('h1');
  before.advance(1);
  assert.deepEqual(before.statuses(), ['0 ASSIGNED']);
  before.now += 3_600_000;
  const after = new SchedulerTester({}, before);
  // Both draw the same lots; so the names of tasks differ.
  after.create(job(2, { job: { ...WEB, name: 'other' } }));
  after.advance(299_000);
  assert.deepEqual(after.statuses(), ['0 ASSIGNED']);
  after.advance(1_000);
  assert.deepEqual(after.statuses(), ['0 LOST', '0 PENDING']);
});

test('a task that stays KILLING is killed again, with pauses that double', () => {
  const it = new SchedulerTester();
  it.create(job(1));
  it.run();
  it.call({ method: 'killTasks', args: { job: WEB } });
  it.take();
  const at: number[] = [];
  const start = it.now;
  for (let second = 0; second < 240; second += 1) {
    it.advance(1_000);
    if (it.take().length > 0) at.push((it.now - start) / 1_000);
  }
  assert.deepEqual(at, [15, 45, 105, 225]);
});

test('a partitioned task is given up when its policy says so, and taken back when it returns', () => {
  const it = new SchedulerTester();
  it.create(job(2, { partitionPolicy: { reschedule: true, delaySecs: 60 } }));
  it.run();
  for (const instance of [0, 1]) it.status(it.id(instance), 'TASK_UNREACHABLE');
  assert.deepEqual(it.statuses(), ['0 PARTITIONED', '1 PARTITIONED']);
  it.advance(59_999);
  it.status(it.id(1), 'TASK_RUNNING');
  it.advance(1);
  assert.deepEqual(it.statuses(), ['0 LOST', '1 RUNNING', '0 PENDING']);
  assert.equal(it.tasks()[0]?.taskEvents.at(-1)?.message, 'Task partitioned for too long.');
  assert.equal(it.task(1).timesPartitioned, 1);
});

test('an agent that comes and goes does not fill the history of its tasks', () => {
  const it = new SchedulerTester();
  it.create(job(1, { partitionPolicy: { reschedule: false } }));
  it.run();
  for (let round = 0; round < 10; round += 1) {
    it.status(it.id(0), 'TASK_UNREACHABLE');
    it.status(it.id(0), 'TASK_RUNNING');
  }
  const statuses = it.task(0).taskEvents.map(({ status }) => status);
  assert.deepEqual(statuses, ['PENDING', 'ASSIGNED', 'RUNNING', 'PARTITIONED', 'RUNNING']);
  assert.equal(it.task(0).timesPartitioned, 10);
});

test('ended tasks are forgotten after two days, and the oldest of too many after an hour', () => {
  const it = new SchedulerTester({ historyPerJobMax: 2 });
  it.create(job(4, { isService: false }));
  it.run();
  for (const instance of [0, 1, 2, 3]) {
    it.status(it.id(instance), 'TASK_FINISHED');
    it.advance(1_000);
  }
  it.advance(3_600_000 - 4_001);
  assert.equal(it.statuses().length, 4);
  it.advance(5_000);
  assert.deepEqual(it.statuses(), ['2 FINISHED', '3 FINISHED']);
  it.advance(172_800_000);
  assert.deepEqual(it.statuses(), []);
});

test('summaries count tasks by what became of them', () => {
  const it = new SchedulerTester();
  it.create(job(3, { isService: false }));
  it.run();
  it.status(it.id(0), 'TASK_FINISHED');
  it.status(it.id(1), 'TASK_FAILED');
  const { result } = it.call({ method: 'getJobSummary', args: { role: 'www' } });
  assert.ok(result !== undefined && 'jobSummaryResult' in result);
  const [summary] = result.jobSummaryResult.summaries;
  assert.equal(summary?.job.instanceCount, 3);
  assert.deepEqual(summary?.stats, {
    activeTaskCount: 1,
    finishedTaskCount: 1,
    failedTaskCount: 1,
    pendingTaskCount: 0,
  });
  assert.equal(said(it.call({ method: 'getRoleSummary', args: {} })), 'OK');
});

test('offers go back to the others as long as no task is pending, where that was asked for', () => {
  const offers = { ...SETTINGS.offers, returnsUnused: true, order: ['CPU'] as const };
  const it = new SchedulerTester({ offers });
  it.offer('h1');
  assert.deepEqual(it.take(), ['decline o1']);
  it.create(job(1));
  assert.deepEqual(it.take(), ['revive']);
  it.advance(10_000);
  it.offer('h1');
  it.offer('h2');
  it.advance(1);
  // The try waits for no penalty: there was nothing to try it with before.
  assert.deepEqual(it.take(), ['launch 1 on h1', 'decline o3', 'suppress']);
});

test('a task that was given up and runs after all is killed', () => {
  const it = new SchedulerTester();
  it.create(job(1, { partitionPolicy: { reschedule: true, delaySecs: 60 } }));
  it.run();
  const lost = it.id(0);
  it.status(lost, 'TASK_UNREACHABLE');
  it.advance(60_000);
  assert.deepEqual(it.statuses(), ['0 LOST', '0 PENDING']);
  it.take();
  it.status(lost, 'TASK_RUNNING');
  assert.deepEqual(it.take(), [`kill ${lost}`, 'acknowledge TASK_RUNNING']);
  assert.equal(it.tasks()[0]?.status, 'LOST');
});

test('what the cluster says of a task becomes its message, or what the reason means', () => {
  const rows: readonly (readonly [rest: Partial<TaskStatus>, message: string | undefined])[] = [
    [{ message: 'boom' }, 'boom'],
    [{}, undefined],
    [{ reason: 'REASON_CONTAINER_LIMITATION_MEMORY' }, 'Task used more memory than requested.'],
    [{ reason: 'REASON_CONTAINER_LIMITATION_DISK' }, 'Task used more disk than requested.'],
    [{ reason: 'REASON_CONTAINER_LIMITATION_DISK', message: 'full' }, 'full'],
    [{ reason: 'REASON_EXECUTOR_UNREGISTERED', message: 'gone' }, undefined],
  ];
  for (const [rest, message] of rows) {
    const it = new SchedulerTester();
    it.create(job(1, { isService: false }));
    it.run();
    const id = it.id(0);
    it.machine.statusArrived({ task_id: { value: id }, state: 'TASK_FAILED', ...rest }, it.now);
    assert.equal(it.task(0).taskEvents.at(-1)?.message, message, JSON.stringify(rest));
  }
});

test('an action on a partitioned task gives it up', () => {
  const it = new SchedulerTester();
  it.create(job(1, { partitionPolicy: { reschedule: false } }));
  it.run();
  it.status(it.id(0), 'TASK_UNREACHABLE');
  it.advance(86_400_000);
  assert.deepEqual(it.statuses(), ['0 PARTITIONED']);
  it.call({ method: 'restartShards', args: { job: WEB, shardIds: [0] } });
  assert.deepEqual(it.statuses(), ['0 LOST', '0 PENDING']);
  const [lost] = it.tasks();
  assert.deepEqual(
    lost?.taskEvents.slice(-2).map(({ status, message }) => [status, message]),
    [
      ['RESTARTING', 'Restarted by alice'],
      ['LOST', 'Action performed on partitioned task, marking as LOST.'],
    ],
  );
});

test('a task whose executor is no longer configured waits for it', () => {
  const it = new SchedulerTester();
  it.create(job(1));
  const after = new SchedulerTester({ executors: new Map() }, it);
  after.offer('h1');
  after.advance(120_000);
  assert.deepEqual(after.statuses(), ['0 PENDING']);
  assert.deepEqual(after.take(), []);
  const back = new SchedulerTester({}, after);
  back.offer('h1');
  back.advance(60_000);
  assert.deepEqual(back.statuses(), ['0 ASSIGNED']);
});

test('after a start, a task that has flapped waits for its penalty, too', () => {
  const scheduling = { ...SETTINGS.scheduling, startupDelayMaxMs: 1 };
  const it = new SchedulerTester({ scheduling });
  it.create(job(1));
  for (let life = 0; life < 2; life += 1) {
    it.run();
    it.status(it.id(0), 'TASK_FAILED');
  }
  it.advance(60_000);
  const statuses = it.task(0).taskEvents.map(({ status }) => status);
  assert.deepEqual(statuses, ['THROTTLED', 'PENDING']);
  const after = new SchedulerTester({ scheduling }, it);
  after.offer('h1');
  after.advance(29_000);
  assert.deepEqual(after.statuses().at(-1), '0 PENDING');
  after.advance(271_000);
  assert.deepEqual(after.statuses().at(-1), '0 ASSIGNED');
});

test('a task that flaps is told how long it waits', () => {
  const it = new SchedulerTester();
  it.create(job(1));
  it.run();
  it.status(it.id(0), 'TASK_FAILED');
  it.run();
  it.status(it.id(0), 'TASK_FAILED');
  const { status, taskEvents } = it.task(0);
  assert.equal(status, 'THROTTLED');
  assert.match(
    taskEvents.at(-1)?.message ?? '',
    /^Rescheduled, penalized for (3|4|5)\d{4} ms for flapping$/,
  );
});
