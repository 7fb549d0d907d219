/** Flags of Chronos, with the original's names (spec chronos, section 11.1). */
import { readFileSync } from 'node:fs';
import { hostname, userInfo } from 'node:os';
import { describeError } from '../../core/base/errors.ts';
import {
  type FlagRow,
  type FlagTable,
  type FlagValues,
  flag,
  optionalFlag,
} from '../../core/base/flags.ts';
import { err, ok, type Result } from '../../core/base/result.ts';
import { parseZooKeeperUrl } from '../../core/net/zookeeper/url.ts';
import { httpsOf } from '../kit/https-flags.ts';
import type { ZooKeeperStateOptions } from '../kit/zookeeper-state.ts';
import type { GraphiteOptions } from './graphite.ts';
import type { MailOptions } from './mail.ts';
import type { CompiledChronosOptions } from './options.ts';
import { parseSentryAddress } from './sentry.ts';

/** Accepted, because scripts give it, and without any effect. */
function ignored(help: string): FlagRow<string, undefined> {
  return optionalFlag('string', { help: `${help} Accepted without effect.` });
}

/** Refused when given: going on without it would silently do something else. */
function unsupported(name: string, instead: string): FlagRow<string, undefined> {
  return optionalFlag('string', {
    help: `Not supported: ${instead}.`,
    validate: () => `Flag '${name}' is not supported: ${instead}`,
  });
}

const CASSANDRA = 'the job history is built in, see --job_history_limit';

