import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TaskEntry } from '../../dns/cluster-state.ts';
import { expandPorts, parseHostPort, parsePid } from '../../dns/cluster-state.ts';
import {
  agentAddresses,
  agentRecords,
  frameworkRecords,
  masterRecords,
  type NamingRules,
  ownRecords,
  type RecordSink,
  taskAddresses,
  taskRecords,
} from '../../dns/records.ts';

const RULES: NamingRules = {
  domain: 'mesos',
  labelRule: 'rfc1123',
  addressSources: ['netinfo', 'mesos', 'host'],
};

/** One line per record, in the order told. */
function lines(tell: (sink: RecordSink) => void): readonly string[] {
  const told: string[] = [];
  tell((type, name, value) => told.push(`${type} ${name} ${value}`));
  return told;
}

const addressesOf = (host: string): readonly string[] =>
  /^[0-9.:]+$/.test(host) ? [host] : ({ 'two.example': ['1.1.1.1', '2001:db8::1'] }[host] ?? []);

function task(changes: Partial<TaskEntry> = {}): TaskEntry {
  return {
    id: 'test',
    name: 'web',
    frameworkId: 'F',
    agentId: 'x-S4',
    isRunning: true,
    ports: [],
    running: undefined,
    discovery: undefined,
    ...changes,
  };
}

test('a framework with a pid has addresses and a port', () => {
  const framework = { id: 'F', name: 'marathon', hostname: 'ignored' };
  assert.deepEqual(
    lines((sink) =>
      frameworkRecords(
        { ...framework, address: { host: '10.0.0.1', port: 8_080 } },
        RULES,
        addressesOf,
        sink,
      ),
    ),
    ['A marathon.mesos. 10.0.0.1', 'SRV _framework._tcp.marathon.mesos. marathon.mesos.:8080'],
  );
});

test('a framework without pid has the addresses of its hostname, and none has nothing', () => {
  const framework = { id: 'F', name: 'Chronos 2.4', address: undefined };
  assert.deepEqual(
    lines((sink) =>
      frameworkRecords({ ...framework, hostname: 'two.example' }, RULES, addressesOf, sink),
    ),
    ['A chronos2.4.mesos. 1.1.1.1', 'AAAA chronos2.4.mesos. 2001:db8::1'],
  );
  assert.deepEqual(
    lines((sink) => frameworkRecords({ ...framework, hostname: 'none' }, RULES, addressesOf, sink)),
    [],
  );
});

test('an agent has its addresses and its port under slave', () => {
  const agent = { id: 'S1', address: { host: 'two.example', port: 5_051 } };
  const addresses = agentAddresses(agent, RULES, addressesOf);
  assert.deepEqual(
    lines((sink) => agentRecords(agent, addresses, RULES, sink)),
    [
      'A slave.mesos. 1.1.1.1',
      'AAAA slave.mesos. 2001:db8::1',
      'SRV _slave._tcp.mesos. slave.mesos.:5051',
    ],
  );
});

test('an agent whose host has no address is remembered by its name', () => {
  const agent = { id: 'S1', address: { host: 'No_Where.example', port: 1 } };
  assert.deepEqual(agentAddresses(agent, RULES, addressesOf), ['no-where.example']);
});

test('masters are numbered in their order, the leader wherever it stands', () => {
  const numbered = (list: readonly string[]): readonly string[] =>
    lines((sink) => masterRecords('5@0.0.0.6:7', list, 'mesos', sink))
      .filter((line) => line.startsWith('A master'))
      .map((line) => line.slice(2))
      .sort();
  assert.deepEqual(numbered(['0.0.0.8:9', '0.0.0.6:7', '0.0.0.7:1']), [
    'master.mesos. 0.0.0.6',
    'master.mesos. 0.0.0.7',
    'master.mesos. 0.0.0.8',
    'master0.mesos. 0.0.0.8',
    'master1.mesos. 0.0.0.6',
    'master2.mesos. 0.0.0.7',
  ]);
  assert.deepEqual(numbered(['', '0.0.0.8:9', '0.0.0.8:10']), [
    'master.mesos. 0.0.0.6',
    'master.mesos. 0.0.0.8',
    'master0.mesos. 0.0.0.8',
    'master1.mesos. 0.0.0.6',
  ]);
  assert.deepEqual(numbered([]), ['master.mesos. 0.0.0.6', 'master0.mesos. 0.0.0.6']);
  assert.deepEqual(numbered(['0.0.0.6:7', '0.0.0.6:7']), [
    'master.mesos. 0.0.0.6',
    'master0.mesos. 0.0.0.6',
  ]);
});

test('the leader has a port over tcp and udp; a leader without address has no names', () => {
  assert.deepEqual(
    lines((sink) => masterRecords('master@1.2.3.4:5050', [], 'a.b', sink)).slice(0, 4),
    [
      'A leader.a.b. 1.2.3.4',
      'A master.a.b. 1.2.3.4',
      'SRV _leader._tcp.a.b. leader.a.b.:5050',
      'SRV _leader._udp.a.b. leader.a.b.:5050',
    ],
  );
  assert.deepEqual(
    lines((sink) => masterRecords('1.2.3.4:5050', [], 'mesos', sink)),
    [],
  );
  assert.deepEqual(
    lines((sink) => masterRecords('master@1.2.3.4', [], 'mesos', sink)),
    [],
  );
});

