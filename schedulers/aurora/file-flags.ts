/** Flags whose values are files or small languages of their own (spec aurora-scheduler, sections 5, 8 and 11). */
import { minutes } from '../../core/base/duration.ts';
import { type FlagValues, flag, optionalFlag } from '../../core/base/flags.ts';
import { err, ok, type Result } from '../../core/base/result.ts';
import { readJsonFlag, wordsOf } from './flag-values.ts';
import type { ConfigurationRules, MachineSettings } from './machine/settings.ts';
import { BUILT_IN_TIERS, type Tier, Tiers } from './machine/tiers.ts';
import { SLA_METRICS, type SlaMetric, type SlaVarsOptions } from './sla-vars.ts';
import { isTable } from './thrift/plain-json.ts';

export const FILE_FLAGS = {
  tier_config: optionalFlag('path', { help: 'Tiers as JSON. (default: the built-in three)' }),
  default_docker_parameters: flag('string', '', { help: 'name=value, with commas.' }),
  sla_stat_refresh_interval: flag('duration', minutes(1), { help: 'Age of SLA figures.' }),
  sla_prod_metrics: flag('string', SLA_METRICS.join(','), {
    help: 'JOB_UPTIMES, PLATFORM_UPTIME, MEDIANS, with commas. (default: all)',
  }),
  sla_non_prod_metrics: flag('string', '', { help: 'The same for the rest. (default: none)' }),
} as const;

type FileFlags = FlagValues<typeof FILE_FLAGS>;

export function compileFileSettings(
  flags: FileFlags,
): Result<Pick<MachineSettings, 'tiers'> & Pick<ConfigurationRules, 'defaultDockerParameters'>> {
  const tiers = tiersOf(flags.tier_config);
  if (!tiers.ok) return tiers;
  const parameters: { name: string; value: string }[] = [];
  for (const text of wordsOf(flags.default_docker_parameters)) {
    const [, name, value] = /^([^=]+)=(.*)$/.exec(text) ?? [];
    if (name === undefined || value === undefined) {
      return err(`Flag 'default_docker_parameters': '${text}' is not name=value`);
    }
    parameters.push({ name, value });
  }
  return ok({
    tiers: tiers.value,
    defaultDockerParameters: parameters,
  });
}

export function compileSlaVars(flags: FileFlags): Result<SlaVarsOptions> {
  const production = metricsOf('sla_prod_metrics', flags.sla_prod_metrics);
  if (!production.ok) return production;
  const nonProduction = metricsOf('sla_non_prod_metrics', flags.sla_non_prod_metrics);
  if (!nonProduction.ok) return nonProduction;
  return ok({
    refreshMs: flags.sla_stat_refresh_interval,
    production: production.value,
    nonProduction: nonProduction.value,
  });
}

function metricsOf(name: string, text: string): Result<ReadonlySet<SlaMetric>> {
  const metrics = new Set<SlaMetric>();
  for (const word of wordsOf(text)) {
    const known = SLA_METRICS.find((each) => each === word);
    if (known === undefined) return err(`Flag '${name}' has no metric '${word}'`);
    metrics.add(known);
  }
  return ok(metrics);
}

function tiersOf(path: string | undefined): Result<Tiers> {
  if (path === undefined) return ok(BUILT_IN_TIERS);
  return readJsonFlag('tier_config', path, parseTiers);
}

export function parseTiers(file: unknown): Result<Tiers> {
  const flaw = (what: string): Result<Tiers> => err(`Flag 'tier_config': ${what}`);
  if (!isTable(file)) return flaw('the file is no object');
  const { default: defaultName, tiers } = file;
  if (!isTable(tiers)) return flaw(`'tiers' is no object`);
  const byName = new Map<string, Tier>();
  for (const [name, tier] of Object.entries(tiers)) {
    if (!isTable(tier)) return flaw(`tier '${name}' is no object`);
    const { preemptible = false, revocable = false } = tier;
    if (typeof preemptible !== 'boolean' || typeof revocable !== 'boolean') {
      return flaw(`tier '${name}' has something other than true and false`);
    }
    byName.set(name, { isPreemptible: preemptible, isRevocable: revocable });
  }
  if (typeof defaultName !== 'string' || !byName.has(defaultName)) {
    return flaw(`'default' is none of the tiers`);
  }
  return ok(new Tiers(defaultName, byName));
}
