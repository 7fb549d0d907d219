/** Kills that policies allow or put off, for updates and for maintenance (spec aurora-scheduler, sections 6.4 and 8). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MachineSettings } from '../../../../schedulers/aurora/machine/settings.ts';
import { idOf } from '../../../../schedulers/aurora/machine/task-table.ts';
import type {
  JobUpdateSettings,
  SlaPolicy,
  TaskConfig,
} from '../../../../schedulers/aurora/thrift/types.ts';
import {
  config,
  job,
  SchedulerTester,
  SETTINGS,
  said,
  UPDATE_SETTINGS,
  WEB,
} from './scheduler-tester.ts';

const COUNT = 20;
const small = [{ numCpus: 0.1 }, { ramMb: 16 }, { diskMb: 16 }];

const ALL_BUT_ONE: SlaPolicy = { countSlaPolicy: { count: 19, durationSecs: 60 } };

/** A production job of 20 that runs on two hosts. */
function running(
  changes: Partial<TaskConfig> = {},
  settings: Partial<MachineSettings> = {},
): SchedulerTester {
  const scheduling = { ...SETTINGS.scheduling, attemptsPerSecond: 1_000 };
  const it = new SchedulerTester({ scheduling, ...settings });
  const quota = { resources: [{ numCpus: 1_000 }, { ramMb: 100_000 }, { diskMb: 100_000 }] };
  it.call({ method: 'setQuota', args: { ownerRole: 'www', quota } });
  const constraints = [{ name: 'host', constraint: { limit: { limit: 10 } } }];
  it.create(job(COUNT, { tier: 'preferred', resources: small, constraints, ...changes }));
  place(it);
  return it;
}

function place(it: SchedulerTester): void {
  for (const host of ['h1', 'h2', 'h1', 'h2', 'h1', 'h2']) {
    it.offer(host, { cpus: 100, ramMb: 100_000 });
    it.advance(2_000);
  }
  for (const task of it.tasks()) {
    if (task.status === 'ASSIGNED') it.status(idOf(task), 'TASK_RUNNING');
  }
}

function inStatus(it: SchedulerTester, status: string): readonly string[] {
  return it
    .tasks()
    .filter((task) => task.status === status)
    .map(idOf);
}

function update(
  it: SchedulerTester,
  changes: Partial<TaskConfig>,
  settings: Partial<JobUpdateSettings> = {},
): void {
  const constraints = [{ name: 'host', constraint: { limit: { limit: 10 } } }];
  const taskConfig = config({ tier: 'preferred', resources: small, constraints, ...changes });
  const request = {
    taskConfig,
    instanceCount: COUNT,
    settings: { ...UPDATE_SETTINGS, slaAware: true, updateGroupSize: 3, ...settings },
  };
  assert.equal(said(it.call({ method: 'startJobUpdate', args: { request } })), 'OK');
}

function events(it: SchedulerTester, instance: number): readonly string[] {
  const [stored] = it.machine.state.updates.ofJob('www/prod/web');
  return (stored?.instanceEvents ?? [])
    .filter(({ instanceId }) => instanceId === instance)
    .map(({ action, message }) => (message === undefined ? action : `${action} ${message}`));
}

test('an update kills only as many as the policy of the new configuration lets go', () => {
  const it = running();
  it.advance(120_000);
  update(it, { priority: 1, slaPolicy: ALL_BUT_ONE });
  assert.equal(inStatus(it, 'KILLING').length, 1);
  assert.deepEqual(events(it, 0), [
    'INSTANCE_UPDATING',
    'INSTANCE_UPDATING Checking SLA before continuing.',
    'INSTANCE_UPDATING SLA check passed, continuing.',
  ]);
  assert.deepEqual(events(it, 1), [
    'INSTANCE_UPDATING',
    'INSTANCE_UPDATING Checking SLA before continuing.',
  ]);
  it.advance(59_000);
  assert.equal(inStatus(it, 'KILLING').length, 1, 'asked again after a minute');
  for (const id of inStatus(it, 'KILLING')) it.status(id, 'TASK_KILLED');
  place(it);
  for (let step = 0; step < 40 && inStatus(it, 'KILLING').length === 0; step += 1) {
    it.advance(10_000);
  }
  assert.equal(inStatus(it, 'KILLING').length, 1, 'the next, after the first has run long enough');
});

