/**
 * The launcher's program as plain JavaScript. Loading TypeScript costs a process 26 MB of private
 * memory, and every task is forked from the launcher: without it the launcher is a third of the
 * size and starts tasks much faster. A built package needs nothing of this.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Gives the path of the file to start, `name` in the agent's folder without its ending; writes
 * copies below `folder` when running from sources.
 */
export function launcherProgram(folder: string, name: string): string {
  const here = fileURLToPath(import.meta.url);
  const agentFolder = resolve(dirname(here), '..');
  if (!here.endsWith('.ts')) return join(agentFolder, `${name}.js`);
  const root = resolve(agentFolder, '../..');
  const main = join(agentFolder, `${name}.ts`);
  quietly(() => strip(main, { root, folder, done: new Set() }));
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}\n');
  return join(folder, relative(root, main)).replace(/\.ts$/, '.js');
}

interface Copies {
  readonly root: string;
  readonly folder: string;
  readonly done: Set<string>;
}

function strip(source: string, copies: Copies): void {
  if (copies.done.has(source)) return;
  copies.done.add(source);
  const code = stripTypeScriptTypes(readFileSync(source, 'utf8'));
  const rewritten = code.replaceAll(
    /(from|import\() ?'(\.[^']+)\.ts'/g,
    (_all, word: string, path: string) => {
      strip(resolve(dirname(source), `${path}.ts`), copies);
      return `${word} '${path}.js'`.replace('( ', '(');
    },
  );
  const target = join(copies.folder, relative(copies.root, source)).replace(/\.ts$/, '.js');
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, rewritten);
}

/** Node calls the stripping experimental at each use; the version is pinned, so that says nothing. */
function quietly(act: () => void): void {
  const { emitWarning } = process;
  process.emitWarning = () => {};
  try {
    act();
  } finally {
    process.emitWarning = emitWarning;
  }
}
