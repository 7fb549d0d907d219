/**
 * Replays what was recorded about a maintenance schedule and its inverse offers, and about
 * `max_completion_time` in a task group.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { at } from './support/json.ts';
import { http } from './support/programs.ts';
import { type Handler, mask, Replay } from './support/replay.ts';
import { SmallCluster } from './support/small-cluster.ts';

const HOUR_NANOSECONDS = 3_600_000_000_000;

const postSchedule: Handler = async (step, replay) => {
  const request = structuredClone(step['request']);
  const start = at(request, 'windows', 0, 'unavailability', 'start');
  if (start !== undefined) {
    Reflect.set(Object(start), 'nanoseconds', Date.now() * 1_000_000 + HOUR_NANOSECONDS);
  }
  const answer = await http('POST', `${replay.cluster.masterUrl}/maintenance/schedule`, request);
  assert.equal(answer.status, at(step, 'response', 'status'), answer.text);
  assert.equal(answer.text, at(step, 'response', 'text'));
};

const getStatus: Handler = async (step, replay) => {
  const answer = await http('GET', `${replay.cluster.masterUrl}/maintenance/status`);
  assert.deepEqual(mask(answer.body), mask(replay.translated(step['response'])));
};

test('maintenance and inverse offers come out as recorded', async (t) => {
  const cluster = await SmallCluster.start(t, 'golden-maintenance');
  const replay = new Replay(cluster);
  await replay.section(t, 'maintenance schedule and inverse offers', {
    'POST /maintenance/schedule': postSchedule,
    'POST /maintenance/schedule (empty)': postSchedule,
    'GET /maintenance/status': getStatus,
  });
  await replay.section(t, 'max_completion_time in a task group');
});
