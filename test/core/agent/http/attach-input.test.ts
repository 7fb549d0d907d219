import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { CallStream } from '../../../../core/agent/http/attach-input.ts';
import { encodeMessage } from '../../../../core/wire/codec.ts';
import { toJson } from '../../../../core/wire/json.ts';
import { encodeRecord } from '../../../../core/wire/recordio.ts';
import type { Call } from '../../../../core/wire/types/mesos.v1.agent.ts';

const CALLS: readonly Call[] = [
  {
    type: 'ATTACH_CONTAINER_INPUT',
    attach_container_input: { type: 'CONTAINER_ID', container_id: { value: 'c' } },
  },
  ...['hällo\n', ''].map(
    (text): Call => ({
      type: 'ATTACH_CONTAINER_INPUT',
      attach_container_input: {
        type: 'PROCESS_IO',
        process_io: { type: 'DATA', data: { type: 'STDIN', data: Buffer.from(text) } },
      },
    }),
  ),
];

const PROTOBUF = Buffer.concat(
  CALLS.map((call) => encodeRecord(encodeMessage('mesos.v1.agent.Call', call))),
);
const JSON_TEXT = Buffer.concat(
  CALLS.map((call) => encodeRecord(toJson('mesos.v1.agent.Call', call))),
);

async function callsIn(
  chunks: readonly Uint8Array[],
  encoding: 'json' | 'protobuf',
): Promise<readonly (string | undefined)[]> {
  const stream = new CallStream(Readable.from(chunks.filter(({ length }) => length > 0)), encoding);
  const seen: (string | undefined)[] = [];
  for (let call = await stream.next(); call !== undefined; call = await stream.next()) {
    const { container_id, process_io } = call.attach_container_input ?? {};
    const data = process_io?.data?.data;
    seen.push(container_id?.value ?? (data && Buffer.from(data).toString('utf8')));
  }
  return seen;
}

for (const [encoding, bytes] of [
  ['json', JSON_TEXT],
  ['protobuf', PROTOBUF],
] as const) {
  test(`calls in ${encoding} come out whole wherever the stream is cut`, async () => {
    const expected = ['c', 'hällo\n', ''];
    for (let at = 0; at <= bytes.length; at += 1) {
      const halves = [bytes.subarray(0, at), bytes.subarray(at)];
      assert.deepEqual(await callsIn(halves, encoding), expected, `cut at ${at}`);
    }
    const single = [...bytes].map((byte) => Uint8Array.of(byte));
    assert.deepEqual(await callsIn(single, encoding), expected);
  });

  test(`a stream in ${encoding} that stops inside a record is refused`, async () => {
    const first = encodeRecord('x').length;
    await assert.rejects(callsIn([bytes.subarray(0, bytes.length - first)], encoding));
  });
}

test('a length that is no number, and one that is too big, are refused', async () => {
  for (const text of ['x\n{}', '0\n', '99999999999\n']) {
    await assert.rejects(callsIn([Buffer.from(text)], 'json'), /Failed to decode length/);
  }
});
