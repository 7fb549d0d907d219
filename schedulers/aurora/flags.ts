/** Flags of the scheduler, with the original's names (spec aurora-scheduler, section 11). */
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { hours, minutes, seconds } from '../../core/base/duration.ts';
import { describeError } from '../../core/base/errors.ts';
import { type FlagValues, flag, optionalFlag, requiredFlag } from '../../core/base/flags.ts';
import { err, ok, type Result } from '../../core/base/result.ts';
import { ACCEPTED_FLAGS, aboveZero } from './accepted-flags.ts';
import { compileElection, ELECTION_FLAGS } from './election-flags.ts';
import { compileExecutors, EXECUTOR_FLAGS } from './executor-flags.ts';
import { compileFileSettings, compileSlaVars, FILE_FLAGS } from './file-flags.ts';
import type { MachineSettings, OfferOrder } from './machine/settings.ts';
import type { AuroraOptions } from './options.ts';
import { RECONCILIATION_FLAGS, reconciliationOptions } from './reconciliation-schedule.ts';
import { compileRealm, SECURITY_FLAGS } from './security-flags.ts';
import { SERVICE_FLAGS, serviceSettings } from './service-flags.ts';
import { compileWebhook, WEBHOOK_FLAGS } from './webhook-flags.ts';

const days = (count: number): number => hours(24 * count);

