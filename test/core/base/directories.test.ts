import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { makeDirectories } from '../../../core/base/directories.ts';

const home = mkdtempSync(join(tmpdir(), 'directories-'));
after(() => rmSync(home, { recursive: true }));

test('a directory is made with those above it, again without effect', () => {
  const path = join(home, 'a/b/c');
  makeDirectories(path);
  makeDirectories(path);
  assert.ok(statSync(path).isDirectory());
});

test('where no directory can be made, it says so instead of trying for ever', () => {
  writeFileSync(join(home, 'file'), '');
  symlinkSync('nowhere', join(home, 'dangling'));
  for (const path of [
    '/proc/none/x',
    join(home, 'file'),
    join(home, 'file/x'),
    join(home, 'dangling'),
  ]) {
    assert.throws(() => makeDirectories(path), /EEXIST|ENOENT|ENOTDIR|EACCES/, path);
  }
  assert.ok(!existsSync(join(home, 'nowhere')));
});
