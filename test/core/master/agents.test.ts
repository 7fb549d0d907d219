/** Agents come, break off, return, stay away, and leave for good. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { agentId, frameworkId } from '../../../core/base/ids.ts';
import { EMPTY_REGISTRY } from '../../../core/master/registry.ts';
import type { Task } from '../../../core/wire/types/mesos.v1.ts';
import { AGENT_CAPABILITIES, MasterScene, resources, task } from './machine-builder.ts';

/** One agent with one running task of a framework. */
function running(options: { readonly checkpoint?: boolean; readonly aware?: boolean } = {}) {
  const it = new MasterScene();
  const agent = it.agent('a1');
  const framework = it.subscribe('f', {
    checkpoint: options.checkpoint ?? true,
    failoverTimeout: 1_000,
    capabilities: [
      'MULTI_ROLE',
      'RESERVATION_REFINEMENT',
      ...((options.aware ?? true) ? (['PARTITION_AWARE'] as const) : []),
    ],
  });
  it.launch(framework, it.takeOffer('f'), [task('t1', agent)]);
  it.update('a1', { framework, id: 't1', agent }, 'TASK_RUNNING');
  it.take('f');
  it.sentTo('a1');
  return { it, agent, framework };
}

function reported(framework: string, agent: string): Task {
  return {
    name: 't1',
    task_id: { value: 't1' },
    framework_id: { value: framework },
    agent_id: { value: agent },
    state: 'TASK_RUNNING',
    resources: resources('cpus:1;mem:128').map((each) => ({
      ...each,
      allocation_info: { role: '*' },
    })),
  };
}

test('an agent that misses five pings becomes unreachable, its tasks too', () => {
  const { it, agent } = running();
  it.advance(75_000);
  const lines = it.lines('f');
  assert.deepEqual(
    lines[0],
    'UPDATE t1 TASK_UNREACHABLE REASON_AGENT_REMOVED health check timed out',
  );
  assert.match(lines[1] ?? '', /^RESCIND /);
  assert.deepEqual(lines[2], `FAILURE ${agent}`);
  assert.equal(it.state.unreachableAgents.has(agentId(agent)), true);
  assert.equal(it.state.agents.size, 0);
});

test('a pong in time keeps the agent', () => {
  const { it, agent } = running();
  for (let at = 0; at < 20; at += 1) {
    it.advance(15_000);
    it.pong(1);
  }
  assert.equal(it.state.agents.has(agentId(agent)), true);
});

test('a framework that is not partition aware loses its tasks on an unreachable agent', () => {
  const { it } = running({ aware: false });
  it.advance(75_000);
  assert.deepEqual(
    it.lines('f')[0],
    'UPDATE t1 TASK_LOST REASON_AGENT_REMOVED health check timed out',
  );
});

test('nothing is told of an unreachable agent before the registry has it', () => {
  const { it, agent } = running();
  it.persistsAtOnce = false;
  it.advance(75_000);
  assert.deepEqual(it.lines('f'), []);
  // Meanwhile it comes back: ignored, it will try again.
  it.reregister('a1', agent);
  assert.deepEqual(it.sentNames('a1'), []);
  it.persist();
  assert.equal(it.lines('f').length, 3);
});

test('a broken link rescinds the offers and leaves checkpointed tasks alone', () => {
  const { it } = running();
  it.advance(10);
  it.exit('a1');
  const lines = it.lines('f');
  assert.equal(lines.length, 1);
  assert.match(lines[0] ?? '', /^RESCIND /);
});

test('a broken link loses the tasks of frameworks without checkpointing', () => {
  const { it } = running({ checkpoint: false });
  it.exit('a1');
  assert.deepEqual(
    it.lines('f').at(-1),
    'UPDATE t1 TASK_LOST REASON_AGENT_DISCONNECTED Agent a1 disconnected',
  );
});

