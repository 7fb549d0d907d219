import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Metrics } from '../../core/base/metrics.ts';
import { SimulatedClock } from '../../core/testing/index.ts';
import { ClusterNames } from '../../dns/cluster-names.ts';
import { compileDnsOptions, parseDnsConfig } from '../../dns/config.ts';
import { createDnsCounters, describeCounters } from '../../dns/counters.ts';
import { GoLog } from '../../dns/go-log.ts';
import { describeOptions } from '../../dns/main.ts';

const POSITION = String.raw`\d{4}/\d\d/\d\d \d\d:\d\d:\d\d go-log\.test\.ts:\d+`;

function linesAt(verbosity: number): readonly [GoLog, string[]] {
  const lines: string[] = [];
  const log = new GoLog(verbosity, new SimulatedClock(0), {
    out: (line) => lines.push(`out ${line}`),
    err: (line) => lines.push(`err ${line}`),
  });
  return [log, lines];
}

/** For each verbosity what is said of an error, a verbose and a very verbose line. */
const SAID: readonly (readonly [verbosity: number, lines: readonly string[]])[] = [
  [0, ['err ERROR']],
  [1, ['err ERROR', 'out VERBOSE']],
  [2, ['err ERROR', 'out VERY VERBOSE', 'out VERY VERBOSE']],
  [3, ['err ERROR', 'out VERY VERBOSE', 'out VERY VERBOSE']],
];

for (const [verbosity, kinds] of SAID) {
  test(`with -v ${verbosity} there is said: ${kinds.join(', ')}`, () => {
    const [log, lines] = linesAt(verbosity);
    log.error('one');
    log.verbose('two');
    log.veryVerbose('three');
    assert.equal(lines.length, kinds.length);
    for (const [index, kind] of kinds.entries()) {
      const text = ['one', 'two', 'three'][index];
      assert.match(lines[index] ?? '', new RegExp(`^${kind}: ${POSITION}: ${text}\n$`));
    }
  });
}

test('the configuration is told one line per member, without the secret', () => {
  const config = parseDnsConfig(
    '{"masters":["a:1","b:2"],"resolvers":["9.9.9.9"],"mesosAuthentication":"basic",' +
      '"mesosCredentials":{"principal":"p","secret":"hidden"}}',
  );
  assert.ok(config.ok);
  const options = compileDnsOptions(config.value, {
    systemResolvers: () => [],
    readText: () => '',
  });
  assert.ok(options.ok);
  const lines = describeOptions(options.value, new SimulatedClock(1_700_000_000_000));
  for (const line of [
    '   - Masters: a:1, b:2',
    '   - Resolvers: 9.9.9.9',
    '   - TTL: 60',
    '   - SOAMname: ns1.mesos.',
    '   - SOASerial: 1700000000',
    '   - ExternalOn: true',
    '   - Zk: ',
    '   - MesosCredentials: p:******',
  ]) {
    assert.ok(lines.includes(line), `${line} is missing in\n${lines.join('\n')}`);
  }
  assert.doesNotMatch(lines.join(), /hidden/);
});

test('each record is told when it is new, and not again', () => {
  const told: string[] = [];
  const rules = { domain: 'mesos', labelRule: 'rfc1123', addressSources: ['host'] } as const;
  const own = { name: 'ns1.mesos.', addresses: ['10.0.0.53'] };
  const names = new ClusterNames(rules, own, (type, name, value) => {
    told.push(`[${type}]\t${name}: ${value}`);
  });
  for (let time = 0; time < 2; time += 1) names.setMasters('master@10.0.0.1:5050', []);
  assert.deepEqual(told, [
    '[A]\tns1.mesos.: 10.0.0.53',
    '[A]\tleader.mesos.: 10.0.0.1',
    '[A]\tmaster.mesos.: 10.0.0.1',
    '[SRV]\t_leader._tcp.mesos.: leader.mesos.:5050',
    '[SRV]\t_leader._udp.mesos.: leader.mesos.:5050',
    '[A]\tmaster0.mesos.: 10.0.0.1',
  ]);
});

test('the counters stand on one line in the order of the original', () => {
  const counters = createDnsCounters(new Metrics());
  counters.MesosRequests.increment(3);
  counters.NonMesosForwarded.increment();
  assert.equal(
    describeCounters(counters),
    '{MesosRequests:3 MesosSuccess:0 MesosNXDomain:0 MesosFailed:0 NonMesosRequests:0' +
      ' NonMesosSuccess:0 NonMesosNXDomain:0 NonMesosFailed:0 NonMesosForwarded:1}',
  );
});
