/** Which ports the apps and pods of the tree name: counted, so that a change costs what it changes. */
import type { Change } from './change.ts';
import type { RunSpec } from './run-spec.ts';

export class PortUse {
  private readonly portsOf: (spec: RunSpec) => readonly number[];
  private readonly counts = new Map<number, number>();

  constructor(portsOf: (spec: RunSpec) => readonly number[], specs: Iterable<RunSpec> = []) {
    this.portsOf = portsOf;
    for (const spec of specs) this.count(spec, 1);
  }

  get size(): number {
    return this.counts.size;
  }

  has(port: number): boolean {
    return this.counts.has(port);
  }

  /** Keeps step with the tree. */
  apply(changes: readonly Change<RunSpec>[]): void {
    for (const { from, to } of changes) {
      if (from !== undefined) this.count(from, -1);
      if (to !== undefined) this.count(to, 1);
    }
  }

  /** How many name it after these changes. */
  countAfter(changes: readonly Change<RunSpec>[]): (port: number) => number {
    const added = new Map<number, number>();
    const add = (spec: RunSpec | undefined, count: number): void => {
      if (spec === undefined) return;
      for (const port of this.portsOf(spec)) added.set(port, (added.get(port) ?? 0) + count);
    };
    for (const { from, to } of changes) {
      add(from, -1);
      add(to, 1);
    }
    return (port) => (this.counts.get(port) ?? 0) + (added.get(port) ?? 0);
  }

  private count(spec: RunSpec, by: number): void {
    for (const port of this.portsOf(spec)) {
      const count = (this.counts.get(port) ?? 0) + by;
      if (count > 0) this.counts.set(port, count);
      else this.counts.delete(port);
    }
  }
}
