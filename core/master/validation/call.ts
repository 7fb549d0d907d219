/**
 * Semantic validation of scheduler calls (spec scheduler-api, section 2, row 10 and its table).
 * Gives the reason, or undefined.
 */

import { isUuid } from '../../base/id-rules.ts';
import type { Call, CallType } from '../../wire/types/mesos.v1.scheduler.ts';

type PayloadField =
  | 'accept'
  | 'decline'
  | 'accept_inverse_offers'
  | 'decline_inverse_offers'
  | 'kill'
  | 'shutdown'
  | 'acknowledge'
  | 'acknowledge_operation_status'
  | 'reconcile'
  | 'reconcile_operations'
  | 'message'
  | 'request'
  | 'update_framework';

const PAYLOADS: Readonly<Partial<Record<CallType, PayloadField>>> = {
  ACCEPT: 'accept',
  DECLINE: 'decline',
  ACCEPT_INVERSE_OFFERS: 'accept_inverse_offers',
  DECLINE_INVERSE_OFFERS: 'decline_inverse_offers',
  KILL: 'kill',
  SHUTDOWN: 'shutdown',
  ACKNOWLEDGE: 'acknowledge',
  ACKNOWLEDGE_OPERATION_STATUS: 'acknowledge_operation_status',
  RECONCILE: 'reconcile',
  RECONCILE_OPERATIONS: 'reconcile_operations',
  MESSAGE: 'message',
  REQUEST: 'request',
  UPDATE_FRAMEWORK: 'update_framework',
};

export function validateCall(call: Call, principal: string | undefined): string | undefined {
  if (call.type === undefined) return present('type');
  if (call.type === 'SUBSCRIBE') return validateSubscribe(call, principal);
  if (call.framework_id === undefined) return present('framework_id');
  const payload = PAYLOADS[call.type];
  if (payload !== undefined && call[payload] === undefined) return present(payload);
  if (call.type === 'ACKNOWLEDGE') return validateUuid(call.acknowledge?.uuid);
  if (call.type === 'ACKNOWLEDGE_OPERATION_STATUS') {
    const why = validateUuid(call.acknowledge_operation_status?.uuid);
    if (why !== undefined) return why;
    return call.acknowledge_operation_status?.agent_id === undefined
      ? present('agent_id')
      : undefined;
  }
  if (call.type === 'UPDATE_FRAMEWORK') {
    const id = call.update_framework?.framework_info.id?.value;
    return id === call.framework_id.value
      ? undefined
      : "'framework_id' differs from 'update_framework.framework_info.id'";
  }
  return undefined;
}

function validateSubscribe(call: Call, principal: string | undefined): string | undefined {
  if (call.subscribe === undefined) return present('subscribe');
  const info = call.subscribe.framework_info;
  if (call.framework_id?.value !== info.id?.value) {
    return "'framework_id' differs from 'subscribe.framework_info.id'";
  }
  if (principal === undefined || info.principal === undefined) return undefined;
  return principal === info.principal ? undefined : principalMismatch(principal, info.principal);
}

export function principalMismatch(authenticated: string, given: string): string {
  return `Authenticated principal '${authenticated}' does not match principal '${given}' set in \`FrameworkInfo\``;
}

function validateUuid(uuid: Uint8Array | undefined): string | undefined {
  return uuid !== undefined && isUuid(uuid) ? undefined : 'Not a valid UUID';
}

function present(field: string): string {
  return `Expecting '${field}' to be present`;
}
