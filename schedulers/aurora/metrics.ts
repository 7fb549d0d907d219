/** Figures under the original's names (spec aurora-scheduler, section 10.3), read when they are asked for. */
import type { EventFailure } from '../../core/wire/types/mesos.v1.scheduler.ts';
import { LIFE, type LifeState } from './leading.ts';
import type { AuroraMachine } from './machine/aurora-machine.ts';
import { ACTIVE, TERMINAL } from './machine/schedule-status.ts';
import { ENUMS } from './thrift/description.ts';

export interface MetricsInput {
  readonly machine: AuroraMachine;
  readonly counts: ReadonlyMap<string, number>;
  readonly isSubscribed: boolean;
  readonly life: LifeState;
  readonly uptimeSeconds: number;
}

/** Shown before anything has been counted, for monitors that ask for rates. */
const FROM_THE_START: readonly string[] = [
  ...['assigner_launch_failures', 'offers_rescinded', 'timed_out_tasks', 'task_kill_retries'],
  ...['scheduler_resource_offers', 'scheduler_inverse_offers', 'scheduler_framework_disconnects'],
  ...['scheduler_framework_reregisters', 'scheduler_framework_message', 'scheduler_status_update'],
  ...['scheduler_lost_executors', 'slaves_lost', 'offer_cancel_failures', 'offer_accept_races'],
  ...['schedule_attempts_fired', 'schedule_attempts_failed', 'schedule_attempts_no_match'],
  ...['schedule_attempts_blocks', 'globally_banned_offers_size'],
  ...['cron_job_triggers', 'cron_job_collisions', 'cron_job_launch_failures'],
  ...['cron_job_misfires', 'cron_job_parse_failures', 'cron_job_concurrent_runs'],
  ...['tasks_pruned', 'job_updates_pruned', 'scheduler_illegal_task_state_transitions'],
  ...['shiro_authorization_failures', 'shiro_bad_requests'],
  ...['reconciliation_explicit_runs', 'reconciliation_implicit_runs'],
  ...[
    'http_500_responses_events',
    'task_throttle_events',
    'task_throttle_ms_total',
    'preemptor_task_processor_runs',
  ],
  ...['prod', 'non_prod'].flatMap((kind) => [
    `preemptor_tasks_preempted_${kind}`,
    ...['attempts', 'successful', 'failed'].map(
      (what) => `preemptor_slot_search_${what}_for_${kind}`,
    ),
  ]),
  ...Object.keys(ENUMS.JobUpdateStatus).map((status) => `update_transition_${status}`),
  ...Object.keys(ENUMS.JobUpdateAction).map((action) => `update_instance_transition_${action}`),
];

export function auroraVars(input: MetricsInput): ReadonlyMap<string, number> {
  const { machine, counts } = input;
  const vars = new Map<string, number>([
    ['framework_registered', input.isSubscribed ? 1 : 0],
    ['jvm_uptime_secs', input.uptimeSeconds],
    ['outstanding_offers', machine.offers.size],
    ['cron_jobs_loaded', machine.state.cronJobs.size],
    ['schedule_queue_size', machine.groups.taskCount],
    ['preemptor_slot_cache_size', machine.preemptor.slotCount],
    ...FROM_THE_START.map((name) => [name, 0] as const),
    ...counts,
  ]);
  for (const state of LIFE) vars.set(`scheduler_lifecycle_${state}`, state === input.life ? 1 : 0);
  for (const status of [...ACTIVE, ...TERMINAL]) {
    vars.set(`task_store_${status}`, machine.state.tasks.countOf(status));
  }
  return vars;
}

/** Of what the cluster has lost: an agent, or an executor, which has not ended well. */
export function failureCounter({
  agent_id: agent,
  executor_id: executor,
  status = 0,
}: EventFailure): string | undefined {
  if (executor !== undefined) return status === 0 ? undefined : 'scheduler_lost_executors';
  return agent === undefined ? undefined : 'slaves_lost';
}
