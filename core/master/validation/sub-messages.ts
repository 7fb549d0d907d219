/** Health checks and checks (spec scheduler-api, section 13.5). */
import { validateCommand } from '../../validation/messages.ts';
import type {
  CheckInfo,
  CommandInfo,
  DurationInfo,
  HealthCheck,
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
