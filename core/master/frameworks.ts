/**
 * Frameworks after their subscription: updates, disconnection, failover timeout, removal, and
 * recovery from what agents report (spec scheduler-api, sections 8, 14.8, 14.9 and 19).
 */

import { frameworkId } from '../base/ids.ts';
import type { CallUpdateFramework } from '../wire/types/mesos.v1.scheduler.ts';
import type { FrameworkInfo, Task, TaskStatus } from '../wire/types/mesos.v1.ts';
import type { MasterContext } from './context.ts';
import { capabilitiesOf, driverPidText, isEquivalent, rolesOf } from './framework-info.ts';
import { discardInverseOffer, rescindInverseOffersOf } from './inverse-offers.ts';
import { discardOffersOf, rescindOffer, rescindOffersOf } from './offers.ts';
import type { ConnectionId, Framework } from './records.ts';
import { completeUnreachable, masterStatus, updateTask } from './statuses.ts';

export interface FrameworkSettings {
  readonly info: FrameworkInfo;
  readonly suppressedRoles: readonly string[];
  readonly offerConstraints: Framework['offerConstraints'];
}

/** Replaces info, suppressed roles and constraints; offers of dropped roles are rescinded. */
export function applyFrameworkInfo(
  context: MasterContext,
  framework: Framework,
  given: FrameworkSettings,
): void {
  const info: FrameworkInfo = { ...given.info, id: { value: framework.id } };
  const roles = rolesOf(info);
  for (const record of [...framework.offers]) {
    if (!roles.has(record.role)) rescindOffer(context, record);
  }
  framework.info = info;
  framework.capabilities = capabilitiesOf(info);
  context.state.setRoles(framework, roles);
  framework.suppressedRoles = new Set(given.suppressedRoles);
  framework.offerConstraints = given.offerConstraints;
  const { suppressedRoles, offerConstraints } = given;
  const change = { info, suppressedRoles, offerConstraints };
  context.allocator.updateFramework(framework.id, change, context.now);
}

/** Tells every registered agent the framework's current info. */
export function broadcastFramework(context: MasterContext, framework: Framework): void {
  for (const agent of context.state.agents.values()) {
    context.send(agent, {
      name: 'mesos.internal.UpdateFrameworkMessage',
      message: {
        framework_id: { value: framework.id },
        pid: driverPidText(framework),
        framework_info: framework.info,
      },
    });
  }
}

/** UPDATE_FRAMEWORK, already validated; agents and operators hear only of a changed info. */
export function updateFramework(
  context: MasterContext,
  framework: Framework,
  call: CallUpdateFramework,
): void {
  const before = framework.info;
  applyFrameworkInfo(context, framework, {
    info: call.framework_info,
    suppressedRoles: call.suppressed_roles ?? [],
    offerConstraints: call.offer_constraints,
  });
  if (isEquivalent(before, framework.info)) return;
  broadcastFramework(context, framework);
  context.operatorEvent({ kind: 'framework-updated', framework });
}

/** The stream ended: offers come back, filters go, the failover timer starts. */
export function connectionLost(context: MasterContext, connection: ConnectionId): void {
  const framework = context.state.frameworksByConnection.get(connection);
  if (framework === undefined) return;
  frameworkLost(context, framework);
}

/** Its stream or its driver's link broke. */
export function frameworkLost(context: MasterContext, framework: Framework): void {
  context.log('info', { frameworkId: framework.id }, 'framework disconnected');
  becomeDisconnected(context, framework);
  const timeoutMs = Math.max(0, (framework.info.failover_timeout ?? 0) * 1000);
  context.deadlines.set(`failover ${framework.id}`, context.now + timeoutMs, () => {
    const fields = { frameworkId: framework.id, timeoutMs };
    context.log('info', fields, 'framework did not come back in time');
    removeFramework(context, framework);
  });
  if (timeoutMs === 0) {
    context.deadlines.cancel(`failover ${framework.id}`);
    removeFramework(context, framework);
  }
}

