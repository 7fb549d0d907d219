/**
 * From what a client sent to the canonical app: deprecated fields are migrated, defaults filled in
 * (spec marathon-app-model, sections 1, 2, 5 and 6). Pure; violations of deprecated-field rules are
 * found here because only here the old fields are still visible.
 */
import { err, ok, type Result } from '../../../core/base/result.ts';
import type {
  App,
  AppHealthCheck,
  AppVolume,
  Artifact,
  Container,
  Network,
  NetworkMode,
  PortDefinition,
  PortMapping,
  RawApp,
  RawContainer,
  RawVolume,
  ReadinessCheck,
  UnreachableStrategy,
  UpgradeStrategy,
} from './app.ts';
import { violationsOfOldestContainer, withTodaysContainer } from './oldest-container.ts';
import { type PathId, ROOT, resolvePathId } from './path-id.ts';
import { persistentDefaults } from './persistent-volumes.ts';
import { violationsOfUris } from './run-spec-rules.ts';
import type { Version } from './timestamp.ts';
import { type Violation, violation } from './violations.ts';

export interface ModelSettings {
  readonly defaultNetworkName: string | undefined;
  readonly bridgeName: string;
  readonly defaultRole: string;
  /** Optional features that are switched on (`secrets`, `gpu_resources`, ...). */
  readonly features: ReadonlySet<string>;
}

const EXTRACTED = /\.(tar|tar\.gz|tar\.bz2|tar\.xz|gz|tgz|tbz2|txz|zip)$/;

/** The canonical app of a definition; `version` is that of the coming update. */
export function normalizeApp(
  given: RawApp,
  settings: ModelSettings,
  options: { readonly version: Version; readonly base?: PathId },
): Result<App, readonly Violation[]> {
  const refused = [...violationsOfDeprecated(given), ...violationsOfOldestContainer(given)];
  if (refused.length > 0) return err(refused);
  const raw = withTodaysContainer(given);
  const id = resolvePathId(raw.id ?? '', options.base ?? ROOT);
  const networks = networksOf(raw, settings);
  const onHost = networks.every(({ mode }) => mode === 'host');
  const container = containerOf(raw, networks);
  const resident = hasVolume(container, 'persistent');
  const ports = onHost ? portDefinitionsOf(raw) : undefined;
  const portCount = ports?.length ?? container?.portMappings?.length ?? 0;
  return ok({
    id,
    acceptedResourceRoles: raw.acceptedResourceRoles,
    args: raw.args ?? [],
    backoffFactor: raw.backoffFactor ?? 1.15,
    backoffSeconds: raw.backoffSeconds ?? 1,
    check: raw.check,
    cmd: raw.cmd,
    constraints: (raw.constraints ?? []).map(upperCaseOperator),
    container,
    cpus: raw.cpus ?? 1,
    dependencies: (raw.dependencies ?? []).map((each) => resolvePathId(each, options.base ?? ROOT)),
    disk: raw.disk ?? 0,
    env: raw.env ?? {},
    executor: raw.executor ?? '',
    executorResources: raw.executorResources,
    fetch: artifactsOf(raw),
    gpus: raw.gpus ?? 0,
    healthChecks: (raw.healthChecks ?? []).map((check) => healthCheckOf(check, portCount)),
    instances: raw.instances ?? 1,
    killSelection: raw.killSelection ?? 'YOUNGEST_FIRST',
    labels: raw.labels ?? {},
    maxLaunchDelaySeconds: raw.maxLaunchDelaySeconds ?? 300,
    mem: raw.mem ?? 128,
    networks,
    portDefinitions: ports,
    readinessChecks: (raw.readinessChecks ?? []).map(readinessCheckOf),
    requirePorts: onHost ? (raw.requirePorts ?? false) : false,
    residency: resident
      ? {
          relaunchEscalationTimeoutSeconds: 3600,
          taskLostBehavior: 'WAIT_FOREVER',
          ...raw.residency,
        }
      : raw.residency,
    resourceLimits: raw.resourceLimits,
    role: raw.role ?? settings.defaultRole,
    secrets: raw.secrets ?? {},
    taskKillGracePeriodSeconds: raw.taskKillGracePeriodSeconds,
    tty: raw.tty,
    unreachableStrategy: unreachableStrategyOf(raw, resident),
    upgradeStrategy: upgradeStrategyOf(raw, container),
    user: raw.user,
    version: options.version,
    versionInfo: { lastScalingAt: options.version, lastConfigChangeAt: options.version },
  });
}

