/** From a container's configuration to what the Docker launcher is told (spec agent-runtime, section 9). */
import type { CommandInfo, ContainerInfo, Resource } from '../../../wire/types/mesos.v1.ts';
import { variablesOf } from '../../command-info.ts';
import { DEFAULT_PATH } from '../../environment.ts';
import { volumeDirectory } from '../../volumes.ts';
import type { ContainerConfig, ContainerLimits } from '../port.ts';
import type { ClientEnvironment } from './client-environment.ts';
import { containerNameOf } from './names.ts';
import type { DockerOptions } from './options.ts';
import { runArguments } from './run-options.ts';
import type { DockerSpec } from './spec.ts';

export interface LaunchPlace {
  readonly workDir: string;
  /** The sandbox, by a path without colons. */
  readonly sandbox: string;
  readonly hostMemoryBytes: number;
  readonly clientEnvironment: ClientEnvironment;
}

export function dockerSpecOf(
  config: ContainerConfig,
  containerInfo: ContainerInfo,
  options: DockerOptions,
  place: LaunchPlace,
): DockerSpec {
  const { spec, taskInfo } = config;
  const { docker } = containerInfo;
  const name = containerNameOf(spec.id);
  const requests = requestsOf(config);
  const run = runArguments({
    name,
    containerInfo,
    command: commandOf(config),
    sandbox: place.sandbox,
    mappedDirectory: options.mappedDirectory,
    requests,
    limits: limitsOf(config),
    enableCfs: options.enableCfs,
    hostMemoryBytes: place.hostMemoryBytes,
    environment: taskInfo === undefined ? executorVariables(config) : {},
    defaultDns: options.defaultDns,
    extraVolumes: persistentVolumes(requests, options.mappedDirectory, place.workDir),
  });
  const [networkInfo] = containerInfo.network_infos ?? [];
  const override = docker?.parameters?.find(({ key }) => key === 'net' || key === 'network');
  return {
    ...spec,
    docker: {
      docker: options.docker,
      host: options.host,
      name,
      image: withTag(docker?.image ?? ''),
      forcePull: docker?.force_pull_image === true,
      runArguments: run.ok ? run.value : [],
      ...(run.ok ? {} : { refusal: run.error }),
      environment: place.clientEnvironment,
      isHostNetwork: (override?.value ?? (docker?.network ?? 'HOST').toLowerCase()) === 'host',
      ...(networkInfo === undefined ? {} : { networkInfo }),
      stopTimeoutMs: options.stopTimeoutMs,
    },
  };
}

/** A task's container has what the task asks for: its executor runs outside of it. */
export function requestsOf({ taskInfo, requests }: ContainerConfig): readonly Resource[] {
  return taskInfo === undefined ? requests : (taskInfo.resources ?? []);
}

export function limitsOf({ taskInfo, limits }: ContainerConfig): ContainerLimits {
  if (taskInfo === undefined) return limits;
  return { cpus: taskInfo.limits?.['cpus']?.value, mem: taskInfo.limits?.['mem']?.value };
}

/** An image without tag or digest is the latest one. */
export function withTag(image: string): string {
  const last = image.slice(image.lastIndexOf('/') + 1);
  return last.includes(':') || last.includes('@') ? image : `${image}:latest`;
}

function commandOf({ taskInfo, executorInfo }: ContainerConfig): CommandInfo {
  return (taskInfo === undefined ? executorInfo.command : taskInfo.command) ?? {};
}

/** Everything but the path that processes of the host get: an image has its own. */
function executorVariables({
  environment,
  executorInfo,
}: ContainerConfig): Readonly<Record<string, string>> {
  const { PATH, ...rest } = environment;
  const own = variablesOf(executorInfo.command)['PATH'];
  return PATH === undefined || (own === undefined && PATH === DEFAULT_PATH)
    ? rest
    : { ...rest, PATH };
}

function persistentVolumes(
  requests: readonly Resource[],
  mappedDirectory: string,
  workDir: string,
): readonly string[] {
  const volumes: string[] = [];
  for (const resource of requests) {
    const volume = resource.disk?.volume;
    const directory = volumeDirectory({ options: { workDir } }, resource);
    if (volume === undefined || directory === undefined) continue;
    const mode = volume.mode === 'RO' ? 'ro' : 'rw';
    volumes.push(`${directory}:${mappedDirectory}/${volume.container_path}:${mode}`);
  }
  return volumes;
}
