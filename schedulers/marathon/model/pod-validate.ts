/** Rules about the canonical pod that no schema can say (spec marathon-app-model, section 9). */
import type { ModelSettings } from './app-normalize.ts';
import { violationsOfLinuxInfo } from './linux-rules.ts';
import { violationsOfId } from './path-id.ts';
import { violationsOfPersistent } from './persistent-volumes.ts';
import type {
  Pod,
  PodCheck,
  PodCommand,
  PodContainer,
  PodEndpoint,
  PodHealthCheck,
  PodVolumeMount,
} from './pod.ts';
import { violationsOfResidency } from './resident-rules.ts';
import {
  featureText,
  type RoleRules,
  violationsOfArtifacts,
  violationsOfConstraints,
  violationsOfEnvironment,
  violationsOfLimits,
  violationsOfNetworks,
  violationsOfPullSecret,
  violationsOfRoles,
  violationsOfSecrets,
  violationsOfUnreachable,
} from './run-spec-rules.ts';
import { type Violation, violation } from './violations.ts';

export function validatePod(pod: Pod, settings: ModelSettings, roles: RoleRules): Violation[] {
  const placement = '/scheduling/placement';
  const unreachable = '/scheduling/unreachableStrategy';
  return [
    ...violationsOfId(pod.id).map((message) => violation('/id', message)),
    ...violationsOfUser(pod),
    ...violationsOfEnvironment(pod.environment, pod.secrets, settings, '/environment'),
    ...violationsOfVolumes(pod),
    ...pod.containers.flatMap((container, index) =>
      violationsOfContainer(pod, container, settings, `/containers(${index})`),
    ),
    ...violationsOfNames(pod),
    ...violationsOfSecrets(pod.secrets, settings),
    ...violationsOfNetworks(pod.networks, { onDockerEngine: false }),
    ...violationsOfConstraints(pod.constraints, `${placement}/constraints`),
    ...violationsOfRoles(pod, roles, `${placement}/acceptedResourceRoles`),
    ...violationsOfUnreachable(pod.unreachableStrategy, unreachable),
    ...violationsOfLinuxInfo(pod.linuxInfo, '/linuxInfo'),
    ...violationsOfResidency(pod, `${placement}/acceptedResourceRoles`),
  ];
}

function violationsOfUser({ user }: Pod): Violation[] {
  return user === '' ? [violation('/user', 'must not be empty')] : [];
}

function violationsOfVolumes(pod: Pod): Violation[] {
  const found: Violation[] = [];
  const mounted = new Set(
    pod.containers.flatMap(({ volumeMounts }) => volumeMounts.map(({ name }) => name)),
  );
  pod.volumes.forEach((volume, index) => {
    const path = `/volumes(${index})`;
    if (!mounted.has(volume.name)) {
      found.push(violation(path, 'volume must be referenced by at least one container'));
    }
    if (volume.secret !== undefined && pod.secrets[volume.secret] === undefined) {
      const text = 'volume.secret must refer to an existing secret';
      found.push(violation(`${path}/secret`, text));
    }
    if (volume.persistent !== undefined) {
      found.push(...violationsOfPersistent(volume.persistent, `${path}/persistent`));
    }
  });
  if (hasTwins(pod.volumes.map(({ name }) => name))) {
    found.push(violation('/volumes', 'volume names must be unique'));
  }
  return found;
}

/** Names and ports that all containers share. */
function violationsOfNames({ containers }: Pod): Violation[] {
  const found: Violation[] = [];
  const endpoints = containers.flatMap((container) => container.endpoints);
  const rows: readonly (readonly [string, readonly unknown[], string])[] = [
    ['/containers', containers.map(({ name }) => name), 'container names must be unique'],
    [
      '/',
      endpoints.map(({ name }) => name),
      // Written so by the original.
      'endpoint names nust be unique across all containers',
    ],
    [
      '/',
      endpoints.flatMap(({ containerPort }) => containerPort ?? []),
      'container ports must be unique across all containers',
    ],
    [
      '/',
      endpoints.flatMap(({ hostPort = 0 }) => (hostPort === 0 ? [] : hostPort)),
      'host ports must be unique across all containers',
    ],
  ];
  for (const [path, values, text] of rows) {
    if (hasTwins(values)) found.push(violation(path, text));
  }
  return found;
}

function hasTwins(values: readonly unknown[]): boolean {
  return new Set(values).size < values.length;
}

