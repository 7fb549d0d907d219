/**
 * Flags to options: one place that checks them against each other and refuses what this agent
 * cannot do (spec flags-and-metrics, sections 1 and 5).
 */
import { resolve } from 'node:path';
import { formatBytes } from '../base/bytes.ts';
import { type Clock, SystemClock } from '../base/clock.ts';
import { formatDuration, minutes, seconds } from '../base/duration.ts';
import { err, ok, type Result } from '../base/result.ts';
import { detectorFor } from '../election/index.ts';
import { NO_PLUGINS, type Plugins } from '../modules/plugins.ts';
import type { Resources } from '../resources/arithmetic.ts';
import { parseAttributes } from '../resources/attributes.ts';
import { DEFAULT_PORTS } from '../resources/parse.ts';
import { parseAgentResources } from '../resources/parse-flag.ts';
import { validateRole } from '../resources/roles.ts';
import { fromJson } from '../wire/json.ts';
import type { DomainInfo } from '../wire/types/mesos.v1.ts';
import { compileContainerLogger } from './container-logger.ts';
import { compileContainerizers } from './containerizer/choice.ts';
import { compileIsolation } from './containerizer/compile-isolation.ts';
import { isolationHost } from './containerizer/isolation-host.ts';
import type { IsolationHost } from './containerizer/isolation-options.ts';
import { compileImages } from './containerizer/provisioner/options.ts';
import type { AgentDaemonOptions } from './daemon.ts';
import { compileFeatures } from './features.ts';
import { AGENT_FLAGS, type AgentFlagValues } from './flags.ts';
import { compileOversubscription } from './oversubscription-flags.ts';
import { refuseRareFlag } from './rare-flags.ts';
import { compileAgentSecurity } from './security.ts';

/** Flags whose presence asks for something this agent does not have, and the way around. */
const UNSUPPORTED: Readonly<Partial<Record<keyof AgentFlagValues, string>>> = {
  docker_mesos_image: 'executors of Docker tasks run in a process that outlives the agent',
};

/** Flags that have only these supported values. */
const FIXED: Readonly<Partial<Record<keyof AgentFlagValues, readonly unknown[]>>> = {
  checkpoint: [true, undefined],
  recover: ['reconnect', 'cleanup'],
  reconfiguration_policy: ['equal', 'additive'],
  logging_level: ['INFO', 'WARNING', 'ERROR'],
};

/** Of the kernel; in bytes. */
const SOCKET_PATH_LENGTH_END = 108;

export interface AgentCompileSources {
  /** Tells when tokens expire. */
  readonly clock?: Pick<Clock, 'now'>;
  readonly host?: IsolationHost;
  readonly plugins?: Plugins;
}

