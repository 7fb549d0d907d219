/**
 * What classic driver frameworks ask of the master, on the same framework machine as the v1 API (spec
 * libprocess, section 8.1). Nothing here is answered but by messages: what is not taken is logged.
 */
import { frameworkId } from '../../base/ids.ts';
import type { Upid } from '../../net/ports.ts';
import type { Call } from '../../wire/types/mesos.v1.scheduler.ts';
import { formatUpid } from '../../wire/upid.ts';
import { call as performCall } from '../calls.ts';
import { refuseCallContents } from '../check-call.ts';
import type { MasterContext } from '../context.ts';
import { deactivateFramework, frameworkLost } from '../frameworks.ts';
import type { Framework } from '../records.ts';
import { validateCall } from '../validation/call.ts';
import type { DriverRequest } from './decode.ts';
import { frameworkError, subscribeDriver } from './subscribe.ts';

/** Drivers that speak of operations by id must use HTTP. */
const HTTP_ONLY: ReadonlySet<Call['type']> = new Set([
  'ACKNOWLEDGE_OPERATION_STATUS',
  'RECONCILE_OPERATIONS',
]);

export function driverRequest(context: MasterContext, from: Upid, request: DriverRequest): void {
  switch (request.kind) {
    case 'register':
      register(context, from, request);
      return;
    case 'reregister':
      reregister(context, from, request);
      return;
    case 'deactivate':
      context.count('messages_deactivate_framework');
      deactivate(context, from, request);
      return;
    case 'call':
      driverCall(context, from, request);
      return;
  }
}

type Of<Kind extends DriverRequest['kind']> = Extract<DriverRequest, { readonly kind: Kind }>;

function register(context: MasterContext, from: Upid, { framework }: Of<'register'>): void {
  if ((framework.id?.value ?? '') !== '') {
    frameworkError(context, from, "Registering with 'id' already set");
    return;
  }
  subscribeDriver(context, from, { subscribe: { framework_info: framework }, force: false });
}

function reregister(context: MasterContext, from: Upid, request: Of<'reregister'>): void {
  const { framework, failover: force } = request;
  if ((framework.id?.value ?? '') === '') {
    frameworkError(context, from, "Re-registering without an 'id'");
    return;
  }
  subscribeDriver(context, from, { subscribe: { framework_info: framework }, force });
}

/** The driver's `abort`: no more offers, nothing is removed. */
function deactivate(context: MasterContext, from: Upid, request: Of<'deactivate'>): void {
  const framework = context.state.frameworks.get(frameworkId(request.framework.value));
  const refused = refuseSender(framework, from);
  if (framework === undefined || refused !== undefined) {
    drop(context, from, request, refused ?? '');
    return;
  }
  deactivateFramework(context, framework);
}

function driverCall(context: MasterContext, from: Upid, request: Of<'call'>): void {
  const { call, force } = request;
  // Old drivers subscribe with an empty id, which means none.
  const invalid = validateCall(call, undefined);
  if (invalid !== undefined) {
    drop(context, from, request, invalid);
    return;
  }
  if (call.type === 'SUBSCRIBE') {
    if (call.subscribe !== undefined) {
      subscribeDriver(context, from, { subscribe: call.subscribe, force });
    }
    return;
  }
  const framework = context.state.frameworks.get(frameworkId(call.framework_id?.value ?? ''));
  const refused = refuseSender(framework, from);
  if (framework === undefined || refused !== undefined) {
    drop(context, from, request, refused ?? '');
    return;
  }
  if (framework.connection === undefined) {
    frameworkError(context, from, 'Framework disconnected');
    return;
  }
  if (HTTP_ONLY.has(call.type)) {
    drop(context, from, request, 'it is not supported for drivers');
    return;
  }
  const unsuited = refuseCallContents(context, framework, call)?.text;
  if (unsuited === undefined) performCall(context, framework, call);
  // What HTTP answers with a status ends a driver.
  else if (call.type === 'UPDATE_FRAMEWORK') frameworkError(context, from, unsuited);
  else drop(context, from, request, unsuited);
}

function refuseSender(framework: Framework | undefined, from: Upid): string | undefined {
  if (framework === undefined) return 'Framework cannot be found';
  const { driver } = framework;
  const isOwner = driver !== undefined && formatUpid(driver) === formatUpid(from);
  return isOwner ? undefined : 'Call is not from registered framework';
}

function drop(context: MasterContext, from: Upid, request: DriverRequest, why: string): void {
  context.count('dropped_messages');
  const fields = { message: request.message, from: formatUpid(from), why };
  context.log('warn', fields, 'dropped a message of a framework');
}

/** The link to this pid broke: a framework there is away until it comes back or its time is over. */
export function driverExited(context: MasterContext, pid: Upid): void {
  const framework = context.state.frameworksByPid.get(formatUpid(pid));
  if (framework?.connection?.kind !== 'pid') return;
  // Should the process live and only the connection be lost, its driver must know that it is not heard.
  frameworkError(context, pid, 'Framework disconnected');
  context.authenticated.delete(formatUpid(pid));
  frameworkLost(context, framework);
}
