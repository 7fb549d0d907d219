/** What the agent says of tasks that it will not run, or ends itself: each text (spec scheduler-api, 16.4). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Resource, TaskInfo } from '../../../core/wire/types/mesos.v1.ts';
import {
  AgentKit,
  commandTask,
  customTask,
  FRAMEWORK_ID,
  framework,
  resources,
} from './agent-builder.ts';

const RESERVED: readonly Resource[] = resources('cpus:0.1;mem:32').map((each) => ({
  ...each,
  allocation_info: { role: 'web' },
  reservations: [{ type: 'DYNAMIC', role: 'web', principal: 'edge' }],
}));

interface Row {
  readonly what: string;
  /** Gives the agent that tells it. */
  readonly act: (it: AgentKit, spec: Spec) => AgentKit;
  /** `D` is TASK_DROPPED, `G` TASK_GONE; both TASK_LOST without PARTITION_AWARE. */
  readonly state: 'D' | 'G' | 'TASK_FAILED';
  readonly reason: string;
  readonly message: string;
}

type Spec = { readonly capabilities: ReturnType<typeof framework>['capabilities'] };

function withExecutorOf(task: TaskInfo, own: readonly Resource[]): TaskInfo {
  return task.executor === undefined
    ? task
    : { ...task, executor: { ...task.executor, resources: own } };
}

const ROWS: readonly Row[] = [
  {
    what: 'a limit on cpus without the isolator',
    act: (it, spec) => it.run(commandTask('t', { limits: { cpus: { value: 1 } } }), spec),
    state: 'D',
    reason: 'GC_ERROR',
    message:
      "CPU limits can only be set on tasks launched in Mesos containers when the agent has loaded the 'cgroups/cpu' isolator",
  },
  {
    what: 'a limit on memory without the isolator',
    act: (it, spec) => it.run(commandTask('t', { limits: { mem: { value: 64 } } }), spec),
    state: 'D',
    reason: 'GC_ERROR',
    message:
      "Memory limits can only be set on tasks launched in Mesos containers when the agent has loaded the 'cgroups/mem' isolator",
  },
  {
    what: 'a task of an older idea of the resources',
    act: (it, spec) =>
      it.message({
        name: 'mesos.internal.RunTaskMessage',
        value: {
          framework: framework(spec),
          task: commandTask('t'),
          pid: '@0.0.0.0:0',
          launch_executor: true,
          resource_version_uuids: [{ uuid: { value: new Uint8Array(16) } }],
        },
      }),
    state: 'D',
    reason: 'INVALID_OFFERS',
    message: 'Task assumes outdated resource state',
  },
  {
    what: 'a reservation of the task that the agent does not know',
    act: (it, spec) => it.run(commandTask('t', { resources: RESERVED }), spec),
    state: 'D',
    reason: 'RESOURCES_UNKNOWN',
    message:
      'The checkpointed resources being used by the task or task group are unknown to the agent',
  },
  {
    what: 'a reservation of the executor that the agent does not know',
    act: (it, spec) => it.run(withExecutorOf(customTask('t'), RESERVED), spec),
    state: 'D',
    reason: 'RESOURCES_UNKNOWN',
    message: 'The checkpointed resources being used by the executor are unknown to the agent',
  },
  {
    what: 'a command task named like an executor',
    act: (it, spec) => {
      it.run(customTask('other', 't'), spec).took();
      return it.run(commandTask('t'), { ...spec, launchExecutor: false });
    },
    state: 'D',
    reason: 'TASK_INVALID',
    message: 'Cannot reuse an already existing executor for a command task',
  },
  {
    what: 'a task while the agent drains',
    act: (it, spec) => {
      it.run(customTask('other'), spec).prepared().started();
      const config = { mark_gone: false };
      it.message({ name: 'mesos.internal.DrainSlaveMessage', value: { config } }).took();
      return it.run(commandTask('t'), spec);
    },
    state: 'D',
    reason: 'AGENT_DRAINING',
    message: 'Task was received while agent was already draining',
  },
  {
    what: 'a container that cannot have what it is granted',
    act: (it, spec) => {
      it.runningTask('t', spec);
      const containerId = it.containerOf('t');
      it.launcher({ kind: 'update-failed', containerId, message: 'no' });
      assert.deepEqual(it.took(), ['destroy-container']);
      return it.launcher({ kind: 'exited', containerId, status: 9 });
    },
    state: 'G',
    reason: 'CONTAINER_UPDATE_FAILED',
    message: 'Failed to update resources for container: no',
  },
  {
    what: 'an executor that does not come back after a restart of the agent',
    act: (it, spec) => {
      it.run(customTask('t'), spec).prepared().started();
      const id = it.containerOf();
      const stream = { send: () => {}, close: () => {} };
      const framework_id = { value: FRAMEWORK_ID };
      const executor_id = { value: 'e1' };
      const call = { type: 'SUBSCRIBE', framework_id, executor_id, subscribe: {} } as const;
      it.input({ kind: 'executor-call', call, stream });
      const base = { kind: 'process', sandbox: '/s', taskIds: [], updates: [], pid: 9 } as const;
      const found = { ...base, id, frameworkId: FRAMEWORK_ID, executorId: 'e1' };
      const next = new AgentKit({ files: it.files, seed: 2, containers: [found] });
      next.advance(2_000);
      next.launcher({ kind: 'exited', containerId: id, status: 9 });
      return next.registered().advance(10_000);
    },
    state: 'G',
    reason: 'EXECUTOR_REREGISTRATION_TIMEOUT',
    message: 'Executor did not reregister within 2secs',
  },
];

for (const { what, act, state, reason, message } of ROWS) {
  test(`${what} is told in the words of the original, with and without PARTITION_AWARE`, () => {
    for (const type of ['PARTITION_AWARE', 'TASK_KILLING_STATE'] as const) {
      const it = new AgentKit().registered();
      const taken = act(it, { capabilities: [{ type }] }).took();
      const named = state === 'D' ? 'TASK_DROPPED' : state === 'G' ? 'TASK_GONE' : state;
      const expected = type === 'PARTITION_AWARE' ? named : 'TASK_LOST';
      const line = `t | ${expected} | ${reason} | ${message}`;
      assert.ok(taken.includes(line), `${line} is not in ${taken.join('\n')}`);
    }
  });
}
