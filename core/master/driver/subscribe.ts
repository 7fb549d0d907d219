/**
 * Subscription of classic driver frameworks: the table of spec libprocess, section 8.1, on top of what
 * all subscriptions share. Drivers repeat theirs until they are answered, so that the same one may come
 * any number of times.
 */
import { frameworkId } from '../../base/ids.ts';
import type { Upid } from '../../net/ports.ts';
import type { CallSubscribe } from '../../wire/types/mesos.v1.scheduler.ts';
import type { FrameworkInfo } from '../../wire/types/mesos.v1.ts';
import { formatUpid } from '../../wire/upid.ts';
import type { MasterContext } from '../context.ts';
import { recoverFramework } from '../frameworks.ts';
import type { Framework } from '../records.ts';
import {
  countSubscription,
  givenInfo,
  refuseSubscription,
  resubscribe,
  type SubscriptionSettings,
  sendRegistered,
  settingsOf,
  subscribeNew,
} from '../subscribe.ts';

export interface DriverSubscription {
  readonly subscribe: CallSubscribe;
  /** The scheduler takes over from whoever is subscribed with its id. */
  readonly force: boolean;
}

export function subscribeDriver(
  context: MasterContext,
  from: Upid,
  { subscribe, force }: DriverSubscription,
): void {
  const { state } = context;
  const principal = context.authenticated.get(formatUpid(from));
  const info = givenInfo(subscribe.framework_info, principal);
  countSubscription(context, info);
  const known =
    info.id === undefined ? undefined : state.frameworks.get(frameworkId(info.id.value));
  const refused =
    refuseAuthentication(context, from, info) ??
    refuseSubscription(context, info, known, subscribe);
  if (refused !== undefined) {
    context.log('info', { from: formatUpid(from), why: refused }, 'refused a subscription');
    frameworkError(context, from, refused);
    return;
  }
  const there = state.frameworksByPid.get(formatUpid(from));
  const current = there?.connection?.kind === 'pid' ? there : undefined;
  const settings = settingsOf(info, subscribe);
  if (current !== undefined && info.id === undefined) {
    sendRegistered(context, current, 'registered');
  } else if (current !== undefined && current.id !== info.id?.value) {
    const fields = { from: formatUpid(from), frameworkId: current.id };
    context.log('warn', fields, 'dropped a subscription from the address of another framework');
  } else if (info.id === undefined) {
    subscribeNew(context, { kind: 'pid', pid: from }, settings);
  } else {
    const framework = known ?? recoverFramework(context, info);
    returnDriver(context, from, framework, { settings, force });
  }
}

export function frameworkError(context: MasterContext, to: Upid, message: string): void {
  context.sendTo(to, { name: 'mesos.internal.FrameworkErrorMessage', message: { message } });
}

function returnDriver(
  context: MasterContext,
  from: Upid,
  known: Framework,
  { settings, force }: { readonly settings: SubscriptionSettings; readonly force: boolean },
): void {
  const connection = { kind: 'pid', pid: from } as const;
  if (force || known.state === 'recovered') {
    resubscribe(context, connection, known, { ...settings, welcome: 'registered' });
    return;
  }
  const { driver } = known;
  if (driver === undefined || formatUpid(driver) !== formatUpid(from)) {
    frameworkError(context, from, 'Framework failed over');
    return;
  }
  resubscribe(context, connection, known, { ...settings, welcome: 'reregistered' });
}

function refuseAuthentication(
  context: MasterContext,
  from: Upid,
  info: FrameworkInfo,
): string | undefined {
  const pid = formatUpid(from);
  const principal = context.authenticated.get(pid);
  if (context.options.authenticateFrameworks && principal === undefined) {
    return `Framework at ${pid} is not authenticated`;
  }
  // Drivers may leave the principal out.
  if (principal === undefined || info.principal === principal) return undefined;
  return `Framework principal '${info.principal}' does not match authenticated principal '${principal}'`;
}
