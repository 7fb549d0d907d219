import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileIsolation } from '../../../../core/agent/containerizer/compile-isolation.ts';
import type {
  IsolationHost,
  IsolationOptions,
} from '../../../../core/agent/containerizer/isolation-options.ts';
import type { Isolator } from '../../../../core/agent/containerizer/isolator.ts';
import { AGENT_FLAGS } from '../../../../core/agent/flags.ts';
import { parseFlags } from '../../../../core/base/flags.ts';
import { ok, type Result } from '../../../../core/base/result.ts';

const HOST: IsolationHost = {
  isRoot: true,
  cgroupVersion: () => 1,
  subsystems: () => ['cpu', 'cpuacct', 'memory', 'pids', 'freezer'],
  device: (path) => (path === '/dev/fuse' ? 'c 10:229' : undefined),
  isDirectory: (path) => path === '/etc/cni',
  hasSystemd: false,
  memoryBytes: 8 * 1024 ** 3,
  cpuCount: 4,
};
const FAILED = 'Failed to create a containerizer: Could not create MesosContainerizer: ';

function compile(
  flags: readonly string[],
  host: Partial<IsolationHost> = {},
  plugged?: ReadonlyMap<string, Isolator>,
): Result<IsolationOptions> {
  const parsed = parseFlags(AGENT_FLAGS, {
    argv: ['--master=127.0.0.1:1', '--work_dir=/nowhere', ...flags],
    env: {},
    envPrefix: 'MESOS_',
    style: 'equals',
  });
  assert.ok(parsed.ok);
  return compileIsolation(
    parsed.value,
    { ...HOST, ...host },
    { agentPorts: [[31_000, 32_000]], ...(plugged === undefined ? {} : { plugged }) },
  );
}

function compiled(flags: readonly string[], host: Partial<IsolationHost> = {}): IsolationOptions {
  const options = compile(flags, host);
  assert.ok(options.ok, options.ok ? '' : options.error);
  return options.value;
}

function refusal(flags: readonly string[], host: Partial<IsolationHost> = {}): string {
  const options = compile(flags, host);
  return options.ok ? 'accepted' : options.error;
}

test('the launcher is linux where root and the host allow it', () => {
  assert.equal(compiled([]).launcher, 'linux');
  assert.equal(compiled([], { isRoot: false }).launcher, 'posix');
  assert.equal(compiled([], { cgroupVersion: () => undefined }).launcher, 'posix');
  assert.equal(compiled(['--launcher=posix']).launcher, 'posix');
  assert.match(refusal(['--launcher=linux'], { isRoot: false }), /needs root$/);
  assert.equal(refusal(['--launcher=x']), `${FAILED}Unknown or unsupported launcher: x`);
});

test('old names stand for new ones, and what is always there is added', () => {
  assert.deepEqual(compiled(['--isolation=process']).isolators, [
    ...['filesystem/posix', 'posix/cpu', 'posix/mem', 'network/cni', 'environment_secret'],
  ]);
  const old = compiled(['--isolation=cgroups,posix/disk']);
  assert.deepEqual(old.isolators, [
    ...['filesystem/posix', 'cgroups/cpu', 'cgroups/mem', 'disk/du', 'network/cni'],
    'environment_secret',
  ]);
  assert.deepEqual(old.subsystems, ['cpu', 'cpuacct', 'memory']);
});

test('cgroups/all stands for all that the host has, whatever else is named', () => {
  const names = compiled(['--isolation=cgroups/cpu,cgroups/all']).isolators;
  assert.deepEqual(
    names.filter((name) => name.startsWith('cgroups/')),
    ['cgroups/cpu', 'cgroups/mem', 'cgroups/pids'],
  );
});

test('names nobody knows stop the agent with the text of the original', () => {
  const sentence = `${FAILED}Unknown or unsupported isolator`;
  assert.equal(refusal(['--isolation=posix/cpu,foo']), `${sentence} 'foo'`);
  assert.equal(refusal(['--isolation=cgroups/foo']), `${sentence} 'cgroups/foo'`);
});

