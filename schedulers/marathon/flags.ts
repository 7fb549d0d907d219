/**
 * Flags with the original's names (spec marathon-behaviour, section 13): `--name value` or
 * `--name=value`, environment `MARATHON_NAME`; switches also as `--disable_name`. Flags of parts
 * that are not built are refused with a sentence when given, never ignored.
 */
import { readFileSync } from 'node:fs';
import { hostname as machineName, userInfo } from 'node:os';
import { describeError } from '../../core/base/errors.ts';
import { type FlagValues, flag, optionalFlag, requiredFlag } from '../../core/base/flags.ts';
import { err, ok, type Result } from '../../core/base/result.ts';
import { parseZooKeeperUrl } from '../../core/net/zookeeper/url.ts';
import { httpsOf } from '../kit/https-flags.ts';
import type { ZooKeeperStateOptions } from '../kit/zookeeper-state.ts';
import { FileArtifacts } from './artifacts/file-store.ts';
import { LOG_FLAGS, logChoiceOf } from './log-flags.ts';
import { NO_PLUGINS } from './machine/settings.ts';
import { METRICS_FLAGS, reportersOf } from './metrics-flags.ts';
import type { MarathonOptions } from './options.ts';
import { credentialsOf } from './security-flags.ts';

function milliseconds(fallback: number, help: string): ReturnType<typeof flag<'int'>> {
  return flag('int', fallback, { help: `${help}, ms` });
}

