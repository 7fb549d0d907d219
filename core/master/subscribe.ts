/**
 * SUBSCRIBE: refusals, new frameworks, re-subscription and take-over (spec scheduler-api,
 * sections 6.2 and 6.4). A refusal is an ERROR event on the new stream, which is then closed; an
 * existing subscription is not touched by it.
 */
import { frameworkId } from '../base/ids.ts';
import type { Call, CallSubscribe } from '../wire/types/mesos.v1.scheduler.ts';
import type { FrameworkInfo } from '../wire/types/mesos.v1.ts';
import { formatUpid } from '../wire/upid.ts';
import { refuseRegistration } from './authorization.ts';
import type { MasterContext } from './context.ts';
import { capabilitiesOf, rolesOf } from './framework-info.ts';
import { applyFrameworkInfo, broadcastFramework, recoverFramework } from './frameworks.ts';
import { discardInverseOffer } from './inverse-offers.ts';
import { discardOffersOf, rescindOffersOf } from './offers.ts';
import type { ConnectionId, Framework, FrameworkConnection } from './records.ts';
import { refuseFrameworkInfo, refuseRolesAndConstraints } from './validation/framework.ts';

export interface Subscribe {
  readonly call: Call;
  readonly connection: ConnectionId;
  readonly principal: string | undefined;
}

export function subscribe(context: MasterContext, input: Subscribe): void {
  const given = input.call.subscribe;
  if (given === undefined) return;
  const info = givenInfo(given.framework_info, input.principal);
  countSubscription(context, info);
  const known = info.id === undefined ? undefined : context.state.frameworks.get(idOf(info));
  const refused = refuseSubscription(context, info, known, given);
  if (refused !== undefined) {
    refuse(context, input.connection, refused);
    return;
  }
  const settings = settingsOf(info, given);
  const connection = { kind: 'http', id: input.connection } as const;
  if (info.id === undefined) {
    subscribeNew(context, connection, settings);
    return;
  }
  // With an id of an earlier master: no agent has told of it so far.
  const framework = known ?? recoverFramework(context, info);
  resubscribe(context, connection, framework, { ...settings, welcome: 'registered' });
}

/** Also those that are refused. */
export function countSubscription(context: MasterContext, info: FrameworkInfo): void {
  const isNew = info.id === undefined;
  context.count(isNew ? 'messages_register_framework' : 'messages_reregister_framework');
}

/** The info as it is judged and kept. */
export function givenInfo(info: FrameworkInfo, principal: string | undefined): FrameworkInfo {
  return withPrincipal(withoutEmptyId(info), principal);
}

/** What is refused of any scheduler, whatever it speaks. */
export function refuseSubscription(
  context: MasterContext,
  info: FrameworkInfo,
  known: Framework | undefined,
  given: CallSubscribe,
): string | undefined {
  return (
    refuseFrameworkInfo(context, info) ??
    refuseRolesAndConstraints(context, info, given) ??
    refuseRegistration(context, info) ??
    (known !== undefined && known.info.principal !== info.principal
      ? "Changing framework's principal is not allowed."
      : undefined)
  );
}

export interface SubscriptionSettings {
  readonly info: FrameworkInfo;
  readonly suppressedRoles: readonly string[];
  readonly offerConstraints: Framework['offerConstraints'];
}

export function settingsOf(info: FrameworkInfo, given: CallSubscribe): SubscriptionSettings {
  return {
    info,
    suppressedRoles: given.suppressed_roles ?? [],
    offerConstraints: given.offer_constraints,
  };
}

/** Without an id: every such subscription is another framework. */
export function subscribeNew(
  context: MasterContext,
  connection: FrameworkConnection,
  given: SubscriptionSettings,
): void {
  const { state, now } = context;
  const id = state.newFrameworkId();
  const info: FrameworkInfo = { ...given.info, id: { value: id } };
  const framework = state.newFramework({
    id,
    info,
    state: 'active',
    registeredTime: now,
    roles: rolesOf(info),
    capabilities: capabilitiesOf(info),
    suppressedRoles: new Set(given.suppressedRoles),
    offerConstraints: given.offerConstraints,
  });
  state.addFramework(framework);
  state.connect(framework, connection);
  context.allocator.addFramework(
    {
      id,
      info,
      used: framework.usedResources,
      active: true,
      suppressedRoles: given.suppressedRoles,
      offerConstraints: given.offerConstraints,
    },
    now,
  );
  framework.counters.increment('calls');
  framework.counters.increment('calls/subscribe');
  welcome(context, framework, 'registered');
  const { name, principal } = info;
  context.log('info', { frameworkId: id, name, principal }, 'framework subscribed');
  context.operatorEvent({ kind: 'framework-added', framework });
}

