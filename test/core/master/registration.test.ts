/** Registration of agents, rule by rule in the order of the table of spec libprocess, sections 4.3 and 4.4. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defined } from '../../../core/base/assert.ts';
import { agentId } from '../../../core/base/ids.ts';
import type { Outgoing } from '../../../core/master/effects.ts';
import type {
  RegisterSlaveMessage,
  ReregisterSlaveMessage,
} from '../../../core/wire/types/mesos.internal.ts';
import type { DomainInfo } from '../../../core/wire/types/mesos.v1.ts';
import { AGENT_CAPABILITIES, MasterScene, resources } from './machine-builder.ts';

const DOMAIN: DomainInfo = {
  fault_domain: { region: { name: 'r' }, zone: { name: 'z' } },
};

function register(
  it: MasterScene,
  extra: Partial<RegisterSlaveMessage['slave']> = {},
  message: Partial<RegisterSlaveMessage> = {},
): readonly Outgoing[] {
  it.input({
    kind: 'message',
    from: it.pid('a1'),
    content: {
      name: 'mesos.internal.RegisterSlaveMessage',
      message: {
        slave: { hostname: 'a1', port: 5051, resources: resources('cpus:4;mem:512'), ...extra },
        version: '1.12.0',
        agent_capabilities: AGENT_CAPABILITIES,
        ...message,
      },
    },
  });
  return it.sentTo('a1');
}

const names = (sent: readonly Outgoing[]): readonly string[] =>
  sent.map((each) => each.name.replace('mesos.internal.', ''));

test('a registration with invalid resources is ignored', () => {
  const it = new MasterScene();
  const bad = { name: 'cpus', type: 'SCALAR', scalar: { value: -1 } } as const;
  assert.deepEqual(register(it, { resources: [bad] }), []);
  assert.equal(it.state.agents.size, 0);
});

test('a second registration while the first is being written is ignored', () => {
  const it = new MasterScene();
  it.persistsAtOnce = false;
  assert.deepEqual(register(it), []);
  assert.deepEqual(register(it), []);
  it.persist();
  assert.deepEqual(names(it.sentTo('a1')), ['SlaveRegisteredMessage']);
  assert.equal(it.state.agents.size, 1);
});

test('an agent on a machine that is down is told to end', () => {
  const it = new MasterScene();
  it.state.machines.set('a1 10.0.1.1', { id: { hostname: 'a1', ip: '10.0.1.1' }, mode: 'DOWN' });
  const [sent] = register(it);
  assert.equal(sent?.name, 'mesos.internal.ShutdownMessage');
  assert.equal(sent.message.message, 'Machine is `DOWN`');
});

test('an agent with a domain needs a master with one', () => {
  assert.deepEqual(register(new MasterScene(), { domain: DOMAIN }), []);
  const it = new MasterScene({ domain: DOMAIN });
  assert.deepEqual(names(register(it, { domain: DOMAIN })), ['SlaveRegisteredMessage']);
});

test('an agent without a domain is ignored where one is required', () => {
  const it = new MasterScene({ domain: DOMAIN, requireAgentDomain: true });
  assert.deepEqual(register(it), []);
  assert.deepEqual(names(register(it, { domain: DOMAIN })), ['SlaveRegisteredMessage']);
});

test('an agent that did not hear the answer gets it again, with the same id', () => {
  const it = new MasterScene();
  const [first] = register(it);
  const [second] = register(it);
  assert.deepEqual(second, first);
  assert.equal(it.state.agents.size, 1);
});

test('a new agent at the address of a disconnected one replaces it', () => {
  const it = new MasterScene();
  register(it);
  it.exit('a1');
  const [sent] = register(it);
  assert.equal(sent?.name, 'mesos.internal.SlaveRegisteredMessage');
  assert.equal(sent.message.slave_id.value, 'M-S1');
  assert.deepEqual([...it.state.agents.keys()], ['M-S1']);
  assert.ok(it.state.removedAgents.get(agentId('M-S0')) !== undefined);
});

test('an agent that was marked gone is told to end whenever it comes', () => {
  const it = new MasterScene();
  const id = agentId(it.agent('a1'));
  it.state.goneAgents.set(id, { id, time: { nanoseconds: 0 } });
  it.sentTo('a1');
  it.reregister('a1', id);
  const [sent] = it.sentTo('a1');
  assert.equal(sent?.name, 'mesos.internal.ShutdownMessage');
  assert.equal(sent.message.message, 'Agent has been marked gone');
});

test('an agent that was marked gone while its return was written is told to end, too', () => {
  const it = new MasterScene();
  it.persistsAtOnce = false;
  const id = agentId('old-S1');
  it.reregister('a1', id);
  it.state.goneAgents.set(id, { id, time: { nanoseconds: 0 } });
  it.persist();
  assert.deepEqual(names(it.sentTo('a1')), ['ShutdownMessage']);
  assert.equal(it.state.agents.size, 0);
});

test('an id the master has never seen is admitted', () => {
  const it = new MasterScene();
  it.reregister('a1', 'elsewhere-S7');
  assert.deepEqual(names(it.sentTo('a1')), ['SlaveReregisteredMessage']);
  assert.ok(it.state.agents.has(agentId('elsewhere-S7')));
});

test('the same host name from another machine is told to end, the agent stays as it was', () => {
  const it = new MasterScene();
  const id = it.agent('a1', undefined, 'host');
  it.reregister('a2', id);
  const [sent] = it.sentTo('a2');
  assert.equal(sent?.name, 'mesos.internal.ShutdownMessage');
  assert.equal(sent.message.message, 'Agent attempted to reregister with different IP / hostname');
  const agent = defined(it.state.agents.get(agentId(id)), 'agent');
  assert.equal(agent.pid.ip, '10.0.1.1');
});

test('changed resources of a returning agent are taken over and offered', () => {
  const it = new MasterScene();
  const id = it.agent('a1', 'cpus:1;mem:128');
  it.subscribe('f');
  it.take('f');
  it.reregister('a1', id);
  const lines = it.lines('f');
  assert.equal(lines[0], 'RESCIND M-O0');
  assert.match(lines[1] ?? '', /^OFFERS M-S0 .*cpus\(allocated: \*\):4;/);
});

test('an unreachable agent is no stranger: it returns under its id', () => {
  const it = new MasterScene();
  const id = it.agent('a1');
  it.advance(75_000);
  assert.ok(it.state.unreachableAgents.has(agentId(id)));
  it.sentTo('a1');
  it.reregister('a1', id);
  assert.deepEqual(names(it.sentTo('a1')), ['SlaveReregisteredMessage']);
  assert.equal(it.state.unreachableAgents.size, 0);
});

const FRAMEWORK = { user: 'u', name: 'n', id: { value: 'F' } } as const;
const EXECUTOR = {
  type: 'CUSTOM',
  executor_id: { value: 'e' },
  framework_id: { value: 'F' },
  command: { value: 'x' },
} as const;
const TASK = {
  name: 't',
  task_id: { value: 't' },
  framework_id: { value: 'F' },
  agent_id: { value: 'old-S1' },
  state: 'TASK_RUNNING',
} as const;

const PICTURES: readonly (readonly [string, Partial<ReregisterSlaveMessage>])[] = [
  ['a task of an unlisted framework', { tasks: [{ ...TASK, framework_id: { value: 'G' } }] }],
  ['a task of another agent', { tasks: [{ ...TASK, agent_id: { value: 'old-S2' } }] }],
  ['a task id that cannot be one', { tasks: [{ ...TASK, task_id: { value: 'a/b' } }] }],
  [
    'a task with invalid resources',
    { tasks: [{ ...TASK, resources: [{ name: 'cpus', type: 'SCALAR' }] }] },
  ],
  [
    'a running task of an executor that is not there',
    { tasks: [{ ...TASK, executor_id: { value: 'other' } }], executor_infos: [EXECUTOR] },
  ],
  ['a framework twice', { frameworks: [FRAMEWORK, FRAMEWORK] }],
  ['a framework without a proper role', { frameworks: [{ ...FRAMEWORK, role: '/' }] }],
  ['an executor twice', { executor_infos: [EXECUTOR, EXECUTOR] }],
  [
    'an executor of an unlisted framework',
    { executor_infos: [{ ...EXECUTOR, framework_id: { value: 'G' } }] },
  ],
];

for (const [what, picture] of PICTURES) {
  test(`a return with ${what} is ignored as a whole`, () => {
    const it = new MasterScene();
    it.reregister('a1', 'old-S1', { frameworks: [FRAMEWORK], ...picture });
    assert.deepEqual(it.sentTo('a1'), []);
    assert.equal(it.state.agents.size, 0);
    // What is right about it suffices.
    it.reregister('a1', 'old-S1', {
      frameworks: [FRAMEWORK],
      executor_infos: [EXECUTOR],
      tasks: [{ ...TASK, executor_id: EXECUTOR.executor_id }],
    });
    assert.equal(it.state.agents.size, 1);
  });
}

test('an agent returns with default executors whose commands it has filled in', () => {
  const it = new MasterScene();
  const executor = {
    ...EXECUTOR,
    type: 'DEFAULT',
    command: { value: 'mesos-default-executor' },
  } as const;
  it.reregister('a1', 'old-S1', { frameworks: [FRAMEWORK], executor_infos: [executor] });
  assert.equal(it.state.agents.size, 1);
});
