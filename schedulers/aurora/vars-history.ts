/** The last hour of the scheduler's own figures, one value a second, as `/graphdata` gives them out. */
import type { Clock, Instant, Timer } from '../../core/base/clock.ts';
import type { DurationMs } from '../../core/base/duration.ts';

export interface VarsHistoryOptions {
  readonly intervalMs: DurationMs;
  readonly keptMs: DurationMs;
}

/** Figures that come later are not followed. */
export const NAMES_MAX = 500;
/** With shorter intervals, values are kept for less. */
const SAMPLES_MAX = 3_600;
/** The time that all events of a counter took. */
const TIMED = /^(.+)_(nanos|micros|ms)_total$/;

export class VarsHistory {
  private readonly clock: Clock;
  private readonly options: VarsHistoryOptions;
  private readonly read: () => ReadonlyMap<string, number>;
  private readonly names = new Map<string, number>();
  /** The oldest first; values by the place of their name. */
  private samples: { readonly at: Instant; readonly values: readonly number[] }[] = [];
  private timer: Timer | undefined;

  constructor(options: VarsHistoryOptions, clock: Clock, read: () => ReadonlyMap<string, number>) {
    this.options = options;
    this.clock = clock;
    this.read = read;
  }

  start(): void {
    this.timer = this.clock.setTimer(this.options.intervalMs, () => {
      this.start();
      this.sample();
    });
  }

  stop(): void {
    this.timer?.cancel();
  }

  get knownNames(): readonly string[] {
    return [...this.names.keys()].sort();
  }

  /** A row for each time after `since`: the time in ms, then the figures; 0 before a figure was there. */
  rows(names: readonly string[], since: Instant): readonly (readonly number[])[] {
    const places = names.map((name) => this.names.get(name));
    return this.samples
      .filter(({ at }) => at > since)
      .map(({ at, values }) => [
        at,
        ...places.map((place) => (place === undefined ? 0 : (values[place] ?? 0))),
      ]);
  }

  /**
   * For counters among these that go with a time: how much they rose in a second, by the last two samples, and the
   * time of each event.
   */
  rates(vars: ReadonlyMap<string, number>): ReadonlyMap<string, number> {
    const [before, after] = this.samples.slice(-2);
    const rise = (name: string): number => {
      const place = this.names.get(name);
      if (place === undefined || before === undefined || after === undefined) return 0;
      return (after.values[place] ?? 0) - (before.values[place] ?? 0);
    };
    const secs = ((after?.at ?? 0) - (before?.at ?? 0)) / 1_000;
    const rates = new Map<string, number>();
    for (const name of vars.keys()) {
      const [, counter, unit] = TIMED.exec(name) ?? [];
      if (counter === undefined || !vars.has(`${counter}_events`)) continue;
      const [events, total] = [rise(`${counter}_events`), rise(name)];
      rates.set(`${counter}_events_per_sec`, secs > 0 ? events / secs : 0);
      rates.set(`${name}_per_sec`, secs > 0 ? total / secs : 0);
      rates.set(`${counter}_${unit}_per_event`, events > 0 ? total / events : 0);
    }
    return rates;
  }

  private sample(): void {
    const now = this.clock.now();
    const values: number[] = new Array(this.names.size).fill(0);
    for (const [name, value] of this.read()) {
      const place = this.names.get(name) ?? this.names.size;
      if (place >= NAMES_MAX) continue;
      this.names.set(name, place);
      values[place] = value;
    }
    this.samples.push({ at: now, values });
    const oldest = now - this.options.keptMs;
    const surplus = this.samples.length - SAMPLES_MAX;
    if (surplus > 0 || (this.samples[0]?.at ?? now) < oldest) {
      this.samples = this.samples.slice(Math.max(0, surplus)).filter(({ at }) => at >= oldest);
    }
  }
}
