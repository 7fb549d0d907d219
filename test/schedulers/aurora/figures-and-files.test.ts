/** SLA figures in /vars, reconciliation on demand, tiers and mounts from flags (spec aurora-scheduler, sections 3.3, 5, 8). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SimulatedClock } from '../../../core/testing/clock.ts';
import { parseTiers } from '../../../schedulers/aurora/file-flags.ts';
import { ReconcileOnDemand } from '../../../schedulers/aurora/reconcile-on-demand.ts';
import { SLA_METRICS, SlaVars } from '../../../schedulers/aurora/sla-vars.ts';
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

test('tasks are asked about on demand, in batches with pauses', async () => {
  const clock = new SimulatedClock();
  const asked: string[] = [];
  const it = new ReconcileOnDemand(clock, (tasks) => {
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
