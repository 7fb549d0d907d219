/** What the agent tells its containerizer, and what it makes of the answers. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resourcesOf } from '../../../core/agent/container-config.ts';
import { scalarOf } from '../../../core/resources/select.ts';
import type { ContainerInfo } from '../../../core/wire/types/mesos.v1.ts';
import { AgentKit, commandTask, customTask, resources } from './agent-builder.ts';

test('a container that used too much fails its tasks with the limitation', () => {
  const it = new AgentKit().registered().runningTask('t1');
  const limitation = {
    reason: 'REASON_CONTAINER_LIMITATION_MEMORY',
    message: 'Memory limit exceeded',
    resources: resources('mem:64'),
  } as const;
  it.launcher({ kind: 'exited', containerId: it.containerOf('t1'), status: 9, limitation });
  const update = it.effectsTaken().find((effect) => effect.kind === 'send');
  assert.ok(update?.message.name === 'mesos.internal.StatusUpdateMessage');
  const { state, reason, message, limitation: told } = update.message.value.update.status;
  assert.deepEqual(
    [state, reason, message],
    ['TASK_FAILED', limitation.reason, limitation.message],
  );
  assert.deepEqual(told, { resources: resources('mem:64') });
});

test('an executor whose tasks come and go is granted what it and they asked for', () => {
  const it = new AgentKit().registered();
  const granted = (): readonly unknown[] =>
    it.effectsTaken().flatMap((effect) => {
      if (effect.kind !== 'update-container') return [];
      const { requests, limits } = effect.resources;
      return [{ mem: scalarOf(requests, 'mem'), limits }];
    });
  it.run(commandTask('t1')).prepared('t1').started('t1');
  assert.deepEqual(granted(), [], 'a command executor keeps what it was launched with');
  it.run(customTask('t2')).prepared('e1');
  it.input({
    kind: 'executor-call',
    call: {
      type: 'SUBSCRIBE',
      framework_id: { value: 'F' },
      executor_id: { value: 'e1' },
      subscribe: {},
    },
    stream: { send: () => {}, close: () => {} },
  });
  assert.deepEqual(granted(), [{ mem: 64, limits: {} }]);
  it.run(customTask('t3'), { launchExecutor: false });
  assert.deepEqual(granted(), [{ mem: 96, limits: {} }]);
});

test('an executor is launched with what its first tasks ask for, without their volumes', () => {
  const it = new AgentKit().registered();
  const task = customTask('t1');
  const volume = { container_path: '/data', mode: 'RW' } as const;
  const volumes = resources('disk(web):8').map((each) => ({
    ...each,
    disk: { persistence: { id: 'v' }, volume },
  }));
  it.machine.state.checkpointedResources = volumes;
  it.run({ ...task, resources: [...(task.resources ?? []), ...volumes] }).prepared('e1');
  const launch = it.effectsTaken().find((effect) => effect.kind === 'launch');
  assert.ok(launch?.kind === 'launch');
  assert.equal(scalarOf(launch.config.requests, 'mem'), 64);
  assert.equal(scalarOf(launch.config.requests, 'disk'), 0);
});

test('a limit of one task counts for the container, the others with what they asked for', () => {
  const executor = resources('cpus:0.1;mem:32');
  const small = { resources: resources('cpus:1;mem:64') };
  const burst = { ...small, limits: { cpus: { value: 2 } } };
  const boundless = { ...small, limits: { mem: { value: Number.POSITIVE_INFINITY } } };
  assert.deepEqual(resourcesOf(executor, [small]).limits, {});
  assert.deepEqual(resourcesOf(executor, [small, burst]).limits, { cpus: 3.1 });
  assert.deepEqual(resourcesOf(executor, [small, boundless]).limits, {
    mem: Number.POSITIVE_INFINITY,
  });
});

test('the socket of the agent is told to executors that see the files of the host, and to no others', () => {
  const image = { type: 'DOCKER', docker: { name: 'alpine' } } as const;
  const told = (container: ContainerInfo | undefined, hasDefaultContainer = false): unknown => {
    const it = new AgentKit({ domainSocket: '/run/agent.sock', hasDefaultContainer }).registered();
    const task = customTask('t1');
    const executor = { executor_id: { value: 'e1' }, ...task.executor, container };
    it.run({ ...task, executor }).prepared('e1');
    const launch = it.effectsTaken().find((effect) => effect.kind === 'launch');
    return launch?.config.environment['MESOS_DOMAIN_SOCKET'];
  };
  assert.equal(told(undefined), '/run/agent.sock');
  assert.equal(told({ type: 'MESOS' }), '/run/agent.sock');
  assert.equal(told({ type: 'MESOS', mesos: { image } }), undefined);
  assert.equal(told({ type: 'DOCKER', docker: { image: 'alpine' } }), undefined);
  assert.equal(told(undefined, true), undefined);
});
