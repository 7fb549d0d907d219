/** Forgets updates that are over: old ones, too many of a job, and those of jobs that are gone (spec aurora-scheduler, section 3.3). */

import type { Turn } from './turn.ts';
import type { StoredUpdate } from './update-table.ts';

export function pruneUpdates(turn: Turn): void {
  const { intervalMs, keptMs, perJobMax } = turn.settings.updateHistory;
  turn.timetable.set('prune-updates', '', turn.now + intervalMs);
  for (const job of [...turn.state.updates.jobs()]) {
    const ended = turn.state.updates
      .ofJob(job)
      .filter((update) => !update.isActive)
      .sort((a, b) => endOf(b) - endOf(a));
    const isGone = turn.state.tasks.ofJob(job).length === 0;
    ended.forEach((update, at) => {
      if (!isGone && at < perJobMax && turn.now - endOf(update) < keptMs) return;
      turn.persist(turn.state.updates.remove(update));
      turn.count('job_updates_pruned');
    });
  }
}

function endOf(update: StoredUpdate): number {
  return update.state.lastModifiedTimestampMs;
}