test('a task without discovery has plain, canonical and slave names, and its ports', () => {
  assert.deepEqual(
    lines((sink) => taskRecords(task({ ports: [31_000] }), 'marathon', ['10.1.1.1'], RULES, sink)),
    [
      'A web.marathon.mesos. 10.1.1.1',
      'A web-iffe9-s4.marathon.mesos. 10.1.1.1',
      'A web.marathon.slave.mesos. 10.1.1.1',
      'A web-iffe9-s4.marathon.slave.mesos. 10.1.1.1',
      'SRV _web._tcp.marathon.slave.mesos. web-iffe9-s4.marathon.slave.mesos.:31000',
      'SRV _web._udp.marathon.slave.mesos. web-iffe9-s4.marathon.slave.mesos.:31000',
      'SRV _web._tcp.marathon.mesos. web-iffe9-s4.marathon.slave.mesos.:31000',
      'SRV _web._udp.marathon.mesos. web-iffe9-s4.marathon.slave.mesos.:31000',
    ],
  );
});

test('discovery names count twice, and replace the ports outside of slave', () => {
  const ports = [
    { number: 80, protocol: 'tcp', name: 'http' },
    { number: 53, protocol: '', name: '' },
  ];
  const told = lines((sink) =>
    taskRecords(
      task({ ports: [31_000], discovery: { name: 'My.App', ports } }),
      'fw',
      ['10.1.1.1'],
      { ...RULES, addressSources: ['netinfo'] },
      sink,
    ),
  );
  assert.deepEqual(
    told.filter((line) => line.includes('my-app')),
    [
      'A my-app.fw.slave.mesos. 10.1.1.1',
      'A my-app-iffe9-s4.fw.slave.mesos. 10.1.1.1',
      'SRV _my-app._tcp.fw.slave.mesos. my-app-iffe9-s4.fw.slave.mesos.:31000',
      'SRV _my-app._udp.fw.slave.mesos. my-app-iffe9-s4.fw.slave.mesos.:31000',
      'SRV _my-app._tcp.fw.mesos. my-app-iffe9-s4.fw.mesos.:80',
      'SRV _http._my-app._tcp.fw.mesos. my-app-iffe9-s4.fw.mesos.:80',
      'SRV _my-app._tcp.fw.mesos. my-app-iffe9-s4.fw.mesos.:53',
      'SRV _my-app._udp.fw.mesos. my-app-iffe9-s4.fw.mesos.:53',
    ],
  );
  assert.ok(told.includes('SRV _http._My.App._tcp.fw.mesos. My.App-iffe9-s4.fw.mesos.:80'));
  assert.equal(told.length, 16);
});

test('the addresses of a task come from the first source that has any', () => {
  const running = {
    timestamp: 1,
    networkAddresses: ['10.0.0.1', 'nonsense', '2001:db8::7'],
    dockerAddresses: ['10.0.0.2'],
    mesosAddresses: ['10.0.0.3'],
  };
  const table: readonly (readonly [readonly string[], readonly string[]])[] = [
    [
      ['netinfo', 'host'],
      ['10.0.0.1', '2001:db8::7'],
    ],
    [['docker', 'host'], ['10.0.0.2']],
    [['mesos', 'host'], ['10.0.0.3']],
    [['unheard', 'host'], ['10.1.1.1']],
    [['unheard'], []],
  ];
  for (const [sources, expected] of table) {
    assert.deepEqual(taskAddresses(task({ running }), ['10.1.1.1'], sources), expected);
  }
  assert.deepEqual(taskAddresses(task(), ['10.1.1.1'], ['netinfo', 'host']), ['10.1.1.1']);
  assert.deepEqual(taskAddresses(task(), ['a-name'], ['host']), []);
});

test('the name server has its own name', () => {
  assert.deepEqual(
    lines((sink) => ownRecords('ns1.mesos.', ['10.0.0.1', '::1', ''], sink)),
    ['A ns1.mesos. 10.0.0.1', 'AAAA ns1.mesos. ::1'],
  );
});

test('pids, addresses and port lists are read as the original writes them', () => {
  assert.deepEqual(parsePid('slave(1)@127.0.0.1:5051'), { host: '127.0.0.1', port: 5_051 });
  assert.deepEqual(parsePid(' "m@[2001:db8::1]:5050" '), { host: '2001:db8::1', port: 5_050 });
  for (const bad of ['', 'a', 'a@b', 'a@b@c:1', 'a@:1', 'a@b:x', 'a@b:70000']) {
    assert.equal(parsePid(bad), undefined, bad);
  }
  assert.equal(parseHostPort(''), undefined);
  assert.deepEqual(expandPorts('[31000-31002, 31005-31005]'), [31_000, 31_001, 31_002, 31_005]);
  assert.deepEqual(expandPorts('[31000, 31002-31002, x-y]'), [31_002]);
  assert.deepEqual(expandPorts('[]'), []);
  assert.deepEqual(expandPorts(''), []);
});
