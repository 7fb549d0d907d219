/**
 * `mesos.scheduler.Call` as classic drivers send it, to and from the v1 call. Only its `Subscribe` has
 * other numbers than v1 (spec scheduler-api, head): framework_info 1, force 2, suppressed_roles 3,
 * offer_constraints 4 instead of 1, -, 2, 3.
 */
import protobuf from 'protobufjs/minimal.js';
import { ok, type Result } from '../base/result.ts';
import { decodeMessage } from './codec.ts';
import type * as mesos_v1_scheduler from './types/mesos.v1.scheduler.ts';

export interface DriverCall {
  readonly call: mesos_v1_scheduler.Call;
  /** `Call.Subscribe.force`, which v1 does not have. */
  readonly force: boolean;
}

/**
 * Decodes the `mesos.scheduler.Call` of a classic driver into the v1 call. Only its `Subscribe` has
 * other numbers than v1 (spec scheduler-api, head).
 */
export function decodeDriverCall(bytes: Uint8Array): Result<DriverCall> {
  const plain = decodeMessage('mesos.v1.scheduler.Call', renumberSubscribe(bytes));
  if (!plain.ok) return plain;
  return ok({ call: plain.value, force: readForce(bytes) });
}

const SUBSCRIBE_NUMBER = 3;
const FORCE_NUMBER = 2;

/** Numbers of `mesos.scheduler.Call.Subscribe` and what they are in v1. */
const SUBSCRIBE_NUMBERS: ReadonlyMap<number, number> = new Map([
  [1, 1],
  [3, 2],
  [4, 3],
]);

function renumberSubscribe(bytes: Uint8Array): Uint8Array {
  return mapFields(bytes, (number, tag, raw, writer) => {
    if (number !== SUBSCRIBE_NUMBER || (tag & 7) !== 2) {
      writer.uint32(tag).raw(raw);
      return;
    }
    const inner = protobuf.Reader.create(raw).bytes();
    const renumbered = mapFields(inner, (innerNumber, innerTag, innerRaw, innerWriter) => {
      const target = SUBSCRIBE_NUMBERS.get(innerNumber);
      if (target === undefined) return;
      innerWriter.uint32(((target << 3) | (innerTag & 7)) >>> 0).raw(innerRaw);
    });
    writer.uint32(tag).bytes(renumbered);
  });
}

function readForce(bytes: Uint8Array): boolean {
  let force = false;
  mapFields(bytes, (number, tag, raw) => {
    if (number !== SUBSCRIBE_NUMBER || (tag & 7) !== 2) return;
    mapFields(protobuf.Reader.create(raw).bytes(), (innerNumber, innerTag, innerRaw) => {
      if (innerNumber === FORCE_NUMBER && (innerTag & 7) === 0) {
        force = protobuf.Reader.create(innerRaw).bool();
      }
    });
  });
  return force;
}

/** Rewrites a message field by field; bytes that cannot be read are returned unchanged. */
function mapFields(
  bytes: Uint8Array,
  map: (number: number, tag: number, raw: Uint8Array, writer: protobuf.Writer) => void,
): Uint8Array {
  const reader = protobuf.Reader.create(bytes);
  const writer = protobuf.Writer.create();
  try {
    while (reader.pos < reader.len) {
      const tag = reader.tag();
      const start = reader.pos;
      reader.skipType(tag & 7, 0, tag >>> 3);
      map(tag >>> 3, tag, bytes.subarray(start, reader.pos), writer);
    }
  } catch {
    // The decoder that gets these bytes next reports what is wrong with them.
    return bytes;
  }
  return writer.finish();
}
