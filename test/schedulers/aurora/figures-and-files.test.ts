/** SLA figures in /vars, reconciliation on demand, tiers and mounts from flags (spec aurora-scheduler, sections 3.3, 5, 8). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SimulatedClock } from '../../../core/testing/clock.ts';
import type { TaskState, TaskStatus } from '../../../core/wire/types/mesos.v1.ts';
import { parseTiers } from '../../../schedulers/aurora/file-flags.ts';
import { auroraVars, failureCounter } from '../../../schedulers/aurora/metrics.ts';
import { ReconcileOnDemand } from '../../../schedulers/aurora/reconcile-on-demand.ts';
import { ReconciliationSchedule } from '../../../schedulers/aurora/reconciliation-schedule.ts';
import { RoomVars } from '../../../schedulers/aurora/room-vars.ts';
import { SLA_METRICS, SlaVars } from '../../../schedulers/aurora/sla-vars.ts';
import { workloadOf } from '../../../schedulers/aurora/thrift-workload.ts';
import { job, SchedulerTester, said, WEB } from './machine/scheduler-tester.ts';

test('services have figures by job, cluster and size; they stay until they are too old', () => {
  const it = new SchedulerTester();
  const quota = { resources: [{ numCpus: 10 }, { ramMb: 10_000 }, { diskMb: 10_000 }] };
  it.call({ method: 'setQuota', args: { ownerRole: 'www', quota } });
  it.create(job(2, { tier: 'preferred' }));
  it.create(job(1, { job: { ...WEB, name: 'cheap' } }));
  it.create(job(1, { job: { ...WEB, name: 'batch' }, tier: 'preferred', isService: false }));
  it.run();
  it.advance(30_000);
  const all = new Set(SLA_METRICS);
  const sla = new SlaVars({
    refreshMs: 60_000,
    production: all,
    nonProduction: new Set(['PLATFORM_UPTIME']),
  });
  const vars = sla.vars(it.machine, it.now);
  assert.equal(vars.get('sla_www/prod/web_job_uptime_50.00_sec'), 30);
  assert.equal(vars.get('sla_www/prod/web_platform_uptime_percent'), 100);
  assert.equal(vars.get('sla_cluster_platform_uptime_percent'), 100);
  assert.equal(vars.get('sla_www/prod/web_mttr_ms'), 2_000);
  assert.equal(vars.get('sla_cpu_small_mttr_ms'), 2_000);
  assert.equal(vars.get('sla_www/prod/cheap_platform_uptime_percent_nonprod'), 100);
  const names = [...vars.keys()].join('\n');
  assert.doesNotMatch(names, /batch|cheap_job_uptime/);
  it.advance(30_000);
  assert.equal(sla.vars(it.machine, it.now), vars);
  it.advance(30_000);
  assert.equal(sla.vars(it.machine, it.now).get('sla_www/prod/web_job_uptime_50.00_sec'), 90);
});

test('idle offers are counted in usual sizes, and what is used is told by pool', () => {
  const it = new SchedulerTester();
  const quota = { resources: [{ numCpus: 10 }, { ramMb: 10_000 }, { diskMb: 10_000 }] };
  it.call({ method: 'setQuota', args: { ownerRole: 'www', quota } });
  it.create(job(2, { tier: 'preferred' }));
  it.create(job(3, { job: { ...WEB, name: 'cheap' } }));
  it.run();
  it.run('h2', { ...WEB, name: 'cheap' });
  const dedicated = [{ name: 'dedicated', type: 'TEXT' as const, text: { value: 'www/x' } }];
  it.offer('plain', { cpus: 4.5, ramMb: 16_384 });
  it.offer('own', { cpus: 1, ramMb: 4_096, attributes: dedicated });
  const room = new RoomVars();
  const vars = room.vars(it.machine, it.now);
  const expected = {
    empty_slots_small: 2,
    empty_slots_medium: 0,
    empty_slots_dedicated_small: 1,
    empty_slots_revocable_small: 0,
    empty_slots_dedicated_revocable_xlarge: 0,
    resources_total_consumed_cpu_cores: 5,
    resources_quota_consumed_cpu_cores: 2,
    resources_free_pool_consumed_ram_mb: 384,
    resources_dedicated_consumed_disk_mb: 0,
    resources_allocated_quota_disk_mb: 10_000,
  };
  for (const [name, value] of Object.entries(expected)) assert.equal(vars.get(name), value, name);
  assert.equal(room.vars(it.machine, it.now + 59_999), vars);
  it.call({ method: 'killTasks', args: { job: WEB } });
  for (const instance of [0, 1]) it.status(it.id(instance), 'TASK_KILLED');
  const later = room.vars(it.machine, it.now + 60_000);
  assert.equal(later.get('resources_quota_consumed_cpu_cores'), 0);
});

/** As the shell keeps them. */
function countsOf(it: SchedulerTester): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const effect of it.takeEffects()) {
    if (effect.kind !== 'count') continue;
    counts.set(effect.counter, (counts.get(effect.counter) ?? 0) + effect.by);
  }
  return counts;
}