export const MARATHON_FLAGS = {
  master: requiredFlag('string', {
    help: 'The Mesos master: host:port, a list, or zk://host:port/path',
  }),
  work_dir: flag('path', 'marathon-data', { help: 'Directory where the state is kept' }),
  zk: optionalFlag('string', {
    help: 'State and election of several: zk://[user:password@]host:port,.../path; else --work_dir',
  }),
  ha: flag('bool', true, { help: 'With --zk: elect a leader; --disable_ha leads from the start' }),
  zk_session_timeout: milliseconds(10_000, 'Without ZooKeeper for so long a leader ends'),
  zk_timeout: milliseconds(10_000, 'Accepted; requests are repeated until they are answered'),
  zk_connection_timeout: milliseconds(10_000, 'Accepted; connecting is tried until it succeeds'),
  zk_compression: flag('bool', true, { help: 'Accepted; entries are small and not compressed' }),
  zk_compression_threshold: flag('int', 65_536, { help: 'Accepted, like zk_compression' }),
  zk_max_node_size: flag('int', 1_024_000, { help: 'Accepted; larger writes are refused anyway' }),
  leader_proxy_connection_timeout: milliseconds(5_000, 'Accepted; the system decides'),
  leader_proxy_read_timeout: milliseconds(10_000, 'Accepted; the answer must begin in 10 s'),
  leader_proxy_ssl_ignore_hostname: flag('bool', false, {
    help: 'Pass requests on to a leader whatever its certificate says',
  }),
  leader_proxy_max_open_connections: flag('int', 64, { help: 'Accepted; there is no limit' }),
  hostname: optionalFlag('string', { help: 'Name announced to others; default: this machine' }),
  webui_url: optionalFlag('string', { help: 'Address of the web UI, shown by the master' }),
  http_address: flag('string', '0.0.0.0', { help: 'Address to listen on' }),
  http_port: flag('int', 8_080, { help: 'Port of the HTTP API' }),
  http: flag('bool', true, { help: 'Serve HTTP; --disable_http leaves HTTPS alone' }),
  https_address: optionalFlag('string', { help: 'Address of HTTPS; default: that of HTTP' }),
  https_port: flag('int', 8_443, { help: 'Port of HTTPS, served with a key store' }),
  ssl_keystore_path: optionalFlag('path', { help: 'PKCS12 or JKS key store with the certificate' }),
  ssl_keystore_password: optionalFlag('string', { help: 'Password of the key store' }),
  http_credentials: optionalFlag('string', { help: 'user:password for basic authentication' }),
  http_realm: flag('string', 'Mesosphere', { help: 'Realm of basic authentication' }),
  http_compression: flag('bool', true, { help: 'Compress answers' }),
  http_max_concurrent_requests: optionalFlag('int', { help: 'More are answered 503' }),
  access_control_allow_origin: optionalFlag('string', { help: 'Origins for CORS' }),
  framework_name: flag('string', 'marathon', { help: 'Name of the framework' }),
  failover_timeout: flag('int', 604_800, { help: 'Seconds the master keeps tasks without us' }),
  checkpoint: flag('bool', true, { help: 'Tasks survive restarts of their agent' }),
  mesos_role: flag('string', '*', { help: 'Role of the framework' }),
  mesos_user: optionalFlag('string', { help: 'User of tasks; default: of this process' }),
  mesos_authentication: flag('bool', false, { help: 'Authenticate with the master' }),
  mesos_authentication_principal: optionalFlag('string', { help: 'Principal' }),
  mesos_authentication_secret: optionalFlag('string', { help: 'Secret' }),
  mesos_authentication_secret_file: optionalFlag('path', { help: 'File of the secret' }),
  mesos_leader_ui_url: optionalFlag('string', { help: 'Address of the master UI' }),
  mesos_bridge_name: flag('string', 'mesos-bridge', { help: 'Network of container/bridge' }),
  default_network_name: optionalFlag('string', { help: 'Network of apps that name none' }),
  local_port_min: flag('int', 10_000, { help: 'Lowest service port' }),
  local_port_max: flag('int', 20_000, { help: 'Highest service port, exclusive' }),
  executor: flag('string', '//cmd', { help: 'Executor of apps that name none' }),
  env_vars_prefix: optionalFlag('string', { help: 'Prefix of PORT, PORTS and HOST variables' }),
  enable_features: optionalFlag('string', {
    help: 'task_killing, gpu_resources, secrets, external_volumes, vips; comma separated',
  }),
  new_group_enforce_role: flag('string', 'off', { help: 'off or top' }),
  accepted_resource_roles_default_behavior: flag('string', 'any', {
    help: 'any, unreserved or reserved',
  }),
  gpu_scheduling_behavior: flag('string', 'restricted', { help: 'restricted or unrestricted' }),
  maintenance_mode: flag('bool', true, { help: 'Keep away from agents in maintenance' }),
  draining_seconds: flag('int', 0, { help: 'Keep away this long before maintenance' }),
  task_launch_timeout: milliseconds(300_000, 'Time to come to life after launch'),
  task_launch_confirm_timeout: milliseconds(300_000, 'Time to the first status'),
  task_reservation_timeout: milliseconds(20_000, 'Time until an offer shows a new reservation'),
  task_lost_expunge_initial_delay: milliseconds(300_000, 'First sweep of unreachable instances'),
  task_lost_expunge_interval: milliseconds(30_000, 'Sweeps of unreachable instances'),
  reconciliation_initial_delay: milliseconds(15_000, 'Accepted; reconciliation starts at once'),
  reconciliation_interval: milliseconds(600_000, 'Between reconciliations'),
  scale_apps_initial_delay: milliseconds(15_000, 'First check of instance counts'),
  scale_apps_interval: milliseconds(300_000, 'Between checks of instance counts'),
  decline_offer_duration: milliseconds(120_000, 'How long unused offers are refused'),
  min_revive_offers_interval: milliseconds(5_000, 'Between requests for declined offers'),
  suppress_offers: flag('bool', true, { help: 'Ask for no offers while nothing waits' }),
  max_instances_per_offer: flag('int', 5, { help: 'Launches per offer' }),
  offer_matching_timeout: milliseconds(3_000, 'Accepted; matching takes no time to speak of'),
  launch_tokens: flag('int', 100, { help: 'Launches per refresh interval' }),
  launch_token_refresh_interval: milliseconds(30_000, 'When launch tokens come back'),
  kill_chunk_size: flag('int', 100, { help: 'Kills under way at a time' }),
  kill_retry_timeout: milliseconds(30_000, 'When a kill is repeated'),
  max_running_deployments: flag('int', 100, { help: 'More are refused' }),
  max_concurrent_marathon_health_checks: flag('int', 256, { help: 'Probes at a time' }),
  event_stream_max_outstanding_messages: flag('int', 1_024, { help: 'Slower clients are dropped' }),
  zk_max_versions: flag('int', 50, { help: 'Versions of the tree that are kept' }),
  metrics_name_prefix: flag('string', 'marathon', { help: 'Prefix of metric names' }),
  ...LOG_FLAGS,
  plugin_dir: optionalFlag('path', { help: 'Directory of plugins; with --plugin_conf' }),
  plugin_conf: optionalFlag('path', { help: 'JSON file that lists the plugins' }),
  graceful_shutdown_timeout: milliseconds(45_000, 'Time to end in'),
  on_elected_prepare_timeout: milliseconds(180_000, 'Time a new leader has to read its state'),
  storage_compaction_interval: flag('int', 30, {
    help: 'Seconds between removals of old versions',
  }),
  internal_store_backend: optionalFlag('string', { help: 'zk, or mem: keep the state nowhere' }),
  ...METRICS_FLAGS,
  metrics_prometheus: flag('bool', true, { help: 'Serve /metrics/prometheus' }),
  store_cache: flag('bool', true, { help: 'Accepted; the state is always in memory too' }),
  backup_location: optionalFlag('url', { help: 'Accepted; there is nothing to migrate' }),
  group_versions_cache_size: flag('int', 1_000, { help: 'Accepted; all versions are in memory' }),
  max_apps: optionalFlag('int', { help: 'Accepted and not enforced, as in the original' }),
  deprecated_features: optionalFlag('string', { help: 'text_plain_tasks, which is always on' }),
  mesos_heartbeat_interval: milliseconds(15_000, "Accepted; the master's own interval counts"),
  mesos_heartbeat_failure_threshold: flag('int', 5, { help: 'Accepted, like the interval' }),
  default_accepted_resource_roles: optionalFlag('string', { help: 'Removed' }),
  event_subscriber: optionalFlag('string', { help: 'http_callback posts events to URLs' }),
  http_endpoints: optionalFlag('string', { help: 'URLs that get every event; comma separated' }),
  artifact_store: optionalFlag('url', { help: 'Where artifacts are kept: file:///directory' }),
  help: flag('bool', false, { help: 'Print this help' }),
  version: flag('bool', false, { help: 'Print the version' }),
} as const;

