/** How fast agents may leave, how long the departed are remembered, and what of frameworks is kept. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { agentId, frameworkId } from '../../../core/base/ids.ts';
import type { MachineOptions } from '../../../core/master/options.ts';
import type { RegistryOperation } from '../../../core/master/registry.ts';
import { EMPTY_REGISTRY } from '../../../core/master/registry.ts';
import { AGENT_CAPABILITIES, MasterScene, task } from './machine-builder.ts';

const MINUTE = 60_000;

function sceneWith(names: readonly string[], options: Partial<MachineOptions> = {}) {
  const it = new MasterScene(options);
  const ids = names.map((name) => it.agent(name));
  return { it, ids };
}

function unreachable(it: MasterScene): readonly string[] {
  return [...it.state.unreachableAgents.keys()];
}

const RATE = { agentRemovalRate: { count: 1, intervalMs: 10 * MINUTE } };

test('silent agents are marked one after another at the rate of --agent_removal_rate_limit', () => {
  const { it, ids } = sceneWith(['a1', 'a2', 'a3'], RATE);
  it.advance(75_000);
  assert.deepEqual(unreachable(it), ids.slice(0, 1));
  // They registered some milliseconds apart.
  it.advance(10 * MINUTE - 10);
  assert.equal(unreachable(it).length, 1);
  it.advance(10);
  assert.equal(unreachable(it).length, 2);
  // A sign of life in time keeps the last one.
  for (const observer of it.state.agentsByObserver.keys()) it.pong(observer);
  assert.equal(it.state.counters.get('slave_unreachable_canceled'), 1);
});

test('agents that do not come back after their link broke wait for their turn, too', () => {
  const { it, ids } = sceneWith(['a1', 'a2'], { ...RATE, maxAgentPingTimeouts: 1_000 });
  it.exit('a1');
  it.exit('a2');
  it.advance(10 * MINUTE);
  assert.deepEqual(unreachable(it), ids.slice(0, 1));
  it.advance(5 * MINUTE);
  it.reregister('a2', ids[1] ?? '');
  it.advance(6 * MINUTE);
  assert.deepEqual(unreachable(it), ids.slice(0, 1), 'it came back while it waited');
});

test('agents missing after a failover wait for their turn', () => {
  const admitted = ['S0', 'S1'].map((id) => ({
    id: agentId(id),
    info: { hostname: id, id: { value: id } },
    pid: undefined,
  }));
  const it = new MasterScene(RATE, { ...EMPTY_REGISTRY, admitted });
  it.advance(10 * MINUTE);
  assert.deepEqual(unreachable(it), ['S0']);
  it.advance(10 * MINUTE);
  assert.deepEqual(unreachable(it), ['S0', 'S1']);
  assert.equal(it.state.counters.get('recovery_slave_removals'), 2);
});

function departed(ids: readonly string[], hoursAgo: (at: number) => number, now: number) {
  return ids.map((id, at) => ({
    id: agentId(id),
    time: { nanoseconds: (now - hoursAgo(at) * 60 * MINUTE) * 1e6 },
    drainInfo: undefined,
    deactivated: undefined,
  }));
}

function pruned(operations: readonly RegistryOperation[]): readonly string[] {
  return operations.flatMap((each) => (each.kind === 'prune' ? each.ids : []));
}

test('departed agents are forgotten when there are too many of a list, or they are too old', () => {
  const now = new MasterScene().now;
  const it = new MasterScene(
    { registryMaxAgentCount: 2, registryMaxAgentAgeMs: 10 * 60 * MINUTE },
    {
      ...EMPTY_REGISTRY,
      unreachable: departed(['U0', 'U1', 'U2'], () => 1, now),
      gone: departed(['G0', 'G1'], (at) => (at === 0 ? 9.9 : 1), now),
    },
  );
  const framework = it.subscribe('f');
  it.take('f');
  const ask = (agent: string): readonly string[] => {
    const tasks = [{ task_id: { value: 't' }, agent_id: { value: agent } }];
    it.call(framework, { type: 'RECONCILE', reconcile: { tasks } });
    return it.lines('f').map((line) => line.split(' ')[2] ?? '');
  };
  assert.deepEqual([...ask('U0'), ...ask('G0')], ['TASK_UNREACHABLE', 'TASK_GONE_BY_OPERATOR']);
  it.advance(15 * MINUTE);
  assert.deepEqual(pruned(it.operations), ['U0', 'G0']);
  assert.deepEqual([...ask('U0'), ...ask('G0')], ['TASK_UNKNOWN', 'TASK_UNKNOWN']);
  assert.deepEqual([...ask('U1'), ...ask('G1')], ['TASK_UNREACHABLE', 'TASK_GONE_BY_OPERATOR']);
});

const DOMAIN = { fault_domain: { region: { name: 'eu' }, zone: { name: 'z' } } };

for (const [what, options, domain, isAdmitted] of [
  ['an agent with a domain needs a master with one', {}, DOMAIN, false],
  [
    'an agent needs a domain when the master says so',
    { requireAgentDomain: true, domain: DOMAIN },
    undefined,
    false,
  ],
  ['an agent without a domain is welcome otherwise', { domain: DOMAIN }, undefined, true],
  [
    'an agent with a domain is welcome where the master has one',
    { requireAgentDomain: true, domain: DOMAIN },
    DOMAIN,
    true,
  ],
] as const) {
  test(what, () => {
    const it = new MasterScene(options);
    it.input({
      kind: 'message',
      from: it.pid('a1'),
      content: {
        name: 'mesos.internal.RegisterSlaveMessage',
        message: {
          slave: { hostname: 'a1', domain },
          version: '1.12.0',
          agent_capabilities: AGENT_CAPABILITIES,
        },
      },
    });
    assert.equal(it.state.agents.size, isAdmitted ? 1 : 0);
  });
}

test('as many completed tasks, unreachable tasks and frameworks are remembered as the flags say', () => {
  const { it, ids } = sceneWith(['a1'], {
    maxCompletedTasksPerFramework: 1,
    maxUnreachableTasksPerFramework: 1,
    maxCompletedFrameworks: 1,
  });
  const [agent = ''] = ids;
  const framework = it.subscribe('f', { failoverTimeout: 100, checkpoint: true });
  it.launch(framework, it.takeOffer('f'), [
    task('t1', agent, 'cpus:0.5;mem:32'),
    task('t2', agent, 'cpus:0.5;mem:32'),
    task('t3', agent, 'cpus:0.5;mem:32'),
    task('t4', agent, 'cpus:0.5;mem:32'),
  ]);
  for (const id of ['t1', 't2']) {
    const uuid = it.update('a1', { framework, id, agent }, 'TASK_FINISHED');
    it.acknowledge(framework, agent, id, uuid);
  }
  const record = it.state.frameworks.get(frameworkId(framework));
  const completed = [...(record?.completedTasks ?? [])].map((each) => each.task_id.value);
  assert.deepEqual(completed, ['t2']);
  it.advance(75_000);
  assert.deepEqual([...(record?.unreachableTasks.keys() ?? [])], ['t4']);
  const other = it.subscribe('g');
  it.call(framework, { type: 'TEARDOWN' });
  it.call(other, { type: 'TEARDOWN' });
  assert.deepEqual([...it.state.completedFrameworks.keys()], [other]);
});
