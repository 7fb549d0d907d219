/** Command lines of `docker run` and the sentences of refusals, row by row of the specification. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type RunRequest,
  runArguments,
} from '../../../../../core/agent/containerizer/docker/run-options.ts';
import type {
  ContainerInfo,
  ContainerInfoDockerInfo,
  Resource,
} from '../../../../../core/wire/types/mesos.v1.ts';

const GIGABYTE = 1024 ** 3;

function scalar(name: string, value: number): Resource {
  const allocation_info = { role: 'web' };
  return { name, type: 'SCALAR', scalar: { value }, allocation_info };
}

const PORTS: Resource = {
  name: 'ports',
  type: 'RANGES',
  ranges: { range: [{ begin: 31000, end: 31001 }] },
};

interface Wanted {
  readonly docker?: Partial<ContainerInfoDockerInfo>;
  readonly container?: Partial<ContainerInfo>;
  readonly request?: Partial<RunRequest>;
}

function request({ docker, container, request }: Wanted = {}): RunRequest {
  return {
    name: 'mesos-c1',
    containerInfo: { type: 'DOCKER', docker: { image: 'busybox', ...docker }, ...container },
    command: { value: 'sleep 1' },
    sandbox: '/sandbox',
    mappedDirectory: '/mnt/mesos/sandbox',
    requests: [scalar('cpus', 0.5), scalar('mem', 128)],
    limits: {},
    enableCfs: false,
    hostMemoryBytes: 8 * GIGABYTE,
    environment: {},
    defaultDns: undefined,
    extraVolumes: [],
    ...request,
  };
}

/** The words between `run` and `--name`, but for the environment and the sandbox. */
function words(wanted: Wanted): string {
  const run = runArguments(request(wanted));
  assert.ok(run.ok, run.ok ? '' : run.error);
  return run.value.join(' ');
}

function part(wanted: Wanted, pattern: RegExp): string {
  return pattern.exec(words(wanted))?.[0] ?? '';
}

function refusal(wanted: Wanted): string | undefined {
  const run = runArguments(request(wanted));
  return run.ok ? undefined : run.error;
}

test('a task with a shell command gets the whole line in the order of the original', () => {
  assert.equal(
    words({}),
    'run --cpu-shares 512 --memory 134217728 -e MESOS_ALLOCATION_ROLE=web ' +
      '-e MESOS_CONTAINER_NAME=mesos-c1 -e MESOS_SANDBOX=/mnt/mesos/sandbox ' +
      '-v /sandbox:/mnt/mesos/sandbox --net host --entrypoint /bin/sh --name mesos-c1 ' +
      'busybox -c sleep 1',
  );
});

test('everything at once stands in the order of the original', () => {
  const docker = {
    privileged: true,
    network: 'BRIDGE',
    port_mappings: [{ host_port: 31000, container_port: 80, protocol: 'TCP' }],
    parameters: [{ key: 'user', value: 'nobody' }],
  } as const;
  const volume = { mode: 'RO', container_path: '/data', host_path: '/srv' } as const;
  const limits = { cpus: 2, mem: 256 };
  const wanted = { docker, container: { hostname: 'web1', volumes: [volume] } };
  assert.equal(
    words({ ...wanted, request: { limits, requests: [...request().requests, PORTS] } }).replace(
      / -e \S+/g,
      '',
    ),
    'run --privileged --cpu-shares 512 --cpu-quota 200000 --memory-reservation 134217728 ' +
      '--memory 268435456 --oom-score-adj 985 -v /srv:/data:ro -v /sandbox:/mnt/mesos/sandbox ' +
      '--net bridge --hostname web1 -p 31000:80/tcp --entrypoint /bin/sh --name mesos-c1 ' +
      '--user=nobody busybox -c sleep 1',
  );
});

test('cpus and memory have the least amounts of the kernel and no limit where none is', () => {
  const grants = /--cpu-shares.*?(?= -e)/;
  const tiny = [scalar('cpus', 0.001), scalar('mem', 1)];
  assert.equal(part({ request: { requests: tiny } }, grants), '--cpu-shares 2 --memory 33554432');
  const cfs = { requests: tiny, enableCfs: true };
  assert.match(words({ request: cfs }), /--cpu-quota 1000 /);
  const infinite = { limits: { cpus: Number.POSITIVE_INFINITY, mem: Number.POSITIVE_INFINITY } };
  assert.equal(
    part({ request: infinite }, grants),
    '--cpu-shares 512 --memory-reservation 134217728 --oom-score-adj 985',
  );
});

test('a command without shell follows the entry point of the image, no command leaves the image alone', () => {
  const exec = { shell: false, value: 'a', arguments: ['b', 'c d'] };
  assert.match(words({ request: { command: exec } }), /host --name mesos-c1 busybox a b c d$/);
  assert.match(words({ request: { command: { shell: false } } }), /--name mesos-c1 busybox$/);
  const refused = refusal({ request: { command: { shell: true } } });
  assert.equal(refused, 'Shell specified but no command value provided');
});

test('what the agent gives wins over the variables of the command, secrets are left out', () => {
  const variables = [
    { name: 'B', value: 'task' },
    { name: 'A', value: 'task' },
    { name: 'S', type: 'SECRET' },
    { name: 'MESOS_SANDBOX', value: 'elsewhere' },
  ] as const;
  const command = { value: 'x', environment: { variables } };
  const wanted = { request: { command, environment: { B: 'agent' } } };
  assert.deepEqual(words(wanted).match(/(?<=-e )\S+/g), [
    'A=task',
    'B=agent',
    'MESOS_ALLOCATION_ROLE=web',
    'MESOS_CONTAINER_NAME=mesos-c1',
    'MESOS_SANDBOX=/mnt/mesos/sandbox',
  ]);
});

