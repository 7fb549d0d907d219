import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Hooks } from '../../../core/modules/hooks.ts';
import type { Hook } from '../../../core/modules/types.ts';
import type { TaskInfo } from '../../../core/wire/types/mesos.v1.ts';

const task: TaskInfo = { name: 't', task_id: { value: 't' }, agent_id: { value: 'a' } };
const agent = { hostname: 'host' };
const framework = { user: 'root', name: 'f' };
const executor = { executor_id: { value: 'e' } };

/** Two hooks and what went wrong. */
function chain(first: Hook, second: Hook): { readonly hooks: Hooks; readonly failures: string[] } {
  const failures: string[] = [];
  const named = [first, second].map((hook, at) => ({ name: `hook${at + 1}`, hook }));
  const hooks = new Hooks(named, (name, point, thrown) => {
    failures.push(`${name} ${point}: ${String(thrown)}`);
  });
  return { hooks, failures };
}

const add = (key: string): Hook => ({
  masterLaunchTaskLabelDecorator: ({ labels }) => ({
    labels: [...(labels?.labels ?? []), { key }],
  }),
});

test('each hook sees what the one before made', () => {
  const { hooks } = chain(add('a'), add('b'));
  const labels = hooks.masterLaunchTask(task, framework, agent).labels?.labels;
  assert.deepEqual(labels, [{ key: 'a' }, { key: 'b' }]);
});

test('a hook that gives nothing leaves things as they are; one that throws is left out', () => {
  const silent: Hook = { masterLaunchTaskLabelDecorator: () => undefined };
  const broken: Hook = {
    masterLaunchTaskLabelDecorator: () => {
      throw new Error('broken');
    },
  };
  const { hooks, failures } = chain(broken, silent);
  assert.equal(hooks.masterLaunchTask(task, framework, agent), task);
  assert.deepEqual(failures, ['hook1 masterLaunchTaskLabelDecorator: Error: broken']);
});

test('a hook may be an object with state', () => {
  class Counting implements Hook {
    lost = 0;
    masterSlaveLostHook(): void {
      this.lost += 1;
    }
  }
  const counting = new Counting();
  const { hooks } = chain(counting, {});
  hooks.masterSlaveLost(agent);
  assert.equal(counting.lost, 1);
});

test('every point changes what the specification lets it change', () => {
  const labels = { labels: [{ key: 'k' }] };
  const resources = [{ name: 'cpus', type: 'SCALAR', scalar: { value: 1 } } as const];
  const attributes = [{ name: 'a', type: 'TEXT', text: { value: 'b' } } as const];
  const environment = { variables: [{ name: 'A', value: 'B' }] };
  const calls: string[] = [];
  const { hooks } = chain(
    {
      masterLaunchTaskResourceDecorator: () => resources,
      slaveRunTaskLabelDecorator: () => labels,
      slaveExecutorEnvironmentDecorator: () => environment,
      slavePostFetchHook: (id, directory) => calls.push(`fetched ${id} ${directory}`),
      slaveRemoveExecutorHook: (_, { executor_id }) => calls.push(`removed ${executor_id.value}`),
      slaveTaskStatusDecorator: (id) => ({ labels, container_status: { executor_pid: id.length } }),
      slaveResourcesDecorator: () => resources,
      slaveAttributesDecorator: () => attributes,
    },
    {},
  );
  assert.deepEqual(hooks.masterLaunchTask(task, framework, agent).resources, resources);
  assert.deepEqual(hooks.slaveRunTask(task, executor, framework, agent).labels, labels);
  assert.deepEqual(hooks.slaveExecutorEnvironment(executor).command, { environment });
  hooks.slavePostFetch('c1', '/sandbox');
  hooks.slaveRemoveExecutor(framework, executor);
  assert.deepEqual(calls, ['fetched c1 /sandbox', 'removed e']);
  const status = { task_id: { value: 't' }, state: 'TASK_RUNNING' } as const;
  assert.deepEqual(hooks.slaveTaskStatus('four', status), {
    ...status,
    labels,
    container_status: { executor_pid: 4 },
  });
  assert.deepEqual(hooks.slaveInfo(agent), { ...agent, resources, attributes });
});
