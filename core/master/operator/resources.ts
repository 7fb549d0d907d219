/**
 * Reservations and volumes made by operators (spec operator-api, section 4.9): offers that hold what
 * is needed are taken back, then the operation is applied to the free resources and sent to the
 * agent. Nothing is written to the registry: the agent checkpoints it and reports it.
 */
import { agentId } from '../../base/ids.ts';
import { subtract } from '../../resources/arithmetic.ts';
import { applyOperation, conversionsOf, stripVolume } from '../../resources/operations.ts';
import { toListForm, toPostReservationRefinement } from '../../resources/refinement.ts';
import { popReservation, unallocate } from '../../resources/select.ts';
import { validateResources } from '../../resources/validate.ts';
import type { OfferOperation, Resource } from '../../wire/types/mesos.v1.ts';
import { refuseOperation } from '../authorization.ts';
import type { MasterContext } from '../context.ts';
import { rescindOffer } from '../offers.ts';
import { applyToAgent, sendOperation } from '../operations.ts';
import type { Agent } from '../records.ts';
import { pidText } from '../state.ts';
import { validateOperation } from '../validation/operation.ts';
import { FORBIDDEN } from './permissions.ts';
import { ACCEPTED, type OperatorRequest, type Outcome, refuse } from './requests.ts';

type Change = Extract<OperatorRequest, { kind: 'change-resources' }>;

export function changeResources(context: MasterContext, request: Change): Outcome {
  const agent = context.state.agents.get(agentId(request.agent));
  if (agent === undefined) return refuse(400, 'No agent found with specified ID');
  const invalid = validateResources(resourcesOf(request.operation));
  if (invalid !== undefined) return refuse(400, invalid);
  const operation = upgrade(request.operation);
  const { principal } = request;
  const why = validateOperation(operation, { framework: undefined, agent, principal });
  if (why !== undefined) return refuse(400, `Invalid ${placeOf(operation, agent)}: ${why}`);
  const unauthorized = refuseOperation(context.approversOf(principal), principal, operation);
  if (unauthorized !== undefined) return FORBIDDEN;
  const conversions = conversionsOf(operation);
  if (!conversions.ok) return refuse(409, conversions.error);
  rescindFor(context, agent, operation);
  const applied = context.allocator.updateAvailable(agent.id, conversions.value, context.now);
  if (!applied.ok) return refuse(409, applied.error);
  applyToAgent(context, agent, conversions.value);
  sendOperation(context, undefined, agent, operation);
  return ACCEPTED;
}

/** UNRESERVE and DESTROY do not say where. */
function placeOf({ type }: OfferOperation, agent: Agent): string {
  if (type === 'UNRESERVE' || type === 'DESTROY') return `${type} operation`;
  return `${type} operation on agent ${agent.id} at ${pidText(agent)} (${agent.info.hostname})`;
}

/** One by one, until what they gave back and what is still missing allow the operation. */
function rescindFor(context: MasterContext, agent: Agent, operation: OfferOperation): void {
  let required = consumedBy(operation);
  let recovered: readonly Resource[] = [];
  for (const record of [...agent.offers]) {
    const offered = unallocate(record.offer.resources ?? []);
    const rest = subtract(required, offered);
    if (subtract(required, rest).length === 0) continue;
    required = rest;
    recovered = [...recovered, ...offered];
    // With the default filter, so that the next allocation does not take it away again.
    rescindOffer(context, record, {});
    if (applyOperation(recovered, operation).ok) return;
  }
}

function consumedBy(operation: OfferOperation): readonly Resource[] {
  const { reserve, unreserve, create, destroy, grow_volume: grow } = operation;
  if (reserve !== undefined) {
    const { source = [], resources = [] } = reserve;
    return source.length > 0 ? source : resources.map(popReservation);
  }
  if (unreserve !== undefined) return unreserve.resources ?? [];
  if (create !== undefined) return (create.volumes ?? []).map(stripVolume);
  if (destroy !== undefined) return destroy.volumes ?? [];
  if (grow !== undefined) return [grow.volume, grow.addition];
  return operation.shrink_volume === undefined ? [] : [operation.shrink_volume.volume];
}

/** Growing and shrinking name the field in their own validation. */
function resourcesOf({ reserve, unreserve, create, destroy }: OfferOperation): readonly Resource[] {
  return [
    ...(reserve?.source ?? []),
    ...(reserve?.resources ?? []),
    ...(unreserve?.resources ?? []),
    ...(create?.volumes ?? []),
    ...(destroy?.volumes ?? []),
  ];
}

/** Old reservation forms are taken and put into the list form. */
function upgrade(operation: OfferOperation): OfferOperation {
  const list = (resources: readonly Resource[] | undefined): readonly Resource[] =>
    toPostReservationRefinement(resources ?? []);
  const {
    reserve,
    unreserve,
    create,
    destroy,
    grow_volume: grow,
    shrink_volume: shrink,
  } = operation;
  if (reserve !== undefined) {
    const source = list(reserve.source);
    return { ...operation, reserve: { ...reserve, source, resources: list(reserve.resources) } };
  }
  if (unreserve !== undefined) {
    return { ...operation, unreserve: { ...unreserve, resources: list(unreserve.resources) } };
  }
  if (create !== undefined) {
    return { ...operation, create: { ...create, volumes: list(create.volumes) } };
  }
  if (destroy !== undefined) {
    return { ...operation, destroy: { ...destroy, volumes: list(destroy.volumes) } };
  }
  if (grow !== undefined) {
    const volume = toListForm(grow.volume);
    return { ...operation, grow_volume: { ...grow, volume, addition: toListForm(grow.addition) } };
  }
  if (shrink === undefined) return operation;
  return { ...operation, shrink_volume: { ...shrink, volume: toListForm(shrink.volume) } };
}
