/** Chunks are only a way of keeping texts: what is rendered is always the whole list. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ChunkedText } from '../../../core/operator/chunked-text.ts';

interface Item {
  readonly id: string;
  readonly version: number;
}

const textOf = ({ id, version }: Item): string =>
  `{"${id}":${version}${version % 7 === 3 ? ',"ü":"€"' : ''}}`;

function rendered(kept: ChunkedText<Item>, items: readonly Item[]): string {
  return Buffer.concat([...kept.render(items, textOf)]).toString();
}

test('after any change the text is that of the list', () => {
  const change = fc.record({
    kind: fc.constantFrom('add', 'remove', 'replace'),
    at: fc.nat({ max: 500 }),
  });
  fc.assert(
    fc.property(fc.nat({ max: 300 }), fc.array(change, { maxLength: 30 }), (count, changes) => {
      const kept = new ChunkedText<Item>((item) => item.id);
      const items = Array.from({ length: count }, (_, at) => ({ id: `task-${at}`, version: 0 }));
      assert.equal(rendered(kept, items), items.map(textOf).join(','));
      for (const [version, { kind, at }] of changes.entries()) {
        const place = at % (items.length + 1);
        const known = items[place];
        if (kind === 'add') items.splice(place, 0, { id: `new-${version}`, version });
        else if (kind === 'remove') items.splice(place, 1);
        else if (known !== undefined) items[place] = { ...known, version };
        assert.equal(rendered(kept, items), items.map(textOf).join(','));
      }
    }),
  );
});

test('texts of neighbours that stay are not made again', () => {
  const kept = new ChunkedText<Item>((item) => item.id);
  const items = Array.from({ length: 10_000 }, (_, at) => ({ id: `task-${at}`, version: 0 }));
  let madeCount = 0;
  const counting = (item: Item): string => {
    madeCount += 1;
    return textOf(item);
  };
  const render = (): number => {
    madeCount = 0;
    for (const _ of kept.render(items, counting));
    return madeCount;
  };
  assert.equal(render(), 10_000);
  assert.equal(render(), 0);
  items.splice(5_000, 1);
  assert.ok(render() <= 128);
  items.push({ id: 'late', version: 0 });
  assert.ok(render() <= 128);
});

test('of a chunk in which one object was replaced only that one is made again', () => {
  const kept = new ChunkedText<Item>((item) => item.id);
  const items = Array.from({ length: 5_000 }, (_, at) => ({ id: `task-${at}`, version: 0 }));
  const made: string[] = [];
  const noting = (item: Item): string => {
    made.push(item.id);
    return textOf(item);
  };
  for (const _ of kept.render(items, noting));
  made.length = 0;
  for (const at of [0, 17, 2_500, 4_999]) items[at] = { id: `task-${at}`, version: 1 };
  assert.equal(
    Buffer.concat([...kept.render(items, noting)]).toString(),
    items.map(textOf).join(','),
  );
  assert.deepEqual(made, ['task-0', 'task-17', 'task-2500', 'task-4999']);
});

test('the whole text is ready at the revision it was rendered at, and at no other', () => {
  const kept = new ChunkedText<Item>((item) => item.id);
  const items = [
    { id: 'a', version: 0 },
    { id: 'b', version: 0 },
  ];
  assert.equal(kept.ready(1), undefined);
  const text = Buffer.concat([...kept.render(items, textOf, 1)]).toString();
  assert.equal(Buffer.concat([...(kept.ready(1) ?? [])]).toString(), text);
  assert.equal(kept.ready(2), undefined);
  for (const _ of kept.render(items, textOf));
  assert.equal(kept.ready(1), undefined);
});
