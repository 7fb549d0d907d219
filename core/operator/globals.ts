/**
 * Endpoints that belong to the process and not to master or agent (spec operator-api, section 6):
 * version, metrics, logging, system statistics, process list, profiler, help.
 */
import os from 'node:os';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Clock, Timer } from '../base/clock.ts';
import { parseDuration } from '../base/duration.ts';
import type { Metrics } from '../base/metrics.ts';
import { replyJson } from '../net/http-answers.ts';
import type { HttpServer } from '../net/http-server.ts';
import { integerIn } from '../net/query.ts';
import { double, type JsonValue, writeJson } from '../wire/json-text.ts';
import type { HelpPages } from './help.ts';
import { registerHelp } from './help.ts';
import { queryOf, replyEmpty, replyText } from './replies.ts';
import type { Pace, RequestPace } from './request-pace.ts';
import { versionDocument } from './version.ts';

export interface GlobalsOptions {
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly logging: LoggingLevel;
  /** How often `/metrics/snapshot` is answered. */
  readonly pace: RequestPace;
  /** Ids of the parts of this process, for `/__processes__`. */
  readonly processIds: () => readonly string[];
  readonly help: HelpPages;
}

/** From outside the daemon: environment and log. */
export interface OperatorSettings {
  /** How often `/metrics/snapshot` is answered. */
  readonly metricsPace?: Pace | undefined;
  /** The verbosity that operators set, and its end. */
  readonly onVerbosity?: ((level: number) => void) | undefined;
}

export function registerGlobals(server: HttpServer, options: GlobalsOptions): void {
  const { app } = server;
  app.all('/version', (request, reply) => replyJson(request, reply, writeJson(versionDocument())));
  app.all('/metrics/snapshot', (request, reply) =>
    options.pace.serve(reply, () => snapshot(options.metrics, request, reply)),
  );
  app.all('/metrics/prometheus', async (_request, reply) =>
    reply.type('text/plain; version=0.0.4').send(await options.metrics.prometheus()),
  );
  app.all('/logging/toggle', (request, reply) => toggle(options.logging, request, reply));
  app.all('/system/stats.json', (request, reply) =>
    replyJson(request, reply, writeJson(systemStatistics())),
  );
  app.all('/__processes__', (_request, reply) => {
    const list = options.processIds().map((id) => ({ events: [], id }));
    const body = writeJson(list);
    reply.header('content-length', Buffer.byteLength(body));
    return reply.type('application/json').send(body);
  });
  for (const action of ['start', 'stop']) {
    app.all(`/profiler/${action}`, (_request, reply) =>
      replyText(
        reply,
        400,
        'Perftools is disabled. To enable perftools, configure libprocess with --enable-perftools.\n',
      ),
    );
  }
  registerHelp(server, options.help);
}

function snapshot(metrics: Metrics, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const timeout = queryOf(request).get('timeout');
  if (timeout !== null) {
    const parsed = parseDuration(timeout);
    // Gauges answer at once here, so a timeout never leaves any out.
    if (!parsed.ok) {
      return replyText(reply, 400, `Invalid timeout '${timeout}': ${parsed.error}.\n`);
    }
  }
  return replyJson(request, reply, writeJson(metricsDocument(metrics)));
}

function metricsDocument(metrics: Metrics): JsonValue {
  const values = Object.entries(metrics.snapshot());
  return Object.fromEntries(values.map(([name, value]) => [name, double(value)]));
}

export function systemMetrics(metrics: Metrics): void {
  metrics.gauge('system/cpus_total', 'Processors of the machine', () => os.cpus().length);
  metrics.gauge('system/load_1min', 'Load, one minute', () => os.loadavg()[0] ?? 0);
  metrics.gauge('system/load_5min', 'Load, five minutes', () => os.loadavg()[1] ?? 0);
  metrics.gauge('system/load_15min', 'Load, fifteen minutes', () => os.loadavg()[2] ?? 0);
  metrics.gauge('system/mem_total_bytes', 'Memory of the machine', () => os.totalmem());
  metrics.gauge('system/mem_free_bytes', 'Free memory', () => os.freemem());
}

function systemStatistics(): JsonValue {
  const [one = 0, five = 0, fifteen = 0] = os.loadavg();
  return {
    avg_load_15min: double(fifteen),
    avg_load_1min: double(one),
    avg_load_5min: double(five),
    cpus_total: os.cpus().length,
    mem_free_bytes: os.freemem(),
    mem_total_bytes: os.totalmem(),
  };
}

/** The verbosity operators see and set; it falls back after the time they gave. */
export class LoggingLevel {
  private readonly clock: Clock;
  private readonly original = 0;
  private current = 0;
  private timer: Timer | undefined;

  private readonly onChange: (level: number) => void;

  constructor(clock: Clock, onChange: (level: number) => void = () => {}) {
    this.clock = clock;
    this.onChange = onChange;
  }

  get level(): number {
    return this.current;
  }

  set(level: number, durationMs: number): void {
    this.timer?.cancel();
    this.timer = undefined;
    this.become(level);
    if (level === this.original) return;
    this.timer = this.clock.setTimer(durationMs, () => {
      this.become(this.original);
    });
  }

  private become(level: number): void {
    this.current = level;
    this.onChange(level);
  }

  /** Ends the timer, for stopping. */
  stop(): void {
    this.timer?.cancel();
  }
}

function toggle(logging: LoggingLevel, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const query = queryOf(request);
  const levelText = query.get('level');
  const durationText = query.get('duration');
  if (levelText === null && durationText === null) {
    return replyText(reply, 200, `${logging.level}\n`);
  }
  if (levelText === null) return replyText(reply, 400, "Expecting 'level=value' in query.\n");
  if (durationText === null) return replyText(reply, 400, "Expecting 'duration=value' in query.\n");
  const level = integerIn(levelText);
  if (level === undefined) {
    return replyText(reply, 400, `Failed to convert '${levelText}' to number.\n`);
  }
  if (level < 0) return replyText(reply, 400, `Invalid level '${level}'.\n`);
  const duration = parseDuration(durationText);
  if (!duration.ok) return replyText(reply, 400, `${duration.error}.\n`);
  logging.set(level, duration.value);
  return replyEmpty(reply, 200);
}