function violationsOfContainer(
  pod: Pod,
  container: PodContainer,
  settings: ModelSettings,
  path: string,
): Violation[] {
  const { resources, resourceLimits, environment, image, exec, lifecycle } = container;
  const found: Violation[] = [];
  if (exec !== undefined) found.push(...violationsOfCommand(exec.command, `${path}/exec/command`));
  container.endpoints.forEach((endpoint, index) => {
    found.push(...violationsOfEndpoint(pod, endpoint, `${path}/endpoints(${index})`));
  });
  if (resources.gpus > 0 && !settings.features.has('gpu_resources')) {
    found.push(violation(`${path}/resources/gpus`, featureText('gpu_resources')));
  }
  found.push(...violationsOfLimits(resourceLimits, resources, `${path}/resourceLimits`));
  if (resourceLimits !== undefined && pod.legacySharedCgroups === true) {
    const text = 'resourceLimits cannot be defined if legacySharedCgroups is enabled';
    found.push(violation(`${path}/resourceLimits`, text));
  }
  const environmentPath = `${path}/environment`;
  found.push(...violationsOfEnvironment(environment, pod.secrets, settings, environmentPath));
  const secret = image?.pullConfig?.secret;
  if (secret !== undefined) {
    const at = `${path}/image/pullConfig`;
    found.push(...violationsOfPullSecret(secret, pod.secrets, settings, at));
  }
  found.push(...violationsOfProbes(container, path));
  container.volumeMounts.forEach((mount, index) => {
    found.push(...violationsOfMount(pod, mount, `${path}/volumeMounts(${index})`));
  });
  found.push(...violationsOfArtifacts(container.artifacts, `${path}/artifacts`));
  if (lifecycle?.killGracePeriodSeconds === 0) {
    const text = 'got 0.0, expected more than 0.0';
    found.push(violation(`${path}/lifecycle/killGracePeriodSeconds`, text));
  }
  found.push(...violationsOfLinuxInfo(container.linuxInfo, `${path}/linuxInfo`));
  return found;
}

function violationsOfCommand({ shell, argv }: PodCommand, path: string): Violation[] {
  if ((shell === undefined) === (argv === undefined)) {
    return [violation(path, 'must have either shell or argv')];
  }
  if (shell === '') return [violation(`${path}/shell`, 'must not be empty')];
  return argv?.length === 0 ? [violation(`${path}/argv`, 'must not be empty')] : [];
}

const PROTOCOLS: readonly string[] = ['tcp', 'udp'];

function violationsOfEndpoint(pod: Pod, endpoint: PodEndpoint, path: string): Violation[] {
  const found: Violation[] = [];
  const has = (mode: string): boolean => pod.networks.some((network) => network.mode === mode);
  if (has('host') && endpoint.containerPort !== undefined) {
    const text = 'is not allowed when using host-mode networking';
    found.push(violation(`${path}/containerPort`, text));
  }
  if (!has('host') && endpoint.containerPort === undefined) {
    const text = 'is required when using container-mode networking';
    found.push(violation(`${path}/containerPort`, text));
  }
  if (hasTwins(endpoint.protocol)) {
    const text = 'Duplicate protocols within the same endpoint are not allowed';
    found.push(violation(`${path}/protocol`, text));
  }
  for (const protocol of endpoint.protocol) {
    if (PROTOCOLS.includes(protocol)) continue;
    found.push(violation(`${path}/protocol`, `'${protocol}' is not one of (tcp,udp)`));
  }
  const known = pod.networks.flatMap(({ name }) => name ?? []);
  endpoint.networkNames.forEach((name, index) => {
    if (known.includes(name)) return;
    const text = `is not one of (${known.join(',')})`;
    found.push(violation(`${path}/networkNames(${index})`, text));
  });
  const isOpen = known.length > 1 && endpoint.hostPort !== undefined;
  if (isOpen && endpoint.networkNames.length !== 1) {
    const text =
      'networkNames must be a single item list when hostPort is specified and more than 1 container network is defined';
    found.push(violation(path, text));
  }
  return found;
}

function violationsOfProbes(container: PodContainer, path: string): Violation[] {
  const { healthCheck, check } = container;
  const found: Violation[] = [];
  if (healthCheck !== undefined) {
    const { timeoutSeconds, intervalSeconds } = healthCheck;
    if (timeoutSeconds >= intervalSeconds) {
      const text = `got ${timeoutSeconds}, expected less than ${intervalSeconds}`;
      found.push(violation(`${path}/healthCheck/timeoutSeconds`, text));
    }
    found.push(...violationsOfProbe(healthCheck, container, `${path}/healthCheck`));
  }
  if (check !== undefined) found.push(...violationsOfProbe(check, container, `${path}/check`));
  return found;
}

function violationsOfProbe(
  { http, tcp, exec }: PodHealthCheck | PodCheck,
  { endpoints }: PodContainer,
  path: string,
): Violation[] {
  const found: Violation[] = [];
  if ([http, tcp, exec].filter((kind) => kind !== undefined).length !== 1) {
    found.push(violation(path, 'Only one of http, tcp, or command may be specified'));
  }
  for (const [kind, probe] of Object.entries({ http, tcp })) {
    if (probe === undefined || endpoints.some(({ name }) => name === probe.endpoint)) continue;
    found.push(violation(`${path}/${kind}/endpoint`, 'contained in the container endpoints'));
  }
  if (exec !== undefined) found.push(...violationsOfCommand(exec.command, `${path}/exec/command`));
  return found;
}

function violationsOfMount(pod: Pod, mount: PodVolumeMount, path: string): Violation[] {
  if (pod.volumes.some(({ name }) => name === mount.name)) return [];
  return [violation(`${path}/name`, 'Referenced Volume in VolumeMount should exist')];
}