export const AURORA_FLAGS = {
  cluster_name: requiredFlag('string', { help: 'Name of the cluster.' }),
  mesos_master_address: requiredFlag('string', {
    help: 'The Mesos master: host:port, or zk://host:port/path.',
  }),
  ...ELECTION_FLAGS,
  hostname: optionalFlag('string', { help: 'The advertised name. (default: this machine)' }),
  ip: flag('string', '0.0.0.0', { help: 'The address to listen on. (default: all)' }),
  http_port: flag('int', 0, { help: 'The port to listen on; 0 takes a free one. (default: 0)' }),
  framework_name: flag('string', 'Aurora', { help: 'Name of the framework. (default: Aurora)' }),
  executor_user: flag('string', 'root', { help: 'The user of executors. (default: root)' }),
  framework_failover_timeout: flag('duration', days(21), {
    help: 'How long tasks go on without a scheduler. (default: 21days)',
  }),
  framework_authentication_file: optionalFlag('path', {
    help: 'aurora_authentication_principal and aurora_authentication_secret, one a line.',
  }),
  framework_announce_principal: flag('bool', false, {
    help: 'The framework says its principal, for ACLs of the master. (default: false)',
  }),
  mesos_role: flag('string', '*', { help: 'Role whose resources are used. (default: *)' }),
  partition_aware: flag('bool', false, { help: 'Learns of unreachable agents. (default: false)' }),
  ...EXECUTOR_FLAGS,
  allowed_job_environments: flag('string', '^(prod|devel|test|staging\\d*)$', {
    help: 'What environments are named.',
  }),
  allowed_container_types: flag('string', 'MESOS', { help: 'MESOS, DOCKER. (default: MESOS)' }),
  allow_container_volumes: flag('bool', false, { help: 'Volumes of containers. (default: false)' }),
  allow_docker_parameters: flag('bool', false, { help: 'Docker parameters. (default: false)' }),
  allow_gpu_resource: flag('bool', false, { help: 'Tasks with GPUs. (default: false)' }),
  enable_mesos_fetcher: flag('bool', false, { help: 'URIs of jobs. (default: false)' }),
  require_docker_use_executor: flag('bool', true, { help: 'Docker only with an executor.' }),
  populate_discovery_info: flag('bool', false, { help: 'Names and ports for discovery.' }),
  max_tasks_per_job: flag('int', 4_000, { help: 'Instances of a job. (default: 4000)' }),
  max_update_instance_failures: flag('int', 20_000, { help: 'Of an update. (default: 20000)' }),
  min_required_instances_for_sla_check: flag('int', 20, { help: 'For SLA policies.' }),
  max_sla_duration_secs: flag('duration', hours(2), { help: 'Of SLA policies. (default: 2hrs)' }),
  flapping_task_threshold: flag('duration', minutes(5), { help: 'A run that is too short.' }),
  initial_flapping_task_delay: flag('duration', seconds(30), { help: 'First penalty.' }),
  max_flapping_task_delay: flag('duration', minutes(5), { help: 'Longest penalty.' }),
  transient_task_state_timeout: flag('duration', minutes(5), { help: 'Then a task is lost.' }),
  initial_task_kill_retry_interval: flag('duration', seconds(15), { help: 'Doubles each time.' }),
  history_prune_threshold: flag('duration', days(2), { help: 'Age of ended tasks.' }),
  history_min_retention_threshold: flag('duration', hours(1), { help: 'For which all are kept.' }),
  history_max_per_job_threshold: flag('int', 100, { help: 'Ended tasks of a job.' }),
  first_schedule_delay: flag('duration', 1, { help: 'Before the first try. (default: 1ms)' }),
  initial_schedule_penalty: flag('duration', seconds(1), { help: 'After a try that failed.' }),
  max_schedule_penalty: flag('duration', minutes(1), { help: 'The longest of these.' }),
  max_reschedule_task_delay_on_startup: flag('duration', seconds(30), { help: 'After a start.' }),
  max_schedule_attempts_per_sec: flag('double', 40, { help: 'Tries a second. (default: 40)' }),
  max_tasks_per_schedule_attempt: flag('int', 5, { help: 'Tasks of one try. (default: 5)' }),
  min_offer_hold_time: flag('duration', minutes(5), { help: 'How long offers are held.' }),
  offer_hold_jitter_window: flag('duration', minutes(1), { help: 'And up to so much longer.' }),
  hold_offers_forever: flag('bool', false, { help: 'Never declines. (default: false)' }),
  suppress_offers_when_idle: flag('bool', false, {
    help: 'Gives offers back while no task is pending, for others. (default: false)',
  }),
  offer_filter_duration: flag('duration', seconds(5), { help: 'For which they are refused.' }),
  offer_order: flag('string', 'RANDOM', {
    help: 'RANDOM, CPU, MEMORY, DISK, REVOCABLE_CPU, with commas. (default: RANDOM)',
  }),
  offer_reservation_duration: flag('duration', minutes(3), { help: 'For whom others gave way.' }),
  enable_preemptor: flag('bool', true, { help: 'Lets tasks give way. (default: true)' }),
  preemption_delay: flag('duration', minutes(3), { help: 'Until others give way.' }),
  preemption_slot_search_interval: flag('duration', minutes(1), { help: 'Between searches.' }),
  preemption_slot_search_initial_delay: flag('duration', minutes(3), { help: 'Until the first.' }),
  preemption_slot_hold_time: flag('duration', minutes(5), { help: 'Then a place is stale.' }),
  preemption_reservation_max_batch_size: flag('int', 5, { help: 'Places of equal tasks.' }),
  unavailability_threshold: flag('duration', minutes(6), { help: 'Hosts that go away sooner.' }),
  cron_timezone: flag('string', 'GMT', { help: 'Time zone of cron schedules. (default: GMT)' }),
  cron_start_initial_backoff: flag('duration', seconds(5), { help: 'Until a killed run is gone.' }),
  cron_start_max_backoff: flag('duration', minutes(1), { help: 'The longest of these pauses.' }),
  ...RECONCILIATION_FLAGS,
  viz_job_url_prefix: flag('string', '', { help: 'In front of links to figures.' }),
  backup_dir: optionalFlag('path', { help: 'Where backups go. (default: none are written)' }),
  backup_interval: flag('duration', hours(1), { help: 'Between them. (default: 1hrs)' }),
  max_saved_backups: flag('int', 48, { help: 'How many are kept. (default: 48)' }),
  ...SECURITY_FLAGS,
  ...WEBHOOK_FLAGS,
  receive_revocable_resources: flag('bool', false, {
    help: 'Resources that may be taken back, for the tier revocable. (default: false)',
  }),
  enable_revocable_cpus: flag('bool', true, {
    help: 'The tier revocable has such processors. (default: true)',
  }),
  enable_revocable_ram: flag('bool', false, {
    help: 'The tier revocable has such memory. (default: false)',
  }),
  stat_sampling_interval: flag('duration', seconds(1), {
    help: 'Of /graphdata.',
    validate: aboveZero('stat_sampling_interval'),
  }),
  stat_retention_period: flag('duration', hours(1), { help: 'Of /graphdata.' }),
  ...ACCEPTED_FLAGS,
  ...SERVICE_FLAGS,
  ...FILE_FLAGS,
} as const;

