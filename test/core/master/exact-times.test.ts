/** Nanoseconds beyond 2^53 come back as they were given, legacy and v1, in JSON and protobuf. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeMessage } from '../../../core/wire/codec.ts';
import { toJson } from '../../../core/wire/json.ts';
import type { Exchange } from '../operator/recordings.ts';
import { exchangesOf } from '../operator/recordings.ts';
import { recordedState, startRecordedMaster } from './recorded-master.ts';

const SCHEDULE =
  '{"windows":[{"machine_ids":[{"hostname":"a1","ip":"10.0.0.5"}],"unavailability":' +
  '{"duration":{"nanoseconds":3600000000000001},"start":{"nanoseconds":1443830400123456789}}}]}';

function request(method: 'GET' | 'POST', path: string, body?: string, accept?: string) {
  const headers: Record<string, string> = path === '/api/v1' ? V1 : {};
  const shown: Exchange['request'] = {
    method,
    path,
    headers: { ...headers, ...(accept === undefined ? {} : { Accept: accept }) },
    body,
  };
  return { request: shown };
}

const V1 = { 'Content-Type': 'application/json', Accept: 'application/json' };

test('the times of a schedule keep all their digits', async () => {
  await using it = await startRecordedMaster(recordedState(exchangesOf('operator-empty.json')));
  const posted = await it.ask(request('POST', '/maintenance/schedule', SCHEDULE));
  assert.equal(posted.status, 200, posted.body.toString());
  const legacy = await it.ask(request('GET', '/maintenance/schedule'));
  assert.match(legacy.body.toString(), /"nanoseconds":1443830400123456789\b/);
  assert.match(legacy.body.toString(), /"nanoseconds":3600000000000001\b/);
  const call = '{"type":"GET_MAINTENANCE_SCHEDULE"}';
  const v1 = await it.ask(request('POST', '/api/v1', call));
  assert.match(v1.body.toString(), /"start":\{"nanoseconds":1443830400123456789\}/);
  const binary = await it.ask(request('POST', '/api/v1', call, 'application/x-protobuf'));
  const decoded = decodeMessage('mesos.v1.master.Response', binary.body);
  assert.ok(decoded.ok);
  assert.equal(toJson('mesos.v1.master.Response', decoded.value), v1.body.toString());
  const registry = await it.ask(request('GET', '/registrar(1)/registry'));
  assert.match(registry.body.toString(), /"nanoseconds":1443830400123456789\b/);
});
