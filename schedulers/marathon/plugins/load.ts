/** Imports and makes the plugins of `--plugin_conf`; any that fails keeps Marathon from starting. */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ClusterError, describeError } from '../../../core/base/errors.ts';
import type { Log } from '../../../core/base/log.ts';
import type { MachinePlugins } from '../machine/settings.ts';
import { type PluginDescriptor, readDescriptors } from './descriptor.ts';
import type { HttpRequestHandler, PluginKind, PluginKinds } from './types.ts';

export interface LoadedPlugins {
  readonly descriptors: readonly PluginDescriptor[];
  readonly authenticator: PluginKinds['Authenticator'] | undefined;
  readonly authorizer: PluginKinds['Authorizer'] | undefined;
  /** By id. */
  readonly handlers: ReadonlyMap<string, HttpRequestHandler>;
  readonly machine: MachinePlugins;
}

/** The code of the error thrown here. */
export const PLUGIN_FAILED = 'PLUGIN_FAILED';

/** Methods that an instance must have. */
const METHODS: Readonly<Record<PluginKind, readonly string[]>> = {
  Authenticator: ['authenticate', 'handleNotAuthenticated'],
  Authorizer: ['isAuthorized', 'handleNotAuthorized'],
  RunSpecTaskProcessor: [],
  RunSpecValidator: ['validate'],
  SchedulerPlugin: ['isAccepted'],
  HttpRequestHandler: ['serve'],
};

interface Made {
  readonly descriptor: PluginDescriptor;
  readonly instance: object;
}

/** Rejects with a `ClusterError` `PLUGIN_FAILED` naming the plugin. */
export async function loadPlugins(
  directory: string,
  configuration: string,
  log: Log,
): Promise<LoadedPlugins> {
  const descriptors = await readConfiguration(configuration);
  const made: Made[] = [];
  for (const descriptor of descriptors) {
    made.push({ descriptor, instance: await make(directory, descriptor) });
  }
  const of = <Kind extends PluginKind>(kind: Kind): PluginKinds[Kind][] =>
    made.flatMap((each) => (isOf(each, kind) ? [each.instance] : []));
  for (const kind of ['Authenticator', 'Authorizer'] as const) {
    if (of(kind).length > 1) throw failure(`there may be only one plugin of kind ${kind}`);
  }
  const handlers = new Map(
    made.flatMap((each) =>
      isOf(each, 'HttpRequestHandler') ? [[each.descriptor.id, each.instance] as const] : [],
    ),
  );
  return {
    descriptors,
    authenticator: of('Authenticator')[0],
    authorizer: of('Authorizer')[0],
    handlers,
    machine: {
      accepts: (offer, spec) =>
        of('SchedulerPlugin').every(
          (plugin) => guarded(log, 'isAccepted', () => plugin.isAccepted(offer, spec)) === true,
        ),
      violations: (spec) => of('RunSpecValidator').flatMap((plugin) => plugin.validate(spec)),
      task: (spec, task) =>
        guarded(log, 'taskInfo', () =>
          of('RunSpecTaskProcessor').reduce(
            (before, plugin) => plugin.taskInfo?.(spec, before) ?? before,
            task,
          ),
        ),
      group: (spec, before) =>
        guarded(log, 'taskGroup', () =>
          of('RunSpecTaskProcessor').reduce(
            (each, plugin) => plugin.taskGroup?.(spec, each.executor, each.group) ?? each,
            before,
          ),
        ),
    },
  };
}

async function readConfiguration(path: string): Promise<readonly PluginDescriptor[]> {
  try {
    const read = readDescriptors(JSON.parse(await readFile(path, 'utf8')));
    if (read.ok) return read.value;
    throw failure(`the plugin configuration '${path}' is refused: ${read.error}`);
  } catch (thrown) {
    if (thrown instanceof ClusterError) throw thrown;
    throw failure(`the plugin configuration '${path}' cannot be read`, thrown);
  }
}

async function make(directory: string, descriptor: PluginDescriptor): Promise<object> {
  const { id, file, exportName, kind, configuration } = descriptor;
  const instance = await created(directory, descriptor, () => configuration);
  const missing = METHODS[kind].find((name) => typeof Reflect.get(instance, name) !== 'function');
  if (missing === undefined) return instance;
  throw failure(`plugin '${id}' (${file}#${exportName}) has no method '${missing}'`);
}

async function created(
  directory: string,
  { id, file, exportName }: PluginDescriptor,
  configuration: () => Readonly<Record<string, unknown>>,
): Promise<object> {
  try {
    const library: object = await import(pathToFileURL(resolve(directory, file)).href);
    const create: unknown = Reflect.get(library, exportName);
    if (typeof create !== 'function') throw new Error(`it has no exported function ${exportName}`);
    const instance: unknown = await create(configuration());
    if (typeof instance === 'object' && instance !== null) return instance;
    throw new Error(`${exportName} made no object`);
  } catch (thrown) {
    throw failure(`plugin '${id}' cannot be loaded from '${file}'`, thrown);
  }
}

/** Its methods were checked when it was made. */
function isOf<Kind extends PluginKind>(
  made: Made,
  kind: Kind,
): made is Made & { readonly instance: PluginKinds[Kind] } {
  return made.descriptor.kind === kind;
}

/** A plugin that throws must not end Marathon; what it was asked for is not done. */
function guarded<T>(log: Log, method: string, act: () => T): T | undefined {
  try {
    return act();
  } catch (thrown) {
    log.error({ method, error: describeError(thrown) }, 'a plugin has failed');
    return undefined;
  }
}

function failure(why: string, cause?: unknown): ClusterError {
  const text = cause === undefined ? why : `${why}: ${describeError(cause)}`;
  return new ClusterError(PLUGIN_FAILED, text, { retriable: false, cause });
}
