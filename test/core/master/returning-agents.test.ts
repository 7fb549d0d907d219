/** Agents that the master still has and that register again: what they say, what they are told. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defined } from '../../../core/base/assert.ts';
import { frameworkId } from '../../../core/base/ids.ts';
import type { FrameworkInfo, Resource, Task } from '../../../core/wire/types/mesos.v1.ts';
import { AGENT_CAPABILITIES, MasterScene, resources, task } from './machine-builder.ts';

function running() {
  const it = new MasterScene();
  const agent = it.agent('a1');
  const framework = it.subscribe('f', { checkpoint: true, failoverTimeout: 1_000 });
  it.launch(framework, it.takeOffer('f'), [task('t1', agent), task('t2', agent)]);
  it.update('a1', { framework, id: 't1', agent }, 'TASK_RUNNING');
  it.sentTo('a1');
  return { it, agent, framework };
}

function reported(framework: string, agent: string, id: string): Task {
  return {
    name: id,
    task_id: { value: id },
    framework_id: { value: framework },
    agent_id: { value: agent },
    state: 'TASK_RUNNING',
    resources: resources('cpus:1;mem:128'),
  };
}

const named = (id: string): FrameworkInfo => ({ user: 'app', name: 'f', id: { value: id } });

test('a kill is sent again only for a task that the agent still has', () => {
  const { it, agent, framework } = running();
  it.exit('a1');
  for (const id of ['t1', 't2']) {
    it.call(framework, { type: 'KILL', kill: { task_id: { value: id } } });
  }
  it.reregister('a1', agent, {
    frameworks: [named(framework)],
    tasks: [reported(framework, agent, 't1')],
  });
  const kills = it
    .sentTo('a1')
    .flatMap((each) => (each.name === 'mesos.internal.KillTaskMessage' ? [each.message] : []));
  assert.deepEqual(
    kills.map(({ task_id }) => task_id.value),
    ['t1'],
  );
});

test('a return of an agent that was not given up is not counted', () => {
  const { it, agent } = running();
  it.reregister('a1', agent);
  assert.equal(it.state.counters.get('slave_reregistrations'), 0);
  it.reregister('a2', 'OTHER-S0');
  assert.equal(it.state.counters.get('slave_reregistrations'), 1);
});

test('a framework that only the agent knows is awaited, and the agent is not told its own news', () => {
  const { it, agent, framework } = running();
  it.reregister('a1', agent, { frameworks: [named(framework), named('OTHER-0007')] });
  const other = it.state.frameworks.get(frameworkId('OTHER-0007'));
  assert.equal(other?.state, 'recovered');
  const told = it
    .sentTo('a1')
    .flatMap((each) =>
      each.name === 'mesos.internal.UpdateFrameworkMessage' ? [each.message.framework_id] : [],
    );
  assert.deepEqual(told, [{ value: framework }]);
  // A second agent may know less than the first.
  it.reregister('a2', 'OTHER-S0', { frameworks: [named('OTHER-0007')] });
  assert.deepEqual(it.sentNames('a2'), ['SlaveReregisteredMessage', 'UpdateFrameworkMessage']);
});

test('finished operations of an agent that has lost operation feedback are forgotten', () => {
  const it = new MasterScene();
  const agent = it.agent('a1');
  const reserved: Resource = {
    ...defined(resources('disk:10')[0], 'disk'),
    reservations: [{ role: 'web', type: 'DYNAMIC', principal: 'p' }],
  };
  const web = it.subscribe('g', { roles: ['web'], principal: 'p' });
  it.accept(web, it.takeOffer('g'), [
    { type: 'RESERVE', id: { value: 'op' }, reserve: { resources: [reserved] } },
  ]);
  const sent = it.sentTo('a1').at(-1);
  assert.ok(sent?.name === 'mesos.internal.ApplyOperationMessage');
  const status = {
    operation_id: { value: 'op' },
    state: 'OPERATION_FINISHED',
    uuid: { value: new Uint8Array(16).fill(9) },
  } as const;
  const message = {
    slave_id: { value: agent },
    framework_id: { value: web },
    operation_uuid: sent.message.operation_uuid,
    status,
  };
  const name = 'mesos.internal.UpdateOperationStatusMessage';
  it.input({ kind: 'message', from: it.pid('a1'), content: { name, message } });
  it.reregister('a1', agent);
  assert.equal(it.state.operations.size, 1);
  const left = AGENT_CAPABILITIES.filter(({ type }) => type !== 'AGENT_OPERATION_FEEDBACK');
  it.reregister('a1', agent, { agent_capabilities: left });
  assert.equal(it.state.operations.size, 0);
});