test('a paused update kills nobody later', () => {
  const it = running();
  it.advance(120_000);
  update(it, { priority: 1, slaPolicy: ALL_BUT_ONE });
  const [stored] = it.machine.state.updates.ofJob('www/prod/web');
  const { key } = stored?.update.summary ?? {};
  assert.equal(said(it.call({ method: 'pauseJobUpdate', args: { key } })), 'OK');
  for (const id of inStatus(it, 'KILLING')) it.status(id, 'TASK_KILLED');
  it.advance(3_600_000);
  assert.equal(inStatus(it, 'KILLING').length, 0);
});

test('that a policy is looked at is said once, however often the update is paused', () => {
  const it = running();
  it.advance(120_000);
  update(it, { priority: 1, slaPolicy: ALL_BUT_ONE });
  const [stored] = it.machine.state.updates.ofJob('www/prod/web');
  const key = { job: WEB, id: stored?.id ?? '' };
  for (let round = 0; round < 2; round += 1) {
    assert.equal(said(it.call({ method: 'pauseJobUpdate', args: { key } })), 'OK');
    it.advance(600_000);
    assert.equal(said(it.call({ method: 'resumeJobUpdate', args: { key } })), 'OK');
  }
  const checking = 'INSTANCE_UPDATING Checking SLA before continuing.';
  assert.equal(events(it, 1).filter((text) => text === checking).length, 1);
});

test('an instance that waited for its policy and goes back is told of in both directions', () => {
  const it = running();
  it.advance(120_000);
  update(it, { priority: 1, slaPolicy: ALL_BUT_ONE });
  const [stored] = it.machine.state.updates.ofJob('www/prod/web');
  const key = { job: WEB, id: stored?.id ?? '' };
  assert.equal(said(it.call({ method: 'rollbackJobUpdate', args: { key } })), 'OK');
  assert.deepEqual(events(it, 2), [
    'INSTANCE_UPDATING',
    'INSTANCE_UPDATING Checking SLA before continuing.',
    'INSTANCE_ROLLING_BACK',
    'INSTANCE_ROLLED_BACK',
  ]);
});

test('without slaAware, below twenty instances, and for other tiers nobody asks', () => {
  const rows: readonly (readonly [Partial<TaskConfig>, boolean])[] = [
    [{ tier: 'preferred', slaPolicy: ALL_BUT_ONE }, false],
    [{ tier: 'preferred' }, false],
  ];
  for (const [changes, slaAware] of rows) {
    const it = running();
    it.advance(120_000);
    update(it, { priority: 1, ...changes }, { slaAware });
    assert.equal(inStatus(it, 'KILLING').length, 3, JSON.stringify(changes));
  }
});

test('a coordinator is asked, and only a yes kills', () => {
  const slaPolicy = { coordinatorSlaPolicy: { coordinatorUrl: 'http://c/ask', statusKey: '' } };
  const it = running();
  it.take();
  update(it, { priority: 1, slaPolicy }, { updateGroupSize: 2 });
  const asked = it.takeEffects().filter((effect) => effect.kind === 'ask-coordinator');
  assert.deepEqual(
    asked.map(({ url, statusKey, task }) => [url, statusKey, idOf(task)]),
    [it.id(0), it.id(1)].map((id) => ['http://c/ask', 'drain', id]),
  );
  it.answer(it.id(0), true);
  it.answer(it.id(1), false);
  assert.deepEqual([it.task(0).status, it.task(1).status], ['KILLING', 'RUNNING']);
  it.advance(61_000);
  const again = it.takeEffects().filter((effect) => effect.kind === 'ask-coordinator');
  assert.deepEqual(
    again.map(({ task }) => idOf(task)),
    [it.id(1)],
  );
  it.advance(600_000);
  const twice = it.takeEffects().filter((effect) => effect.kind === 'ask-coordinator');
  assert.equal(twice.length, 0, 'not while the question is open');
});

