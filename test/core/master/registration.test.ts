/** Registration of agents, rule by rule in the order of the table of spec libprocess, sections 4.3 and 4.4. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defined } from '../../../core/base/assert.ts';
import { agentId } from '../../../core/base/ids.ts';
import type { Outgoing } from '../../../core/master/effects.ts';
import type { RegisterSlaveMessage } from '../../../core/wire/types/mesos.internal.ts';
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

test('a task of an unlisted framework or of another agent makes the whole message invalid', () => {
  for (const [framework, agent] of [
    ['unknown', 'old-S1'],
    ['F', 'old-S2'],
  ] as const) {
    const it = new MasterScene();
    it.reregister('a1', 'old-S1', {
      frameworks: [{ user: 'u', name: 'n', id: { value: 'F' } }],
      tasks: [
        {
          name: 't',
          task_id: { value: 't' },
          framework_id: { value: framework },
          agent_id: { value: agent },
          state: 'TASK_RUNNING',
        },
      ],
    });
    assert.deepEqual(it.sentTo('a1'), []);
  }
});
