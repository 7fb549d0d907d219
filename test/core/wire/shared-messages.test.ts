/** Resources with the same bytes are one object, and nothing else about reading changes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeMessage, encodeMessage } from '../../../core/wire/codec.ts';
import type { Task } from '../../../core/wire/types/mesos.v1.ts';

function taskWith(resources: Task['resources'], id = 't'): Uint8Array {
  return encodeMessage('mesos.v1.Task', {
    name: id,
    task_id: { value: id },
    framework_id: { value: 'f' },
    agent_id: { value: 'a' },
    state: 'TASK_RUNNING',
    resources: resources ?? [],
  });
}

function read(bytes: Uint8Array): Task {
  const decoded = decodeMessage('mesos.v1.Task', bytes);
  assert.ok(decoded.ok, decoded.ok ? '' : decoded.error);
  return decoded.value;
}

const CPUS = { name: 'cpus', type: 'SCALAR', scalar: { value: 0.25 } } as const;
const MEM = { name: 'mem', type: 'SCALAR', scalar: { value: 32 } } as const;

test('equal resources of different messages are one object, with the values that were sent', () => {
  const one = read(taskWith([CPUS, MEM], 'one'));
  const other = read(taskWith([MEM, CPUS], 'other'));
  assert.deepEqual(one.resources, [CPUS, MEM]);
  assert.deepEqual(other.resources, [MEM, CPUS]);
  assert.equal(one.resources?.[0], other.resources?.[1]);
  assert.notEqual(one.resources, other.resources);
});

test('resources that differ in one byte are different objects', () => {
  const [a, b] = [0.5, 0.75].map((value) => read(taskWith([{ ...CPUS, scalar: { value } }])));
  assert.deepEqual(a?.resources, [{ ...CPUS, scalar: { value: 0.5 } }]);
  assert.deepEqual(b?.resources, [{ ...CPUS, scalar: { value: 0.75 } }]);
});

test('a resource without what it needs makes each message with it incomplete', () => {
  const bytes = Buffer.from(taskWith([{ name: 'gpus', type: 'SCALAR' }]));
  // The name's tag becomes that of a field that nobody knows.
  const at = bytes.indexOf(Buffer.from('0a0467707573', 'hex'));
  bytes[at] = 0x7a;
  for (let time = 0; time < 3; time += 1) {
    assert.equal(decodeMessage('mesos.v1.Task', bytes).ok, false, `time ${time}`);
  }
});

test('long resources are read whole each time', () => {
  const long = { ...CPUS, name: 'x'.repeat(300) };
  const [a, b] = [read(taskWith([long])), read(taskWith([long]))];
  assert.deepEqual(a.resources, [long]);
  assert.notEqual(a.resources?.[0], b.resources?.[0]);
});
