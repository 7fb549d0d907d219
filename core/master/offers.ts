/**
 * Offers: made from allocations, shown as the framework's capabilities allow, given back by
 * decline, rescind, timeout or discard (spec scheduler-api, sections 7, 9 and 10).
 */
import type { Allocation } from '../allocator/types.ts';
import { offerId } from '../base/ids.ts';
import { toPreReservationRefinement } from '../resources/refinement.ts';
import type { CallDecline } from '../wire/types/mesos.v1.scheduler.ts';
import type { Filters, Offer, Resource } from '../wire/types/mesos.v1.ts';
import { unavailabilityOf } from './agent-info.ts';
import type { MasterContext } from './context.ts';
import { makeInverseOffers } from './inverse-offers.ts';
import type { Agent, Framework, OfferRecord } from './records.ts';

/** Runs the allocator and sends what it gives, one OFFERS event per framework. */
export function allocate(context: MasterContext): void {
  const run = context.allocator.allocate(context.now);
  context.count('allocation_runs');
  let at = 0;
  while (at < run.allocations.length) {
    const first = run.allocations[at];
    if (first === undefined) break;
    let end = at;
    while (run.allocations[end]?.frameworkId === first.frameworkId) end += 1;
    offer(context, run.allocations.slice(at, end));
    at = end;
  }
  makeInverseOffers(context, run.inverseAllocations);
}

function offer(context: MasterContext, allocations: readonly Allocation[]): void {
  const offers: Offer[] = [];
  const id = allocations[0]?.frameworkId;
  const framework = id === undefined ? undefined : context.state.frameworks.get(id);
  for (const allocation of allocations) {
    const agent = context.state.agents.get(allocation.agentId);
    if (framework?.state !== 'active' || agent?.active !== true) {
      giveBack(context, allocation);
      continue;
    }
    const record = makeOffer(context, framework, agent, allocation);
    context.state.addOffer(record);
    startTimeout(context, record);
    offers.push(presentOffer(framework, record.offer));
  }
  if (framework === undefined || offers.length === 0) return;
  framework.counters.increment('offers/sent', offers.length);
  context.event(framework, { type: 'OFFERS', offers: { offers } });
}

function giveBack(context: MasterContext, allocation: Allocation): void {
  const { frameworkId, agentId, resources } = allocation;
  context.recover({ frameworkId, agentId, resources, filters: undefined, isAllocated: false });
}

function makeOffer(
  context: MasterContext,
  framework: Framework,
  agent: Agent,
  allocation: Allocation,
): OfferRecord {
  const id = offerId(context.state.newOfferId());
  const unavailability = unavailabilityOf(context.state, agent);
  const executors = [...(agent.executors.get(framework.id)?.values() ?? [])];
  const wire: Offer = {
    id: { value: id },
    framework_id: { value: framework.id },
    agent_id: { value: agent.id },
    hostname: agent.info.hostname,
    url: {
      scheme: 'http',
      address: { hostname: agent.info.hostname, ip: agent.pid.ip, port: agent.pid.port },
      path: `/${agent.pid.id}`,
    },
    ...(agent.info.domain === undefined ? {} : { domain: agent.info.domain }),
    resources: allocation.resources,
    attributes: agent.info.attributes ?? [],
    executor_ids: executors.map((each) => each.executor_id),
    ...(unavailability === undefined ? {} : { unavailability }),
    allocation_info: { role: allocation.role },
  };
  return { id, framework: framework.id, agent: agent.id, role: allocation.role, offer: wire };
}

/** The offer as this framework may see it (spec scheduler-api, section 7, after the example). */
export function presentOffer(framework: Framework, whole: Offer): Offer {
  let resources: readonly Resource[] = (whole.resources ?? []).filter(
    (each) => each.name !== 'ephemeral_ports',
  );
  if (!framework.capabilities.has('RESERVATION_REFINEMENT')) {
    resources = toPreReservationRefinement(resources);
  }
  if (framework.capabilities.has('MULTI_ROLE')) return { ...whole, resources };
  const { allocation_info: _hidden, ...rest } = whole;
  return { ...rest, resources: resources.map(withoutAllocation) };
}

