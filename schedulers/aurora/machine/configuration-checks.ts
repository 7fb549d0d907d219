/**
 * Whether a configuration may be used here, and what is filled in (spec aurora-scheduler, section 2.6). The
 * first rule that is broken is told.
 */
import { err, ok, type Result } from '../../../core/base/result.ts';
import type { Container, JobConfiguration, JobKey, TaskConfig } from '../thrift/types.ts';
import { isGoodIdentifier, isValidKey } from './job-key.ts';
import type { ConfigurationRules } from './settings.ts';
import { slaRefusal } from './sla-policy-checks.ts';
import { amountsOf, portNames } from './task-amounts.ts';
import { isProductionTier, type Tiers } from './tiers.ts';
import { DEDICATED } from './veto.ts';

export interface ConfigurationContext {
  readonly rules: ConfigurationRules;
  readonly tiers: Tiers;
}

export interface CheckedJob extends JobConfiguration {
  readonly key: JobKey;
  readonly taskConfig: CheckedConfig;
}

export interface CheckedConfig extends TaskConfig {
  readonly job: JobKey;
  readonly tier: string;
}

export function checkJob(
  job: JobConfiguration | undefined,
  context: ConfigurationContext,
): Result<CheckedJob> {
  if (job?.taskConfig === undefined) return err('Job configuration must have taskConfig set.');
  if (job.instanceCount <= 0) return err('Instance count must be positive.');
  const { key, owner, cronSchedule } = job;
  if (!isValidKey(key)) return err(`Job key ${keyDescription(key)} is invalid.`);
  // Nobody looks at the owner of a task: there are clients that send an empty one.
  const refusal = refusedEnvironment(key, context.rules) ?? refusedOwner(owner?.user);
  if (refusal !== undefined) return err(refusal);
  // The key of the job is the one that counts; older clients leave it out of the task.
  const task = { ...job.taskConfig, job: job.taskConfig.job ?? key };
  const config = checkConfig(task, job.instanceCount, context);
  if (!config.ok) return config;
  if (cronSchedule !== undefined && cronSchedule !== '' && config.value.isService) {
    return err(`A service task may not be run on a cron schedule: ${keyDescription(key)}`);
  }
  return ok({ ...job, key, taskConfig: config.value });
}

export function checkConfig(
  config: TaskConfig,
  instanceCount: number,
  context: ConfigurationContext,
): Result<CheckedConfig> {
  const { rules, tiers } = context;
  const { job } = config;
  if (!isValidKey(job)) return err(`Job key ${keyDescription(job)} is invalid.`);
  const environment = refusedEnvironment(job, rules);
  if (environment !== undefined) return err(environment);
  const tierName = config.tier ?? tiers.defaultName;
  if (!isGoodIdentifier(tierName)) return err(`Tier contains illegal characters: ${tierName}`);
  const tier = tiers.byName.get(tierName);
  if (tier === undefined) return err(`Invalid tier '${tierName}' in TaskConfig.`);
  const refusal =
    refusedExecutor(config, rules) ??
    refusedDedication(config, job) ??
    refusedContainer(config, rules) ??
    refusedResources(config, rules) ??
    refusedVolumes(config, rules) ??
    slaRefusal(config.slaPolicy, { tierName, tier, instanceCount, rules });
  if (refusal !== undefined) return err(refusal);
  return ok({
    ...config,
    job,
    tier: tierName,
    production: isProductionTier(tier),
    taskLinks: linksOf(config),
    container: containerOf(config, rules),
  });
}

export function keyDescription(key: JobKey | undefined): string {
  if (key === undefined) return 'null';
  return `JobKey(role:${key.role}, environment:${key.environment}, name:${key.name})`;
}

function refusedEnvironment(
  { environment }: JobKey,
  { environments }: ConfigurationRules,
): string | undefined {
  // The whole of the name must match, with or without anchors.
  if (new RegExp(`^(?:${environments.source})$`).test(environment)) return undefined;
  const pattern = environments.source.replaceAll('\\/', '/');
  return `Job environment ${environment} doesn't match: ${pattern}`;
}

function refusedOwner(user: string | undefined): string | undefined {
  if (user === undefined || isGoodIdentifier(user)) return undefined;
  return `Job user contains illegal characters: ${user}`;
}

