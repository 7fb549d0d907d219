/** Builders of call messages; `framework_id` is added when a call is sent. */
import type { Call } from '../wire/types/mesos.v1.scheduler.ts';
import type {
  AgentID,
  ExecutorID,
  Filters,
  FrameworkInfo,
  KillPolicy,
  OfferID,
  OfferOperation,
  TaskID,
  TaskInfo,
  TaskStatus,
} from '../wire/types/mesos.v1.ts';

/** The framework id goes in twice: at call level and inside the info (spec section 6). */
export function subscribeCall(
  framework: FrameworkInfo,
  frameworkId: string | undefined,
  suppressedRoles: readonly string[],
): Call {
  const { id: _id, ...info } = framework;
  const id = frameworkId === undefined ? undefined : { value: frameworkId };
  return {
    ...(id === undefined ? {} : { framework_id: id }),
    type: 'SUBSCRIBE',
    subscribe: {
      framework_info: id === undefined ? info : { ...info, id },
      ...(suppressedRoles.length === 0 ? {} : { suppressed_roles: suppressedRoles }),
    },
  };
}

export function acceptCall(
  offerIds: readonly OfferID[],
  operations: readonly OfferOperation[],
  filters?: Filters,
): Call {
  return { type: 'ACCEPT', accept: { offer_ids: offerIds, operations, filters } };
}

export function launchCall(
  offerIds: readonly OfferID[],
  tasks: readonly TaskInfo[],
  filters?: Filters,
): Call {
  return acceptCall(offerIds, [{ type: 'LAUNCH', launch: { task_infos: tasks } }], filters);
}

export function declineCall(offerIds: readonly OfferID[], filters?: Filters): Call {
  return { type: 'DECLINE', decline: { offer_ids: offerIds, filters } };
}

export function acceptInverseOffersCall(offerIds: readonly OfferID[], filters?: Filters): Call {
  const answer = { inverse_offer_ids: offerIds, filters };
  return { type: 'ACCEPT_INVERSE_OFFERS', accept_inverse_offers: answer };
}

export function reviveCall(roles: readonly string[]): Call {
  return roles.length === 0 ? { type: 'REVIVE' } : { type: 'REVIVE', revive: { roles } };
}

export function suppressCall(roles: readonly string[]): Call {
  return roles.length === 0 ? { type: 'SUPPRESS' } : { type: 'SUPPRESS', suppress: { roles } };
}

export function killCall(taskId: TaskID, agentId?: AgentID, killPolicy?: KillPolicy): Call {
  return { type: 'KILL', kill: { task_id: taskId, agent_id: agentId, kill_policy: killPolicy } };
}

export function shutdownCall(executorId: ExecutorID, agentId: AgentID): Call {
  return { type: 'SHUTDOWN', shutdown: { executor_id: executorId, agent_id: agentId } };
}

/** Undefined for a status that must not be acknowledged: made by a master, without uuid. */
export function acknowledgeCall(status: TaskStatus): Call | undefined {
  if (status.uuid === undefined || status.uuid.length === 0) return undefined;
  if (status.agent_id === undefined) return undefined;
  return {
    type: 'ACKNOWLEDGE',
    acknowledge: { agent_id: status.agent_id, task_id: status.task_id, uuid: status.uuid },
  };
}

export function reconcileCall(
  tasks: readonly { readonly taskId: TaskID; readonly agentId?: AgentID }[],
): Call {
  return {
    type: 'RECONCILE',
    reconcile: { tasks: tasks.map((task) => ({ task_id: task.taskId, agent_id: task.agentId })) },
  };
}

export function messageCall(executorId: ExecutorID, agentId: AgentID, data: Uint8Array): Call {
  return { type: 'MESSAGE', message: { agent_id: agentId, executor_id: executorId, data } };
}
