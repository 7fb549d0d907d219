/** Hands one event to the callback it belongs to (spec scheduler-api, section 7). */
import type { Event } from '../wire/types/mesos.v1.scheduler.ts';
import type { SchedulerCallbacks } from './types.ts';

/** Events of kinds this version does not know are ignored, as the API demands of clients. */
export function deliver(event: Event, callbacks: SchedulerCallbacks): void {
  if (event.offers !== undefined) callbacks.offers?.(event.offers.offers ?? []);
  if (event.rescind !== undefined) callbacks.rescinded?.(event.rescind.offer_id);
  if (event.inverse_offers !== undefined) {
    callbacks.inverseOffers?.(event.inverse_offers.inverse_offers ?? []);
  }
  if (event.rescind_inverse_offer !== undefined) {
    callbacks.inverseOfferRescinded?.(event.rescind_inverse_offer.inverse_offer_id);
  }
  if (event.update !== undefined) callbacks.update?.(event.update.status);
  if (event.update_operation_status !== undefined) {
    callbacks.operationUpdate?.(event.update_operation_status);
  }
  if (event.message !== undefined) {
    callbacks.message?.({
      agentId: event.message.agent_id,
      executorId: event.message.executor_id,
      data: event.message.data,
    });
  }
  if (event.failure !== undefined) callbacks.failure?.(event.failure);
}
