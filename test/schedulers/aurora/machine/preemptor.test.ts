/** Tasks that count less give way to those that wait (spec aurora-scheduler, section 5). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Resource as MesosResource } from '../../../../core/wire/types/mesos.v1.ts';
import type { MachineSettings } from '../../../../schedulers/aurora/machine/settings.ts';
import { idOf } from '../../../../schedulers/aurora/machine/task-table.ts';
import type { JobKey, Resource, TaskConfig } from '../../../../schedulers/aurora/thrift/types.ts';
import { job, SchedulerTester, SETTINGS, WEB } from './scheduler-tester.ts';

const BATCH: JobKey = { role: 'www', environment: 'devel', name: 'batch' };
const OTHER: JobKey = { role: 'ads', environment: 'devel', name: 'batch' };

const cpus = (count: number): readonly Resource[] => [
  { numCpus: count },
  { ramMb: 128 },
  { diskMb: 64 },
];

/** `hosts` of 8 processors are full of tasks of two, of the tier. */
function full(
  hosts: readonly string[],
  changes: Partial<TaskConfig>,
  settings: Partial<MachineSettings> = {},
): SchedulerTester {
  const it = new SchedulerTester(settings);
  const quota = { resources: [{ numCpus: 1_000 }, { ramMb: 100_000 }, { diskMb: 100_000 }] };
  for (const ownerRole of ['www', 'ads'])
    it.call({ method: 'setQuota', args: { ownerRole, quota } });
  const key = changes.job ?? BATCH;
  const resources = changes.resources ?? cpus(1.75);
  const constraints = [{ name: 'host', constraint: { limit: { limit: 4 } } }];
  it.create(job(4 * hosts.length, { constraints, ...changes, job: key, resources }));
  for (const host of hosts) {
    it.offer(host, { cpus: 8 });
    it.advance(4_000);
  }
  for (const task of it.tasks(undefined, key)) {
    assert.equal(task.status, 'ASSIGNED');
    it.status(idOf(task), 'TASK_RUNNING');
  }
  return it;
}

function preempted(it: SchedulerTester, key = BATCH): number {
  return it.tasks(undefined, key).filter(({ status }) => status === 'PREEMPTING').length;
}

test('a production task that has waited takes the smallest number of preemptible ones, which come again', () => {
  const it = full(['h1'], { tier: 'preemptible' });
  it.create(job(1, { tier: 'preferred', resources: cpus(3.75) }));
  it.advance(170_000);
  assert.equal(preempted(it), 0, 'not before it has waited');
  it.advance(130_000);
  const victims = it.tasks(undefined, BATCH).filter(({ status }) => status === 'PREEMPTING');
  assert.equal(victims.length, 2);
  for (const { taskEvents } of victims) {
    assert.equal(taskEvents.at(-1)?.message, `Preempting in favor of ${it.id(0)}`);
  }
  const killed = it.take().filter((each) => each.startsWith('kill '));
  assert.deepEqual(killed.sort(), victims.map((task) => `kill ${idOf(task)}`).sort());

  for (const task of victims) it.status(idOf(task), 'TASK_KILLED');
  it.offer('h1', { cpus: 4 });
  it.advance(61_000);
  assert.equal(it.task(0).status, 'ASSIGNED', 'the place is kept for it');
  const pending = it.tasks(undefined, BATCH).filter(({ status }) => status === 'PENDING');
  assert.equal(pending.length, 2);
});

test('who may take whose place', () => {
  const rows: readonly (readonly [Partial<TaskConfig>, Partial<TaskConfig>, boolean])[] = [
    [{ tier: 'preemptible', job: OTHER }, { tier: 'preferred' }, true],
    [{ tier: 'preemptible', priority: 100 }, { tier: 'preferred' }, true],
    [{ tier: 'preferred', job: OTHER }, { tier: 'preferred', priority: 9 }, false],
    [{ tier: 'preferred' }, { tier: 'preferred', priority: 9 }, true],
    [{ tier: 'preferred' }, { tier: 'preferred' }, false],
    [{ tier: 'preferred' }, { tier: 'preemptible', priority: 9 }, false],
    [{ tier: 'preemptible' }, { tier: 'preemptible', priority: 1 }, true],
    [{ tier: 'preemptible', job: OTHER }, { tier: 'preemptible', priority: 1 }, false],
  ];
  for (const [running, waiting, isTaken] of rows) {
    const it = full(['h1'], running);
    it.create(job(1, { ...waiting, resources: cpus(1.75) }));
    it.advance(420_000);
    const count = preempted(it, running.job ?? BATCH);
    assert.equal(count, isTaken ? 1 : 0, JSON.stringify([running, waiting]));
  }
});

test('what lies idle on the host counts, and nobody is killed when even all are not enough', () => {
  const it = full(['h1'], { tier: 'preemptible' });
  it.offer('h1', { cpus: 2 });
  it.create(job(1, { tier: 'preferred', resources: cpus(3.75) }));
  it.advance(330_000);
  assert.equal(preempted(it), 1);
  const other = full(['h1'], { tier: 'preemptible' });
  other.create(job(1, { tier: 'preferred', resources: cpus(8.75) }));
  other.advance(420_000);
  assert.equal(preempted(other), 0);
});

