/** Plans: dependencies first, nothing twice, and the way back. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { App } from '../../../schedulers/marathon/model/app.ts';
import { normalizeApp } from '../../../schedulers/marathon/model/app-normalize.ts';
import { changesOf, type TreeChanges } from '../../../schedulers/marathon/model/change.ts';
import {
  affectedSpecs,
  dependenciesOf,
  hasCyclicDependencies,
  planDeployment,
  revertedBy,
} from '../../../schedulers/marathon/model/deployment-plan.ts';
import { resolvePathId } from '../../../schedulers/marathon/model/path-id.ts';
import { PortUse } from '../../../schedulers/marathon/model/port-use.ts';
import {
  appIn,
  emptyRoot,
  type Root,
  withGroup,
  withSpecs,
} from '../../../schedulers/marathon/model/root.ts';
import { SpecMap } from '../../../schedulers/marathon/model/spec-map.ts';
import {
  assignVersions,
  declaredServicePorts,
} from '../../../schedulers/marathon/model/versioning.ts';
import { optionsWith } from './world.ts';

const T0 = '2020-01-01T00:00:00.000Z';
const T1 = '2020-01-02T00:00:00.000Z';
const PORTS = { min: 10_000, max: 10_100 };

function appOf(id: string, more: object = {}): App {
  const app = normalizeApp({ id, cmd: 'sleep 1', ...more }, optionsWith().machine.model, {
    version: T0,
  });
  assert.ok(app.ok);
  return app.value;
}

function versioned(original: Root, target: Root, version: string): Root {
  const usedPorts = new PortUse(declaredServicePorts, original.specs.values());
  const settled = assignVersions(original, target, { version, ports: PORTS, usedPorts });
  assert.ok(settled.ok);
  const { root, changes } = settled.value;
  assert.deepEqual(changes, changesOf(original.specs, root.specs));
  return { ...root, version };
}

function changesBetween(original: Root, target: Root): TreeChanges {
  return {
    specs: changesOf(original.specs, target.specs),
    groups: changesOf(original.groups, target.groups),
  };
}

/** Without trust in what was there before. */
function hasCycle(root: Root): boolean {
  return hasCyclicDependencies(root, changesBetween(emptyRoot(T0), root));
}

function actionsOf(original: Root, target: Root): string[] {
  const plan = planDeployment(changesBetween(original, target), target, { id: 'p', version: T1 });
  return plan.steps.map(({ actions }) =>
    actions.map(({ kind, spec }) => `${kind} ${spec.id}`).join(', '),
  );
}

test('a chain of new apps starts from its end', () => {
  const root = emptyRoot(T0);
  const target = withSpecs(root, [
    appOf('/a', { dependencies: ['/b'] }),
    appOf('/b', { dependencies: ['/c'] }),
    appOf('/c'),
  ]);
  assert.deepEqual(actionsOf(root, versioned(root, target, T1)), [
    'Start /a, Start /b, Start /c',
    'Scale /c',
    'Scale /b',
    'Scale /a',
  ]);
});

test('what changes decides between scaling, restarting, stopping and nothing', () => {
  const root = emptyRoot(T0);
  const before = versioned(
    root,
    withSpecs(root, [appOf('/a'), appOf('/b'), appOf('/c'), appOf('/d')]),
    T0,
  );
  const specs = new Map(before.specs);
  specs.delete(resolvePathId('/d'));
  const wanted = withSpecs({ ...before, specs }, [
    appOf('/a', { instances: 5 }),
    appOf('/b', { mem: 999 }),
    appOf('/c', { mem: 999, instances: 0 }),
  ]);
  const after = versioned(before, wanted, T1);
  assert.deepEqual(actionsOf(before, after), ['Stop /d', 'Scale /a, Restart /b, Scale /c']);
  assert.equal(after.specs.get(resolvePathId('/a'))?.versionInfo.lastConfigChangeAt, T0);
  assert.equal(after.specs.get(resolvePathId('/b'))?.versionInfo.lastConfigChangeAt, T1);
  const again = versioned(after, withSpecs(after, [appOf('/a', { instances: 5 })]), T1);
  assert.deepEqual(actionsOf(after, again), []);
});