function violationsOfDeprecated(raw: RawApp): Violation[] {
  const found: Violation[] = [];
  const add = (path: string, message: string): void => {
    found.push(violation(path, message));
  };
  const docker = raw.container?.docker;
  if (docker?.network !== undefined && raw.networks !== undefined) {
    add('/', 'must not specify both container.docker.network and networks');
  }
  if (raw.networks !== undefined && raw.ipAddress !== undefined) {
    add('/', 'must not specify both networks and ipAddress');
  }
  const given = (raw.ports ?? []).filter((port) => port !== 0);
  if (new Set(given).size < given.length) add('/', 'ports must be unique');
  const portCount = (raw.ports?.length ?? 0) + (raw.portDefinitions?.length ?? 0);
  if (raw.ipAddress !== undefined && portCount > 0) {
    add('/', 'cannot specify both an IP address and port');
  }
  if (raw.ports !== undefined && raw.portDefinitions !== undefined) {
    const defined = raw.portDefinitions.map(({ port }) => port ?? 0);
    const same = defined.join() === raw.ports.join();
    if (!same) add('/', 'cannot specify both ports and port definitions');
  }
  if ((raw.uris?.length ?? 0) > 0 && (raw.fetch?.length ?? 0) > 0) {
    add('/uris', 'may not be set in conjunction with fetch');
  }
  found.push(...violationsOfUris(raw.uris ?? [], '/uris'));
  if ((raw.storeUrls?.length ?? 0) > 0) add('/storeUrls', 'no artifact store is configured');
  if (raw.container?.type === 'MESOS') {
    if (docker?.network !== undefined) add('/container/docker/network', 'must be empty');
    if ((docker?.portMappings?.length ?? 0) > 0) {
      add('/container/docker/portMappings', 'must be empty');
    }
  }
  const mappings = raw.container?.portMappings;
  if (mappings !== undefined && (docker?.portMappings?.length ?? 0) > 0) {
    add('/', 'cannot specify both portMappings and docker.portMappings');
  }
  if (mappings !== undefined && (raw.ipAddress?.discovery?.ports?.length ?? 0) > 0) {
    add('/', 'container.portMappings and ipAddress.discovery.ports must not both be set');
  }
  if (docker?.network === 'NONE') {
    add('/container/docker/network', "network 'NONE' is not supported");
  }
  if (docker?.credential !== undefined) add('/container/docker/credential', 'must be empty');
  if (raw.container?.type !== 'MESOS' && raw.ipAddress?.discovery !== undefined) {
    if (docker !== undefined) {
      add('/ipAddress', 'ipAddress/discovery is not allowed for Docker containers');
    }
  }
  const isElsewhere = raw.networks?.some(({ mode }) => mode !== 'host') === true;
  if (isElsewhere && (raw.portDefinitions?.length ?? 0) > 0) {
    add('/', 'portDefinitions are only allowed with host-networking');
  }
  return found;
}

const DOCKER_MODES: Readonly<Record<string, NetworkMode>> = {
  HOST: 'host',
  BRIDGE: 'container/bridge',
  USER: 'container',
};

function networksOf(raw: RawApp, settings: ModelSettings): readonly Network[] {
  const dockerNetwork = raw.container?.docker?.network;
  if (raw.networks !== undefined && raw.networks.length > 0) {
    return raw.networks.map((network) => {
      const mode = network.mode ?? 'container';
      const name = network.name ?? (mode === 'container' ? settings.defaultNetworkName : undefined);
      return { mode, name, labels: network.labels };
    });
  }
  const ip = raw.ipAddress;
  if (dockerNetwork !== undefined) {
    const mode = DOCKER_MODES[dockerNetwork] ?? 'host';
    if (mode === 'host') return [{ mode }];
    if (mode === 'container/bridge') return [{ mode, labels: ip?.labels }];
    return [{ mode, name: ip?.networkName ?? settings.defaultNetworkName, labels: ip?.labels }];
  }
  if (ip === undefined) return [{ mode: 'host' }];
  if (ip.networkName === settings.bridgeName) {
    return [{ mode: 'container/bridge', labels: ip.labels }];
  }
  const name = ip.networkName ?? settings.defaultNetworkName;
  return [{ mode: 'container', name, labels: ip.labels }];
}

