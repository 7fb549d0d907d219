/**
 * Resources of messages, the same object for the same bytes while they are seen often: the tasks of a cluster
 * ask for a few amounts again and again, and a master that keeps a hundred thousand tasks would keep four
 * hundred thousand equal objects. Nobody changes what was decoded, so it can be shared.
 */

/** Messages whose repeated fields are shared. */
export const SHARED_MESSAGES: ReadonlySet<string> = new Set(['mesos.v1.Resource']);

/** Longer ones, with disks and labels, are rarely repeated. */
const LENGTH_MAX = 128;

/** Slots for the last ones seen, so at most this many are kept: less than a megabyte. */
const SLOT_COUNT = 1_024;

interface Slot {
  readonly bytes: Uint8Array;
  readonly value: object;
}

/** A cache: a lost entry only costs another object. */
const slots: (Slot | undefined)[] = new Array(SLOT_COUNT).fill(undefined);

/** What these bytes were decoded to before, if that is still known. */
export function sharedMessage(bytes: Uint8Array, start: number, end: number): object | undefined {
  if (end - start > LENGTH_MAX) return undefined;
  const slot = slots[slotOf(bytes, start, end)];
  if (slot === undefined || slot.bytes.length !== end - start) return undefined;
  for (let at = 0; at < slot.bytes.length; at += 1) {
    if (slot.bytes[at] !== bytes[start + at]) return undefined;
  }
  return slot.value;
}

export function shareMessage(bytes: Uint8Array, start: number, end: number, value: object): void {
  if (end - start > LENGTH_MAX) return;
  slots[slotOf(bytes, start, end)] = { bytes: Uint8Array.from(bytes.subarray(start, end)), value };
}

function slotOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = end - start;
  for (let at = start; at < end; at += 1) {
    hash = Math.imul(hash ^ (bytes[at] ?? 0), 0x01000193);
  }
  return (hash ^ (hash >>> 15)) & (SLOT_COUNT - 1);
}
