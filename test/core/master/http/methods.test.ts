/** Endpoints that look at the method of a request (spec operator-api, sections 2 and 4). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Exchange } from '../../operator/recordings.ts';
import { exchangesOf } from '../../operator/recordings.ts';
import { recordedState, startRecordedMaster } from '../recorded-master.ts';

/** What each takes. */
const ENDPOINTS: Readonly<Record<string, string>> = {
  '/weights': 'GET, PUT',
  '/quota': 'GET, POST, DELETE',
  '/quota/web': 'GET, POST, DELETE',
  '/reserve': 'POST',
  '/unreserve': 'POST',
  '/create-volumes': 'POST',
  '/destroy-volumes': 'POST',
  '/teardown': 'POST',
  '/maintenance/schedule': 'GET, POST',
  '/maintenance/status': 'GET',
  '/machine/down': 'POST',
  '/machine/up': 'POST',
  '/api/v1': 'POST',
};
const METHODS = ['GET', 'POST', 'PUT', 'DELETE'] as const;

test('a method that an endpoint does not take is 405 with those it takes', async () => {
  await using it = await startRecordedMaster(recordedState(exchangesOf('operator-idle.json')));
  for (const [path, allowed] of Object.entries(ENDPOINTS)) {
    for (const method of METHODS.filter((each) => !allowed.split(', ').includes(each))) {
      const request: Exchange['request'] = { method, path, headers: {} };
      const { status, headers, body } = await it.ask({ request });
      const quoted = allowed.split(', ').map((each) => `'${each}'`);
      const text = `405 Method Not Allowed. Expecting one of { ${quoted.join(', ')} }, but received '${method}'.`;
      assert.deepEqual([status, body.toString()], [405, text], `${method} ${path}`);
      assert.equal(headers.find(([name]) => name === 'Allow')?.[1], allowed);
    }
  }
});

test('a quota of resources that name a role is a reservation in the old form, and refused', async () => {
  await using it = await startRecordedMaster(recordedState(exchangesOf('operator-idle.json')));
  const guarantee = [{ name: 'cpus', type: 'SCALAR', scalar: { value: 1 }, role: 'web' }];
  const body = JSON.stringify({ role: 'web', guarantee });
  const answer = await it.ask({ request: { method: 'POST', path: '/quota', headers: {}, body } });
  assert.equal(
    `${answer.status} ${answer.body}`,
    '400 Failed to validate set quota request: QuotaInfo must not contain any ReservationInfo',
  );
});
