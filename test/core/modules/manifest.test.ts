import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseManifest } from '../../../core/modules/manifest.ts';
import { compileModules } from '../../../core/modules/start.ts';

const library = (file: string, name: string, value = 'v') => ({
  libraries: [{ file, modules: [{ name, parameters: [{ key: 'k', value }] }] }],
});

test('modules keep their order, their library and their parameters', () => {
  const both = parseManifest([
    library('/a.js', 'one'),
    { libraries: [{ name: 'b', modules: [{ name: 'two' }] }] },
  ]);
  assert.deepEqual(both, {
    ok: true,
    value: [
      {
        name: 'one',
        library: { kind: 'file', path: '/a.js' },
        parameters: [{ key: 'k', value: 'v' }],
      },
      { name: 'two', library: { kind: 'name', name: 'b' }, parameters: [] },
    ],
  });
});

const REFUSED: readonly (readonly [readonly unknown[], RegExp])[] = [
  [[{ libraries: [{ modules: [{ name: 'a' }] }] }], /^Library name or path not provided$/],
  [
    [{ libraries: [{ file: '/a.js', modules: [{}] }] }],
    /^Error: module name not provided with library$/,
  ],
  [
    [library('/a.js', 'one'), library('/b.js', 'one')],
    /^A module with same name but different library already exists: 'one'$/,
  ],
  [
    [library('/a.js', 'one', 'v'), library('/a.js', 'one', 'w')],
    /^A module with same name but different parameters already exists: 'one'$/,
  ],
  [[{ libraries: 7 }], /libraries/],
];

test('a manifest that is ambiguous or incomplete is refused', () => {
  for (const [trees, why] of REFUSED) {
    const refused = parseManifest(trees);
    assert.ok(!refused.ok);
    assert.match(refused.error, why);
  }
});

test('the same module given twice in the same way is one', () => {
  const twice = parseManifest([library('/a.js', 'one'), library('/a.js', 'one')]);
  assert.ok(twice.ok && twice.value.length === 1);
});

test('files of a folder are read in the order of their names, or one document, not both', (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'modules-'));
  context.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, '2.json'), JSON.stringify(library('/b.js', 'two')));
  writeFileSync(join(folder, '1.json'), JSON.stringify(library('/a.js', 'one')));
  const flags = { modules: undefined, modules_dir: folder, hooks: 'two,one' };
  const compiled = compileModules(flags);
  assert.ok(compiled.ok);
  assert.deepEqual(
    compiled.value.manifest.map(({ name }) => name),
    ['one', 'two'],
  );
  assert.deepEqual(compiled.value.hooks, ['two', 'one']);
  const both = compileModules({ ...flags, modules: {} });
  assert.ok(!both.ok);
  assert.equal(both.error, 'Only one of --modules or --modules_dir should be specified');
  writeFileSync(join(folder, '3.json'), '{');
  const broken = compileModules(flags);
  assert.ok(!broken.ok);
  assert.match(broken.error, /^Error loading modules from '.*JSON/);
});
