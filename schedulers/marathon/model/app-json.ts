/** Apps as the API writes them: member order, doubles with a fraction, what is left out when empty. */
import {
  Double,
  double,
  type JsonObject,
  type JsonValue,
  RawJson,
} from '../../../core/wire/json-text.ts';
import type {
  App,
  AppHealthCheck,
  Container,
  Network,
  PortMapping,
  ResourceLimits,
} from './app.ts';
import { usesHostNetworking } from './app.ts';

/** An app without the numbers and tasks that `AppInfo` adds (spec marathon-app-model, section 2). */
export function appJson(app: App, options: { readonly versionInfo: boolean }): JsonObject {
  return {
    id: app.id,
    acceptedResourceRoles: app.acceptedResourceRoles,
    args: nonEmpty(app.args),
    backoffFactor: double(app.backoffFactor),
    backoffSeconds: app.backoffSeconds,
    check: plain(app.check),
    cmd: app.cmd,
    constraints: nonEmpty(app.constraints),
    container: app.container === undefined ? undefined : containerJson(app, app.container),
    cpus: double(app.cpus),
    dependencies: nonEmpty(app.dependencies),
    disk: double(app.disk),
    env: nonEmptyObject(app.env),
    executor: app.executor,
    executorResources: plain(app.executorResources),
    fetch: nonEmpty(app.fetch.map((artifact) => ({ ...artifact }))),
    healthChecks: nonEmpty(app.healthChecks.map(healthCheckJson)),
    instances: app.instances,
    labels: plainObject(app.labels),
    maxLaunchDelaySeconds: app.maxLaunchDelaySeconds,
    mem: double(app.mem),
    gpus: app.gpus,
    networks: app.networks.map(networkJson),
    portDefinitions: usesHostNetworking(app) ? app.portDefinitions?.map(plainObject) : undefined,
    readinessChecks: nonEmpty(app.readinessChecks.map(plainObject)),
    requirePorts: app.requirePorts,
    residency: plain(app.residency),
    resourceLimits: limitsJson(app.resourceLimits),
    secrets: nonEmptyObject(app.secrets),
    taskKillGracePeriodSeconds: app.taskKillGracePeriodSeconds,
    tty: app.tty,
    upgradeStrategy: {
      maximumOverCapacity: double(app.upgradeStrategy.maximumOverCapacity),
      minimumHealthCapacity: double(app.upgradeStrategy.minimumHealthCapacity),
    },
    user: app.user,
    version: app.version,
    versionInfo: options.versionInfo ? plainObject(app.versionInfo) : undefined,
    killSelection: app.killSelection,
    unreachableStrategy: plain(app.unreachableStrategy),
    role: app.role,
  };
}

export function limitsJson(limits: ResourceLimits | undefined): JsonObject | undefined {
  if (limits === undefined) return undefined;
  const { cpus, mem } = limits;
  return {
    cpus: typeof cpus === 'number' ? double(cpus) : cpus,
    mem: typeof mem === 'number' ? double(mem) : mem,
  };
}

export function healthCheckJson(check: AppHealthCheck): JsonObject {
  return {
    gracePeriodSeconds: check.gracePeriodSeconds,
    ignoreHttp1xx: check.ignoreHttp1xx,
    intervalSeconds: check.intervalSeconds,
    maxConsecutiveFailures: check.maxConsecutiveFailures,
    path: check.path,
    port: check.port,
    portIndex: check.portIndex,
    protocol: check.protocol,
    ipProtocol: check.ipProtocol,
    timeoutSeconds: check.timeoutSeconds,
    delaySeconds: check.delaySeconds,
    command: plain(check.command),
  };
}

export function networkJson(network: Network): JsonObject {
  const labels = nonEmptyObject(network.labels ?? {});
  return { name: network.name, mode: network.mode, labels };
}

function containerJson(app: App, container: Container): JsonObject {
  return {
    type: container.type,
    docker: container.docker === undefined ? undefined : plainObject(container.docker),
    appc: plain(container.appc),
    volumes: container.volumes.map(plainObject),
    portMappings: usesHostNetworking(app) ? undefined : container.portMappings?.map(mappingJson),
    linuxInfo: plain(container.linuxInfo),
  };
}

function mappingJson(mapping: PortMapping): JsonObject {
  return {
    containerPort: mapping.containerPort,
    hostPort: mapping.hostPort,
    labels: plainObject(mapping.labels),
    name: mapping.name,
    protocol: mapping.protocol,
    servicePort: mapping.servicePort,
    networkNames: nonEmpty(mapping.networkNames ?? []),
  };
}

export function nonEmpty<T extends JsonValue>(items: readonly T[]): readonly T[] | undefined {
  return items.length === 0 ? undefined : items;
}

export function nonEmptyObject(value: object): JsonObject | undefined {
  return Object.keys(value).length === 0 ? undefined : plainObject(value);
}

/** Any JSON-like value as it stands. */
export function plain(value: unknown): JsonValue | undefined {
  switch (typeof value) {
    case 'string':
    case 'number':
    case 'boolean':
      return value;
    case 'object':
      if (value === null || value instanceof Double || value instanceof RawJson) return value;
      return Array.isArray(value) ? value.map((each) => plain(each) ?? null) : plainObject(value);
    default:
      return undefined;
  }
}

export function plainObject(value: object): JsonObject {
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, plain(each)]));
}
