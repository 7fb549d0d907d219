/**
 * Takes operators' requests one by one: while one waits for its write, the next ones wait, so that
 * each is checked against what the one before left (two quotas of one role, two schedules).
 */
import { unreachable } from '../../base/assert.ts';
import type { MasterContext } from '../context.ts';
import { deactivateAgent, drainAgent, reactivateAgent } from './agents.ts';
import { markAgentGone } from './gone.ts';
import { startMaintenance, stopMaintenance, updateSchedule } from './maintenance.ts';
import { type Permit, refuseRequest } from './permissions.ts';
import { removeQuota, setQuota, updateQuota } from './quota.ts';
import type { OperatorRequest, Outcome } from './requests.ts';
import { changeResources } from './resources.ts';
import { updateWeights } from './weights.ts';

interface Waiting {
  readonly ticket: number;
  readonly request: OperatorRequest;
  readonly principal: string | undefined;
}

export class OperatorDesk {
  private readonly context: MasterContext;
  private readonly queue: Waiting[] = [];
  private isBusy = false;

  constructor(context: MasterContext) {
    this.context = context;
  }

  /** The answer is an effect that carries the ticket. */
  receive(waiting: Waiting): void {
    this.queue.push(waiting);
    this.work();
  }

  private work(): void {
    while (!this.isBusy) {
      const next = this.queue.shift();
      if (next === undefined) return;
      this.serve(next);
    }
  }

  private serve({ ticket, request, principal }: Waiting): void {
    const approvers = this.context.approversOf(principal);
    const outcome = decide(this.context, request, () => refuseRequest(approvers, request));
    if (typeof outcome !== 'function') {
      this.context.emit({ kind: 'answer', ticket, answer: outcome });
      return;
    }
    this.isBusy = true;
    outcome((answer) => {
      this.context.emit({ kind: 'answer', ticket, answer });
      this.isBusy = false;
      this.work();
    });
  }
}

function decide(context: MasterContext, request: OperatorRequest, permit: Permit): Outcome {
  switch (request.kind) {
    case 'set-quota':
      return setQuota(context, request.request, permit);
    case 'remove-quota':
      return removeQuota(context, request.role, request.path, permit);
    case 'update-quota':
      return updateQuota(context, request.configs, request.isForced, permit);
    case 'update-weights':
      return updateWeights(context, request.infos, permit);
    case 'update-schedule':
      return updateSchedule(context, request.schedule, permit);
    case 'start-maintenance':
      return startMaintenance(context, request.machines, permit);
    case 'stop-maintenance':
      return stopMaintenance(context, request.machines, permit);
    case 'drain-agent':
      return drainAgent(context, request, permit);
    case 'deactivate-agent':
      return permit() ?? deactivateAgent(context, request.agent);
    case 'reactivate-agent':
      return permit() ?? reactivateAgent(context, request.agent);
    case 'mark-agent-gone':
      return permit() ?? markAgentGone(context, request.agent);
    case 'change-resources':
      return changeResources(context, request);
    default:
      return unreachable(request);
  }
}
