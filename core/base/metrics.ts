/**
 * One registry per daemon. Names are the originals' (`master/tasks_running`); `/metrics/snapshot`
 * shows them as they are, `/metrics/prometheus` with every other character than [a-zA-Z0-9_:]
 * replaced by `_`, through prom-client, from the same values.
 */
import { Counter as PromCounter, Gauge as PromGauge, Registry } from 'prom-client';

export interface Counter {
  increment(by?: number): void;
  readonly value: number;
}

export class Metrics {
  private readonly registry = new Registry();
  private readonly readers = new Map<string, () => number>();
  private readonly sources: (() => ReadonlyMap<string, number>)[] = [];

  /** A counter that only rises.. */
  counter(name: string, help: string): Counter {
    assertNew(this.readers, name);
    let value = 0;
    // Copied when somebody asks: the library's own counting is too slow for every DNS query.
    new PromCounter({
      name: prometheusName(name),
      help,
      registers: [this.registry],
      collect() {
        this.reset();
        this.inc(value);
      },
    });
    this.readers.set(name, () => value);
    return {
      increment: (by = 1) => {
        value += by;
      },
      get value() {
        return value;
      },
    };
  }

  /** A value read when somebody asks. */
  gauge(name: string, help: string, read: () => number): void {
    assertNew(this.readers, name);
    this.readers.set(name, read);
    new PromGauge({
      name: prometheusName(name),
      help,
      registers: [this.registry],
      collect() {
        this.set(read());
      },
    });
  }

  /** Values whose names come and go, for instance one set per framework; read when somebody asks. */
  source(read: () => ReadonlyMap<string, number>): void {
    this.sources.push(read);
  }

  /** Removes a metric, for instance those of a framework that has gone. */
  remove(name: string): void {
    this.readers.delete(name);
    this.registry.removeSingleMetric(prometheusName(name));
  }

  has(name: string): boolean {
    return this.readers.has(name);
  }

  /** All values by name, sorted by name. */
  snapshot(): Readonly<Record<string, number>> {
    const values = new Map<string, number>();
    for (const [name, read] of this.readers) values.set(name, read());
    for (const source of this.sources)
      for (const [name, value] of source()) values.set(name, value);
    return Object.fromEntries([...values].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  async prometheus(): Promise<string> {
    const lines = [(await this.registry.metrics()).trimEnd()];
    const seen = new Set([...this.readers.keys()].map(prometheusName));
    for (const source of this.sources) {
      for (const [name, value] of source()) {
        const plain = prometheusName(name);
        if (seen.has(plain)) continue;
        seen.add(plain);
        lines.push(`# TYPE ${plain} gauge`, `${plain} ${value}`);
      }
    }
    return `${lines.join('\n')}\n`;
  }
}

/** With nothing in it but what Prometheus takes. */
export function prometheusName(name: string): string {
  return name.replaceAll(/[^a-zA-Z0-9_:]/g, '_');
}

function assertNew(readers: ReadonlyMap<string, unknown>, name: string): void {
  if (readers.has(name)) throw new Error(`metric '${name}' is declared twice`);
}
