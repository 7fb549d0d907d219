import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { NodeFiles } from '../../../core/agent/node-files.ts';
import { needs } from '../../e2e/support/host-features.ts';

test(
  'what is mounted in a directory goes from it, and stays where it comes from',
  needs('root'),
  (context) => {
    const root = mkdtempSync(join(tmpdir(), 'files-'));
    context.after(() => rmSync(root, { recursive: true, force: true }));
    const kept = join(root, 'kept');
    const point = join(root, 'work', 'sandbox', 'a mount');
    for (const each of [kept, point]) mkdirSync(each, { recursive: true });
    writeFileSync(join(kept, 'precious'), '');
    execFileSync('mount', ['-n', '--bind', kept, point]);
    new NodeFiles(join(root, 'work')).remove('sandbox');
    assert.deepEqual(readdirSync(join(root, 'work')), []);
    assert.deepEqual(readdirSync(kept), ['precious']);
  },
);

test('so it does where links lead to the directory', needs('root'), (context) => {
  const root = mkdtempSync(join(tmpdir(), 'files-'));
  context.after(() => rmSync(root, { recursive: true, force: true }));
  const [kept, disk, work] = [join(root, 'kept'), join(root, 'disk'), join(root, 'work')];
  const point = join(disk, 'sandbox', 'point');
  for (const each of [kept, point]) mkdirSync(each, { recursive: true });
  symlinkSync(disk, work);
  symlinkSync(join(disk, 'sandbox'), join(disk, 'latest'));
  writeFileSync(join(kept, 'precious'), '');
  execFileSync('mount', ['-n', '--bind', kept, point]);
  const files = new NodeFiles(work);
  files.remove('latest');
  assert.deepEqual(readdirSync(point), ['precious']);
  files.remove('sandbox');
  assert.deepEqual(readdirSync(disk), []);
  assert.deepEqual(readdirSync(kept), ['precious']);
});

test('a directory on another disk is emptied', (context) => {
  const root = mkdtempSync(join(tmpdir(), 'files-'));
  context.after(() => rmSync(root, { recursive: true, force: true }));
  const files = new NodeFiles(join(root, 'work'));
  const disk = join(root, 'disk');
  files.makeDirectory(join(disk, 'a', 'b'));
  writeFileSync(join(disk, 'c'), '');
  files.empty(disk);
  assert.ok(existsSync(disk));
  assert.deepEqual(readdirSync(disk), []);
});
