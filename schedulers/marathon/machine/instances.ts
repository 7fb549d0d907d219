/**
 * The life of instances: scheduled, decommissioned, relaunched, killed (spec marathon-behaviour,
 * sections 4.1 and 5). State table in the README.
 */
import type { Instant } from '../../../core/base/clock.ts';
import { seconds } from '../../../core/base/duration.ts';
import type { DelayRule } from '../../kit/launch-delay.ts';
import {
  type Condition,
  type Instance,
  isAtRest,
  isLeaving,
  isTerminal,
  isUnkillable,
  makeInstanceId,
  startedAtOf,
} from '../model/instance.ts';
import { isResident } from '../model/persistent-volumes.ts';
import type { RunSpec } from '../model/run-spec.ts';
import { timeUuid } from '../model/time-uuid.ts';
import type { Turn } from './turn.ts';

/** Adds an instance that waits for an offer. */
export function schedule(turn: Turn, spec: RunSpec): Instance {
  const instance: Instance = {
    id: makeInstanceId(spec.id, timeUuid(turn.now, turn.random)),
    spec,
    goal: 'Running',
    condition: 'Scheduled',
    since: turn.now,
    createdAt: turn.now,
    incarnation: 0,
    tasks: [],
  };
  turn.putInstance(instance);
  return instance;
}

/** Ends the instance for good: kills its task if it has one, forgets it otherwise. */
export function decommission(turn: Turn, instance: Instance): void {
  if (instance.goal === 'Decommissioned' && turn.state.kills.has(instance.id)) return;
  if (hasNoTask(instance) || isUnkillable(instance.condition)) {
    turn.expunge(instance);
    return;
  }
  const endCause = turn.causeOf(instance);
  const leaving: Instance = { ...instance, goal: 'Decommissioned', endCause };
  if (instance.goal !== 'Decommissioned') turn.putInstance(leaving);
  requestKill(turn, leaving);
}

/** Ends the instance for now: one with a reservation keeps that and can be resumed. */
export function retire(turn: Turn, instance: Instance): void {
  const { reservation, goal } = instance;
  const isHeld = reservation !== undefined && reservation.confirmBy === undefined;
  if (!isHeld || goal === 'Decommissioned') {
    decommission(turn, instance);
    return;
  }
  const stopped: Instance = { ...instance, goal: 'Stopped', endCause: turn.causeOf(instance) };
  if (goal !== 'Stopped') turn.putInstance(stopped);
  if (isLeaving(stopped)) requestKill(turn, stopped);
}

/** Adds an instance: one that was retired before if there is such, else a new one. */
export function add(turn: Turn, spec: RunSpec): void {
  const resting = isResident(spec)
    ? turn.state.instances.of(spec.id).find((each) => isAtRest(each) && hasNoTask(each))
    : undefined;
  if (resting === undefined) {
    schedule(turn, spec);
    return;
  }
  const { now } = turn;
  const fresh = { condition: 'Scheduled', since: now, endCause: undefined } as const;
  turn.putInstance({ ...resting, spec, goal: 'Running', ...fresh });
}

function hasNoTask({ condition }: Instance): boolean {
  return condition === 'Scheduled' || isTerminal(condition);
}

/** Kills the task; the instance is launched again unless it is decommissioned. */
export function requestKill(turn: Turn, instance: Instance): void {
  if (turn.state.kills.has(instance.id)) return;
  const endCause = turn.causeOf(instance);
  // Stored, so that the cause is known even if Marathon does not live to see the end.
  if (instance.endCause !== endCause) turn.putInstance({ ...instance, endCause });
  turn.state.kills.set(instance.id, { instanceId: instance.id, attempts: 0 });
  turn.touch(instance.spec.id);
}

/**
 * The task has ended. An instance that is still wanted waits for its next task, one that is only
 * stopped rests with its reservation, the others are forgotten.
 */
export function afterTaskEnded(turn: Turn, instance: Instance): void {
  turn.state.kills.delete(instance.id);
  turn.state.health.forget(instance.id);
  turn.recordEnd(instance);
  const isGone = instance.tasks.some(({ state }) => state === 'TASK_GONE_BY_OPERATOR');
  // Its agent does not come back, nor does what is reserved there.
  const kept = isGone
    ? { ...instance, reservation: undefined, agent: undefined }
    : doubted(turn, instance);
  if (kept.goal === 'Running') {
    turn.putInstance({ ...kept, condition: 'Scheduled', since: turn.now, endCause: undefined });
  } else if (kept.goal === 'Decommissioned' || kept.reservation === undefined) {
    turn.expunge(kept);
  }
}

/**
 * The very first task of a resident instance never ran, whoever said so: its agent may never have heard of
 * the reservation, which the master showed before the agent had it. The instance would wait for it for
 * ever; nothing has been written to the volumes, so another can try anew if no offer shows them.
 */
function doubted(turn: Turn, instance: Instance): Instance {
  const { reservation, incarnation } = instance;
  const isUnused = incarnation === 1 && startedAtOf(instance) === undefined;
  if (reservation === undefined || !isUnused) return instance;
  const confirmBy = turn.now + turn.settings.taskReservationTimeoutMs;
  return { ...instance, reservation: { ...reservation, confirmBy } };
}

export function delayKey(spec: RunSpec): string {
  return `${spec.id} ${spec.versionInfo.lastConfigChangeAt}`;
}

/** Until when its next launch has to wait. */
export function delayUntil(turn: Turn, instance: Instance): Instant {
  return turn.state.delays.until(delayKey(instance.spec), turn.now);
}

export function isDelayed(turn: Turn, instance: Instance): boolean {
  return delayUntil(turn, instance) > turn.now;
}

export function delayRule(spec: RunSpec): DelayRule {
  const maxMs = seconds(spec.maxLaunchDelaySeconds);
  return {
    initialMs: Math.min(seconds(spec.backoffSeconds), maxMs),
    factor: spec.backoffFactor,
    maxMs,
  };
}

/** Endings that make the next launch wait; being killed is none of them. */
export function delaysLaunches(condition: Condition): boolean {
  return ['Dropped', 'Error', 'Failed', 'Gone', 'Finished'].includes(condition);
}

/** When the unreachable instance counts no longer and when it is forgotten; undefined = never. */
export function unreachableTimes(
  instance: Instance,
): { readonly inactiveAt: Instant; readonly expungeAt: Instant } | undefined {
  const strategy = instance.spec.unreachableStrategy;
  if (strategy === 'disabled') return undefined;
  return {
    inactiveAt: instance.since + seconds(strategy.inactiveAfterSeconds),
    expungeAt: instance.since + seconds(strategy.expungeAfterSeconds),
  };
}

/** Whether the instance counts towards the number the app or pod wants. */
export function counts(instance: Instance): boolean {
  return instance.goal === 'Running' && instance.condition !== 'UnreachableInactive';
}
