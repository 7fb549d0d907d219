/**
 * Kills (spec marathon-behaviour, section 5, kill service): a limited number at a time, repeated
 * until the task is reported to have ended.
 */
import { isTerminal, isUnkillable } from '../model/instance.ts';
import type { Turn } from './turn.ts';

/** Sends what may be sent now; called at the end of each turn. */
export function pumpKills(turn: Turn): void {
  const { state, settings, now } = turn;
  if (!state.isSubscribed || state.kills.size === 0) return;
  let inFlight = 0;
  let wakeAt: number | undefined;
  // Kills keep their place in the map, so those already sent come first and waiting ones last.
  for (const kill of state.kills.values()) {
    const instance = state.instances.get(kill.instanceId);
    const isOver = instance === undefined || isTerminal(instance.condition);
    if (isOver || instance.condition === 'Scheduled' || instance.tasks.length === 0) {
      state.kills.delete(kill.instanceId);
      continue;
    }
    if (isUnkillable(instance.condition)) continue;
    if (inFlight >= settings.killChunkSize) break;
    inFlight += 1;
    const retryAt = kill.sentAt === undefined ? now : kill.sentAt + settings.killRetryMs;
    if (retryAt <= now) {
      state.kills.set(kill.instanceId, { ...kill, sentAt: now, attempts: kill.attempts + 1 });
      for (const task of instance.tasks) {
        if (isTerminal(task.condition)) continue;
        turn.act({ kind: 'kill', taskId: task.id, agentId: instance.agent?.agentId });
      }
      wakeAt = Math.min(wakeAt ?? Infinity, now + settings.killRetryMs);
    } else {
      wakeAt = Math.min(wakeAt ?? Infinity, retryAt);
    }
  }
  if (wakeAt !== undefined) turn.act({ kind: 'wake', at: wakeAt });
}
