/**
 * From what a task or executor wants to the command line of `docker run`, and every reason why that
 * cannot be (spec agent-runtime, section 9).
 */
import { err, ok, type Result } from '../../../base/result.ts';
import { portsOf, scalarOf } from '../../../resources/select.ts';
import type { ContainerDNSInfo } from '../../../wire/types/mesos.internal.ts';
import type {
  CommandInfo,
  ContainerInfo,
  ContainerInfoDockerInfo,
  Resource,
} from '../../../wire/types/mesos.v1.ts';
import {
  cfsQuotaOf,
  cpuSharesOf,
  finite,
  memoryBytesOf,
  oomScoreOf,
} from '../isolators/amounts.ts';
import type { ContainerLimits } from '../port.ts';
import { dnsArguments } from './dns.ts';
import { volumesOf } from './volumes.ts';

export interface RunRequest {
  readonly name: string;
  readonly containerInfo: ContainerInfo;
  readonly command: CommandInfo;
  /** Without a colon in it. */
  readonly sandbox: string;
  /** Where the sandbox is inside the container. */
  readonly mappedDirectory: string;
  readonly requests: readonly Resource[];
  readonly limits: ContainerLimits;
  readonly enableCfs: boolean;
  /** Of the host, for the OOM score of containers with a memory limit above the request. */
  readonly hostMemoryBytes: number;
  /** What the agent gives; it wins over the command's own variables. */
  readonly environment: Readonly<Record<string, string>>;
  readonly defaultDns: ContainerDNSInfo | undefined;
  /** Persistent volumes, already in the form of `-v`. */
  readonly extraVolumes: readonly string[];
}

const NETWORKS = { HOST: 'host', BRIDGE: 'bridge', NONE: 'none' } as const;

/** Everything behind `docker -H SOCKET`. */
export function runArguments(request: RunRequest): Result<readonly string[]> {
  const docker = request.containerInfo.docker;
  if (docker === undefined) return err('No docker info found in container info');
  const { volumes, driver, error } = volumesOf(request, docker);
  if (error !== undefined) return err(error);
  const network = networkOf(request.containerInfo, docker);
  if (!network.ok) return network;
  const hostname = hostnameOf(request.containerInfo, network.value);
  if (!hostname.ok) return hostname;
  const ports = portArguments(request, docker, network.value);
  if (!ports.ok) return ports;
  const command = commandOf(request.command);
  if (!command.ok) return command;
  const parameters = docker.parameters ?? [];
  return ok([
    'run',
    ...(docker.privileged === true ? ['--privileged'] : []),
    ...grantArguments(request),
    ...environmentArguments(request),
    ...volumes.flatMap((volume) => ['-v', volume]),
    ...(driver === undefined ? [] : [`--volume-driver=${driver}`]),
    ...(network.value.isOverridden ? [] : ['--net', network.value.name]),
    ...dnsArguments(request.defaultDns, docker, network.value.name),
    ...hostname.value,
    ...ports.value,
    ...command.value.entrypoint,
    '--name',
    request.name,
    ...parameters.map(({ key, value }) => `--${key}=${value}`),
    docker.image,
    ...command.value.arguments,
  ]);
}

function grantArguments(request: RunRequest): readonly string[] {
  const { requests, limits, enableCfs } = request;
  const cpus = scalarOf(requests, 'cpus');
  const memMb = scalarOf(requests, 'mem');
  const quota = finite(cfsQuotaOf(cpus, limits.cpus, enableCfs));
  const hasLimit = limits.mem !== undefined;
  const memory = finite(memoryBytesOf(limits.mem ?? memMb));
  const score = oomScoreOf(memMb, limits.mem, request.hostMemoryBytes);
  return [
    ...(cpus > 0 ? ['--cpu-shares', String(cpuSharesOf(cpus))] : []),
    ...(quota === undefined ? [] : ['--cpu-quota', String(quota)]),
    ...(hasLimit && memMb > 0 ? ['--memory-reservation', String(memoryBytesOf(memMb))] : []),
    ...(memory !== undefined && (hasLimit || memMb > 0) ? ['--memory', String(memory)] : []),
    ...(score === undefined ? [] : ['--oom-score-adj', String(score)]),
  ];
}

