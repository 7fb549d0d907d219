/**
 * The JSON model of apps and updates: types, ranges and patterns (spec marathon-app-model, sections
 * 2, 4 and 5). What a schema cannot say stands in `app-validate.ts`.
 */
import { Ajv } from 'ajv';
import type { DataValidationCxt } from 'ajv/dist/types/index.js';
import { err, ok, type Result } from '../../../core/base/result.ts';
import type { RawApp } from './app.ts';
import { EXTERNAL_SCHEMA } from './external-volumes.ts';
import { LINUX_INFO_SCHEMA } from './linux-rules.ts';
import { PATH_PATTERN } from './path-id.ts';
import { PERSISTENT_SCHEMA } from './persistent-volumes.ts';
import { type Violation, violationsOfSchema } from './violations.ts';

export const STRING = { type: 'string' };
export const BOOLEAN = { type: 'boolean' };
export const PATH = { type: 'string', minLength: 1, pattern: PATH_PATTERN };
export const LABELS = { type: 'object', additionalProperties: STRING };
export const NATURAL = { type: 'integer', minimum: 0 };
export const PORT = { type: 'integer', minimum: 0, maximum: 65535 };
export const AMOUNT = { type: 'number', minimum: 0 };
export const FRACTION = { type: 'number', minimum: 0, maximum: 1 };
const PORT_NAME = { type: 'string', pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$' };
const NETWORK_NAME = {
  type: 'string',
  pattern: '^[a-z0-9]([-a-z0-9_]*[a-z0-9])?$',
  minLength: 1,
  maxLength: 63,
};
const ANY_OBJECT = { type: 'object' };

export function object(
  properties: Readonly<Record<string, unknown>>,
  required: string[] = [],
): object {
  return { type: 'object', properties, required };
}

export function list(items: object, more: object = {}): object {
  return { type: 'array', items, ...more };
}

/** One of the names, in upper or lower case as the client likes; read as it is written here. */
export function names(...values: readonly string[]): object {
  return { type: 'string', names: values };
}

const PROTOCOL = names('tcp', 'udp', 'udp,tcp', 'tcp,udp');

const PORT_MAPPING = object({
  containerPort: PORT,
  hostPort: PORT,
  servicePort: PORT,
  protocol: PROTOCOL,
  name: PORT_NAME,
  labels: LABELS,
  networkNames: list(STRING, { uniqueItems: true }),
});

const CONTAINER = object({
  image: STRING,
  options: list(STRING),
  type: names('MESOS', 'DOCKER'),
  docker: object(
    {
      image: { type: 'string', minLength: 1 },
      forcePullImage: BOOLEAN,
      privileged: BOOLEAN,
      parameters: list(
        object({ key: { type: 'string', minLength: 1 }, value: STRING }, ['key', 'value']),
      ),
      pullConfig: object({ secret: STRING }, ['secret']),
      credential: ANY_OBJECT,
      network: names('HOST', 'BRIDGE', 'USER', 'NONE'),
      portMappings: list(PORT_MAPPING),
    },
    ['image'],
  ),
  appc: object(
    {
      image: { type: 'string', minLength: 1 },
      id: { type: 'string', minLength: 7 },
      labels: LABELS,
      forcePullImage: BOOLEAN,
    },
    ['image'],
  ),
  volumes: list(
    object({
      containerPath: { type: 'string', minLength: 1 },
      hostPath: { type: 'string', minLength: 1 },
      mode: names('RO', 'RW'),
      persistent: PERSISTENT_SCHEMA,
      external: EXTERNAL_SCHEMA,
      secret: STRING,
    }),
  ),
  portMappings: list(PORT_MAPPING),
  linuxInfo: LINUX_INFO_SCHEMA,
});

const HEALTH_CHECK = object({
  protocol: names('HTTP', 'HTTPS', 'TCP', 'COMMAND', 'MESOS_TCP', 'MESOS_HTTP', 'MESOS_HTTPS'),
  path: STRING,
  portIndex: NATURAL,
  port: PORT,
  command: object({ value: STRING }, ['value']),
  gracePeriodSeconds: NATURAL,
  intervalSeconds: NATURAL,
  timeoutSeconds: NATURAL,
  maxConsecutiveFailures: NATURAL,
  delaySeconds: NATURAL,
  ignoreHttp1xx: BOOLEAN,
  ipProtocol: names('IPv4', 'IPv6'),
});

export const SCHEME = names('HTTP', 'HTTPS');

/** One of the two; which is checked where commands are validated. */
export const COMMAND = object({ shell: STRING, argv: list(STRING) });

const CHECK = object({
  http: object({ portIndex: NATURAL, port: PORT, path: STRING, scheme: SCHEME }),
  tcp: object({ portIndex: NATURAL, port: PORT }),
  exec: object({ command: COMMAND }, ['command']),
  intervalSeconds: NATURAL,
  timeoutSeconds: NATURAL,
  delaySeconds: NATURAL,
});

const READINESS_CHECK = object({
  name: STRING,
  protocol: SCHEME,
  path: STRING,
  portName: STRING,
  intervalSeconds: NATURAL,
  timeoutSeconds: { type: 'integer', minimum: 1 },
  httpStatusCodesForReady: list({ type: 'integer', minimum: 100, maximum: 999 }),
  preserveLastResponse: BOOLEAN,
});

const IP_ADDRESS = object({
  networkName: STRING,
  labels: LABELS,
  groups: list(STRING),
  discovery: object({
    ports: list(
      object({ number: PORT, name: STRING, protocol: PROTOCOL, labels: LABELS }, ['name']),
    ),
  }),
});

/** `type` decides which branch is checked, so that errors speak about the form that was meant. */
function byType(type: string, whenType: object, otherwise: object): object {
  // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema.
  return { if: { type }, then: whenType, else: otherwise };
}

const ENVIRONMENT_VALUE = byType('object', object({ secret: STRING }, ['secret']), STRING);

export const UNREACHABLE_STRATEGY = byType(
  'string',
  names('disabled'),
  object({ inactiveAfterSeconds: NATURAL, expungeAfterSeconds: NATURAL }),
);

const LIMIT = byType('string', names('unlimited'), AMOUNT);

export const ENVIRONMENT = { type: 'object', additionalProperties: ENVIRONMENT_VALUE };

export const RESOURCE_LIMITS = object({ cpus: LIMIT, mem: LIMIT });

export const EXECUTOR_RESOURCES = object({
  cpus: { type: 'number', minimum: 0.1 },
  mem: { type: 'number', minimum: 32 },
  disk: { type: 'number', minimum: 10 },
});

export const FETCH = list(
  object(
    {
      uri: { type: 'string', minLength: 1, maxLength: 1024 },
      extract: BOOLEAN,
      executable: BOOLEAN,
      cache: BOOLEAN,
      destPath: STRING,
    },
    ['uri'],
  ),
);

export const KILL_SELECTION = names('YOUNGEST_FIRST', 'OLDEST_FIRST');

export const NETWORKS = list(
  object({
    mode: names('container', 'container/bridge', 'host'),
    name: NETWORK_NAME,
    labels: LABELS,
  }),
);

export const SECRETS = {
  type: 'object',
  additionalProperties: object({ source: { type: 'string', minLength: 1 } }, ['source']),
};

const APP_PROPERTIES = {
  id: PATH,
  acceptedResourceRoles: list(STRING),
  args: list(STRING),
  backoffFactor: { type: 'number', minimum: 1 },
  backoffSeconds: NATURAL,
  check: CHECK,
  cmd: { type: 'string', minLength: 1 },
  constraints: list(list(STRING)),
  container: CONTAINER,
  cpus: { type: 'number', minimum: 0.001 },
  dependencies: list(PATH, { uniqueItems: true }),
  disk: AMOUNT,
  env: ENVIRONMENT,
  executor: { type: 'string', pattern: '^(//cmd)|(/?[^/]+(/[^/]+)*)|$' },
  executorResources: EXECUTOR_RESOURCES,
  fetch: FETCH,
  gpus: NATURAL,
  healthChecks: list(HEALTH_CHECK, { uniqueItems: true }),
  instances: NATURAL,
  ipAddress: IP_ADDRESS,
  killSelection: KILL_SELECTION,
  labels: LABELS,
  maxLaunchDelaySeconds: NATURAL,
  mem: AMOUNT,
  networks: NETWORKS,
  portDefinitions: list(
    object({ port: PORT, name: PORT_NAME, protocol: PROTOCOL, labels: LABELS }),
  ),
  ports: list(PORT),
  readinessChecks: list(READINESS_CHECK, { maxItems: 1 }),
  requirePorts: BOOLEAN,
  residency: object({
    relaunchEscalationTimeoutSeconds: NATURAL,
    taskLostBehavior: names('WAIT_FOREVER', 'RELAUNCH_AFTER_TIMEOUT'),
  }),
  resourceLimits: RESOURCE_LIMITS,
  role: STRING,
  secrets: SECRETS,
  storeUrls: list(STRING),
  taskKillGracePeriodSeconds: NATURAL,
  tty: BOOLEAN,
  unreachableStrategy: UNREACHABLE_STRATEGY,
  upgradeStrategy: object({ minimumHealthCapacity: FRACTION, maximumOverCapacity: FRACTION }),
  uris: list(STRING),
  user: STRING,
  version: STRING,
};

/** For group updates, which hold apps. */
export const RAW_APP_SCHEMA = object(APP_PROPERTIES);

export const ajv = new Ajv({ allErrors: true, strict: false, verbose: true });

ajv.addKeyword({
  keyword: 'names',
  type: 'string',
  schemaType: 'array',
  modifying: true,
  validate: (values: readonly string[], given: string, _: unknown, at?: DataValidationCxt) => {
    const known = values.find((value) => value.toLowerCase() === given.toLowerCase());
    if (known !== undefined && at !== undefined) at.parentData[at.parentDataProperty] = known;
    return known !== undefined;
  },
});

const isRawApp = ajv.compile<RawApp>(RAW_APP_SCHEMA);

/** Checks the JSON model of an app or update; `requireId` for creation by POST. */
export function readRawApp(
  document: unknown,
  options: { readonly requireId: boolean },
): Result<RawApp, readonly Violation[]> {
  if (!isRawApp(document)) return err(violationsOfSchema(isRawApp.errors ?? []));
  if (options.requireId && document.id === undefined) {
    return err([{ path: '/id', message: 'error.path.missing' }]);
  }
  return ok(document);
}

/** Prefixes the paths, for apps inside of lists. */
export function underPath(prefix: string, violations: readonly Violation[]): Violation[] {
  return violations.map(({ path, message }) => ({
    path: path === '/' ? prefix : `${prefix}${path}`,
    message,
  }));
}
