/** Which requests of operators need what (spec ha-and-security, section 6); a missing right is 403. */
import type { Action } from '../../auth/actions.ts';
import type { Approvers } from '../../auth/authorizer.ts';
import { unreachable } from '../../base/assert.ts';
import { type OperatorAnswer, type OperatorRequest, refuse } from './requests.ts';

export const FORBIDDEN: OperatorAnswer = refuse(403, '403 Forbidden.');

/** Asked when the request has been found valid, as the original does: what is not gives 400 to everybody. */
export type Permit = () => OperatorAnswer | undefined;

/** Undefined when all that is asked for is allowed; changes of resources are checked by themselves. */
export function refuseRequest(
  approvers: Approvers,
  request: OperatorRequest,
): OperatorAnswer | undefined {
  const isAllowed = needsOf(request).every(([action, object]) =>
    approvers.approved(action, object),
  );
  return isAllowed ? undefined : FORBIDDEN;
}

type Need = readonly [action: Action, object?: string];

function needsOf(request: OperatorRequest): readonly Need[] {
  switch (request.kind) {
    case 'set-quota':
      return [['update_quotas', request.request.role ?? '']];
    case 'remove-quota':
      return [['update_quotas', request.role]];
    case 'update-quota':
      return request.configs.map(({ role }) => ['update_quotas', role]);
    case 'update-weights':
      if (request.infos.length === 0) return [['update_weights']];
      return request.infos.map(({ role }) => ['update_weights', (role ?? '').trim()]);
    case 'update-schedule':
      return [['update_maintenance_schedules']];
    case 'start-maintenance':
      return [['start_maintenances']];
    case 'stop-maintenance':
      return [['stop_maintenances']];
    case 'drain-agent':
      return request.markGone === true
        ? [['drain_agents'], ['mark_agents_gone']]
        : [['drain_agents']];
    case 'deactivate-agent':
      return [['deactivate_agents']];
    case 'reactivate-agent':
      return [['reactivate_agents']];
    case 'mark-agent-gone':
      return [['mark_agents_gone']];
    case 'change-resources':
      return [];
    default:
      return unreachable(request);
  }
}