test('volumes are bound by the rules of relative paths and drivers', () => {
  const bound = (volume: object, docker: Partial<ContainerInfoDockerInfo> = {}): string =>
    part(
      { docker, container: { volumes: [{ mode: 'RW', container_path: '/c', ...volume }] } },
      /(?<=-v )\S+/,
    );
  assert.equal(bound({ host_path: '/h' }), '/h:/c:rw');
  assert.equal(bound({ host_path: 'h' }), '/sandbox/h:/c:rw');
  assert.equal(
    bound({ host_path: '/h', container_path: 'c', mode: 'RO' }),
    '/h:/mnt/mesos/sandbox/c:ro',
  );
  assert.equal(bound({ host_path: 'vol' }, { volume_driver: 'd' }), 'vol:/c:rw');
  const source = { type: 'DOCKER_VOLUME', docker_volume: { name: 'v', driver: 'd' } };
  assert.equal(bound({ source }), 'v:/c:rw');
  assert.match(
    words({
      container: {
        volumes: [
          {
            mode: 'RW',
            container_path: '/c',
            source: { type: 'DOCKER_VOLUME', docker_volume: { name: 'v', driver: 'd' } },
          },
        ],
      },
    }),
    /-v \/sandbox:\/mnt\/mesos\/sandbox --volume-driver=d --net/,
  );
});

test('volumes that cannot be are refused with the sentences of the original', () => {
  const volumes = (...all: readonly object[]): string | undefined =>
    refusal({
      container: { volumes: all.map((each) => ({ mode: 'RW', container_path: '/c', ...each })) },
    });
  assert.equal(
    volumes({ host_path: 'a', container_path: 'b' }),
    "Both host_path 'a' and container_path 'b' of a volume are relative",
  );
  assert.equal(volumes({}), 'Host path or volume source is required');
  const driven = (driver: string): object => ({
    source: { type: 'DOCKER_VOLUME', docker_volume: { name: 'v', driver } },
  });
  assert.equal(volumes(driven('d'), driven('e')), 'Only one volume driver is supported');
  const both = { docker: { volume_driver: 'e' }, container: { volumes: [] } };
  assert.equal(refusal(both), undefined);
  assert.equal(
    volumes({ source: { type: 'SANDBOX_PATH' } }),
    "Volume source type 'SANDBOX_PATH' is not supported by Docker containers",
  );
});

test('networks, host names and ports are checked against each other', () => {
  const net = /--net \S+/;
  assert.equal(part({ docker: { network: 'NONE' } }, net), '--net none');
  const user = { docker: { network: 'USER' } } as const;
  assert.equal(
    part({ ...user, container: { network_infos: [{ name: 'blue' }] } }, net),
    '--net blue',
  );
  assert.equal(refusal(user), 'No network info found in container info');
  assert.equal(
    refusal({ ...user, container: { network_infos: [{}] } }),
    'No network name found in network info',
  );
  assert.equal(
    refusal({ ...user, container: { network_infos: [{ name: 'a' }, { name: 'b' }] } }),
    'Only a single network can be defined in Docker run',
  );
  assert.equal(
    refusal({ container: { hostname: 'h' } }),
    'Unable to set hostname with host network mode',
  );
  const port_mappings = [{ host_port: 31002, container_port: 80 }];
  assert.equal(
    refusal({ docker: { port_mappings } }),
    'Port mappings are only supported for bridge and user-defined networks',
  );
  const bridge = { docker: { network: 'BRIDGE', port_mappings } } as const;
  assert.equal(refusal(bridge), 'Port mappings require port resources');
  assert.equal(
    refusal({ ...bridge, request: { requests: [PORTS] } }),
    'Port [31002] not included in resources',
  );
});

test('a parameter may name the network, once', () => {
  const overridden = { docker: { parameters: [{ key: 'net', value: 'blue' }] } };
  assert.doesNotMatch(words(overridden), /--net host/);
  assert.match(words(overridden), /--name mesos-c1 --net=blue busybox/);
  const parameters = ['net', 'network'].map((key) => ({ key, value: 'a' }));
  assert.equal(
    refusal({ docker: { parameters } }),
    'Only a single network can be defined in Docker run',
  );
});

test('DNS of the agent is for bridge and user networks that say nothing of their own', () => {
  const dns = { nameservers: ['10.0.0.1'], search: ['mesos'], options: ['timeout:3'] };
  const named = { nameservers: ['10.0.0.2'] };
  const defaultDns = {
    docker: [
      { network_mode: 'BRIDGE', dns },
      { network_mode: 'USER', network_name: 'blue', dns: named },
      { network_mode: 'USER', dns },
    ],
  } as const;
  const seen = (docker: Partial<ContainerInfoDockerInfo>, network = 'red'): string =>
    part(
      { docker, container: { network_infos: [{ name: network }] }, request: { defaultDns } },
      /--dns .*?(?= --entrypoint)/,
    );
  const all = '--dns 10.0.0.1 --dns-search mesos --dns-opt timeout:3';
  assert.equal(seen({ network: 'BRIDGE' }), all);
  assert.equal(seen({ network: 'USER' }), all);
  assert.equal(seen({ network: 'USER' }, 'blue'), '--dns 10.0.0.2');
  assert.equal(seen({ network: 'HOST' }), '');
  assert.equal(seen({ network: 'BRIDGE', parameters: [{ key: 'dns-opt', value: 'x' }] }), '');
});
