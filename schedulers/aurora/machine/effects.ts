/** What the machine asks its shell to do. */
import type { Instant } from '../../../core/base/clock.ts';
import type { DurationMs } from '../../../core/base/duration.ts';
import type { Offer, TaskInfo, TaskStatus } from '../../../core/wire/types/mesos.v1.ts';
import type {
  AssignedTask,
  HostAttributes,
  HostMaintenanceRequest,
  JobConfiguration,
  JobInstanceUpdateEvent,
  JobUpdate,
  JobUpdateAction,
  JobUpdateEvent,
  JobUpdateStatus,
  ResourceAggregate,
  ScheduledTask,
  ScheduleStatus,
} from '../thrift/types.ts';
import type { VetoName } from './veto-counts.ts';

/** One change of what is stored; the store makes records of it. */
export type StoreOperation =
  | { readonly kind: 'put-task'; readonly task: ScheduledTask }
  | { readonly kind: 'delete-task'; readonly id: string }
  | { readonly kind: 'put-cron-job'; readonly job: JobConfiguration; readonly key: string }
  | { readonly kind: 'delete-cron-job'; readonly key: string }
  | { readonly kind: 'put-quota'; readonly role: string; readonly quota: ResourceAggregate }
  | { readonly kind: 'put-host'; readonly host: HostAttributes }
  | { readonly kind: 'put-maintenance'; readonly request: HostMaintenanceRequest }
  | { readonly kind: 'delete-maintenance'; readonly host: string }
  | { readonly kind: 'put-update'; readonly id: string; readonly update: JobUpdate }
  | {
      readonly kind: 'put-update-event';
      readonly id: string;
      readonly index: number;
      readonly event: JobUpdateEvent;
    }
  | {
      readonly kind: 'put-instance-event';
      readonly id: string;
      readonly index: number;
      readonly event: JobInstanceUpdateEvent;
    }
  | {
      readonly kind: 'delete-update';
      readonly id: string;
      readonly updateEventCount: number;
      readonly instanceEventCount: number;
    };

/** A task for an offer; the shell adds the assigned task in binary as its data. */
export interface Launch {
  readonly assigned: AssignedTask;
  readonly info: TaskInfo;
}

/** Figures that only count; `/vars` shows them under these names. */
export type Counter =
  | 'scheduler_illegal_task_state_transitions'
  | 'timed_out_tasks'
  | 'tasks_pruned'
  | 'job_updates_pruned'
  | 'reconciliation_explicit_runs'
  | 'reconciliation_implicit_runs'
  | 'cron_job_triggers'
  | 'cron_job_collisions'
  | 'cron_job_launch_failures'
  | 'cron_job_parse_failures'
  | 'cron_job_concurrent_runs'
  | 'task_kill_retries'
  | 'task_throttle_events'
  | 'task_throttle_ms_total'
  | `schedule_attempts_${'fired' | 'failed' | 'no_match' | 'blocks'}`
  | `scheduling_veto_${'static' | 'dynamic' | VetoName}`
  | 'offers_rescinded'
  | 'offer_cancel_failures'
  | 'scheduler_status_update'
  | 'scheduler_resource_offers'
  | 'scheduler_inverse_offers'
  | 'scheduler_framework_disconnects'
  | 'preemptor_task_processor_runs'
  | `update_transition_${JobUpdateStatus}`
  | `update_instance_transition_${JobUpdateAction}`
  | `updates_sla_kill_${'attempt' | 'success'}_${string}`
  /** How much a call was about. */
  | `thrift_workload_${string}`
  | `tasks_${'FAILED' | 'LOST'}_${string}`
  | `tasks_lost_${'rack' | 'dedicated'}_${string}`
  | `status_update_${string}`
  | `task_${'exit' | 'lost'}_${string}`
  | `preemptor_slot_search_${'attempts' | 'successful' | 'failed'}_for_${'prod' | 'non_prod'}`
  | `preemptor_slot_validation_${'successful' | 'failed'}_for_${'prod' | 'non_prod'}`
  | `preemptor_tasks_preempted_${'prod' | 'non_prod'}`;

export type AuroraEffect =
  | { readonly kind: 'persist'; readonly operation: StoreOperation }
  | { readonly kind: 'launch'; readonly offer: Offer; readonly launches: readonly Launch[] }
  | { readonly kind: 'decline'; readonly offer: Offer; readonly refuseSeconds: number }
  | { readonly kind: 'accept-inverse-offers'; readonly offerIds: readonly string[] }
  | { readonly kind: 'want-offers'; readonly isWanted: boolean }
  | { readonly kind: 'kill'; readonly taskId: string; readonly agentId: string | undefined }
  /** Ask the master about all tasks on agents, so many at a time. */
  | { readonly kind: 'reconcile'; readonly batchSize: number }
  /** Let the master tell of everything it knows. */
  | { readonly kind: 'reconcile-all' }
  /** Comes back as `coordinatorAnswered`. */
  | {
      readonly kind: 'ask-coordinator';
      readonly url: string;
      readonly statusKey: string;
      readonly task: ScheduledTask;
      readonly forcedInMs: DurationMs | undefined;
    }
  | { readonly kind: 'acknowledge'; readonly status: TaskStatus }
  /** Told to the web hook; only with `tellsChanges`. */
  | {
      readonly kind: 'task-changed';
      readonly task: ScheduledTask;
      readonly from: ScheduleStatus;
    }
  | { readonly kind: 'count'; readonly counter: Counter; readonly by: number }
  | { readonly kind: 'wake'; readonly at: Instant };

/** An answer for the one who asked, and what is to be done. */
export interface Decision<T> {
  readonly result: T;
  readonly effects: readonly AuroraEffect[];
}