function containerOf(raw: RawApp, networks: readonly Network[]): Container | undefined {
  const onHost = networks.every(({ mode }) => mode === 'host');
  const given = raw.container;
  if (given === undefined) {
    if (onHost) return undefined;
    return { type: 'MESOS', volumes: [], portMappings: mappingsOf(raw, networks) };
  }
  const type =
    given.type ?? (raw.ipAddress !== undefined && given.docker === undefined ? 'MESOS' : 'DOCKER');
  return {
    type,
    docker: dockerOf(given),
    appc: appcOf(given),
    volumes: (given.volumes ?? []).map((each) => withVolumeDefaults(each)),
    portMappings: onHost ? undefined : mappingsOf(raw, networks),
    linuxInfo: given.linuxInfo,
  };
}

function withVolumeDefaults({ persistent, external, ...volume }: RawVolume): AppVolume {
  if (external !== undefined) {
    return { ...volume, external: { options: {}, shared: false, ...external } };
  }
  if (persistent === undefined) return volume;
  return { ...volume, persistent: persistentDefaults(persistent) };
}

function dockerOf(container: RawContainer): Container['docker'] {
  const docker = container.docker;
  if (docker === undefined) return undefined;
  return {
    image: docker.image ?? '',
    forcePullImage: docker.forcePullImage ?? false,
    privileged: docker.privileged ?? false,
    parameters: docker.parameters ?? [],
    pullConfig: docker.pullConfig,
  };
}

function appcOf({ appc }: RawContainer): Container['appc'] {
  if (appc === undefined) return undefined;
  return {
    image: appc.image ?? '',
    id: appc.id,
    labels: appc.labels ?? {},
    forcePullImage: appc.forcePullImage ?? false,
  };
}

function mappingsOf(raw: RawApp, networks: readonly Network[]): readonly PortMapping[] {
  const bridged = networks.some(({ mode }) => mode === 'container/bridge');
  const given = raw.container?.portMappings ?? raw.container?.docker?.portMappings;
  const discovery = raw.ipAddress?.discovery?.ports;
  const mappings =
    given ??
    discovery?.map(({ number = 0, name, protocol = 'tcp', labels }) => ({
      containerPort: number,
      name,
      protocol,
      ...(labels === undefined ? {} : { labels }),
    })) ??
    defaultMappings(raw);
  const servicePorts = raw.ports ?? raw.portDefinitions?.map(({ port }) => port ?? 0);
  const extended = servicePorts?.map((servicePort, index) => ({
    servicePort,
    ...(mappings[index] ?? {}),
  }));
  const all = extended !== undefined && extended.length > mappings.length ? extended : mappings;
  return all.map((mapping: Partial<PortMapping>) => ({
    containerPort: mapping.containerPort ?? 0,
    hostPort: mapping.hostPort ?? (bridged ? 0 : undefined),
    servicePort: mapping.servicePort ?? 0,
    protocol: mapping.protocol ?? 'tcp',
    name: mapping.name,
    labels: mapping.labels ?? {},
    networkNames: mapping.networkNames,
  }));
}

function defaultMappings(raw: RawApp): readonly Partial<PortMapping>[] {
  if (raw.ports !== undefined) return raw.ports.map((servicePort) => ({ servicePort }));
  return [{ containerPort: 0, name: 'default', protocol: 'tcp', servicePort: 0 }];
}

function portDefinitionsOf(raw: RawApp): readonly PortDefinition[] {
  if (raw.portDefinitions !== undefined) {
    return raw.portDefinitions.map((each) => ({
      port: each.port ?? 0,
      name: each.name,
      protocol: each.protocol ?? 'tcp',
      labels: each.labels,
    }));
  }
  if (raw.ports !== undefined) return raw.ports.map((port) => ({ port, protocol: 'tcp' }));
  return [{ port: 0, name: 'default', protocol: 'tcp' }];
}

