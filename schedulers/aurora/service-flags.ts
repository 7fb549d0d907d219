/** Flags about keeping services up: updates, policies, maintenance (spec aurora-scheduler, section 11). */
import { hours, minutes } from '../../core/base/duration.ts';
import { type FlagValues, flag } from '../../core/base/flags.ts';
import type { MachineSettings } from './machine/settings.ts';

export const SERVICE_FLAGS = {
  sla_aware_kill_non_prod: flag('bool', false, { help: 'Policies hold for every tier.' }),
  sla_aware_kill_retry_min_delay: flag('duration', minutes(1), { help: 'After the first no.' }),
  sla_aware_kill_retry_max_delay: flag('duration', minutes(5), { help: 'The longest of these.' }),
  sla_coordinator_timeout: flag('duration', minutes(1), { help: 'Of a question to one.' }),
  max_parallel_coordinated_maintenance: flag('int', 10, { help: 'Questions at a time.' }),
  host_maintenance_polling_interval: flag('duration', minutes(1), { help: 'Looks at a host.' }),
  job_update_history_per_job_threshold: flag('int', 10, { help: 'Ended updates of a job.' }),
  job_update_history_pruning_interval: flag('duration', minutes(15), { help: 'Between looks.' }),
  job_update_history_pruning_threshold: flag('duration', hours(24 * 30), { help: 'Their age.' }),
  enable_update_affinity: flag('bool', false, { help: 'Instances stay on their agents.' }),
  update_affinity_reservation_hold_time: flag('duration', minutes(3), { help: 'For how long.' }),
} as const;

export function serviceSettings(
  flags: FlagValues<typeof SERVICE_FLAGS>,
): Pick<MachineSettings, 'slaKills' | 'updateHistory' | 'updateAffinityMs'> {
  return {
    slaKills: {
      checksNonProduction: flags.sla_aware_kill_non_prod,
      retryMinMs: flags.sla_aware_kill_retry_min_delay,
      retryMaxMs: flags.sla_aware_kill_retry_max_delay,
      maintenancePollMs: flags.host_maintenance_polling_interval,
    },
    updateHistory: {
      intervalMs: flags.job_update_history_pruning_interval,
      keptMs: flags.job_update_history_pruning_threshold,
      perJobMax: flags.job_update_history_per_job_threshold,
    },
    updateAffinityMs: flags.enable_update_affinity
      ? flags.update_affinity_reservation_hold_time
      : undefined,
  };
}
