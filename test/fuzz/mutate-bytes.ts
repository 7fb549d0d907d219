/** Mutations of bytes: plain noise, and noise that knows how protobuf and RecordIO are framed. */
import type { Dice } from './dice.ts';

/** Varints at their edges: as lengths they promise more than is there, as numbers they overflow. */
const NASTY_VARINTS: readonly [string, ...string[]] = [
  '00',
  '01',
  '7f',
  '8000',
  '8001',
  'ff7f',
  'ffffffff07',
  'ffffffff0f',
  '80808080808080808001',
  'ffffffffffffffffff01',
  'ffffffffffffffffffff01',
  '8080808000',
];

/** Tags of fields with a wire type that is not theirs, of groups, and of field number 0. */
const NASTY_TAGS: readonly [string, ...string[]] = [
  '00',
  '03',
  '04',
  '07',
  '0b',
  '0c',
  '0d',
  '13',
  'f87f',
  'fa01',
  'ffffffff7f',
  '0a00',
  '0aff',
  '0bffff',
];

export function mutateBytes(dice: Dice, bytes: Buffer): Buffer {
  const at = dice.below(bytes.length + 1);
  const end = Math.min(bytes.length, at + dice.below(16));
  switch (dice.below(10)) {
    case 0:
      return bytes.subarray(0, at);
    case 1:
      return join(bytes.subarray(0, at), dice.bytes(1 + dice.below(8)), bytes.subarray(at));
    case 2:
      return join(bytes.subarray(0, at), bytes.subarray(end));
    case 3:
      return join(bytes.subarray(0, end), bytes.subarray(at));
    case 4:
    case 5:
      return flipped(dice, bytes);
    case 6:
      return join(bytes.subarray(0, at), hex(dice.pick(NASTY_VARINTS)), bytes.subarray(at));
    case 7:
      return join(bytes.subarray(0, at), hex(dice.pick(NASTY_VARINTS)), bytes.subarray(at + 1));
    case 8:
      return join(bytes.subarray(0, at), hex(dice.pick(NASTY_TAGS)), bytes.subarray(at));
    default:
      return dice.once(50) ? nestedMessage(dice, bytes) : join(bytes, bytes);
  }
}

/** The message as a field of itself, again and again. */
function nestedMessage(dice: Dice, bytes: Buffer): Buffer {
  const field = 1 + dice.below(15);
  const depth = dice.pick([10, 99, 101, 2_000]);
  const layers: Buffer[] = [];
  let size = bytes.length;
  for (let level = 0; level < depth; level += 1) {
    const head = join(Buffer.from([(field << 3) | 2]), varint(size));
    layers.push(head);
    size += head.length;
  }
  return join(...layers.reverse(), bytes);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) bytes.push((rest & 0x7f) | 0x80);
  return Buffer.from([...bytes, rest]);
}

function flipped(dice: Dice, bytes: Buffer): Buffer {
  if (bytes.length === 0) return dice.bytes(1 + dice.below(20));
  const copy = Buffer.from(bytes);
  for (let count = 1 + dice.below(4); count > 0; count -= 1) {
    const at = dice.below(copy.length);
    copy[at] = (copy[at] ?? 0) ^ (1 << dice.below(8));
  }
  return copy;
}

/** Records whose lengths may lie. */
export function frameRecords(dice: Dice, records: readonly Buffer[]): Buffer {
  const parts = records.flatMap((record) => {
    const lie = dice.pick([
      `${record.length}`,
      `${record.length + 1}`,
      '0',
      '-1',
      '',
      '99999999999',
      'x',
      ' 5',
      '1e3',
    ]);
    const length = dice.once(6) ? lie : `${record.length}`;
    return [Buffer.from(dice.once(20) ? length : `${length}\n`), record];
  });
  return join(...parts);
}

export function hex(text: string): Buffer {
  return Buffer.from(text, 'hex');
}

export function join(...parts: readonly Uint8Array[]): Buffer {
  return Buffer.concat(parts);
}
