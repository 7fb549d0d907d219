/** The app model by table: ids, migration of old fields, constraints, JSON places. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { App, Constraint } from '../../../schedulers/marathon/model/app.ts';
import { normalizeApp } from '../../../schedulers/marathon/model/app-normalize.ts';
import { readRawApp } from '../../../schedulers/marathon/model/app-schema.ts';
import { violationsOfConstraint } from '../../../schedulers/marathon/model/constraint-rules.ts';
import { parseDocument } from '../../../schedulers/marathon/model/json-document.ts';
import {
  hostNameForm,
  resolvePathId,
  safeForm,
  violationsOfId,
} from '../../../schedulers/marathon/model/path-id.ts';
import type { Place } from '../../../schedulers/marathon/offers/constraint-values.ts';
import { satisfiesConstraints } from '../../../schedulers/marathon/offers/constraints.ts';
import { optionsWith } from './world.ts';

function appOf(body: object): App {
  const raw = readRawApp({ id: '/a', cmd: 'sleep 1', ...body }, { requireId: true });
  assert.ok(raw.ok, JSON.stringify(raw));
  const app = normalizeApp(raw.value, optionsWith().machine.model, {
    version: '2020-01-01T00:00:00.000Z',
  });
  assert.ok(app.ok, JSON.stringify(app));
  return app.value;
}

test('ids are made absolute and keep their forms', () => {
  const base = resolvePathId('/g/h');
  const rows: readonly (readonly [string, string])[] = [
    ['a', '/g/h/a'],
    ['/a/b', '/a/b'],
    ['../x', '/g/x'],
    ['../../../../x', '/x'],
    ['./a//b/', '/g/h/a/b'],
  ];
  for (const [text, expected] of rows) assert.equal(resolvePathId(text, base), expected);
  assert.equal(safeForm(resolvePathId('/product/db/mongo')), 'product_db_mongo');
  assert.equal(hostNameForm(resolvePathId('/product/db/mongo')), 'mongo.db.product');
  assert.deepEqual(violationsOfId(resolvePathId('/')), [
    'Path must contain at least one path element',
  ]);
  assert.deepEqual(violationsOfId(resolvePathId('/a.b-c/d0')), []);
});

test('a plain app has the documented defaults', () => {
  const app = appOf({});
  assert.deepEqual(
    [app.cpus, app.mem, app.disk, app.gpus, app.instances, app.backoffSeconds, app.backoffFactor],
    [1, 128, 0, 0, 1, 1, 1.15],
  );
  assert.equal(app.maxLaunchDelaySeconds, 300);
  assert.deepEqual(app.networks, [{ mode: 'host' }]);
  assert.deepEqual(app.portDefinitions, [{ port: 0, name: 'default', protocol: 'tcp' }]);
  assert.deepEqual(app.upgradeStrategy, { minimumHealthCapacity: 1, maximumOverCapacity: 1 });
  assert.deepEqual(app.unreachableStrategy, { inactiveAfterSeconds: 0, expungeAfterSeconds: 0 });
});

test('old fields become new ones', () => {
  const uris = appOf({ uris: ['http://x/a.tgz', 'http://x/b.txt'] });
  assert.deepEqual(
    uris.fetch.map(({ uri, extract }) => [uri, extract]),
    [
      ['http://x/a.tgz', true],
      ['http://x/b.txt', false],
    ],
  );
  assert.deepEqual(appOf({ ports: [8080, 0] }).portDefinitions, [
    { port: 8080, protocol: 'tcp' },
    { port: 0, protocol: 'tcp' },
  ]);
  const bridged = appOf({
    container: {
      type: 'DOCKER',
      docker: { image: 'nginx', network: 'BRIDGE', portMappings: [{ containerPort: 80 }] },
    },
  });
  assert.deepEqual(
    bridged.networks.map(({ mode }) => mode),
    ['container/bridge'],
  );
  assert.equal(bridged.portDefinitions, undefined);
  const [mapping] = bridged.container?.portMappings ?? [];
  assert.deepEqual([mapping?.containerPort, mapping?.hostPort, mapping?.servicePort], [80, 0, 0]);
  assert.equal(appOf({ healthChecks: [{}] }).healthChecks[0]?.portIndex, 0);
  assert.equal(appOf({ requirePorts: true, ports: [80] }).requirePorts, true);
});

test('constraints are checked with the sentences of the original', () => {
  const rows: readonly (readonly [Constraint, number])[] = [
    [['hostname', 'UNIQUE'], 0],
    [['hostname', 'UNIQUE', 'x'], 1],
    [['rack', 'GROUP_BY'], 0],
    [['rack', 'GROUP_BY', 'two'], 1],
    [['rack', 'MAX_PER'], 1],
    [['rack', 'LIKE', ''], 1],
    [['rack', 'LIKE', '('], 1],
    [['rack', 'NEAR', 'x'], 1],
    [['rack'], 1],
    [['rack', 'IS', 'r1'], 0],
    [['rack', 'IS', 'a b'], 1],
  ];
  for (const [constraint, count] of rows) {
    assert.equal(violationsOfConstraint(constraint).length, count, constraint.join(' '));
  }
});

function place(host: string, rack?: string): Place {
  const attributes =
    rack === undefined ? [] : [{ name: 'rack', type: 'TEXT' as const, text: { value: rack } }];
  return { host, attributes };
}

test('constraints accept and refuse places', () => {
  const here = place('h1', 'r1');
  const rows: readonly (readonly [Constraint, readonly Place[], boolean])[] = [
    [['hostname', 'UNIQUE'], [], true],
    [['hostname', 'UNIQUE'], [place('h1')], false],
    [['hostname', 'UNIQUE'], [place('h2')], true],
    [['hostname', 'CLUSTER', 'h1'], [], true],
    [['hostname', 'CLUSTER', 'h2'], [], false],
    [['rack', 'CLUSTER'], [place('h2', 'r1')], true],
    [['rack', 'CLUSTER'], [place('h2', 'r2')], false],
    [['rack', 'LIKE', 'r[0-9]'], [], true],
    [['rack', 'LIKE', 'r'], [], false],
    [['rack', 'UNLIKE', 'r1'], [], false],
    [['zone', 'UNLIKE', 'x'], [], true],
    [['zone', 'LIKE', '.*'], [], false],
    [['rack', 'MAX_PER', '1'], [place('h2', 'r1')], false],
    [['rack', 'MAX_PER', '2'], [place('h2', 'r1')], true],
    [['rack', 'IS', 'r1'], [], true],
    [['rack', 'IS', 'r2'], [], false],
    [['rack', 'GROUP_BY'], [place('h2', 'r1'), place('h3', 'r2')], true],
    [['rack', 'GROUP_BY'], [place('h2', 'r1')], true],
    [['rack', 'GROUP_BY'], [place('a', 'r1'), place('b', 'r1'), place('c', 'r2')], false],
    [['rack', 'GROUP_BY', '1'], [place('a', 'r2')], false],
    [['rack', 'GROUP_BY', '2'], [place('a', 'r1'), place('b', 'r1')], false],
    [['rack', 'GROUP_BY', '2'], [place('a', 'r2'), place('b', 'r2')], true],
  ];
  for (const [constraint, placed, expected] of rows) {
    const app = appOf({ instances: 4, constraints: [constraint] });
    assert.equal(
      satisfiesConstraints(app, here, placed),
      expected,
      JSON.stringify([constraint, placed]),
    );
  }
});

test('the place of any JSON fault is found, and none in good JSON', () => {
  const rows: readonly (readonly [string, number, number])[] = [
    ['{"a":1,}', 1, 8],
    ['{"a":}', 1, 6],
    ['[1,\n 2,\n]', 3, 1],
    ['{"a" 1}', 1, 6],
    ['{\n"a": tru}', 2, 6],
    ['{"a": "b\n"}', 1, 9],
    ['{"a": 01}', 1, 8],
    ['', 1, 1],
    ['{"a":1', 1, 7],
    ['{} x', 1, 4],
    ["{'a':1}", 1, 2],
  ];
  for (const [text, line, column] of rows) {
    const parsed = parseDocument(text);
    assert.ok(!parsed.ok, text);
    assert.match(parsed.error, new RegExp(`line: ${line}, column: ${column}\\]$`), parsed.error);
  }
  fc.assert(
    fc.property(fc.json(), (text) => {
      assert.equal(parseDocument(text).ok, true);
    }),
  );
  fc.assert(
    fc.property(
      fc.json({ maxDepth: 2 }),
      fc.nat(),
      fc.string({ maxLength: 2 }),
      (text, at, noise) => {
        const cut = at % (text.length + 1);
        const parsed = parseDocument(text.slice(0, cut) + noise + text.slice(cut));
        if (!parsed.ok) assert.match(parsed.error, /line: \d+, column: \d+\]$/);
      },
    ),
  );
});
