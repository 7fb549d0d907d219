import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeMessage, encodeMessage, isMessageName } from '../../../core/wire/codec.ts';
import { decodeDriverCall } from '../../../core/wire/driver-call.ts';
import { fromJson, parseJson, toJson, toJsonValue } from '../../../core/wire/json.ts';
import { writeJson } from '../../../core/wire/json-text.ts';
import {
  type FieldPlan,
  type MessageName,
  type MessagePlan,
  planOf,
} from '../../../core/wire/schema.ts';
import { recordedMessages } from './golden.ts';

/** Random values of a message, made from its plan. */
function arbitraryMessage(plan: MessagePlan, depth: number): fc.Arbitrary<unknown> {
  const required: string[] = [];
  const members: Record<string, fc.Arbitrary<unknown>> = {};
  for (const field of plan.fields) {
    if (field.required) required.push(field.name);
    else if (depth <= 0 && field.kind === 'message') continue;
    members[field.name] = arbitraryField(field, depth);
  }
  return fc.record(members, { requiredKeys: required, noNullPrototype: true });
}

function arbitraryField(field: FieldPlan, depth: number): fc.Arbitrary<unknown> {
  const one =
    field.kind === 'message'
      ? fc.constant(undefined).chain(() => arbitraryMessage(field.message(), depth - 1))
      : arbitraryScalar(field);
  if (field.isMap) {
    const keys = fc.string({ unit: 'grapheme', maxLength: 4 });
    return fc.dictionary(keys, one, { minKeys: 1, maxKeys: 3, noNullPrototype: true });
  }
  return field.repeated ? fc.array(one, { minLength: 1, maxLength: 3 }) : one;
}

function arbitraryScalar(field: FieldPlan): fc.Arbitrary<unknown> {
  switch (field.kind) {
    case 'double':
      return fc.double({ noNaN: true });
    case 'float':
      return fc.float({ noNaN: true });
    case 'bool':
      return fc.boolean();
    case 'string':
      return fc.string({ unit: 'grapheme' });
    case 'bytes':
      return fc.uint8Array();
    case 'enum':
      return fc.constantFrom(...(field.enumeration?.nameOf.values() ?? []));
    case 'int32':
    case 'sint32':
    case 'sfixed32':
      return fc.integer();
    case 'uint32':
    case 'fixed32':
      return fc.nat();
    case 'int64':
    case 'sint64':
    case 'sfixed64':
      return fc.maxSafeInteger();
    default:
      return fc.maxSafeNat();
  }
}

const NAMES: readonly MessageName[] = [
  'mesos.v1.scheduler.Call',
  'mesos.v1.scheduler.Event',
  'mesos.v1.executor.Call',
  'mesos.v1.executor.Event',
  'mesos.v1.master.Event',
  'mesos.v1.agent.Call',
  'mesos.internal.RunTaskMessage',
  'mesos.internal.ReregisterSlaveMessage',
  'mesos.internal.StatusUpdateMessage',
  'mesos.v1.quota.QuotaConfig',
];

for (const name of NAMES) {
  test(`random ${name} values come back from bytes and from JSON`, () => {
    const plan = planOf(name);
    fc.assert(
      fc.property(arbitraryMessage(plan, 4), (value) => {
        // Through JSON first, which gives a typed value and applies nothing but what was there.
        const parsed = parseJson(writeTree(value));
        assert.ok(parsed.ok);
        const read = fromJson(name, parsed.value);
        assert.ok(read.ok, read.ok ? '' : read.error);
        const bytes = encodeMessage(name, read.value);
        const back = decodeMessage(name, bytes);
        assert.ok(back.ok, back.ok ? '' : back.error);
        assert.deepEqual(back.value, read.value);
        const text = toJson(name, read.value);
        assert.equal(writeJson(toJsonValue(name, read.value)), text);
        const again = parseJson(text);
        assert.ok(again.ok);
        const reread = fromJson(name, again.value);
        assert.ok(reread.ok);
        assert.equal(toJson(name, reread.value), text);
      }),
      { numRuns: 30 },
    );
  });
}

function writeTree(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) => {
    if (member instanceof Uint8Array) return Buffer.from(member).toString('base64');
    if (typeof member === 'number' && !Number.isFinite(member)) return String(member);
    return member;
  });
}

test('bytes that were changed at random are refused with a sentence or decoded, never thrown', () => {
  const messages = recordedMessages().filter(({ body }) => body.length > 0);
  fc.assert(
    fc.property(
      fc.constantFrom(...messages),
      fc.array(fc.record({ at: fc.nat(), value: fc.nat(255) }), { minLength: 1, maxLength: 8 }),
      fc.nat(),
      (message, changes, cut) => {
        const bytes = Uint8Array.from(message.body);
        for (const { at, value } of changes) bytes[at % bytes.length] = value;
        const name = message.path.split('/')[2] ?? '';
        assert.ok(isMessageName(name));
        for (const input of [bytes, bytes.subarray(0, cut % bytes.length)]) {
          const result = decodeMessage(name, input);
          if (result.ok) encodeMessage(name, result.value);
          else assert.ok(result.error.length > 10, result.error);
          decodeDriverCall(input);
        }
      },
    ),
    { numRuns: 500 },
  );
});

test('any JSON tree is refused with a sentence or read, never thrown', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...NAMES),
      fc.jsonValue(),
      fc.constantFrom('type', 'subscribe', 'kill', 'subscribed', 'task', 'limits', 'framework_id'),
      (name, value, key) => {
        for (const tree of [value, { [key]: value }]) {
          const read = fromJson(name, tree);
          if (!read.ok) assert.ok(read.error.length > 5);
        }
      },
    ),
    { numRuns: 500 },
  );
});