export function compileAgentOptions(
  given: AgentFlagValues,
  sources: AgentCompileSources = {},
): Result<AgentDaemonOptions> {
  const { clock = new SystemClock(), host = isolationHost, plugins = NO_PLUGINS } = sources;
  const flags = withOldIsolation(given);
  const { master, master_detector } = flags;
  if (master !== undefined && master_detector !== undefined) {
    return err('Only one of `--master` or `--master_detector` should be specified');
  }
  if (master === undefined && master_detector === undefined) {
    return err('Missing required option `--master` or `--master_detector`');
  }
  const refused =
    refuseUnsupported(flags) ??
    refuseRareFlag(AGENT_FLAGS, flags) ??
    refuseNames(flags, plugins) ??
    refuseValues(flags);
  if (refused !== undefined) return err(refused);
  // A detector alone was refused above, as all modules are.
  if (master === undefined) return err('Missing required option `--master`');
  const detector = detectorFor(master);
  if (!detector.ok) return err(`Failed to create a master detector: ${detector.error}`);
  const resources = parseAgentResources(flags.resources, flags.default_role);
  if (!resources.ok) return resources;
  const attributes = parseAttributes(flags.attributes);
  if (!attributes.ok) return attributes;
  const domain = compileDomain(flags.domain);
  if (!domain.ok) return domain;
  const environment = compileEnvironment(flags.executor_environment_variables);
  if (!environment.ok) return environment;
  const capabilities = compileFeatures(flags.agent_features);
  if (!capabilities.ok) return capabilities;
  const containerizers = compileContainerizers(flags);
  if (!containerizers.ok) return containerizers;
  const security = compileAgentSecurity(flags, clock, plugins);
  if (!security.ok) return security;
  const isolation = compileIsolation(flags, host, {
    agentPorts: portsOf(resources.value),
    plugged: plugins.isolators,
  });
  if (!isolation.ok) return isolation;
  const logger = compileContainerLogger(flags.container_logger, (name) =>
    plugins.parametersOf(name),
  );
  if (!logger.ok) return logger;
  const oversubscription = compileOversubscription(flags, (name) => plugins.parametersOf(name));
  if (!oversubscription.ok) return oversubscription;
  const workDir = resolve(flags.work_dir);
  const { launcher, isolators } = isolation.value;
  const refusal = host.rootfsRefusal;
  const hasMesos = containerizers.value.names.includes('mesos');
  const images = hasMesos
    ? compileImages(flags, workDir, { isolators, launcher, refusal })
    : ok(undefined);
  if (!images.ok) return images;
  return ok({
    isolation: isolation.value,
    images: images.value,
    containerLogger: logger.value,
    hostnameLookup: flags.hostname_lookup,
    zkSessionTimeoutMs: flags.zk_session_timeout,
    security: security.value,
    containerizers: containerizers.value,
    agent: {
      master,
      ip: flags.ip ?? '0.0.0.0',
      port: flags.port,
      ip6: flags.ip6,
      advertiseIp: flags.advertise_ip,
      advertisePort: flags.advertise_port,
      hostname: flags.hostname ?? '',
      workDir,
      runtimeDir: runtimeDirOf(flags),
      launcherDir: flags.launcher_dir,
      sandboxDirectory: flags.sandbox_directory,
      resources: resources.value,
      attributes: attributes.value,
      domain: domain.value,
      switchUser: flags.switch_user,
      recover: flags.recover === 'cleanup' ? 'cleanup' : 'reconnect',
      reconfigurationPolicy: flags.reconfiguration_policy === 'additive' ? 'additive' : 'equal',
      strict: flags.strict,
      executorRegistrationTimeoutMs: flags.executor_registration_timeout,
      executorReregistrationTimeoutMs: flags.executor_reregistration_timeout,
      executorReregistrationRetryMs: flags.executor_reregistration_retry_interval,
      executorShutdownGraceMs: flags.executor_shutdown_grace_period,
      recoveryTimeoutMs: flags.recovery_timeout,
      registrationBackoffFactorMs: flags.registration_backoff_factor,
      credential: security.value.credential,
      authenticatee: plugins.authenticatees.get(flags.authenticatee),
      authenticationBackoffFactorMs: flags.authentication_backoff_factor,
      authenticationTimeoutMinMs: flags.authentication_timeout_min,
      authenticationTimeoutMaxMs: flags.authentication_timeout_max,
      authorizer: security.value.authorizer,
      executorToken: security.value.executorToken,
      executorEnvironment: environment.value,
      domainSocket: flags.http_executor_domain_sockets ? socketPathOf(flags) : undefined,
      httpCommandExecutor: flags.http_command_executor,
      hostsCommandExecutors: containerizers.value.external === undefined,
      ...oversubscription.value,
      hasDefaultContainer: flags.default_container_info !== undefined,
      gcDelayMs: flags.gc_delay,
      httpHeartbeatIntervalMs: flags.http_heartbeat_interval,
      gcNonExecutorContainerSandboxes: flags.gc_non_executor_container_sandboxes,
      capabilities: capabilities.value,
      gcDiskHeadroom: flags.gc_disk_headroom,
      diskWatchIntervalMs: flags.disk_watch_interval,
      maxCompletedExecutorsPerFramework: flags.max_completed_executors_per_framework,
      frameworksHome: flags.frameworks_home,
      fetcherStallTimeoutMs: flags.fetcher_stall_timeout,
      fetcherCacheDir: resolve(flags.fetcher_cache_dir),
      fetcherCacheSizeBytes: flags.fetcher_cache_size,
      hadoopHome: flags.hadoop_home,
      isolators: isolation.value.isolators,
      flags: flagTexts({ ...flags, launcher: isolation.value.launcher }),
    },
  });
}

function runtimeDirOf(flags: AgentFlagValues): string {
  return flags.runtime_dir ?? `${resolve(flags.work_dir)}/runtime`;
}

function socketPathOf(flags: AgentFlagValues): string {
  return resolve(flags.domain_socket_location ?? `${runtimeDirOf(flags)}/agent.sock`);
}

/** Before 0.20 the external containerizer was asked for as an isolator. */
function withOldIsolation(flags: AgentFlagValues): AgentFlagValues {
  if (flags.isolation !== 'external') return flags;
  return { ...flags, isolation: 'posix/cpu,posix/mem', containerizers: 'external' };
}

function refuseUnsupported(flags: AgentFlagValues): string | undefined {
  const given = new Map<string, unknown>(Object.entries(flags));
  for (const [name, hint] of Object.entries(UNSUPPORTED)) {
    if (given.get(name) === undefined) continue;
    return `Flag '${name}' is not supported: ${hint}`;
  }
  for (const [name, allowed] of Object.entries(FIXED)) {
    const value = given.get(name);
    if (allowed.includes(value)) continue;
    const values = allowed
      .filter((each) => each !== undefined)
      .map((each) => `'${each}'`)
      .join(' or ');
    return `Flag '${name}' has the value '${value}', but only ${values} is supported`;
  }
  return undefined;
}

