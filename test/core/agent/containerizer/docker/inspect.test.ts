/** What is understood of names, inspections, image names and cgroups. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  grantWrites,
  parseCgroups,
} from '../../../../../core/agent/containerizer/docker/cgroups.ts';
import {
  networkInfosOf,
  parseInspect,
} from '../../../../../core/agent/containerizer/docker/inspect.ts';
import { withTag } from '../../../../../core/agent/containerizer/docker/launch.ts';
import { containerIdOf, namesIn } from '../../../../../core/agent/containerizer/docker/names.ts';

const ID = '5e5c0a0e-2a67-4a0f-9d2f-0f1a2b3c4d5e';

test('only names with a container id behind our prefix are ours, old and new ones', () => {
  assert.equal(containerIdOf(`mesos-${ID}`), ID);
  assert.equal(containerIdOf(`/mesos-${ID}`), ID);
  assert.equal(containerIdOf(`mesos-${ID}.executor`), ID);
  assert.equal(containerIdOf(`mesos-20150101-120000-16777343-5050-1-S0.${ID}`), ID);
  assert.equal(containerIdOf(`mesos-S0.${ID}.executor`), ID);
  for (const name of ['mesos-dns', `mesos-${ID}x`, `other-${ID}`, `mesos-a.b.${ID}`, 'mesos-']) {
    assert.equal(containerIdOf(name), undefined, name);
  }
});

test('names are the last column of a listing, without those of links', () => {
  const listing =
    'CONTAINER ID   IMAGE     COMMAND   CREATED   STATUS   PORTS     NAMES\n' +
    'abc   busybox   "sh"   1 second ago   Up 1 second   80/tcp   web/db,mesos-x\n' +
    'def   busybox   "sh"   1 second ago   Exited (0)   old\n';
  assert.deepEqual(namesIn(listing), ['mesos-x', 'old']);
  assert.deepEqual(namesIn(''), []);
});

test('images without tag or digest are the latest', () => {
  assert.equal(withTag('busybox'), 'busybox:latest');
  assert.equal(withTag('localhost:5000/busybox'), 'localhost:5000/busybox:latest');
  for (const image of ['a:1', 'h:5000/a:1', 'a@sha256:00']) assert.equal(withTag(image), image);
});

function inspected(state: object, more: object = {}): string {
  return JSON.stringify([{ Id: 'i', Name: '/n', State: state, ...more }]);
}

const STARTED = '2026-01-01T00:00:00.123Z';

test('a container runs, has ended, or never started', () => {
  const seen = (state: object): unknown => {
    const parsed = parseInspect(inspected(state));
    if (!parsed.ok) return parsed.error;
    const { isStarted, isRunning, pid, exitCode } = parsed.value;
    return { isStarted, isRunning, pid, exitCode };
  };
  assert.deepEqual(seen({ Pid: 7, StartedAt: STARTED, Running: true, ExitCode: 0 }), {
    isStarted: true,
    isRunning: true,
    pid: 7,
    exitCode: 0,
  });
  assert.deepEqual(seen({ Pid: 0, StartedAt: STARTED, Running: false, ExitCode: 3 }), {
    isStarted: true,
    isRunning: false,
    pid: undefined,
    exitCode: 3,
  });
  assert.deepEqual(seen({ Pid: 0, StartedAt: '0001-01-01T00:00:00Z', Running: false }), {
    isStarted: false,
    isRunning: false,
    pid: undefined,
    exitCode: 0,
  });
  assert.equal(seen({ StartedAt: STARTED }), 'Unable to find Pid in State');
  assert.equal(seen({ Pid: 1 }), 'Unable to find StartedAt in State');
});

test('garbage of an engine is an error, never an exception', () => {
  for (const output of ['', '{', '[]', 'null', '[{},{}]', '[1]', '[{"Id":"i"}]']) {
    assert.equal(parseInspect(output).ok, false, output);
  }
});

test('addresses are those of the network the container was started in', () => {
  const state = { Pid: 7, StartedAt: STARTED, Running: true };
  const seen = (more: object): unknown => {
    const parsed = parseInspect(inspected(state, more));
    return parsed.ok ? networkInfosOf(parsed.value, { name: 'blue' }) : parsed.error;
  };
  const Networks = { blue: { IPAddress: '10.1.0.2', GlobalIPv6Address: 'fd00::2' } };
  const addresses = [{ ip_address: '10.1.0.2' }, { protocol: 'IPv6', ip_address: 'fd00::2' }];
  const HostConfig = { NetworkMode: 'blue' };
  const NetworkSettings = { IPAddress: '', Networks };
  assert.deepEqual(seen({ HostConfig, NetworkSettings }), [
    { name: 'blue', ip_addresses: addresses },
  ]);
  assert.deepEqual(seen({ NetworkSettings: { IPAddress: '172.17.0.2' } }), [
    { name: 'blue', ip_addresses: [{ ip_address: '172.17.0.2' }] },
  ]);
  assert.deepEqual(seen({ NetworkSettings: { IPAddress: '' } }), []);
});

const V1 =
  '4:memory:/docker/abc\n2:cpuacct,cpu:/docker/abc\n1:name=systemd:/docker/abc\n0::/docker/abc\n';
const GRANT = { cpus: 2, memMb: 64, cpusLimit: undefined, memLimitMb: undefined };

test('cgroups of version 1 are found by subsystem and get shares and limits that only rise', () => {
  const cgroups = parseCgroups(V1, '/cg');
  assert.ok(cgroups !== undefined);
  assert.deepEqual(cgroups, {
    version: 1,
    cpu: '/cg/cpu/docker/abc',
    cpuacct: '/cg/cpuacct/docker/abc',
    memory: '/cg/memory/docker/abc',
  });
  assert.deepEqual(grantWrites(cgroups, { ...GRANT, cpusLimit: 3 }, false), [
    { path: '/cg/cpu/docker/abc/cpu.shares', value: '2048' },
    { path: '/cg/cpu/docker/abc/cpu.cfs_period_us', value: '100000' },
    { path: '/cg/cpu/docker/abc/cpu.cfs_quota_us', value: '300000' },
    { path: '/cg/memory/docker/abc/memory.soft_limit_in_bytes', value: '67108864' },
    { path: '/cg/memory/docker/abc/memory.limit_in_bytes', value: '67108864', onlyRaises: true },
  ]);
});

test('cgroups of version 2 are one directory; a process outside of containers has none', () => {
  const cgroups = parseCgroups('0::/system.slice/docker-abc.scope\n', '/cg');
  assert.ok(cgroups !== undefined);
  const path = '/cg/system.slice/docker-abc.scope';
  assert.deepEqual(cgroups, { version: 2, path });
  assert.deepEqual(grantWrites(cgroups, GRANT, true), [
    { path: `${path}/cpu.weight`, value: '200' },
    { path: `${path}/cpu.max`, value: '200000 100000' },
    { path: `${path}/memory.low`, value: '67108864' },
    { path: `${path}/memory.max`, value: '67108864', onlyRaises: true },
  ]);
  assert.equal(parseCgroups('4:memory:/\n0::/\n', '/cg'), undefined);
  assert.equal(parseCgroups('', '/cg'), undefined);
});
