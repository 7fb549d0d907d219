/** Version 1 (time based) UUIDs, which instance ids are made of. */
import type { Instant } from '../../../core/base/clock.ts';
import { formatUuid, type Random } from '../../../core/base/random.ts';

/** 100 ns ticks between 1582-10-15 and the Unix epoch. */
const EPOCH_TICKS = 122_192_928_000_000_000n;

/** A new one; the ticks below a millisecond, the sequence and the node are random. */
export function timeUuid(now: Instant, random: Random): string {
  const bytes = Uint8Array.from(random.bytes(16));
  const fraction = BigInt(Math.floor(random.float() * 10_000));
  const ticks = BigInt(Math.floor(now)) * 10_000n + EPOCH_TICKS + fraction;
  const view = new DataView(bytes.buffer);
  view.setUint32(0, Number(ticks & 0xffffffffn));
  view.setUint16(4, Number((ticks >> 32n) & 0xffffn));
  view.setUint16(6, Number((ticks >> 48n) & 0x0fffn) | 0x1000);
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  // The multicast bit marks a node number that is no hardware address.
  bytes[10] = (bytes[10] ?? 0) | 0x01;
  return formatUuid(bytes);
}
