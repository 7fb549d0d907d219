/** Health checks, checks, commands, containers and environments (spec scheduler-api, section 13.5). */
import type {
  CheckInfo,
  CommandInfo,
  ContainerInfo,
  DurationInfo,
  EnvironmentVariable,
  HealthCheck,
  Secret,
  Volume,
} from '../../wire/types/mesos.v1.ts';

export function isNegative(duration: DurationInfo | undefined): boolean {
  return duration !== undefined && duration.nanoseconds < 0;
}

export function validateHealthCheck(check: HealthCheck): string | undefined {
  return validateHealthCheckKind(check) ?? validateNonNegative(check, HEALTH_CHECK_TIMES);
}

const HEALTH_CHECK_TIMES = [
  'delay_seconds',
  'grace_period_seconds',
  'interval_seconds',
  'timeout_seconds',
] as const;

const CHECK_TIMES = ['delay_seconds', 'interval_seconds', 'timeout_seconds'] as const;

function validateHealthCheckKind(check: HealthCheck): string | undefined {
  switch (check.type) {
    case undefined:
      return "HealthCheck must specify 'type'";
    case 'COMMAND':
      if (check.command === undefined) {
        return "Expecting 'command' to be set for COMMAND health check";
      }
      return validateCheckCommand(check.command, 'Command health check', "Health check's");
    case 'HTTP': {
      const http = check.http;
      if (http === undefined) return "Expecting 'http' to be set for HTTP health check";
      if (http.scheme !== undefined && http.scheme !== 'http' && http.scheme !== 'https') {
        return `Unsupported HTTP health check scheme: '${http.scheme}'`;
      }
      if (http.path !== undefined && !http.path.startsWith('/')) {
        return `The path '${http.path}' of HTTP health check must start with '/'`;
      }
      return undefined;
    }
    case 'TCP':
      return check.tcp === undefined ? "Expecting 'tcp' to be set for TCP health check" : undefined;
    default:
      return "'UNKNOWN' is not a valid health check type";
  }
}

export function validateCheck(check: CheckInfo): string | undefined {
  return validateCheckKind(check) ?? validateNonNegative(check, CHECK_TIMES);
}

function validateCheckKind(check: CheckInfo): string | undefined {
  switch (check.type) {
    case undefined:
      return "CheckInfo must specify 'type'";
    case 'COMMAND':
      if (check.command === undefined) return "Expecting 'command' to be set for COMMAND check";
      return validateCheckCommand(check.command.command, 'Command check', "Check's");
    case 'HTTP': {
      const http = check.http;
      if (http === undefined) return "Expecting 'http' to be set for HTTP check";
      if (http.path !== undefined && !http.path.startsWith('/')) {
        return `The path '${http.path}' of HTTP check must start with '/'`;
      }
      return undefined;
    }
    case 'TCP':
      return check.tcp === undefined ? "Expecting 'tcp' to be set for TCP check" : undefined;
    default:
      return "'UNKNOWN' is not a valid check type";
  }
}

function validateCheckCommand(
  command: CommandInfo,
  what: string,
  whose: string,
): string | undefined {
  if (command.value === undefined) {
    const needed = (command.shell ?? true) ? 'shell command' : 'executable path';
    return `${what} must contain '${needed}'`;
  }
  const why = validateCommand(command);
  return why === undefined ? undefined : `${whose} \`CommandInfo\` is invalid: ${why}`;
}

function validateNonNegative<Field extends string>(
  check: { readonly [Name in Field]?: number | undefined },
  fields: readonly Field[],
): string | undefined {
  for (const field of fields) {
    if ((check[field] ?? 0) < 0) return `Expecting '${field}' to be non-negative`;
  }
  return undefined;
}

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
