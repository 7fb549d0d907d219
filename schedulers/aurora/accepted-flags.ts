/**
 * Flags that size what is not here: threads, batches of one transaction, the replicated log. Scripts made for the
 * original give them, and nothing that a user sees depends on them. What would have to do something is refused.
 */
import { minutes, seconds } from '../../core/base/duration.ts';
import { type FlagRow, flag, optionalFlag } from '../../core/base/flags.ts';

const NO_THREADS = 'Accepted: there are no pools of threads.';
const NO_BATCHES = 'Accepted: writes are gathered as they come.';
const NO_LOG = 'Accepted: the state is no replicated log.';

const KIB = 1024;

export function aboveZero(name: string): (value: number) => string | undefined {
  return (value) => (value > 0 ? undefined : `Flag '${name}' must be above 0`);
}

function batchSize(name: string, size: number): FlagRow<number, number> {
  return flag('int', size, { help: NO_BATCHES, validate: aboveZero(name) });
}

/** Refused when given: going on without it would silently do something else. */
export function unsupported(name: string, instead: string): FlagRow<string, undefined> {
  return optionalFlag('string', {
    help: `Not supported: ${instead}.`,
    validate: () => `Flag '${name}' is not supported: ${instead}`,
  });
}

/** The same, but for the word that asks for nothing. */
export function unsupportedUnlessFalse(name: string, instead: string): FlagRow<boolean, boolean> {
  return flag('bool', false, {
    help: `Not supported: ${instead}. (default: false)`,
    validate: (value: boolean) =>
      value ? `Flag '${name}' is not supported: ${instead}` : undefined,
  });
}

/** The usual value, in each way to write it, says what is done in any case; everything else is refused. */
function onlyUsual(
  name: string,
  usual: readonly [string, ...string[]],
  instead: string,
): FlagRow<string, string> {
  return flag('string', usual[0], {
    help: `Only ${usual[0]}: ${instead}. (default: ${usual[0]})`,
    validate: (value: string) =>
      usual.includes(value) ? undefined : `Flag '${name}=${value}' is not supported: ${instead}`,
  });
}

const CLASSES = 'org.apache.aurora.scheduler';
const DRIVERS: readonly string[] = ['SCHEDULER_DRIVER', 'V0_DRIVER', 'V1_DRIVER'];
const NO_CLASSES = 'there are no classes to load';
const NO_KERBEROS = 'there is no Kerberos here';

export const ACCEPTED_FLAGS = {
  async_worker_threads: flag('int', 8, { help: NO_THREADS }),
  async_slot_stat_update_interval: flag('duration', minutes(1), {
    help: 'Accepted: figures are found when they are asked for.',
  }),
  async_task_stat_update_interval: flag('duration', minutes(60), {
    help: 'Accepted: figures are found when they are asked for.',
  }),
  cron_scheduler_num_threads: flag('int', 10, { help: NO_THREADS }),
  cron_scheduling_max_batch_size: batchSize('cron_scheduling_max_batch_size', 10),
  scheduling_max_batch_size: batchSize('scheduling_max_batch_size', 3),
  max_status_update_batch_size: batchSize('max_status_update_batch_size', 1_000),
  max_task_event_batch_size: batchSize('max_task_event_batch_size', 300),
  sla_aware_action_max_batch_size: batchSize('sla_aware_action_max_batch_size', 300),
  dlog_max_entry_size: flag('bytes', 512 * KIB, { help: NO_LOG }),
  dlog_shutdown_grace_period: flag('duration', seconds(2), { help: NO_LOG }),
  dlog_snapshot_interval: flag('duration', minutes(60), { help: NO_LOG }),
  native_log_read_timeout: flag('duration', seconds(5), { help: NO_LOG }),
  native_log_write_timeout: flag('duration', seconds(3), { help: NO_LOG }),
  native_log_election_timeout: flag('duration', seconds(15), { help: NO_LOG }),
  native_log_election_retries: flag('int', 20, { help: NO_LOG }),
  zk_connection_timeout: flag('duration', seconds(10), {
    help: 'Accepted: it tries until its session is there.',
  }),
  mesos_driver: flag('string', 'SCHEDULER_DRIVER', {
    help: 'Accepted: SCHEDULER_DRIVER, V0_DRIVER, V1_DRIVER; it speaks HTTP in any case.',
    validate: (value: string) =>
      DRIVERS.includes(value) ? undefined : `Flag 'mesos_driver' has no driver '${value}'`,
  }),
  offer_static_ban_cache_max_size: optionalFlag('int', {
    help: 'Accepted: what does not fit an offer is found by an index, not kept.',
    validate: (value: number) =>
      value >= 0 ? undefined : `Flag 'offer_static_ban_cache_max_size' must not be negative`,
  }),
  offer_order_modules: onlyUsual(
    'offer_order_modules',
    [`${CLASSES}.offers.OffersModule$OfferOrderModule`],
    NO_CLASSES,
  ),
  task_assigner_modules: onlyUsual(
    'task_assigner_modules',
    [`${CLASSES}.state.FirstFitTaskAssignerModule`],
    NO_CLASSES,
  ),
  preemption_slot_finder_modules: onlyUsual(
    'preemption_slot_finder_modules',
    [
      `${CLASSES}.preemptor.PendingTaskProcessorModule,${CLASSES}.preemptor.PreemptionVictimFilterModule`,
    ],
    NO_CLASSES,
  ),
  thrift_method_interceptor_modules: unsupported('thrift_method_interceptor_modules', NO_CLASSES),
  kerberos_debug: unsupportedUnlessFalse('kerberos_debug', NO_KERBEROS),
  kerberos_server_keytab: unsupported('kerberos_server_keytab', NO_KERBEROS),
  kerberos_server_principal: unsupported('kerberos_server_principal', NO_KERBEROS),
  shiro_realm_modules: onlyUsual(
    'shiro_realm_modules',
    ['INI_AUTHNZ', `${CLASSES}.http.api.security.IniShiroRealmModule`],
    'users come from -shiro_ini_path',
  ),
  shiro_after_auth_filter: unsupported('shiro_after_auth_filter', NO_CLASSES),
  shiro_credentials_matcher: onlyUsual(
    'shiro_credentials_matcher',
    ['org.apache.shiro.authc.credential.SimpleCredentialsMatcher'],
    'passwords stand in -shiro_ini_path as they are',
  ),
} as const;
