import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { endTurn, JoinedWrites, joinWritesOfTurn } from '../../../core/net/joined-writes.ts';

function collecting(): { readonly writes: JoinedWrites; readonly out: string[] } {
  const out: string[] = [];
  return { writes: new JoinedWrites((bytes) => out.push(Buffer.from(bytes).toString())), out };
}

test('what is written in one turn leaves as one write, in order', async () => {
  const { writes, out } = collecting();
  writes.write(Buffer.from('one '));
  writes.write(Buffer.from('two '));
  writes.write(Buffer.from('three'));
  assert.deepEqual(out, []);
  assert.equal(writes.waitingBytes, 13);
  await nextTurn();
  assert.deepEqual(out, ['one two three']);
  assert.equal(writes.waitingBytes, 0);
  writes.write(Buffer.from('four'));
  await nextTurn();
  assert.deepEqual(out, ['one two three', 'four']);
});

test('much is written at once, behind what waits', async () => {
  const { writes, out } = collecting();
  writes.write(Buffer.from('before '));
  writes.write(Buffer.alloc(64 * 1024, 'x'));
  assert.deepEqual(out, [`before ${'x'.repeat(64 * 1024)}`]);
  await nextTurn();
  assert.equal(out.length, 1);
});

test('a flush hands over what waits, and the turn has nothing left', async () => {
  const { writes, out } = collecting();
  writes.write(Buffer.from('last'));
  writes.flush();
  assert.deepEqual(out, ['last']);
  await nextTurn();
  assert.deepEqual(out, ['last']);
});

test('who writes in between cannot let a part go before the turn is over', async () => {
  const out: string[] = [];
  const written = new Writable({
    writev: (chunks, done) => {
      out.push(chunks.map(({ chunk }) => String(chunk)).join(''));
      done();
    },
  });
  for (const turn of ['1', '2']) {
    for (const part of ['a', 'b', 'c']) {
      joinWritesOfTurn(written);
      // As Node's server does around each answer.
      written.cork();
      written.write(part + turn);
      written.uncork();
      written.uncork();
    }
    assert.equal(out.length, Number(turn) - 1);
    await nextTurn();
  }
  assert.deepEqual(out, ['a1b1c1', 'a2b2c2']);
  written.write('d');
  assert.deepEqual(out.at(-1), 'd');
});

test('what is joined leaves before somebody works for long, and in one write with nothing after it', async () => {
  const out: string[] = [];
  const written = new Writable({
    write: (chunk, _encoding, done) => {
      out.push(String(chunk));
      done();
    },
    writev: (chunks, done) => {
      out.push(chunks.map(({ chunk }) => String(chunk)).join(''));
      done();
    },
  });
  joinWritesOfTurn(written);
  written.write('a');
  written.write('b');
  endTurn();
  assert.deepEqual(out, ['ab']);
  joinWritesOfTurn(written);
  written.write('c');
  assert.deepEqual(out, ['ab']);
  await nextTurn();
  assert.deepEqual(out, ['ab', 'c']);
});
