/** Tasks on agents that became unreachable: what is counted of them, and what takes them off the list. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defined } from '../../../core/base/assert.ts';
import { hours } from '../../../core/base/duration.ts';
import { frameworkId } from '../../../core/base/ids.ts';
import type { OperatorEvent } from '../../../core/master/events.ts';
import { dynamicMetrics } from '../../../core/master/metrics.ts';
import type { FrameworkInfo } from '../../../core/wire/types/mesos.v1.ts';
import { MasterScene, resources, task } from './machine-builder.ts';

/** Long after the fifth ping without an answer. */
const SILENCE_MS = 100_000;

function unreachable({ isAware = true } = {}) {
  const it = new MasterScene();
  const agent = it.agent('a1');
  const framework = it.subscribe('f', {
    failoverTimeout: 1_000,
    checkpoint: true,
    capabilities: ['MULTI_ROLE', ...(isAware ? (['PARTITION_AWARE'] as const) : [])],
  });
  it.launch(framework, it.takeOffer('f'), [task('t1', agent)]);
  it.update('a1', { framework, id: 't1', agent }, 'TASK_RUNNING');
  it.advance(SILENCE_MS);
  assert.equal(it.state.unreachableAgents.size, 1);
  it.take('f');
  it.others.splice(0);
  const info: FrameworkInfo = { user: 'app', name: 'f', id: { value: framework } };
  const record = () => it.state.frameworks.get(frameworkId(framework));
  return { it, agent, framework, info, record };
}

const operate = (it: MasterScene, agent: string): void => {
  it.input({ kind: 'operator', ticket: 1, request: { kind: 'mark-agent-gone', agent } });
};

function operatorEvents(it: MasterScene): readonly OperatorEvent[] {
  return it.others.flatMap((each) => (each.kind === 'operator-event' ? [each.event] : []));
}

test('only tasks of partition-aware frameworks count as unreachable, the others as lost', () => {
  for (const isAware of [true, false]) {
    const { it, framework } = unreachable({ isAware });
    const count = (name: string): number => it.state.counters.get(name);
    assert.equal(it.state.tasks.counts.get('TASK_UNREACHABLE') ?? 0, isAware ? 1 : 0);
    assert.equal(count('tasks_lost'), isAware ? 0 : 1);
    const state = isAware ? 'task_unreachable' : 'task_lost';
    assert.equal(count(`${state}/source_master/reason_slave_removed`), 1);
    const active = `master/frameworks/f/${framework}/tasks/active/task_unreachable`;
    assert.equal(dynamicMetrics(it.state, true).get(active), isAware ? 1 : 0);
  }
});

test('a task whose end nobody acknowledged is unreachable in its last state, until its agent returns', () => {
  const it = new MasterScene();
  const agent = it.agent('a1');
  const framework = it.subscribe('f', {
    ...{ failoverTimeout: 1_000, checkpoint: true, capabilities: ['MULTI_ROLE'] as const },
  });
  it.launch(framework, it.takeOffer('f'), [task('t1', agent)]);
  it.update('a1', { framework, id: 't1', agent }, 'TASK_FINISHED');
  it.take('f');
  it.advance(SILENCE_MS);
  assert.deepEqual(
    it.lines('f').filter((line) => line.startsWith('UPDATE')),
    ['UPDATE t1 TASK_LOST REASON_AGENT_REMOVED health check timed out'],
  );
  const record = it.state.frameworks.get(frameworkId(framework));
  const [unreachable] = record?.unreachableTasks.values() ?? [];
  assert.equal(unreachable?.state, 'TASK_FINISHED');
  assert.deepEqual(record?.completedTasks, []);
  const count = (name: string): number => it.state.counters.get(name);
  assert.deepEqual([count('tasks_finished'), count('tasks_lost')], [1, 0]);
  const info: FrameworkInfo = {
    user: 'app',
    name: 'f',
    id: { value: framework },
    checkpoint: true,
  };
  it.reregister('a1', agent, { frameworks: [info], tasks: [defined(unreachable, 'task')] });
  assert.equal(record?.unreachableTasks.size, 0);
  assert.equal(record?.tasks.size, 1);
});

test('a task that a returning agent does not have is forgotten, not unreachable any longer', () => {
  const { it, agent, info, record } = unreachable();
  it.reregister('a1', agent, { frameworks: [info], tasks: [] });
  assert.equal(record()?.unreachableTasks.size, 0);
  assert.equal(it.state.tasks.counts.get('TASK_UNREACHABLE'), 0);
  assert.deepEqual(record()?.completedTasks, []);
});

test('an unreachable agent that is marked gone takes its tasks with it', () => {
  for (const isAware of [true, false]) {
    const { it, agent, record } = unreachable({ isAware });
    operate(it, agent);
    assert.deepEqual(it.lines('f'), [
      isAware
        ? 'UPDATE t1 TASK_GONE_BY_OPERATOR REASON_AGENT_REMOVED_BY_OPERATOR Agent has been marked gone'
        : 'UPDATE t1 TASK_LOST REASON_AGENT_REMOVED Agent has been marked gone',
    ]);
    assert.equal(record()?.unreachableTasks.size, 0);
    const [completed] = record()?.completedTasks ?? [];
    assert.equal(completed?.state, isAware ? 'TASK_GONE_BY_OPERATOR' : 'TASK_LOST');
  }
});

test('the tasks of an unreachable agent are forgotten with it', () => {
  const { it, record } = unreachable();
  it.advance(hours(15 * 24));
  assert.equal(it.state.unreachableAgents.size, 0);
  assert.equal(record()?.unreachableTasks.size, 0);
});

test('unreachable tasks of a framework that ends are killed, lost ones stay lost', () => {
  for (const isAware of [true, false]) {
    const { it, framework } = unreachable({ isAware });
    it.call(framework, { type: 'TEARDOWN' });
    const [completed] =
      it.state.completedFrameworks.get(frameworkId(framework))?.completedTasks ?? [];
    assert.equal(completed?.state, isAware ? 'TASK_KILLED' : 'TASK_LOST');
    assert.equal(completed.statuses?.at(-1)?.reason, 'REASON_FRAMEWORK_REMOVED');
    const [told] = operatorEvents(it).filter(({ kind }) => kind === 'task-updated');
    assert.ok(told?.kind === 'task-updated');
    assert.equal(told.state, completed.state);
  }
});

test('completed tasks that an agent remembers are taken over where their framework is known', () => {
  const { it, agent, framework, info, record } = unreachable();
  const done = {
    name: 't0',
    task_id: { value: 't0' },
    framework_id: { value: framework },
    agent_id: { value: agent },
    state: 'TASK_FINISHED',
    resources: resources('cpus:1;mem:128'),
  } as const;
  const unknown: FrameworkInfo = { ...info, id: { value: 'other' } };
  it.reregister('a1', agent, {
    frameworks: [info],
    completed_frameworks: [
      { framework_info: info, tasks: [done] },
      { framework_info: unknown, tasks: [{ ...done, framework_id: { value: 'other' } }] },
    ],
  });
  assert.deepEqual(
    record()?.completedTasks.map(({ task_id }) => task_id.value),
    ['t0'],
  );
  assert.equal(it.state.frameworks.size, 1);
  it.exit('a1');
  it.advance(SILENCE_MS);
  it.reregister('a1', agent, { completed_frameworks: [{ framework_info: info, tasks: [done] }] });
  assert.equal(defined(record(), 'framework').completedTasks.length, 1);
});