export type AuroraFlags = FlagValues<typeof AURORA_FLAGS>;

/** The original's flags have one dash. */
export function withTwoDashes(argv: readonly string[]): readonly string[] {
  return argv.map((word) => (/^-\w/.test(word) ? `-${word}` : word));
}

export function compileAuroraOptions(flags: AuroraFlags): Result<AuroraOptions> {
  const machine = machineSettings(flags);
  if (!machine.ok) return machine;
  const credential = readCredential(flags.framework_authentication_file);
  if (!credential.ok) return credential;
  const election = compileElection(flags);
  if (!election.ok) return election;
  const slaVars = compileSlaVars(flags);
  if (!slaVars.ok) return slaVars;
  const realm = compileRealm(flags);
  if (!realm.ok) return realm;
  const webhook = compileWebhook(flags.webhook_config);
  if (!webhook.ok) return webhook;
  return ok({
    ...election.value,
    realm: realm.value,
    slaVars: slaVars.value,
    allowedOrigin: flags.enable_cors_for,
    master: flags.mesos_master_address,
    http: { ip: flags.ip, port: flags.http_port },
    hostname: machine.value.hostname,
    framework: {
      name: flags.framework_name,
      user: flags.executor_user,
      failoverTimeoutSeconds: flags.framework_failover_timeout / 1_000,
      isPartitionAware: flags.partition_aware,
      usesGpus: flags.allow_gpu_resource,
      usesRevocable: flags.receive_revocable_resources,
      principal: flags.framework_announce_principal ? credential.value?.principal : undefined,
    },
    credential: credential.value,
    reconciliation: reconciliationOptions(flags),
    varsHistory: {
      intervalMs: flags.stat_sampling_interval,
      keptMs: flags.stat_retention_period,
    },
    statsUrlPrefix: flags.viz_job_url_prefix,
    backups: {
      directory: flags.backup_dir,
      intervalMs: flags.backup_interval,
      keptMax: flags.max_saved_backups,
    },
    coordinators: {
      clusterName: flags.cluster_name,
      timeoutMs: flags.sla_coordinator_timeout,
      parallelMax: flags.max_parallel_coordinated_maintenance,
    },
    webhook: webhook.value,
    machine: machine.value,
  });
}

function machineSettings(flags: AuroraFlags): Result<MachineSettings> {
  const order = offerOrder(flags.offer_order);
  if (!order.ok) return order;
  const executors = compileExecutors(flags);
  if (!executors.ok) return executors;
  const files = compileFileSettings(flags);
  if (!files.ok) return files;
  const types = containerTypes(flags.allowed_container_types);
  if (!types.ok) return types;
  const environments = regularExpression(flags.allowed_job_environments);
  if (!environments.ok) return environments;
  return ok({
    clusterName: flags.cluster_name,
    hostname: flags.hostname ?? hostname(),
    mesosRole: flags.mesos_role,
    tiers: files.value.tiers,
    configuration: {
      environments: environments.value,
      containerTypes: types.value,
      allowsContainerVolumes: flags.allow_container_volumes,
      allowsDockerParameters: flags.allow_docker_parameters,
      allowsGpus: flags.allow_gpu_resource,
      allowsFetcher: flags.enable_mesos_fetcher,
      requiresExecutorForDocker: flags.require_docker_use_executor,
      defaultDockerParameters: files.value.defaultDockerParameters,
      executorNames: new Set(executors.value.keys()),
      slaInstancesMin: flags.min_required_instances_for_sla_check,
      slaDurationMaxSecs: flags.max_sla_duration_secs / 1_000,
      slaHoldsForAllTiers: flags.sla_aware_kill_non_prod,
    },
    executors: executors.value,
    ...taskSettings(flags),
    ...serviceSettings(flags),
    preemption: {
      isEnabled: flags.enable_preemptor,
      delayMs: flags.preemption_delay,
      initialDelayMs: flags.preemption_slot_search_initial_delay,
      searchIntervalMs: flags.preemption_slot_search_interval,
      slotHoldMs: flags.preemption_slot_hold_time,
      batchMax: flags.preemption_reservation_max_batch_size,
      reservationMs: flags.offer_reservation_duration,
    },
    offers: {
      holdMs: flags.min_offer_hold_time,
      holdJitterMs: flags.offer_hold_jitter_window,
      holdsForever: flags.hold_offers_forever,
      returnsUnused: flags.suppress_offers_when_idle,
      refuseSeconds: flags.offer_filter_duration / 1_000,
      order: order.value,
    },
    cron: {
      zone: flags.cron_timezone,
      startBackoffMs: flags.cron_start_initial_backoff,
      startBackoffMaxMs: flags.cron_start_max_backoff,
    },
    unavailabilityThresholdMs: flags.unavailability_threshold,
    populatesDiscovery: flags.populate_discovery_info,
    usesRevocableCpus: flags.enable_revocable_cpus,
    usesRevocableRam: flags.enable_revocable_ram,
    tellsChanges: flags.webhook_config !== undefined,
  });
}

