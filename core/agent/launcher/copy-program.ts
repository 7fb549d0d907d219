/**
 * `copy-program.ts <main> <root> <folder>`: writes the module `main` and all that it imports below
 * `root` into `folder`, as plain JavaScript. A process of its own, because what strips types is 20 MB
 * that a process never gives back.
 */
import { readFileSync, statSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { copyOf, SOURCES_FILE, writeWhole } from './program.ts';

interface Copies {
  readonly root: string;
  readonly folder: string;
  readonly done: Set<string>;
  /** Of each source, before it is read. */
  readonly stats: (readonly [path: string, modifiedMs: number, size: number])[];
}

function copy(source: string, copies: Copies): void {
  if (copies.done.has(source)) return;
  copies.done.add(source);
  const { mtimeMs, size } = statSync(source);
  copies.stats.push([source, mtimeMs, size]);
  const code = stripTypeScriptTypes(readFileSync(source, 'utf8'));
  const rewritten = code.replaceAll(
    /(from|import\() ?'(\.[^']+)\.ts'/g,
    (_all, word: string, path: string) => {
      copy(resolve(dirname(source), `${path}.ts`), copies);
      return `${word} '${path}.js'`.replace('( ', '(');
    },
  );
  writeWhole(copyOf(source, copies), rewritten);
}

const [main = '', root = '', folder = ''] = process.argv.slice(2);
const copies: Copies = { root, folder, done: new Set(), stats: [] };
copy(main, copies);
writeWhole(join(folder, 'package.json'), '{"type":"module"}\n');
writeWhole(join(folder, SOURCES_FILE), JSON.stringify(copies.stats));
