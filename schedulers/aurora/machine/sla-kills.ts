/**
 * Kills that wait until the policy of their job allows them, for updates and for hosts that go out of service (spec
 * aurora-scheduler, sections 6.4 and 8). Not stored: an update that is read again asks again, and so does the
 * next look at a host.
 */
import type { DurationMs } from '../../../core/base/duration.ts';
import { seconds } from '../../../core/base/duration.ts';
import type { ScheduledTask, SlaPolicy as ThriftPolicy } from '../thrift/types.ts';
import { keyText } from './job-key.ts';
import { AGENT_ASSIGNED } from './schedule-status.ts';
import { runningSince } from './sla-figures.ts';
import { type KillAnswer, mayKill, type SlaPolicy } from './sla-kill.ts';
import { idOf, jobOf } from './task-table.ts';
import type { Turn } from './turn.ts';

/** The key of a coordinator's answer, when the policy names none. */
const STATUS_KEY = 'drain';

export interface SlaKill {
  readonly policy: ThriftPolicy;
  /** Whether it is still wanted; asked before it is carried out. */
  readonly isWanted: (turn: Turn, task: ScheduledTask) => boolean;
  readonly carryOut: (turn: Turn, task: ScheduledTask) => void;
  /** The policy is looked at now. */
  readonly attempted?: (turn: Turn) => void;
  /** Asked again by itself; else whoever wants it asks again. */
  readonly repeats: boolean;
  /** Told to coordinators: until it is done without them. */
  readonly forcedInMs?: DurationMs;
}

interface Waiting {
  readonly kill: SlaKill;
  pauseMs: DurationMs;
  isAsking: boolean;
}

export class SlaKills {
  /** By task. */
  private readonly waiting = new Map<string, Waiting>();

  has(taskId: string): boolean {
    return this.waiting.has(taskId);
  }

  /** At once when the policy allows it. While a coordinator is asked about the task, nothing happens. */
  request(turn: Turn, task: ScheduledTask, kill: SlaKill): void {
    const known = this.waiting.get(idOf(task));
    if (known?.isAsking === true) return;
    const { retryMinMs } = turn.settings.slaKills;
    const waiting = { kill, pauseMs: retryMinMs, isAsking: false };
    this.waiting.set(idOf(task), waiting);
    this.decide(turn, task, waiting);
  }

  due(turn: Turn, taskId: string): void {
    const waiting = this.waiting.get(taskId);
    if (waiting === undefined || waiting.isAsking) return;
    const task = this.stillWanted(turn, taskId, waiting);
    if (task !== undefined) this.decide(turn, task, waiting);
  }

  /** A coordinator has answered, or could not be asked. */
  answered(turn: Turn, taskId: string, isPermitted: boolean): void {
    const waiting = this.waiting.get(taskId);
    if (waiting?.isAsking !== true) return;
    waiting.isAsking = false;
    const task = this.stillWanted(turn, taskId, waiting);
    if (task === undefined) return;
    if (isPermitted) this.permit(turn, task, waiting);
    else this.putOff(turn, taskId, waiting);
  }

  private decide(turn: Turn, task: ScheduledTask, waiting: Waiting): void {
    const { policy, attempted } = waiting.kill;
    attempted?.(turn);
    const answer = answerFor(turn, task, policy);
    switch (answer.kind) {
      case 'permitted':
        this.permit(turn, task, waiting);
        return;
      case 'refused':
        this.putOff(turn, idOf(task), waiting);
        return;
      case 'ask':
        waiting.isAsking = true;
        turn.act({
          kind: 'ask-coordinator',
          url: answer.url,
          statusKey: answer.statusKey,
          task,
          forcedInMs: waiting.kill.forcedInMs,
        });
        return;
    }
  }

  private permit(turn: Turn, task: ScheduledTask, { kill }: Waiting): void {
    this.forget(turn, idOf(task));
    kill.carryOut(turn, task);
  }

  private putOff(turn: Turn, taskId: string, waiting: Waiting): void {
    if (!waiting.kill.repeats) {
      this.forget(turn, taskId);
      return;
    }
    turn.timetable.set('sla-kill', taskId, turn.now + waiting.pauseMs);
    waiting.pauseMs = Math.min(waiting.pauseMs * 2, turn.settings.slaKills.retryMaxMs);
  }

  private stillWanted(turn: Turn, taskId: string, { kill }: Waiting): ScheduledTask | undefined {
    const task = turn.state.tasks.get(taskId);
    if (task !== undefined && AGENT_ASSIGNED.has(task.status) && kill.isWanted(turn, task)) {
      return task;
    }
    this.forget(turn, taskId);
    return undefined;
  }

  private forget(turn: Turn, taskId: string): void {
    this.waiting.delete(taskId);
    turn.timetable.clear('sla-kill', taskId);
  }
}

function answerFor(turn: Turn, task: ScheduledTask, policy: ThriftPolicy): KillAnswer {
  const active = turn.state.tasks.activeOf(keyText(jobOf(task)));
  const others = active.filter((each) => idOf(each) !== idOf(task));
  return mayKill(
    {
      policy: policyOf(policy),
      isProduction: turn.settings.tiers.isProduction(task.assignedTask.task),
      activeCount: active.length,
      othersRunningSince: others.flatMap(({ taskEvents }) => runningSince(taskEvents) ?? []),
    },
    {
      checksNonProduction: turn.settings.slaKills.checksNonProduction,
      instancesMin: turn.settings.configuration.slaInstancesMin,
    },
    turn.now,
  );
}

function policyOf(policy: ThriftPolicy): SlaPolicy {
  if ('percentageSlaPolicy' in policy) {
    return { kind: 'percentage', ...policy.percentageSlaPolicy };
  }
  if ('countSlaPolicy' in policy) return { kind: 'count', ...policy.countSlaPolicy };
  const { coordinatorUrl, statusKey } = policy.coordinatorSlaPolicy;
  return { kind: 'coordinator', url: coordinatorUrl, statusKey: statusKey || STATUS_KEY };
}

/** How long until a host is taken without asking anybody. */
export function forcedInMs(
  request: { readonly createdTimestampMs: number; readonly timeoutSecs: number },
  now: number,
): DurationMs {
  return Math.max(0, request.createdTimestampMs + seconds(request.timeoutSecs) - now);
}
