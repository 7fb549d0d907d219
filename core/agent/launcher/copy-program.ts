/**
 * `copy-program.ts <main> <root> <folder>`: writes the module `main` and all that it imports below
 * `root` into `folder`, as plain JavaScript. A process of its own, because what strips types is 20 MB
 * that a process never gives back.
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';

interface Copies {
  readonly root: string;
  readonly folder: string;
  readonly done: Set<string>;
}

function copy(source: string, copies: Copies): void {
  if (copies.done.has(source)) return;
  copies.done.add(source);
  const code = stripTypeScriptTypes(readFileSync(source, 'utf8'));
  const rewritten = code.replaceAll(
    /(from|import\() ?'(\.[^']+)\.ts'/g,
    (_all, word: string, path: string) => {
      copy(resolve(dirname(source), `${path}.ts`), copies);
      return `${word} '${path}.js'`.replace('( ', '(');
    },
  );
  const target = join(copies.folder, relative(copies.root, source)).replace(/\.ts$/, '.js');
  mkdirSync(dirname(target), { recursive: true });
  write(target, rewritten);
}

/** Whole at any moment: another agent's launcher may be loading it. */
function write(target: string, text: string): void {
  const unfinished = `${target}.${process.pid}`;
  writeFileSync(unfinished, text);
  renameSync(unfinished, target);
}

const [main = '', root = '', folder = ''] = process.argv.slice(2);
copy(main, { root, folder, done: new Set() });
write(join(folder, 'package.json'), '{"type":"module"}\n');
