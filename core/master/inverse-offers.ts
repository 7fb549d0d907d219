/** Inverse offers for scheduled maintenance (spec scheduler-api, 14.10; spec allocator, section 10). */
import type { InverseAllocation } from '../allocator/types.ts';
import { offerId } from '../base/ids.ts';
import type { CallDeclineInverseOffers } from '../wire/types/mesos.v1.scheduler.ts';
import type { Filters, InverseOffer } from '../wire/types/mesos.v1.ts';
import type { MasterContext } from './context.ts';
import type { Agent, Framework, InverseOfferRecord } from './records.ts';

export function makeInverseOffers(
  context: MasterContext,
  allocations: readonly InverseAllocation[],
): void {
  const byFramework = new Map<Framework, InverseOffer[]>();
  for (const allocation of allocations) {
    const framework = context.state.frameworks.get(allocation.frameworkId);
    const agent = context.state.agents.get(allocation.agentId);
    if (framework?.state !== 'active' || agent?.active !== true) continue;
    const record = makeInverseOffer(context, framework, agent, allocation);
    context.state.addInverseOffer(record);
    startTimeout(context, record);
    const list = byFramework.get(framework) ?? [];
    list.push(record.inverseOffer);
    byFramework.set(framework, list);
  }
  for (const [framework, offers] of byFramework) {
    context.event(framework, {
      type: 'INVERSE_OFFERS',
      inverse_offers: { inverse_offers: offers },
    });
  }
}

function makeInverseOffer(
  context: MasterContext,
  framework: Framework,
  agent: Agent,
  allocation: InverseAllocation,
): InverseOfferRecord {
  const id = offerId(context.state.newOfferId());
  const { hostname } = agent.info;
  return {
    id,
    framework: framework.id,
    agent: agent.id,
    inverseOffer: {
      id: { value: id },
      url: {
        scheme: 'http',
        address: { hostname, ip: agent.pid.ip, port: agent.pid.port },
        path: `/${agent.pid.id}`,
      },
      framework_id: { value: framework.id },
      agent_id: { value: agent.id },
      unavailability: allocation.unavailability,
    },
  };
}

function startTimeout(context: MasterContext, record: InverseOfferRecord): void {
  const timeout = context.options.offerTimeoutMs;
  if (timeout === undefined) return;
  context.deadlines.set(`offer ${record.id}`, context.now + timeout, () => {
    rescindInverseOffer(context, record);
  });
}

/** Forgets it; the allocator may make another one. */
export function discardInverseOffer(context: MasterContext, record: InverseOfferRecord): void {
  context.state.removeInverseOffer(record);
  context.deadlines.cancel(`offer ${record.id}`);
  context.allocator.updateInverseOffer(
    record.agent,
    record.framework,
    undefined,
    undefined,
    context.now,
  );
}

export function rescindInverseOffer(context: MasterContext, record: InverseOfferRecord): void {
  discardInverseOffer(context, record);
  const framework = context.state.frameworks.get(record.framework);
  if (framework === undefined) return;
  context.event(framework, {
    type: 'RESCIND_INVERSE_OFFER',
    rescind_inverse_offer: { inverse_offer_id: { value: record.id } },
  });
}

export function rescindInverseOffersOf(context: MasterContext, holder: Agent | Framework): void {
  for (const record of [...holder.inverseOffers]) rescindInverseOffer(context, record);
}

/** ACCEPT_INVERSE_OFFERS and DECLINE_INVERSE_OFFERS; invalid ids are ignored one by one. */
export function answerInverseOffers(
  context: MasterContext,
  framework: Framework,
  call: CallDeclineInverseOffers,
  answer: 'ACCEPT' | 'DECLINE',
): void {
  const filters: Filters = call.filters ?? {};
  for (const id of call.inverse_offer_ids ?? []) {
    const record = context.state.inverseOffers.get(offerId(id.value));
    if (record === undefined || record.framework !== framework.id) {
      context.log('debug', { offerId: id.value }, 'ignored an answer to an unknown inverse offer');
      continue;
    }
    context.state.removeInverseOffer(record);
    context.deadlines.cancel(`offer ${record.id}`);
    const status = {
      status: answer,
      framework_id: { value: framework.id },
      timestamp: { nanoseconds: context.now * 1e6 },
    };
    const { agent } = record;
    context.allocator.updateInverseOffer(agent, framework.id, status, filters, context.now);
  }
}
