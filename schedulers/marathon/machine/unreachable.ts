/** Instances on agents that are lost from sight (spec marathon-behaviour, section 5, unreachable). */
import type { Instance } from '../model/instance.ts';
import { unreachableTimes } from './instances.ts';
import type { Turn } from './turn.ts';

/**
 * Called when an instance has just become unreachable: what has already expired (with the default
 * of 0/0 everything has) happens at once, the rest is waited for.
 */
export function handleUnreachable(turn: Turn, instance: Instance): void {
  if (instance.goal === 'Stopped') return;
  if (instance.goal === 'Decommissioned') {
    turn.expunge(instance);
    return;
  }
  const times = unreachableTimes(instance);
  if (times === undefined) return;
  if (times.expungeAt <= turn.now) {
    turn.because({ by: 'unreachable' }, () => turn.expunge(instance));
    return;
  }
  if (instance.condition === 'Unreachable') becomeInactiveWhenDue(turn, instance);
}

/** The sweep forgets instances whose time is over. */
export function sweepUnreachable(turn: Turn): void {
  for (const instance of turn.state.instances.unreachable()) {
    const times = unreachableTimes(instance);
    if (times !== undefined && times.expungeAt <= turn.now) {
      turn.because({ by: 'unreachable' }, () => turn.expunge(instance));
    } else if (instance.condition === 'Unreachable') becomeInactiveWhenDue(turn, instance);
  }
}

function becomeInactiveWhenDue(turn: Turn, instance: Instance): void {
  const times = unreachableTimes(instance);
  if (times === undefined) return;
  if (times.inactiveAt <= turn.now) {
    turn.putInstance({ ...instance, condition: 'UnreachableInactive' });
  } else {
    turn.act({ kind: 'wake', at: times.inactiveAt });
  }
}

/** Instances whose inactive time has come; cheap enough for every wake. */
export function updateInactive(turn: Turn): void {
  for (const instance of turn.state.instances.unreachable()) {
    if (instance.condition === 'Unreachable') becomeInactiveWhenDue(turn, instance);
  }
}
