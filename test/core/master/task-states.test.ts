/** What a task's record becomes, over every pair of state and update. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { frameworkId, taskId } from '../../../core/base/ids.ts';
import { isTerminal } from '../../../core/base/terminal-states.ts';
import type { TaskState } from '../../../core/wire/types/mesos.v1.ts';
import { MasterScene, task } from './machine-builder.ts';

const FROM: readonly TaskState[] = [
  'TASK_STAGING',
  'TASK_STARTING',
  'TASK_RUNNING',
  'TASK_KILLING',
  'TASK_FINISHED',
  'TASK_FAILED',
  'TASK_KILLED',
  'TASK_LOST',
  'TASK_ERROR',
  'TASK_DROPPED',
  'TASK_GONE',
  'TASK_GONE_BY_OPERATOR',
];

const CPUS = 4;

for (const from of FROM) {
  for (const to of FROM.slice(1)) {
    test(`${from} followed by ${to} ${isTerminal(from) ? 'stays' : 'changes'}`, () => {
      const it = new MasterScene();
      const agent = it.agent('a1', `cpus:${CPUS};mem:4096`);
      const framework = it.subscribe('f');
      it.launch(framework, it.takeOffer('f'), [task('t1', agent)]);
      const ref = { framework, id: 't1', agent };
      if (from !== 'TASK_STAGING') it.update('a1', ref, from);
      it.take('f');
      it.update('a1', ref, to);
      const expected = isTerminal(from) ? from : to;
      const record = it.state.frameworks.get(frameworkId(framework))?.tasks.get(taskId('t1'));
      assert.equal(record?.task.state, expected);
      // The scheduler is told what the agent said, whatever the record keeps.
      assert.equal(it.lines('f')[0], `UPDATE t1 ${to}`);
      const used = it.state.agents.values().next().value?.usedResources.size;
      assert.equal(used, isTerminal(expected) ? 0 : 1);
    });
  }
}

test('resources come back as soon as the latest state is final, before the scheduler knows', () => {
  const it = new MasterScene();
  const agent = it.agent('a1');
  const framework = it.subscribe('f');
  it.launch(framework, it.takeOffer('f'), [task('t1', agent)]);
  it.take('f');
  const ref = { framework, id: 't1', agent };
  it.update('a1', ref, 'TASK_RUNNING', { latestState: 'TASK_FINISHED' });
  assert.equal(it.lines('f')[0], 'UPDATE t1 TASK_RUNNING');
  assert.equal(it.state.agents.values().next().value?.usedResources.size, 0);
  it.call(framework, { type: 'RECONCILE', reconcile: {} });
  assert.deepEqual(
    it.lines('f').filter((line) => line.startsWith('UPDATE')),
    ['UPDATE t1 TASK_RUNNING REASON_RECONCILIATION Reconciliation: Latest task state'],
  );
});

test('the acknowledgement of an earlier status does not complete a finished task', () => {
  const it = new MasterScene();
  const agent = it.agent('a1');
  const framework = it.subscribe('f');
  it.launch(framework, it.takeOffer('f'), [task('t1', agent)]);
  const ref = { framework, id: 't1', agent };
  const running = it.update('a1', ref, 'TASK_RUNNING');
  const finished = it.update('a1', ref, 'TASK_FINISHED');
  it.acknowledge(framework, agent, 't1', running);
  assert.equal(it.state.frameworks.get(frameworkId(framework))?.tasks.size, 1);
  it.acknowledge(framework, agent, 't1', finished);
  assert.equal(it.state.frameworks.get(frameworkId(framework))?.tasks.size, 0);
});

test('an acknowledged end frees the resources even of a task whose agent calls another state the latest', () => {
  const it = new MasterScene();
  const agent = it.agent('a1');
  const framework = it.subscribe('f');
  it.launch(framework, it.takeOffer('f'), [task('t1', agent)]);
  const ref = { framework, id: 't1', agent };
  const uuid = it.update('a1', ref, 'TASK_FINISHED', { latestState: 'TASK_RUNNING' });
  it.acknowledge(framework, agent, 't1', uuid);
  assert.equal(it.state.frameworks.get(frameworkId(framework))?.tasks.size, 0);
  assert.equal(it.state.agents.values().next().value?.usedResources.size, 0);
});

test('a retried update is passed on again with the same uuid', () => {
  const it = new MasterScene();
  const agent = it.agent('a1');
  const framework = it.subscribe('f');
  it.launch(framework, it.takeOffer('f'), [task('t1', agent)]);
  const ref = { framework, id: 't1', agent };
  it.update('a1', ref, 'TASK_FINISHED');
  it.update('a1', ref, 'TASK_FINISHED');
  assert.equal(it.lines('f').filter((line) => line.startsWith('UPDATE')).length, 2);
});

test('operators hear of each state that is reported, also when the agent knows a later one', () => {
  const it = new MasterScene();
  const agent = it.agent('a1');
  const framework = it.subscribe('f');
  it.launch(framework, it.takeOffer('f'), [task('t1', agent)]);
  const ref = { framework, id: 't1', agent };
  it.others.splice(0);
  it.update('a1', ref, 'TASK_RUNNING', { latestState: 'TASK_FINISHED' });
  it.update('a1', ref, 'TASK_FINISHED');
  it.update('a1', ref, 'TASK_FINISHED');
  const told = it.others.flatMap((each) =>
    each.kind === 'operator-event' && each.event.kind === 'task-updated' ? [each.event] : [],
  );
  assert.deepEqual(
    told.map(({ status, state }) => [status.state, state]),
    [
      ['TASK_RUNNING', 'TASK_FINISHED'],
      ['TASK_FINISHED', 'TASK_FINISHED'],
    ],
  );
});

test('what a framework that is away was not told is not what reconciliation answers', () => {
  const it = new MasterScene();
  const agent = it.agent('a1');
  const framework = it.subscribe('f', { failoverTimeout: 100 });
  it.launch(framework, it.takeOffer('f'), [task('t1', agent)]);
  const ref = { framework, id: 't1', agent };
  it.update('a1', ref, 'TASK_STARTING');
  it.disconnect('f');
  it.update('a1', ref, 'TASK_RUNNING');
  assert.equal(it.state.counters.get('valid_status_updates'), 1);
  assert.equal(it.state.counters.get('invalid_status_updates'), 1);
  it.subscribe('g', { id: framework, failoverTimeout: 100 });
  it.take('g');
  it.call(framework, { type: 'RECONCILE', reconcile: {} });
  const answers = it.lines('g').filter((line) => line.startsWith('UPDATE'));
  assert.deepEqual(answers, [
    'UPDATE t1 TASK_STARTING REASON_RECONCILIATION Reconciliation: Latest task state',
  ]);
});

test('an update whose uuid is none is ignored, also when it is final', () => {
  const it = new MasterScene();
  const agent = it.agent('a1');
  const framework = it.subscribe('f');
  it.launch(framework, it.takeOffer('f'), [task('t1', agent)]);
  it.take('f');
  for (const uuid of [undefined, new Uint8Array(0), new Uint8Array(5), new Uint8Array(16)]) {
    const status = { task_id: { value: 't1' }, state: 'TASK_FINISHED' } as const;
    const ids = { framework_id: { value: framework }, slave_id: { value: agent } };
    const message = { update: { ...ids, status, timestamp: 1, uuid } };
    const content = { name: 'mesos.internal.StatusUpdateMessage', message } as const;
    it.input({ kind: 'message', from: it.pid('a1'), content });
  }
  assert.deepEqual(it.lines('f'), []);
  assert.equal(it.state.counters.get('invalid_status_updates'), 4);
  const known = it.state.frameworks.get(frameworkId(framework))?.tasks.get(taskId('t1'));
  assert.equal(known?.task.state, 'TASK_STAGING');
});
