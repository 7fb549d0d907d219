/** Executors that use the driver of old: how they come, and come back. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LauncherContainer } from '../../../core/agent/launcher-port.ts';
import type { Upid } from '../../../core/net/ports.ts';
import { AgentKit, type AgentKitOptions, customTask } from './agent-builder.ts';

const EXECUTOR: Upid = { id: 'executor(1)', ip: '10.0.0.2', port: 40_000 };
const IDS = { framework_id: { value: 'F' }, executor_id: { value: 'e1' } };

function register(it: AgentKit): AgentKit {
  return it.message({ name: 'mesos.internal.RegisterExecutorMessage', value: IDS }, EXECUTOR);
}

function reregister(it: AgentKit): readonly string[] {
  const value = { ...IDS, tasks: [customTask('t1')] };
  it.message({ name: 'mesos.internal.ReregisterExecutorMessage', value }, EXECUTOR);
  return it.took();
}

/** The agent dies while `t1` runs; another starts on the same files. */
function restarted(options: AgentKitOptions): AgentKit {
  const old = register(new AgentKit().registered().run(customTask('t1')).prepared('e1'));
  const container: LauncherContainer = {
    id: old.containerOf('e1'),
    kind: 'process',
    ...{ frameworkId: 'F', executorId: 'e1', sandbox: '/s', taskIds: [], updates: [] },
  };
  return new AgentKit({ files: old.files, seed: 2, containers: [container], ...options });
}

test('an executor whose only task was killed while it started is shut down, and told nothing before', () => {
  const it = new AgentKit().registered().run(customTask('t1')).prepared('e1');
  it.message({
    name: 'mesos.internal.KillTaskMessage',
    value: { framework_id: { value: 'F' }, task_id: { value: 't1' } },
  }).took();
  assert.deepEqual(register(it).took(), ['ShutdownExecutorMessage']);
});

test('an executor is asked once to come back, and shut down when it comes back unasked', () => {
  const it = restarted({});
  assert.deepEqual(it.took(), ['ReconnectExecutorMessage']);
  assert.deepEqual(it.advance(1_500).took(), []);
  assert.deepEqual(reregister(it), ['ExecutorReregisteredMessage']);
  assert.deepEqual(reregister(it), ['ShutdownExecutorMessage']);
});

test('with a retry interval it is asked until it is back, and what it says twice is ignored', () => {
  const it = restarted({ executorReregistrationRetryMs: 500 });
  assert.deepEqual(it.took(), ['ReconnectExecutorMessage']);
  assert.deepEqual(it.advance(500).took(), ['ReconnectExecutorMessage']);
  assert.deepEqual(it.advance(500).took(), ['ReconnectExecutorMessage']);
  assert.deepEqual(reregister(it), ['ExecutorReregisteredMessage']);
  assert.deepEqual(reregister(it), []);
  assert.deepEqual(it.advance(500).took(), []);
  assert.deepEqual(it.registered().advance(2_000).took(), []);
  assert.deepEqual(reregister(it), []);
});
