/** `--plugin_conf`: which plugins there are (spec marathon-behaviour, section 11). Pure. */
import { err, ok, type Result } from '../../../core/base/result.ts';
import { ajv } from '../model/app-schema.ts';
import type { PluginKind } from './types.ts';

export interface PluginDescriptor {
  readonly id: string;
  /** As written, `mesosphere.marathon.plugin.auth.Authorizer` or its last word. */
  readonly plugin: string;
  readonly kind: PluginKind;
  /** `file.js#export`, the file inside of `--plugin_dir`. */
  readonly implementation: string;
  readonly file: string;
  readonly exportName: string;
  readonly configuration: Readonly<Record<string, unknown>>;
  readonly tags: readonly string[] | undefined;
  readonly info: Readonly<Record<string, unknown>> | undefined;
}

interface RawDescriptor {
  readonly plugin: string;
  readonly implementation: string;
  readonly enabled?: boolean;
  readonly configuration?: Readonly<Record<string, unknown>>;
  readonly tags?: readonly string[];
  readonly info?: Readonly<Record<string, unknown>>;
}

const isDocument = ajv.compile<{ readonly plugins: Readonly<Record<string, RawDescriptor>> }>({
  type: 'object',
  properties: {
    plugins: {
      type: 'object',
      additionalProperties: {
        type: 'object',
        properties: {
          plugin: { type: 'string' },
          implementation: { type: 'string' },
          enabled: { type: 'boolean' },
          configuration: { type: 'object' },
          tags: { type: 'array', items: { type: 'string' } },
          info: { type: 'object' },
        },
        required: ['plugin', 'implementation'],
      },
    },
  },
  required: ['plugins'],
});

const KINDS: readonly PluginKind[] = [
  'Authenticator',
  'Authorizer',
  'RunSpecTaskProcessor',
  'RunSpecValidator',
  'SchedulerPlugin',
  'HttpRequestHandler',
];

/** The enabled plugins in the order of the document. */
export function readDescriptors(document: unknown): Result<readonly PluginDescriptor[]> {
  if (!isDocument(document)) {
    const [first] = isDocument.errors ?? [];
    return err(`it is no list of plugins: ${first?.instancePath ?? ''} ${first?.message ?? ''}`);
  }
  const found: PluginDescriptor[] = [];
  for (const [id, raw] of Object.entries(document.plugins)) {
    if (raw.enabled === false) continue;
    const kind = KINDS.find((each) => each === raw.plugin.split('.').at(-1));
    if (kind === undefined) {
      return err(`plugin '${id}' is a '${raw.plugin}', expected one of ${KINDS.join(', ')}`);
    }
    const [file = '', exportName = '', ...more] = raw.implementation.split('#');
    if (file === '' || exportName === '' || more.length > 0 || /(^|\/)\.\.(\/|$)/.test(file)) {
      return err(
        `the implementation '${raw.implementation}' of plugin '${id}' must name a module and its export, file.js#name; classes of the original cannot be loaded`,
      );
    }
    const { plugin, implementation, configuration = {}, tags, info } = raw;
    found.push({ id, plugin, kind, implementation, file, exportName, configuration, tags, info });
  }
  return ok(found);
}
