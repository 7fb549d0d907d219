/** Containers in networks of their own: real network namespaces, plugins as the standard ones. */
import assert from 'node:assert/strict';
import {
  existsSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { test } from 'node:test';
import type { ContainerInfo } from '../../core/wire/types/mesos.v1.ts';
import { CniBench } from './support/cni-bench.ts';
import { needs } from './support/host-features.ts';

const NETWORKS = needs('root', 'namespaces', 'bridges', 'cgroup:freezer');
const REPORT = [
  'ip -4 -o address show > addresses',
  'ip link show lo > lo',
  'cat /etc/hosts > hosts',
  'cat /etc/resolv.conf > resolver',
  'hostname > name',
  'exec sleep 1000',
].join('; ');

function joining(
  names: readonly string[],
  more: Omit<ContainerInfo, 'type'> = {},
): { readonly container: ContainerInfo } {
  return {
    container: { type: 'MESOS', network_infos: names.map((name) => ({ name })), ...more },
  };
}

test(
  'network/cni: a task has the addresses, files and name that its plugins give, and leaves nothing',
  NETWORKS,
  async (t) => {
    const { bench, cni } = await CniBench.start(t);
    const port_mappings = [{ host_port: 31000, container_port: 80, protocol: 'tcp' }];
    const container = {
      type: 'MESOS' as const,
      network_infos: [{ name: 'blue', port_mappings, groups: ['dev'] }],
    };
    await bench.run('t1', { command: REPORT, info: { container } });
    const { networkInfos } = await bench.updated('t1', 'TASK_RUNNING');
    const ip_addresses = [{ protocol: 'IPv4', ip_address: '10.77.0.2' }];
    assert.deepEqual(networkInfos, [
      { name: 'blue', port_mappings, groups: ['dev'], ip_addresses },
    ]);
    await bench.until('its report', () => (bench.has('t1', 'name') ? true : undefined));
    assert.match(bench.output('t1', 'addresses'), /eth0 +inet 10\.77\.0\.2\/24/);
    assert.match(bench.output('t1', 'lo'), /LOOPBACK,UP/);
    assert.equal(bench.output('t1', 'hosts'), '127.0.0.1 localhost\n10.77.0.2 t1\n');
    assert.equal(bench.output('t1', 'resolver'), 'search example.test\nnameserver 10.1.2.3\n');
    assert.equal(bench.output('t1', 'name'), 't1\n');
    const { args } = cni.given('ADD', 't1');
    const network_info = { name: 'blue', groups: ['dev'], port_mappings };
    assert.deepEqual(args, { 'org.apache.mesos': { network_info } });
    const place = `${cni.root}/t1`;
    assert.deepEqual(JSON.parse(readFileSync(`${place}/blue/network.conf`, 'utf8')).args, args);
    assert.match(readFileSync(`${place}/blue/eth0/network.info`, 'utf8'), /10\.77\.0\.2\/24/);
    bench.it.destroy('t1');
    await bench.exited('t1');
    assert.deepEqual(cni.calls, ['ADD t1 eth0 with', 'DEL t1 eth0 with']);
    assert.deepEqual(readdirSync(cni.root), []);
    assert.deepEqual(readdirSync(`${cni.folder}/leases-blue`), []);
  },
);

test(
  'network/cni: containers of two networks have two interfaces and talk on both',
  NETWORKS,
  async (t) => {
    const { bench, cni } = await CniBench.start(t, [
      `--default_container_dns=${JSON.stringify({
        mesos: [
          {
            ...{ network_mode: 'CNI', network_name: 'red' },
            dns: { nameservers: ['10.9.9.9'], domain: 'red.test' },
          },
        ],
      })}`,
    ]);
    // Known without a restart, and told in the older way.
    cni.network('red', 78, { style: 'ip4' });
    const command = 'until [ -s answer ]; do nc -w 1 10.78.0.3 80 > answer; sleep 0.05; done';
    await bench.run('t1', { command, info: joining(['blue', 'red'], { hostname: 'one' }) });
    const serve =
      'hostname > name; cat /etc/resolv.conf > resolver; while :; do hostname | nc -l -p 80 -q 0; done';
    await bench.run('t2', { command: serve, info: joining(['blue', 'red'], { hostname: 'two' }) });
    await bench.updated('t1', 'TASK_FINISHED');
    assert.equal(bench.output('t1', 'answer'), 'two\n');
    const { net_rx_bytes: received = 0, net_tx_packets: sent = 0 } = bench.it.usage('t2') ?? {};
    assert.ok(received > 100 && sent > 2, `${received} bytes received, ${sent} packets sent`);
    const { networkInfos = [] } = await bench.updated('t2', 'TASK_RUNNING');
    const addresses = networkInfos.map(({ ip_addresses: [first] = [] }) => first?.ip_address);
    assert.deepEqual(addresses, ['10.77.0.3', '10.78.0.3']);
    assert.match(
      bench.output('t2', 'resolver'),
      /^domain red.test\nsearch example.test\nnameserver 10.1.2.3\nnameserver 10.9.9.9\n$/,
    );
    bench.it.destroy('t1');
    await bench.exited('t1');
    assert.equal(existsSync(`${cni.root}/t1`), false);
  },
);

test('network/cni: where nobody names servers those of the host serve', NETWORKS, async (t) => {
  const { bench, cni } = await CniBench.start(t);
  cni.network('plain', 78, { style: 'ip4' });
  const command = 'cat /etc/resolv.conf > resolver; sleep 1000';
  await bench.run('t1', { command, info: joining(['plain']) });
  await bench.updated('t1', 'TASK_RUNNING');
  const hosts = readFileSync('/etc/resolv.conf', 'utf8');
  assert.equal(readFileSync(`${cni.root}/t1/resolv.conf`, 'utf8'), hosts);
  await bench.until('it is read', () => bench.output('t1', 'resolver') === hosts || undefined);
});

test(
  'network/cni: what cannot be joined fails the launch, and leaves nothing',
  NETWORKS,
  async (t) => {
    const { bench, cni } = await CniBench.start(t);
    cni.network('full', 78, { fail: 'ADD' });
    const failure = async (id: string, names: readonly string[]): Promise<string> => {
      bench.launch(id, { command: 'true', info: joining(names) });
      const failed = await bench.until('the failure', () =>
        bench.events.find((event) => event.kind === 'launch-failed' && event.containerId === id),
      );
      return 'message' in failed ? String(failed.message) : '';
    };
    assert.equal(await failure('t1', ['green']), "Unknown CNI network 'green'");
    assert.equal(
      await failure('t2', ['blue', 'blue']),
      "Attempted to join CNI network 'blue' multiple times",
    );
    const full = await failure('t3', ['blue', 'full']);
    assert.match(
      full,
      /^The CNI plugin '.*\/cni\/bridge' failed to attach container t3 to CNI network 'full': stdout='{"code":11,"msg":"no room"}\n', stderr=''$/,
    );
    await bench.until('it to be cleaned', () =>
      readdirSync(cni.root).length === 0 ? true : undefined,
    );
    assert.deepEqual([...cni.calls].sort(), [
      'ADD t3 eth0 with',
      'ADD t3 eth1 with',
      'DEL t3 eth0 with',
      'DEL t3 eth1 with',
    ]);
    assert.equal(bench.hasCgroup('freezer', 't3'), false);
  },
);

test('network/cni: tasks of a group are in the network of their executor', NETWORKS, async (t) => {
  const { bench, cni } = await CniBench.start(t);
  const tasks = { a: { command: REPORT }, b: { command: REPORT } };
  await bench.runGroup('e1', tasks, joining(['blue']));
  const { networkInfos = [] } = await bench.updated('a', 'TASK_RUNNING');
  assert.deepEqual(networkInfos[0]?.ip_addresses, [{ protocol: 'IPv4', ip_address: '10.77.0.2' }]);
  for (const task of ['a', 'b']) {
    await bench.until('its report', () => (bench.has('e1', `${task}/name`) ? true : undefined));
    assert.equal(bench.output('e1', `${task}/name`), 'e1\n');
    assert.match(bench.output('e1', `${task}/addresses`), /10\.77\.0\.2/);
  }
  bench.it.destroy('e1');
  await bench.exited('e1');
  assert.deepEqual(cni.calls, ['ADD e1 eth0 with', 'DEL e1 eth0 with']);
});

test('network/cni: a task of a group may have a network of its own', NETWORKS, async (t) => {
  const { bench, cni } = await CniBench.start(t);
  cni.network('red', 78);
  const tasks = { a: { command: REPORT, info: joining(['red']) }, b: { command: REPORT } };
  await bench.runGroup('e1', tasks, joining(['blue']));
  const addressOf = async (task: string): Promise<string | undefined> => {
    const { networkInfos } = await bench.updated(task, 'TASK_RUNNING');
    await bench.until('its report', () => (bench.has('e1', `${task}/name`) ? true : undefined));
    return networkInfos?.[0]?.ip_addresses?.[0]?.ip_address;
  };
  assert.equal(await addressOf('a'), '10.78.0.2');
  assert.equal(await addressOf('b'), '10.77.0.2');
  assert.match(bench.output('e1', 'a/addresses'), /10\.78\.0\.2/);
  assert.doesNotMatch(bench.output('e1', 'a/addresses'), /10\.77\./);
  assert.equal(bench.output('e1', 'a/name'), 'n-a\n');
  assert.equal(bench.output('e1', 'b/name'), 'e1\n');
  bench.it.destroy('e1');
  await bench.exited('e1');
  await bench.until('both to be left', () =>
    readdirSync(cni.root).length === 0 ? true : undefined,
  );
  assert.deepEqual([...cni.calls].sort(), [
    'ADD e1 eth0 with',
    'ADD e1.n-a eth0 with',
    'DEL e1 eth0 with',
    'DEL e1.n-a eth0 with',
  ]);
});

test(
  'network/cni: another launcher leaves the networks that a dead one has joined',
  NETWORKS,
  async (t) => {
    const { bench, cni } = await CniBench.start(t);
    await bench.run('t1', { command: REPORT, info: joining(['blue']) });
    await bench.until('its report', () => (bench.has('t1', 'name') ? true : undefined));
    bench.events.length = 0;
    process.kill(bench.launcherPid, 'SIGKILL');
    const report = await bench.until('another launcher', () =>
      bench.events.find((event) => event.kind === 'report'),
    );
    assert.ok(report.kind === 'report');
    const [told] = report.containers;
    assert.equal(told?.networkInfos?.[0]?.ip_addresses?.[0]?.ip_address, '10.77.0.2');
    bench.it.destroy('t1');
    await bench.exited('t1');
    assert.deepEqual(cni.calls, ['ADD t1 eth0 with', 'DEL t1 eth0 with']);
    assert.deepEqual(readdirSync(cni.root), []);
  },
);

test(
  'network/cni: what a plugin refused to undo, and what nobody knows, the next launcher undoes',
  NETWORKS,
  async (t) => {
    const { bench, cni } = await CniBench.start(t);
    await bench.run('t1', { command: 'exec sleep 1000', info: joining(['blue']) });
    writeFileSync(`${cni.log}.refuse`, '');
    bench.it.destroy('t1');
    await bench.exited('t1');
    bench.it.forget('t1');
    assert.deepEqual(readdirSync(cni.root), ['t1']);
    rmSync(`${cni.log}.refuse`);
    await bench.until('its record to go', () =>
      readdirSync(`${bench.folder}/launcher/containers`).length === 0 ? true : undefined,
    );
    process.kill(bench.launcherPid, 'SIGKILL');
    await bench.until('it to be undone', () =>
      readdirSync(cni.root).length === 0 ? true : undefined,
    );
    assert.deepEqual(cni.calls.slice(1), ['DEL t1 eth0 with', 'DEL t1 eth0 with']);
  },
);

test(
  'network/cni: a container destroyed while its plugin works leaves the network afterwards',
  NETWORKS,
  async (t) => {
    const { bench, cni } = await CniBench.start(t);
    bench.launch('t1', { command: 'true', info: joining(['blue']) });
    await bench.until('the plugin', () => (existsSync(cni.log) ? true : undefined));
    bench.it.destroy('t1');
    await bench.exited('t1');
    assert.deepEqual(cni.calls, ['ADD t1 eth0 with', 'DEL t1 eth0 with']);
    assert.deepEqual(readdirSync(cni.root), []);
    assert.deepEqual(readdirSync(`${cni.folder}/leases-blue`), []);
  },
);

test('network/cni: an executor of its own is in its network too', NETWORKS, async (t) => {
  const { bench } = await CniBench.start(t);
  const command = `readlink /proc/self/ns/net > ns; ${REPORT}`;
  bench.runProcess('x1', { command, info: joining(['blue']) });
  const started = await bench.until('its start', () =>
    bench.events.find((event) => event.kind === 'started'),
  );
  assert.ok(started.kind === 'started');
  assert.equal(started.networkInfos?.[0]?.name, 'blue');
  await bench.until('its report', () => (bench.has('x1', 'name') ? true : undefined));
  assert.match(bench.output('x1', 'addresses'), /10\.77\.0\.2/);
  assert.notEqual(bench.output('x1', 'ns').trim(), readlinkSync('/proc/self/ns/net'));
});
