/** Health checks and checks that the agent runs (spec marathon-behaviour, section 6). */
import type { CheckInfo, HealthCheck } from '../../../core/wire/types/mesos.v1.ts';
import {
  type App,
  type AppHealthCheck,
  isRunByMarathon,
  usesHostNetworking,
} from '../model/app.ts';

type HostPorts = readonly (number | undefined)[];

/** The first check of the app that is not Marathon's own. */
export function agentHealthCheck(app: App, hostPorts: HostPorts): HealthCheck | undefined {
  const check = app.healthChecks.find((each) => !isRunByMarathon(each));
  if (check === undefined) return undefined;
  const timings = {
    delay_seconds: check.delaySeconds,
    interval_seconds: check.intervalSeconds,
    timeout_seconds: check.timeoutSeconds,
    consecutive_failures: check.maxConsecutiveFailures,
    grace_period_seconds: check.gracePeriodSeconds,
  };
  const protocol = check.ipProtocol === 'IPv6' ? ('IPv6' as const) : ('IPv4' as const);
  if (check.protocol === 'COMMAND') {
    const command = { shell: true, value: check.command?.value };
    return { ...timings, type: 'COMMAND', command };
  }
  const port = portOf(app, check, hostPorts);
  if (check.protocol === 'MESOS_TCP') return { ...timings, type: 'TCP', tcp: { port, protocol } };
  const scheme = check.protocol === 'MESOS_HTTPS' ? 'https' : 'http';
  return { ...timings, type: 'HTTP', http: { scheme, port, path: check.path ?? '/', protocol } };
}

export function agentCheck(app: App, hostPorts: HostPorts): CheckInfo | undefined {
  const check = app.check;
  if (check === undefined) return undefined;
  const timings = {
    delay_seconds: check.delaySeconds ?? 15,
    interval_seconds: check.intervalSeconds ?? 60,
    timeout_seconds: check.timeoutSeconds ?? 20,
  };
  if (check.http !== undefined) {
    const port = portOf(app, check.http, hostPorts);
    return { ...timings, type: 'HTTP', http: { port, path: check.http.path } };
  }
  if (check.tcp !== undefined) {
    return { ...timings, type: 'TCP', tcp: { port: portOf(app, check.tcp, hostPorts) } };
  }
  const { shell, argv } = check.exec?.command ?? {};
  const command =
    shell === undefined
      ? { shell: false, value: argv?.[0], arguments: argv ?? [] }
      : { shell: true, value: shell };
  return { ...timings, type: 'COMMAND', command: { command } };
}

/** The agent probes from inside: the container's port where the task has a network of its own. */
function portOf(
  app: App,
  check: Pick<AppHealthCheck, 'port' | 'portIndex'>,
  hostPorts: HostPorts,
): number {
  if (check.port !== undefined) return check.port;
  const index = check.portIndex ?? 0;
  if (usesHostNetworking(app)) return hostPorts[index] ?? 0;
  const mapping = app.container?.portMappings?.[index];
  const containerPort = mapping?.containerPort ?? 0;
  return containerPort === 0 ? (hostPorts[index] ?? 0) : containerPort;
}
