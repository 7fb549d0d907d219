import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { loadModules, refusalOf } from '../../../core/modules/load.ts';
import type { Manifest } from '../../../core/modules/manifest.ts';

const hook = { kind: 'Hook', apiVersion: '2', mesosVersion: '1.12.0', create: () => ({}) };

const VERDICTS: readonly (readonly [unknown, RegExp | undefined])[] = [
  [hook, undefined],
  [{ ...hook, mesosVersion: '1.11.0', compatible: () => true }, undefined],
  [{ ...hook, mesosVersion: '1.12.0', compatible: () => true }, undefined],
  [{ ...hook, mesosVersion: '1.11.0' }, /compiled with version 1\.11\.0 and does not say/],
  [{ ...hook, compatible: () => false }, /has determined to be incompatible with Mesos 1\.12\.0/],
  [
    { ...hook, mesosVersion: '1.12.1', compatible: () => true },
    /^Mesos has version 1\.12\.0, but module 'm' is compiled with version 1\.12\.1$/,
  ],
  [
    { ...hook, mesosVersion: '0.21.9', compatible: () => true },
    /^Minimum supported mesos version for 'Hook' is 0\.22\.0/,
  ],
  [
    { ...hook, apiVersion: '1' },
    /^Module API version mismatch\. Mesos has: 2, library requires: 1 /,
  ],
  [{ ...hook, kind: 'Oven' }, /^Unknown module kind: Oven /],
  [{ ...hook, kind: 'toString' }, /^Unknown module kind: toString /],
  [{ ...hook, create: undefined }, /has no function 'create'/],
  [{ ...hook, mesosVersion: 'new' }, /has no valid 'mesosVersion'/],
  [7, /is no module/],
];

test('a module is verified by interface, kind and version before it is used', () => {
  for (const [module, why] of VERDICTS) {
    const refused = refusalOf('m', module);
    if (why === undefined) assert.equal(refused, undefined);
    else assert.match(refused ?? 'accepted', why);
  }
});

function libraryFile(context: TestContext, text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'modules-'));
  context.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'libexample.js');
  writeFileSync(file, text);
  writeFileSync(join(folder, 'package.json'), '{"type": "module"}');
  return file;
}

const COMMON = "apiVersion: '2', mesosVersion: '1.12.0'";

test('libraries are found by path and by name, and their modules get the parameters', async (context) => {
  const file = libraryFile(
    context,
    `globalThis.madeOf = [];
     export const a = { kind: 'Anonymous', ${COMMON}, create: (p) => { globalThis.madeOf.push(p); return {}; } };
     export const h = { kind: 'Hook', ${COMMON}, create: (p) => ({ masterSlaveLostHook: () => p }) };`,
  );
  const parameters = [{ key: 'k', value: 'v' }];
  const manifest: Manifest = [
    { name: 'a', library: { kind: 'file', path: file }, parameters },
    { name: 'h', library: { kind: 'name', name: 'example' }, parameters },
  ];
  const loaded = await loadModules(manifest, ['/nowhere', dirname(file)]);
  assert.equal(loaded.anonymous.length, 1, 'anonymous modules are made at once');
  assert.deepEqual(Reflect.get(globalThis, 'madeOf'), [parameters]);
  const made = await loaded.create('Hook', 'h', 'hooks');
  assert.deepEqual(made.masterSlaveLostHook?.({ hostname: 'a' }), parameters);
  await assert.rejects(loaded.create('Hook', 'a', 'hooks'), {
    message: "--hooks names 'a', a module of kind Anonymous, not Hook",
  });
  await assert.rejects(loaded.create('Hook', 'b', 'hooks'), {
    message: "--hooks names 'b', which is not built in and no module of --modules",
  });
});

test('whatever is wrong with a module is told with its name', async (context) => {
  const file = libraryFile(
    context,
    `export const old = { kind: 'Hook', apiVersion: '1', mesosVersion: '1.12.0', create: () => ({}) };
     export const broken = { kind: 'Anonymous', ${COMMON}, create: () => { throw new Error('no luck'); } };`,
  );
  const load = (name: string, path = file) =>
    loadModules([{ name, library: { kind: 'file', path }, parameters: [] }], []);
  await assert.rejects(load('old'), /Module API version mismatch/);
  await assert.rejects(load('broken'), /^ClusterError: Failed to create module 'broken': no luck$/);
  await assert.rejects(load('none'), /Error loading module 'none': '.*' does not export it/);
  await assert.rejects(load('none', '/no/such/file.js'), /Error opening library: '\/no\/such/);
  await assert.rejects(
    loadModules([{ name: 'x', library: { kind: 'name', name: 'y' }, parameters: [] }], []),
    /Error opening library: 'liby\.js' is not in NODE_PATH/,
  );
});
