/** What Chronos keeps, one record per entity, and what it asks its shell to do. */
import type { Instant } from '../../core/base/clock.ts';
import type { Offer, TaskInfo, TaskState, TaskStatus } from '../../core/wire/types/mesos.v1.ts';
import type { Job } from './job.ts';
import type { TaskKey } from './task-id.ts';

export const MISSED_REASONS = ['before-creation', 'older-than-epsilon', 'overlap'] as const;

/** `overlap`: a task was alive, and the job says `skip`. */
export type MissedReason = (typeof MISSED_REASONS)[number];

/** Starts that did not happen and will not: an entry of the ledger. */
export interface MissedStarts {
  readonly reason: MissedReason;
  readonly from: Instant;
  readonly to: Instant;
  readonly count: number;
  readonly notedAt: Instant;
}

export interface JobRecord {
  readonly job: Job;
  /** When the client set the present schedule: starts before it do not count. */
  readonly setAt: Instant;
  /** Newest last; at most `MISSED_MAX`. */
  readonly missed: readonly MissedStarts[];
  /** Successes of each parent since this job last started. */
  readonly parentCounts: Readonly<Record<string, number>>;
}

/** Entries of the ledger kept per job; older ones are dropped. */
export const MISSED_MAX = 100;

/**
 * Why a job is to run. Only scheduled starts are derived again after a restart; the others are
 * stored. A relaunch repeats a launch that was lost on its way: it is not a launch of its own.
 */
export type RunCause = (typeof RUN_CAUSES)[number];

export const RUN_CAUSES = ['schedule', 'manual', 'dependency', 'retry', 'relaunch'] as const;

export interface RunRecord {
  readonly key: TaskKey;
  readonly cause: RunCause;
  /** The arguments were given with the start. */
  readonly hasOwnArguments: boolean;
  /** A retry waits until then. */
  readonly notBefore: Instant;
  /** How often a launch of this run was lost before it reached an agent. */
  readonly relaunches: number;
  /** The scheduled start that was launched with it, where starts have an epsilon. */
  readonly startAt?: Instant | undefined;
}

export interface TaskRecord {
  readonly taskId: string;
  readonly agentId: string;
  readonly run: RunRecord;
  readonly launchedAt: Instant;
  /** Whether any status was seen; until then the launch itself may have been lost. */
  readonly isConfirmed: boolean;
  readonly startedAt: Instant | undefined;
  readonly isKilling: boolean;
  /** Its result was reported by the job itself and has been counted. */
  readonly isReported?: boolean;
}

export type HistoryStatus = 'Success' | 'Fail' | 'Running' | 'Idle';

export interface HistoryEntry {
  readonly taskId: string;
  readonly agentId: string;
  readonly startedAt: Instant | undefined;
  readonly endedAt: Instant | undefined;
  readonly status: HistoryStatus;
  readonly elements: number | undefined;
}

export interface HistoryRecord {
  /** Newest first. */
  readonly entries: readonly HistoryEntry[];
  /** A sample of run times, milliseconds from due time to the end, successful runs only. */
  readonly samples: readonly number[];
  /** Successful runs seen, for the sampling. */
  readonly sampledCount: number;
}

/** A run that has ended. */
export interface PastRun {
  readonly taskId: string;
  readonly jobName: string;
  readonly cause: RunCause;
  readonly attempt: number;
  readonly due: Instant;
  readonly launchedAt: Instant;
  /** When it was seen running; undefined when it never was. */
  readonly startedAt: Instant | undefined;
  readonly endedAt: Instant;
  readonly state: TaskState;
  readonly message: string;
  readonly agentId: string;
  readonly executorId: string;
}

export type JobNotice =
  | { readonly kind: 'deleted' }
  | { readonly kind: 'exhausted' }
  | {
      readonly kind: 'disabled';
      readonly failures: number;
      readonly taskId: string;
      readonly text: string | undefined;
    }
  | { readonly kind: 'failed'; readonly taskId: string; readonly text: string | undefined };

/** Effects are carried out in order, after all `save-` and `forget-` ones are durable. */
export type ChronosEffect =
  | { readonly kind: 'save-job'; readonly record: JobRecord }
  | { readonly kind: 'forget-job'; readonly name: string }
  | { readonly kind: 'save-run'; readonly run: RunRecord }
  | { readonly kind: 'forget-run'; readonly run: RunRecord }
  | { readonly kind: 'save-task'; readonly task: TaskRecord }
  | { readonly kind: 'forget-task'; readonly taskId: string }
  | { readonly kind: 'save-history'; readonly name: string; readonly history: HistoryRecord }
  | { readonly kind: 'forget-history'; readonly name: string }
  | { readonly kind: 'save-past-run'; readonly run: PastRun }
  | { readonly kind: 'forget-past-run'; readonly taskId: string }
  | { readonly kind: 'launch'; readonly offer: Offer; readonly tasks: readonly TaskInfo[] }
  | { readonly kind: 'decline'; readonly offers: readonly Offer[] }
  | { readonly kind: 'acknowledge'; readonly status: TaskStatus }
  | { readonly kind: 'kill'; readonly taskId: string; readonly agentId: string | undefined }
  | { readonly kind: 'want-offers'; readonly isNew: boolean }
  | { readonly kind: 'unwant-offers' }
  | {
      readonly kind: 'notify';
      /** Before its counters were updated. */
      readonly job: Job;
      readonly notice: JobNotice;
      readonly at: Instant;
    }
  | { readonly kind: 'succeeded'; readonly name: string; readonly tookMs: number | undefined }
  | { readonly kind: 'failed'; readonly name: string };

/** A command that is refused: HTTP status and message of the answer. */
export interface Refusal {
  readonly status: 400 | 500;
  readonly message: string;
}