test('an agent that returns in time goes on without an event', () => {
  const { it, agent, framework } = running();
  it.exit('a1');
  it.take('f');
  it.reregister('a1', agent, {
    frameworks: [{ user: 'app', name: 'f', id: { value: framework } }],
    tasks: [reported(framework, agent)],
  });
  assert.deepEqual(it.sentNames('a1'), ['SlaveReregisteredMessage', 'UpdateFrameworkMessage']);
  assert.deepEqual(
    it.lines('f').filter((line) => !line.startsWith('OFFERS')),
    [],
  );
});

test('a task that a returning agent does not know is asked about', () => {
  const { it, agent, framework } = running();
  it.exit('a1');
  it.reregister('a1', agent);
  const [answer] = it.sentTo('a1');
  assert.equal(answer?.name, 'mesos.internal.SlaveReregisteredMessage');
  const [reconciliation] = answer.message.reconciliations ?? [];
  assert.equal(reconciliation?.framework_id.value, framework);
  assert.equal(reconciliation?.framework?.name, 'f');
  assert.deepEqual(
    reconciliation?.statuses?.map((status) => [
      status.task_id.value,
      status.reason,
      status.message,
    ]),
    [['t1', 'REASON_RECONCILIATION', 'Reconciliation request']],
  );
});

test('a kill asked for while the agent was away is sent when it returns', () => {
  const { it, agent, framework } = running();
  it.exit('a1');
  it.call(framework, { type: 'KILL', kill: { task_id: { value: 't1' } } });
  assert.deepEqual(it.sentNames('a1'), []);
  it.reregister('a1', agent, {
    frameworks: [{ user: 'app', name: 'f', id: { value: framework } }],
    tasks: [reported(framework, agent)],
  });
  assert.equal(it.sentNames('a1').includes('KillTaskMessage'), true);
});

test('a kill of a task that has ended meanwhile is not sent again', () => {
  const { it, agent, framework } = running();
  it.call(framework, { type: 'KILL', kill: { task_id: { value: 't1' } } });
  it.update('a1', { framework, id: 't1', agent }, 'TASK_KILLED');
  it.exit('a1');
  it.sentTo('a1');
  it.reregister('a1', agent, {
    frameworks: [{ user: 'app', name: 'f', id: { value: framework } }],
    tasks: [{ ...reported(framework, agent), state: 'TASK_KILLED' }],
  });
  assert.equal(it.sentNames('a1').includes('KillTaskMessage'), false);
});

test('an unreachable agent that returns brings its tasks back', () => {
  const { it, agent, framework } = running();
  it.advance(75_000);
  it.take('f');
  it.sentTo('a1');
  it.reregister('a1', agent, {
    frameworks: [{ user: 'app', name: 'f', id: { value: framework } }],
    tasks: [reported(framework, agent)],
  });
  assert.deepEqual(
    it.lines('f').filter((line) => line.startsWith('UPDATE')),
    ['UPDATE t1 TASK_RUNNING REASON_AGENT_REREGISTERED Unreachable agent re-reregistered'],
  );
  const known = it.state.frameworks.get(frameworkId(framework));
  assert.equal(known?.unreachableTasks.size, 0);
  assert.equal(known?.tasks.size, 1);
  assert.equal(it.state.unreachableAgents.size, 0);
});

test('an agent that never comes back after its link broke is unreachable after the timeout', () => {
  const { it } = running();
  it.exit('a1');
  it.take('f');
  for (let at = 0; at < 50; at += 1) {
    it.advance(15_000);
    it.pong(1);
  }
  assert.deepEqual(
    it.lines('f')[0],
    'UPDATE t1 TASK_UNREACHABLE REASON_AGENT_REMOVED agent did not reregister within 10mins after disconnecting',
  );
});

