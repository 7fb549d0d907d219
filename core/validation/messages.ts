/**
 * Commands, containers and environments, as master and agent take them (spec scheduler-api, section
 * 13.5; operator-api, section 10).
 */
import type {
  CommandInfo,
  ContainerInfo,
  EnvironmentVariable,
  Secret,
  Volume,
} from '../wire/types/mesos.v1.ts';

/** Only the environment is looked at; an absent value is the executor's trouble. */
export function validateCommand(command: CommandInfo): string | undefined {
  for (const variable of command.environment?.variables ?? []) {
    const why = validateVariable(variable);
    if (why !== undefined) return why;
  }
  return undefined;
}

function validateVariable(variable: EnvironmentVariable): string | undefined {
  const { name, value, secret } = variable;
  switch (variable.type ?? 'VALUE') {
    case 'SECRET': {
      const whose = `Environment variable '${name}' of type 'SECRET'`;
      if (secret === undefined) return `${whose} must have a secret set`;
      if (value !== undefined) return `${whose} must not have a value set`;
      const why = validateSecret(secret);
      if (why !== undefined) {
        return `Environment variable '${name}' specifies an invalid secret: ${why}`;
      }
      if (secret.value?.data.includes(0) === true) {
        return `Environment variable '${name}' specifies a secret containing null bytes, which is not allowed in the environment`;
      }
      return undefined;
    }
    case 'VALUE': {
      const whose = `Environment variable '${name}' of type 'VALUE'`;
      if (value === undefined) return `${whose} must have a value set`;
      return secret === undefined ? undefined : `${whose} must not have a secret set`;
    }
    default:
      return "Environment variable of type 'UNKNOWN' is not allowed";
  }
}

export function validateSecret(secret: Secret): string | undefined {
  switch (secret.type) {
    case 'REFERENCE':
      if (secret.reference === undefined) {
        return "Secret of type REFERENCE must have the 'reference' field set";
      }
      return secret.value === undefined
        ? undefined
        : `Secret '${secret.reference.name}' of type REFERENCE must not have the 'value' field set`;
    case 'VALUE':
      if (secret.value === undefined) {
        return "Secret of type VALUE must have the 'value' field set";
      }
      return secret.reference === undefined
        ? undefined
        : "Secret of type VALUE must not have the 'reference' field set";
    default:
      return undefined;
  }
}

export function validateContainer(container: ContainerInfo): string | undefined {
  for (const volume of container.volumes ?? []) {
    const why = validateVolume(volume);
    if (why !== undefined) return `Invalid volume: ${why}`;
  }
  if (container.type !== 'DOCKER') return undefined;
  if (container.docker === undefined) {
    return "DockerInfo 'docker' is not set for DOCKER typed ContainerInfo";
  }
  const isNamed = (container.docker.parameters ?? []).some((each) => each.key === 'name');
  return isNamed ? "Parameter in DockerInfo must not be 'name'" : undefined;
}

function validateVolume(volume: Volume): string | undefined {
  const { host_path, image, source } = volume;
  const set = [host_path, image, source].filter((each) => each !== undefined);
  if (set.length !== 1) {
    return "Only one of them should be set: 'host_path', 'image' and 'source'";
  }
  if (source === undefined) return undefined;
  switch (source.type) {
    case 'DOCKER_VOLUME':
      return source.docker_volume === undefined
        ? "'source.docker_volume' is not set for DOCKER_VOLUME volume"
        : undefined;
    case 'HOST_PATH':
      return source.host_path === undefined
        ? "'source.host_path' is not set for HOST_PATH volume"
        : undefined;
    case 'SANDBOX_PATH':
      return source.sandbox_path === undefined
        ? "'source.sandbox_path' is not set for SANDBOX_PATH volume"
        : undefined;
    case 'SECRET':
      return source.secret === undefined
        ? "'source.secret' is not set for SECRET volume"
        : validateSecret(source.secret);
    case 'CSI_VOLUME':
      if (source.csi_volume === undefined) return "'source.csi_volume' is not set for CSI volume";
      return source.csi_volume.static_provisioning === undefined
        ? "'source.csi_volume.static_provisioning' is not set for CSI volume"
        : undefined;
    default:
      return "'source.type' is unknown";
  }
}
