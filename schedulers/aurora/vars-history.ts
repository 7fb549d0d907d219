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
