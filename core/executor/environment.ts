/** Options of an executor from the environment its agent gave it. */
import { parseDuration } from '../base/duration.ts';
import { err, ok, type Result } from '../base/result.ts';
import { parseUpid } from '../wire/upid.ts';
import type { ExecutorOptions } from './types.ts';

export function executorOptionsFrom(
  environment: Readonly<Record<string, string | undefined>>,
): Result<ExecutorOptions> {
  const missing = [
    'MESOS_FRAMEWORK_ID',
    'MESOS_EXECUTOR_ID',
    'MESOS_SLAVE_PID',
    'MESOS_EXECUTOR_SHUTDOWN_GRACE_PERIOD',
  ].find((name) => environment[name] === undefined);
  if (missing !== undefined) return err(`Expecting '${missing}' to be set in the environment`);
  const pid = parseUpid(environment['MESOS_SLAVE_PID'] ?? '');
  if (pid === undefined) {
    return err(`Failed to parse MESOS_SLAVE_PID '${environment['MESOS_SLAVE_PID'] ?? ''}'`);
  }
  const checkpoint = environment['MESOS_CHECKPOINT'] === '1';
  const grace = durationOf(environment, 'MESOS_EXECUTOR_SHUTDOWN_GRACE_PERIOD', true);
  const recovery = durationOf(environment, 'MESOS_RECOVERY_TIMEOUT', checkpoint);
  const backoff = durationOf(environment, 'MESOS_SUBSCRIPTION_BACKOFF_MAX', checkpoint);
  for (const each of [grace, recovery, backoff]) if (!each.ok) return each;
  return ok({
    agent: `${pid.ip}:${pid.port}`,
    agentActor: pid.id,
    frameworkId: environment['MESOS_FRAMEWORK_ID'] ?? '',
    executorId: environment['MESOS_EXECUTOR_ID'] ?? '',
    checkpoint,
    recoveryTimeoutMs: recovery.ok ? recovery.value : 0,
    subscriptionBackoffMaxMs: backoff.ok ? backoff.value : 0,
    shutdownGraceMs: grace.ok ? grace.value : 0,
    authenticationToken: environment['MESOS_EXECUTOR_AUTHENTICATION_TOKEN'],
  });
}

function durationOf(
  environment: Readonly<Record<string, string | undefined>>,
  name: string,
  isRequired: boolean,
): Result<number> {
  const text = environment[name];
  if (text === undefined) {
    return isRequired ? err(`Expecting '${name}' to be set in the environment`) : ok(0);
  }
  const parsed = parseDuration(text);
  return parsed.ok ? parsed : err(`Failed to parse ${name} '${text}': ${parsed.error}`);
}
