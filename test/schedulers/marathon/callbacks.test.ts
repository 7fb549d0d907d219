/** Events by HTTP callback, as clients of the 0.8 era get them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { at, SLEEP, World } from './world.ts';

const URL = 'http://listener.example/events';

test('subscribed URLs get every event, over restarts too, and are left alone when they fail', async () => {
  const world = await World.start({ event_subscriber: 'http_callback' });
  const answer = await world.call(
    'POST',
    `/v2/eventSubscriptions?callbackUrl=${encodeURIComponent(URL)}`,
  );
  assert.equal(answer.status, 200);
  assert.equal(at(answer.body, 'callbackUrl'), URL);
  assert.equal(at(answer.body, 'eventType'), 'subscribe_event');
  await world.restart();
  const list = await world.call('GET', '/v2/eventSubscriptions');
  assert.deepEqual(list.body, { callbackUrls: [URL] });
  const before = world.master.probes.length;
  await world.call('POST', '/v2/apps', SLEEP);
  await world.advance(3_000);
  assert.ok(world.master.probes.length >= before + 8);
  world.master.probeStatus = 500;
  await world.call('PUT', '/v2/apps/sleep', { instances: 2 });
  await world.advance(1);
  const failed = world.master.probes.length;
  await world.call('PUT', '/v2/apps/sleep?force=true', { instances: 3 });
  assert.equal(world.master.probes.length, failed);
  await world.call('DELETE', `/v2/eventSubscriptions?callbackUrl=${encodeURIComponent(URL)}`);
  assert.deepEqual((await world.call('GET', '/v2/eventSubscriptions')).body, { callbackUrls: [] });
  await world.stop();
});

test('without the flag the answer names it', async () => {
  const world = await World.start();
  const answer = await world.call('GET', '/v2/eventSubscriptions');
  assert.equal(answer.status, 400);
  assert.match(String(at(answer.body, 'message')), /--event_subscriber http_callback/);
  await world.stop();
});
