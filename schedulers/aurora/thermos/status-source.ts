/** Whoever has a say in what becomes of a task. */
import type { TaskReport } from './machine/task-report.ts';

export interface StatusSource {
  /** Undefined: no opinion. */
  report(): TaskReport | undefined;
  stop(): Promise<void>;
}