test('an agent that unregisters loses all tasks for everyone', () => {
  const { it, agent } = running();
  it.input({
    kind: 'message',
    from: it.pid('a1'),
    content: {
      name: 'mesos.internal.UnregisterSlaveMessage',
      message: { slave_id: { value: agent } },
    },
  });
  const lines = it.lines('f');
  assert.deepEqual(
    lines[0],
    'UPDATE t1 TASK_LOST REASON_AGENT_REMOVED Agent a1 removed: the agent unregistered',
  );
  assert.match(lines[1] ?? '', /^RESCIND /);
  assert.deepEqual(lines[2], `FAILURE ${agent}`);
});

test('agents of the registry are called back, adopted with their tasks, and frameworks with them', () => {
  const id = agentId('OLD-S7');
  const pid = { id: 'slave(1)', ip: '10.0.1.1', port: 5051 };
  const info = {
    hostname: 'a1',
    port: 5051,
    id: { value: id },
    resources: resources('cpus:4;mem:4096;disk:8192;ports:[31000-32000]').map(
      ({ role: _role, ...each }) => each,
    ),
  };
  const it = new MasterScene({}, { ...EMPTY_REGISTRY, admitted: [{ id, info, pid }] });
  it.reregister('a1', id, {
    frameworks: [{ user: 'app', name: 'f', id: { value: 'OLD-0003' }, checkpoint: true }],
    tasks: [reported('OLD-0003', id)],
  });
  assert.equal(it.state.frameworks.get(frameworkId('OLD-0003'))?.state, 'recovered');
  const known = it.state.frameworks.get(frameworkId('OLD-0003'));
  assert.equal(known?.registeredTime, 0, 'it has not registered with this master');
  const framework = it.subscribe('f', { id: 'OLD-0003' });
  assert.equal(framework, 'OLD-0003');
  assert.equal(known?.registeredTime, it.now - 1);
  assert.deepEqual(it.lines('f'), [
    'SUBSCRIBED',
    'OFFERS OLD-S7 ports(allocated: *):[31000-32000]; cpus(allocated: *):3; mem(allocated: *):3968; disk(allocated: *):8192',
  ]);
  it.call(framework, { type: 'RECONCILE', reconcile: { tasks: [] } });
  assert.deepEqual(it.lines('f'), [
    'UPDATE t1 TASK_RUNNING REASON_RECONCILIATION Reconciliation: Latest task state',
  ]);
});

test('agents of the registry that stay away are unreachable after the timeout', () => {
  const id = agentId('OLD-S7');
  const info = { hostname: 'a1', id: { value: id } };
  const it = new MasterScene({}, { ...EMPTY_REGISTRY, admitted: [{ id, info, pid: undefined }] });
  const framework = it.subscribe('f');
  it.take('f');
  const ask = (): void =>
    it.call(framework, { type: 'RECONCILE', reconcile: { tasks: [{ task_id: { value: 'x' } }] } });
  ask();
  assert.deepEqual(it.lines('f'), []);
  it.advance(600_000);
  assert.deepEqual(it.lines('f'), [`FAILURE ${id}`]);
  ask();
  assert.deepEqual(it.lines('f'), [
    'UPDATE x TASK_UNKNOWN REASON_RECONCILIATION Reconciliation: Task is unknown',
  ]);
});

test('too many agents that stay away after a failover end the master', () => {
  const admitted = ['S0', 'S1', 'S2'].map((id) => ({
    id: agentId(id),
    info: { hostname: id, id: { value: id } },
    pid: undefined,
  }));
  const it = new MasterScene({ recoveryAgentRemovalLimit: 0.5 }, { ...EMPTY_REGISTRY, admitted });
  it.reregister('a1', 'S1');
  it.advance(600_000);
  const failures = it.others.flatMap((each) => (each.kind === 'fail' ? [each.reason] : []));
  assert.deepEqual(failures, [
    'Post-recovery agent removal limit exceeded! After 10mins there were 2 (66%) agents recovered from the registry that did not reregister: S0, S2. The configured removal limit is 50%. Please investigate or increase this limit to proceed further',
  ]);
});

