/**
 * Whether a call may be taken, and the HTTP answer when not: rows 13 to 19 of spec scheduler-api,
 * section 2, and the answers of UPDATE_FRAMEWORK (section 14.9). Pure questions to the state.
 */
import { type FrameworkId, frameworkId } from '../base/ids.ts';
import type { Call } from '../wire/types/mesos.v1.scheduler.ts';
import { REGISTRATION_FAILURE, refuseRegistration } from './authorization.ts';
import type { MasterContext } from './context.ts';
import type { Framework } from './records.ts';
import { principalMismatch } from './validation/call.ts';
import {
  refuseFrameworkInfo,
  refuseImmutableChange,
  refuseRolesAndConstraints,
} from './validation/framework.ts';

export interface CallRefusal {
  readonly status: number;
  readonly text: string;
}

export type CallVerdict =
  | { readonly ok: true; readonly framework: FrameworkId }
  | { readonly ok: false; readonly refusal: CallRefusal };

export interface CallOrigin {
  readonly principal: string | undefined;
  /** The `Mesos-Stream-Id` header. */
  readonly streamId: string | undefined;
}

/** `call` has passed `validateCall` and is not SUBSCRIBE. */
export function checkCall(context: MasterContext, call: Call, origin: CallOrigin): CallVerdict {
  const id = frameworkId(call.framework_id?.value ?? '');
  const framework = context.state.frameworks.get(id);
  if (framework === undefined) return refuse(400, 'Framework cannot be found');
  const refused =
    refusePrincipal(framework, origin) ??
    refuseConnection(framework, origin) ??
    refuseCallContents(context, framework, call);
  if (refused !== undefined) return { ok: false, refusal: refused };
  return { ok: true, framework: id };
}

/** What is refused whoever sends it. */
export function refuseCallContents(
  context: MasterContext,
  framework: Framework,
  call: Call,
): CallRefusal | undefined {
  if (call.type === 'UNKNOWN') return { status: 501, text: '501 Not Implemented.' };
  return call.type === 'UPDATE_FRAMEWORK' ? refuseUpdate(context, framework, call) : undefined;
}

function refuse(status: number, text: string): CallVerdict {
  return { ok: false, refusal: { status, text } };
}

function refusePrincipal(framework: Framework, origin: CallOrigin): CallRefusal | undefined {
  const { principal } = origin;
  const given = framework.info.principal;
  if (principal === undefined || given === undefined || principal === given) return undefined;
  return { status: 400, text: principalMismatch(principal, given) };
}

function refuseConnection(framework: Framework, origin: CallOrigin): CallRefusal | undefined {
  const { connection } = framework;
  if (connection === undefined) return { status: 403, text: 'Framework is not subscribed' };
  if (connection.kind === 'pid') {
    return { status: 403, text: 'Framework is not connected via HTTP' };
  }
  if (origin.streamId === undefined) {
    const text = "All non-subscribe calls should include the 'Mesos-Stream-Id' header";
    return { status: 400, text };
  }
  if (origin.streamId === connection.id) return undefined;
  const text = `The stream ID '${origin.streamId}' included in this request didn't match the stream ID currently associated with framework ID ${framework.id}`;
  return { status: 400, text };
}

function refuseUpdate(
  context: MasterContext,
  framework: Framework,
  call: Call,
): CallRefusal | undefined {
  const update = call.update_framework;
  if (update === undefined) return undefined;
  const info = update.framework_info;
  const invalid = refuseFrameworkInfo(context, info);
  if (invalid !== undefined) {
    return { status: 400, text: `Supplied FrameworkInfo is not valid: ${invalid}` };
  }
  const immutable = refuseImmutableChange(framework.info, info);
  if (immutable !== undefined) {
    return { status: 400, text: `FrameworkInfo update is not valid: ${immutable}` };
  }
  const roles = refuseRolesAndConstraints(context, info, update);
  if (roles !== undefined) {
    return { status: 400, text: `'UpdateFramework' call is not valid: ${roles}` };
  }
  const unauthorized = refuseRegistration(context, info);
  if (unauthorized === undefined) return undefined;
  return { status: unauthorized.startsWith(REGISTRATION_FAILURE) ? 400 : 403, text: unauthorized };
}
