/**
 * Replays what was recorded about a framework's life: kills that a task ignores, disconnection and
 * `failover_timeout`, framework ids, refused subscriptions, UPDATE_FRAMEWORK, stale offers.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { at, listAt } from './support/json.ts';
import { eventually, http } from './support/programs.ts';
import { type Handler, Replay } from './support/replay.ts';
import { SmallCluster } from './support/small-cluster.ts';
import { afterTrap } from './support/trap-steps.ts';

/** The policy of a KILL is dropped by the default command executor: nothing is killed in time. */
const afterGrace =
  (taskId: string, graceMs: number): Handler =>
  async (step, replay) => {
    await pause(graceMs + 300);
    const isOver = replay.session.stream.events.some(
      (event) => at(event, 'update', 'status', 'task_id', 'value') === taskId,
    );
    assert.ok(!isOver, `${taskId} lives on`);
    await replay.call(step);
  };

const closeStream: Handler = async (_step, replay) => {
  replay.session.stream.close();
  await eventually('the master sees the end of the stream', async () => {
    const answer = await http('GET', `${replay.cluster.masterUrl}/frameworks`);
    const framework = listAt(answer.body, 'frameworks').find(
      (each) => at(each, 'id') === replay.session.frameworkId,
    );
    return at(framework, 'connected') === false;
  });
};

/** A framework is gone when its `failover_timeout` is over. */
const removed: Handler = async (_step, replay) => {
  await eventually('the framework is removed', async () => {
    const answer = await http('GET', `${replay.cluster.masterUrl}/frameworks`);
    return listAt(answer.body, 'completed_frameworks').some(
      (each) => at(each, 'id') === replay.session.frameworkId,
    );
  });
};

test('disconnection, ids, refusals and updates of a framework come out as recorded', async (t) => {
  const cluster = await SmallCluster.start(t, 'golden-life');
  const replay = new Replay(cluster);
  const label =
    'kill policy with the default command executor, disconnection and failover_timeout 5, ids, refusals, UPDATE_FRAMEWORK, invalid offers';
  await replay.section(t, label, {
    'KILL with kill_policy 2 s': afterTrap,
    'ACCEPT the same again': afterGrace('kp', 2_000),
    KILL: afterTrap,
    'ACCEPT task that ignores SIGTERM, max_completion_time 2 s': afterGrace('kp2', 3_000),
    'client closes the stream': closeStream,
    'client closes the stream again': closeStream,
    'six seconds later, the timer of the first disconnection is void': () => pause(5_500),
    '6.5 s later': removed,
    // That the stream ends was checked with the event before.
    stream: () => Promise.resolve(),
  });
});