test('what is tried, refused and asked for is counted under the original names, from zero on', () => {
  const it = new SchedulerTester();
  const rest = {
    machine: it.machine,
    isSubscribed: true,
    life: 'ACTIVE',
    uptimeSeconds: 1,
  } as const;
  const before = auroraVars({ ...rest, counts: new Map() });
  for (const name of ['schedule_attempts_no_match', 'update_transition_ROLLED_BACK']) {
    assert.equal(before.get(name), 0, name);
  }
  it.create(job(2));
  it.offer('h1', { cpus: 1.5 });
  it.offer('h2', { cpus: 0.5, ramMb: 1 });
  it.advance(1);
  it.call({ method: 'killTasks', args: { job: WEB } });
  const vars = auroraVars({ ...rest, counts: countsOf(it) });
  const expected = {
    scheduler_resource_offers: 2,
    outstanding_offers: 1,
    schedule_attempts_fired: 2,
    schedule_attempts_no_match: 1,
    scheduling_veto_static: 2,
    scheduling_veto_insufficient_resources: 3,
    thrift_workload_createJob: 2,
    thrift_workload_killTasks: 2,
    task_store_KILLING: 1,
  };
  const names = Object.keys(expected);
  assert.deepEqual(Object.fromEntries(names.map((name) => [name, vars.get(name)])), expected);
});

test('calls that look are counted with what they answer, calls about hosts with the hosts', () => {
  const it = new SchedulerTester();
  it.create(job(3));
  const rows = [
    [{ method: 'getTasksStatus', args: { query: {} } }, 3],
    [{ method: 'getRoleSummary', args: {} }, 1],
    [{ method: 'getJobs', args: {} }, 1],
    [{ method: 'getConfigSummary', args: { job: WEB } }, 1],
    [{ method: 'drainHosts', args: { hosts: { hostNames: ['a', 'b'] } } }, 2],
    [{ method: 'killTasks', args: { job: WEB } }, undefined],
  ] as const;
  for (const [call, workload] of rows) {
    assert.equal(workloadOf(call, it.call(call)), workload, call.method);
  }
});

test('tasks are asked about on demand, in batches with pauses', async () => {
  const clock = new SimulatedClock();
  const asked: string[] = [];
  const it = new ReconcileOnDemand(clock, 5_000, (tasks) => {
    asked.push(tasks.map(({ taskId }) => taskId).join());
  });
  const tasks = ['a', 'b', 'c', 'd', 'e'].map((taskId) => ({ taskId, agentId: undefined }));
  it.explicit(tasks, 2);
  assert.deepEqual(asked, ['a,b']);
  await clock.advance(5_000);
  assert.deepEqual(asked, ['a,b', 'c,d']);
  await clock.advance(5_000);
  assert.deepEqual(asked, ['a,b', 'c,d', 'e']);
  it.implicit();
  assert.deepEqual(asked.slice(3), ['']);
  await clock.advance(60_000);
  assert.equal(asked.length, 4);
});

test('questions about known tasks and about all take turns', async () => {
  const clock = new SimulatedClock(0);
  const asked: string[] = [];
  const it = new ReconciliationSchedule(
    {
      ...{ initialDelayMs: 60_000, explicitIntervalMs: 3_600_000, implicitIntervalMs: 7_200_000 },
      ...{ spreadMs: 1_800_000, batchSize: 1_000, batchPauseMs: 5_000 },
    },
    clock,
  );
  const at = (kind: string) => () => void asked.push(`${kind} ${clock.now() / 60_000}`);
  it.start({ explicit: at('explicit'), implicit: at('implicit') });
  await clock.advance(200 * 60_000);
  assert.deepEqual(asked, [
    ...['explicit 1', 'implicit 31', 'explicit 61', 'explicit 121', 'implicit 151'],
    'explicit 181',
  ]);
  it.stop();
  await clock.advance(200 * 60_000);
  assert.equal(asked.length, 6);
});

