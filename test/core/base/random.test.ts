import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  formatUuid,
  parseUuid,
  randomInteger,
  SeededRandom,
  SystemRandom,
  shuffled,
} from '../../../core/base/random.ts';

const UUID_V4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

test('the same seed gives the same sequence, another seed another', () => {
  const draw = (seed: number): readonly unknown[] => {
    const random = new SeededRandom(seed);
    return [random.float(), random.uuid(), [...random.bytes(8)], random.float()];
  };
  assert.deepEqual(draw(7), draw(7));
  assert.notDeepEqual(draw(7), draw(8));
});

test('no byte of the system is given twice', () => {
  const random = new SystemRandom();
  const seen = new Set<string>();
  const counts = [16, 4_000, 100, 5_000, ...Array.from({ length: 300 }, () => 16)];
  for (const count of counts) {
    const bytes = random.bytes(count);
    assert.equal(bytes.length, count);
    seen.add(String(bytes.slice(0, 16)));
    bytes.fill(0);
  }
  assert.equal(seen.size, counts.length);
});

test('uuids are version 4 and survive their byte form', () => {
  for (const random of [new SeededRandom(1), new SystemRandom()]) {
    const uuid = random.uuid();
    assert.match(uuid, UUID_V4);
    assert.equal(formatUuid(parseUuid(uuid)), uuid);
  }
});

test('numbers stay in their range', () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 1, max: 1_000 }), (seed, bound) => {
      const random = new SeededRandom(seed);
      for (let at = 0; at < 50; at += 1) {
        const float = random.float();
        assert.ok(float >= 0 && float < 1);
        const integer = randomInteger(random, bound);
        assert.ok(Number.isInteger(integer) && integer >= 0 && integer < bound);
      }
    }),
  );
});

test('a shuffle keeps the items, leaves its input alone, and gives every order its share', () => {
  const random = new SeededRandom(3);
  const items = ['a', 'b', 'c'];
  const counts = new Map<string, number>();
  for (let at = 0; at < 6_000; at += 1) {
    const order = shuffled(random, items).join('');
    counts.set(order, (counts.get(order) ?? 0) + 1);
  }
  assert.deepEqual(items, ['a', 'b', 'c']);
  assert.equal(counts.size, 6);
  for (const count of counts.values()) assert.ok(count > 850 && count < 1_150, `${count}`);
});
