/**
 * Metrics for StatsD and DataDog, every interval (spec marathon-behaviour, section 12): over UDP in
 * lines, as many together as surely fit into one datagram,
 *
 *   line := name ["." field] ":" value "|" ("g" | "c") "\n"
 *
 * or to DataDog's HTTP API as series. A report that fails is logged and not repeated: the next one has
 * newer values.
 */
import { createSocket } from 'node:dgram';
import { background } from '../../core/base/background.ts';
import type { Clock, Timer } from '../../core/base/clock.ts';
import { type DurationMs, seconds } from '../../core/base/duration.ts';
import { describeError } from '../../core/base/errors.ts';
import type { Log } from '../../core/base/log.ts';
import type { HttpClient } from '../../core/net/ports.ts';
import { Double, type JsonObject, type JsonValue } from '../../core/wire/json-text.ts';

export type ReporterOptions =
  | {
      readonly kind: 'udp';
      readonly host: string;
      readonly port: number;
      readonly intervalMs: DurationMs;
    }
  | {
      readonly kind: 'api';
      readonly apiKey: string;
      /** Named as the source of the series. */
      readonly host: string;
      readonly intervalMs: DurationMs;
    };

export interface ReporterPorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly http: HttpClient;
}

interface Measurement {
  readonly name: string;
  readonly value: number;
  readonly isCounter: boolean;
}

/** Passes every network in one piece. */
const DATAGRAM_BYTES_MAX = 508;
const API_URL = 'https://app.datadoghq.com/api/v1/series';
const API_TIMEOUT_MS = seconds(10);

export class MetricsReporter {
  private readonly options: ReporterOptions;
  private readonly ports: ReporterPorts;
  /** The document of `/metrics`. */
  private readonly read: () => JsonObject;
  private timer: Timer | undefined;
  private isStopped = false;

  constructor(options: ReporterOptions, ports: ReporterPorts, read: () => JsonObject) {
    this.options = options;
    this.ports = ports;
    this.read = read;
  }

  /** Reports at once and from then on. */
  start(): void {
    background(this.ports.log, this.report(), 'report metrics');
  }

  stop(): void {
    this.isStopped = true;
    this.timer?.cancel();
  }

  private async report(): Promise<void> {
    const { options, ports } = this;
    try {
      if (options.kind === 'udp') await sendDatagrams(options, datagramsOf(this.read()));
      else await this.post(options);
    } catch (thrown) {
      // Never the address: that of the API has its key.
      ports.log.warn({ to: options.kind, error: describeError(thrown) }, 'metrics not reported');
    }
    if (this.isStopped) return;
    this.timer = ports.clock.setTimer(options.intervalMs, () => this.start());
  }

  private async post({
    apiKey,
    host,
    intervalMs,
  }: Extract<ReporterOptions, { readonly kind: 'api' }>): Promise<void> {
    const { clock, http, log } = this.ports;
    const source = { host, intervalMs, at: clock.now() };
    const answer = await http.request({
      method: 'POST',
      url: `${API_URL}?api_key=${encodeURIComponent(apiKey)}`,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ series: seriesOf(this.read(), source) }),
      headTimeoutMs: API_TIMEOUT_MS,
    });
    answer.cancel();
    if (answer.status !== 202) log.warn({ status: answer.status }, 'DataDog took no metrics');
  }
}

/** The datagrams of a report. */
export function datagramsOf(document: JsonObject): readonly string[] {
  const datagrams: string[] = [];
  let text = '';
  for (const { name, value, isCounter } of measurementsOf(document, (field) => field)) {
    const line = `${name}:${value}|${isCounter ? 'c' : 'g'}\n`;
    if (text.length + line.length > DATAGRAM_BYTES_MAX) {
      datagrams.push(text);
      text = '';
    }
    text += line;
  }
  return text === '' ? datagrams : [...datagrams, text];
}

/** What the fields of histograms and timers are called at DataDog. */
const DATADOG_FIELDS: Readonly<Record<string, string>> = {
  mean: 'average',
  p50: 'median',
  p75: '75percentile',
  p95: '95percentile',
  p98: '98percentile',
  p99: '99percentile',
  p999: '999percentile',
};

export function seriesOf(
  document: JsonObject,
  {
    host,
    intervalMs,
    at,
  }: { readonly host: string; readonly intervalMs: number; readonly at: number },
): readonly object[] {
  const interval = Math.floor(intervalMs / 1_000);
  const second = Math.floor(at / 1_000);
  const fieldOf = (field: string): string => DATADOG_FIELDS[field] ?? field;
  return measurementsOf(document, fieldOf).map(({ name, value, isCounter }) => ({
    metric: name.replaceAll(/[^a-zA-Z0-9_.]/g, '_'),
    interval,
    points: [[second, value]],
    type: isCounter ? 'count' : 'gauge',
    host,
  }));
}

const KINDS = ['gauges', 'counters', 'histograms', 'meters', 'timers'];

function measurementsOf(
  document: JsonObject,
  fieldOf: (field: string) => string,
): readonly Measurement[] {
  return KINDS.flatMap((kind) =>
    entriesOf(document[kind]).flatMap(([name, members]) =>
      entriesOf(members).flatMap(([field, member]) => {
        const value = member instanceof Double ? member.value : member;
        if (typeof value !== 'number') return [];
        const isPlain = kind === 'gauges' || kind === 'counters';
        const full = isPlain ? name : `${name}.${fieldOf(field)}`;
        return [{ name: full, value, isCounter: kind === 'counters' }];
      }),
    ),
  );
}

function entriesOf(
  value: JsonValue | undefined,
): readonly (readonly [string, JsonValue | undefined])[] {
  return typeof value === 'object' && value !== null ? Object.entries(value) : [];
}

async function sendDatagrams(
  { host, port }: { readonly host: string; readonly port: number },
  datagrams: readonly string[],
): Promise<void> {
  const socket = createSocket('udp4');
  try {
    for (const text of datagrams) {
      await new Promise<void>((resolve, reject) => {
        socket.send(text, port, host, (error) => (error === null ? resolve() : reject(error)));
      });
    }
  } finally {
    socket.close();
  }
}