export type MarathonFlags = FlagValues<typeof MARATHON_FLAGS>;

/** `--disable_x` means `--no-x` for switches. */
export function withoutDisable(argv: readonly string[]): string[] {
  return argv.map((word) => word.replace(/^--disable_(?=[a-z])/, '--no-'));
}

/** `maintenance_mode` was one of them once; it is on without. */
const FEATURES = [
  'vips',
  'task_killing',
  'external_volumes',
  'secrets',
  'gpu_resources',
  'maintenance_mode',
];

/** The first flag that cannot be honoured, as a sentence. */
function refusalOf(flags: MarathonFlags): string | undefined {
  if ((flags.plugin_dir === undefined) !== (flags.plugin_conf === undefined)) {
    return '--plugin_dir and --plugin_conf must be given together';
  }
  if (flags.default_accepted_resource_roles !== undefined) {
    return '--default_accepted_resource_roles was removed; use --accepted_resource_roles_default_behavior';
  }
  const backend = flags.internal_store_backend;
  if (backend !== undefined && backend !== 'mem' && backend !== 'zk') {
    return `Flag 'internal_store_backend' is '${backend}', expected one of zk, mem`;
  }
  if (backend === 'zk' && flags.zk === undefined) return '--internal_store_backend zk needs --zk';
  if (backend === 'mem' && flags.zk !== undefined)
    return '--internal_store_backend mem excludes --zk';
  if (flags.group_versions_cache_size <= 2 * flags.max_running_deployments) {
    return `--group_versions_cache_size (${flags.group_versions_cache_size}) must exceed twice --max_running_deployments (${flags.max_running_deployments})`;
  }
  for (const name of (flags.deprecated_features ?? '').split(',')) {
    if (name.trim() !== '' && name.trim() !== 'text_plain_tasks') {
      return `Unknown feature '${name.trim()}' in --deprecated_features`;
    }
  }
  const zooKeeper = flags.zk === undefined ? undefined : parseZooKeeperUrl(flags.zk);
  if (zooKeeper?.ok === false) return `Flag 'zk': ${zooKeeper.error}`;
  for (const feature of featuresOf(flags)) {
    if (!FEATURES.includes(feature)) return `Unknown feature '${feature}' in --enable_features`;
  }
  if (flags.event_subscriber !== undefined && flags.event_subscriber !== 'http_callback') {
    return `Flag 'event_subscriber' is '${flags.event_subscriber}', expected http_callback`;
  }
  if (flags.local_port_min >= flags.local_port_max) {
    return `--local_port_min (${flags.local_port_min}) must be below --local_port_max (${flags.local_port_max})`;
  }
  const hasPrincipal = flags.mesos_authentication_principal !== undefined;
  const { mesos_authentication_secret: secret, mesos_authentication_secret_file: file } = flags;
  if (secret !== undefined && file !== undefined) {
    return 'Only one of --mesos_authentication_secret and --mesos_authentication_secret_file may be given';
  }
  if (flags.mesos_authentication && !(hasPrincipal && (secret ?? file) !== undefined)) {
    return '--mesos_authentication needs --mesos_authentication_principal and --mesos_authentication_secret or --mesos_authentication_secret_file';
  }
  return undefined;
}

