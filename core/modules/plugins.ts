/**
 * Instances of modules that flags name in place of something built in: made before the other flags
 * are compiled, so that an unknown name is refused where it always is.
 */
import type { Authorizer } from '../auth/authorizer.ts';
import { guardedAuthorizer } from '../auth/guarded-authorizer.ts';
import type { RunningModules } from './start.ts';
import type {
  AuthenticateeFactory,
  AuthenticatorFactory,
  HttpAuthenticatorFactory,
  Isolator,
  ModuleKind,
  ModuleKinds,
  ModuleParameter,
} from './types.ts';

/** By the name a flag gives; names that are built in or unknown have none. */
export interface Plugins {
  readonly httpAuthenticators: ReadonlyMap<string, HttpAuthenticatorFactory>;
  readonly authorizers: ReadonlyMap<string, Authorizer>;
  readonly authenticators: ReadonlyMap<string, AuthenticatorFactory>;
  readonly authenticatees: ReadonlyMap<string, AuthenticateeFactory>;
  readonly isolators: ReadonlyMap<string, Isolator>;
  /** Of modules that are built in, as `--modules` gives them. */
  parametersOf(name: string): readonly ModuleParameter[];
}

export const NO_PLUGINS: Plugins = {
  httpAuthenticators: new Map(),
  authorizers: new Map(),
  authenticators: new Map(),
  authenticatees: new Map(),
  isolators: new Map(),
  parametersOf: () => [],
};

/** Comma lists of names; undefined when the flag was not given. */
export interface PluginFlags {
  readonly http_authenticators?: string | undefined;
  readonly http_framework_authenticators?: string | undefined;
  readonly authorizers?: string | undefined;
  readonly authorizer?: string | undefined;
  readonly authenticators?: string | undefined;
  readonly authenticatee?: string | undefined;
  readonly isolation?: string | undefined;
}

/** Throws a `ClusterError` when a named module is of another kind or cannot be made. */
export async function createPlugins(modules: RunningModules, flags: PluginFlags): Promise<Plugins> {
  const make = <Kind extends ModuleKind>(
    kind: Kind,
    ...names: readonly (keyof PluginFlags)[]
  ): Promise<ReadonlyMap<string, ModuleKinds[Kind]>> => createAll(modules, kind, flags, names);
  const authorizers = await make('Authorizer', 'authorizers', 'authorizer');
  return {
    httpAuthenticators: await make(
      'HttpAuthenticator',
      'http_authenticators',
      'http_framework_authenticators',
    ),
    authorizers: new Map([...authorizers].map(([name, each]) => [name, guardedAuthorizer(each)])),
    authenticators: await make('Authenticator', 'authenticators'),
    authenticatees: await make('Authenticatee', 'authenticatee'),
    isolators: await make('Isolator', 'isolation'),
    parametersOf: (name) => modules.parametersOf(name),
  };
}

async function createAll<Kind extends ModuleKind>(
  modules: RunningModules,
  kind: Kind,
  flags: PluginFlags,
  names: readonly (keyof PluginFlags)[],
): Promise<ReadonlyMap<string, ModuleKinds[Kind]>> {
  const made = new Map<string, ModuleKinds[Kind]>();
  for (const flag of names) {
    for (const name of (flags[flag] ?? '').split(',')) {
      if (!modules.has(name) || made.has(name)) continue;
      made.set(name, await modules.create(kind, name, flag));
    }
  }
  return made;
}
