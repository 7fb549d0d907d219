import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AgentEffect } from '../../../core/agent/effects.ts';
import { compileOversubscription } from '../../../core/agent/oversubscription-flags.ts';
import { FIXED_ESTIMATOR, LOAD_CONTROLLER } from '../../../core/modules/built-in.ts';
import type { Resource } from '../../../core/wire/types/mesos.v1.ts';
import { AgentKit, customTask, resources } from './agent-builder.ts';

const revocable = (text: string): readonly Resource[] =>
  resources(text).map((each) => ({ ...each, revocable: {} }));

const ESTIMATOR = { resourceEstimator: { resources: revocable('cpus:2') } };

function estimates(effects: readonly AgentEffect[]): readonly (number | undefined)[] {
  return effects.flatMap((effect) => {
    if (effect.kind !== 'send' || effect.message.name !== 'mesos.internal.UpdateSlaveMessage') {
      return [];
    }
    const { value } = effect.message;
    assert.equal(value.update_oversubscribed_resources, true);
    return (value.oversubscribed_resources ?? []).map(({ scalar }) => scalar?.value);
  });
}

function revocableTask(cpus: number) {
  const [resource] = revocable(`cpus:${cpus}`);
  assert.ok(resource);
  return {
    ...customTask('t1'),
    resources: [{ ...resource, allocation_info: { role: '*' } }],
  };
}

test('the estimate goes to the master with the registration, and later only when it has changed', () => {
  const kit = new AgentKit(ESTIMATOR);
  kit.input({ kind: 'master', pid: { id: 'master', ip: '10.0.0.1', port: 5050 } });
  kit.advance(1_000).took();
  kit.message({
    name: 'mesos.internal.SlaveRegisteredMessage',
    value: { slave_id: { value: 'M-S0' } },
  });
  assert.deepEqual(estimates(kit.effectsTaken()), [2]);
  kit.advance(15_000);
  assert.deepEqual(estimates(kit.effectsTaken()), []);
  // In use or idle, it is the same; more in use than was thought to be there is told.
  kit.run(revocableTask(1)).advance(15_000);
  assert.deepEqual(estimates(kit.effectsTaken()), []);
  kit.run({ ...revocableTask(2), task_id: { value: 't2' } }, { launchExecutor: false });
  kit.advance(15_000);
  assert.deepEqual(estimates(kit.effectsTaken()), [3]);
});

test('a load above the threshold ends containers with revocable resources, and no others', () => {
  const kit = new AgentKit({
    ...ESTIMATOR,
    qosController: { loadThreshold5min: 4, loadThreshold15min: 2, intervalMs: 0 },
  }).registered();
  kit.run(revocableTask(1)).prepared('e1');
  kit.run({ ...customTask('t2', 'e2') }).prepared('e2');
  kit.took();
  const load = (fiveMinutes: number, fifteenMinutes: number): readonly string[] =>
    kit.input({ kind: 'load', load: { fiveMinutes, fifteenMinutes } }).took();
  assert.deepEqual(load(4, 2), []);
  assert.deepEqual(load(3, 2.5), ['destroy-container']);
  assert.deepEqual(load(5, 2.5), []);
  assert.equal(kit.machine.counts.executorsPreempted, 1);
  kit.launcher({ kind: 'exited', containerId: kit.containerOf('e1'), status: 9 });
  assert.ok(
    kit
      .took()
      .includes('t1 | TASK_GONE | CONTAINER_PREEMPTED | Container preempted by QoS correction'),
  );
});

test('who hosts a task that is taken back is not heard about its end', () => {
  const qosController = { loadThreshold5min: 4, loadThreshold15min: 2, intervalMs: 0 };
  const kit = new AgentKit({ ...ESTIMATOR, qosController }).registered();
  const { executor: _executor, ...task } = revocableTask(1);
  kit
    .run({ ...task, command: { value: 'sleep 1000' } })
    .prepared('t1')
    .started('t1');
  kit.hostedUpdate('t1', 'TASK_RUNNING').took();
  kit.input({ kind: 'load', load: { fiveMinutes: 9, fifteenMinutes: 9 } }).took();
  assert.deepEqual(kit.hostedUpdate('t1', 'TASK_FAILED').took(), ['acknowledge t1']);
  const containerId = kit.containerOf('t1');
  kit.acknowledgeHead('t1').launcher({ kind: 'exited', containerId, status: 9 });
  assert.match(kit.took().join('\n'), /t1 \| TASK_GONE \| CONTAINER_PREEMPTED/);
});

test('estimator and controller take the parameters of the modules of the original', () => {
  const compile = (name: 'resource_estimator' | 'qos_controller', module: string, of: object) =>
    compileOversubscription(
      {
        ...{ resource_estimator: undefined, qos_controller: undefined, [name]: module },
        ...{ oversubscribed_resources_interval: 15_000, qos_correction_interval_min: 0 },
      },
      () => Object.entries(of).map(([key, value]) => ({ key, value: String(value) })),
    );
  const estimator = compile('resource_estimator', FIXED_ESTIMATOR, { resources: 'cpus:2' });
  assert.ok(estimator.ok);
  assert.deepEqual(estimator.value.resourceEstimator, ESTIMATOR.resourceEstimator);
  const controller = compile('qos_controller', LOAD_CONTROLLER, { load_threshold_5min: '1.5' });
  assert.ok(controller.ok);
  assert.deepEqual(controller.value.qosController, {
    loadThreshold5min: 1.5,
    loadThreshold15min: Number.POSITIVE_INFINITY,
    intervalMs: 0,
  });
  for (const [flag, module, parameters] of [
    ['resource_estimator', 'nobody', {}],
    ['resource_estimator', FIXED_ESTIMATOR, {}],
    ['resource_estimator', FIXED_ESTIMATOR, { resources: 'cpus' }],
    ['qos_controller', LOAD_CONTROLLER, {}],
    ['qos_controller', LOAD_CONTROLLER, { load_threshold_5min: 'high' }],
    ['qos_controller', LOAD_CONTROLLER, { load_threshold_1min: '1' }],
  ] as const) {
    assert.equal(compile(flag, module, parameters).ok, false);
  }
});
