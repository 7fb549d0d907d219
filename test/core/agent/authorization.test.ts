/** Who may do what with the containers of an agent. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mayCallContainer, refuseTasks } from '../../../core/agent/authorization.ts';
import { type AgentState, emptyAgentState } from '../../../core/agent/state.ts';
import { parseAcls } from '../../../core/auth/acls.ts';
import { type Approvers, approversFor, createAuthorizer } from '../../../core/auth/authorizer.ts';
import { guardedAuthorizer } from '../../../core/auth/guarded-authorizer.ts';
import type { Principal } from '../../../core/auth/principal.ts';
import { containerId, executorId, frameworkId } from '../../../core/base/ids.ts';
import type { Call } from '../../../core/wire/types/mesos.v1.agent.ts';
import type { TaskInfo } from '../../../core/wire/types/mesos.v1.ts';

test('a task that may not run is refused by its framework, one that nobody can decide about by its id', () => {
  const framework = { id: frameworkId('F'), info: { user: 'app', name: 'f' } };
  const task = (id: string, user: string): TaskInfo => ({
    ...{ name: id, task_id: { value: id }, agent_id: { value: 'S' }, command: { user } },
  });
  const made = guardedAuthorizer({
    approvers: () => ({
      approved: (_action, user) => {
        if (user === 'odd') throw new Error('no answer in time');
        return user !== 'root';
      },
      approvedFor: () => true,
    }),
  }).approvers(undefined);
  const refusal = (...tasks: TaskInfo[]) => refuseTasks(made, framework, tasks);
  assert.equal(refusal(task('a', 'app')), undefined);
  assert.equal(refusal(task('a', 'root')), "Framework F is not authorized to launch task 'a'");
  assert.equal(
    refusal(task('a', 'app'), task('b', 'root')),
    'Framework F is not authorized to launch task group containing tasks [ a, b ]',
  );
  assert.equal(
    refusal(task('a', 'app'), task('b', 'odd')),
    "Failed to authorize task 'b': no answer in time",
  );
});

function stateWithExecutor(): AgentState {
  const state = emptyAgentState({ hostname: 'h' }, { startedAt: 0, resourceVersion: 'v' });
  const info = { executor_id: { value: 'e' }, command: { user: 'app' } };
  state.containers.set(containerId('c1'), {
    ...{ id: executorId('e'), frameworkId: frameworkId('F'), info, containerId: containerId('c1') },
    ...{ kind: 'process', isCommandExecutor: false, checkpoint: false, directory: '/s' },
    ...{ user: undefined, status: 'running', connection: undefined, pid: undefined },
    ...{ registeredAt: 0, pendingTermination: undefined, isLaunched: true, wasSentTasks: true },
    ...{ queuedTasks: new Map(), queuedGroups: [], startingGroups: [], launchedTasks: new Map() },
    ...{ terminatedTasks: new Map(), completedTasks: [], nestedContainers: new Map() },
  });
  return state;
}

function approvers(acls: object, principal: Principal): Approvers {
  const parsed = parseAcls(acls);
  assert.ok(parsed.ok, parsed.ok ? '' : parsed.error);
  return approversFor(createAuthorizer(parsed.value), principal);
}

const ID = { value: 'x', parent: { value: 'c1' } };
const FOREIGN = { value: 'x', parent: { value: 'c2' } };

function callsOn(container_id: { value: string }): readonly Call[] {
  return [
    { type: 'LAUNCH_NESTED_CONTAINER', launch_nested_container: { container_id } },
    { type: 'LAUNCH_NESTED_CONTAINER_SESSION', launch_nested_container_session: { container_id } },
    { type: 'WAIT_NESTED_CONTAINER', wait_nested_container: { container_id } },
    { type: 'KILL_NESTED_CONTAINER', kill_nested_container: { container_id } },
    { type: 'REMOVE_NESTED_CONTAINER', remove_nested_container: { container_id } },
    { type: 'ATTACH_CONTAINER_OUTPUT', attach_container_output: { container_id } },
  ];
}

test('an executor does what it needs below its own container, and nothing else', () => {
  const state = stateWithExecutor();
  const executor = { value: undefined, claims: { fid: 'F', eid: 'e', cid: 'c1' } };
  const it = approvers({ permissive: false }, executor);
  for (const call of callsOn(ID)) assert.equal(mayCallContainer(it, state, call), true, call.type);
  for (const call of callsOn(FOREIGN)) {
    assert.equal(mayCallContainer(it, state, call), false, call.type);
  }
  const input = { type: 'CONTAINER_ID', container_id: ID } as const;
  const attach: Call = { type: 'ATTACH_CONTAINER_INPUT', attach_container_input: input };
  assert.equal(mayCallContainer(it, state, attach), false);
  const standalone: Call = {
    type: 'LAUNCH_CONTAINER',
    launch_container: { container_id: { value: 's' } },
  };
  assert.equal(mayCallContainer(it, state, standalone), false);
});

test('a nested container needs the right on the user of its executor and on its own', () => {
  const state = stateWithExecutor();
  const any = { principals: { values: ['ops'] } };
  const it = approvers(
    {
      permissive: false,
      launch_nested_containers_under_parent_with_user: [{ ...any, users: { values: ['app'] } }],
      launch_nested_containers_as_user: [{ ...any, users: { values: ['app', 'web'] } }],
    },
    { value: 'ops', claims: {} },
  );
  const launch = (user: string | undefined): boolean =>
    mayCallContainer(it, state, {
      type: 'LAUNCH_NESTED_CONTAINER',
      launch_nested_container: { container_id: ID, command: user === undefined ? {} : { user } },
    });
  assert.equal(launch(undefined), true);
  assert.equal(launch('web'), true);
  assert.equal(launch('root'), false);
});

test('containers without an executor have rights of their own', () => {
  const state = stateWithExecutor();
  const ops = [{ principals: { values: ['ops'] }, users: { type: 'ANY' } }];
  const it = approvers(
    { permissive: false, launch_standalone_containers: ops, kill_standalone_containers: ops },
    { value: 'ops', claims: {} },
  );
  const container_id = { value: 's' };
  const may = (call: Call): boolean => mayCallContainer(it, state, call);
  assert.equal(may({ type: 'LAUNCH_CONTAINER', launch_container: { container_id } }), true);
  assert.equal(may({ type: 'KILL_CONTAINER', kill_container: { container_id } }), true);
  assert.equal(may({ type: 'REMOVE_CONTAINER', remove_container: { container_id } }), false);
  assert.equal(may({ type: 'PRUNE_IMAGES', prune_images: {} }), false);
});
