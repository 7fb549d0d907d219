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
  isTerminal,
  isUnkillable,
  makeInstanceId,
} from '../model/instance.ts';
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
  const hasNoTask = instance.condition === 'Scheduled' || isTerminal(instance.condition);
  if (hasNoTask || isUnkillable(instance.condition)) {
    turn.expunge(instance);
    return;
  }
  if (instance.goal !== 'Decommissioned') turn.putInstance({ ...instance, goal: 'Decommissioned' });
  requestKill(turn, instance);
}

/** Kills the task; the instance is launched again unless it is decommissioned. */
export function requestKill(turn: Turn, instance: Instance): void {
  if (turn.state.kills.has(instance.id)) return;
  turn.state.kills.set(instance.id, { instanceId: instance.id, attempts: 0 });
  turn.touch(instance.spec.id);
}

/**
 * The task has ended. An instance that is still wanted waits for its next task, the others are
 * forgotten.
 */
export function afterTaskEnded(turn: Turn, instance: Instance): void {
  turn.state.kills.delete(instance.id);
  turn.state.health.forget(instance.id);
  if (instance.goal !== 'Running') {
    turn.expunge(instance);
    return;
  }
  turn.putInstance({ ...instance, condition: 'Scheduled', since: turn.now });
}

export function delayKey(spec: RunSpec): string {
  return `${spec.id} ${spec.versionInfo.lastConfigChangeAt}`;
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
