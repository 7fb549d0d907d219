/**
 * External volumes: made and kept by someone else, named here (spec marathon-app-model, section
 * 4.1). `dvdi` volumes come from a Docker volume driver, `csi` ones from a storage plugin.
 */
import type { App, AppVolume, Container, ExternalVolumeInfo } from './app.ts';
import type { Change } from './change.ts';
import { violationsOfVolumePath } from './persistent-volumes.ts';
import type { Root } from './root.ts';
import { isPod, type RunSpec } from './run-spec.ts';
import { type Violation, violation } from './violations.ts';

export const DRIVER_OPTION = 'dvdi/driver';

const STRINGS = { type: 'object', additionalProperties: { type: 'string' } };
const SECRETS = {
  type: 'object',
  additionalProperties: {
    type: 'object',
    properties: { secret: { type: 'string' } },
    required: ['secret'],
  },
};

const CSI_OPTIONS = {
  type: 'object',
  properties: {
    pluginName: { type: 'string', minLength: 1 },
    capability: {
      type: 'object',
      properties: {
        accessMode: {
          type: 'string',
          enum: [
            'SINGLE_NODE_WRITER',
            'SINGLE_NODE_READER_ONLY',
            'MULTI_NODE_READER_ONLY',
            'MULTI_NODE_SINGLE_WRITER',
            'MULTI_NODE_MULTI_WRITER',
          ],
        },
        accessType: { type: 'string', enum: ['mount', 'block'] },
        fsType: { type: 'string' },
        mountFlags: { type: 'array', items: { type: 'string' } },
      },
      required: ['accessMode', 'accessType'],
    },
    nodeStageSecret: SECRETS,
    nodePublishSecret: SECRETS,
    volumeContext: STRINGS,
  },
  required: ['pluginName', 'capability'],
};

export const EXTERNAL_SCHEMA = {
  type: 'object',
  properties: {
    name: { type: 'string' },
    provider: { type: 'string' },
    size: { type: 'integer', minimum: 1 },
    shared: { type: 'boolean' },
    options: { type: 'object' },
  },
  if: { properties: { provider: { const: 'csi' } }, required: ['provider'] },
  // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema.
  then: { properties: { options: CSI_OPTIONS }, required: ['options'] },
  else: { properties: { options: STRINGS } },
};

/** Rules for one volume; `path` is the volume's. */
export function violationsOfExternal(
  volume: AppVolume & { readonly external: ExternalVolumeInfo },
  container: Container,
  app: App,
  path: string,
): Violation[] {
  const { external, containerPath = '', mode } = volume;
  const at = `${path}/external`;
  const found: Violation[] = [];
  if (external.name === undefined) found.push(violation(`${at}/name`, 'not defined'));
  else if (external.name === '') found.push(violation(`${at}/name`, 'must not be empty'));
  if (mode === undefined) found.push(violation(`${path}/mode`, 'undefined'));
  const dots = containerPath === '.' || containerPath === '..';
  if (dots) found.push(...violationsOfVolumePath(containerPath, `${path}/containerPath`));
  switch (external.provider) {
    case 'dvdi':
      if (container.type === 'MESOS' && mode === 'RO') {
        found.push(violation(`${path}/mode`, 'is not one of (RW)'));
      }
      return [...found, ...violationsOfDvdi(external, container, at)];
    case 'csi':
      return [...found, ...violationsOfCsiSecrets(external, app, at)];
    case undefined:
      return [...found, violation(`${at}/provider`, 'not defined')];
    default:
      return [...found, violation(`${at}/provider`, 'is unknown provider')];
  }
}

const OPTION_KEY = /^[a-z0-9]([-_a-z0-9]*[a-z0-9])?\/[a-z0-9]([-_.a-z0-9]*[a-z0-9])?$/;

function violationsOfDvdi(
  { options, size }: ExternalVolumeInfo,
  container: Container,
  at: string,
): Violation[] {
  const found: Violation[] = [];
  for (const name of Object.keys(options)) {
    if (OPTION_KEY.test(name)) continue;
    const text = `must fully match regular expression '${OPTION_KEY.source}'`;
    found.push(violation(`${at}/options`, text));
  }
  const driver = options[DRIVER_OPTION];
  if (driver === undefined) {
    found.push(violation(`${at}/options("${DRIVER_OPTION}")`, 'not defined'));
  } else if (!LABEL.test(String(driver))) {
    found.push(violation(`${at}/options("${DRIVER_OPTION}")`, NO_LABEL));
  }
  if (container.type === 'DOCKER') {
    if (Object.keys(options).some((name) => name !== DRIVER_OPTION)) {
      found.push(violation(`${at}/options`, `must only contain ${DRIVER_OPTION}`));
    }
    if (size !== undefined) {
      found.push(violation(`${at}/size`, 'must be undefined for Docker containers'));
    }
  }
  if (driver !== 'rexray') return found;
  for (const [name, [pattern, text]] of Object.entries(REXRAY_OPTIONS)) {
    const value = options[name];
    if (value === undefined || pattern.test(String(value))) continue;
    found.push(violation(`${at}/options/"${name}"`, text));
  }
  return found;
}