test('isolators of the original that are not here are refused by name', () => {
  const names = [
    ...['disk/xfs', 'gpu/nvidia', 'linux/devices', 'linux/seccomp'],
    ...['network/port_mapping', 'volume/csi'],
  ];
  for (const name of names) {
    assert.equal(
      refusal([`--isolation=posix/cpu,${name}`]),
      `Flag 'isolation' names '${name}', which this version does not support; leave it out`,
    );
  }
});

test('networks need both of their directories, root, and that there is one', () => {
  const failed = `${FAILED}Failed to create isolator 'network/cni': `;
  const plugins = '--network_cni_plugins_dir=/opt/cni:/usr/lib/cni';
  const config = '--network_cni_config_dir=/etc/cni';
  assert.equal(refusal([plugins]), `${failed}Missing required '--network_cni_config_dir' flag`);
  assert.equal(refusal([config]), `${failed}Missing required '--network_cni_plugins_dir' flag`);
  assert.match(refusal([plugins, config], { isRoot: false }), /requires root permissions$/);
  assert.equal(
    refusal([plugins, '--network_cni_config_dir=/none']),
    `${failed}The CNI network configuration directory '/none' does not exist`,
  );
  assert.equal(compiled([]).cni, undefined);
  const { cni } = compiled([plugins, config]);
  assert.equal(cni?.root, '/nowhere/runtime/isolators/network/cni');
  assert.equal(cni?.pluginsPath, '/opt/cni:/usr/lib/cni');
  const kept = compiled([plugins, config, '--network_cni_root_dir_persist']);
  assert.equal(kept.cni?.root, '/nowhere/isolators/network/cni');
  const elsewhere = compiled([plugins, config, '--runtime_dir=/run/mesos']);
  assert.equal(elsewhere.cni?.root, '/run/mesos/isolators/network/cni');
});

test('servers for names of containers are told by network, or for all', () => {
  const plugins = ['--network_cni_plugins_dir=/opt/cni', '--network_cni_config_dir=/etc/cni'];
  const dns = (entries: readonly object[]): string =>
    `--default_container_dns=${JSON.stringify({ mesos: entries })}`;
  const one = { network_mode: 'CNI', network_name: 'blue', dns: { nameservers: ['10.0.0.1'] } };
  const all = { network_mode: 'CNI', dns: { nameservers: ['10.0.0.9'] } };
  const { cni } = compiled([...plugins, dns([one, all])]);
  assert.deepEqual(cni?.dns.byNetwork.get('blue')?.nameservers, ['10.0.0.1']);
  assert.deepEqual(cni?.dns.others?.nameservers, ['10.0.0.9']);
  const host = { network_mode: 'HOST', dns: {} };
  assert.match(refusal([...plugins, dns([host])]), /with the mode CNI only$/);
});

test('devices are allowed by their numbers, with the rights that the flag names', () => {
  const devices = (path: string, access: object): string =>
    `--allowed_devices=${JSON.stringify({ allowed_devices: [{ device: { path }, access }] })}`;
  const fuse = devices('/dev/fuse', { read: true, write: true });
  const isolation = '--isolation=cgroups/devices';
  assert.deepEqual(compiled([isolation, fuse]).allowedDevices, ['c 10:229 rw']);
  assert.match(refusal([fuse]), /needs the isolator 'cgroups\/devices'$/);
  const failed = "Failed to load flag 'allowed_devices': ";
  assert.equal(
    refusal([isolation, devices('/dev/none', { read: true })]),
    `${failed}Failed to obtain device ID from '/dev/none'`,
  );
  assert.match(refusal([isolation, devices('/dev/fuse', {})]), /No access is given/);
});

test('perf events need their isolator, and perf', () => {
  const flags = ['--isolation=cgroups/perf_event', '--perf_events=cycles,instructions'];
  const isolator = `${FAILED}Failed to create isolator 'cgroups/perf_event': `;
  assert.equal(refusal(flags), `${isolator}the program 'perf' is not there, or does not run`);
  assert.deepEqual(compiled(flags, { hasPerf: () => true }).perf, {
    events: ['cycles', 'instructions'],
    intervalMs: 60_000,
    durationMs: 10_000,
  });
  assert.match(refusal(['--perf_events=cycles']), /needs the isolator 'cgroups\/perf_event'$/);
  assert.equal(refusal(['--isolation=cgroups/perf_event']), 'accepted');
});

