import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FetcherCache } from '../../../../core/agent/fetcher/cache.ts';

function filled(sizes: Readonly<Record<string, number>>, max: number): FetcherCache {
  const cache = new FetcherCache(max);
  for (const [key, size] of Object.entries(sizes)) {
    assert.ok(cache.reserve(key, `c-${key}`, size) !== undefined);
    cache.complete(key, size);
    cache.release(key);
  }
  return cache;
}

test('the entries that were used longest ago make room', () => {
  const cache = filled({ a: 40, b: 40, c: 20 }, 100);
  cache.claim('a');
  cache.release('a');
  assert.deepEqual(cache.reserve('d', 'c-d', 50)?.evicted, ['c-b', 'c-c']);
  assert.equal(cache.usedBytes, 90);
});

test('held entries stay; what then does not fit is not cached, and nothing goes for it', () => {
  const cache = filled({ a: 60, b: 40 }, 100);
  cache.claim('a');
  assert.equal(cache.reserve('c', 'c-c', 50), undefined);
  assert.ok(cache.claim('b') !== undefined);
  assert.equal(cache.reserve('huge', 'c-huge', 101), undefined);
});

test('an entry that is being downloaded cannot be claimed, a failed one is gone', () => {
  const cache = new FetcherCache(100);
  cache.reserve('a', 'c-a', 60);
  assert.equal(cache.claim('a'), undefined);
  cache.fail('a');
  assert.equal(cache.usedBytes, 0);
  assert.equal(cache.claim('a'), undefined);
});

test('a download that was larger than announced makes others go', () => {
  const cache = filled({ a: 40 }, 100);
  cache.reserve('b', 'c-b', 50);
  assert.deepEqual(cache.complete('b', 90), ['c-a']);
  assert.equal(cache.usedBytes, 90);
  cache.release('b');
  cache.reserve('c', 'c-c', 10);
  assert.deepEqual(cache.complete('c', 150), ['c-b']);
  assert.deepEqual(cache.release('c'), ['c-c'], 'even the whole cache is too small for it');
  assert.equal(cache.usedBytes, 0);
});

test('safety: with true sizes the cache never exceeds its limit and never removes what is held', () => {
  const step = fc.record({
    what: fc.constantFrom('use', 'end', 'fail'),
    key: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
    size: fc.integer({ min: 1, max: 60 }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const cache = new FetcherCache(100);
      const holders = new Map<string, number>();
      const downloading = new Map<string, number>();
      const gone = (paths: readonly string[]): void => {
        for (const path of paths) {
          assert.ok(!downloading.has(path) && (holders.get(path) ?? 0) === 0, `${path} is held`);
        }
      };
      for (const { what, key, size } of steps) {
        if (what === 'use') {
          if (cache.claim(key) !== undefined) holders.set(key, (holders.get(key) ?? 0) + 1);
          else if (!downloading.has(key)) {
            const reserved = cache.reserve(key, key, size);
            if (reserved !== undefined) downloading.set(key, size);
            gone(reserved?.evicted.filter((path) => path !== key) ?? []);
          }
        } else if (downloading.has(key)) {
          if (what === 'fail') cache.fail(key);
          else {
            gone(cache.complete(key, downloading.get(key) ?? 0));
            holders.set(key, 1);
          }
          downloading.delete(key);
        } else if ((holders.get(key) ?? 0) > 0) {
          holders.set(key, (holders.get(key) ?? 0) - 1);
          gone(cache.release(key));
        }
        assert.ok(cache.usedBytes >= 0 && cache.usedBytes <= 100);
      }
    }),
    { numRuns: 500 },
  );
});
