/**
 * ACCEPT: checks the offers, normalises the operations, runs them one after another against the
 * pool of the offers' resources, and gives back what is left (spec scheduler-api, section 11).
 */
import { type OfferId, offerId } from '../base/ids.ts';
import { add, subtract } from '../resources/arithmetic.ts';
import { isShared } from '../resources/kinds.ts';
import type { ResourceConversion } from '../resources/operations.ts';
import type { CallAccept } from '../wire/types/mesos.v1.scheduler.ts';
import type { OfferOperation, Resource } from '../wire/types/mesos.v1.ts';
import type { MasterContext } from './context.ts';
import { launch, launchGroup } from './launch.ts';
import { discardOffer, takeOffer } from './offers.ts';
import { dropOperation, runOperation } from './operations.ts';
import { prepareOperation, refuseSyntax } from './prepare-operation.ts';
import type { Agent, Framework, OfferRecord } from './records.ts';
import { refuseTask, stateFor } from './statuses.ts';

/** Classic drivers are not told what becomes of operations. */
const NO_FEEDBACK =
  "The 'id' field was set in an offer operation, but operation feedback is not supported for the SchedulerDriver API; please use the HTTP scheduler API for this feature";

/** One ACCEPT under way. */
export interface Acceptance {
  readonly framework: Framework;
  readonly agent: Agent;
  /** The role the offers were made for. */
  readonly role: string;
  /** Resources of all named offers. */
  readonly offered: readonly Resource[];
  /** What is left of them, converted ones included. */
  pool: readonly Resource[];
  /** What GROW_VOLUME and SHRINK_VOLUME gave: no later operation of the call may use it. */
  resized: readonly Resource[];
  /** Shared volumes among them, however many tasks have taken a copy. */
  shared: readonly Resource[];
  readonly conversions: ResourceConversion[];
}

export function accept(context: MasterContext, framework: Framework, call: CallAccept): void {
  const operations = call.operations ?? [];
  countLaunches(context, operations);
  const records = (call.offer_ids ?? []).map((id) => context.state.offers.get(offerId(id.value)));
  const known = records.filter((record) => record !== undefined);
  const refused = validateOffers(context, framework, call);
  if (refused !== undefined) {
    for (const record of new Set(known)) discardOffer(context, record);
    context.log('warn', { frameworkId: framework.id, why: refused }, 'ACCEPT with invalid offers');
    for (const operation of operations) refuseForOffers(context, framework, operation, refused);
    return;
  }
  framework.counters.increment('offers/accepted', known.length);
  const [first] = known;
  const agent = first === undefined ? undefined : context.state.agents.get(first.agent);
  const offered = known.reduce<readonly Resource[]>(
    (sum, record) => add(sum, record.offer.resources ?? []),
    [],
  );
  for (const record of known) takeOffer(context, record);
  if (agent === undefined || !agent.connected) {
    refuseForAgent(context, framework, operations, agent);
    return;
  }
  const acceptance: Acceptance = {
    framework,
    agent,
    role: first?.role ?? '*',
    offered,
    pool: offered,
    resized: [],
    shared: offered.filter(isShared),
    conversions: [],
  };
  for (const operation of operations) perform(context, acceptance, operation);
  settle(context, acceptance, call);
}

/** Section 11.1; any failure stops the whole call. */
function validateOffers(
  context: MasterContext,
  framework: Framework,
  call: CallAccept,
): string | undefined {
  const ids = (call.offer_ids ?? []).map((id) => offerId(id.value));
  if (ids.length === 0) return 'No offers specified';
  const seen = new Set<OfferId>();
  const records: OfferRecord[] = [];
  for (const id of ids) {
    if (seen.has(id)) return `Duplicate offer ${id} in offer list`;
    seen.add(id);
  }
  for (const id of ids) {
    const record = context.state.offers.get(id);
    if (record === undefined) return `Offer ${id} is no longer valid`;
    records.push(record);
  }
  return validateOwnership(framework, records);
}

function validateOwnership(
  framework: Framework,
  records: readonly OfferRecord[],
): string | undefined {
  const [first] = records;
  for (const record of records) {
    if (record.framework === framework.id) continue;
    return `Offer ${record.id} has invalid framework ${record.framework} while framework ${framework.id} is expected`;
  }
  for (const record of records) {
    if (first === undefined || record.role === first.role) continue;
    // The unbalanced quotes are the original's.
    return `Aggregated offers must be allocated to the same role. Offer ${record.id} uses role '${record.role} but another is using role '${first.role}`;
  }
  for (const record of records) {
    if (first === undefined || record.agent === first.agent) continue;
    return `Aggregated offers must belong to one single agent. Offer ${record.id} uses agent ${record.agent} and agent ${first.agent}`;
  }
  return undefined;
}