function becomeDisconnected(context: MasterContext, framework: Framework): void {
  context.deadlines.cancel(`heartbeat ${framework.id}`);
  context.state.disconnect(framework);
  framework.state = 'disconnected';
  rescindOffersOf(context, framework);
  rescindInverseOffersOf(context, framework);
  context.allocator.deactivateFramework(framework.id, context.now);
  context.operatorEvent({ kind: 'framework-changed', framework });
}

/** A driver's wish to get no more offers; it stays connected and registered. */
export function deactivateFramework(context: MasterContext, framework: Framework): void {
  if (framework.state !== 'active') return;
  context.log('info', { frameworkId: framework.id }, 'framework deactivated');
  framework.state = 'inactive';
  rescindOffersOf(context, framework);
  rescindInverseOffersOf(context, framework);
  context.allocator.deactivateFramework(framework.id, context.now);
  context.operatorEvent({ kind: 'framework-changed', framework });
}

/** TEARDOWN and the end of the failover timeout: nothing is told to the scheduler. */
export function removeFramework(context: MasterContext, framework: Framework): void {
  const { state } = context;
  context.deadlines.cancel(`failover ${framework.id}`);
  context.deadlines.cancel(`heartbeat ${framework.id}`);
  context.allocator.deactivateFramework(framework.id, context.now);
  discardOffersOf(context, framework);
  for (const record of [...framework.inverseOffers]) discardInverseOffer(context, record);
  for (const agent of state.agents.values()) {
    context.send(agent, {
      name: 'mesos.internal.ShutdownFrameworkMessage',
      message: { framework_id: { value: framework.id } },
    });
  }
  killTasks(context, framework);
  removeExecutors(context, framework);
  for (const operation of [...framework.operations.values()]) state.removeOperation(operation);
  if (framework.connection?.kind === 'http') {
    context.emit({ kind: 'close', connection: framework.connection.id });
  }
  if (framework.connection?.kind === 'pid') {
    context.emit({ kind: 'unlink', pid: framework.connection.pid });
  }
  context.allocator.removeFramework(framework.id, context.now);
  state.completeFramework(framework, context.now);
  context.log('info', { frameworkId: framework.id }, 'framework removed');
  context.operatorEvent({ kind: 'framework-removed', framework });
}

function killTasks(context: MasterContext, framework: Framework): void {
  const killed = (task: Task): TaskStatus =>
    masterStatus(context, {
      taskId: task.task_id.value,
      agentId: task.agent_id.value,
      state: 'TASK_KILLED',
      reason: 'REASON_FRAMEWORK_REMOVED',
      message: `Framework ${framework.id} removed`,
    });
  for (const record of [...framework.tasks.values()]) {
    const status = killed(record.task);
    updateTask(context, framework, record, { status, latestState: undefined, uuid: undefined });
    context.state.tasks.remove(record, 'completed');
    context.operatorEvent({ kind: 'task-removed', framework, task: record.task });
  }
  for (const task of [...framework.unreachableTasks.values()]) {
    completeUnreachable(context, framework, task, killed(task));
  }
}

function removeExecutors(context: MasterContext, framework: Framework): void {
  for (const [agentId, executors] of [...framework.executors]) {
    const agent = context.state.agents.get(agentId);
    if (agent === undefined) continue;
    for (const id of [...executors.keys()]) {
      const info = context.state.removeExecutor(framework, agent, id);
      context.recover({
        frameworkId: framework.id,
        agentId,
        resources: info?.resources ?? [],
        filters: undefined,
        isAllocated: true,
      });
    }
  }
}

/** A framework known only through an agent (after a master failover). */
export function recoverFramework(context: MasterContext, info: FrameworkInfo): Framework {
  const id = frameworkId(info.id?.value ?? '');
  const framework = context.state.newFramework({
    id,
    info,
    state: 'recovered',
    registeredTime: 0,
    roles: rolesOf(info),
    capabilities: capabilitiesOf(info),
    suppressedRoles: new Set(),
    offerConstraints: undefined,
  });
  context.state.addFramework(framework);
  context.allocator.addFramework(
    {
      id,
      info,
      used: new Map(),
      active: false,
      suppressedRoles: [],
      offerConstraints: undefined,
    },
    context.now,
  );
  // As it is now: its scheduler may be there before anybody is told.
  context.operatorEvent({ kind: 'framework-added', framework: { ...framework } });
  return framework;
}
