/** The shared maps of apps and pods behave as plain copies would. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { normalizeApp } from '../../../schedulers/marathon/model/app-normalize.ts';
import { changesOf } from '../../../schedulers/marathon/model/change.ts';
import { type PathId, resolvePathId } from '../../../schedulers/marathon/model/path-id.ts';
import type { RunSpec } from '../../../schedulers/marathon/model/run-spec.ts';
import { SpecMap, specChanges } from '../../../schedulers/marathon/model/spec-map.ts';
import { optionsWith } from './world.ts';

const MODEL = optionsWith().machine.model;

/** Equal ones that are different objects, and the same again. */
const SPECS = Array.from({ length: 3 }, (): RunSpec => {
  const app = normalizeApp({ id: '/a', cmd: 'x' }, MODEL, { version: '2020-01-01T00:00:00.000Z' });
  assert.ok(app.ok);
  return app.value;
});

const edit = fc.tuple(
  fc.integer({ min: 0, max: 60 }).map((number) => resolvePathId(`/a${number}`)),
  fc.constantFrom(...SPECS, undefined),
);

function byId(changes: readonly { readonly id: PathId }[]): readonly unknown[] {
  return [...changes].sort((a, b) => (a.id < b.id ? -1 : 1));
}

test('a map made by edits holds what a plain one would, and tells what has changed since', () => {
  let sharedCount = 0;
  fc.assert(
    fc.property(fc.array(fc.array(edit, { maxLength: 40 }), { maxLength: 8 }), (steps) => {
      let map = SpecMap.of();
      const plain = new Map<PathId, RunSpec>();
      const earlier: { readonly map: SpecMap; readonly plain: ReadonlyMap<PathId, RunSpec> }[] = [];
      for (const step of steps) {
        earlier.push({ map, plain: new Map(plain) });
        map = map.with(step);
        for (const [id, spec] of step) {
          if (spec === undefined) plain.delete(id);
          else plain.set(id, spec);
        }
        assert.equal(map.size, plain.size);
        assert.deepEqual(new Map(map), plain);
        assert.deepEqual([...map.keys()].sort(), [...plain.keys()].sort());
        for (const [id] of step) {
          assert.equal(map.get(id), plain.get(id));
          assert.equal(map.has(id), plain.has(id));
        }
      }
      for (const before of earlier) {
        assert.deepEqual(new Map(before.map), before.plain, 'an earlier one has changed');
        const changes = specChanges(before.map, map);
        assert.deepEqual(byId(changes), byId(changesOf(before.plain, plain)));
        if (map.changesSince(before.map) !== undefined) sharedCount += 1;
      }
    }),
    { numRuns: 100 },
  );
  assert.ok(sharedCount > 0, 'nothing was ever shared');
});