function tasksOf(operation: OfferOperation) {
  if (operation.type === 'LAUNCH') return operation.launch?.task_infos ?? [];
  if (operation.type === 'LAUNCH_GROUP') return operation.launch_group?.task_group.tasks ?? [];
  return [];
}

function isLaunch(operation: OfferOperation): boolean {
  return operation.type === 'LAUNCH' || operation.type === 'LAUNCH_GROUP';
}

/** A launch of nothing declines. */
function countLaunches(context: MasterContext, operations: readonly OfferOperation[]): void {
  for (const operation of operations) {
    if (operation.type !== 'LAUNCH') continue;
    const isEmpty = tasksOf(operation).length === 0;
    context.count(isEmpty ? 'messages_decline_offers' : 'messages_launch_tasks');
  }
}

function refuseForOffers(
  context: MasterContext,
  framework: Framework,
  operation: OfferOperation,
  why: string,
): void {
  if (!isLaunch(operation)) {
    dropOperation(context, framework, operation, `Operation attempted with invalid offers: ${why}`);
    return;
  }
  const outcome = {
    state: stateFor(framework, 'TASK_DROPPED'),
    reason: 'REASON_INVALID_OFFERS',
    message: `Task launched with invalid offers: ${why}`,
  } as const;
  for (const task of tasksOf(operation)) refuseTask(context, framework, task, outcome);
}

/** The agent went away between offer and ACCEPT; other operations are dropped silently. */
function refuseForAgent(
  context: MasterContext,
  framework: Framework,
  operations: readonly OfferOperation[],
  agent: Agent | undefined,
): void {
  const outcome =
    agent === undefined
      ? ({ reason: 'REASON_AGENT_REMOVED', message: 'Agent removed' } as const)
      : ({ reason: 'REASON_AGENT_DISCONNECTED', message: 'Agent disconnected' } as const);
  const state = stateFor(framework, 'TASK_DROPPED');
  for (const operation of operations) {
    for (const task of tasksOf(operation)) {
      refuseTask(context, framework, task, { ...outcome, state });
    }
  }
}

function perform(context: MasterContext, acceptance: Acceptance, given: OfferOperation): void {
  const { framework, agent } = acceptance;
  const isUnheard = framework.connection?.kind === 'pid' && given.id !== undefined;
  if (isUnheard && !isLaunch(given) && refuseSyntax(given) === undefined) {
    // Ends the driver: it waits for what it would never hear.
    context.event(framework, { type: 'ERROR', error: { message: NO_FEEDBACK } });
    return;
  }
  const prepared = prepareOperation(given, acceptance);
  if (!prepared.ok) {
    refusePrepared(context, framework, given, prepared.error);
    return;
  }
  const operation = prepared.value;
  switch (operation.type) {
    case 'LAUNCH':
      launch(context, acceptance, operation.launch?.task_infos ?? []);
      return;
    case 'LAUNCH_GROUP':
      if (operation.launch_group !== undefined) {
        launchGroup(context, acceptance, operation.launch_group);
      }
      return;
    default:
      runOperation(context, acceptance, operation, agent);
  }
}

function refusePrepared(
  context: MasterContext,
  framework: Framework,
  operation: OfferOperation,
  why: string,
): void {
  if (!isLaunch(operation)) {
    dropOperation(context, framework, operation, why);
    return;
  }
  const reason = operation.type === 'LAUNCH' ? 'REASON_TASK_INVALID' : 'REASON_TASK_GROUP_INVALID';
  for (const task of tasksOf(operation)) {
    refuseTask(context, framework, task, { state: 'TASK_ERROR', reason, message: why });
  }
}

/** Converted but unused resources come back at once, the others under the call's filters. */
function settle(context: MasterContext, acceptance: Acceptance, call: CallAccept): void {
  const { framework, agent, offered, conversions } = acceptance;
  if (conversions.length > 0) {
    const { id } = framework;
    context.allocator.updateAllocation(id, agent.id, offered, conversions, context.now);
  }
  const left = add(acceptance.pool, acceptance.resized);
  const converted = subtract(left, offered);
  const declined = subtract(left, converted);
  const common = { frameworkId: framework.id, agentId: agent.id, isAllocated: false };
  context.recover({ ...common, resources: converted, filters: undefined });
  context.recover({ ...common, resources: declined, filters: call.filters ?? {} });
}
