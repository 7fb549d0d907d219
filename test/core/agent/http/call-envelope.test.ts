import assert from 'node:assert/strict';
import { test } from 'node:test';
import { callEnvelope, envelopeFault } from '../../../../core/agent/http/call-envelope.ts';
import type { Call } from '../../../../core/wire/types/mesos.v1.agent.ts';

const JSON_TYPE = 'application/json';
const RECORDIO = 'application/recordio';

/** What the headers and the call lead to: `ok`, or status and text. */
function outcome(headers: Readonly<Record<string, string>>, type: Call['type']): string {
  const envelope = callEnvelope(headers);
  const fault = envelope.ok ? envelopeFault({ type }, envelope.value) : envelope.error;
  return fault === undefined ? 'ok' : `${fault.status} ${fault.text}`;
}

const CASES: readonly [Readonly<Record<string, string>>, Call['type'], string][] = [
  [{ 'content-type': JSON_TYPE }, 'GET_HEALTH', 'ok'],
  [{ 'content-type': `${JSON_TYPE}; charset=utf-8`, accept: '*/*' }, 'GET_HEALTH', 'ok'],
  [{}, 'GET_HEALTH', "400 Expecting 'Content-Type' to be present"],
  [
    { 'content-type': 'text/plain' },
    'GET_HEALTH',
    "415 Expecting 'Content-Type' of application/json or application/x-protobuf or application/recordio",
  ],
  [
    { 'content-type': RECORDIO, 'message-content-type': 'text/plain' },
    'ATTACH_CONTAINER_INPUT',
    "415 Expecting 'Message-Content-Type' of application/json or application/x-protobuf",
  ],
  [
    { 'content-type': RECORDIO, 'message-content-type': 'application/x-protobuf' },
    'ATTACH_CONTAINER_INPUT',
    'ok',
  ],
  [
    { 'content-type': JSON_TYPE, accept: 'text/html' },
    'GET_HEALTH',
    "406 Expecting 'Accept' to allow application/json or application/x-protobuf or application/recordio",
  ],
  [
    { 'content-type': JSON_TYPE, accept: RECORDIO, 'message-accept': 'text/html' },
    'ATTACH_CONTAINER_OUTPUT',
    "406 Expecting 'Message-Accept' to allow application/json or application/x-protobuf",
  ],
  [{ 'content-type': JSON_TYPE, accept: RECORDIO }, 'ATTACH_CONTAINER_OUTPUT', 'ok'],
  [{ 'content-type': JSON_TYPE, accept: RECORDIO }, 'LAUNCH_NESTED_CONTAINER_SESSION', 'ok'],
  [
    { 'content-type': JSON_TYPE, accept: RECORDIO },
    'GET_CONTAINERS',
    '406 Streaming response is not supported for GET_CONTAINERS call',
  ],
  [
    { 'content-type': RECORDIO },
    'ATTACH_CONTAINER_INPUT',
    "400 Expecting 'Message-Content-Type' to be set for streaming requests",
  ],
  [
    { 'content-type': JSON_TYPE },
    'ATTACH_CONTAINER_INPUT',
    "415 Expecting 'Content-Type' to be application/recordio for ATTACH_CONTAINER_INPUT call",
  ],
  [
    { 'content-type': RECORDIO, 'message-content-type': JSON_TYPE },
    'GET_STATE',
    "415 Streaming 'Content-Type' application/recordio is not supported for GET_STATE call",
  ],
  [
    { 'content-type': JSON_TYPE, 'message-content-type': JSON_TYPE },
    'GET_STATE',
    "415 Expecting 'Message-Content-Type' to be not set for non-streaming requests",
  ],
  [
    { 'content-type': JSON_TYPE, accept: JSON_TYPE, 'message-accept': JSON_TYPE },
    'GET_STATE',
    "406 Expecting 'Message-Accept' to be not set for non-streaming responses",
  ],
  // JSON is tried first: `*/*` never means a stream.
  [
    { 'content-type': JSON_TYPE, accept: '*/*', 'message-accept': JSON_TYPE },
    'ATTACH_CONTAINER_OUTPUT',
    "406 Expecting 'Message-Accept' to be not set for non-streaming responses",
  ],
];

for (const [headers, type, expected] of CASES) {
  test(`${type} with ${JSON.stringify(headers)} gives ${expected.slice(0, 40)}`, () => {
    assert.equal(outcome(headers, type), expected);
  });
}
