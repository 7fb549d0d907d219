/**
 * Imports the libraries of a manifest, verifies their modules and makes instances
 * (spec ha-and-security, section 11).
 */
import { access } from 'node:fs/promises';
import { delimiter, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ClusterError, describeError } from '../base/errors.ts';
import { MESOS_VERSION } from '../base/version.ts';
import type { Library, Manifest, ModuleEntry } from './manifest.ts';
import type { Anonymous, Module, ModuleKind, ModuleKinds } from './types.ts';

const API_VERSION = '2';

/** The first version that had the kind. */
const FIRST_VERSIONS: Readonly<Record<ModuleKind, string>> = {
  Anonymous: '0.22.0',
  Allocator: '0.22.0',
  Hook: '0.22.0',
  HttpAuthenticator: '1.0.0',
  Authorizer: '0.24.0',
  Authenticator: '0.22.0',
  Authenticatee: '0.22.0',
  Isolator: '0.22.0',
};

export interface LoadedModules {
  readonly anonymous: readonly Anonymous[];
  has(name: string): boolean;
  /** The instance of a module that a flag names. Throws a `ClusterError` naming the flag. */
  create<Kind extends ModuleKind>(
    kind: Kind,
    name: string,
    flag: string,
  ): Promise<ModuleKinds[Kind]>;
}

interface Verified {
  readonly entry: ModuleEntry;
  readonly module: Module;
}

/** Throws a `ClusterError` with the sentence when anything is wrong with any module. */
export async function loadModules(
  manifest: Manifest,
  searchPath: readonly string[] = searchPathOf(process.env['NODE_PATH']),
): Promise<LoadedModules> {
  const verified = new Map<string, Verified>();
  for (const entry of manifest) {
    const module = await importModule(entry, searchPath);
    verified.set(entry.name, { entry, module });
  }
  const anonymous: Anonymous[] = [];
  for (const each of verified.values()) {
    if (isOfKind(each.module, 'Anonymous')) {
      anonymous.push(await instantiate(each.module, each.entry));
    }
  }
  return {
    anonymous,
    has: (name) => verified.has(name),
    create: async (kind, name, flag) => {
      const found = verified.get(name);
      if (found === undefined) {
        throw failure(
          `--${flag} names '${name}', which is not built in and no module of --modules`,
        );
      }
      if (!isOfKind(found.module, kind)) {
        const given = found.module.kind;
        throw failure(`--${flag} names '${name}', a module of kind ${given}, not ${kind}`);
      }
      return await instantiate(found.module, found.entry);
    },
  };
}

function isOfKind<Kind extends ModuleKind>(module: Module, kind: Kind): module is Module<Kind> {
  return module.kind === kind;
}

async function importModule(entry: ModuleEntry, searchPath: readonly string[]): Promise<Module> {
  const file = await fileOf(entry.library, searchPath);
  let library: Readonly<Record<string, unknown>>;
  try {
    library = await import(pathToFileURL(file).href);
  } catch (thrown) {
    throw failure(`Error opening library: '${file}': ${describeError(thrown)}`, thrown);
  }
  const found = library[entry.name];
  if (found === undefined) {
    throw failure(`Error loading module '${entry.name}': '${file}' does not export it`);
  }
  const refused = refusalOf(entry.name, found);
  if (refused !== undefined) throw failure(refused);
  // `refusalOf` has looked at every member.
  return found as Module;
}

async function fileOf(library: Library, searchPath: readonly string[]): Promise<string> {
  if (library.kind === 'file') return resolve(library.path);
  for (const folder of searchPath) {
    const file = resolve(folder, `lib${library.name}.js`);
    const isThere = await access(file).then(
      () => true,
      () => false,
    );
    if (isThere) return file;
  }
  throw failure(`Error opening library: 'lib${library.name}.js' is not in NODE_PATH`);
}

function searchPathOf(text: string | undefined): readonly string[] {
  return (text ?? '').split(delimiter).filter((folder) => folder !== '');
}

/** Why an export is no module that may be used here. */
export function refusalOf(name: string, given: unknown): string | undefined {
  if (typeof given !== 'object' || given === null) return `'${name}' is no module`;
  const { kind, apiVersion, mesosVersion, compatible, create } = memberOf(given);
  if (apiVersion !== API_VERSION) {
    return (
      `Module API version mismatch. Mesos has: ${API_VERSION}, ` +
      `library requires: ${apiVersion} (module '${name}')`
    );
  }
  const first = typeof kind === 'string' && isKind(kind) ? FIRST_VERSIONS[kind] : undefined;
  if (first === undefined) return `Unknown module kind: ${kind} (module '${name}')`;
  if (typeof create !== 'function') return `Module '${name}' has no function 'create'`;
  if (typeof mesosVersion !== 'string' || !/^\d+\.\d+\.\d+/.test(mesosVersion)) {
    return `Module '${name}' has no valid 'mesosVersion': ${mesosVersion}`;
  }
  if (typeof compatible !== 'function') {
    if (mesosVersion === MESOS_VERSION) return undefined;
    return (
      `Mesos has version ${MESOS_VERSION}, but module '${name}' is compiled with version ` +
      `${mesosVersion} and does not say that it is compatible`
    );
  }
  if (isOlder(mesosVersion, first)) {
    return `Minimum supported mesos version for '${kind}' is ${first}, but module '${name}' is compiled with version ${mesosVersion}`;
  }
  if (isOlder(MESOS_VERSION, mesosVersion)) {
    return `Mesos has version ${MESOS_VERSION}, but module '${name}' is compiled with version ${mesosVersion}`;
  }
  return compatible() === true
    ? undefined
    : `Module '${name}' has determined to be incompatible with Mesos ${MESOS_VERSION}`;
}

function memberOf(given: object): Readonly<Partial<Record<keyof Module, unknown>>> {
  return given;
}

function isKind(kind: string): kind is ModuleKind {
  return Object.hasOwn(FIRST_VERSIONS, kind);
}

function isOlder(a: string, b: string): boolean {
  const [left, right] = [a, b].map((each) =>
    each.split('.').map((part) => Number.parseInt(part, 10)),
  );
  for (const [at, part] of (left ?? []).entries()) {
    const other = right?.[at] ?? 0;
    if (part !== other) return part < other;
  }
  return false;
}

async function instantiate<Kind extends ModuleKind>(
  module: Module<Kind>,
  entry: ModuleEntry,
): Promise<ModuleKinds[Kind]> {
  try {
    return await module.create(entry.parameters);
  } catch (thrown) {
    throw failure(`Failed to create module '${entry.name}': ${describeError(thrown)}`, thrown);
  }
}

function failure(text: string, cause?: unknown): ClusterError {
  return new ClusterError('MODULES', text, { retriable: false, cause });
}
