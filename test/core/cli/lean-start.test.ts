import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';

const MODULE = new URL('../../../core/cli/lean-start.ts', import.meta.url).href;

interface Told {
  /** What the program says at its end: it is printed once, however often it has started. */
  readonly pid: number;
  readonly hasStripper: boolean;
  readonly words: readonly string[];
  readonly cache: string | null;
  readonly ours: readonly string[];
}

/** Runs a program of two TypeScript modules, the second one loaded lean. */
async function runLean(
  folder: string,
  more: NodeJS.ProcessEnv,
): Promise<{ readonly pid: number | undefined; readonly told: Told }> {
  writeFileSync(join(folder, 'part.ts'), 'export const part: string = "part";\n');
  writeFileSync(
    join(folder, 'main.ts'),
    `import { loadLean } from '${MODULE}';
    const { part }: { part: string } = await loadLean(() => import('./part.ts'));
    const hasStripper = process.moduleLoadList.some((name: string) => name.includes('amaro'));
    const ours = Object.keys(process.env).filter((name) => name.startsWith('ORRERY_'));
    const cache = process.env['NODE_COMPILE_CACHE'] ?? null;
    const words = [part, ...process.argv.slice(2)];
    console.log(JSON.stringify({ pid: process.pid, hasStripper, words, cache, ours }));`,
  );
  const { NODE_COMPILE_CACHE: _cache, ...env } = process.env;
  const child = spawn(process.execPath, [join(folder, 'main.ts'), 'a word'], {
    env: { ...env, ...more },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [output] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  return { pid: child.pid, told: JSON.parse(output) };
}

function folderFor(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'lean-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

test('a program that had to strip types goes on without what strips them, as the same process', async (t) => {
  const { pid, told } = await runLean(folderFor(t), {});
  assert.deepEqual(told, {
    ...{ pid, hasStripper: false, words: ['part', 'a word'] },
    ...{ cache: null, ours: [] },
  });
});

test('the compile cache of the user is used, and stays in the environment', async (t) => {
  const folder = folderFor(t);
  const cache = join(folder, 'cache');
  const { told } = await runLean(folder, { NODE_COMPILE_CACHE: cache });
  assert.deepEqual([told.hasStripper, told.cache, told.ours], [false, cache, []]);
});

test('where nothing can be kept, the program runs as it is', async (t) => {
  const { told } = await runLean(folderFor(t), { NODE_DISABLE_COMPILE_CACHE: '1' });
  assert.deepEqual([told.hasStripper, told.words], [true, ['part', 'a word']]);
});
