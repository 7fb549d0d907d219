/** The life of a task through the machine, from registration to acknowledgement. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defined } from '../../../core/base/assert.ts';
import { MasterScene, task } from './machine-builder.ts';

test('an agent that registers gets a ping and then its id', () => {
  const it = new MasterScene();
  const agent = it.agent('a1');
  assert.equal(agent, 'M-S0');
  assert.deepEqual(it.sentTo('a1'), [
    {
      name: 'mesos.internal.SlaveRegisteredMessage',
      message: { slave_id: { value: 'M-S0' }, connection: { total_ping_timeout_seconds: 75 } },
    },
  ]);
});

test('an agent is told nothing before the registry has it', () => {
  const it = new MasterScene();
  it.persistsAtOnce = false;
  it.agent('a1');
  assert.deepEqual(it.sentTo('a1'), []);
  it.persist();
  assert.deepEqual(it.sentNames('a1'), ['SlaveRegisteredMessage']);
});

test('a subscribed framework gets the agent as an offer within milliseconds', () => {
  const it = new MasterScene();
  it.agent('a1');
  const framework = it.subscribe('f');
  assert.equal(framework, 'M-0000');
  assert.deepEqual(it.lines('f'), [
    'SUBSCRIBED',
    'OFFERS M-S0 ports(allocated: *):[31000-32000]; cpus(allocated: *):4; mem(allocated: *):4096; disk(allocated: *):8192',
  ]);
});

test('an offer carries the url, host name and role of the recordings', () => {
  const it = new MasterScene();
  it.agent('a1', 'cpus:1;mem:64');
  const framework = it.subscribe('f');
  const { resources: _resources, ...offer } = it.takeOffer('f');
  assert.deepEqual(offer, {
    id: { value: 'M-O0' },
    framework_id: { value: framework },
    agent_id: { value: 'M-S0' },
    hostname: 'a1',
    url: {
      scheme: 'http',
      address: { hostname: 'a1', ip: '10.0.1.1', port: 5051 },
      path: '/slave(1)',
    },
    attributes: [],
    executor_ids: [],
    allocation_info: { role: '*' },
  });
});

test('a launched task runs, finishes, frees its resources and is completed by the acknowledgement', () => {
  const it = new MasterScene();
  const agent = it.agent('a1');
  const framework = it.subscribe('f');
  const offer = it.takeOffer('f');
  it.sentTo('a1');
  it.launch(framework, offer, [task('t1', agent)]);
  const [run] = it.sentTo('a1');
  assert.equal(run?.name, 'mesos.internal.RunTaskMessage');
  assert.deepEqual(it.lines('f'), [
    'OFFERS M-S0 ports(allocated: *):[31000-32000]; cpus(allocated: *):3; mem(allocated: *):3968; disk(allocated: *):8192',
  ]);
  const ref = { framework, id: 't1', agent };
  it.update('a1', ref, 'TASK_RUNNING');
  const uuid = it.update('a1', ref, 'TASK_FINISHED');
  assert.deepEqual(it.lines('f').slice(0, 2), [
    'UPDATE t1 TASK_RUNNING',
    'UPDATE t1 TASK_FINISHED',
  ]);
  assert.equal(
    it.state.frameworks.get(framework as never)?.tasks.get('t1' as never)?.task.state,
    'TASK_FINISHED',
  );
  it.acknowledge(framework, agent, 't1', uuid);
  const { completedTasks, tasks } = defined([...it.state.frameworks.values()][0], 'framework');
  assert.equal(tasks.size, 0);
  assert.deepEqual(
    completedTasks[0]?.statuses?.map((each) => each.state),
    ['TASK_RUNNING', 'TASK_FINISHED'],
  );
  assert.deepEqual(it.sentNames('a1'), ['StatusUpdateAcknowledgementMessage']);
});

test('KILL goes to the agent every time it is asked', () => {
  const it = new MasterScene();
  const agent = it.agent('a1');
  const framework = it.subscribe('f');
  it.launch(framework, it.takeOffer('f'), [task('t1', agent)]);
  it.sentTo('a1');
  it.call(framework, { type: 'KILL', kill: { task_id: { value: 't1' } } });
  it.call(framework, { type: 'KILL', kill: { task_id: { value: 't1' } } });
  assert.deepEqual(it.sentNames('a1'), ['KillTaskMessage', 'KillTaskMessage']);
});

test('KILL of an unknown task is answered by reconciliation', () => {
  const it = new MasterScene();
  const framework = it.subscribe('f');
  it.take('f');
  it.call(framework, { type: 'KILL', kill: { task_id: { value: 'never' } } });
  assert.deepEqual(it.lines('f'), [
    'UPDATE never TASK_UNKNOWN REASON_RECONCILIATION Reconciliation: Task is unknown',
  ]);
});
