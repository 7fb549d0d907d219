/**
 * Metrics for Graphite, every `graphite_reporting_interval` in its plain text protocol:
 *
 *   line := [prefix "."] name ["." field] " " value " " seconds "\n"
 *
 * Each report is a connection of its own. One that fails is logged and not repeated: the next one has
 * newer values.
 */
import { connect } from 'node:net';
import { background } from '../../core/base/background.ts';
import type { Clock, Timer } from '../../core/base/clock.ts';
import { type DurationMs, seconds } from '../../core/base/duration.ts';
import { describeError } from '../../core/base/errors.ts';
import type { Log } from '../../core/base/log.ts';

export interface GraphiteOptions {
  readonly host: string;
  readonly port: number;
  readonly intervalMs: DurationMs;
  /** In front of all names, without the dot; may be empty. */
  readonly prefix: string;
}

/** Delivers one report; rejects when it could not. */
export type SendReport = (options: GraphiteOptions, text: string, clock: Clock) => Promise<void>;

/** A server that takes longer has the connection cut. */
const SEND_TIMEOUT_MS: DurationMs = seconds(5);

export class GraphiteReporter {
  private readonly options: GraphiteOptions;
  private readonly ports: { readonly clock: Clock; readonly log: Log };
  /** The document of `/metrics`. */
  private readonly read: () => unknown;
  private readonly send: SendReport;
  private timer: Timer | undefined;
  private isStopped = false;

  constructor(
    options: GraphiteOptions,
    ports: { readonly clock: Clock; readonly log: Log },
    read: () => unknown,
    send: SendReport = sendOverTcp,
  ) {
    this.options = options;
    this.ports = ports;
    this.read = read;
    this.send = send;
  }

  start(): void {
    this.timer = this.ports.clock.setTimer(this.options.intervalMs, () =>
      background(this.ports.log, this.report(), 'report to Graphite'),
    );
  }

  stop(): void {
    this.isStopped = true;
    this.timer?.cancel();
  }

  private async report(): Promise<void> {
    const { clock, log } = this.ports;
    const { prefix, host, port } = this.options;
    const lines = graphiteLines(this.read(), prefix, Math.floor(clock.now() / 1_000));
    try {
      await this.send(this.options, lines.join(''), clock);
    } catch (thrown) {
      log.warn({ host, port, error: describeError(thrown) }, 'Graphite cannot be reached');
    }
    if (!this.isStopped) this.start();
  }
}

/** The lines of a report, in the order of the document. */
export function graphiteLines(document: unknown, prefix: string, at: number): readonly string[] {
  const lines: string[] = [];
  for (const [kind, factorOf] of KINDS) {
    for (const [name, fields] of entriesOf(memberOf(document, kind))) {
      for (const [field, value] of entriesOf(fields)) {
        if (typeof value !== 'number') continue;
        const path = [prefix, name, field === 'value' ? '' : field].filter((part) => part !== '');
        const scaled = value * factorOf(field);
        const text = Number.isInteger(scaled) ? String(scaled) : scaled.toFixed(2);
        lines.push(`${path.join('.').replaceAll(/\s+/g, '-')} ${text} ${at}\n`);
      }
    }
  }
  return lines;
}

const AS_IT_IS = (): number => 1;

/** Durations of timers are seconds in `/metrics` and milliseconds in reports, as in the original. */
const KINDS: readonly (readonly [kind: string, factorOf: (field: string) => number])[] = [
  ['gauges', AS_IT_IS],
  ['counters', AS_IT_IS],
  ['histograms', AS_IT_IS],
  ['meters', AS_IT_IS],
  ['timers', (field) => (field === 'count' || field.endsWith('_rate') ? 1 : 1_000)],
];

function memberOf(value: unknown, name: string): unknown {
  return entriesOf(value).find(([key]) => key === name)?.[1];
}

function entriesOf(value: unknown): readonly (readonly [string, unknown])[] {
  return typeof value === 'object' && value !== null ? Object.entries(value) : [];
}

function sendOverTcp({ host, port }: GraphiteOptions, text: string, clock: Clock): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port });
    const tooLate = clock.setTimer(SEND_TIMEOUT_MS, () =>
      socket.destroy(new Error('no answer in time')),
    );
    socket.on('error', reject);
    socket.on('close', () => {
      tooLate.cancel();
      resolve();
    });
    // Whatever the server says is of no interest, but unread it would keep the connection open.
    socket.resume();
    socket.end(text);
  });
}
