import assert from 'node:assert/strict';
import { hostname, userInfo } from 'node:os';
import test from 'node:test';
import { parseFlags } from '../../../core/base/flags.ts';
import type { Result } from '../../../core/base/result.ts';
import {
  CHRONOS_FLAGS,
  compileChronosOptions,
  expandShortFlags,
} from '../../../schedulers/chronos/flags.ts';
import type { CompiledChronosOptions } from '../../../schedulers/chronos/options.ts';
import { parseSentryAddress } from '../../../schedulers/chronos/sentry.ts';

function compile(argv: readonly string[]): Result<CompiledChronosOptions> {
  const sources = { env: {}, envPrefix: undefined, style: 'spaced' } as const;
  const flags = parseFlags(CHRONOS_FLAGS, { ...sources, argv: expandShortFlags(argv) });
  return flags.ok ? compileChronosOptions(flags.value) : flags;
}

test('flags are taken with a blank, with an equals sign, and by one letter', () => {
  const compiled = compile([
    '--master',
    'm:5050',
    '--http_port=4400',
    '-u',
    'me',
    '-d',
    '3',
    '--mesos_task_mem',
    '64',
    '--decline_offer_duration',
    '1500',
    '--no-mesos_checkpoint',
    '--ignore_epsilon',
    '--task_epsilon',
    '60',
  ]);
  assert.ok(compiled.ok, JSON.stringify(compiled));
  const { value } = compiled;
  assert.equal(value.master, 'm:5050');
  assert.equal(value.httpPort, 4_400);
  assert.equal(value.user, 'me');
  assert.equal(value.disableAfterFailures, 3);
  assert.deepEqual(value.jobDefaults, { cpus: 0.1, mem: 64, disk: 256, user: 'me' });
  assert.equal(value.declineOfferMs, 1_500);
  assert.equal(value.checkpoint, false);
  assert.equal(value.ignoresEpsilon, true);
  assert.equal(value.failoverTimeoutMs, 604_800_000);
});

test('what is not supported is refused with what to do instead', () => {
  const refused: readonly (readonly [argv: readonly string[], text: RegExp])[] = [
    [[], /'master' is needed/],
    [['--master', 'm:1', '-m', 'x:smtp'], /'mail_server' is host:port, 'x:smtp' has no port/],
    [['--master', 'm:1', '--notification_rate=0'], /must be at least 1/],
    [['--master', 'm:1', '-r', 'http://s'], /'raven_dsn' is https:.*project, not 'http:\/\/s'/],
    [['--master', 'm:1', '-g', 'h'], /'graphite_host_port' is host:port, 'h' has no port/],
    [['--master', 'm:1', '--graphite_reporting_interval=0'], /must be at least 1/],
    [['--master', 'm:1', '-c', 'host'], /'cassandra_contact_points' is not supported/],
    [['--master', 'm:1', '--disable_http'], /needs --ssl_keystore_path/],
    [['--master', 'm:1', '--ssl_keystore_path=x'], /must be given together/],
    [
      ['--master', 'm:1', '--ssl_keystore_path=/none', '--ssl_keystore_password=x'],
      /The key store '\/none' cannot be opened/,
    ],
    [['--master', 'm:1', '--http_prot=1'], /unknown flag 'http_prot'.*did you mean 'http_port'/],
    [['--master', 'm:1', '--mesos_authentication_secret_file', 'x'], /needs --mesos_auth/],
  ];
  for (const [argv, text] of refused) {
    const compiled = compile(argv);
    assert.ok(!compiled.ok, argv.join(' '));
    assert.match(compiled.error, text);
  }
});

