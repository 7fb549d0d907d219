/**
 * Which retired directories are removed when (spec agent-runtime, section 5): each after `gc_delay`,
 * all the sooner the fuller the disk is.
 */
import type { Instant } from '../base/clock.ts';
import type { DurationMs } from '../base/duration.ts';

export interface GarbageOptions {
  readonly gcDelayMs: DurationMs;
  readonly gcDiskHeadroom: number;
}

export class GarbageCollector {
  private readonly options: GarbageOptions;
  /** Removal times by path. */
  private readonly scheduled = new Map<string, Instant>();

  constructor(options: GarbageOptions) {
    this.options = options;
  }

  get pendingCount(): number {
    return this.scheduled.size;
  }

  schedule(path: string, now: Instant, modifiedAt: Instant = now): void {
    this.scheduled.set(path, now + this.options.gcDelayMs - (now - modifiedAt));
  }

  /** The path is wanted again, and with it every directory above it. */
  unschedule(path: string): void {
    // Upwards, not through all that is scheduled: that are tens of thousands where tasks are short.
    for (let end = path.length; end > 0; end = path.lastIndexOf('/', end - 1)) {
      this.scheduled.delete(path.slice(0, end));
    }
  }

  maxAllowedAgeMs(usedFraction: number): DurationMs {
    const { gcDelayMs, gcDiskHeadroom } = this.options;
    return gcDelayMs * Math.max(0, 1 - gcDiskHeadroom - usedFraction);
  }

  /** Takes the paths that must go now. */
  due(usedFraction: number, now: Instant): readonly string[] {
    const marginMs = this.options.gcDelayMs - this.maxAllowedAgeMs(usedFraction);
    const paths: string[] = [];
    for (const [path, removeAt] of this.scheduled) {
      if (removeAt - now > marginMs) continue;
      this.scheduled.delete(path);
      paths.push(path);
    }
    return paths;
  }
}
