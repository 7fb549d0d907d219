/** The table of configuration keys (spec mesos-dns, sections 2 and 7.1), a line per key. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileDnsOptions, parseDnsConfig } from '../../dns/config.ts';
import { configDocument } from '../../dns/config-document.ts';

const SERIAL = 1_700_000_000;

/** What `/v1/config` shows of a configuration; one with a list of masters only when none is given. */
function shown(changes: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const config = parseDnsConfig(JSON.stringify({ masters: ['1.2.3.4:5050'], ...changes }));
  assert.ok(config.ok, JSON.stringify(config));
  const options = compileDnsOptions(config.value, {
    systemResolvers: () => [],
    readText: () => '',
  });
  assert.ok(options.ok, JSON.stringify(options));
  return configDocument(options.value, SERIAL);
}

/** In the order of section 7.1: the member's name, its default, a value, and how that is shown. */
const ROWS: readonly (readonly [name: string, fallback: unknown, given: unknown, as?: unknown])[] =
  [
    ['RefreshSeconds', 60, 30],
    ['Port', 53, 8_053],
    ['Timeout', 5, 1],
    ['StateTimeoutSeconds', 300, 10],
    ['ZkDetectionTimeout', 30, 0],
    ['HttpPort', 8_123, 80],
    ['TTL', 60, 5],
    ['SRVRecordDefaultWeight', 1, 7],
    // Given or not, it is the time of the last update.
    ['SOASerial', SERIAL, 5, SERIAL],
    ['SOARefresh', 60, 1],
    ['SOARetry', 600, 1],
    ['SOAExpire', 86_400, 1],
    ['SOAMinttl', 60, 1],
    ['SOAMname', 'ns1.mesos.', 'ns.example', 'ns.example.'],
    ['SOARname', 'root.ns1.mesos.', 'me@example.com.', 'me.example.com.'],
    ['Masters', ['1.2.3.4:5050'], ['5.6.7.8:1']],
    ['ZoneResolvers', {}, { weave: ['172.17.0.1'] }],
    ['Resolvers', ['8.8.8.8'], ['10.0.0.2', '10.0.0.3:54']],
    ['IPSources', ['netinfo', 'mesos', 'host'], ['docker']],
    ['Zk', '', 'zk://a:2181/mesos'],
    ['Domain', 'mesos', 'DC.Mesos', 'dc.mesos'],
    ['File', '', 'ignored', ''],
    ['Listener', '0.0.0.0', '127.0.0.1'],
    ['HTTPListener', '0.0.0.0', '127.0.0.1'],
    ['RecurseOn', true, false],
    ['DnsOn', true, false],
    ['HttpOn', true, false],
    ['ExternalOn', true, false],
    ['EnforceRFC952', false, true],
    ['SetTruncateBit', true, false],
    ['EnumerationOn', true, false],
    ['MesosHTTPSOn', false, true],
    ['CACertFile', '', ''],
    ['CertFile', '', ''],
    ['KeyFile', '', ''],
    [
      'MesosCredentials',
      { Principal: '', Secret: '' },
      { principal: 'p', secret: 's' },
      { Principal: 'p', Secret: '******' },
    ],
    ['IAMConfigFile', '', ''],
    ['MesosAuthentication', '', ''],
  ];

for (const [name, fallback, given, as = given] of ROWS) {
  test(`${name} is ${JSON.stringify(fallback)}, or as given, in any case`, () => {
    assert.deepEqual(shown({})[name], fallback);
    for (const key of [name, name.toLowerCase(), name.toUpperCase()]) {
      // The list of masters is given in the other lines, and would be there twice.
      const changes = name === 'Masters' ? { masters: given } : { [key]: given };
      assert.deepEqual(shown(changes)[name], as, key);
    }
  });
}

test('the members stand in their order, and masters that are not configured are null', () => {
  assert.deepEqual(
    Object.keys(shown({})),
    ROWS.map(([name]) => name),
  );
  assert.equal(shown({ masters: null, zk: 'zk://a:2181/mesos' })['Masters'], null);
});
