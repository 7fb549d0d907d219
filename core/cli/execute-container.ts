/** The container that the flags of `mesos-execute` describe (spec cli-and-webui, section 2.2). */
import { err, ok, type Result } from '../base/result.ts';
import { fromJson } from '../wire/json.ts';
import type {
  ContainerInfo,
  Image,
  LinuxInfo,
  NetworkInfo,
  RLimitInfo,
  Volume,
} from '../wire/types/mesos.v1.ts';

export interface ContainerFlags {
  readonly containerizer: string;
  readonly docker_image: string | undefined;
  readonly appc_image: string | undefined;
  /** Names, comma-separated. */
  readonly networks: string | undefined;
  readonly volumes: unknown;
  readonly tty: boolean;
  readonly effective_capabilities: unknown;
  readonly bounding_capabilities: unknown;
  readonly rlimits: unknown;
}

type Part<T> = Result<T | undefined>;

/** Labels of every Appc image. */
const APPC_LABELS = {
  labels: [
    { key: 'os', value: 'linux' },
    { key: 'arch', value: 'amd64' },
  ],
};

/** Undefined where a command needs no container of its own; the error is a sentence. */
export function compileContainer(flags: ContainerFlags): Part<ContainerInfo> {
  switch (flags.containerizer) {
    case 'mesos':
      return mesosContainer(flags);
    case 'docker':
      return dockerContainer(flags);
    default:
      return err(`Unsupported containerizer: ${flags.containerizer}`);
  }
}

/** The container that a group of tasks shares. */
export function compileGroupContainer(networks: string | undefined): ContainerInfo | undefined {
  const joined = networksOf(networks);
  return joined.length === 0 ? undefined : { type: 'MESOS', network_infos: joined };
}

function mesosContainer(flags: ContainerFlags): Part<ContainerInfo> {
  if (flags.docker_image !== undefined && flags.appc_image !== undefined) {
    return err("Flags '--docker-image' and '--appc-image' are both set");
  }
  const volumes = volumesOf(flags.volumes);
  if (!volumes.ok) return volumes;
  const linux = linuxOf(flags);
  if (!linux.ok) return linux;
  const rlimits = rlimitsOf(flags.rlimits);
  if (!rlimits.ok) return rlimits;
  const image = imageOf(flags);
  const networks = networksOf(flags.networks);
  const parts = {
    ...(volumes.value.length > 0 && { volumes: volumes.value }),
    ...(image !== undefined && { mesos: { image } }),
    ...(networks.length > 0 && { network_infos: networks }),
    ...(linux.value !== undefined && { linux_info: linux.value }),
    ...(rlimits.value !== undefined && { rlimit_info: rlimits.value }),
    ...(flags.tty && { tty_info: {} }),
  };
  if (Object.keys(parts).length === 0) return ok(undefined);
  return ok({ type: 'MESOS', ...parts });
}

function dockerContainer(flags: ContainerFlags): Part<ContainerInfo> {
  const { docker_image: image } = flags;
  if (image === undefined) return err("'Docker' containerizer requires docker image name");
  const needsMesos = (
    ['appc_image', 'effective_capabilities', 'bounding_capabilities', 'rlimits'] as const
  ).find((each) => flags[each] !== undefined);
  if (needsMesos !== undefined || flags.tty) {
    return err(`Flag '--${needsMesos ?? 'tty'}' needs '--containerizer=mesos'`);
  }
  const networks = networksOf(flags.networks);
  if (networks.length > 1) {
    return err("'Docker' containerizer can only support a single network");
  }
  const volumes = volumesOf(flags.volumes);
  if (!volumes.ok) return volumes;
  return ok({
    type: 'DOCKER',
    ...(volumes.value.length > 0 && { volumes: volumes.value }),
    docker: { image, ...(networks.length > 0 && { network: 'USER' as const }) },
    ...(networks.length > 0 && { network_infos: networks }),
  });
}

function imageOf({ docker_image: docker, appc_image: appc }: ContainerFlags): Image | undefined {
  if (docker !== undefined) return { type: 'DOCKER', docker: { name: docker } };
  if (appc === undefined) return undefined;
  return { type: 'APPC', appc: { name: appc, labels: APPC_LABELS } };
}

function networksOf(networks: string | undefined): readonly NetworkInfo[] {
  const names = (networks ?? '').split(',').filter((name) => name !== '');
  return names.map((name) => ({ name }));
}

function volumesOf(given: unknown): Result<readonly Volume[]> {
  const prefix = "Failed to convert '--volumes' to protobuf: ";
  if (given === undefined) return ok([]);
  if (!Array.isArray(given)) return err(`${prefix}Expecting a JSON array`);
  const volumes: Volume[] = [];
  for (const each of given) {
    const volume = fromJson('mesos.v1.Volume', each);
    if (!volume.ok) return err(`${prefix}${volume.error}`);
    volumes.push(volume.value);
  }
  return ok(volumes);
}

function linuxOf(flags: ContainerFlags): Part<LinuxInfo> {
  let linux: LinuxInfo | undefined;
  for (const name of ['effective_capabilities', 'bounding_capabilities'] as const) {
    if (flags[name] === undefined) continue;
    const capabilities = fromJson('mesos.v1.CapabilityInfo', flags[name]);
    if (!capabilities.ok) return err(`Failed to load flag '${name}': ${capabilities.error}`);
    linux = { ...linux, [name]: capabilities.value };
  }
  return ok(linux);
}

function rlimitsOf(given: unknown): Part<RLimitInfo> {
  if (given === undefined) return ok(undefined);
  const rlimits = fromJson('mesos.v1.RLimitInfo', given);
  return rlimits.ok ? rlimits : err(`Failed to load flag 'rlimits': ${rlimits.error}`);
}
