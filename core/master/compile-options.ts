/**
 * Flags to options: one place that checks them against each other and refuses what this master
 * cannot do. The texts are the original's where it has one (spec flags-and-metrics, section 1).
 */
import { parseMinAllocatable, parseWeights } from '../allocator/flag-values.ts';
import type { SorterKind } from '../allocator/types.ts';
import { formatBytes } from '../base/bytes.ts';
import { formatDuration, minutes, parseDuration, seconds } from '../base/duration.ts';
import { err, ok, type Result } from '../base/result.ts';
import { NO_PLUGINS, type Plugins } from '../modules/plugins.ts';
import { parseZooKeeperUrl, withoutSecret } from '../net/zookeeper/url.ts';
import { validateRole } from '../resources/roles.ts';
import { fromJson } from '../wire/json.ts';
import type { DomainInfo } from '../wire/types/mesos.v1.ts';
import type { MasterDaemonOptions } from './daemon.ts';
import { MASTER_FLAGS, type MasterFlagValues } from './flags.ts';
import { DEFAULT_MACHINE_OPTIONS, type MachineOptions } from './options.ts';
import { parseRateLimits } from './rate-limits.ts';
import { compileMasterSecurity, type MasterSecurity } from './security.ts';

/** Flags whose presence asks for something this master does not have, and the way around. */
const UNSUPPORTED: Readonly<Partial<Record<keyof MasterFlagValues, string>>> = {
  master_contender: 'modules of this kind have no place here; several masters meet by --zk',
  master_detector: 'modules of this kind have no place here; several masters meet by --zk',
  max_executors_per_agent: 'it belongs to a network isolator of the original',
};

const BUILT_IN_ALLOCATORS: ReadonlySet<string> = new Set(['hierarchical', 'HierarchicalDRF']);

/** Flags that have only one supported value. */
const FIXED: Readonly<Partial<Record<keyof MasterFlagValues, readonly unknown[]>>> = {
  log_auto_initialize: [true],
  memory_profiling: [false],
};

export function compileMasterOptions(
  flags: MasterFlagValues,
  plugins: Plugins = NO_PLUGINS,
): Result<MasterDaemonOptions> {
  const refused =
    refuseUnsupported(flags) ?? refuseAuthenticators(flags, plugins) ?? refuseConflicts(flags);
  if (refused !== undefined) return err(refused);
  const security = compileMasterSecurity(flags, plugins);
  if (!security.ok) return security;
  const machine = compileMachine(flags, security.value);
  if (!machine.ok) return machine;
  const minAllocatable = parseMinAllocatable(flags.min_allocatable_resources);
  if (!minAllocatable.ok) return minAllocatable;
  const weights = parseWeights(flags.weights ?? '');
  if (!weights.ok) return weights;
  const zooKeeper = compileZooKeeper(flags);
  if (!zooKeeper.ok) return zooKeeper;
  const excluded = (flags.fair_sharing_excluded_resource_names ?? '').split(',');
  return ok({
    master: {
      machine: machine.value,
      allocator: {
        allocationIntervalMs: flags.allocation_interval,
        roleSorter: sorterOf(flags.role_sorter),
        frameworkSorter: sorterOf(flags.framework_sorter),
        minAllocatable: minAllocatable.value,
        filterGpuResources: flags.filter_gpu_resources,
        fairSharingExcludedResourceNames: excluded.filter((name) => name !== ''),
        domain: machine.value.domain,
        recoveryTimeoutMs: flags.allocator_recovery_timeout,
        agentRecoveryFactor: flags.allocator_agent_recovery_factor,
      },
      hostname: flags.hostname ?? '',
      cluster: flags.cluster,
      weights: weights.value,
      flags: flagTexts(flags),
      maxOperatorEventStreamSubscribers: flags.max_operator_event_stream_subscribers,
      publishPerFrameworkMetrics: flags.publish_per_framework_metrics,
      registrar: {
        fetchTimeoutMs: flags.registry_fetch_timeout,
        storeTimeoutMs: flags.registry_store_timeout,
      },
      credentials: security.value.credentials,
      authenticator: plugins.authenticators.get(flags.authenticators),
      authenticationTimeoutMs: flags.authentication_v0_timeout,
    },
    ip: flags.ip ?? '0.0.0.0',
    port: flags.port,
    advertiseIp: flags.advertise_ip,
    advertisePort: flags.advertise_port,
    hostnameLookup: flags.hostname_lookup,
    registryPath: isOnDisk(flags) ? `${flags.work_dir}/registry` : undefined,
    zooKeeper: zooKeeper.value,
    whitelistPath: flags.whitelist === '*' ? undefined : flags.whitelist,
    security: security.value,
    allocatorModule: BUILT_IN_ALLOCATORS.has(flags.allocator) ? undefined : flags.allocator,
  });
}

