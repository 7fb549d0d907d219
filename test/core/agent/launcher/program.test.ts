/** Copies of the launcher's program, with a compile cache of Node and without one. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';

const PROGRAM = new URL('../../../../core/agent/launcher/program.ts', import.meta.url).href;

/** Makes copies in a process of its own, since the cache of a process cannot be changed. */
function copiesIn(folder: string, cache: string | undefined): string {
  const { NODE_COMPILE_CACHE: _, ...environment } = process.env;
  const code = `import { launcherProgram } from '${PROGRAM}';
process.stdout.write(await launcherProgram(process.argv[1], 'launcher/main'));`;
  return execFileSync(
    process.execPath,
    ['--no-warnings', '--input-type=module', '-e', code, folder],
    {
      encoding: 'utf8',
      env: cache === undefined ? environment : { ...environment, NODE_COMPILE_CACHE: cache },
    },
  );
}

function folderOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'program-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

test('copies are kept where Node keeps what it has compiled, until a source changes', (t) => {
  const folder = folderOf(t);
  const cache = join(folder, 'cache');
  const first = copiesIn(join(folder, 'first'), cache);
  assert.ok(existsSync(first));
  const [version = ''] = readdirSync(cache);
  const kept = join(cache, version, 'copies-launcher-main');
  const main = join(kept, 'core/agent/launcher/main.js');
  assert.equal(readFileSync(main, 'utf8'), readFileSync(first, 'utf8'));

  writeFileSync(main, '// kept');
  const second = copiesIn(join(folder, 'second'), cache);
  assert.equal(readFileSync(second, 'utf8'), '// kept');

  const sources = JSON.parse(readFileSync(join(kept, 'sources.json'), 'utf8'));
  sources[1][2] += 1;
  writeFileSync(join(kept, 'sources.json'), JSON.stringify(sources));
  const third = copiesIn(join(folder, 'third'), cache);
  assert.equal(readFileSync(third, 'utf8'), readFileSync(first, 'utf8'));
  assert.equal(readFileSync(main, 'utf8'), readFileSync(first, 'utf8'));
});

test('without a cache each agent makes its own copies', (t) => {
  const folder = folderOf(t);
  assert.ok(existsSync(copiesIn(join(folder, 'first'), undefined)));
  assert.deepEqual(readdirSync(folder), ['first']);
});
