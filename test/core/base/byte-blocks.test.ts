import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { addPiece, ByteBlocks } from '../../../core/base/byte-blocks.ts';

test('texts written one after another are one piece', () => {
  const blocks = new ByteBlocks();
  const pieces: Buffer[] = [];
  for (const text of ['one ', 'zwei – ', 'three']) addPiece(pieces, blocks.write(text));
  assert.deepEqual(
    pieces.map((piece) => piece.toString()),
    ['one zwei – three'],
  );
});

test('blocks are sparse when two thirds of them are no longer needed', () => {
  const blocks = new ByteBlocks();
  for (let at = 0; at < 6; at += 1) blocks.write('x'.repeat(1024 ** 2));
  assert.equal(blocks.isSparse(3 * 1024 ** 2), false);
  assert.equal(blocks.isSparse(1024 ** 2), true);
});

test('blocks that were given up are freed, though the engine does not count them', async () => {
  const text = 'x'.repeat(8 * 1024 ** 2);
  const before = process.memoryUsage.rss();
  let peak = before;
  for (let round = 0; round < 250; round += 1) {
    const blocks = new ByteBlocks();
    blocks.write(text);
    blocks.giveUp();
    await nextTurn();
    peak = Math.max(peak, process.memoryUsage.rss());
  }
  // 2,000 MB were written.
  const grownMb = (peak - before) / 1024 ** 2;
  assert.ok(grownMb < 1_000, `memory grew by ${Math.round(grownMb)} MB`);
});