function refuseUnsupported(flags: MasterFlagValues): string | undefined {
  const given = new Map<string, unknown>(Object.entries(flags));
  for (const [name, hint] of Object.entries(UNSUPPORTED)) {
    if (given.get(name) === undefined) continue;
    return `Flag '${name}' is not supported: ${hint}`;
  }
  for (const [name, allowed] of Object.entries(FIXED)) {
    const value = given.get(name);
    if (allowed.includes(value)) continue;
    const values = allowed.map((each) => `'${each}'`).join(' or ');
    return `Flag '${name}' has the value '${value}', but only ${values} is supported`;
  }
  return undefined;
}

/** One authenticator: the built-in one, which needs credentials, or a module. */
function refuseAuthenticators(flags: MasterFlagValues, plugins: Plugins): string | undefined {
  const { authenticators: name } = flags;
  if (plugins.authenticators.has(name)) return undefined;
  if (name !== 'crammd5') {
    return `Could not create '${name}' authenticator: only 'crammd5' and modules of kind Authenticator (see --modules) are known`;
  }
  const isRequired = flags.authenticate_frameworks || flags.authenticate_agents;
  if (!isRequired || flags.credentials !== undefined) return undefined;
  return 'Failed to start master with authentication enabled: No credentials provided (see --credentials flag)';
}

function refuseConflicts(flags: MasterFlagValues): string | undefined {
  if (flags.registry_strict) {
    return "Support for '--registry_strict' has been disabled and will be removed in a future version of Mesos";
  }
  const registries = ['replicated_log', 'log_storage', 'in_memory'];
  if (!registries.includes(flags.registry)) {
    return `'${flags.registry}' is not a supported option for registry persistence`;
  }
  if (flags.zk !== undefined && flags.registry !== 'in_memory' && flags.quorum === undefined) {
    return 'Need to specify --quorum for replicated log based registry when using ZooKeeper';
  }
  if (flags.quorum !== undefined && flags.quorum < 1) {
    return `Invalid value '${flags.quorum}' for --quorum: Must be at least 1`;
  }
  if (isOnDisk(flags) && flags.work_dir === undefined) {
    return '--work_dir needed for replicated log based registry';
  }
  if (flags.agent_reregister_timeout < minutes(10)) {
    return `Invalid value '${formatDuration(flags.agent_reregister_timeout)}' for --agent_reregister_timeout: Must be at least 10mins`;
  }
  if (flags.agent_ping_timeout < seconds(1) || flags.agent_ping_timeout > minutes(15)) {
    return `Invalid value '${formatDuration(flags.agent_ping_timeout)}' for --agent_ping_timeout: Must be between 1secs and 15mins`;
  }
  if (flags.max_agent_ping_timeouts < 1) {
    return `Invalid value '${flags.max_agent_ping_timeouts}' for --max_agent_ping_timeouts: Must be at least 1`;
  }
  if (flags.offer_timeout !== undefined && flags.offer_timeout <= 0) {
    return `Invalid value '${formatDuration(flags.offer_timeout)}' for --offer_timeout: Must be positive`;
  }
  for (const name of ['role_sorter', 'framework_sorter'] as const) {
    const value = flags[name];
    if (value !== 'drf' && value !== 'random') {
      return `Invalid value '${value}' for --${name}: Must be 'drf' or 'random'`;
    }
  }
  if (!['INFO', 'WARNING', 'ERROR'].includes(flags.logging_level)) {
    return `'${flags.logging_level}' is not a valid value for --logging_level; use INFO, WARNING or ERROR`;
  }
  return undefined;
}

/** With ZooKeeper the registry is there, for all masters. */
function isOnDisk(flags: MasterFlagValues): boolean {
  return flags.registry !== 'in_memory' && flags.zk === undefined;
}

function compileZooKeeper(flags: MasterFlagValues): Result<MasterDaemonOptions['zooKeeper']> {
  if (flags.zk === undefined) return ok(undefined);
  const url = parseZooKeeperUrl(flags.zk);
  if (!url.ok) return err(`Failed to create a master contender: ${url.error}`);
  return ok({
    url: url.value,
    sessionTimeoutMs: flags.zk_session_timeout,
    keepsRegistry: flags.registry !== 'in_memory',
  });
}

