/** `--modules` and the files of `--modules_dir`, checked and merged (spec ha-and-security, section 11). */
import { err, ok, type Result } from '../base/result.ts';
import { fromJson } from '../wire/json.ts';
import type { Modules } from '../wire/types/mesos.ts';
import type { ModuleParameter } from './types.ts';

export interface ModuleEntry {
  readonly name: string;
  readonly library: Library;
  readonly parameters: readonly ModuleParameter[];
}

/** A path, or a name that stands for `lib<name>.js`. */
export type Library =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'name'; readonly name: string };

/** Modules in the order they were given, each name once. */
export type Manifest = readonly ModuleEntry[];

/** Each tree is one JSON document. */
export function parseManifest(trees: readonly unknown[]): Result<Manifest> {
  const entries = new Map<string, ModuleEntry>();
  for (const tree of trees) {
    const modules = fromJson('mesos.Modules', tree);
    if (!modules.ok) return modules;
    const refused = addAll(entries, modules.value);
    if (refused !== undefined) return err(refused);
  }
  return ok([...entries.values()]);
}

function addAll(entries: Map<string, ModuleEntry>, modules: Modules): string | undefined {
  for (const library of modules.libraries ?? []) {
    const from = libraryOf(library);
    if (from === undefined) return 'Library name or path not provided';
    for (const { name, parameters = [] } of library.modules ?? []) {
      if (name === undefined || name === '') {
        return 'Error: module name not provided with library';
      }
      const entry: ModuleEntry = { name, library: from, parameters };
      const known = entries.get(name);
      if (known !== undefined && !isSame(known, entry)) return clash(known, entry);
      entries.set(name, entry);
    }
  }
  return undefined;
}

/** The file wins over the name. */
function libraryOf(given: {
  readonly file?: string | undefined;
  readonly name?: string | undefined;
}): Library | undefined {
  if (given.file !== undefined && given.file !== '') return { kind: 'file', path: given.file };
  if (given.name !== undefined && given.name !== '') return { kind: 'name', name: given.name };
  return undefined;
}

function isSame(a: ModuleEntry, b: ModuleEntry): boolean {
  return isSameLibrary(a, b) && JSON.stringify(a.parameters) === JSON.stringify(b.parameters);
}

function isSameLibrary(a: ModuleEntry, b: ModuleEntry): boolean {
  return JSON.stringify(a.library) === JSON.stringify(b.library);
}

function clash(known: ModuleEntry, entry: ModuleEntry): string {
  const what = isSameLibrary(known, entry) ? 'parameters' : 'library';
  return `A module with same name but different ${what} already exists: '${entry.name}'`;
}
