import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import {
  decodeRecords,
  encodeRecord,
} from '../../../../schedulers/aurora/thermos/checkpoint-records.ts';
import {
  CheckpointReader,
  CheckpointWriter,
  readRunnerState,
} from '../../../../schedulers/aurora/thermos/checkpoint-stream.ts';
import type { RunnerCkpt } from '../../../../schedulers/aurora/thrift/types.ts';

// Files are made with the usual rights, whoever runs the tests.
process.umask(0o022);

const WAITING: RunnerCkpt = { process_status: { seq: 0, process: 'a', state: 'WAITING' } };
const ACTIVE: RunnerCkpt = { task_status: { state: 'ACTIVE', timestamp_ms: 1_500_000_000_123 } };

/** Written from the numbers of the specification. */
const WAITING_BYTES = [
  '0000001f',
  '0c0002',
  '0a00010000000000000000',
  '0b00030000000161',
  '08000500000000',
  '0000',
].join('');
const ACTIVE_BYTES = [
  '00000017',
  '0c0003',
  '08000100000000',
  '0a00020000015d3ef7987b',
  '0000',
].join('');

function streamIn(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'orrery-stream-'));
  t.after(() => rmSync(directory, { recursive: true }));
  return join(directory, 'checkpoints', 'task', 'runner');
}

test('records are framed thrift with the numbers of the original', () => {
  assert.equal(encodeRecord(WAITING).toString('hex'), WAITING_BYTES);
  assert.equal(encodeRecord(ACTIVE).toString('hex'), ACTIVE_BYTES);
  const read = decodeRecords(Buffer.from(WAITING_BYTES + ACTIVE_BYTES, 'hex'));
  assert.deepEqual(read.ok && read.value.records, [WAITING, ACTIVE]);
});

test('a stream that ends anywhere gives its whole records', () => {
  const bytes = Buffer.from(WAITING_BYTES + ACTIVE_BYTES, 'hex');
  const first = WAITING_BYTES.length / 2;
  for (let length = 0; length <= bytes.length; length += 1) {
    const read = decodeRecords(bytes.subarray(0, length));
    const whole = length === bytes.length ? 2 : length >= first ? 1 : 0;
    assert.equal(read.ok && read.value.records.length, whole, `${length} bytes`);
  }
});

test('a record that is too long or no record makes the stream malformed', () => {
  assert.equal(decodeRecords(Buffer.from('04000001', 'hex')).ok, false);
  assert.equal(decodeRecords(Buffer.from('00000003ffffff', 'hex')).ok, false);
});

test('a writer has its stream alone, and cuts off what another one has half written', (t) => {
  const path = streamIn(t);
  const first = new CheckpointWriter(path, 0);
  first.append(WAITING);
  assert.throws(() => new CheckpointWriter(path, 0), /another process is in control of/);
  first.close();
  appendFileSync(path, Buffer.from('0000001f0c00', 'hex'));
  const second = new CheckpointWriter(path, 0);
  assert.deepEqual(second.records, [WAITING]);
  second.append(ACTIVE);
  second.close();
  assert.equal(readFileSync(path, 'hex'), WAITING_BYTES + ACTIVE_BYTES);
  assert.equal(statSync(path).mode & 0o777, 0o644);
});

test('a reader gives each record once, and none of a file that is not there', (t) => {
  const path = streamIn(t);
  const reader = new CheckpointReader(path);
  assert.deepEqual(reader.read(), { ok: true, value: [] });
  const writer = new CheckpointWriter(path, 0);
  writer.append(WAITING);
  assert.deepEqual(reader.read(), { ok: true, value: [WAITING] });
  writer.append(ACTIVE);
  assert.deepEqual(reader.read(), { ok: true, value: [ACTIVE] });
  assert.deepEqual(reader.read(), { ok: true, value: [] });
  writer.close();
  assert.equal(readRunnerState(path)?.taskState, 'ACTIVE');
});
