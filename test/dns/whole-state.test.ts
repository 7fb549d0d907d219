/** One whole state document of a cluster with everything in it, and all names it gives (spec mesos-dns, section 4). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ClusterNames } from '../../dns/cluster-names.ts';
import { readStateDocument } from '../../dns/state-document.ts';

const running = (timestamp: number, more: object = {}) => ({
  state: 'TASK_RUNNING',
  timestamp,
  ...more,
});
const label = (key: string, value: string) => ({ labels: [{ key, value }] });
const docker = (ip: string) => label('Docker.NetworkSettings.IPAddress', ip);
const mesos = (ip: string) => label('MesosContainerizer.NetworkSettings.IPAddress', ip);
const network = (...ips: readonly string[]) => ({
  container_status: {
    network_infos: [{ ip_addresses: ips.map((ip_address) => ({ ip_address })) }],
  },
});

/** The name of the framework, after RFC 952: its numbers are no labels. */
const FRAMEWORK = 'jobsofmanypeople-2';

/** Tasks of one framework, by name. */
const TASKS = [
  {
    id: 'shop.1',
    name: 'not-seen',
    slave_id: 'x-0',
    state: 'TASK_RUNNING',
    resources: { ports: '[31000-31001]' },
    // The newest running status counts, wherever it stands.
    statuses: [
      running(5, docker('10.3.0.4')),
      running(9, docker('10.3.0.1')),
      running(7, docker('')),
      { state: 'TASK_STARTING', timestamp: 12, ...docker('10.3.0.9') },
    ],
    discovery: {
      name: 'shop',
      ports: { ports: [{ number: 80, protocol: 'tcp', name: 'http' }] },
    },
  },
  {
    id: 'car.1',
    name: 'car',
    slave_id: 'x-1',
    state: 'TASK_RUNNING',
    resources: { ports: '[31002-31002]' },
    statuses: [running(1, mesos('10.3.0.3'))],
  },
  {
    id: 'toy.1',
    name: 'toy',
    slave_id: 'x-2',
    state: 'TASK_RUNNING',
    statuses: [running(1, network('12.0.1.2', 'fd01:b::1:8000:2'))],
  },
  // Over, and on an agent nobody knows.
  { id: 'old.1', name: 'old', slave_id: 'x-0', state: 'TASK_KILLED', statuses: [running(1)] },
  { id: 'far.1', name: 'far', slave_id: 'x-9', state: 'TASK_RUNNING', statuses: [running(1)] },
];

const STATE = {
  leader: 'master@10.0.0.1:5050',
  slaves: [
    { id: 'x-0', pid: 'slave(1)@10.1.0.1:5051', hostname: 'one' },
    { id: 'x-1', pid: 'slave(1)@10.1.0.2:5051', hostname: 'two' },
    { id: 'x-2', pid: 'slave(1)@[2001:db8::1]:5052', hostname: 'three' },
  ],
  frameworks: [
    {
      id: 'F1',
      name: 'Jobs (of MANY) people-2.0.1',
      pid: 'scheduler(1)@10.1.0.1:25501',
      tasks: TASKS,
    },
    { id: 'F2', name: 'no pid', hostname: '10.1.0.2', tasks: [] },
    { id: 'F3', name: 'nowhere', hostname: 'not.resolved', tasks: [] },
  ],
};

function recordsWith(addressSources: readonly string[]): readonly string[] {
  const own = { name: 'ns1.mesos.', addresses: ['127.0.0.1'] };
  const names = new ClusterNames({ domain: 'mesos', labelRule: 'rfc952', addressSources }, own);
  const state = readStateDocument(STATE);
  assert.ok(state.ok);
  const isAddress = /^[0-9a-f.:]+$/;
  names.apply({ kind: 'snapshot', state: state.value }, (host) =>
    isAddress.test(host) ? [host] : [],
  );
  names.setMasters(STATE.leader, ['10.0.0.1:5050']);
  return names.records.describe().split('\n');
}

