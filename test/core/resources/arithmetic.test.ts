import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  add,
  contains,
  equals,
  isEmpty,
  normalize,
  type Resources,
  subtract,
  subtractContained,
  sum,
  sumOfRepeated,
} from '../../../core/resources/arithmetic.ts';
import { formatResources } from '../../../core/resources/format.ts';
import { applyOperation } from '../../../core/resources/operations.ts';
import { countRanges } from '../../../core/resources/ranges.ts';
import { fromMilli, toMilli } from '../../../core/resources/scalar.ts';
import { allocatableTo, portsOf, scalarOf } from '../../../core/resources/select.ts';
import type { Resource } from '../../../core/wire/types/mesos.v1.ts';

const scalar = (name: string, value: number, rest: Partial<Resource> = {}): Resource => ({
  name,
  type: 'SCALAR',
  scalar: { value },
  ...rest,
});

const traits: fc.Arbitrary<Partial<Resource>> = fc.constantFrom<Partial<Resource>[]>(
  {},
  {},
  { reservations: [{ type: 'STATIC', role: 'a' }] },
  { reservations: [{ type: 'DYNAMIC', role: 'a', principal: 'p' }] },
  { revocable: {} },
  { allocation_info: { role: 'a' } },
);
const amount = fc.oneof(
  fc.record({
    name: fc.constantFrom('cpus', 'mem'),
    type: fc.constant('SCALAR' as const),
    scalar: fc.record({ value: fc.integer({ min: 0, max: 20_000 }).map((milli) => milli / 1000) }),
  }),
  fc.record({
    name: fc.constant('ports'),
    type: fc.constant('RANGES' as const),
    ranges: fc.record({
      range: fc.array(
        fc.tuple(fc.nat(60), fc.nat(8)).map(([begin, size]) => ({ begin, end: begin + size })),
        { maxLength: 4 },
      ),
    }),
  }),
  fc.record({
    name: fc.constant('bugs'),
    type: fc.constant('SET' as const),
    set: fc.record({ item: fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 4 }) }),
  }),
);
const list: fc.Arbitrary<Resources> = fc.array(
  fc.tuple(amount, traits).map(([value, trait]): Resource => ({ ...value, ...trait })),
  { maxLength: 6 },
);
/** Only scalars: adding ranges or sets twice is no sum. */
const scalarList = list.map((all) => all.filter((each) => each.type === 'SCALAR'));

test('addition is commutative and associative', () => {
  fc.assert(
    fc.property(list, list, list, (a, b, c) => {
      assert.ok(equals(add(a, b), add(b, a)));
      assert.ok(equals(add(add(a, b), c), add(a, add(b, c))));
    }),
  );
});

test('what was added can be subtracted again', () => {
  fc.assert(
    fc.property(scalarList, scalarList, (a, b) => {
      const sum = add(a, b);
      assert.ok(contains(sum, a));
      assert.ok(contains(sum, b));
      assert.ok(equals(subtract(sum, b), a));
      assert.deepEqual(subtractContained(sum, b) === undefined, false);
    }),
  );
});

test('subtraction never leaves anything negative or empty', () => {
  fc.assert(
    fc.property(list, list, (a, b) => {
      for (const each of subtract(normalize(a), b)) {
        assert.ok(!isEmpty([each]));
        assert.ok((each.scalar?.value ?? 1) > 0);
      }
    }),
  );
});

test('a list contains what is left of it, and itself', () => {
  fc.assert(
    fc.property(list, list, (a, b) => {
      const whole = normalize(a);
      assert.ok(contains(whole, whole));
      assert.ok(contains(whole, subtract(whole, b)));
      assert.ok(contains(add(whole, b), whole));
    }),
  );
});

test('arguments are never changed', () => {
  fc.assert(
    fc.property(list, list, (a, b) => {
      const before = JSON.stringify([a, b]);
      add(a, b);
      subtract(a, b);
      contains(a, b);
      assert.equal(JSON.stringify([a, b]), before);
    }),
  );
});

test('ranges subtract to what integer sets give', () => {
  const ranges = fc
    .array(fc.tuple(fc.nat(60), fc.nat(8)), { maxLength: 5 })
    .map((pairs) => pairs.map(([begin, size]) => ({ begin, end: begin + size })));
  const ports = (range: readonly { begin: number; end: number }[]): Resources => [
    { name: 'ports', type: 'RANGES', ranges: { range } },
  ];
  const members = (range: readonly { begin: number; end: number }[]): Set<number> =>
    new Set(
      range.flatMap(({ begin, end }) =>
        Array.from({ length: end - begin + 1 }, (_, at) => begin + at),
      ),
    );
  fc.assert(
    fc.property(ranges, ranges, (a, b) => {
      const rest = portsOf(subtract(normalize(ports(a)), ports(b)));
      const expected = new Set([...members(a)].filter((port) => !members(b).has(port)));
      assert.deepEqual(members(rest), expected);
      assert.equal(countRanges(rest), expected.size);
      assert.equal(
        contains(normalize(ports(a)), ports(b)),
        [...members(b)].every((port) => members(a).has(port)),
      );
    }),
  );
});