function featuresOf(flags: MarathonFlags): readonly string[] {
  const text = flags.enable_features ?? '';
  return text.split(',').flatMap((name) => (name.trim() === '' ? [] : [name.trim()]));
}

function oneOf<const T extends string>(
  name: string,
  value: string,
  allowed: readonly T[],
): Result<T> {
  const found = allowed.find((each) => each === value);
  return found === undefined
    ? err(`Flag '${name}' is '${value}', expected one of ${allowed.join(', ')}`)
    : ok(found);
}

export function compileMarathonOptions(flags: MarathonFlags): Result<MarathonOptions> {
  const refused = refusalOf(flags);
  if (refused !== undefined) return err(refused);
  const accepted = oneOf(
    'accepted_resource_roles_default_behavior',
    flags.accepted_resource_roles_default_behavior,
    ['any', 'unreserved', 'reserved'],
  );
  if (!accepted.ok) return accepted;
  const enforce = oneOf('new_group_enforce_role', flags.new_group_enforce_role, ['off', 'top']);
  if (!enforce.ok) return enforce;
  const gpus = oneOf('gpu_scheduling_behavior', flags.gpu_scheduling_behavior, [
    'restricted',
    'unrestricted',
    'undefined',
  ]);
  if (!gpus.ok) return gpus;
  const credentials = credentialsOf(flags);
  if (!credentials.ok) return credentials;
  const store = flags.artifact_store;
  const artifacts = store === undefined ? ok(undefined) : FileArtifacts.open(store);
  if (!artifacts.ok) return artifacts;
  const reporters = reportersOf(flags);
  if (!reporters.ok) return reporters;
  const https = httpsOf(flags);
  if (!https.ok) return https;
  const log = logChoiceOf(flags);
  if (!log.ok) return log;
  const credential = masterCredential(flags);
  if (!credential.ok) return credential;
  const hostname = flags.hostname ?? machineName();
  return ok({
    master: flags.master,
    log: log.value,
    http: { ip: flags.http_address, port: flags.http_port },
    servesHttp: flags.http,
    https: https.value,
    hostname,
    webuiUrl: flags.webui_url,
    frameworkName: flags.framework_name,
    mesosUser: flags.mesos_user ?? userInfo().username,
    mesosRole: flags.mesos_role,
    failoverTimeoutSeconds: flags.failover_timeout,
    checkpoint: flags.checkpoint,
    principal: flags.mesos_authentication_principal,
    credential: credential.value,
    httpCredentials: credentials.value,
    corsOrigin: flags.access_control_allow_origin,
    concurrentRequestsMax: flags.http_max_concurrent_requests,
    minReviveIntervalMs: flags.min_revive_offers_interval,
    suppressesOffers: flags.suppress_offers,
    compresses: flags.http_compression,
    ignoresLeaderCertificate: flags.leader_proxy_ssl_ignore_hostname,
    electedPrepareMs: flags.on_elected_prepare_timeout,
    servesPrometheus: flags.metrics_prometheus,
    reconciliationIntervalMs: flags.reconciliation_interval,
    callbackUrls: callbackUrls(flags),
    eventsOutstandingMax: flags.event_stream_max_outstanding_messages,
    artifacts: artifacts.value,
    metricsPrefix: flags.metrics_name_prefix,
    reporters: reporters.value,
    machine: machineSettings(flags, accepted.value, enforce.value === 'top', gpus.value),
    shownFlags: shownFlags(flags, hostname),
  });
}

