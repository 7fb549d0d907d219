/** Requests recorded from a client that others wrote are answered as that client expects. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { at, World } from './world.ts';

const RECORDING = new URL('../../wire/golden/clients/marathon-python.json', import.meta.url);

test('the session of a Python client is answered with the same statuses again', async () => {
  const world = await World.start();
  const recording: unknown = JSON.parse(readFileSync(RECORDING, 'utf8'));
  const requests = at(recording, 'requests');
  assert.ok(Array.isArray(requests) && requests.length === 10);
  for (const request of requests) {
    const method = String(at(request, 'method'));
    const path = String(at(request, 'path'));
    const body = String(at(request, 'body'));
    const answer = await world.call(method, path, body === '' ? undefined : body);
    assert.equal(answer.status, at(request, 'status'), `${method} ${path}: ${answer.text}`);
    await world.advance(5_000);
  }
  const apps = await world.call('GET', '/v2/apps');
  assert.deepEqual(at(apps.body, 'apps'), []);
  await world.stop();
});