test('an agent that is coming back when the others are given up is spared', () => {
  const admitted = ['S0', 'S1'].map((id) => ({
    id: agentId(id),
    info: { hostname: id, id: { value: id } },
    pid: undefined,
  }));
  const it = new MasterScene({}, { ...EMPTY_REGISTRY, admitted });
  it.advance(599_999);
  it.persistsAtOnce = false;
  it.reregister('a1', 'S1');
  while (it.writeCount > 0) it.persist();
  assert.deepEqual([...it.state.agents.keys()], ['S1']);
  assert.deepEqual([...it.state.unreachableAgents.keys()], ['S0']);
});

test('an agent from another address with the same host may not take an id over', () => {
  const { it, agent } = running();
  it.reregister('a2', agent);
  assert.deepEqual(
    it.sentTo('a2').map((each) => each.message),
    [{ message: 'Agent attempted to reregister with different IP / hostname' }],
  );
});

test('agents older than 1.0.0 and those without a readable version are ignored', () => {
  const it = new MasterScene();
  for (const version of ['0.28.2', 'new', undefined]) {
    it.input({
      kind: 'message',
      from: it.pid('a1'),
      content: {
        name: 'mesos.internal.RegisterSlaveMessage',
        message: { slave: { hostname: 'a1' }, version },
      },
    });
  }
  assert.deepEqual(it.sentTo('a1'), []);
});

test('many agents that are due for a ping at once are pinged in several turns, and none is left out', () => {
  const it = new MasterScene();
  const count = 450;
  const message = {
    slave: { hostname: 'a1', port: 5051, resources: resources('cpus:1;mem:128') },
    version: '1.12.0',
    agent_capabilities: AGENT_CAPABILITIES,
  };
  for (let number = 0; number < count; number += 1) {
    const from = { id: `slave(${number})`, ip: '10.0.1.1', port: 5051 };
    it.input({
      kind: 'message',
      from,
      content: { name: 'mesos.internal.RegisterSlaveMessage', message },
    });
  }
  assert.equal(it.state.agents.size, count);
  const pingsOf = (input: 'woke', now: number): [pings: number, wakes: readonly number[]] => {
    const effects = it.machine.handle({ kind: input }, now);
    const pings = effects.filter(
      (each) => each.kind === 'send' && each.content.name === 'mesos.internal.PingSlaveMessage',
    );
    return [pings.length, effects.flatMap((each) => (each.kind === 'wake' ? [each.at] : []))];
  };
  const due = it.now + 15_000;
  const turns: number[] = [];
  for (;;) {
    const [pings, wakes] = pingsOf('woke', due);
    turns.push(pings);
    // The rest is due now; then the next round is.
    assert.equal(wakes.length, 1);
    if (wakes[0] !== due) break;
  }
  assert.deepEqual(turns, [200, 200, 50]);
});

test('tasks of an agent that an other master has known are taken over once, with the sum of what they use', () => {
  const it = new MasterScene();
  const agent = 'other-S1';
  const one = reported('other-0000', agent);
  const tasks = ['t1', 't2', 't2', 't3'].map((id) => ({ ...one, task_id: { value: id } }));
  const info = { user: 'root', name: 'f', id: { value: 'other-0000' }, roles: ['*'] };
  it.reregister('a1', agent, {
    frameworks: [{ ...info, capabilities: [{ type: 'MULTI_ROLE' }] }],
    tasks,
  });
  const framework = it.state.frameworks.get(frameworkId('other-0000'));
  assert.ok(framework !== undefined);
  assert.deepEqual([...framework.tasks.keys()], ['t1', 't2', 't3']);
  const used = resources('cpus:3;mem:384').map((each) => ({
    ...each,
    allocation_info: { role: '*' },
  }));
  assert.deepEqual(it.state.usedBy(framework), used);
  assert.deepEqual(framework.usedResources.get(agentId(agent)), used);
});