function withoutAllocation(resource: Resource): Resource {
  const { allocation_info: _hidden, ...rest } = resource;
  return rest;
}

function startTimeout(context: MasterContext, record: OfferRecord): void {
  const timeout = context.options.offerTimeoutMs;
  if (timeout === undefined) return;
  context.deadlines.set(`offer ${record.id}`, context.now + timeout, () => {
    rescindOffer(context, record);
  });
}

/** Takes the offer away without telling; its resources go back with `filters`. */
export function discardOffer(
  context: MasterContext,
  record: OfferRecord,
  filters: Filters | undefined = undefined,
): void {
  takeOffer(context, record);
  context.recover({
    frameworkId: record.framework,
    agentId: record.agent,
    resources: record.offer.resources ?? [],
    filters,
    isAllocated: false,
  });
}

/** Removes the record only; the caller decides about the resources. */
export function takeOffer(context: MasterContext, record: OfferRecord): void {
  context.state.removeOffer(record);
  context.deadlines.cancel(`offer ${record.id}`);
}

/** Discards and tells the framework. */
export function rescindOffer(
  context: MasterContext,
  record: OfferRecord,
  filters: Filters | undefined = undefined,
): void {
  const framework = context.state.frameworks.get(record.framework);
  discardOffer(context, record, filters);
  if (framework === undefined) return;
  framework.counters.increment('offers/rescinded');
  context.event(framework, { type: 'RESCIND', rescind: { offer_id: { value: record.id } } });
}

export function rescindOffersOf(context: MasterContext, holder: Agent | Framework): void {
  for (const record of [...holder.offers]) rescindOffer(context, record);
}

export function discardOffersOf(context: MasterContext, framework: Framework): void {
  for (const record of [...framework.offers]) discardOffer(context, record);
}

/** DECLINE: unknown ids are skipped, owners are not checked (spec scheduler-api, section 10). */
export function decline(context: MasterContext, framework: Framework, call: CallDecline): void {
  context.count('messages_decline_offers');
  for (const id of call.offer_ids ?? []) {
    const record = context.state.offers.get(offerId(id.value));
    if (record === undefined) {
      context.log('debug', { offerId: id.value }, 'ignored the decline of an unknown offer');
      continue;
    }
    framework.counters.increment('offers/declined');
    discardOffer(context, record, call.filters ?? {});
  }
}

/** REVIVE: any foreign or invalid role drops the whole call (spec scheduler-api, 14.6). */
export function revive(
  context: MasterContext,
  framework: Framework,
  roles: readonly string[],
): void {
  context.count('messages_revive_offers');
  if (!mayTouchRoles(context, framework, roles, 'REVIVE')) return;
  const revived = new Set(roles.length === 0 ? framework.roles : roles);
  framework.suppressedRoles = new Set(
    [...framework.suppressedRoles].filter((role) => !revived.has(role)),
  );
  context.allocator.reviveOffers(framework.id, roles, context.now);
}

export function suppress(
  context: MasterContext,
  framework: Framework,
  roles: readonly string[],
): void {
  context.count('messages_suppress_offers');
  if (!mayTouchRoles(context, framework, roles, 'SUPPRESS')) return;
  const added = roles.length === 0 ? framework.roles : roles;
  framework.suppressedRoles = new Set([...framework.suppressedRoles, ...added]);
  context.allocator.suppressOffers(framework.id, roles, context.now);
}

function mayTouchRoles(
  context: MasterContext,
  framework: Framework,
  roles: readonly string[],
  call: string,
): boolean {
  const foreign = roles.find((role) => !framework.roles.has(role));
  if (foreign === undefined) return true;
  const fields = { frameworkId: framework.id, role: foreign, call };
  context.log('warn', fields, 'dropped a call for a role the framework is not subscribed to');
  return false;
}