test('what goes wrong is counted by job, rack and reason', () => {
  const it = new SchedulerTester();
  const value = { negated: false, values: ['*/db'] };
  it.create(job(2, { constraints: [{ name: 'dedicated', constraint: { value } }] }));
  const attribute = (name: string, text: string) => ({
    ...{ name, type: 'TEXT' as const, text: { value: text } },
  });
  it.offer('h1', { attributes: [attribute('rack', 'a'), attribute('dedicated', '*/db')] });
  it.advance(2_000);
  const [lost, failed] = [it.id(0), it.id(1)];
  it.takeEffects();
  const status = (id: string, state: TaskState): TaskStatus => ({
    ...{ task_id: { value: id }, state, reason: 'REASON_RECONCILIATION' },
    source: 'SOURCE_MASTER',
  });
  const effects = [
    status(lost, 'TASK_LOST'),
    status(failed, 'TASK_FAILED'),
    status(failed, 'TASK_FAILED'),
    status(failed, 'TASK_FINISHED'),
    status(failed, 'TASK_RUNNING'),
    status('stranger', 'TASK_FINISHED'),
    status('stranger', 'TASK_RUNNING'),
  ].flatMap((each) => it.machine.statusArrived(each, it.now));
  assert.deepEqual(
    effects.flatMap((effect) =>
      effect.kind === 'count' && !/^scheduler_status_update|^task_exit/.test(effect.counter)
        ? [effect.counter]
        : [],
    ),
    [
      ...['tasks_LOST_www/prod/web', 'tasks_lost_rack_a', 'tasks_lost_dedicated__/db'],
      'status_update_REASON_RECONCILIATION_SUCCESS',
      'task_lost_SOURCE_MASTER',
      ...['tasks_FAILED_www/prod/web', 'status_update_REASON_RECONCILIATION_SUCCESS'],
      'status_update_REASON_RECONCILIATION_NOOP',
      'scheduler_illegal_task_state_transitions',
      'status_update_REASON_RECONCILIATION_ILLEGAL',
      'scheduler_illegal_task_state_transitions',
      'status_update_REASON_RECONCILIATION_ILLEGAL_WITH_SIDE_EFFECTS',
      'status_update_REASON_RECONCILIATION_ILLEGAL',
      'status_update_REASON_RECONCILIATION_ILLEGAL_WITH_SIDE_EFFECTS',
    ],
  );
});

test('statuses, their reasons, offers that came too late and what the cluster has lost are counted', () => {
  const it = new SchedulerTester();
  it.create(job(1));
  const offer = it.offer('h1');
  it.advance(1);
  it.takeEffects();
  const reason = 'REASON_CONTAINER_LIMITATION_MEMORY' as const;
  const id = { task_id: { value: it.id(0) } };
  const effects = [
    ...it.machine.statusArrived({ ...id, state: 'TASK_RUNNING' }, it.now),
    ...it.machine.statusArrived({ ...id, state: 'TASK_FAILED', reason }, it.now),
    ...it.machine.rescinded(offer, it.now),
  ];
  const counted = (name: string): number =>
    effects.filter((effect) => effect.kind === 'count' && effect.counter === name).length;
  assert.equal(counted('scheduler_status_update'), 2);
  assert.equal(counted(`task_exit_${reason}`), 1);
  assert.equal(counted('offer_cancel_failures'), 1, 'it was used before');
  const agent = { agent_id: { value: 'a' } };
  const executor = { ...agent, executor_id: { value: 'e' } };
  assert.equal(failureCounter(agent), 'slaves_lost');
  assert.equal(failureCounter({ ...executor, status: 9 }), 'scheduler_lost_executors');
  assert.equal(failureCounter(executor), undefined);
});

test('more tries than a second may have are put off, and counted', () => {
  const it = new SchedulerTester();
  for (let at = 0; at < 60; at += 1) it.create(job(1, { job: { ...WEB, name: `job${at}` } }));
  it.takeEffects();
  it.advance(1);
  const blocked = countsOf(it).get('schedule_attempts_blocks') ?? 0;
  assert.ok(blocked > 0 && blocked <= 20, String(blocked));
});

test('the calls for it are checked and counted', () => {
  const it = new SchedulerTester();
  it.take();
  const explicit = (batchSize?: number) =>
    it.call({ method: 'triggerExplicitTaskReconciliation', args: { settings: { batchSize } } });
  assert.equal(said(explicit(0)), 'INVALID_REQUEST Batch size must be greater than zero.');
  assert.equal(said(explicit(7)), 'OK');
  assert.equal(said(explicit()), 'OK');
  assert.equal(said(it.call({ method: 'triggerImplicitTaskReconciliation', args: {} })), 'OK');
  assert.deepEqual(
    it.takeEffects().filter(({ kind }) => kind.startsWith('reconcile')),
    [
      { kind: 'reconcile', batchSize: 7 },
      { kind: 'reconcile', batchSize: 1_000 },
      { kind: 'reconcile-all' },
    ],
  );
});

test('tiers come from a file', () => {
  const file = { default: 'a', tiers: { a: { preemptible: true }, b: { revocable: false } } };
  const tiers = parseTiers(file);
  assert.ok(tiers.ok);
  assert.equal(tiers.value.defaultName, 'a');
  assert.deepEqual(tiers.value.byName.get('b'), { isPreemptible: false, isRevocable: false });
  const flaws: readonly (readonly [unknown, string])[] = [
    [[], 'the file is no object'],
    [{ default: 'a' }, "'tiers' is no object"],
    [{ ...file, default: 'c' }, "'default' is none of the tiers"],
    [{ default: 'a', tiers: { a: 1 } }, "tier 'a' is no object"],
    [
      { default: 'a', tiers: { a: { revocable: 'yes' } } },
      "tier 'a' has something other than true and false",
    ],
  ];
  for (const [value, error] of flaws) {
    assert.deepEqual(parseTiers(value), { ok: false, error: `Flag 'tier_config': ${error}` });
  }
});
