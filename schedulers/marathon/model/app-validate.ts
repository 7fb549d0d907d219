/**
 * Rules about the canonical app that no schema can say, with the original's sentences (spec
 * marathon-app-model, sections 2 to 5, 7.2 and 8).
 */
import type { App } from './app.ts';
import { isResident, isRunByMarathon, usesHostNetworking } from './app.ts';
import type { ModelSettings } from './app-normalize.ts';
import { violationsOfConstraint } from './constraint-rules.ts';
import { violationsOfContainer } from './container-rules.ts';
import { violationsOfId } from './path-id.ts';
import { type Violation, violation } from './violations.ts';

export interface RoleRules {
  /** Roles that the app's place in the tree allows. */
  readonly validRoles: readonly string[];
}

export function validateApp(app: App, settings: ModelSettings, roles: RoleRules): Violation[] {
  return [
    ...violationsOfId(app.id).map((message) => violation('/id', message)),
    ...violationsOfCommand(app),
    ...app.constraints.flatMap((constraint, index) =>
      violationsOfConstraint(constraint).map((message) =>
        violation(`/constraints(${index})`, message),
      ),
    ),
    ...violationsOfRoles(app, roles),
    ...violationsOfNetworks(app),
    ...violationsOfContainer(app, settings),
    ...violationsOfPorts(app),
    ...violationsOfHealthChecks(app),
    ...violationsOfChecks(app),
    ...violationsOfFeatures(app, settings),
    ...violationsOfStrategies(app),
    ...violationsOfFetch(app),
  ];
}

function violationsOfCommand(app: App): Violation[] {
  const found: Violation[] = [];
  if (app.cmd !== undefined && app.cmd.length <= 1) {
    found.push(violation('/cmd', 'must not be an empty string'));
  }
  const hasCmd = app.cmd !== undefined;
  const hasArgs = app.args.length > 0;
  const hasImage = app.container?.docker !== undefined;
  const fine = hasCmd || hasArgs ? hasCmd !== hasArgs : hasImage;
  if (!fine) {
    found.push(
      violation(
        '/',
        "AppDefinition must either contain one of 'cmd' or 'args', and/or a 'container'.",
      ),
    );
  }
  return found;
}

