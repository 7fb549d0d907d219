/** Volumes of a Docker container as values of `-v` (spec agent-runtime, section 9). */
import type { ContainerInfoDockerInfo, Volume } from '../../../wire/types/mesos.v1.ts';
import type { RunRequest } from './run-options.ts';

export interface DockerVolumes {
  readonly volumes: readonly string[];
  readonly driver?: string;
  readonly error?: string;
}

export function volumesOf(request: RunRequest, docker: ContainerInfoDockerInfo): DockerVolumes {
  const { sandbox, mappedDirectory } = request;
  const volumes: string[] = [];
  let driver: string | undefined;
  for (const volume of request.containerInfo.volumes ?? []) {
    const { host_path, source } = volume;
    if (host_path !== undefined) {
      const bound = boundPath(volume, host_path, request, docker);
      if (bound === undefined) {
        return refuse(
          `Both host_path '${host_path}' and container_path '${volume.container_path}' ` +
            'of a volume are relative',
        );
      }
      volumes.push(bound);
    } else if (source?.type === 'DOCKER_VOLUME' && source.docker_volume !== undefined) {
      const { name, driver: own } = source.docker_volume;
      if (own !== undefined && driver !== undefined && own !== driver) {
        return refuse('Only one volume driver is supported');
      }
      driver ??= own;
      volumes.push(`${name}:${targetOf(volume, mappedDirectory)}${modeOf(volume)}`);
    } else if (source === undefined) {
      return refuse('Host path or volume source is required');
    } else {
      return refuse(`Volume source type '${source.type}' is not supported by Docker containers`);
    }
  }
  volumes.push(`${sandbox}:${mappedDirectory}`, ...request.extraVolumes);
  const named = docker.volume_driver;
  if (named !== undefined && driver !== undefined && named !== driver) {
    return refuse('Only one volume driver per task is supported');
  }
  driver = named ?? driver;
  return driver === undefined ? { volumes } : { volumes, driver };
}

/** Undefined when both paths are relative: such a volume is in the sandbox already. */
function boundPath(
  volume: Volume,
  hostPath: string,
  request: RunRequest,
  docker: ContainerInfoDockerInfo,
): string | undefined {
  const isRelative = !hostPath.startsWith('/');
  if (isRelative && !volume.container_path.startsWith('/')) return undefined;
  // With a driver a relative host path is the name of the driver's volume.
  const isInSandbox = isRelative && docker.volume_driver === undefined;
  const source = isInSandbox ? `${request.sandbox}/${hostPath}` : hostPath;
  return `${source}:${targetOf(volume, request.mappedDirectory)}${modeOf(volume)}`;
}

function targetOf({ container_path: path }: Volume, mappedDirectory: string): string {
  return path.startsWith('/') ? path : `${mappedDirectory}/${path}`;
}

function modeOf({ mode }: Volume): string {
  return mode === 'RO' ? ':ro' : ':rw';
}

function refuse(error: string): DockerVolumes {
  return { volumes: [], error };
}
