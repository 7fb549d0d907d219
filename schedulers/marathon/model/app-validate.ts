/**
 * Rules about the canonical app that no schema can say, with the original's sentences (spec
 * marathon-app-model, sections 2 to 5, 7.2 and 8).
 */
import type { App } from './app.ts';
import { isRunByMarathon, usesHostNetworking } from './app.ts';
import type { ModelSettings } from './app-normalize.ts';
import { violationsOfContainer } from './container-rules.ts';
import { violationsOfId } from './path-id.ts';
import { violationsOfResidency } from './resident-rules.ts';
import {
  featureText,
  type RoleRules,
  violationsOfArtifacts,
  violationsOfConstraints,
  violationsOfEnvironment,
  violationsOfLimits,
  violationsOfNetworks,
  violationsOfRoles,
  violationsOfSecrets,
  violationsOfUnreachable,
} from './run-spec-rules.ts';
import { type Violation, violation } from './violations.ts';

export function validateApp(app: App, settings: ModelSettings, roles: RoleRules): Violation[] {
  return [
    ...violationsOfId(app.id).map((message) => violation('/id', message)),
    ...violationsOfCommand(app),
    ...violationsOfConstraints(app.constraints, '/constraints'),
    ...violationsOfRoles(app, roles, '/acceptedResourceRoles'),
    ...violationsOfNetworks(app.networks, { onDockerEngine: app.container?.type === 'DOCKER' }),
    ...violationsOfContainer(app, settings),
    ...violationsOfPorts(app),
    ...violationsOfHealthChecks(app),
    ...violationsOfChecks(app),
    ...violationsOfFeatures(app, settings),
    ...violationsOfStrategies(app),
    ...violationsOfResidency(app, '/acceptedResourceRoles'),
    ...violationsOfArtifacts(app.fetch, '/fetch'),
  ];
}

function violationsOfCommand(app: App): Violation[] {
  const found: Violation[] = [];
  if (app.cmd !== undefined && app.cmd.length <= 1) {
    found.push(violation('/', 'must not be an empty string'));
  }
  const hasCmd = app.cmd !== undefined;
  const hasArgs = app.args.length > 0;
  const hasImage = (app.container?.docker ?? app.container?.appc) !== undefined;
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
    found.push(violation('/', 'AppDefinition can contain at most one Mesos health check'));
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

function violationsOfFeatures(app: App, settings: ModelSettings): Violation[] {
  const found: Violation[] = [];
  if (app.gpus > 0) {
    const isEnabled = settings.features.has('gpu_resources');
    if (!isEnabled) found.push(violation('/', featureText('gpu_resources')));
    if (app.container?.type === 'DOCKER') {
      found.push(violation('/', 'GPU resources only work with the Mesos containerizer'));
    }
  }
  found.push(...violationsOfSecrets(app.secrets, settings));
  found.push(...violationsOfEnvironment(app.env, app.secrets, settings, '/env'));
  return found;
}

function violationsOfStrategies(app: App): Violation[] {
  const found = [
    ...violationsOfUnreachable(app.unreachableStrategy, '/unreachableStrategy'),
    ...violationsOfLimits(app.resourceLimits, app, '/resourceLimits'),
  ];
  found.push(...violationsOfMigration(app));
  if (app.labels['MARATHON_SINGLE_INSTANCE_APP'] === 'true') {
    if (app.instances > 1) {
      found.push(violation('/', 'Single instance app may only have one instance'));
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
  return found;
}

/** Labels of schedulers that are migrated: none of the three, or all. */
function violationsOfMigration({ labels }: App): Violation[] {
  const version = labels['DCOS_MIGRATION_API_VERSION'] ?? '';
  if (version === '') return [];
  const rest = [labels['DCOS_PACKAGE_FRAMEWORK_NAME'], labels['DCOS_MIGRATION_API_PATH']];
  if (version === 'v1' && rest.every((text = '') => text !== '')) return [];
  const text =
    'DCOS_PACKAGE_FRAMEWORK_NAME and DCOS_MIGRATION_API_PATH must be defined when using DCOS_MIGRATION_API_VERSION';
  return [violation('/', text)];
}
