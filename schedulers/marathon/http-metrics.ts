/** What the HTTP interface measures of itself (spec marathon-behaviour, section 12). */
import type { Instant } from '../../core/base/clock.ts';
import { prometheusName } from '../../core/base/metrics.ts';
import { Double, type JsonObject } from '../../core/wire/json-text.ts';
import { Meter } from '../kit/meter.ts';
import { RouteTimer } from '../kit/route-timer.ts';

const CLASSES = ['1xx', '2xx', '3xx', '4xx', '5xx'] as const;
const METHODS = ['get', 'put', 'post', 'delete'] as const;

export class HttpMetrics {
  private readonly now: () => Instant;
  private readonly responses: ReadonlyMap<string, Meter>;
  private readonly all: RouteTimer;
  private readonly byMethod: ReadonlyMap<string, RouteTimer>;
  private active = 0;

  constructor(now: () => Instant) {
    this.now = now;
    this.responses = new Map(CLASSES.map((name) => [name, new Meter(now())]));
    this.all = new RouteTimer(now());
    this.byMethod = new Map(METHODS.map((name) => [name, new RouteTimer(now())]));
  }

  get activeCount(): number {
    return this.active;
  }

  /** Gives what to call when the connection has been served; without a status it is no answer that is timed. */
  begin(method: string): (status: number | undefined) => void {
    this.active += 1;
    const begunAt = this.now();
    return (status) => {
      this.active -= 1;
      if (status === undefined) return;
      const now = this.now();
      this.responses.get(`${Math.floor(status / 100)}xx`)?.mark(now);
      this.all.record(now - begunAt, now);
      this.byMethod.get(method.toLowerCase())?.record(now - begunAt, now);
    };
  }

  /** By name without prefix. */
  meters(): readonly (readonly [string, JsonObject])[] {
    return [...this.responses].map(([name, meter]) => [
      `http.responses.${name}.rate.meter`,
      { count: meter.count, ...meter.rateMembers(this.now()), units: 'events/second' },
    ]);
  }

  /** Meters are counters without their rates, timers summaries. */
  prometheus(prefix: string): string {
    const meters = this.meters().flatMap(([name, meter]) => {
      const plain = prometheusName(`${prefix}.${name}_total`);
      return [`# TYPE ${plain} counter`, `${plain} ${numberIn(meter, 'count')}`];
    });
    const timers = this.timers().flatMap(([name, timer]) => {
      const plain = prometheusName(`${prefix}.${name}`);
      const quantiles = QUANTILES.map(
        ([quantile, member]) => `${plain}{quantile="${quantile}"} ${numberIn(timer, member)}`,
      );
      return [
        `# TYPE ${plain} summary`,
        ...quantiles,
        `${plain}_count ${numberIn(timer, 'count')}`,
      ];
    });
    return `${[...meters, ...timers].join('\n')}\n`;
  }

  timers(): readonly (readonly [string, JsonObject])[] {
    const byMethod = [...this.byMethod].map(
      ([method, timer]) => [`http.requests.${method}.duration`, timer] as const,
    );
    return [['http.requests.duration', this.all] as const, ...byMethod].map(([name, timer]) => [
      `${name}.timer.seconds`,
      timer.document(this.now()),
    ]);
  }
}

const QUANTILES: readonly (readonly [quantile: string, member: string])[] = [
  ['0.5', 'p50'],
  ['0.75', 'p75'],
  ['0.95', 'p95'],
  ['0.98', 'p98'],
  ['0.99', 'p99'],
  ['0.999', 'p999'],
];

function numberIn(document: JsonObject, member: string): number {
  const value = document[member];
  return value instanceof Double ? value.value : Number(value ?? 0);
}