/** Trees without cycles: an app depends only on apps with smaller numbers. */
const trees = fc
  .array(
    fc.record({
      links: fc.array(fc.nat(9), { maxLength: 3 }),
      mem: fc.constantFrom(16, 32),
      instances: fc.nat(2),
      present: fc.boolean(),
    }),
    { minLength: 1, maxLength: 10 },
  )
  .map((rows) =>
    rows.flatMap(({ links, mem, instances, present }, index) => {
      const dependencies = [...new Set(links)]
        .filter((link) => link < index)
        .map((link) => `/g/a${link}`);
      return present ? [appOf(`/g/a${index}`, { dependencies, mem, instances })] : [];
    }),
  );

test('no app is acted upon before what it depends on, and each only once', () => {
  fc.assert(
    fc.property(trees, trees, (first, second) => {
      const root = emptyRoot(T0);
      const before = versioned(root, withSpecs(root, first), T0);
      const after = versioned(before, withSpecs({ ...before, specs: new Map() }, second), T1);
      const plan = planDeployment(changesBetween(before, after), after, { id: 'p', version: T1 });
      const place = new Map<string, number>();
      plan.steps.forEach(({ actions }, step) => {
        for (const { kind, spec } of actions) {
          if (kind === 'Start') continue;
          assert.ok(!place.has(spec.id), `${spec.id} twice`);
          place.set(spec.id, step);
        }
      });
      for (const app of after.specs.values()) {
        for (const needed of dependenciesOf(after, app)) {
          const [mine, theirs] = [place.get(app.id), place.get(needed)];
          if (mine !== undefined && theirs !== undefined) assert.ok(theirs < mine);
        }
      }
      const untouched = [...after.specs].filter(([id, app]) => before.specs.get(id) === app);
      const affected = affectedSpecs(plan).map(({ id }) => id);
      for (const [id] of untouched) assert.ok(!affected.includes(id));
      const back = revertedBy(plan, after);
      assert.deepEqual(new Map([...back.specs].sort()), new Map([...before.specs].sort()));
    }),
    { numRuns: 200 },
  );
});

test('cycles are found, through groups too', () => {
  const root = emptyRoot(T0);
  const direct = withSpecs(root, [
    appOf('/a', { dependencies: ['/b'] }),
    appOf('/b', { dependencies: ['/a'] }),
  ]);
  assert.equal(hasCycle(direct), true);
  const plain = withSpecs(root, [appOf('/a', { dependencies: ['/g'] }), appOf('/g/b')]);
  assert.equal(hasCycle(plain), false);
  const grouped = withSpecs(root, [
    appOf('/a', { dependencies: ['/g'] }),
    appOf('/g/b', { dependencies: ['/a'] }),
  ]);
  assert.equal(hasCycle(grouped), true);
});

test('a cycle is found by what has changed alone', () => {
  const ids = ['/a', '/g/b', '/g/h/c', '/i/d'];
  const names = fc.subarray([...ids, '/g', '/g/h', '/i']);
  const tree = fc.record({
    apps: fc.array(fc.option(names), { minLength: ids.length, maxLength: ids.length }),
    groups: fc.array(fc.oneof({ weight: 3, arbitrary: fc.constant([]) }, names), {
      minLength: 3,
      maxLength: 3,
    }),
  });
  const treeOf = ({
    apps,
    groups,
  }: {
    apps: (string[] | null)[];
    groups: (readonly string[])[];
  }): Root => {
    const specs = apps.flatMap((dependencies, index) =>
      dependencies === null ? [] : [appOf(ids[index] ?? '', { dependencies })],
    );
    const root = withSpecs(emptyRoot(T0), specs);
    return ['/g', '/g/h', '/i'].reduce((before, id, index) => {
      const dependencies = (groups[index] ?? []).map((each) => resolvePathId(each));
      return withGroup(before, { id: resolvePathId(id), dependencies, version: T0 });
    }, root);
  };
  let cycleCount = 0;
  fc.assert(
    fc.property(tree, tree, (first, second) => {
      const before = treeOf(first);
      if (hasCycle(before)) return;
      const after = versioned(before, treeOf(second), T1);
      const found = hasCyclicDependencies(after, changesBetween(before, after));
      assert.equal(found, hasCycle(after));
      if (found) cycleCount += 1;
    }),
    { numRuns: 300 },
  );
  assert.ok(cycleCount > 0, 'no cycle was ever made');
});

