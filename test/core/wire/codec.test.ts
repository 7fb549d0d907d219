import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AssertionFailed } from '../../../core/base/assert.ts';
import {
  decodeMessage,
  encodeMessage,
  isMessageName,
  UNKNOWN_FIELDS,
} from '../../../core/wire/codec.ts';
import { decodeDriverCall } from '../../../core/wire/driver-call.ts';
import { isRecord } from '../../../core/wire/required.ts';
import { planOf } from '../../../core/wire/schema.ts';
import { withCheckpoint } from '../../../core/wire/unknown-fields.ts';
import { readGolden, recordedMessages, text } from './golden.ts';

function decoded<N extends Parameters<typeof decodeMessage>[0]>(name: N, bytes: Uint8Array) {
  const result = decodeMessage(name, bytes);
  assert.ok(result.ok, result.ok ? '' : result.error);
  return result.value;
}

test('every recorded libprocess message decodes and encodes to the same bytes', () => {
  const messages = recordedMessages();
  assert.ok(messages.length > 70, `only ${messages.length} messages`);
  for (const { label, path, body } of messages) {
    const name = path.split('/')[2] ?? '';
    assert.ok(isMessageName(name), label);
    const again = encodeMessage(name, decoded(name, body));
    assert.equal(Buffer.from(again).toString('hex'), Buffer.from(body).toString('hex'), label);
  }
});

test('internal messages hold v1 values', () => {
  const message = recordedMessages().find(({ path }) => path.endsWith('.RunTaskMessage'));
  assert.ok(message !== undefined);
  const run = decoded('mesos.internal.RunTaskMessage', message.body);
  assert.equal(typeof run.task.agent_id.value, 'string');
});

test('recorded protobuf events of the scheduler API survive a round trip', () => {
  const recording = readGolden('scheduler-protobuf.json');
  assert.ok(isRecord(recording) && Array.isArray(recording['events']));
  const types: string[] = [];
  for (const event of recording['events']) {
    const bytes = Buffer.from(text(isRecord(event) ? event['base64'] : ''), 'base64');
    const value = decoded('mesos.v1.scheduler.Event', bytes);
    assert.deepEqual(Buffer.from(encodeMessage('mesos.v1.scheduler.Event', value)), bytes);
    types.push(value.type ?? '');
  }
  assert.deepEqual(types, ['SUBSCRIBED', 'HEARTBEAT', 'OFFERS']);
});

test('a missing required field is named with its path when decoding', () => {
  // accept { operations { type: LAUNCH } operations { launch { task_infos {} } } }
  const bytes = Uint8Array.of(0x22, 10, 0x12, 2, 8, 1, 0x12, 4, 0x12, 2, 0x0a, 0);
  assert.deepEqual(decodeMessage('mesos.v1.scheduler.Call', bytes), {
    ok: false,
    error:
      'Missing required fields: accept.operations[1].launch.task_infos[0].name, ' +
      'accept.operations[1].launch.task_infos[0].task_id, ' +
      'accept.operations[1].launch.task_infos[0].agent_id',
  });
});

test('a missing required field or a wrong type is a bug of the caller when encoding', () => {
  const badKill = JSON.parse('{"type":"KILL","kill":{}}');
  const badType = JSON.parse('{"type":"NOPE"}');
  assert.throws(() => encodeMessage('mesos.v1.scheduler.Call', badKill), {
    name: 'AssertionFailed',
    message: 'mesos.v1.scheduler.Call lacks required fields: kill.task_id',
  });
  assert.throws(() => encodeMessage('mesos.v1.scheduler.Call', badType), AssertionFailed);
});

test('unknown fields and enum values survive a decode, a spread and an encode', () => {
  // Field 99 (varint 7) before field 2; type = 77 has no name.
  const bytes = Uint8Array.of(0x10, 77, 0x98, 0x06, 7);
  const call = decoded('mesos.v1.scheduler.Call', bytes);
  assert.equal(call.type, undefined);
  assert.deepEqual(encodeMessage('mesos.v1.scheduler.Call', { ...call }), Buffer.from(bytes));
  assert.ok(UNKNOWN_FIELDS in call);
});

