/**
 * Every call and every result of the service by the ids of the spec (aurora-scheduler, sections 1 and 2), written
 * here by hand as the JSON encoding has them: field id, type, value. The thrift package, which knows no names, makes
 * bytes of them and reads ours.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { METHODS } from '../../../../schedulers/aurora/thrift/description.ts';
import {
  decodeAnswer,
  decodeCall,
  encodeCall,
  encodeReply,
} from '../../../../schedulers/aurora/thrift/messages.ts';
import { readWith, writeWith } from '../../../../schedulers/aurora/thrift/protocols.ts';
import { structOf } from '../../../../schedulers/aurora/thrift/schema.ts';
import type { Response } from '../../../../schedulers/aurora/thrift/types.ts';
import { readMessage, writeMessage } from './by-ids.ts';
import { CALLS } from './wire-calls.ts';
import { RESULTS } from './wire-results.ts';

const SEQID = 7;
const [CALL, REPLY] = [1, 2];

for (const [method, [ids, args]] of entriesOf(CALLS)) {
  test(`${method} is the same by the ids of the spec in every encoding`, () => {
    const call = { kind: 'call', method, seqid: SEQID, args };
    const text = JSON.stringify([1, method, CALL, SEQID, ids]);
    assert.deepEqual(decodeCall('json', Buffer.from(text)), { ok: true, value: call });
    const written = encodeCall('json', { method, seqid: SEQID, args });
    assert.deepEqual(JSON.parse(written.toString()), [1, method, CALL, SEQID, ids]);
    for (const encoding of ['binary', 'compact'] as const) {
      const bytes = writeWith(encoding, (out) =>
        writeMessage(out, { name: method, type: CALL, seqid: SEQID, body: ids }),
      );
      assert.deepEqual(decodeCall(encoding, bytes), { ok: true, value: call }, encoding);
      const ours = encodeCall(encoding, { method, seqid: SEQID, args });
      assert.deepEqual(readWith(encoding, ours, readMessage), [1, method, CALL, SEQID, ids]);
    }
  });
}

for (const [id, ids, result] of RESULTS) {
  test(`${Object.keys(result)[0]} is the same by the ids of the spec in every encoding`, () => {
    const response: Response = {
      responseCode: 'OK',
      result,
      serverInfo: { clusterName: 'c', statsUrlPrefix: 'p' },
      details: [{ message: 'm' }],
    };
    const body = {
      0: {
        rec: {
          1: { i32: 1 },
          3: { rec: { [id]: { rec: ids } } },
          5: { rec: { 1: { str: 'c' }, 3: { str: 'p' } } },
          6: { lst: ['rec', 1, { 1: { str: 'm' } }] },
        },
      },
    };
    const method = 'getJobs';
    const message = [1, method, REPLY, SEQID, body];
    const answer = { kind: 'reply', seqid: SEQID, response };
    const text = Buffer.from(JSON.stringify(message));
    assert.deepEqual(decodeAnswer('json', method, text), { ok: true, value: answer });
    const written = encodeReply('json', { method, seqid: SEQID, response });
    assert.deepEqual(JSON.parse(written.toString()), message);
    for (const encoding of ['binary', 'compact'] as const) {
      const bytes = writeWith(encoding, (out) =>
        writeMessage(out, { name: method, type: REPLY, seqid: SEQID, body }),
      );
      assert.deepEqual(decodeAnswer(encoding, method, bytes), { ok: true, value: answer });
      const ours = encodeReply(encoding, { method, seqid: SEQID, response });
      assert.deepEqual(readWith(encoding, ours, readMessage), message);
    }
  });
}

test('no call and no result is left out', () => {
  assert.deepEqual(Object.keys(CALLS).sort(), Object.keys(METHODS).sort());
  const named = RESULTS.map(([, , result]) => Object.keys(result)[0]);
  assert.deepEqual(
    named,
    structOf('Result').fields.map(({ name }) => name),
  );
});

function entriesOf<K extends string, V>(
  table: Readonly<Record<K, V>>,
): readonly (readonly [K, V])[] {
  return Object.entries(table) as unknown as readonly (readonly [K, V])[];
}
