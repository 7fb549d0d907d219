/** From flags to running modules: what both daemons do at their start. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ClusterError, describeError } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import { err, ok, type Result } from '../base/result.ts';
import { BUILT_IN_MODULES } from './built-in.ts';
import { Hooks, type NamedHook, NO_HOOKS } from './hooks.ts';
import { type LoadedModules, loadModules } from './load.ts';
import { type Manifest, parseManifest } from './manifest.ts';
import type { ModuleParameter } from './types.ts';

export interface ModuleOptions {
  readonly manifest: Manifest;
  /** Names in the order they run. */
  readonly hooks: readonly string[];
}

export interface ModuleFlags {
  /** The document of `--modules`, parsed. */
  readonly modules: unknown;
  readonly modules_dir: string | undefined;
  readonly hooks: string | undefined;
}

export function compileModules(flags: ModuleFlags): Result<ModuleOptions> {
  if (flags.modules !== undefined && flags.modules_dir !== undefined) {
    return err('Only one of --modules or --modules_dir should be specified');
  }
  const trees = flags.modules_dir === undefined ? ok([flags.modules]) : readDir(flags.modules_dir);
  if (!trees.ok) return trees;
  const manifest = parseManifest(trees.value.filter((tree) => tree !== undefined));
  if (!manifest.ok) return err(`Error loading modules: ${manifest.error}`);
  const hooks = (flags.hooks ?? '').split(',').filter((name) => name !== '');
  const twice = hooks.find((name, at) => hooks.indexOf(name) !== at);
  if (twice !== undefined) return err(`Hook '${twice}' is named twice in --hooks`);
  return ok({ manifest: manifest.value, hooks });
}

/** Each file is one document; in the order of their names. */
function readDir(folder: string): Result<readonly unknown[]> {
  const trees: unknown[] = [];
  try {
    for (const name of readdirSync(folder).sort()) {
      trees.push(JSON.parse(readFileSync(join(folder, name), 'utf8')));
    }
  } catch (thrown) {
    return err(`Error loading modules from '${folder}': ${describeError(thrown)}`);
  }
  return ok(trees);
}

export interface RunningModules extends LoadedModules {
  readonly hooks: Hooks;
  /** Of a module of the manifest, built in or not. */
  parametersOf(name: string): readonly ModuleParameter[];
  stop(): Promise<void>;
}

/** Of a daemon without modules. */
export const NO_RUNNING_MODULES: RunningModules = {
  anonymous: [],
  has: () => false,
  create: (_kind, name, flag) => {
    throw new ClusterError('MODULES', `--${flag} names '${name}', but there are no modules`, {
      retriable: false,
    });
  },
  hooks: NO_HOOKS,
  parametersOf: () => [],
  stop: async () => {},
};

/** Throws a `ClusterError` with the sentence when a module cannot be had. */
export async function startModules(options: ModuleOptions, log: Log): Promise<RunningModules> {
  const { manifest } = options;
  const loaded = await loadModules(manifest.filter(({ name }) => !BUILT_IN_MODULES.has(name)));
  const hooks: NamedHook[] = [];
  for (const name of options.hooks) {
    hooks.push({ name, hook: await loaded.create('Hook', name, 'hooks') });
  }
  return {
    ...loaded,
    parametersOf: (name) => manifest.find((each) => each.name === name)?.parameters ?? [],
    hooks: new Hooks(hooks, (hook, point, thrown) => {
      log.warn(
        { hook, point, error: describeError(thrown) },
        'hook failed, its change is left out',
      );
    }),
    stop: async () => {
      for (const each of loaded.anonymous) await each.stop?.();
    },
  };
}