test('thousandths round half away from zero and do not drift', () => {
  assert.equal(toMilli(0.0005), 1);
  assert.equal(toMilli(-0.0005), -1);
  assert.equal(toMilli(0.0004), 0);
  let sum: Resources = [];
  for (let at = 0; at < 1_000; at += 1) sum = add(sum, [scalar('cpus', 0.1)]);
  assert.equal(scalarOf(sum, 'cpus'), 100);
  for (let at = 0; at < 999; at += 1) sum = subtract(sum, [scalar('cpus', 0.1)]);
  assert.deepEqual(sum, [scalar('cpus', 0.1)]);
  assert.equal(fromMilli(-1500), -1.5);
});

test('different reservations, volumes and MOUNT disks stay apart', () => {
  const mount = { disk: { source: { type: 'MOUNT' as const, mount: { root: '/m' } } } };
  const volume = { disk: { persistence: { id: 'v' } } };
  assert.equal(add([scalar('disk', 1, mount)], [scalar('disk', 1, mount)]).length, 2);
  assert.equal(add([scalar('disk', 1, volume)], [scalar('disk', 1, volume)]).length, 2);
  assert.ok(!contains([scalar('disk', 10, mount)], [scalar('disk', 1, mount)]));
  assert.ok(contains([scalar('disk', 10, mount)], [scalar('disk', 10, mount)]));
  const path = { disk: { source: { type: 'PATH' as const, path: { root: '/p' } } } };
  assert.deepEqual(add([scalar('disk', 1, path)], [scalar('disk', 1, path)]), [
    scalar('disk', 2, path),
  ]);
});

test('shared volumes are counted by copy', () => {
  const copy = scalar('disk', 10, { disk: { persistence: { id: 'v' } }, shared: {} });
  const two = add([copy], [copy]);
  assert.equal(two.length, 2);
  assert.ok(contains(two, [copy, copy]));
  assert.ok(!contains([copy], [copy, copy]));
  assert.deepEqual(subtract(two, [copy]), [copy]);
});

test('reservations of an ancestor are for its subroles', () => {
  const mine = scalar('cpus', 1, { reservations: [{ type: 'STATIC', role: 'eng' }] });
  assert.equal(allocatableTo([mine], 'eng/web').length, 1);
  assert.equal(allocatableTo([mine], 'engine').length, 0);
});

test('reserve, create, grow, shrink, destroy and unreserve lead back to the start', () => {
  const reservations = [{ type: 'DYNAMIC' as const, role: 'web', principal: 'edge' }];
  const disk = { persistence: { id: 'v' }, volume: { container_path: 'p', mode: 'RW' as const } };
  const reserved = scalar('disk', 10, { reservations });
  const volume = scalar('disk', 6, { reservations, disk });
  const start: Resources = [scalar('cpus', 1), scalar('disk', 100)];
  let pool = start;
  const apply = (operation: Parameters<typeof applyOperation>[1]): void => {
    const applied = applyOperation(pool, operation);
    assert.ok(applied.ok, applied.ok ? '' : applied.error);
    pool = applied.value;
  };
  apply({ type: 'RESERVE', reserve: { resources: [reserved] } });
  apply({ type: 'CREATE', create: { volumes: [volume] } });
  const addition = scalar('disk', 4, { reservations });
  apply({ type: 'GROW_VOLUME', grow_volume: { volume, addition } });
  const grown = scalar('disk', 10, { reservations, disk });
  assert.ok(contains(pool, [grown]));
  apply({ type: 'SHRINK_VOLUME', shrink_volume: { volume: grown, subtract: { value: 4 } } });
  assert.ok(contains(pool, [volume, addition]));
  apply({ type: 'DESTROY', destroy: { volumes: [volume] } });
  apply({ type: 'UNRESERVE', unreserve: { resources: [reserved] } });
  assert.ok(equals(pool, start), formatResources(pool));
});

test('an operation on what is not there says so in the original words', () => {
  const reserved = scalar('disk', 500, {
    reservations: [{ type: 'DYNAMIC', role: 'web', principal: 'edge' }],
  });
  const pool = [scalar('disk', 100)];
  assert.deepEqual(
    applyOperation(pool, { type: 'UNRESERVE', unreserve: { resources: [reserved] } }),
    {
      ok: false,
      error: 'disk:100 does not contain disk(reservations: [(DYNAMIC,web,edge)]):500',
    },
  );
});

test('the sum of lists that share their entries is, in its order too, what adding them one by one gives', () => {
  const lists = fc
    .array(list, { minLength: 1, maxLength: 4 })
    .chain((pool) => fc.array(fc.constantFrom(...pool), { maxLength: 12 }));
  fc.assert(
    fc.property(lists, (given) => {
      assert.deepEqual(sumOfRepeated(given), sum(given));
    }),
  );
});