test('mail needs a server with a port and a sender, a login needs name and password', () => {
  const mail = (...argv: readonly string[]) => {
    const compiled = compile(['--master', 'm:1', ...argv]);
    assert.ok(compiled.ok, JSON.stringify(compiled));
    return compiled.value.notifications.mail;
  };
  assert.equal(mail('-m', 'host:25'), undefined);
  assert.equal(mail('-m', 'host', '--mail_from', 'me@x'), undefined);
  const plain = { host: 'host', port: 25, from: 'me@x', isTls: false, credentials: undefined };
  assert.deepEqual(mail('-m', 'host:25', '--mail_from', 'me@x', '--mail_user', 'u'), plain);
  assert.deepEqual(
    mail('-m', 'host:465', '--mail_from=me@x', '--mail_user=u', '--mail_password=p', '--mail_ssl'),
    { ...plain, port: 465, isTls: true, credentials: { user: 'u', password: 'p' } },
  );
});

test('Graphite gets reports where its address is given', () => {
  const none = compile(['--master', 'm:1']);
  assert.ok(none.ok);
  assert.equal(none.value.graphite, undefined);
  const given = compile(['--master', 'm:1', '-g', 'h:2003', '--graphite_group_prefix=p']);
  assert.ok(given.ok);
  const expected = { host: 'h', port: 2_003, intervalMs: 60_000, prefix: 'p' };
  assert.deepEqual(given.value.graphite, expected);
});

const SENTRY: readonly (readonly [address: string, url: string | undefined])[] = [
  ['https://k:s@sentry.example/7', 'https://sentry.example/api/7/store/'],
  ['http://k@127.0.0.1:9000/a/b/7', 'http://127.0.0.1:9000/a/b/api/7/store/'],
  ['https://k:s@sentry.example/7?raven.async=false', 'https://sentry.example/api/7/store/'],
  ['https://sentry.example/7', undefined],
  ['https://k:s@sentry.example', undefined],
  ['ftp://k:s@sentry.example/7', undefined],
  ['sentry', undefined],
];

for (const [address, url] of SENTRY) {
  test(`events for ${address} go to ${url ?? 'nobody'}`, () => {
    assert.equal(parseSentryAddress(address)?.url, url);
  });
}

type Read = (options: CompiledChronosOptions) => unknown;

/** Of each flag: what is in force without it, an argument, and what that gives (spec chronos, section 11.1). */
const ROWS: readonly (readonly [
  flag: string,
  read: Read,
  fallback: unknown,
  given: string,
  value: unknown,
])[] = [
  ['--http_port', (it) => it.httpPort, 8_080, '4400', 4_400],
  ['--http_address', (it) => it.httpAddress, '0.0.0.0', '127.0.0.1', '127.0.0.1'],
  ['--hostname', (it) => it.hostname, hostname(), 'h', 'h'],
  ['--user', (it) => it.user, userInfo().username, 'me', 'me'],
  ['-u', (it) => it.jobDefaults.user, userInfo().username, 'me', 'me'],
  ['--http_credentials', (it) => it.httpCredentials, undefined, 'u:p', 'u:p'],
  ['--http_realm', (it) => it.httpRealm, 'Mesosphere', 'r', 'r'],
  ['--cluster_name', (it) => it.notifications.clusterName, undefined, 'c', 'c'],
  ['--mesos_framework_name', (it) => it.frameworkName, 'chronos', 'f', 'f'],
  ['--mesos_role', (it) => it.role, '*', 'r', 'r'],
  ['--failover_timeout', (it) => it.failoverTimeoutMs, 604_800_000, '10', 10_000],
  ['-f', (it) => it.failoverTimeoutMs, 604_800_000, '10', 10_000],
  ['--webui_url', (it) => it.webuiUrl, undefined, 'http://x', 'http://x'],
  ['--mesos_authentication_principal', (it) => it.principal, undefined, 'p', 'p'],
  ['--mesos_task_cpu', (it) => it.jobDefaults.cpus, 0.1, '0.5', 0.5],
  ['--mesos_task_mem', (it) => it.jobDefaults.mem, 128, '64', 64],
  ['--mesos_task_disk', (it) => it.jobDefaults.disk, 256, '1', 1],
  ['--failure_retry', (it) => it.failureRetryMs, 60_000, '1', 1],
  ['--disable_after_failures', (it) => it.disableAfterFailures, 0, '3', 3],
  ['-d', (it) => it.disableAfterFailures, 0, '3', 3],
  ['--reconciliation_interval', (it) => it.reconciliationIntervalMs, 600_000, '5', 5_000],
  ['--min_revive_offers_interval', (it) => it.minReviveIntervalMs, 5_000, '1', 1],
  ['--decline_offer_duration', (it) => it.declineOfferMs, undefined, '3000', 3_000],
  ['--job_history_limit', (it) => it.jobHistoryLimit, 5, '9', 9],
  ['-j', (it) => it.jobHistoryLimit, 5, '9', 9],
  ['--slack_url', (it) => it.notifications.slackUrl, undefined, 'http://x', 'http://x'],
  ['-s', (it) => it.notifications.slackUrl, undefined, 'http://x', 'http://x'],
  ['--mattermost_url', (it) => it.notifications.mattermostUrl, undefined, 'http://x', 'http://x'],
  ['--http_notification_url', (it) => it.notifications.httpUrl, undefined, 'http://x', 'http://x'],
  ['-h', (it) => it.notifications.httpUrl, undefined, 'http://x', 'http://x'],
  [
    '--http_notification_credentials',
    (it) => it.notifications.httpCredentials,
    undefined,
    'u:p',
    'u:p',
  ],
  ['-r', (it) => it.notifications.sentry?.key, undefined, 'https://k@h/1', 'k'],
  ['--zk_hosts', (it) => it.zooKeeper?.servers.servers.length, undefined, 'a:1,b:2', 2],
  [
    '-z',
    (it) => it.zooKeeper?.latchPath,
    undefined,
    'zk://a:1/dropped',
    '/chronos/state/candidate',
  ],
];

