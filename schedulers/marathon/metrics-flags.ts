/** Flags of the reporters of metrics (spec marathon-behaviour, sections 12 and 13). */
import { hostname } from 'node:os';
import { flag, optionalFlag } from '../../core/base/flags.ts';
import { err, ok, type Result } from '../../core/base/result.ts';
import type { ReporterOptions } from './metrics-reporter.ts';

const INTERVAL_MS = 10_000;

export const METRICS_FLAGS = {
  metrics_statsd: flag('bool', false, { help: 'Send metrics to StatsD' }),
  metrics_statsd_host: optionalFlag('string', { help: 'Where StatsD is' }),
  metrics_statsd_port: optionalFlag('int', { help: 'UDP port of StatsD' }),
  metrics_statsd_transmission_interval_ms: flag('int', INTERVAL_MS, {
    help: 'Between two reports to StatsD',
  }),
  metrics_datadog: flag('bool', false, { help: 'Send metrics to DataDog' }),
  metrics_datadog_protocol: flag('string', 'udp', {
    help: 'udp: to an agent; api: to the service over HTTPS',
  }),
  metrics_datadog_host: optionalFlag('string', { help: 'Where the agent is' }),
  metrics_datadog_port: optionalFlag('int', { help: 'UDP port of the agent' }),
  metrics_datadog_api_key: optionalFlag('string', { help: 'Key of the service' }),
  metrics_datadog_transmission_interval_ms: flag('int', INTERVAL_MS, {
    help: 'Between two reports to DataDog',
  }),
} as const;

interface MetricsFlags {
  readonly metrics_statsd: boolean;
  readonly metrics_statsd_host: string | undefined;
  readonly metrics_statsd_port: number | undefined;
  readonly metrics_statsd_transmission_interval_ms: number;
  readonly metrics_datadog: boolean;
  readonly metrics_datadog_protocol: string;
  readonly metrics_datadog_host: string | undefined;
  readonly metrics_datadog_port: number | undefined;
  readonly metrics_datadog_api_key: string | undefined;
  readonly metrics_datadog_transmission_interval_ms: number;
}

export function reportersOf(flags: MetricsFlags): Result<readonly ReporterOptions[]> {
  const statsD = flags.metrics_statsd
    ? overUdp('statsd', {
        host: flags.metrics_statsd_host,
        port: flags.metrics_statsd_port,
        intervalMs: flags.metrics_statsd_transmission_interval_ms,
      })
    : ok(undefined);
  if (!statsD.ok) return statsD;
  const dataDog = flags.metrics_datadog ? dataDogOf(flags) : ok(undefined);
  if (!dataDog.ok) return dataDog;
  return ok([statsD.value, dataDog.value].filter((each) => each !== undefined));
}

function dataDogOf(flags: MetricsFlags): Result<ReporterOptions> {
  const intervalMs = flags.metrics_datadog_transmission_interval_ms;
  switch (flags.metrics_datadog_protocol) {
    case 'udp': {
      const { metrics_datadog_host: host, metrics_datadog_port: port } = flags;
      return overUdp('datadog', { host, port, intervalMs });
    }
    case 'api': {
      const apiKey = flags.metrics_datadog_api_key;
      if (apiKey === undefined) return err(missing('datadog', 'api_key'));
      if (intervalMs < 1) return err(tooOften('datadog'));
      return ok({ kind: 'api', apiKey, host: hostname(), intervalMs });
    }
    default: {
      const given = flags.metrics_datadog_protocol;
      return err(`Flag 'metrics_datadog_protocol' is '${given}', expected one of udp, api`);
    }
  }
}

function overUdp(
  name: string,
  {
    host,
    port,
    intervalMs,
  }: {
    readonly host: string | undefined;
    readonly port: number | undefined;
    readonly intervalMs: number;
  },
): Result<ReporterOptions> {
  if (host === undefined || host === '') return err(missing(name, 'host'));
  if (port === undefined) return err(missing(name, 'port'));
  if (port < 1 || port > 65_535) {
    return err(`Flag 'metrics_${name}_port' is ${port}, expected 1 to 65535`);
  }
  return intervalMs < 1 ? err(tooOften(name)) : ok({ kind: 'udp', host, port, intervalMs });
}

function missing(name: string, part: string): string {
  return `--metrics_${name} needs --metrics_${name}_${part}`;
}

function tooOften(name: string): string {
  return `Flag 'metrics_${name}_transmission_interval_ms' must be at least 1`;
}
