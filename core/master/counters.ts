/** Plain counters kept by the machine; `metrics.ts` shows them under the original names. */
export class Counters {
  private readonly values = new Map<string, number>();

  increment(name: string, by = 1): void {
    this.values.set(name, (this.values.get(name) ?? 0) + by);
  }

  get(name: string): number {
    return this.values.get(name) ?? 0;
  }

  /** All that were ever incremented. */
  entries(): IterableIterator<[string, number]> {
    return this.values.entries();
  }
}

/** Counters of one framework; names are the suffixes of spec flags-and-metrics, section 6.2. */
export type FrameworkCounters = Counters;
