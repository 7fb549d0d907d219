/**
 * Runs waiting for an offer: two queues, first in first out, high priority first, at most one entry
 * per job (spec chronos, section 5.2). Runs of a busy job that may not overlap wait aside, so that
 * they do not ask for offers.
 */
import type { RunRecord } from './records.ts';

export class RunQueue {
  private readonly high = new Map<string, RunRecord>();
  private readonly normal = new Map<string, RunRecord>();
  private readonly aside = new Map<string, RunRecord>();

  get readyCount(): number {
    return this.high.size + this.normal.size;
  }

  get normalCount(): number {
    return this.normal.size;
  }

  get highCount(): number {
    return this.high.size;
  }

  get(name: string): RunRecord | undefined {
    return this.high.get(name) ?? this.normal.get(name) ?? this.aside.get(name);
  }

  has(name: string): boolean {
    return this.get(name) !== undefined;
  }

  add(run: RunRecord, place: 'high' | 'normal' | 'aside'): void {
    this.delete(run.key.jobName);
    this[place].set(run.key.jobName, run);
  }

  delete(name: string): void {
    this.high.delete(name);
    this.normal.delete(name);
    this.aside.delete(name);
  }

  isAside(name: string): boolean {
    return this.aside.has(name);
  }

  /** In the order in which they are placed. */
  ready(): readonly RunRecord[] {
    return [...this.high.values(), ...this.normal.values()];
  }

  all(): readonly RunRecord[] {
    return [...this.ready(), ...this.aside.values()];
  }
}