/** How a driver is greeted. */
type Welcome = 'registered' | 'reregistered';

/** `reregistered` is for the scheduler that had not gone; the others take over. */
export function resubscribe(
  context: MasterContext,
  connection: FrameworkConnection,
  framework: Framework,
  given: SubscriptionSettings & { readonly welcome: Welcome },
): void {
  const { state, now } = context;
  const before = framework.connection;
  // A different user or checkpoint flag is silently replaced by the old value.
  const info: FrameworkInfo = {
    ...given.info,
    user: framework.info.user,
    checkpoint: framework.info.checkpoint,
  };
  applyFrameworkInfo(context, framework, { ...given, info });
  if (given.welcome === 'reregistered') rescindOffersOf(context, framework);
  if (before !== undefined && !isSameDriver(before, connection)) {
    context.event(framework, { type: 'ERROR', error: { message: 'Framework failed over' } });
    if (before.kind === 'http') context.emit({ kind: 'close', connection: before.id });
    else context.emit({ kind: 'unlink', pid: before.pid });
  }
  discardOffersOf(context, framework);
  for (const record of [...framework.inverseOffers]) discardInverseOffer(context, record);
  const wasActive = framework.state === 'active';
  if (framework.state === 'recovered') framework.registeredTime = now;
  context.deadlines.cancel(`failover ${framework.id}`);
  context.deadlines.cancel(`heartbeat ${framework.id}`);
  state.connect(framework, connection);
  framework.reregisteredTime = now;
  if (!wasActive) context.allocator.activateFramework(framework.id, now);
  framework.counters.increment('calls');
  framework.counters.increment('calls/subscribe');
  welcome(context, framework, given.welcome);
  broadcastFramework(context, framework);
  context.log('info', { frameworkId: framework.id }, 'framework subscribed again');
  context.operatorEvent({ kind: 'framework-updated', framework });
}

function isSameDriver(before: FrameworkConnection, now: FrameworkConnection): boolean {
  if (before.kind !== 'pid' || now.kind !== 'pid') return false;
  return formatUpid(before.pid) === formatUpid(now.pid);
}

function welcome(context: MasterContext, framework: Framework, how: Welcome): void {
  if (framework.connection?.kind === 'pid') {
    context.emit({ kind: 'link', pid: framework.connection.pid });
    sendRegistered(context, framework, how);
    return;
  }
  context.event(framework, {
    type: 'SUBSCRIBED',
    subscribed: {
      framework_id: { value: framework.id },
      heartbeat_interval_seconds: context.options.heartbeatIntervalMs / 1000,
      master_info: context.state.info,
    },
  });
  heartbeat(context, framework);
}

/** To a framework with a driver. */
export function sendRegistered(context: MasterContext, framework: Framework, how: Welcome): void {
  if (framework.connection?.kind !== 'pid') return;
  const message = { framework_id: { value: framework.id }, master_info: context.state.info };
  const name =
    how === 'registered'
      ? 'mesos.internal.FrameworkRegisteredMessage'
      : 'mesos.internal.FrameworkReregisteredMessage';
  framework.counters.increment('events');
  framework.counters.increment('events/subscribed');
  context.sendTo(framework.connection.pid, { name, message });
}

function heartbeat(context: MasterContext, framework: Framework): void {
  context.event(framework, { type: 'HEARTBEAT' });
  const next = context.now + context.options.heartbeatIntervalMs;
  context.deadlines.set(`heartbeat ${framework.id}`, next, () => heartbeat(context, framework));
}

function refuse(context: MasterContext, connection: ConnectionId, message: string): void {
  context.emit({ kind: 'event', connection, event: { type: 'ERROR', error: { message } } });
  context.emit({ kind: 'close', connection });
  context.log('info', { why: message }, 'refused a subscription');
}

function withoutEmptyId(info: FrameworkInfo): FrameworkInfo {
  if (info.id === undefined || info.id.value !== '') return info;
  const { id: _empty, ...rest } = info;
  return rest;
}

function withPrincipal(info: FrameworkInfo, principal: string | undefined): FrameworkInfo {
  return info.principal !== undefined || principal === undefined ? info : { ...info, principal };
}

function idOf(info: FrameworkInfo): ReturnType<typeof frameworkId> {
  return frameworkId(info.id?.value ?? '');
}
