/**
 * Messages that are read again and again, the same object for the same bytes while they are seen often: the tasks of
 * a cluster ask for a few amounts, and each status of a task names the task, its executor, its agent and its
 * container again. A master that keeps a hundred thousand tasks would keep two million equal objects.
 * Nobody changes what was decoded, so it can be shared; the reader itself, which merges a singular message that
 * comes twice, does so in a copy.
 */
import { setMember } from '../base/set-member.ts';
import { readShortString } from './short-strings.ts';
import { type Fields, isFields } from './unknown-fields.ts';

/** What was seen of one kind of message. A cache: a lost entry only costs another object. */
export interface SharedMessages {
  /** What these bytes were decoded to before, if that is still known. */
  find(bytes: Buffer, start: number, end: number): object | undefined;
  keep(bytes: Buffer, start: number, end: number, value: object): void;
}

const BY_BYTES: ReadonlySet<string> = new Set([
  'mesos.v1.Resource',
  'mesos.v1.ContainerStatus',
  'mesos.v1.NetworkInfo',
]);

/** Those with nothing in them but a text. */
const BY_TEXT: ReadonlySet<string> = new Set([
  'mesos.v1.TaskID',
  'mesos.v1.ExecutorID',
  'mesos.v1.AgentID',
  'mesos.v1.FrameworkID',
]);

/** Longer ones, with disks and labels, are rarely repeated. */
const LENGTH_MAX = 128;

/** Slots for the last ones seen, so at most this many are kept of each kind: less than a megabyte. */
const SLOT_COUNT = 1_024;

/** Hashing all bytes would cost more than reading them. */
const HASHED_AT_END = 12;
const HASHED_EVERY = 4;

/** Calling the engine costs more than copying so many. */
const SHORT_COPY_MAX = 64;

export function sharingOf(name: string): SharedMessages | undefined {
  if (BY_BYTES.has(name)) return new SharedByBytes();
  return BY_TEXT.has(name) ? new SharedByText() : undefined;
}

interface Slot {
  readonly bytes: Uint8Array;
  readonly value: object;
}

class SharedByBytes implements SharedMessages {
  private slots: (Slot | undefined)[] = [];

  find(bytes: Buffer, start: number, end: number): object | undefined {
    const length = end - start;
    if (length > LENGTH_MAX) return undefined;
    const slot = this.slots[slotOf(bytes, start, end)];
    if (slot === undefined) return undefined;
    const known = slot.bytes;
    if (known.length !== length) return undefined;
    for (let at = 0; at < length; at += 1) {
      if (known[at] !== bytes[start + at]) return undefined;
    }
    return slot.value;
  }

  keep(bytes: Buffer, start: number, end: number, value: object): void {
    if (end - start > LENGTH_MAX) return;
    if (this.slots.length === 0) this.slots = new Array(SLOT_COUNT).fill(undefined);
    this.slots[slotOf(bytes, start, end)] = { bytes: copyOfBytes(bytes, start, end), value };
  }
}

class SharedByText implements SharedMessages {
  private texts: string[] = [];
  private values: (object | undefined)[] = [];

  find(bytes: Buffer, start: number, end: number): object | undefined {
    if (!isOnlyText(bytes, start, end)) return undefined;
    const slot = slotOf(bytes, start, end);
    const text = this.texts[slot];
    if (text === undefined || text.length !== end - start - 2) return undefined;
    for (let at = 0; at < text.length; at += 1) {
      if (text.charCodeAt(at) !== bytes[start + 2 + at]) return undefined;
    }
    return this.values[slot];
  }

  keep(bytes: Buffer, start: number, end: number, value: object): void {
    if (!isOnlyText(bytes, start, end)) return;
    const text = readShortString(bytes, start + 2, end - start - 2);
    if (text === undefined) return;
    if (this.texts.length === 0) {
      this.texts = new Array(SLOT_COUNT).fill('');
      this.values = new Array(SLOT_COUNT).fill(undefined);
    }
    const slot = slotOf(bytes, start, end);
    this.texts[slot] = text;
    this.values[slot] = value;
  }
}

const FIRST_FIELD_IS_TEXT = 10;

/** Whether there is nothing but one text. */
function isOnlyText(bytes: Buffer, start: number, end: number): boolean {
  return bytes[start] === FIRST_FIELD_IS_TEXT && bytes[start + 1] === end - start - 2;
}

/** From some of the bytes; the last ones are where identifiers and amounts differ. */
function slotOf(bytes: Buffer, start: number, end: number): number {
  const length = end - start;
  let hash = length;
  let at = start + 2;
  for (const near = end - HASHED_AT_END; at < near; at += HASHED_EVERY) {
    hash = Math.imul(hash ^ (bytes[at] ?? 0), 0x01000193);
  }
  for (at = Math.max(start, end - HASHED_AT_END); at < end; at += 1) {
    hash = Math.imul(hash ^ (bytes[at] ?? 0), 0x01000193);
  }
  return (hash ^ (hash >>> 15)) & (SLOT_COUNT - 1);
}

/** A copy: a view would keep the whole received chunk alive. */
export function copyOfBytes(bytes: Uint8Array, start: number, end: number): Uint8Array {
  const length = end - start;
  const copy = new Uint8Array(length);
  if (length > SHORT_COPY_MAX) copy.set(bytes.subarray(start, end));
  else for (let at = 0; at < length; at += 1) copy[at] = bytes[start + at] ?? 0;
  return copy;
}

/** A message and all in it anew, with what hangs on symbols. */
export function copyOf(message: Readonly<Record<string | symbol, unknown>>): Fields {
  const copy: Fields = {};
  for (const key of Reflect.ownKeys(message)) {
    const value = copyOfValue(message[key]);
    if (typeof key === 'string') setMember(copy, key, value);
    else copy[key] = value;
  }
  return copy;
}

function copyOfValue(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copyOfValue);
  if (value instanceof Map) return new Map(value);
  // Bytes are replaced, never changed.
  return isFields(value) && !(value instanceof Uint8Array) ? copyOf(value) : value;
}