const ROLE_FAULTS: readonly (readonly [RegExp, string])[] = [
  [/^$/, 'A role name must not be "".'],
  [/^\.$/, 'A role name must not be ".".'],
  [/^\.\.$/, 'A role name must not be "..".'],
  [/^-/, "A role name must not start with a '-'."],
  [/ /, 'A role name must not include a space (\\x20) character.'],
  [/\t/, 'A role name must not include a tab (\\x09) character.'],
  [/\n/, 'A role name must not include a line feed (\\x0a) character.'],
  [/\v/, 'A role name must not include a vertical tab (\\x0b) character.'],
  [/\f/, 'A role name must not include a form feed (\\x0c) character.'],
  [/\r/, 'A role name must not include a carriage return (\\x0d) character.'],
  [/\//, 'A role name must not include a slash (\\x2f) character.'],
  [/\x7f/, 'A role name must not include a backspace (\\x7f) character.'],
];

function violationsOfRoles(app: App, { validRoles }: RoleRules): Violation[] {
  const found: Violation[] = [];
  if (!validRoles.includes(app.role)) {
    const expected = validRoles.length === 1 ? validRoles[0] : `one of: [${validRoles.join(', ')}]`;
    found.push(violation('/role', `got ${app.role}, expected ${expected}`));
  }
  const accepted = app.acceptedResourceRoles;
  if (accepted === undefined) return found;
  const path = '/acceptedResourceRoles';
  if (accepted.length === 0) found.push(violation(path, 'must not be empty'));
  if (accepted.some((role) => role !== '*' && role !== app.role)) {
    found.push(violation(path, `acceptedResourceRoles can only contain * and ${app.role}`));
  }
  for (const role of accepted) {
    for (const [pattern, message] of ROLE_FAULTS) {
      if (pattern.test(role)) found.push(violation(path, message));
    }
  }
  return found;
}

function violationsOfNetworks(app: App): Violation[] {
  const found: Violation[] = [];
  app.networks.forEach((network, index) => {
    const path = `/networks(${index})`;
    const labelled = Object.keys(network.labels ?? {}).length > 0;
    if (network.mode === 'host' && (network.name !== undefined || labelled)) {
      found.push(violation(path, 'Host networks may not have names or labels'));
    }
    if (network.mode === 'container/bridge' && network.name !== undefined) {
      found.push(violation(path, 'Bridge networks may not have names'));
    }
    if (network.mode === 'container' && network.name === undefined) {
      found.push(
        violation(path, 'Network name must be specified when container network is selected.'),
      );
    }
  });
  const keys = app.networks.map(({ mode, name }) => `${mode} ${name ?? ''}`);
  if (new Set(keys).size < keys.length) {
    found.push(violation('/networks', 'Duplicate networks are not allowed'));
  }
  const modes = new Set(app.networks.map(({ mode }) => mode));
  if (modes.size > 1 || (app.networks.length > 1 && !modes.has('container'))) {
    found.push(
      violation(
        '/networks',
        'May specify a single host network, single bridge network, or else 1-to-n container networks',
      ),
    );
  }
  if (app.container?.type === 'DOCKER' && modes.has('container') && app.networks.length > 1) {
    found.push(
      violation(
        '/networks',
        'may only specify a single container network when using the Docker container engine',
      ),
    );
  }
  return found;
}

function violationsOfPorts(app: App): Violation[] {
  if (!usesHostNetworking(app)) return [];
  const definitions = app.portDefinitions ?? [];
  const numbers = definitions.map(({ port }) => port).filter((port) => port !== 0);
  const names = definitions.flatMap(({ name }) => (name === undefined ? [] : [name]));
  const found: Violation[] = [];
  if (new Set(numbers).size < numbers.length) {
    found.push(violation('/portDefinitions', 'Ports must be unique.'));
  }
  if (new Set(names).size < names.length) {
    found.push(violation('/portDefinitions', 'Port names must be unique.'));
  }
  return found;
}

function portCountOf(app: App): number {
  if (usesHostNetworking(app)) return app.portDefinitions?.length ?? 0;
  return app.container?.portMappings?.length ?? 0;
}

function violationsOfHealthChecks(app: App): Violation[] {
  const count = portCountOf(app);
  const found: Violation[] = [];
  app.healthChecks.forEach((check, index) => {
    const path = `/healthChecks(${index})`;
    if (check.protocol === 'COMMAND') {
      if (check.command === undefined) found.push(violation(`${path}/command`, 'not defined'));
      if (check.path !== undefined) found.push(violation(`${path}/path`, 'must be empty'));
      if (check.port !== undefined) found.push(violation(`${path}/port`, 'must be empty'));
      return;
    }
    if (check.command !== undefined) found.push(violation(`${path}/command`, 'must be empty'));
    const addressed =
      check.port !== undefined ||
      (check.portIndex === undefined ? count === 1 : check.portIndex < count);
    if (isRunByMarathon(check) && !addressed) {
      found.push(
        violation(
          path,
          'Health check port indices must address an element of the ports array or container port mappings.',
        ),
      );
    }
    const byAgent = !isRunByMarathon(check);
    if (check.ipProtocol === 'IPv6' && !(byAgent && app.container?.type === 'DOCKER')) {
      found.push(
        violation(
          path,
          'IPv6 can only be used for container type DOCKER and Mesos http/https/tcp health checks',
        ),
      );
    }
  });
  const byAgent = app.healthChecks.filter(({ protocol }) => protocol.startsWith('MESOS_'));
  if (byAgent.length > 1) {
    found.push(
      violation('/healthChecks', 'AppDefinition can contain at most one Mesos health check'),
    );
  }
  return found;
}

function violationsOfChecks(app: App): Violation[] {
  const found: Violation[] = [];
  const check = app.check;
  if (check !== undefined) {
    if (app.container?.type === 'DOCKER') {
      found.push(violation('/check', "AppDefinition must not use 'checks' if using docker"));
    }
    const kinds = [check.http, check.tcp, check.exec].filter((kind) => kind !== undefined);
    if (kinds.length !== 1) {
      found.push(violation('/check', 'Only one of http, tcp, or command may be specified'));
    }
    const index = check.http?.portIndex ?? check.tcp?.portIndex;
    if (index !== undefined && index >= portCountOf(app)) {
      found.push(
        violation(
          '/check',
          'check port index must address an element of the ports array or container port mappings.',
        ),
      );
    }
  }
  app.readinessChecks.forEach((readiness, index) => {
    const path = `/readinessChecks(${index})`;
    if (readiness.timeoutSeconds >= readiness.intervalSeconds) {
      found.push(
        violation(
          `${path}/timeoutSeconds`,
          `got ${readiness.timeoutSeconds}, expected less than ${readiness.intervalSeconds}`,
        ),
      );
    }
    const names = usesHostNetworking(app)
      ? (app.portDefinitions ?? []).map(({ name }) => name)
      : (app.container?.portMappings ?? []).map(({ name }) => name);
    if (!names.includes(readiness.portName)) {
      found.push(
        violation(
          `${path}/portName`,
          `No port definition reference for portName ${readiness.portName}`,
        ),
      );
    }
  });
  return found;
}

function featureText(name: string): string {
  return `Feature ${name} is not enabled. Enable with --enable_features ${name})`;
}

function violationsOfFeatures(app: App, { features }: ModelSettings): Violation[] {
  const found: Violation[] = [];
  if (app.gpus > 0) {
    if (!features.has('gpu_resources')) found.push(violation('/', featureText('gpu_resources')));
    if (app.container?.type === 'DOCKER') {
      found.push(violation('/', 'GPU resources only work with the Mesos containerizer'));
    }
  }
  if (Object.keys(app.secrets).length > 0 && !features.has('secrets')) {
    found.push(violation('/', featureText('secrets')));
  }
  for (const [name, value] of Object.entries(app.env)) {
    if (name === '') found.push(violation('/env', 'must not be empty'));
    if (typeof value === 'string') continue;
    if (!features.has('secrets')) {
      const text =
        'use of secret-references in the environment requires the secrets feature to be enabled';
      found.push(violation('/env', text));
    } else if (app.secrets[value.secret] === undefined) {
      found.push(violation(`/env/${name}/secret`, 'references an undefined secret'));
    }
  }
  return found;
}

function violationsOfStrategies(app: App): Violation[] {
  const found: Violation[] = [];
  const unreachable = app.unreachableStrategy;
  if (unreachable !== 'disabled') {
    const { inactiveAfterSeconds: inactive, expungeAfterSeconds: expunge } = unreachable;
    if (inactive > expunge) {
      found.push(
        violation(
          '/unreachableStrategy/inactiveAfterSeconds',
          `inactiveAfterSeconds (${inactive}) must be less or equal to expungeAfterSeconds, which is ${expunge}`,
        ),
      );
    }
  }
  for (const name of ['cpus', 'mem'] as const) {
    const limit = app.resourceLimits?.[name];
    if (typeof limit !== 'number' || limit >= app[name]) continue;
    const asked = Number.isInteger(app[name]) ? app[name].toFixed(1) : String(app[name]);
    found.push(
      violation(
        `/resourceLimits/${name}`,
        `resource limit must be greater than or equal to requested resource (${asked})`,
      ),
    );
  }
  if (app.labels['MARATHON_SINGLE_INSTANCE_APP'] === 'true') {
    if (app.instances > 1) {
      found.push(violation('/instances', 'Single instance app may only have one instance'));
    }
    const { minimumHealthCapacity: minimum, maximumOverCapacity: over } = app.upgradeStrategy;
    if (minimum !== 0) {
      found.push(
        violation('/upgradeStrategy/minimumHealthCapacity', `got ${minimum}, expected 0.0`),
      );
    }
    if (over !== 0) {
      found.push(violation('/upgradeStrategy/maximumOverCapacity', `got ${over}, expected 0.0`));
    }
  }
  if (isResident(app)) found.push(violation('/container/volumes', PERSISTENT_TEXT));
  return found;
}

/** Reservations and volumes are not built yet; refusing is honest, silently ignoring would lose data. */
const PERSISTENT_TEXT = 'persistent volumes are not supported by this version';

function violationsOfFetch(app: App): Violation[] {
  return app.fetch.flatMap(({ uri }, index) => {
    const fine = /^[^\s<>"{}|\\^`]+$/.test(uri);
    return fine ? [] : [violation(`/fetch(${index})/uri`, 'URI has invalid syntax.')];
  });
}