/** Sorted by name; what the agent gives wins, and what tells the task where it is wins over all. */
function environmentArguments(request: RunRequest): readonly string[] {
  const all: Record<string, string> = {};
  for (const { name, value, type } of request.command.environment?.variables ?? []) {
    if (type !== 'SECRET') all[name] = value ?? '';
  }
  Object.assign(all, request.environment, {
    MESOS_SANDBOX: request.mappedDirectory,
    MESOS_CONTAINER_NAME: request.name,
  });
  const role = request.requests[0]?.allocation_info?.role;
  if (role !== undefined) all['MESOS_ALLOCATION_ROLE'] = role;
  const sorted = Object.entries(all).sort(([a], [b]) => (a < b ? -1 : 1));
  return sorted.flatMap(([name, value]) => ['-e', `${name}=${value}`]);
}

interface DockerNetwork {
  readonly name: string;
  /** A parameter names it; only that is given to Docker, which takes one network. */
  readonly isOverridden: boolean;
}

function networkOf(info: ContainerInfo, docker: ContainerInfoDockerInfo): Result<DockerNetwork> {
  const isNetwork = ({ key }: { readonly key: string }): boolean =>
    key === 'net' || key === 'network';
  const overrides = (docker.parameters ?? []).filter(isNetwork);
  const [override, second] = overrides;
  if (second !== undefined) return err('Only a single network can be defined in Docker run');
  if (override !== undefined) return ok({ name: override.value, isOverridden: true });
  const mode = docker.network ?? 'HOST';
  if (mode !== 'USER') return ok({ name: NETWORKS[mode], isOverridden: false });
  const [network, another] = info.network_infos ?? [];
  if (network === undefined) return err('No network info found in container info');
  if (another !== undefined) return err('Only a single network can be defined in Docker run');
  if (network.name === undefined) return err('No network name found in network info');
  return ok({ name: network.name, isOverridden: false });
}

function hostnameOf(info: ContainerInfo, network: DockerNetwork): Result<readonly string[]> {
  if (info.hostname === undefined) return ok([]);
  if (network.name === 'host') return err('Unable to set hostname with host network mode');
  return ok(['--hostname', info.hostname]);
}

function portArguments(
  request: RunRequest,
  docker: ContainerInfoDockerInfo,
  network: DockerNetwork,
): Result<readonly string[]> {
  const mappings = docker.port_mappings ?? [];
  if (mappings.length === 0) return ok([]);
  if (network.name === 'host' || network.name === 'none') {
    return err('Port mappings are only supported for bridge and user-defined networks');
  }
  const ports = portsOf(request.requests);
  if (ports.length === 0) return err('Port mappings require port resources');
  const args: string[] = [];
  for (const { host_port: port, container_port, protocol } of mappings) {
    if (!ports.some(({ begin, end }) => port >= begin && port <= end)) {
      return err(`Port [${port}] not included in resources`);
    }
    const suffix = protocol === undefined ? '' : `/${protocol.toLowerCase()}`;
    args.push('-p', `${port}:${container_port}${suffix}`);
  }
  return ok(args);
}

interface Invocation {
  readonly entrypoint: readonly string[];
  readonly arguments: readonly string[];
}

function commandOf(command: CommandInfo): Result<Invocation> {
  const { value } = command;
  if (command.shell === false) {
    const own = value === undefined ? [] : [value];
    return ok({ entrypoint: [], arguments: [...own, ...(command.arguments ?? [])] });
  }
  if (value === undefined) return err('Shell specified but no command value provided');
  return ok({ entrypoint: ['--entrypoint', '/bin/sh'], arguments: ['-c', value] });
}
