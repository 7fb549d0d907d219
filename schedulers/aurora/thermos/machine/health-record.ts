/** Whether a task is healthy, from the results of its checks (spec thermos, section 5.3). */
import type { HealthCheck } from '../../config/task-instance.ts';
import type { TaskReport } from './task-report.ts';

export type CheckResult =
  | { readonly isHealthy: true }
  | { readonly isHealthy: false; readonly reason: string };

export const HEALTHY: CheckResult = { isHealthy: true };

export class HealthRecord {
  private readonly forgivenMax: number;
  private readonly attemptsMax: number;
  private readonly failuresMax: number;
  private readonly successesMin: number;
  private attempts = 0;
  private successes = 0;
  private failures = 0;
  private isRunning = false;
  private reason: string | undefined;

  constructor(check: HealthCheck) {
    const { initialIntervalSecs, intervalSecs } = check;
    this.forgivenMax = intervalSecs > 0 ? Math.ceil(initialIntervalSecs / intervalSecs) : 0;
    this.failuresMax = check.maxConsecutiveFailures;
    this.successesMin = check.minConsecutiveSuccesses;
    this.attemptsMax = this.forgivenMax + this.failuresMax + this.successesMin;
  }

  get isUnhealthy(): boolean {
    return this.reason !== undefined;
  }

  /** In front of every check; false when none is to be made any more. */
  mayCheck(): boolean {
    if (this.isUnhealthy) return false;
    if (this.isRunning || this.attempts <= this.attemptsMax) return true;
    this.reason = 'Not enough successful health checks in time.';
    return false;
  }

  checked(result: CheckResult): void {
    if (this.attempts <= this.attemptsMax) this.attempts += 1;
    if (result.isHealthy) {
      this.successes += 1;
      if (this.successes >= this.successesMin) this.isRunning = true;
      this.failures = 0;
      return;
    }
    this.failed(result.reason);
  }

  report(): TaskReport {
    if (this.reason !== undefined) {
      return { state: 'FAILED', message: `Failed health check! ${this.reason}` };
    }
    if (this.isRunning) return { state: 'RUNNING', message: 'Task is healthy.' };
    return { state: 'STARTING', message: '' };
  }

  private failed(reason: string): void {
    this.successes = 0;
    if (this.attempts <= this.forgivenMax) return;
    const left = this.attemptsMax - this.attempts;
    if (!this.isRunning && left > 1 && this.successesMin - this.successes > left) {
      this.reason = reason;
      return;
    }
    this.failures += 1;
    if (this.failures > this.failuresMax) this.reason = reason;
  }
}