test('constraints hold for places that others give up', () => {
  const it = full(['h1', 'h2'], { tier: 'preemptible' });
  const constraints = [{ name: 'host', constraint: { value: { negated: false, values: ['h2'] } } }];
  it.create(job(1, { tier: 'preferred', constraints, resources: cpus(1.75) }));
  it.advance(420_000);
  const hosts = it
    .tasks(undefined, BATCH)
    .filter(({ status }) => status === 'PREEMPTING')
    .map(({ assignedTask }) => assignedTask.slaveHost);
  assert.deepEqual(hosts, ['h2']);
});

test('a place that has changed since it was found is not taken', () => {
  const it = full(['h1'], { tier: 'preemptible' });
  it.create(job(1, { tier: 'preferred', resources: cpus(7.75) }));
  // Found with the search at 240 s, tried with the next try of the group.
  it.advance(180_000);
  it.call({ method: 'killTasks', args: { job: BATCH, instances: [0] } });
  it.advance(130_000);
  assert.equal(preempted(it), 0);
});

test('a kept agent is free again after a while, and nobody gives way without the flag', () => {
  const preemption = { ...SETTINGS.preemption, reservationMs: 90_000 };
  const it = full(['h1'], { tier: 'preemptible' }, { preemption });
  it.create(job(1, { tier: 'preferred', resources: cpus(1.75) }));
  it.advance(330_000);
  assert.equal(preempted(it), 1);
  it.call({ method: 'killTasks', args: { job: WEB } });
  const [victim] = it.tasks(undefined, BATCH).filter(({ status }) => status === 'PREEMPTING');
  assert.ok(victim !== undefined);
  it.advance(91_000);
  it.status(idOf(victim), 'TASK_KILLED');
  it.offer('h1', { cpus: 2 });
  it.advance(61_000);
  assert.equal(it.tasks(undefined, BATCH).filter(({ status }) => status === 'ASSIGNED').length, 1);

  const off = full(
    ['h1'],
    { tier: 'preemptible' },
    { preemption: { ...preemption, isEnabled: false } },
  );
  off.create(job(1, { tier: 'preferred', resources: cpus(1.75) }));
  off.advance(600_000);
  assert.equal(preempted(off), 0);
});

test('revocable processors are for the tier revocable alone', () => {
  const it = new SchedulerTester();
  it.create(job(1, { tier: 'revocable' }));
  it.offer('h1');
  it.advance(1_000);
  assert.equal(it.task(0).status, 'PENDING');
  it.advance(400_000);
  it.take();
  const revocable = { name: 'cpus', type: 'SCALAR' as const, scalar: { value: 2 }, revocable: {} };
  const mem = { name: 'mem', type: 'SCALAR' as const, scalar: { value: 1_000 } };
  const disk = { name: 'disk', type: 'SCALAR' as const, scalar: { value: 1_000 } };
  it.offer('h2', { resources: [revocable, mem, disk] });
  it.advance(61_000);
  assert.equal(it.task(0).status, 'ASSIGNED');
  const [launch] = it.takeEffects().filter((effect) => effect.kind === 'launch');
  const info = launch?.launches[0]?.info;
  assert.deepEqual(
    info?.resources?.filter(({ name }) => name === 'cpus'),
    [{ ...revocable, scalar: { value: 1 } }],
  );
  assert.deepEqual(
    info?.executor?.resources?.filter(({ name }) => name === 'cpus'),
    [{ ...revocable, scalar: { value: 0.25 } }],
  );
});

test('memory that may be taken back is for the tier revocable where the operator wants it', () => {
  const scalar = (name: string, value: number) => ({
    ...{ name, type: 'SCALAR' as const, scalar: { value } },
  });
  const cpus = { ...scalar('cpus', 2), revocable: {} };
  const mem = { ...scalar('mem', 1_000), revocable: {} };
  const resources = [cpus, mem, scalar('disk', 1_000)];
  const placed = (usesRevocableRam: boolean): readonly MesosResource[] | undefined => {
    const it = new SchedulerTester({ usesRevocableRam });
    it.create(job(1, { tier: 'revocable' }));
    it.offer('h1', { resources });
    it.advance(1_000);
    const [launch] = it.takeEffects().filter((effect) => effect.kind === 'launch');
    const info = launch?.launches[0]?.info;
    return info && [...(info.resources ?? []), ...(info.executor?.resources ?? [])];
  };
  assert.equal(placed(false), undefined);
  assert.deepEqual(placed(true), [
    { ...cpus, scalar: { value: 1 } },
    { ...mem, scalar: { value: 128 } },
    scalar('disk', 64),
    { ...cpus, scalar: { value: 0.25 } },
    { ...mem, scalar: { value: 128 } },
  ]);
});