test('a host is drained as policies allow, and of all that is left when the time is over', () => {
  const it = running({ slaPolicy: ALL_BUT_ONE });
  it.advance(120_000);
  const args = { hosts: { hostNames: ['h1'] }, defaultSlaPolicy: ALL_BUT_ONE, timeoutSecs: 1_800 };
  const answer = it.call({ method: 'slaDrainHosts', args });
  assert.deepEqual(answer.result, {
    drainHostsResult: { statuses: [{ host: 'h1', mode: 'DRAINING' }] },
  });
  assert.equal(inStatus(it, 'DRAINING').length, 1);
  it.advance(1_200_000);
  assert.equal(inStatus(it, 'DRAINING').length + inStatus(it, 'LOST').length, 1);
  it.advance(700_000);
  const left = it
    .tasks()
    .filter(({ assignedTask, status }) => assignedTask.slaveHost === 'h1' && status === 'RUNNING');
  assert.equal(left.length, 0);
});

test('a host without tasks is drained at once, and one whose maintenance ends keeps its tasks', () => {
  const it = running({ slaPolicy: ALL_BUT_ONE });
  it.offer('h3');
  const drain = (host: string) => ({
    hosts: { hostNames: [host] },
    defaultSlaPolicy: ALL_BUT_ONE,
    timeoutSecs: 1_800,
  });
  const empty = it.call({ method: 'slaDrainHosts', args: drain('h3') });
  assert.deepEqual(empty.result, {
    drainHostsResult: { statuses: [{ host: 'h3', mode: 'DRAINING' }] },
  });
  const status = it.call({
    method: 'maintenanceStatus',
    args: { hosts: { hostNames: ['h3'] } },
  });
  assert.deepEqual(status.result, {
    maintenanceStatusResult: { statuses: [{ host: 'h3', mode: 'DRAINED' }] },
  });
  // Nobody has run long enough for one to go.
  it.call({ method: 'slaDrainHosts', args: drain('h1') });
  assert.equal(inStatus(it, 'DRAINING').length, 0);
  it.call({ method: 'endMaintenance', args: { hosts: { hostNames: ['h1'] } } });
  it.advance(3_600_000);
  assert.equal(inStatus(it, 'RUNNING').length, COUNT);
});

test('an instance comes back to its agent with update affinity, when it fits', () => {
  const it = running({}, { updateAffinityMs: 180_000 });
  const hosts = it.tasks().map(({ assignedTask }) => assignedTask.slaveHost);
  update(
    it,
    { priority: 1 },
    { slaAware: false, updateGroupSize: COUNT, minWaitInInstanceRunningMs: 0 },
  );
  for (const id of inStatus(it, 'KILLING')) it.status(id, 'TASK_KILLED');
  place(it);
  const after = Array.from({ length: COUNT }, (_, at) => it.task(at).assignedTask.slaveHost);
  assert.deepEqual(after, hosts);
});

test('updates that are over are forgotten: too many, too old, and those of jobs that are gone', () => {
  const updateHistory = { intervalMs: 900_000, keptMs: 86_400_000, perJobMax: 2 };
  const it = running({}, { updateHistory });
  for (let priority = 1; priority <= 4; priority += 1) {
    update(it, { priority }, { slaAware: false, updateGroupSize: COUNT });
    const [active] = it.machine.state.updates.ofJob('www/prod/web').filter((each) => each.isActive);
    const args = { key: active?.update.summary.key };
    assert.equal(said(it.call({ method: 'abortJobUpdate', args })), 'OK');
    for (const id of inStatus(it, 'KILLING')) it.status(id, 'TASK_KILLED');
    it.advance(1_000);
  }
  const count = () => it.machine.state.updates.ofJob('www/prod/web').length;
  assert.equal(count(), 4);
  it.advance(900_000);
  assert.equal(count(), 2);
  it.call({ method: 'killTasks', args: { job: WEB } });
  for (const id of inStatus(it, 'KILLING')) it.status(id, 'TASK_KILLED');
  it.call({ method: 'pruneTasks', args: { query: { jobKeys: [WEB] } } });
  it.advance(900_000);
  assert.equal(count(), 0);
});
