/** Hosts out of service and back (spec aurora-scheduler, section 8). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { job, SchedulerTester, SETTINGS } from './scheduler-tester.ts';

const H1 = { hosts: { hostNames: ['h1', 'stranger'] } };

test('only known hosts are scheduled for maintenance, and they are tried last', () => {
  const it = new SchedulerTester({ offers: { ...SETTINGS.offers, order: ['CPU'] } });
  it.offer('h1', { cpus: 2 });
  it.offer('h2', { cpus: 4 });
  assert.deepEqual(it.call({ method: 'startMaintenance', args: H1 }).result, {
    startMaintenanceResult: { statuses: [{ host: 'h1', mode: 'SCHEDULED' }] },
  });
  it.create(job(1));
  it.advance(10);
  assert.deepEqual(it.take(), ['launch 1 on h2']);
  assert.deepEqual(it.call({ method: 'endMaintenance', args: H1 }).result, {
    endMaintenanceResult: { statuses: [{ host: 'h1', mode: 'NONE' }] },
  });
});

test('a host without tasks is drained at once, one with tasks when the last has ended', () => {
  const it = new SchedulerTester();
  it.create(job(2));
  it.run('h1');
  it.offer('h2');
  const drain = (host: string) =>
    it.call({ method: 'drainHosts', args: { hosts: { hostNames: [host] } } }).result;
  assert.deepEqual(drain('h2'), {
    drainHostsResult: { statuses: [{ host: 'h2', mode: 'DRAINED' }] },
  });
  assert.deepEqual(drain('h1'), {
    drainHostsResult: { statuses: [{ host: 'h1', mode: 'DRAINING' }] },
  });
  assert.deepEqual(it.statuses(), ['0 DRAINING', '1 DRAINING']);
  assert.equal(it.task(0).taskEvents.at(-1)?.message, 'Draining machine for maintenance.');
  const mode = () => it.call({ method: 'maintenanceStatus', args: H1 }).result;
  const is = (text: 'DRAINING' | 'DRAINED') => ({
    maintenanceStatusResult: { statuses: [{ host: 'h1', mode: text }] },
  });
  const ids = [it.id(0), it.id(1)];
  it.status(ids[0] ?? '', 'TASK_KILLED');
  assert.deepEqual(mode(), is('DRAINING'));
  assert.equal(it.machine.state.maintenance.size, 1);
  it.status(ids[1] ?? '', 'TASK_KILLED');
  assert.deepEqual(mode(), is('DRAINED'));
  assert.equal(it.machine.state.maintenance.size, 0);
  assert.deepEqual(it.statuses(), ['0 KILLED', '1 KILLED', '0 PENDING', '1 PENDING']);
});

test('nothing is placed on a host that drains', () => {
  const it = new SchedulerTester();
  it.offer('h1');
  it.call({ method: 'drainHosts', args: H1 });
  it.create(job(1));
  it.advance(10);
  assert.deepEqual(it.take(), []);
  assert.deepEqual(it.call({ method: 'getPendingReason', args: {} }).result, {
    getPendingReasonResult: {
      reasons: [{ taskId: it.id(0), reason: 'Host drained for maintenance' }],
    },
  });
});

test('the cluster gets a host back: agreed at once, drained when the time is near', () => {
  const it = new SchedulerTester();
  it.create(job(1));
  it.run('h1');
  it.take();
  it.inverseOffer('h1', SETTINGS.unavailabilityThresholdMs);
  assert.deepEqual(it.take(), ['agree to i-h1']);
  assert.deepEqual(it.statuses(), ['0 RUNNING']);
  it.inverseOffer(undefined, 0);
  assert.deepEqual(it.take(), ['agree to i-undefined']);
  it.inverseOffer('h1', SETTINGS.unavailabilityThresholdMs - 1);
  assert.deepEqual(it.take(), ['agree to i-h1', `kill ${it.id(0)}`]);
  assert.equal(it.task(0).status, 'DRAINING');
  assert.equal(it.machine.state.hosts.get('h1')?.mode, 'NONE', 'its mode is for administrators');
});