export const CHRONOS_FLAGS = {
  master: flag('string', 'local', {
    help: 'The Mesos master: host:port, several with commas, or zk://host:port/path.',
  }),
  work_dir: flag('path', './chronos-work', {
    help: 'Where jobs and the framework id are kept.',
  }),
  user: optionalFlag('string', {
    help: "The user tasks run as where a job names none. (default: this process's user)",
  }),
  hostname: optionalFlag('string', {
    help: 'The advertised name. (default: name of this machine)',
  }),
  http_port: flag('int', 8080, { help: 'The port to listen on for HTTP. (default: 8080)' }),
  http_address: flag('string', '0.0.0.0', { help: 'The address to listen on. (default: all)' }),
  http_credentials: optionalFlag('string', { help: 'Asks clients for user:password.' }),
  http_realm: flag('string', 'Mesosphere', { help: 'The realm of that. (default: Mesosphere)' }),
  cluster_name: optionalFlag('string', { help: 'In front of the subject of notifications.' }),
  mesos_framework_name: flag('string', 'chronos', { help: 'Name of the framework.' }),
  mesos_role: flag('string', '*', { help: 'Role whose resources are used. (default: *)' }),
  mesos_checkpoint: flag('bool', true, { help: 'Tasks survive restarts of agents.' }),
  failover_timeout: flag('double', 604_800, {
    help: 'Seconds for which tasks go on while Chronos is away. (default: 604800)',
  }),
  webui_url: optionalFlag('string', { help: 'Shown by the master. (default: this server)' }),
  mesos_authentication_principal: optionalFlag('string', { help: 'Principal of the framework.' }),
  mesos_authentication_secret_file: optionalFlag('path', { help: 'File with its secret.' }),
  mesos_task_cpu: flag('double', 0.1, { help: 'CPUs of a task by default. (default: 0.1)' }),
  mesos_task_mem: flag('double', 128, { help: 'Memory of a task, MB. (default: 128)' }),
  mesos_task_disk: flag('double', 256, { help: 'Disk of a task, MB. (default: 256)' }),
  failure_retry: flag('int', 60_000, { help: 'Milliseconds before a retry. (default: 60000)' }),
  disable_after_failures: flag('int', 0, {
    help: 'Failures without a success after which a job is disabled; 0 for never.',
  }),
  reconciliation_interval: flag('int', 600, { help: 'Seconds. (default: 600)' }),
  revive_offers_for_new_jobs: flag('bool', false, {
    help: 'Accepted; due jobs always ask for offers.',
  }),
  min_revive_offers_interval: flag('int', 5_000, {
    help: 'Milliseconds between two requests for offers that were declined. (default: 5000)',
  }),
  decline_offer_duration: optionalFlag('int', {
    help: 'Milliseconds for which unused offers are declined. (default: the master decides)',
  }),
  job_history_limit: flag('int', 5, { help: 'Runs kept in the history of a job. (default: 5)' }),
  run_history_limit: flag('int', 100, {
    help: 'Ended runs kept per job, with agent and message. (default: 100)',
    validate: (value: number) =>
      value < 1 ? "Flag 'run_history_limit' must be at least 1" : undefined,
  }),
  run_history_age: flag('int', 2_592_000, {
    help: 'Seconds for which they are kept. (default: 2592000, 30 days)',
  }),
  ignore_epsilon: flag('bool', false, {
    help: 'Missed starts always become one immediate run, as in 3.x, also where a job has epsilon.',
  }),
  slack_url: optionalFlag('string', { help: 'Slack webhook for notifications.' }),
  mattermost_url: optionalFlag('string', { help: 'Mattermost webhook for notifications.' }),
  http_notification_url: optionalFlag('string', { help: 'Gets notifications as JSON.' }),
  http_notification_credentials: optionalFlag('string', { help: 'user:password for that.' }),
  raven_dsn: optionalFlag('string', {
    help: 'Sentry gets notifications as events: https://key:secret@host/project.',
    validate: (value: string) =>
      parseSentryAddress(value) === undefined
        ? `Flag 'raven_dsn' is https://key:secret@host/project, not '${value}'`
        : undefined,
  }),

  mail_server: optionalFlag('string', {
    help: 'SMTP server for notifications, host:port; with --mail_from.',
    validate: (value: string) =>
      value.includes(':') && !/:\d{1,5}$/.test(value)
        ? `Flag 'mail_server' is host:port, '${value}' has no port`
        : undefined,
  }),
  mail_from: optionalFlag('string', { help: 'The sender of notifications.' }),
  mail_user: optionalFlag('string', { help: 'With --mail_password: login at that server.' }),
  mail_password: optionalFlag('string', { help: 'Goes with --mail_user.' }),
  mail_ssl: flag('bool', false, { help: 'TLS from the start of the connection to that server.' }),
  notification_rate: flag('int', 30, {
    help: 'Notifications to one recipient in a minute; more are joined to one. (default: 30)',
    validate: (value: number) =>
      value < 1 ? "Flag 'notification_rate' must be at least 1" : undefined,
  }),
  notification_gather: flag('int', 0, {
    help: 'Milliseconds for which all notifications are gathered first. (default: 0)',
  }),

  disable_http: flag('bool', false, { help: 'Only HTTPS; needs a key store.' }),
  http_compression: flag('bool', true, { help: 'Compresses answers for clients that ask.' }),
  disable_http_compression: flag('bool', false, { help: 'Compresses nothing.' }),
  task_epsilon: ignored('Jobs state their epsilon themselves.'),
  leader_max_idle_time: ignored('Of 2.x.'),
  schedule_horizon: ignored('Of 2.x.'),
  https_port: flag('int', 8443, { help: 'The port for HTTPS, with a key store. (default: 8443)' }),
  https_address: optionalFlag('string', { help: 'Its address. (default: that of HTTP)' }),
  ssl_keystore_path: optionalFlag('path', {
    help: 'PKCS12 or JKS key store with the certificate.',
  }),
  ssl_keystore_password: optionalFlag('string', { help: 'Its password.' }),
  assets_path: ignored('For the original web interface.'),
  graphite_host_port: optionalFlag('string', {
    help: 'host:port of a Graphite server that gets the metrics as plain text.',
    validate: (value) =>
      /:\d{1,5}$/.test(value)
        ? undefined
        : `Flag 'graphite_host_port' is host:port, '${value}' has no port`,
  }),
  graphite_reporting_interval: flag('int', 60, {
    help: 'Seconds between reports to it. (default: 60)',
    validate: (value: number) =>
      value < 1 ? "Flag 'graphite_reporting_interval' must be at least 1" : undefined,
  }),
  graphite_group_prefix: flag('string', '', { help: 'In front of all names there.' }),
  zk_hosts: optionalFlag('string', {
    help: 'State and election of several: host:port,host:port; else --work_dir.',
  }),
  zk_path: flag('string', '/chronos/state', { help: 'With --zk_hosts: where.' }),
  zk_auth: optionalFlag('string', { help: 'With --zk_hosts: user:password, by digest.' }),
  zk_timeout: flag('int', 10_000, { help: 'Without ZooKeeper for so long a leader ends, ms.' }),
  cassandra_contact_points: unsupported('cassandra_contact_points', CASSANDRA),
  cassandra_port: unsupported('cassandra_port', CASSANDRA),
  cassandra_user: unsupported('cassandra_user', CASSANDRA),
  cassandra_password: unsupported('cassandra_password', CASSANDRA),
  cassandra_keyspace: unsupported('cassandra_keyspace', CASSANDRA),
  cassandra_table: unsupported('cassandra_table', CASSANDRA),
  cassandra_stat_count_table: unsupported('cassandra_stat_count_table', CASSANDRA),
  cassandra_consistency: unsupported('cassandra_consistency', CASSANDRA),
  cassandra_ttl: unsupported('cassandra_ttl', CASSANDRA),
} satisfies FlagTable;

