/** What a container may ask for and the agent was not told to give, or cannot. */
import type { ContainerInfo, LinuxInfo, Volume } from '../../wire/types/mesos.v1.ts';
import { isSandboxShare } from '../volumes.ts';
import { isNetworkIsolator } from './isolator.ts';

/** The subject and verb of a sentence; undefined when all of it can be given. */
export function unsupportedPart(
  info: ContainerInfo,
  isolators: readonly string[],
): string | undefined {
  const joins = (info.network_infos ?? []).some((network) => network.name !== undefined);
  if (joins && !isolators.some(isNetworkIsolator)) {
    return 'container networks are';
  }
  if (info.rlimit_info !== undefined && !isolators.includes('posix/rlimits')) {
    return "resource limits (rlimit_info) without the isolator 'posix/rlimits' are";
  }
  const volume = (info.volumes ?? []).map((each) => unsupportedVolume(each, isolators));
  return (
    volume.find((each) => each !== undefined) ??
    (info.linux_info === undefined ? undefined : unsupportedLinux(info.linux_info, isolators))
  );
}

function unsupportedVolume(volume: Volume, isolators: readonly string[]): string | undefined {
  const { source, image } = volume;
  if (image !== undefined) {
    return isolators.includes('volume/image')
      ? undefined
      : "volumes of images without the isolator 'volume/image' are";
  }
  const needed =
    source === undefined || source.type === 'HOST_PATH'
      ? 'volume/host_path'
      : source.type === 'SANDBOX_PATH'
        ? 'volume/sandbox_path'
        : source.type === 'SECRET'
          ? 'volume/secret'
          : source.type === 'DOCKER_VOLUME'
            ? 'docker/volume'
            : undefined;
  if (needed === undefined) return `volumes of type ${source?.type} are`;
  // Symlinks do for these, whatever else is asked for.
  if (isSandboxShare(volume)) return undefined;
  const isShared = source === undefined && isolators.includes('filesystem/shared');
  if (isShared || isolators.includes(needed)) return undefined;
  return `volumes without the isolator '${needed}' are`;
}

function unsupportedLinux(info: LinuxInfo, isolators: readonly string[]): string | undefined {
  const needs: readonly (readonly [unknown, string])[] = [
    [info.capability_info, 'linux/capabilities'],
    [info.effective_capabilities, 'linux/capabilities'],
    [info.bounding_capabilities, 'linux/capabilities'],
    [info.share_pid_namespace, 'namespaces/pid'],
    [info.ipc_mode, 'namespaces/ipc'],
    [info.shm_size, 'namespaces/ipc'],
    [info.seccomp, 'linux/seccomp'],
  ];
  const missing = needs.find(
    ([asked, isolator]) => asked !== undefined && !isolators.includes(isolator),
  );
  if (missing === undefined) return undefined;
  return `Linux capabilities and namespaces without the isolator '${missing[1]}' are`;
}
