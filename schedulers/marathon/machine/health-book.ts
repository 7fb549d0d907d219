/**
 * Results of health and readiness checks, in memory only (spec marathon-behaviour, section 6). The
 * book counts; what follows from a count is decided in `health.ts`.
 */
import type { Instant } from '../../../core/base/clock.ts';
import { type Instance, type InstanceId, reportedHealth } from '../model/instance.ts';
import { healthChecksOf, isPod } from '../model/run-spec.ts';

export interface CheckResult {
  readonly alive: boolean;
  readonly consecutiveFailures: number;
  readonly firstSuccess?: Instant | undefined;
  readonly lastSuccess?: Instant | undefined;
  readonly lastFailure?: Instant | undefined;
  readonly lastFailureCause?: string | undefined;
}

export interface ReadinessResult {
  readonly name: string;
  readonly taskId: string;
  readonly ready: boolean;
  readonly lastResponse?:
    | { readonly status: number; readonly contentType: string; readonly body: string }
    | undefined;
}

interface Entry {
  /** Results belong to one task; a relaunched instance starts without any. */
  readonly taskId: string;
  readonly results: Map<number, CheckResult>;
  readiness: ReadinessResult | undefined;
  nextReadinessAt: Instant;
  readinessInFlight: boolean;
}

export class HealthBook {
  private readonly entries = new Map<InstanceId, Entry>();

  /** The result per check of the instance's app, in that order; undefined = not checked yet. */
  results(instance: Instance): readonly (CheckResult | undefined)[] {
    const entry = this.entryOf(instance);
    return healthChecksOf(instance.spec).map((_, index) => entry?.results.get(index));
  }

  record(instance: Instance, index: number, result: CheckResult): void {
    this.entry(instance)?.results.set(index, result);
  }

  /**
   * True when all checks are alive, false when any is not, undefined without checks or results. Of a pod
   * its tasks tell.
   */
  isHealthy(instance: Instance): boolean | undefined {
    if (isPod(instance.spec)) return reportedHealth(instance.tasks);
    const results = this.results(instance);
    if (results.length === 0) return undefined;
    if (results.some((result) => result?.alive === false)) return false;
    return results.every((result) => result?.alive === true) ? true : undefined;
  }

  readiness(instance: Instance): ReadinessResult | undefined {
    return this.entryOf(instance)?.readiness;
  }

  /** When the next readiness probe may start; undefined while one is on its way. */
  nextReadinessAt(instance: Instance): Instant | undefined {
    const entry = this.entry(instance);
    if (entry === undefined || entry.readinessInFlight) return undefined;
    return entry.nextReadinessAt;
  }

  startReadiness(instance: Instance): void {
    const entry = this.entry(instance);
    if (entry !== undefined) entry.readinessInFlight = true;
  }

  recordReadiness(instance: Instance, result: ReadinessResult, nextAt: Instant): void {
    const entry = this.entry(instance);
    if (entry === undefined) return;
    entry.readiness = result;
    entry.readinessInFlight = false;
    entry.nextReadinessAt = nextAt;
  }

  forget(id: InstanceId): void {
    this.entries.delete(id);
  }

  private entryOf(instance: Instance): Entry | undefined {
    const entry = this.entries.get(instance.id);
    return entry?.taskId === instance.tasks[0]?.id ? entry : undefined;
  }

  private entry(instance: Instance): Entry | undefined {
    const known = this.entryOf(instance);
    const [task] = instance.tasks;
    if (known !== undefined || task === undefined) return known;
    const made: Entry = {
      taskId: task.id,
      results: new Map(),
      readiness: undefined,
      nextReadinessAt: 0,
      readinessInFlight: false,
    };
    this.entries.set(instance.id, made);
    return made;
  }
}