export type ChronosFlags = FlagValues<typeof CHRONOS_FLAGS>;

/** One-letter forms of the original. */
const SHORT: Readonly<Record<string, keyof typeof CHRONOS_FLAGS>> = {
  '-u': 'user',
  '-z': 'zk_hosts',
  '-f': 'failover_timeout',
  '-d': 'disable_after_failures',
  '-t': 'task_epsilon',
  '-l': 'leader_max_idle_time',
  '-m': 'mail_server',
  '-s': 'slack_url',
  '-r': 'raven_dsn',
  '-h': 'http_notification_url',
  '-g': 'graphite_host_port',
  '-c': 'cassandra_contact_points',
  '-j': 'job_history_limit',
};

/** Writes one-letter flags out. */
export function expandShortFlags(argv: readonly string[]): readonly string[] {
  return argv.map((word) => {
    const name = SHORT[word];
    return name === undefined ? word : `--${name}`;
  });
}

export function compileChronosOptions(flags: ChronosFlags): Result<CompiledChronosOptions> {
  if (flags.master === 'local') {
    return err(
      "Flag 'master' is needed: --master=host:port; a cluster in one process is `orrery local`",
    );
  }
  const zooKeeper = zooKeeperOf(flags);
  if (!zooKeeper.ok) return zooKeeper;
  const credential = readCredential(flags);
  if (!credential.ok) return credential;
  const https = httpsOf({
    ...flags,
    http: !flags.disable_http,
    ssl_keystore_path: flags.ssl_keystore_path ?? process.env['MESOSPHERE_KEYSTORE_PATH'],
    ssl_keystore_password: flags.ssl_keystore_password ?? process.env['MESOSPHERE_KEYSTORE_PASS'],
  });
  if (!https.ok) return https;
  const user = flags.user ?? userInfo().username;
  const { mesos_task_cpu: cpus, mesos_task_mem: mem, mesos_task_disk: disk } = flags;
  return ok({
    master: flags.master,
    workDirectory: flags.work_dir,
    zooKeeper: zooKeeper.value,
    httpAddress: flags.http_address,
    httpPort: flags.http_port,
    https: https.value,
    servesHttp: !flags.disable_http,
    compresses: flags.http_compression && !flags.disable_http_compression,
    hostname: flags.hostname ?? hostname(),
    httpCredentials: flags.http_credentials ?? process.env['MESOSPHERE_HTTP_CREDENTIALS'],
    httpRealm: flags.http_realm,
    frameworkName: flags.mesos_framework_name,
    user,
    role: flags.mesos_role,
    checkpoint: flags.mesos_checkpoint,
    failoverTimeoutMs: flags.failover_timeout * 1_000,
    webuiUrl: flags.webui_url,
    principal: flags.mesos_authentication_principal,
    credential: credential.value,
    jobDefaults: { cpus, mem, disk, user },
    failureRetryMs: flags.failure_retry,
    disableAfterFailures: flags.disable_after_failures,
    reconciliationIntervalMs: flags.reconciliation_interval * 1_000,
    minReviveIntervalMs: flags.min_revive_offers_interval,
    declineOfferMs: flags.decline_offer_duration,
    jobHistoryLimit: flags.job_history_limit,
    runHistoryLimit: flags.run_history_limit,
    runHistoryAgeMs: flags.run_history_age * 1_000,
    ignoresEpsilon: flags.ignore_epsilon,
    graphite: graphiteOf(flags),
    notifications: {
      clusterName: flags.cluster_name,
      slackUrl: flags.slack_url,
      mattermostUrl: flags.mattermost_url,
      httpUrl: flags.http_notification_url,
      httpCredentials: flags.http_notification_credentials,
      sentry: flags.raven_dsn === undefined ? undefined : parseSentryAddress(flags.raven_dsn),
      mail: mailOf(flags),
      ratePerMinute: flags.notification_rate,
      gatherMs: flags.notification_gather,
    },
  });
}