const LABEL = /^[A-Za-z0-9]([-_.A-Za-z0-9]*[A-Za-z0-9])?$/;
const NO_LABEL = `must fully match regular expression '${LABEL.source}'`;

/** What this driver takes, and what it says of anything else. */
const REXRAY_OPTIONS: Readonly<Record<string, readonly [pattern: RegExp, text: string]>> = {
  'dvdi/volumetype': [LABEL, NO_LABEL],
  'dvdi/newfstype': [LABEL, NO_LABEL],
  'dvdi/iops': [/^\s*0*[1-9]\d*\s*$/, 'must be a natural number'],
  'dvdi/overwritefs': [/^(true|false)$/i, 'must be a boolean'],
};

function violationsOfCsiSecrets(
  { options }: ExternalVolumeInfo,
  app: App,
  at: string,
): Violation[] {
  return (['nodeStageSecret', 'nodePublishSecret'] as const).flatMap((member) =>
    Object.entries(secretsOf(options[member])).flatMap(([key, { secret }]) => {
      if (app.secrets[secret] !== undefined) return [];
      const text = 'references an undefined secret';
      return [violation(`${at}/options/${member}/${key}/secret`, text)];
    }),
  );
}

/** A map from key to secret, as the schema has checked it. */
export function secretsOf(value: unknown): Readonly<Record<string, { readonly secret: string }>> {
  const entries = typeof value === 'object' && value !== null ? Object.entries(value) : [];
  return Object.fromEntries(
    entries.map(([key, each]): [string, { secret: string }] => [
      key,
      { secret: String(Reflect.get(Object(each), 'secret')) },
    ]),
  );
}

function dvdiVolumesOf(app: App): readonly ExternalVolumeInfo[] {
  return (app.container?.volumes ?? []).flatMap(({ external }) =>
    external?.provider === 'dvdi' ? [external] : [],
  );
}

/** Rules for the app as a whole: a volume of a driver serves one task at a time. */
export function violationsOfExternalUse(app: App): Violation[] {
  const volumes = dvdiVolumesOf(app);
  const exclusive = volumes.filter(({ shared }) => !shared);
  const found: Violation[] = [];
  const names = volumes.map(({ name }) => name);
  for (const name of new Set(names.filter((each, index) => names.indexOf(each) !== index))) {
    const text = `Requested DVDI volume '${name}' is declared more than once within app ${app.id}`;
    found.push(violation('/', text));
  }
  if (exclusive.length === 0) return found;
  if (app.instances > 1) {
    const text = `Number of instances is limited to 1 when declaring DVDI volumes in app [${app.id}]`;
    found.push(violation('/', text));
  }
  const over = app.upgradeStrategy.maximumOverCapacity;
  if (over !== 0) {
    const given = Number.isInteger(over) ? over.toFixed(1) : String(over);
    const text = `got ${given}, expected 0.0`;
    found.push(violation('/upgradeStrategy/maximumOverCapacity', text));
  }
  return found;
}

/** Names that more than one app uses without sharing; before the changes there were none. */
export function violationsOfExternalNames(
  root: Root,
  changes: readonly Change<RunSpec>[],
): Violation[] {
  const isNew = changes.some(
    ({ to }) => to !== undefined && !isPod(to) && dvdiVolumesOf(to).length > 0,
  );
  if (!isNew) return [];
  const users = new Map<string, App[]>();
  for (const spec of root.specs.values()) {
    if (isPod(spec)) continue;
    for (const { name, shared } of dvdiVolumesOf(spec)) {
      if (shared || name === undefined) continue;
      const known = users.get(name);
      if (known === undefined) users.set(name, [spec]);
      else if (!known.includes(spec)) known.push(spec);
    }
  }
  return [...users].flatMap(([name, apps]) =>
    apps.length < 2
      ? []
      : apps.map(({ id }) => {
          const others = apps.flatMap((other) => (other.id === id ? [] : other.id)).join(', ');
          const text = `Volume name '${name}' in ${id} conflicts with volume(s) of same name in app(s): ${others}`;
          return violation('/', text);
        }),
  );
}