test('a whole state gives exactly these names', () => {
  const names = `
    _car._tcp.FW.mesos. SRV car-3x56i-1.FW.slave.mesos.:31002
    _car._tcp.FW.slave.mesos. SRV car-3x56i-1.FW.slave.mesos.:31002
    _car._udp.FW.mesos. SRV car-3x56i-1.FW.slave.mesos.:31002
    _car._udp.FW.slave.mesos. SRV car-3x56i-1.FW.slave.mesos.:31002
    _framework._tcp.FW.mesos. SRV FW.mesos.:25501
    _http._shop._tcp.FW.mesos. SRV shop-9tb9j-0.FW.mesos.:80
    _leader._tcp.mesos. SRV leader.mesos.:5050
    _leader._udp.mesos. SRV leader.mesos.:5050
    _shop._tcp.FW.mesos. SRV shop-9tb9j-0.FW.mesos.:80
    _shop._tcp.FW.slave.mesos. SRV shop-9tb9j-0.FW.slave.mesos.:31000
    _shop._tcp.FW.slave.mesos. SRV shop-9tb9j-0.FW.slave.mesos.:31001
    _shop._udp.FW.slave.mesos. SRV shop-9tb9j-0.FW.slave.mesos.:31000
    _shop._udp.FW.slave.mesos. SRV shop-9tb9j-0.FW.slave.mesos.:31001
    _slave._tcp.mesos. SRV slave.mesos.:5051
    _slave._tcp.mesos. SRV slave.mesos.:5052
    car-3x56i-1.FW.mesos. A 10.3.0.3
    car-3x56i-1.FW.slave.mesos. A 10.1.0.2
    car.FW.mesos. A 10.3.0.3
    car.FW.slave.mesos. A 10.1.0.2
    FW.mesos. A 10.1.0.1
    leader.mesos. A 10.0.0.1
    master.mesos. A 10.0.0.1
    master0.mesos. A 10.0.0.1
    nopid.mesos. A 10.1.0.2
    ns1.mesos. A 127.0.0.1
    shop-9tb9j-0.FW.mesos. A 10.3.0.1
    shop-9tb9j-0.FW.slave.mesos. A 10.1.0.1
    shop.FW.mesos. A 10.3.0.1
    shop.FW.slave.mesos. A 10.1.0.1
    slave.mesos. A 10.1.0.1
    slave.mesos. A 10.1.0.2
    slave.mesos. AAAA 2001:db8::1
    toy-qretr-2.FW.mesos. A 12.0.1.2
    toy-qretr-2.FW.mesos. AAAA fd01:b::1:8000:2
    toy-qretr-2.FW.slave.mesos. AAAA 2001:db8::1
    toy.FW.mesos. A 12.0.1.2
    toy.FW.mesos. AAAA fd01:b::1:8000:2
    toy.FW.slave.mesos. AAAA 2001:db8::1`;
  const expected = names.trim().replaceAll('FW', FRAMEWORK).split(/\n\s*/).sort();
  const records = recordsWith(['netinfo', 'docker', 'mesos', 'host']);
  assert.deepEqual([...records].sort(), expected);
});

/** By sources of addresses: what `car`, `shop` and `toy` have. */
const SOURCES: readonly (readonly [sources: string, car: string, shop: string, toy: string])[] = [
  ['host', '10.1.0.2', '10.1.0.1', '2001:db8::1'],
  ['docker host', '10.1.0.2', '10.3.0.1', '2001:db8::1'],
  ['mesos host', '10.3.0.3', '10.1.0.1', '2001:db8::1'],
  ['netinfo', '', '', '12.0.1.2 fd01:b::1:8000:2'],
  ['none netinfo', '', '', '12.0.1.2 fd01:b::1:8000:2'],
  ['host netinfo', '10.1.0.2', '10.1.0.1', '2001:db8::1'],
];

for (const [sources, ...expected] of SOURCES) {
  test(`addresses of tasks by the sources '${sources}'`, () => {
    const records = recordsWith(sources.split(' '));
    const found = ['car', 'shop', 'toy'].map((name) =>
      records
        .filter((line) => line.startsWith(`${name}.${FRAMEWORK}.mesos. `))
        .map((line) => line.split(' ')[2])
        .join(' '),
    );
    assert.deepEqual(found, expected);
  });
}