function graphiteOf(flags: ChronosFlags): GraphiteOptions | undefined {
  const { graphite_host_port: server } = flags;
  if (server === undefined) return undefined;
  const colon = server.lastIndexOf(':');
  return {
    host: server.slice(0, colon),
    port: Number(server.slice(colon + 1)),
    intervalMs: flags.graphite_reporting_interval * 1_000,
    prefix: flags.graphite_group_prefix,
  };
}

/** As in the original mail is active with a server that has a port, and a sender. */
function mailOf(flags: ChronosFlags): MailOptions | undefined {
  const { mail_server: server = '', mail_from: from, mail_user: user } = flags;
  const colon = server.lastIndexOf(':');
  if (colon === -1 || from === undefined) return undefined;
  const password = flags.mail_password;
  const isLogin = user !== undefined && password !== undefined;
  return {
    host: server.slice(0, colon),
    port: Number(server.slice(colon + 1)),
    from,
    isTls: flags.mail_ssl,
    credentials: isLogin ? { user, password } : undefined,
  };
}

/** Also a whole URL, whose path does not count. */
function zooKeeperOf(flags: ChronosFlags): Result<ZooKeeperStateOptions | undefined> {
  if (flags.zk_hosts === undefined) return ok(undefined);
  const hosts = flags.zk_hosts.replace(/^zk:\/\//, '').split('/')[0] ?? '';
  const path = `/${flags.zk_path.replace(/^\/+/, '')}`;
  const url = parseZooKeeperUrl(`zk://${hosts}${path}`);
  const form = 'Error, zookeeper servers must be provided in the form host1:port2,host2:port2';
  if (!url.ok) return err(`${form} (${url.error})`);
  if (!hosts.split(',').every((host) => /:\d+$/.test(host))) return err(form);
  return ok({
    servers: { servers: url.value.servers, credentials: flags.zk_auth ?? url.value.credentials },
    // Beside the nodes of an original Chronos, whose state is not read.
    statePath: `${url.value.path}/orrery`,
    latchPath: `${url.value.path}/candidate`,
    sessionTimeoutMs: flags.zk_timeout,
  });
}

/** The secret is the whole file, without a change. */
function readCredential(flags: ChronosFlags): Result<CompiledChronosOptions['credential']> {
  const principal = flags.mesos_authentication_principal;
  const path = flags.mesos_authentication_secret_file;
  if (path === undefined) return ok(undefined);
  if (principal === undefined) {
    return err(
      "Flag 'mesos_authentication_secret_file' needs --mesos_authentication_principal as well",
    );
  }
  try {
    return ok({ principal, secret: readFileSync(path, 'utf8') });
  } catch (thrown) {
    return err(`The secret file '${path}' cannot be read: ${describeError(thrown)}`);
  }
}