test('ports in use are known as if they were counted anew', () => {
  const ports = fc.array(fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 3 }), {
    minLength: 3,
    maxLength: 3,
  });
  const treeOf = (each: number[][]): Root =>
    withSpecs(
      emptyRoot(T0),
      each.flatMap((numbers, index) =>
        numbers.length === 0
          ? []
          : [appOf(`/a${index}`, { portDefinitions: numbers.map((port) => ({ port })) })],
      ),
    );
  fc.assert(
    fc.property(fc.array(ports, { minLength: 1 }), (all) => {
      const use = new PortUse(declaredServicePorts);
      let root = emptyRoot(T0);
      for (const each of all) {
        const next = treeOf(each);
        const changes = changesOf(root.specs, next.specs);
        const anew = new PortUse(declaredServicePorts, next.specs.values());
        const countAfter = use.countAfter(changes);
        for (let port = 1; port <= 5; port += 1) {
          assert.equal(countAfter(port) > 0, anew.has(port), `port ${port}`);
        }
        use.apply(changes);
        assert.deepEqual(use, anew);
        root = next;
      }
    }),
    { numRuns: 50 },
  );
});

test('service ports are unique, kept over updates, and run out with a sentence', () => {
  const root = emptyRoot(T0);
  const two = { portDefinitions: [{ port: 0 }, { port: 0 }] };
  const before = versioned(root, withSpecs(root, [appOf('/a', two), appOf('/b', two)]), T0);
  const portsOf = (tree: Root, id: string): (number | undefined)[] =>
    (appIn(tree, resolvePathId(id))?.portDefinitions ?? []).map(({ port }) => port);
  assert.deepEqual(portsOf(before, '/a'), [10_000, 10_001]);
  assert.deepEqual(portsOf(before, '/b'), [10_002, 10_003]);
  const three = { portDefinitions: [{ port: 0 }, { port: 0 }, { port: 0 }] };
  const after = versioned(before, withSpecs(before, [appOf('/a', three)]), T1);
  assert.deepEqual(portsOf(after, '/a'), [10_000, 10_001, 10_004]);
  const refused = assignVersions(root, withSpecs(root, [appOf('/a', three)]), {
    version: T1,
    ports: { min: 10_000, max: 10_002 },
    usedPorts: new PortUse(declaredServicePorts),
  });
  assert.deepEqual(refused, {
    ok: false,
    error: 'All ports in the range [10000-10002) are already in use',
  });
});

test('a service port that an app has again is given to no other, whatever is named first', () => {
  const old = appOf('/old', { portDefinitions: [{ port: 10_000 }] });
  const original = { ...emptyRoot(T0), specs: SpecMap.of([[old.id, old]]) };
  const changed = appOf('/old', { cmd: 'sleep 2', portDefinitions: [{ port: 0 }] });
  const target = withSpecs(original, [appOf('/new', { portDefinitions: [{ port: 0 }] }), changed]);
  const usedPorts = new PortUse(declaredServicePorts, original.specs.values());
  const settled = assignVersions(original, target, { version: T1, ports: PORTS, usedPorts });
  assert.ok(settled.ok);
  const portOf = (id: string): number | undefined =>
    appIn(settled.value.root, resolvePathId(id))?.portDefinitions?.[0]?.port;
  assert.deepEqual([portOf('/old'), portOf('/new')], [10_000, 10_001]);
});
