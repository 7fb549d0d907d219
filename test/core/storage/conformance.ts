/** What every `Storage` must do; each implementation's test runs it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Storage, StorageOperation } from '../../../core/storage/ports.ts';

const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text));
const text = (value: Uint8Array | undefined): string | undefined =>
  value === undefined ? undefined : Buffer.from(value).toString();

export function put(key: string, value: string): StorageOperation {
  return { kind: 'put', key, value: bytes(value) };
}

/** `open` gives an empty storage and a function that ends it. */
export function testStorage(
  name: string,
  open: () => Promise<{ storage: Storage; end: () => Promise<void> }>,
): void {
  const using = async (act: (storage: Storage) => Promise<void>): Promise<void> => {
    const { storage, end } = await open();
    try {
      await act(storage);
    } finally {
      await end();
    }
  };

  test(`${name}: a key never written is absent`, () =>
    using(async (storage) => {
      assert.equal(await storage.get('nothing'), undefined);
      assert.deepEqual(await storage.list(''), []);
    }));

  test(`${name}: a written value is read back, an empty one too`, () =>
    using(async (storage) => {
      await storage.write([put('a', 'one'), put('b', '')]);
      assert.equal(text(await storage.get('a')), 'one');
      assert.equal(text(await storage.get('b')), '');
    }));

  test(`${name}: operations of one write apply in their order`, () =>
    using(async (storage) => {
      await storage.write([put('a', '1'), { kind: 'delete', key: 'a' }, put('a', '2')]);
      await storage.write([put('b', '1'), { kind: 'delete', key: 'b' }]);
      assert.equal(text(await storage.get('a')), '2');
      assert.equal(await storage.get('b'), undefined);
    }));

  test(`${name}: a list has the keys with the prefix, in the order of their bytes`, () =>
    using(async (storage) => {
      const keys = ['app/é', 'app/a', 'app/\u{1f600}', 'app/\uffee', 'apq', 'app', 'aq/a', 'app/b'];
      await storage.write(keys.map((key) => put(key, key)));
      const found = (await storage.list('app/')).map(([key]) => key);
      assert.deepEqual(found, ['app/a', 'app/b', 'app/é', 'app/\uffee', 'app/\u{1f600}']);
    }));

  test(`${name}: concurrent writes take effect in the order of the calls`, () =>
    using(async (storage) => {
      const resolved: number[] = [];
      const writes = Array.from({ length: 200 }, (_, at) =>
        storage.write([put('last', String(at)), put(`each/${at}`, '')]).then(() => {
          resolved.push(at);
        }),
      );
      await Promise.all(writes);
      assert.equal(text(await storage.get('last')), '199');
      assert.equal((await storage.list('each/')).length, 200);
      assert.deepEqual(
        resolved,
        resolved.toSorted((a, b) => a - b),
      );
    }));

  test(`${name}: later changes to a value's buffer do not reach what was written`, () =>
    using(async (storage) => {
      const value = bytes('before');
      const written = storage.write([{ kind: 'put', key: 'a', value }]);
      value.fill(0);
      await written;
      assert.equal(text(await storage.get('a')), 'before');
    }));

  test(`${name}: a closed storage refuses writes`, () =>
    using(async (storage) => {
      await storage.close();
      await assert.rejects(storage.write([put('a', '1')]), { code: 'STORAGE_CLOSED' });
    }));

  test(`${name}: behaves like a sorted map under any sequence of writes`, async () => {
    const operation = fc.oneof(
      fc.record({ kind: fc.constant('put' as const), key: key(), value: fc.uint8Array() }),
      fc.record({ kind: fc.constant('delete' as const), key: key() }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(operation)), async (writes) =>
        using(async (storage) => {
          const model = new Map<string, Uint8Array>();
          await Promise.all(writes.map((each) => storage.write(each)));
          for (const each of writes.flat()) {
            if (each.kind === 'put') model.set(each.key, each.value);
            else model.delete(each.key);
          }
          const listed = await storage.list('');
          assert.deepEqual(
            listed.map(([name]) => name),
            [...model.keys()].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))),
          );
          for (const [name, value] of listed) {
            assert.deepEqual(Buffer.from(value), Buffer.from(model.get(name) ?? []));
          }
        }),
      ),
      { numRuns: 25 },
    );
  });
}

function key(): fc.Arbitrary<string> {
  return fc.string({ minLength: 1, maxLength: 3, unit: fc.constantFrom('a', 'b', '/', 'é') });
}
