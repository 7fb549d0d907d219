/** The states of instances: every pair, every status. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TaskState, TaskStatus } from '../../../core/wire/types/mesos.v1.ts';
import { InstanceTable } from '../../../schedulers/marathon/machine/instance-table.ts';
import type { App } from '../../../schedulers/marathon/model/app.ts';
import { normalizeApp } from '../../../schedulers/marathon/model/app-normalize.ts';
import {
  CONDITIONS,
  type Condition,
  conditionOfStatus,
  conditionOfTasks,
  type Instance,
  type InstanceTask,
  instanceIdOf,
  isTerminal,
  makeInstanceId,
  makeTaskId,
  NEXT,
  specIdOfInstance,
} from '../../../schedulers/marathon/model/instance.ts';
import { resolvePathId } from '../../../schedulers/marathon/model/path-id.ts';
import { optionsWith } from './world.ts';

function appOf(id: string): App {
  const settings = optionsWith().machine.model;
  const app = normalizeApp({ id, cmd: 'sleep 1' }, settings, {
    version: '2020-01-01T00:00:00.000Z',
  });
  assert.ok(app.ok);
  return app.value;
}

function instanceIn(condition: Condition): Instance {
  const spec = appOf('/a');
  const id = makeInstanceId(spec.id, '6f377a47-9bb5-11e4-93fa-56847afe9799');
  const times = { since: 0, createdAt: 0 };
  return { id, spec, goal: 'Running', condition, ...times, incarnation: 1, tasks: [] };
}

test('an instance moves only along the table, whatever is tried', () => {
  for (const from of CONDITIONS) {
    for (const to of CONDITIONS) {
      const table = new InstanceTable();
      table.put(instanceIn(from));
      const move = (): void => table.put(instanceIn(to));
      if (from === to || NEXT[from].includes(to)) assert.doesNotThrow(move, `${from} ${to}`);
      else assert.throws(move, /cannot go from/, `${from} ${to}`);
    }
  }
});

test('what has ended can only be scheduled again', () => {
  for (const condition of CONDITIONS.filter(isTerminal)) {
    assert.deepEqual(NEXT[condition], ['Scheduled']);
  }
});

test('whatever one container of a pod reports, its instance moves along the table', () => {
  const live = CONDITIONS.filter((each) => each !== 'Scheduled' && each !== 'UnreachableInactive');
  const task = (condition: Condition): InstanceTask => ({
    id: 't',
    condition,
    hostPorts: [],
    stagedAt: 0,
    since: 0,
    ipAddresses: [],
  });
  for (const first of live.filter((each) => !isTerminal(each))) {
    for (const second of live) {
      const from = conditionOfTasks([task(first), task(second)]);
      for (const reported of NEXT[first]) {
        if (reported === 'UnreachableInactive') continue;
        const to = conditionOfTasks([task(reported), task(second)]);
        const isAllowed = to === from || NEXT[from].includes(to);
        assert.ok(isAllowed, `${first}, ${second}: from ${from} to ${to} after ${reported}`);
      }
    }
  }
});

test('each Mesos state has its condition', () => {
  const rows: readonly (readonly [TaskState, Condition, Partial<TaskStatus>?])[] = [
    ['TASK_STAGING', 'Staging'],
    ['TASK_STARTING', 'Starting'],
    ['TASK_RUNNING', 'Running'],
    ['TASK_KILLING', 'Killing'],
    ['TASK_FINISHED', 'Finished'],
    ['TASK_FAILED', 'Failed'],
    ['TASK_KILLED', 'Killed'],
    ['TASK_ERROR', 'Error'],
    ['TASK_DROPPED', 'Dropped'],
    ['TASK_GONE', 'Gone'],
    ['TASK_GONE_BY_OPERATOR', 'Gone'],
    ['TASK_UNKNOWN', 'Unknown'],
    ['TASK_UNREACHABLE', 'Unreachable'],
    ['TASK_LOST', 'Gone'],
    ['TASK_LOST', 'Unreachable', { reason: 'REASON_AGENT_REMOVED' }],
    ['TASK_LOST', 'Unreachable', { reason: 'REASON_AGENT_DISCONNECTED' }],
    ['TASK_LOST', 'Unreachable', { reason: 'REASON_RECONCILIATION' }],
    ['TASK_LOST', 'Unknown', { reason: 'REASON_TASK_UNKNOWN' }],
    [
      'TASK_LOST',
      'Unknown',
      {
        reason: 'REASON_RECONCILIATION',
        message: 'Reconciliation: Task is unknown to the agent',
      },
    ],
  ];
  for (const [state, condition, more] of rows) {
    assert.equal(conditionOfStatus({ task_id: { value: 't' }, state, ...more }), condition, state);
  }
});

test('ids of tasks lead back to their instance and app, old forms too', () => {
  const id = makeInstanceId(
    resolvePathId('/product/db/mongo'),
    '6f377a47-9bb5-11e4-93fa-56847afe9799',
  );
  assert.equal(id, 'product_db_mongo.instance-6f377a47-9bb5-11e4-93fa-56847afe9799');
  assert.equal(makeTaskId(id, 42), `${id}._app.42`);
  assert.equal(instanceIdOf(`${id}._app.42`), id);
  assert.equal(instanceIdOf(`${id}._app`), id);
  assert.equal(instanceIdOf(`${id}.container-1.3`), id);
  assert.equal(instanceIdOf(id), id);
  assert.equal(specIdOfInstance(id), '/product/db/mongo');
  const uuid = '6f377a47-9bb5-11e4-93fa-56847afe9799';
  for (const old of [`a_b.${uuid}`, `a_b_${uuid}`, `a_b.${uuid}.3`]) {
    assert.equal(instanceIdOf(old), `a_b.marathon-${uuid}`, old);
  }
  assert.equal(instanceIdOf('nonsense'), undefined);
});
