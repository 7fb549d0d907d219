/**
 * Events of the v1 API in the messages a classic driver understands (spec libprocess, section 3; spec
 * scheduler-api, section 23). SUBSCRIBED is said by `subscribe.ts`, which knows which of two it is.
 */
import { agentId } from '../../base/ids.ts';
import type { StatusUpdate } from '../../wire/types/mesos.internal.ts';
import type { Event as SchedulerEvent } from '../../wire/types/mesos.v1.scheduler.ts';
import type { AgentID, TaskStatus } from '../../wire/types/mesos.v1.ts';
import { NO_UPID_TEXT } from '../../wire/upid.ts';
import type { Outgoing } from '../effects.ts';
import type { Framework } from '../records.ts';
import { type MasterState, pidText } from '../state.ts';

/** Undefined where a driver has no word for it: heartbeats, statuses of operations. */
export function driverMessage(
  state: MasterState,
  framework: Framework,
  event: SchedulerEvent,
): Outgoing | undefined {
  const { offers, rescind, update, failure, error } = event;
  if (offers !== undefined) return offersMessage(state, event);
  if (rescind !== undefined) {
    return { name: 'mesos.internal.RescindResourceOfferMessage', message: rescind };
  }
  if (update !== undefined) {
    const message = { update: ownUpdate(framework, update.status), pid: NO_UPID_TEXT };
    return { name: 'mesos.internal.StatusUpdateMessage', message };
  }
  if (event.message !== undefined) {
    const { agent_id, executor_id, data } = event.message;
    const message = {
      ...{ slave_id: agent_id, framework_id: { value: framework.id }, executor_id, data },
    };
    return { name: 'mesos.internal.ExecutorToFrameworkMessage', message };
  }
  if (failure !== undefined) return failureMessage(framework, failure);
  if (error !== undefined) return { name: 'mesos.internal.FrameworkErrorMessage', message: error };
  return inverseOffersMessage(state, event);
}

function offersMessage(state: MasterState, event: SchedulerEvent): Outgoing {
  const offers = event.offers?.offers ?? [];
  // Drivers abort when there are not as many pids as offers.
  const pids = offers.map((offer) => pidOfAgent(state, offer.agent_id));
  return { name: 'mesos.internal.ResourceOffersMessage', message: { offers, pids } };
}

function inverseOffersMessage(state: MasterState, event: SchedulerEvent): Outgoing | undefined {
  const { inverse_offers: given, rescind_inverse_offer: rescind } = event;
  if (rescind !== undefined) {
    return { name: 'mesos.internal.RescindInverseOfferMessage', message: rescind };
  }
  if (given === undefined) return undefined;
  const inverse_offers = given.inverse_offers ?? [];
  const pids = inverse_offers.map((each) => pidOfAgent(state, each.agent_id));
  return { name: 'mesos.internal.InverseOffersMessage', message: { inverse_offers, pids } };
}

function failureMessage(
  framework: Framework,
  failure: NonNullable<SchedulerEvent['failure']>,
): Outgoing | undefined {
  const { agent_id, executor_id, status } = failure;
  if (agent_id === undefined) return undefined;
  if (executor_id === undefined) {
    return { name: 'mesos.internal.LostSlaveMessage', message: { slave_id: agent_id } };
  }
  return {
    name: 'mesos.internal.ExitedExecutorMessage',
    message: {
      slave_id: agent_id,
      framework_id: { value: framework.id },
      executor_id,
      status: status ?? -1,
    },
  };
}

/** An update the master makes itself: the empty uuid, as releases before 0.23 need one. */
function ownUpdate(framework: Framework, status: TaskStatus): StatusUpdate {
  return {
    framework_id: { value: framework.id },
    executor_id: status.executor_id,
    slave_id: status.agent_id,
    status,
    timestamp: status.timestamp ?? 0,
    uuid: new Uint8Array(0),
  };
}

function pidOfAgent(state: MasterState, id: AgentID | undefined): string {
  const agent = state.agents.get(agentId(id?.value ?? ''));
  return agent === undefined ? NO_UPID_TEXT : pidText(agent);
}
