/** Flags in the original's forms. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseFlags } from '../../../core/base/flags.ts';
import type { Result } from '../../../core/base/result.ts';
import {
  compileMarathonOptions,
  MARATHON_FLAGS,
  withoutDisable,
} from '../../../schedulers/marathon/flags.ts';
import type { MarathonOptions } from '../../../schedulers/marathon/options.ts';

function compile(
  argv: readonly string[],
  env: Record<string, string> = {},
): Result<MarathonOptions> {
  const flags = parseFlags(MARATHON_FLAGS, {
    argv: withoutDisable(argv),
    env,
    envPrefix: 'MARATHON_',
    style: 'spaced',
  });
  return flags.ok ? compileMarathonOptions(flags.value) : flags;
}

test('values come behind a space, an equals sign, or from the environment', () => {
  const options = compile(['--master', 'a:1', '--http_port=9', '--disable_checkpoint'], {
    MARATHON_FRAMEWORK_NAME: 'mine',
    MARATHON_MAX_INSTANCES_PER_OFFER: '7',
  });
  assert.ok(options.ok);
  assert.equal(options.value.master, 'a:1');
  assert.equal(options.value.http.port, 9);
  assert.equal(options.value.checkpoint, false);
  assert.equal(options.value.frameworkName, 'mine');
  assert.equal(options.value.machine.instancesPerOfferMax, 7);
  assert.equal(options.value.machine.declineOfferMs, 120_000);
});

test('what cannot be honoured is refused by name', () => {
  const rows: readonly (readonly [readonly string[], RegExp])[] = [
    [[], /'master' is required/],
    [['--master', 'a:1', '--nonsense=x'], /unknown flag 'nonsense'/],
    [['--master', 'a:1', '--zk', 'zk://h:2181'], /'zk': Expecting a \(chroot\) path/],
    [['--master', 'a:1', '--zk', 'h:2181/marathon'], /'zk': Expecting 'zk:\/\/' at/],
    [['--master', 'a:1', '--enable_features', 'magic'], /Unknown feature 'magic'/],
    [['--master', 'a:1', '--plugin_dir', '/x'], /plugin_conf must be given together/],
    [['--master', 'a:1', '--default_accepted_resource_roles', '*'], /was removed; use --acc/],
    [['--master', 'a:1', '--internal_store_backend', 'zk'], /zk needs --zk/],
    [['--master', 'a:1', '--internal_store_backend', 'disk'], /expected one of zk, mem/],
    [['--master', 'a:1', '--group_versions_cache_size', '200'], /must exceed twice/],
    [['--master', 'a:1', '--deprecated_features', 'x'], /Unknown feature 'x'/],
    [['--master', 'a:1', '--artifact_store', 'hdfs://h/x'], /'artifact_store' is 'hdfs/],
    [['--master', 'a:1', '--disable_http'], /needs --ssl_keystore_path/],
    [['--master', 'a:1', '--ssl_keystore_path', '/x'], /must be given together/],
    [
      ['--master', 'a:1', '--ssl_keystore_path', '/x', '--ssl_keystore_password', 'y'],
      /key store '\/x' cannot be opened/,
    ],
    [['--master', 'a:1', '--http_credentials', 'me'], /user:password/],
    [['--master', 'a:1', '--local_port_min', '5', '--local_port_max', '5'], /must be below/],
    [['--master', 'a:1', '--mesos_authentication'], /mesos_authentication_principal/],
    [['--master', 'a:1', '--new_group_enforce_role', 'all'], /expected one of off, top/],
    [['--master', 'a:1', '--logging_level', 'loud'], /'logging_level' is 'loud', expected one of/],
    [['--master', 'a:1', '--logstash', 'http://h:1'], /'logstash' is 'http:\/\/h:1', expected/],
    [['--master', 'a:1', '--logstash', 'tcp://h:70000'], /expected \(udp\|tcp\|ssl\):/],
    [['--master', 'a:1', '--logstash', 'tcp://h'], /expected \(udp\|tcp\|ssl\):/],
    [['--master', 'a:1', '--sentry=https://a:b@h/1'], /unknown flag 'sentry'/],
  ];
  for (const [argv, error] of rows) {
    const options = compile(argv);
    assert.ok(!options.ok, argv.join(' '));
    assert.match(options.error, error);
  }
});

test('levels of the log have the names of the original', () => {
  const levels = ['OFF', 'fatal', 'error', 'warn', 'INFO', 'debug', 'trace', 'all'].map((text) => {
    const options = compile(['--master=a:1', `--logging_level=${text}`]);
    return options.ok ? options.value.log.level : options.error;
  });
  const expected = ['silent', 'error', 'error', 'warn', 'info', 'debug', 'debug', 'debug'];
  assert.deepEqual(levels, expected);
  const shipped = compile(['--master=a:1', '--logstash', 'ssl://logs.example:5000']);
  assert.ok(shipped.ok);
  const target = { protocol: 'ssl', host: 'logs.example', port: 5_000 };
  assert.deepEqual(shipped.value.log.logstash, target);
});

test('secrets are not shown', () => {
  const options = compile([
    '--master=http://user:secret@a:1',
    '--http_credentials=u:topsecret',
    '--mesos_authentication',
    '--mesos_authentication_principal=p',
    '--mesos_authentication_secret=hush',
  ]);
  assert.ok(options.ok);
  const shown = JSON.stringify(options.value.shownFlags);
  assert.doesNotMatch(shown, /secret@|topsecret|hush/);
});