test('secrets in files need mount namespaces', () => {
  assert.match(refusal(['--isolation=volume/secret']), /'filesystem\/linux' must be used too$/);
  assert.equal(refusal(['--isolation=volume/secret,filesystem/linux']), 'accepted');
});

test('one network isolator only', () => {
  const plugged = new Map(
    ['network/a', 'network/b'].map((name) => [name, { name, prepare: () => ok({}) }]),
  );
  const names = (text: string): Result<IsolationOptions> =>
    compile([`--isolation=${text}`], {}, plugged);
  const one = names('network/a,network/ports');
  assert.ok(one.ok);
  assert.equal(one.value.isolators.includes('network/cni'), false);
  assert.deepEqual(names('network/a,network/b'), {
    ok: false,
    error: `${FAILED}Using multiple network isolators simultaneously is disallowed`,
  });
});

test('one file system isolator only', () => {
  assert.equal(
    refusal(['--isolation=filesystem/linux,filesystem/posix']),
    `${FAILED}Using multiple filesystem isolators simultaneously is disallowed`,
  );
});

test('isolators are refused on a host that cannot carry them', () => {
  const noRoot = { isRoot: false };
  assert.match(refusal(['--isolation=cgroups/cpu'], noRoot), /'cgroups\/cpu': Root permissions/);
  assert.match(
    refusal(['--isolation=namespaces/pid,filesystem/linux', '--launcher=posix']),
    /The 'linux' launcher must be used/,
  );
  const unified: Partial<IsolationHost> = {
    cgroupVersion: () => 2,
    subsystems: () => ['cpu', 'memory'],
  };
  assert.match(refusal(['--cgroups_limit_swap'], unified), /cgroups v2/);
  assert.match(
    refusal(['--isolation=cgroups/net_cls'], unified),
    /Unknown or unsupported isolator/,
  );
  assert.deepEqual(compiled(['--isolation=cgroups/cpu'], unified).subsystems, ['cpu']);
});

test('the ports that matter are all, those of the agent, or a range', () => {
  assert.equal(compiled([]).isolatedPorts, undefined);
  assert.deepEqual(compiled(['--check_agent_port_range_only']).isolatedPorts, [[31_000, 32_000]]);
  const range = '--container_ports_isolated_range=[5-9]';
  assert.deepEqual(compiled([range]).isolatedPorts, [[5, 9]]);
  assert.match(refusal([range, '--check_agent_port_range_only']), /^Only one of/);
  assert.match(refusal(['--container_ports_isolated_range=5']), /invalid range '5'/);
});

test('executors without a container get that of the flag, which is of type MESOS', () => {
  const info = (type: string) => `--default_container_info={"type":"${type}","hostname":"h"}`;
  assert.deepEqual(compiled([info('MESOS')]).defaultContainer, { type: 'MESOS', hostname: 'h' });
  assert.match(refusal([info('DOCKER')]), /only supported with the type 'MESOS'/);
  assert.match(refusal(['--default_container_info=7']), /^Failed to load flag/);
  const terminal = '--default_container_info={"type":"MESOS","tty_info":{}}';
  assert.match(refusal([terminal]), /not supported with 'tty_info'$/);
});

test('capabilities of the flags are within the bounding set', () => {
  const flags = (effective: string, bounding: string): readonly string[] => [
    '--isolation=linux/capabilities',
    `--effective_capabilities={"capabilities":[${effective}]}`,
    `--bounding_capabilities={"capabilities":[${bounding}]}`,
  ];
  assert.equal(
    refusal(flags('"NET_RAW","NET_ADMIN"', '"NET_RAW"')),
    `${FAILED}Failed to create isolator 'linux/capabilities': Allowed capabilities are not a subset of the bounding capabilites`,
  );
  const { effectiveCapabilities } = compiled(flags('"NET_RAW"', '"NET_RAW","NET_ADMIN"'));
  assert.deepEqual(effectiveCapabilities, ['NET_RAW']);
});