test('an agent can be marked as checkpointing, which v1 has no field for', () => {
  const slave = withCheckpoint({ hostname: 'h', port: 5051 });
  const bytes = encodeMessage('mesos.internal.SlaveReregisteredMessage', {
    slave_id: { value: 'S0' },
  });
  assert.ok(bytes.length > 0);
  const info = encodeMessage('mesos.v1.AgentInfo', slave);
  assert.deepEqual([...info], [0x0a, 1, 0x68, 0x38, 1, 0x40, 0xbb, 0x27]);
});

test('a driver call is read as the v1 call although its subscription has other numbers', () => {
  const bytes = encodeMessage('mesos.scheduler.Call', {
    type: 'SUBSCRIBE',
    framework_id: { value: 'f' },
    subscribe: {
      framework_info: { user: 'u', name: 'n', roles: ['a', 'b'] },
      force: true,
      suppressed_roles: ['b'],
      offer_constraints: { role_constraints: {} },
    },
  });
  assert.deepEqual(decodeDriverCall(bytes), {
    ok: true,
    value: {
      force: true,
      call: {
        framework_id: { value: 'f' },
        type: 'SUBSCRIBE',
        subscribe: {
          framework_info: { user: 'u', name: 'n', roles: ['a', 'b'] },
          suppressed_roles: ['b'],
          offer_constraints: {},
        },
      },
    },
  });
});

test('a message nested without end is refused', () => {
  let bytes: Uint8Array = Uint8Array.of();
  for (let depth = 0; depth < 200; depth += 1) {
    const parent = Buffer.alloc(5);
    parent[0] = 0x12;
    const size = bytes.length;
    const head = [0x12, (size & 0x7f) | 0x80, (size >> 7) & 0x7f];
    bytes = Buffer.concat([Uint8Array.of(0x0a, 1, 0x78), Uint8Array.from(head), bytes]);
  }
  const result = decodeMessage('mesos.v1.ContainerID', bytes);
  assert.equal(result.ok, false);
});

test('a singular message that comes twice is merged', () => {
  const once = encodeMessage('mesos.v1.scheduler.Call', {
    type: 'KILL',
    kill: { task_id: { value: 't' } },
  });
  // kill { agent_id { value: "a" } } behind it.
  const twice = Buffer.concat([once, Uint8Array.of(0x32, 5, 0x12, 3, 0x0a, 1, 0x61)]);
  const call = decoded('mesos.v1.scheduler.Call', twice);
  assert.deepEqual(call.kill, { task_id: { value: 't' }, agent_id: { value: 'a' } });
});

test('packed lists are read though unpacked ones are written', () => {
  // Ranges are messages; Port numbers of NetworkInfo etc. too: DiscoveryInfo has no packed field, so
  // CapabilityInfo's enum list stands in.
  const unpacked = encodeMessage('mesos.v1.CapabilityInfo', { capabilities: ['CHOWN', 'KILL'] });
  assert.deepEqual([...unpacked].filter((byte) => byte === 0x08).length, 2);
  const numbers = [unpacked.slice(1, 3), unpacked.slice(4, 6)].flatMap((part) => [...part]);
  const packed = Uint8Array.of(0x0a, numbers.length, ...numbers);
  assert.deepEqual(decoded('mesos.v1.CapabilityInfo', packed), {
    capabilities: ['CHOWN', 'KILL'],
  });
});

test('an entry of a map without a value lacks what its message must have', () => {
  const task = encodeMessage('mesos.v1.TaskInfo', {
    name: 't',
    task_id: { value: 't' },
    agent_id: { value: 'a' },
  });
  const limits = planOf('mesos.v1.TaskInfo').byName.get('limits');
  assert.ok(limits !== undefined);
  const entry = Buffer.from([10, 4, ...Buffer.from('cpus')]);
  const tag = limits.tag < 0x80 ? [limits.tag] : [(limits.tag & 0x7f) | 0x80, limits.tag >>> 7];
  const bytes = Buffer.concat([task, Buffer.from([...tag, entry.length]), entry]);
  assert.deepEqual(decodeMessage('mesos.v1.TaskInfo', bytes), {
    ok: false,
    error: 'Missing required fields: limits[cpus].value.value',
  });
});
