/**
 * Replays what was recorded about offers: how long they stay away after DECLINE and ACCEPT, offers
 * used together, kill policies, task groups that fail, the versions of uuids, best-effort calls.
 *
 * Differences on purpose: freed and declined resources are offered as soon as their filter ends,
 * not at the next tick of a second.
 */
import { test } from 'node:test';
import { type Handler, Replay } from './support/replay.ts';
import { SmallCluster } from './support/small-cluster.ts';

/**
 * The recorded kills came 40 ms after TASK_RUNNING, before the shell had set its trap, so that
 * SIGTERM ended it. Whether a shell gets there in time is chance; without the trap it is certain.
 */
const withoutTrap: Handler = (step, replay) =>
  replay.call(replay.withText(step, "trap 'echo' TERM; ", ''));

test('declines, partial accepts, kills and groups come out as recorded', async (t) => {
  const cluster = await SmallCluster.start(t, 'golden-offers');
  const replay = new Replay(cluster);
  await replay.section(t, 'declines and offers', {
    'ACCEPT kp': withoutTrap,
    'ACCEPT kp2': withoutTrap,
  });
});