function sorterOf(text: string): SorterKind {
  return text === 'random' ? 'random' : 'drf';
}

function compileMachine(
  flags: MasterFlagValues,
  { authorizer }: MasterSecurity,
): Result<MachineOptions> {
  const domain = compileDomain(flags.domain);
  if (!domain.ok) return domain;
  const rate = compileRate(flags.agent_removal_rate_limit);
  if (!rate.ok) return rate;
  const limit = /^(\d+(?:\.\d+)?)%$/.exec(flags.recovery_agent_removal_limit);
  if (limit === null) {
    return err(
      `Invalid value '${flags.recovery_agent_removal_limit}' for --recovery_agent_removal_limit: Must be a percentage`,
    );
  }
  const roles = compileRoles(flags.roles);
  if (!roles.ok) return roles;
  const rateLimits =
    flags.rate_limits === undefined ? ok(undefined) : parseRateLimits(flags.rate_limits);
  if (!rateLimits.ok) return rateLimits;
  return ok({
    ...DEFAULT_MACHINE_OPTIONS,
    maxCompletedFrameworks: flags.max_completed_frameworks,
    maxCompletedTasksPerFramework: flags.max_completed_tasks_per_framework,
    maxUnreachableTasksPerFramework: flags.max_unreachable_tasks_per_framework,
    authorizer,
    rateLimits: rateLimits.value,
    authenticateFrameworks: flags.authenticate_frameworks,
    authenticateAgents: flags.authenticate_agents,
    rootSubmissions: flags.root_submissions,
    roleWhitelist: roles.value,
    offerTimeoutMs: flags.offer_timeout,
    agentPingTimeoutMs: flags.agent_ping_timeout,
    maxAgentPingTimeouts: flags.max_agent_ping_timeouts,
    agentReregisterTimeoutMs: flags.agent_reregister_timeout,
    requireAgentDomain: flags.require_agent_domain,
    domain: domain.value,
    registryGcIntervalMs: flags.registry_gc_interval,
    registryMaxAgentAgeMs: flags.registry_max_agent_age,
    registryMaxAgentCount: flags.registry_max_agent_count,
    recoveryAgentRemovalLimit: Number(limit[1]) / 100,
    agentRemovalRate: rate.value,
    offerConstraintsRe2MaxProgramSize: flags.offer_constraints_re2_max_program_size,
  });
}

function compileDomain(tree: unknown): Result<DomainInfo | undefined> {
  if (tree === undefined) return ok(undefined);
  const domain = fromJson('mesos.v1.DomainInfo', tree);
  if (!domain.ok) return err(`Failed to load flag 'domain': ${domain.error}`);
  if (domain.value.fault_domain === undefined) return err('`domain` must define `fault_domain`');
  return domain;
}

function compileRate(text: string | undefined): Result<MachineOptions['agentRemovalRate']> {
  if (text === undefined) return ok(undefined);
  const match = /^(\d+)\/(.+)$/.exec(text);
  const interval = parseDuration(match?.[2] ?? '');
  const count = Number(match?.[1]);
  if (match === null || !interval.ok || count < 1) {
    return err(
      `Invalid agent_removal_rate_limit: ${text}. Format is <Number of agents>/<Duration>`,
    );
  }
  return ok({ count, intervalMs: interval.value });
}

function compileRoles(text: string | undefined): Result<ReadonlySet<string> | undefined> {
  if (text === undefined) return ok(undefined);
  const roles = text.split(',').filter((role) => role !== '');
  for (const role of roles) {
    const why = validateRole(role);
    if (why !== undefined) return err(`Invalid value '${text}' for --roles: ${why}`);
  }
  return ok(new Set(['*', ...roles]));
}

/** What `/flags` shows: every flag that has a value, in canonical text. */
export function flagTexts(flags: MasterFlagValues): Readonly<Record<string, string>> {
  const texts: Record<string, string> = { help: 'false', version: 'false' };
  const rows: Readonly<Record<string, { readonly type: string }>> = MASTER_FLAGS;
  for (const [name, value] of Object.entries(flags)) {
    if (value === undefined) continue;
    const text = flagText(rows[name]?.type, value);
    // Anyone may read the flags.
    texts[name] = name === 'zk' ? withoutSecret(text) : text;
  }
  return Object.fromEntries(Object.entries(texts).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function flagText(type: string | undefined, value: unknown): string {
  if (type === 'duration' && typeof value === 'number') return formatDuration(value);
  if (type === 'bytes' && typeof value === 'number') return formatBytes(value);
  return type === 'json' ? JSON.stringify(value) : String(value);
}