function machineSettings(
  flags: MarathonFlags,
  acceptedRolesDefault: 'any' | 'unreserved' | 'reserved',
  enforceNewTopGroups: boolean,
  gpus: string,
): MarathonOptions['machine'] {
  return {
    model: {
      defaultNetworkName: flags.default_network_name,
      bridgeName: flags.mesos_bridge_name,
      defaultRole: flags.mesos_role,
      features: new Set(featuresOf(flags)),
    },
    servicePorts: { min: flags.local_port_min, max: flags.local_port_max },
    runningDeploymentsMax: flags.max_running_deployments,
    instancesPerOfferMax: flags.max_instances_per_offer,
    launchTokens: flags.launch_tokens,
    launchTokenRefreshMs: flags.launch_token_refresh_interval,
    declineOfferMs: flags.decline_offer_duration,
    scaleAppsInitialDelayMs: flags.scale_apps_initial_delay,
    scaleAppsIntervalMs: flags.scale_apps_interval,
    taskLaunchConfirmTimeoutMs: flags.task_launch_confirm_timeout,
    taskLaunchTimeoutMs: flags.task_launch_timeout,
    taskReservationTimeoutMs: flags.task_reservation_timeout,
    taskLostExpungeInitialDelayMs: flags.task_lost_expunge_initial_delay,
    taskLostExpungeIntervalMs: flags.task_lost_expunge_interval,
    killChunkSize: flags.kill_chunk_size,
    killRetryMs: flags.kill_retry_timeout,
    healthChecksConcurrentMax: flags.max_concurrent_marathon_health_checks,
    compactionIntervalMs: flags.storage_compaction_interval * 1_000,
    rootVersionsMax: flags.zk_max_versions,
    enforceNewTopGroups,
    acceptedRolesDefault,
    restrictsGpuAgents: gpus === 'restricted',
    maintenanceMode: flags.maintenance_mode,
    drainingMs: flags.draining_seconds * 1_000,
    envVarsPrefix: flags.env_vars_prefix ?? '',
    executor: flags.executor,
    plugins: NO_PLUGINS,
    principal: flags.mesos_authentication_principal,
  };
}

/** Where state and election are; undefined keeps the state in --work_dir. */
export function zooKeeperOf(flags: MarathonFlags): ZooKeeperStateOptions | undefined {
  const url = flags.zk === undefined ? undefined : parseZooKeeperUrl(flags.zk);
  if (url?.ok !== true) return undefined;
  const { path } = url.value;
  return {
    servers: url.value,
    // Beside the nodes of an original Marathon, whose state is not read.
    statePath: `${path}/orrery`,
    latchPath: flags.ha ? `${path}/leader-curator` : undefined,
    sessionTimeoutMs: flags.zk_session_timeout,
  };
}

function callbackUrls(flags: MarathonFlags): readonly string[] | undefined {
  if (flags.event_subscriber === undefined) return undefined;
  return (flags.http_endpoints ?? '')
    .split(',')
    .flatMap((url) => (url.trim() === '' ? [] : [url.trim()]));
}

/** The secret is the whole file, without a change. */
function masterCredential(flags: MarathonFlags): Result<MarathonOptions['credential']> {
  const { mesos_authentication_principal: principal, mesos_authentication_secret: secret } = flags;
  const file = flags.mesos_authentication_secret_file;
  if (!flags.mesos_authentication || principal === undefined) return ok(undefined);
  if (file === undefined) return ok(secret === undefined ? undefined : { principal, secret });
  try {
    return ok({ principal, secret: readFileSync(file, 'utf8') });
  } catch (thrown) {
    return err(`The secret file '${file}' cannot be read: ${describeError(thrown)}`);
  }
}

const HIDDEN = [
  'help',
  'version',
  'http_credentials',
  'mesos_authentication_secret',
  'metrics_datadog_api_key',
  'ssl_keystore_password',
];

function hideSecret(url: string): string {
  return url.replace(/\/\/[^@/]*@/, '//xxxxxxxx:xxxxxxxx@');
}

/** What `/v2/info` may show: secrets stay out. */
function shownFlags(flags: MarathonFlags, hostname: string): Readonly<Record<string, unknown>> {
  const entries = Object.entries(flags)
    .filter(([name]) => !HIDDEN.includes(name))
    .map(([name, value]) => [name, value]);
  return {
    ...Object.fromEntries(entries),
    master: hideSecret(flags.master),
    ...(flags.zk === undefined ? {} : { zk: hideSecret(flags.zk) }),
    hostname,
    mesos_user: flags.mesos_user ?? userInfo().username,
    features: featuresOf(flags),
    launch_token: flags.launch_tokens,
  };
}