function taskSettings(
  flags: AuroraFlags,
): Pick<
  MachineSettings,
  | 'tasksPerJobMax'
  | 'instanceFailuresMax'
  | 'flapping'
  | 'transientTimeoutMs'
  | 'killRetryMs'
  | 'pruneAfterMs'
  | 'pruneNotBeforeMs'
  | 'historyPerJobMax'
  | 'scheduling'
> {
  return {
    tasksPerJobMax: flags.max_tasks_per_job,
    instanceFailuresMax: flags.max_update_instance_failures,
    flapping: {
      thresholdMs: flags.flapping_task_threshold,
      initialMs: flags.initial_flapping_task_delay,
      maxMs: flags.max_flapping_task_delay,
    },
    transientTimeoutMs: flags.transient_task_state_timeout,
    killRetryMs: flags.initial_task_kill_retry_interval,
    pruneAfterMs: flags.history_prune_threshold,
    pruneNotBeforeMs: flags.history_min_retention_threshold,
    historyPerJobMax: flags.history_max_per_job_threshold,
    scheduling: {
      firstDelayMs: flags.first_schedule_delay,
      penaltyMs: flags.initial_schedule_penalty,
      penaltyMaxMs: flags.max_schedule_penalty,
      startupDelayMaxMs: flags.max_reschedule_task_delay_on_startup,
      attemptsPerSecond: flags.max_schedule_attempts_per_sec,
      tasksPerAttemptMax: flags.max_tasks_per_schedule_attempt,
    },
  };
}

const ORDERS: readonly OfferOrder[] = ['RANDOM', 'CPU', 'MEMORY', 'DISK', 'REVOCABLE_CPU'];

function offerOrder(text: string): Result<readonly OfferOrder[]> {
  const order: OfferOrder[] = [];
  for (const word of text.split(',')) {
    const known = ORDERS.find((each) => each === word);
    if (known === undefined) return err(`Flag 'offer_order' has no order '${word}'`);
    order.push(known);
  }
  return ok(order);
}

function containerTypes(text: string): Result<ReadonlySet<'MESOS' | 'DOCKER'>> {
  const types = new Set<'MESOS' | 'DOCKER'>();
  for (const word of text.split(',')) {
    if (word !== 'MESOS' && word !== 'DOCKER') {
      return err(`Flag 'allowed_container_types' has no type '${word}'`);
    }
    types.add(word);
  }
  return ok(types);
}

function regularExpression(text: string): Result<RegExp> {
  try {
    return ok(new RegExp(text));
  } catch (thrown) {
    return err(`Flag 'allowed_job_environments': ${describeError(thrown)}`);
  }
}

function readCredential(path: string | undefined): Result<AuroraOptions['credential']> {
  if (path === undefined) return ok(undefined);
  const name = 'framework_authentication_file';
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (thrown) {
    return err(`Flag '${name}': ${describeError(thrown)}`);
  }
  const entry = (key: string): string | undefined =>
    new RegExp(`^\\s*${key}\\s*[=:]\\s*(.*?)\\s*$`, 'm').exec(text)?.[1];
  const principal = entry('aurora_authentication_principal');
  const secret = entry('aurora_authentication_secret');
  if (principal === undefined || secret === undefined) {
    return err(`Flag '${name}': the file names no principal, or no secret`);
  }
  return ok({ principal, secret });
}
