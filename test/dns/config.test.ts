import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileDnsOptions, DEFAULT_DNS_CONFIG, parseDnsConfig } from '../../dns/config.ts';
import {
  checkIpSources,
  checkMasters,
  checkResolvers,
  checkZoneResolvers,
  resolverAddress,
} from '../../dns/config-checks.ts';
import { parseDnsFlags } from '../../dns/flags.ts';

const surroundings = { systemResolvers: () => ['10.0.0.53'], readText: () => '' };

/** The sentence that refuses a configuration, given as changes to a good one. */
function refusalOf(changes: Readonly<Record<string, unknown>>): string {
  const config = parseDnsConfig(JSON.stringify({ masters: ['1.2.3.4:5050'], ...changes }));
  if (!config.ok) return config.error;
  const compiled = compileDnsOptions(config.value, surroundings);
  return compiled.ok ? '' : compiled.error;
}

test('keys are read in any case, unknown ones are ignored', () => {
  const config = parseDnsConfig(
    '{"MASTERS":["a:1"],"HttpPort":80,"soamname":"x","ns":1,"EnforceRFC952":true,"ipsources":["host"]}',
  );
  assert.ok(config.ok);
  const { masters, httpport, SOAMname, enforceRFC952, IPSources, ttl } = config.value;
  assert.deepEqual(
    { masters, httpport, SOAMname, enforceRFC952, IPSources, ttl },
    {
      masters: ['a:1'],
      httpport: 80,
      SOAMname: 'x',
      enforceRFC952: true,
      IPSources: ['host'],
      ttl: DEFAULT_DNS_CONFIG.ttl,
    },
  );
});

test('what is no configuration is refused', () => {
  for (const text of [
    '',
    '[]',
    'null',
    '{"port":"53"}',
    '{"masters":"a:1"}',
    '{"ttl":1.5}',
    '{"ttl":2147483648}',
    '{"srvRecordDefaultWeight":65536}',
    '{"SOAExpire":-1}',
    '{"onlyHealthy":1}',
  ]) {
    assert.equal(parseDnsConfig(text).ok, false, text);
  }
});

test('names are normalised, and an empty resolver list takes those of the system', () => {
  const compiled = compileDnsOptions(
    {
      ...DEFAULT_DNS_CONFIG,
      masters: ['1.2.3.4:5050'],
      domain: 'Meso.S',
      SOAMname: 'ns1.mesos..',
      SOARname: 'root@ns1.mesos',
      resolvers: [],
      timeout: 0,
    },
    surroundings,
  );
  assert.ok(compiled.ok);
  const { domain, SOAMname, SOARname, resolvers, timeout } = compiled.value;
  assert.deepEqual(
    { domain, SOAMname, SOARname, resolvers, timeout },
    {
      domain: 'meso.s',
      SOAMname: 'ns1.mesos.',
      SOARname: 'root.ns1.mesos.',
      resolvers: ['10.0.0.53'],
      timeout: 5,
    },
  );
});

test('configurations are refused in the words of the original', () => {
  const table: readonly (readonly [Readonly<Record<string, unknown>>, string])[] = [
    [{}, ''],
    [
      { dnson: false, httpon: false, masters: [] },
      'service validation failed: either DNS or HTTP server should be on',
    ],
    [
      { masters: [] },
      'service validation failed: specify Mesos masters or Zookeeper in config.json',
    ],
    [{ masters: ['a'] }, 'error validating masters: illegal host:port specified: a'],
    [{ resolvers: ['x'] }, 'error validating resolvers: illegal ip specified: x'],
    [{ resolvers: ['x'], externalon: false }, ''],
    [
      { zoneResolvers: { mesos: ['1.1.1.1'] } },
      "can't specify ZoneResolver for Mesos domain (mesos)",
    ],
    [{ IPSources: [] }, 'IPSources validation failed: empty ip sources'],
    [{ stateTimeoutSeconds: 0 }, 'Invalid HTTP Timeout: 0'],
    [{ domain: 'a_b' }, 'a_b is not a valid domain name'],
    [{ certFile: 'c' }, 'Missing private key'],
    [{ keyFile: 'k' }, 'Missing certificate'],
    [{ mesosAuthentication: 'x' }, 'unregistered factory requested'],
    [{ mesosAuthentication: 'basic' }, 'invalid HTTP Basic configuration'],
    [{ mesosAuthentication: 'basic', mesosCredentials: { principal: 'p' } }, ''],
  ];
  for (const [changes, sentence] of table) {
    assert.equal(refusalOf(changes), sentence, JSON.stringify(changes));
  }
  assert.match(refusalOf({ zk: 'zk://a:2181' }), /Expecting a \(chroot\) path for ZooKeeper/);
});

