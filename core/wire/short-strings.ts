/**
 * Short ASCII strings of messages, the same object for the same text while it is seen often: ids of
 * tasks, agents and frameworks, roles and names of resources come again and again within a message,
 * and a master keeps most of what it reads.
 */

/** Longer ones are rarely repeated; ids with a UUID in them are shorter. */
const LENGTH_MAX = 64;

/** Slots for the last strings seen, so at most this many are kept: less than 300 kB. */
const SLOT_COUNT = 4_096;

/** A cache: a lost entry only costs another copy. */
const slots: string[] = new Array(SLOT_COUNT).fill('');

/** The text at `start`; undefined when it is empty, long, cut short or not ASCII. */
export function readShortString(bytes: Buffer, start: number, length: number): string | undefined {
  const end = start + length;
  if (length === 0 || length > LENGTH_MAX || end > bytes.length) return undefined;
  let hash = length;
  let union = 0;
  for (let at = start; at < end; at += 1) {
    const byte = bytes[at] ?? 0;
    union |= byte;
    hash = Math.imul(hash ^ byte, 0x01000193);
  }
  if (union > 0x7f) return undefined;
  const slot = (hash ^ (hash >>> 15)) & (SLOT_COUNT - 1);
  const known = slots[slot] ?? '';
  if (known.length === length && isTextOf(known, bytes, start)) return known;
  const text = bytes.toString('latin1', start, end);
  slots[slot] = text;
  return text;
}

function isTextOf(text: string, bytes: Uint8Array, start: number): boolean {
  for (let at = 0; at < text.length; at += 1) {
    if (text.charCodeAt(at) !== bytes[start + at]) return false;
  }
  return true;
}