/** Parts that are built in under one name, or modules. */
function refuseNames(flags: AgentFlagValues, plugins: Plugins): string | undefined {
  const { authenticatee, authorizer } = flags;
  if (authenticatee !== 'crammd5' && !plugins.authenticatees.has(authenticatee)) {
    return `Could not create '${authenticatee}' authenticatee: only 'crammd5' and modules of kind Authenticatee (see --modules) are known`;
  }
  if (authorizer !== 'local' && !plugins.authorizers.has(authorizer)) {
    return `Could not create '${authorizer}' authorizer: only 'local' and modules of kind Authorizer (see --modules) are known`;
  }
  return undefined;
}

function refuseValues(flags: AgentFlagValues): string | undefined {
  if (flags.executor_reregistration_timeout > seconds(15)) {
    const given = formatDuration(flags.executor_reregistration_timeout);
    return `Expected \`--executor_reregistration_timeout\` to be not more than 15secs, but got ${given}`;
  }
  if (flags.registration_backoff_factor > minutes(1)) {
    const given = formatDuration(flags.registration_backoff_factor);
    return `Invalid value '${given}' for --registration_backoff_factor: Must be at most 1mins`;
  }
  if (flags.gc_disk_headroom < 0 || flags.gc_disk_headroom > 1) {
    return `Invalid value '${flags.gc_disk_headroom}' for --gc_disk_headroom. Must be between 0.0 and 1.0`;
  }
  if (flags.http_executor_domain_sockets) {
    const refusal = refuseSocket(flags);
    if (refusal !== undefined) return refusal;
  }
  const role = validateRole(flags.default_role);
  return role === undefined
    ? undefined
    : `Invalid value '${flags.default_role}' for --default_role: ${role}`;
}

function refuseSocket(flags: AgentFlagValues): string | undefined {
  if (flags.domain_socket_location?.startsWith('systemd:') === true) {
    return `Flag 'domain_socket_location' has the value '${flags.domain_socket_location}', but sockets of systemd are not supported`;
  }
  const path = socketPathOf(flags);
  return Buffer.byteLength(path) < SOCKET_PATH_LENGTH_END
    ? undefined
    : `Domain socket location '${path}' must have less than ${SOCKET_PATH_LENGTH_END} characters.`;
}

/** Ports the agent has, as named or by default. */
function portsOf(resources: Resources): readonly (readonly [number, number])[] {
  const named = resources.filter(({ name }) => name === 'ports');
  const ports = named.length === 0 ? [DEFAULT_PORTS] : named;
  return ports.flatMap(({ ranges }) =>
    (ranges?.range ?? []).map(({ begin, end }) => [begin, end] as const),
  );
}

function compileDomain(tree: unknown): Result<DomainInfo | undefined> {
  if (tree === undefined) return ok(undefined);
  const domain = fromJson('mesos.v1.DomainInfo', tree);
  if (!domain.ok) return err(`Failed to load flag 'domain': ${domain.error}`);
  if (domain.value.fault_domain === undefined) return err('`domain` must define `fault_domain`');
  return domain;
}

function compileEnvironment(tree: unknown): Result<Readonly<Record<string, string>> | undefined> {
  if (tree === undefined) return ok(undefined);
  const refusal = err(
    "Flag 'executor_environment_variables' must be a JSON object whose values are strings",
  );
  if (typeof tree !== 'object' || tree === null || Array.isArray(tree)) return refusal;
  const environment: Record<string, string> = {};
  for (const [name, value] of Object.entries(tree)) {
    if (typeof value !== 'string') return refusal;
    environment[name] = value;
  }
  return ok(environment);
}

/** What `/flags` shows: every flag that has a value, in canonical text. */
function flagTexts(flags: AgentFlagValues): Readonly<Record<string, string>> {
  const texts: Record<string, string> = { help: 'false', version: 'false' };
  const rows: Readonly<Record<string, { readonly type: string }>> = AGENT_FLAGS;
  for (const [name, value] of Object.entries(flags)) {
    if (value === undefined) continue;
    texts[name] = flagText(rows[name]?.type, value);
  }
  return Object.fromEntries(Object.entries(texts).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function flagText(type: string | undefined, value: unknown): string {
  if (type === 'duration' && typeof value === 'number') return formatDuration(value);
  if (type === 'bytes' && typeof value === 'number') return formatBytes(value);
  return type === 'json' ? JSON.stringify(value) : String(value);
}
