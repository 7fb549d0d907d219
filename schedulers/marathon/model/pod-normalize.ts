/** From what a client sent to the canonical pod: defaults filled in (spec marathon-app-model, 9). */
import type { Constraint, Network, UnreachableStrategy } from './app.ts';
import type { ModelSettings } from './app-normalize.ts';
import type { PathId } from './path-id.ts';
import { persistentDefaults } from './persistent-volumes.ts';
import type { Pod, PodContainer, PodEndpoint } from './pod.ts';
import type { RawPod, RawPodContainer, RawScheduling } from './pod-schema.ts';
import type { Version } from './timestamp.ts';

export function normalizePod(
  raw: RawPod,
  settings: ModelSettings,
  { id, version }: { readonly id: PathId; readonly version: Version },
): Pod {
  const networks = networksOf(raw, settings);
  const { backoff, upgrade, placement, killSelection } = raw.scheduling ?? {};
  const isResident = raw.volumes?.some(({ persistent }) => persistent !== undefined) === true;
  const roles = placement?.acceptedResourceRoles ?? [];
  const { cpus = 0.1, mem = 32, disk = 10 } = raw.executorResources ?? {};
  return {
    id,
    labels: raw.labels ?? {},
    user: raw.user,
    environment: raw.environment ?? {},
    containers: raw.containers.map((container) => containerOf(container, networks)),
    secrets: raw.secrets ?? {},
    volumes: (raw.volumes ?? []).map(({ persistent, ...volume }) =>
      persistent === undefined ? volume : { ...volume, persistent: persistentDefaults(persistent) },
    ),
    networks,
    executorResources: { cpus, mem, disk },
    linuxInfo: raw.linuxInfo,
    legacySharedCgroups: raw.legacySharedCgroups,
    instances: raw.scaling?.instances ?? 1,
    backoffSeconds: backoff?.backoff ?? 1,
    backoffFactor: backoff?.backoffFactor ?? 1.15,
    maxLaunchDelaySeconds: backoff?.maxLaunchDelay ?? 300,
    upgradeStrategy: {
      minimumHealthCapacity: upgrade?.minimumHealthCapacity ?? (isResident ? 0.5 : 1),
      maximumOverCapacity: upgrade?.maximumOverCapacity ?? (isResident ? 0 : 1),
    },
    constraints: (placement?.constraints ?? []).map(constraintOf),
    acceptedResourceRoles: roles.length === 0 ? undefined : roles,
    killSelection: killSelection ?? 'YOUNGEST_FIRST',
    unreachableStrategy: unreachableStrategyOf(raw.scheduling, isResident),
    role: raw.role ?? settings.defaultRole,
    version,
    versionInfo: { lastScalingAt: version, lastConfigChangeAt: version },
  };
}

function networksOf(raw: RawPod, settings: ModelSettings): readonly Network[] {
  if (raw.networks === undefined || raw.networks.length === 0) return [{ mode: 'host' }];
  return raw.networks.map((network) => {
    const mode = network.mode ?? 'container';
    const name = network.name ?? (mode === 'container' ? settings.defaultNetworkName : undefined);
    return { mode, name, labels: network.labels };
  });
}

function containerOf(raw: RawPodContainer, networks: readonly Network[]): PodContainer {
  const { cpus = 1, mem = 128, disk = 0, gpus = 0 } = raw.resources;
  const { endpoints = [], volumeMounts = [], artifacts = [] } = raw;
  return {
    name: raw.name,
    exec: raw.exec,
    resources: { cpus, mem, disk, gpus },
    resourceLimits: raw.resourceLimits,
    endpoints: endpoints.map((endpoint) => endpointOf(endpoint, networks)),
    image: raw.image === undefined ? undefined : { labels: {}, ...raw.image },
    environment: raw.environment ?? {},
    user: raw.user,
    healthCheck:
      raw.healthCheck === undefined
        ? undefined
        : { gracePeriodSeconds: 300, maxConsecutiveFailures: 3, ...TIMINGS, ...raw.healthCheck },
    check: raw.check === undefined ? undefined : { ...TIMINGS, ...raw.check },
    volumeMounts,
    artifacts: artifacts.map((artifact) => ({
      extract: true,
      executable: false,
      cache: false,
      ...artifact,
    })),
    labels: raw.labels ?? {},
    lifecycle: raw.lifecycle,
    tty: raw.tty,
    linuxInfo: raw.linuxInfo,
  };
}

const TIMINGS = { intervalSeconds: 60, timeoutSeconds: 20, delaySeconds: 15 };

/** On the host and the bridge an endpoint without a number gets any. */
function endpointOf(
  raw: NonNullable<RawPodContainer['endpoints']>[number],
  networks: readonly Network[],
): PodEndpoint {
  const needsHostPort = networks.some(({ mode }) => mode !== 'container');
  return {
    name: raw.name,
    containerPort: raw.containerPort,
    hostPort: raw.hostPort ?? (needsHostPort ? 0 : undefined),
    protocol: raw.protocol ?? ['tcp'],
    labels: raw.labels ?? {},
    networkNames: raw.networkNames ?? [],
  };
}

function constraintOf({
  fieldName,
  operator,
  value,
}: NonNullable<NonNullable<RawScheduling['placement']>['constraints']>[number]): Constraint {
  const name = operator.toUpperCase();
  return value === undefined ? [fieldName, name] : [fieldName, name, value];
}

function unreachableStrategyOf(
  scheduling: RawScheduling | undefined,
  isResident: boolean,
): UnreachableStrategy {
  const given = scheduling?.unreachableStrategy ?? (isResident ? 'disabled' : {});
  if (given === 'disabled') return given;
  const { inactiveAfterSeconds = 0, expungeAfterSeconds = 0 } = given;
  return { inactiveAfterSeconds, expungeAfterSeconds };
}
