/**
 * Replays what was recorded about offer operations with ids: every refusal with its text, the ones
 * that succeed, the offers in between, reconciliation of operations; then an agent that is killed
 * and comes back in time, seen by frameworks with and without checkpointing and PARTITION_AWARE.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AGENT_HANDLERS } from './support/agent-steps.ts';
import { at } from './support/json.ts';
import { Replay } from './support/replay.ts';
import type { Json } from './support/scheduler-session.ts';
import { SmallCluster } from './support/small-cluster.ts';

/**
 * The recorded master lost the 10 MB that SHRINK_VOLUME cut off until the framework was removed;
 * this one offers them at once.
 */
function withShrunkDisk(steps: readonly Json[]): readonly Json[] {
  const shrinkAt = steps.findIndex((step) => step['label'] === 'ACCEPT SHRINK_VOLUME');
  return steps.map((step, index) => {
    if (index <= shrinkAt) return step;
    const text = JSON.stringify(step).replaceAll('"scalar":{"value":30}', '"scalar":{"value":40}');
    return JSON.parse(text.replaceAll(')]):30;', ')]):40;'));
  });
}

/** The offer was there before the task ended; the recording client looked at it afterwards. */
function withOfferBeforeEnd(steps: readonly Json[]): readonly Json[] {
  const endAt = steps.findIndex(
    (step) => at(step, 'event', 'update', 'status', 'state') === 'TASK_FINISHED',
  );
  const [end, offer] = steps.slice(endAt, endAt + 2);
  assert.ok(end !== undefined && offer !== undefined);
  return steps.toSpliced(endAt, 2, offer, end);
}

test('operations come out as recorded', async (t) => {
  const cluster = await SmallCluster.start(t, 'golden-operations');
  const replay = new Replay(cluster, { refusedRole: 'web/sub' });
  await replay.section(t, 'operations with ids: refusals and successes', {}, (steps) =>
    withOfferBeforeEnd(withShrunkDisk(steps)),
  );
  await replay.section(
    t,
    'agent killed with SIGKILL and started again well inside the ping timeout',
    AGENT_HANDLERS,
  );
});