function refusedExecutor(
  { executorConfig, container }: TaskConfig,
  rules: ConfigurationRules,
): string | undefined {
  if (executorConfig === undefined) {
    const isDocker = container !== undefined && 'docker' in container;
    return isDocker ? undefined : 'Configuration may not be null.';
  }
  const { name } = executorConfig;
  if (name === undefined || name === '') return 'Executor name may not be left unset.';
  return rules.executorNames.has(name)
    ? undefined
    : `Configuration for executor '${name}' doesn't exist.`;
}

function refusedDedication({ constraints }: TaskConfig, { role }: JobKey): string | undefined {
  const found = constraints.find(({ name }) => name === DEDICATED);
  if (found === undefined) return undefined;
  if (!('value' in found.constraint)) return 'A dedicated constraint must be of value type.';
  const { values } = found.constraint.value;
  const [value, ...others] = values;
  if (value === undefined || others.length > 0) {
    return 'A dedicated constraint must have exactly one value';
  }
  const owner = value.split('/')[0] ?? '';
  if (owner === '*' || owner === role) return undefined;
  return `Only ${owner} may use hosts dedicated for that role.`;
}

function refusedContainer(config: TaskConfig, rules: ConfigurationRules): string | undefined {
  const container = config.container ?? { mesos: {} };
  if ('docker' in container) {
    const { image, parameters = [] } = container.docker;
    if (image === '') return 'A container must specify an image.';
    if (parameters.length > 0 && !rules.allowsDockerParameters) {
      return 'This scheduler is configured to disallow Docker parameters.';
    }
    if (config.executorConfig === undefined && rules.requiresExecutorForDocker) {
      return 'This scheduler is configured to require an executor for Docker-based tasks.';
    }
  }
  const type = 'docker' in container ? 'DOCKER' : 'MESOS';
  if (!rules.containerTypes.has(type)) {
    return `This scheduler is not configured to allow the container type ${type}`;
  }
  return undefined;
}

function refusedVolumes({ container }: TaskConfig, rules: ConfigurationRules): string | undefined {
  const volumes =
    container !== undefined && 'mesos' in container ? (container.mesos.volumes ?? []) : [];
  if (volumes.length === 0 || rules.allowsContainerVolumes) return undefined;
  return 'This scheduler is configured to disallow container volumes.';
}

/** Docker's parameters are the job's, else those of the cluster; the job keeps them when the cluster gets others. */
function containerOf(
  { container = { mesos: {} } }: TaskConfig,
  { defaultDockerParameters }: ConfigurationRules,
): Container {
  if (!('docker' in container)) return container;
  const { image, parameters = [] } = container.docker;
  const used = parameters.length > 0 ? parameters : defaultDockerParameters;
  return { docker: { image, parameters: used } };
}

function refusedResources(config: TaskConfig, rules: ConfigurationRules): string | undefined {
  const { resources, mesosFetcherUris = [] } = config;
  const count = (key: string): number => resources.filter((each) => key in each).length;
  const repeated = (
    [
      ['numCpus', 'CPU'],
      ['numGpus', 'GPU'],
      ['ramMb', 'RAM'],
      ['diskMb', 'disk'],
    ] as const
  ).flatMap(([key, name]) => (count(key) > 1 ? [name] : []));
  if (repeated.length > 0) {
    return `Multiple resource values are not supported for ${repeated.join(', ')}`;
  }
  const { cpus, ramMb, diskMb } = amountsOf(resources);
  if (!(cpus > 0)) return 'num_cpus must be greater than 0.0';
  if (!(ramMb > 0)) return 'ram_mb must be greater than 0.0';
  if (!(diskMb > 0)) return 'disk_mb must be greater than 0.0';
  if (count('numGpus') > 0 && !rules.allowsGpus) {
    return 'GPU resource support is disabled in this cluster.';
  }
  if (mesosFetcherUris.length > 0 && !rules.allowsFetcher) {
    return 'Mesos Fetcher for individual jobs is disabled in this cluster.';
  }
  return undefined;
}

/** Pages link to the ports that browsers can read, unless the job says to what. */
function linksOf({ taskLinks, resources }: TaskConfig): ReadonlyMap<string, string> {
  if (taskLinks !== undefined && taskLinks.size > 0) return taskLinks;
  const names = portNames(resources).filter((name) => name === 'health' || name === 'http');
  return new Map(names.map((name) => [name, `http://%host%:%port:${name}%`]));
}
