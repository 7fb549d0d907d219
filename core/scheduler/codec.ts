/**
 * Calls to bytes and records to events, in either media type of the endpoint
 * (spec scheduler-api, sections 3 and 4).
 */
import type { Result } from '../base/result.ts';
import { decodeMessage, encodeMessage } from '../wire/codec.ts';
import { fromJson, parseJson, toJson } from '../wire/json.ts';
import type { Call, Event } from '../wire/types/mesos.v1.scheduler.ts';

export type Encoding = 'json' | 'protobuf';

export const MEDIA_TYPES: Readonly<Record<Encoding, string>> = {
  json: 'application/json',
  protobuf: 'application/x-protobuf',
};

export function encodeCall(encoding: Encoding, call: Call): Uint8Array | string {
  return encoding === 'json'
    ? toJson('mesos.v1.scheduler.Call', call)
    : encodeMessage('mesos.v1.scheduler.Call', call);
}

export function decodeEvent(encoding: Encoding, record: Uint8Array): Result<Event> {
  if (encoding === 'protobuf') return decodeMessage('mesos.v1.scheduler.Event', record);
  const tree = parseJson(new TextDecoder().decode(record));
  return tree.ok ? fromJson('mesos.v1.scheduler.Event', tree.value) : tree;
}
