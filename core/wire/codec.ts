/**
 * Protobuf bytes <-> values of the generated types (spec scheduler-api, section 3.3).
 *
 *   message  := field*            fields are written in the order of their numbers, as the originals do
 *   field    := tag value         repeated fields are written unpacked, read packed or not
 *
 * Enums are their names, 64-bit integers numbers (exact-integers.ts), bytes `Uint8Array`; absent fields stay absent;
 * what we do not know is kept (unknown-fields.ts). Required fields are enforced both ways. Messages
 * of `mesos.internal` hold v1 values (schema.ts).
 */
import { AssertionFailed } from '../base/assert.ts';
import { err, ok, type Result } from '../base/result.ts';
import { BinaryReader } from './binary-reader.ts';
import { writeMessage } from './binary-writer.ts';
import { ByteWriter } from './byte-writer.ts';
import { missingRequired } from './required.ts';
import { isMessageName as isKnownMessage, type MessageName, planOf } from './schema.ts';
import type { MessageTypes } from './types/messages.ts';

export type { MessageName } from './schema.ts';
export { UNKNOWN_FIELDS } from './unknown-fields.ts';

/** One for all messages: each is written to its end, or not at all, before the next begins. */
const writer = new ByteWriter();

/** The bytes of a message. A missing required field or a value of the wrong type is a bug. */
export function encodeMessage<N extends MessageName>(name: N, value: MessageTypes[N]): Uint8Array {
  const plan = planOf(name);
  writer.restart();
  if (!writeMessage(plan, value, writer)) {
    const missing = missingRequired(plan, value).join(', ');
    throw new AssertionFailed(`${name} lacks required fields: ${missing}`);
  }
  return writer.finish();
}

/** The message in `bytes`; the error says what is wrong with them. Never throws. */
export function decodeMessage<N extends MessageName>(
  name: N,
  bytes: Uint8Array,
): Result<MessageTypes[N]> {
  const plan = planOf(name);
  const reader = new BinaryReader(bytes);
  let value: unknown;
  try {
    value = reader.readMessage(plan);
  } catch (thrown) {
    return err(`Failed to deserialize '${name}': ${thrown instanceof Error ? thrown.message : ''}`);
  }
  if (!reader.isComplete) {
    return err(`Missing required fields: ${missingRequired(plan, value).join(', ')}`);
  }
  // The plan was made from the same .proto file as the type.
  return ok(value as MessageTypes[N]);
}

/** Whether a name that came with a message is one that `decodeMessage` knows. */
export function isMessageName(name: string): name is MessageName {
  return isKnownMessage(name);
}