test('credentials without authentication are worth a warning', () => {
  const compiled = compileDnsOptions(
    {
      ...DEFAULT_DNS_CONFIG,
      masters: ['a:1'],
      mesosCredentials: { principal: 'p', secret: 's' },
      IAMConfigFile: 'f',
    },
    surroundings,
  );
  assert.ok(compiled.ok);
  assert.deepEqual(compiled.value.warnings, [
    'Warning! MesosCredentials is configured, but MesosAuthentication is set to none. This is probably not intentional',
    'Warning! IAMConfigFile is set, but MesosAuthentication is set to none. This is probably not intentional',
  ]);
});

test('masters are host:port, each once', () => {
  for (const good of [[], ['1.2.3.4:5'], ['a:1', 'b:1'], ['1.2.3.4.5:6'], ['[2001:db8::1]:1']]) {
    assert.equal(checkMasters(good), undefined, String(good));
  }
  for (const bad of [[''], ['a'], ['a:0'], ['a:65536'], ['1.2.3.4'], ['a:1', 'a:1']]) {
    assert.match(checkMasters(bad) ?? '', /^error validating masters: /, String(bad));
  }
  assert.equal(
    checkMasters(['[2001:0db8::0001]:1', '[2001:db8::1]:1']),
    'error validating masters: duplicate found: [2001:db8::1]:1',
  );
});

test('resolvers are addresses with or without port, each once', () => {
  const good = [[], ['1.2.3.4'], ['1.2.3.4:5'], ['2001:db8::1'], ['[2001:db8::1]:53', '1.1.1.1']];
  for (const each of good) assert.equal(checkResolvers(each), undefined, String(each));
  const table: readonly (readonly [readonly string[], string])[] = [
    [[''], 'illegal ip specified: '],
    [['a'], 'illegal ip specified: a'],
    [['a:53'], 'illegal ip specified: a:53'],
    [['1.2.3.4:0'], 'illegal host:port specified: 1.2.3.4:0'],
    [['1.2.3.4:65536'], 'illegal host:port specified: 1.2.3.4:65536'],
    [['1.2.3.4', '1.2.3.4:53'], 'duplicate found: 1.2.3.4:53'],
  ];
  for (const [resolvers, why] of table) {
    assert.equal(checkResolvers(resolvers), `error validating resolvers: ${why}`);
  }
  assert.deepEqual(resolverAddress('1.2.3.4'), { ip: '1.2.3.4', port: 53 });
  assert.deepEqual(resolverAddress('[::1]:54'), { ip: '::1', port: 54 });
  assert.deepEqual(resolverAddress('::1'), { ip: '::1', port: 53 });
});

test('zones of resolvers may not mask one another or the domain', () => {
  const refusal = (domain: string, ...zones: readonly string[]): string | undefined =>
    checkZoneResolvers(Object.fromEntries(zones.map((zone) => [zone, ['1.1.1.1']])), domain);
  assert.equal(refusal('dc.mesos', 'weave'), undefined);
  assert.equal(refusal('dc.mesos', 'acdc.mesos'), undefined);
  assert.equal(refusal('x', 'abc.com', 'bc.com'), undefined);
  assert.equal(
    refusal('dc.mesos', 'mesos'),
    'ambiguous zone resolvers: .dc.mesos is masked by .mesos',
  );
  assert.match(refusal('dc.mesos', 'site.dc.mesos') ?? '', /is masked by \.dc\.mesos$/);
  assert.match(refusal('x', 'abc.com', 'com') ?? '', /^ambiguous zone resolvers: \.abc\.com/);
  assert.equal(refusal('x', '.com'), 'invalid domain name: .com');
  assert.equal(checkZoneResolvers({ com: [] }, 'x'), 'field ZoneResolver com is empty');
});

test('sources of addresses are known and named once', () => {
  assert.equal(checkIpSources(['host', 'netinfo', 'docker', 'mesos']), undefined);
  const prefix = 'IPSources validation failed: ';
  assert.equal(checkIpSources(['host', 'host']), `${prefix}duplicate ip source specified`);
  assert.equal(checkIpSources(['x']), `${prefix}invalid ip source "x"`);
});

test('flags have one or two dashes, with = or a space', () => {
  for (const argv of [['-config', 'f'], ['--config', 'f'], ['-config=f'], ['--config=f']]) {
    const flags = parseDnsFlags(argv);
    assert.ok(flags.ok);
    assert.equal(flags.value.config, 'f');
  }
  const flags = parseDnsFlags([
    '-v',
    '2',
    '-logtostderr',
    '-log_dir=/tmp',
    '-version',
    'rest',
    '-x',
  ]);
  assert.ok(flags.ok);
  assert.deepEqual(
    [flags.value.verbosity, flags.value.version, flags.value.config],
    [2, true, 'config.json'],
  );
  const table: readonly (readonly [readonly string[], string])[] = [
    [['-foo'], 'flag provided but not defined: -foo'],
    [['-config'], 'flag needs an argument: -config'],
    [['-version=maybe'], 'invalid boolean value "maybe" for -version: parse error'],
    [['-v=x'], 'invalid value "x" for flag -v: parse error'],
  ];
  for (const [argv, error] of table) assert.deepEqual(parseDnsFlags(argv), { ok: false, error });
});