function artifactsOf(raw: RawApp): readonly Artifact[] {
  if (raw.fetch !== undefined && raw.fetch.length > 0) {
    return raw.fetch.map((artifact) => ({
      uri: artifact.uri,
      extract: artifact.extract ?? true,
      executable: artifact.executable ?? false,
      cache: artifact.cache ?? false,
      destPath: artifact.destPath,
    }));
  }
  return (raw.uris ?? []).map((uri) => ({
    uri,
    extract: EXTRACTED.test(uri.replace(/[?#].*$/, '')),
    executable: false,
    cache: false,
  }));
}

function healthCheckOf(check: Partial<AppHealthCheck>, portCount: number): AppHealthCheck {
  const protocol = check.protocol ?? 'HTTP';
  const needsIndex =
    protocol !== 'COMMAND' &&
    check.port === undefined &&
    check.portIndex === undefined &&
    portCount > 0;
  const isHttp = protocol === 'HTTP' || protocol === 'HTTPS';
  return {
    protocol,
    path: check.path,
    portIndex: protocol === 'COMMAND' ? undefined : needsIndex ? 0 : check.portIndex,
    port: check.port,
    command: check.command,
    gracePeriodSeconds: check.gracePeriodSeconds ?? 300,
    intervalSeconds: check.intervalSeconds ?? 60,
    timeoutSeconds: check.timeoutSeconds ?? 20,
    maxConsecutiveFailures: check.maxConsecutiveFailures ?? 3,
    delaySeconds: isHttp || protocol === 'TCP' ? 15 : (check.delaySeconds ?? 15),
    ignoreHttp1xx: isHttp ? (check.ignoreHttp1xx ?? false) : undefined,
    ipProtocol: check.ipProtocol ?? 'IPv4',
  };
}

function readinessCheckOf(check: Partial<ReadinessCheck>): ReadinessCheck {
  return {
    name: check.name ?? 'readinessCheck',
    protocol: check.protocol ?? 'HTTP',
    path: check.path ?? '/',
    portName: check.portName ?? 'http-api',
    intervalSeconds: check.intervalSeconds ?? 30,
    timeoutSeconds: check.timeoutSeconds ?? 10,
    httpStatusCodesForReady: check.httpStatusCodesForReady ?? [200],
    preserveLastResponse: check.preserveLastResponse ?? false,
  };
}

function upperCaseOperator(constraint: readonly string[]): readonly string[] {
  const [field, operator, ...rest] = constraint;
  if (field === undefined || operator === undefined) return constraint;
  return [field, operator.toUpperCase(), ...rest];
}

function unreachableStrategyOf(raw: RawApp, resident: boolean): UnreachableStrategy {
  const given = raw.unreachableStrategy;
  if (given === undefined) {
    return resident ? 'disabled' : { inactiveAfterSeconds: 0, expungeAfterSeconds: 0 };
  }
  if (given === 'disabled') return given;
  return {
    inactiveAfterSeconds: given.inactiveAfterSeconds ?? 0,
    expungeAfterSeconds: given.expungeAfterSeconds ?? 0,
  };
}

function upgradeStrategyOf(raw: RawApp, container: Container | undefined): UpgradeStrategy {
  const single = raw.labels?.['MARATHON_SINGLE_INSTANCE_APP'] === 'true';
  const stateful = hasVolume(container, 'persistent') || hasVolume(container, 'external');
  const [minimum, over] = single ? [0, 0] : stateful ? [0.5, 0] : [1, 1];
  return {
    minimumHealthCapacity: raw.upgradeStrategy?.minimumHealthCapacity ?? minimum,
    maximumOverCapacity: raw.upgradeStrategy?.maximumOverCapacity ?? over,
  };
}

function hasVolume(container: Container | undefined, kind: 'persistent' | 'external'): boolean {
  return container?.volumes.some((volume) => volume[kind] !== undefined) ?? false;
}