for (const [flag, read, fallback, given, value] of ROWS) {
  test(`${flag} ${given} gives ${value}, without it there is ${fallback}`, () => {
    const plain = compile(['--master', 'm:1']);
    const changed = compile(['--master', 'm:1', flag, given]);
    assert.ok(plain.ok && changed.ok, JSON.stringify([plain, changed]));
    assert.deepEqual([read(plain.value), read(changed.value)], [fallback, value]);
  });
}

const WITHOUT_EFFECT: readonly (readonly string[])[] = [
  ['--task_epsilon', '60'],
  ['-t', '60'],
  ['--leader_max_idle_time', '5000'],
  ['-l', '5000'],
  ['--schedule_horizon', '60'],
  ['--assets_path', '/x'],
  ['--http_compression'],
  ['--revive_offers_for_new_jobs'],
  ['--https_port', '1'],
  ['--https_address', '::'],
];

for (const words of WITHOUT_EFFECT) {
  test(`${words.join(' ')} is taken and changes nothing`, () => {
    const plain = compile(['--master', 'm:1']);
    assert.deepEqual(compile(['--master', 'm:1', ...words]), plain);
  });
}

test('answers are compressed unless that is switched off', () => {
  const compresses = (...words: readonly string[]): boolean => {
    const options = compile(['--master', 'm:1', ...words]);
    assert.ok(options.ok);
    return options.value.compresses;
  };
  assert.equal(compresses(), true);
  assert.equal(compresses('--http_compression'), true);
  assert.equal(compresses('--disable_http_compression'), false);
  assert.equal(compresses('--no-http_compression'), false);
});

test('ZooKeeper servers are host:port with commas, its paths lie below --zk_path', () => {
  const given = compile(['--master', 'm:1', '-z', 'a:1', '--zk_path=/x', '--zk_auth=u:p']);
  assert.ok(given.ok);
  assert.deepEqual(given.value.zooKeeper, {
    servers: { servers: [{ host: 'a', port: 1 }], credentials: 'u:p' },
    statePath: '/x/orrery',
    latchPath: '/x/candidate',
    sessionTimeoutMs: 10_000,
  });
  for (const hosts of ['a:b', 'a', 'a:1,b', '']) {
    const refused = compile(['--master', 'm:1', '-z', hosts]);
    assert.ok(!refused.ok, hosts);
    assert.match(
      refused.error,
      /^Error, zookeeper servers must be provided in the form host1:port2,host2:port2/,
    );
  }
});
