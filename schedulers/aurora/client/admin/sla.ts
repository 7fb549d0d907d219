/** `sla_list_safe_domain` and `sla_probe_hosts`: which hosts may go without harm. */
import { LIVE } from '../../machine/schedule-status.ts';
import type { Arguments } from '../arguments.ts';
import type { ClientContext } from '../context.ts';
import { CommandFailure, EXIT, type ExitCode } from '../failure.ts';
import { parseJobKey, pathOf } from '../job-keys.ts';
import { readText } from '../ports.ts';
import { groupsOf, type HostForecasts, isSafe, SlaDomain, type SlaLimit } from '../sla-domain.ts';
import { parseTimeSpan } from '../time-text.ts';
import { parameter, type Verb } from '../verb.ts';
import { hostNames, hostsIn } from './hosts.ts';
import { CLUSTER, DURATION, FILENAME, GROUPING, HOSTS, MIN_INSTANCES, PERCENTAGE } from './rows.ts';

const LIST_SAFE: Verb = {
  name: 'sla_list_safe_domain',
  help: 'Returns hosts where it would be safe to kill tasks without violating their job SLA',
  options: [
    { name: '--exclude_file', short: '-X', kind: 'text', help: 'File of hosts to leave out' },
    { name: '--exclude_hosts', short: '-x', kind: 'text', help: 'Hosts to leave out' },
    GROUPING,
    {
      name: '--include_file',
      short: '-I',
      kind: 'text',
      help: 'File of the only hosts to look at',
    },
    { name: '--include_hosts', short: '-i', kind: 'text', help: 'The only hosts to look at' },
    {
      ...{ name: '--list_jobs', short: '-l', kind: 'flag' },
      help: 'List the jobs with what would become of them: HOST JOB PREDICTED_SLA DURATION_SECONDS',
    },
    MIN_INSTANCES,
    {
      ...{ name: '--override_file', short: '-o', kind: 'text' },
      help: 'File with lines "cluster/role/env/job percentage duration"',
    },
  ],
  positionals: [CLUSTER, PERCENTAGE, DURATION],
  run: listSafe,
};

const PROBE: Verb = {
  name: 'sla_probe_hosts',
  help: 'Probes hosts: HOST JOB PREDICTED_SLA SAFE? PREDICTED_SAFE_IN',
  options: [FILENAME, GROUPING, HOSTS, MIN_INSTANCES],
  positionals: [CLUSTER, PERCENTAGE, DURATION],
  run: async (context, args) => {
    const limit = limitIn(args.text('percentage'), args.text('duration'));
    const hosts = hostsIn(context, args);
    const domain = await domainOf(
      context,
      args.text('cluster'),
      args.integer('--min_job_instance_count'),
    );
    for (const group of groupsOf(hosts, args.text('--grouping'))) {
      for (const line of forecastLines(domain.forecast(group, limit))) context.print(line);
    }
    return EXIT.ok;
  },
};

export const SLA_VERBS: readonly Verb[] = [LIST_SAFE, PROBE];

async function listSafe(context: ClientContext, args: Arguments): Promise<ExitCode> {
  const limit = limitIn(args.text('percentage'), args.text('duration'));
  const excluded = new Set(eitherHosts(context, args, 'exclude'));
  const included = eitherHosts(context, args, 'include');
  const overrides = overridesIn(context, args.optional('--override_file'));
  const count = args.integer('--min_job_instance_count');
  const domain = await domainOf(context, args.text('cluster'), count);
  const hosts = included.length === 0 ? domain.hosts : included;
  for (const group of groupsOf(hosts, args.text('--grouping'))) {
    const forecasts = domain.forecast(group, limit, overrides);
    if (!isSafe(forecasts)) continue;
    for (const [host, jobs] of forecasts) {
      if (excluded.has(host)) continue;
      if (!args.has('--list_jobs')) context.print(host);
      else
        for (const { job, percent, seconds } of jobs)
          context.print([host, job, percent.toFixed(2), String(seconds)].join('\t'));
    }
  }
  return EXIT.ok;
}

function eitherHosts(
  context: ClientContext,
  args: Arguments,
  kind: 'exclude' | 'include',
): readonly string[] {
  const [list, path] = [args.optional(`--${kind}_hosts`), args.optional(`--${kind}_file`)];
  if (list !== undefined && path !== undefined) {
    const message = 'Cannot specify both filename and list for the same option.';
    throw new CommandFailure(EXIT.died, message);
  }
  return hostNames(context, list, path);
}

function overridesIn(
  context: ClientContext,
  path: string | undefined,
): ReadonlyMap<string, SlaLimit> {
  if (path === undefined) return new Map();
  const text = readText(context.ports, path);
  if (text === undefined) throw new CommandFailure(EXIT.died, `${path} cannot be read`);
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return new Map(
    lines.map((line) => {
      const [job = '', percentage = '', duration = '', ...more] = line.trim().split(/\s+/);
      if (duration === '' || more.length > 0) {
        throw new CommandFailure(EXIT.died, `Invalid line in ${path}:${line}`);
      }
      return [pathOf(parameter(parseJobKey(job))), limitIn(percentage, duration)];
    }),
  );
}

export function limitIn(percentage: string, duration: string): SlaLimit {
  const percent = Number(percentage);
  if (!(percent > 0 && percent <= 100)) {
    const message = `Invalid percentage ${percentage}. Must be within (0, 100].`;
    throw new CommandFailure(EXIT.died, message);
  }
  return { percent, seconds: parameter(parseTimeSpan(duration)).seconds };
}

/** The production services of the cluster. */
export async function domainOf(
  context: ClientContext,
  cluster: string,
  instancesMin: number,
): Promise<SlaDomain> {
  const statuses = [...LIVE, 'STARTING' as const];
  const tasks = await context.tasks(cluster, { statuses });
  const { tiers } = await context.ask(cluster, {
    method: 'getTierConfigs',
    args: {},
    result: 'getTierConfigResult',
  });
  const preferred = new Set(
    tiers
      .filter(({ settings }) => settings.get('preemptible') !== 'true')
      .filter(({ settings }) => settings.get('revocable') !== 'true')
      .map(({ name }) => name),
  );
  const counted = tasks.filter(({ assignedTask: { task } }) => {
    if (!task.isService) return false;
    return task.tier === undefined ? task.production === true : preferred.has(task.tier);
  });
  return new SlaDomain(counted, { cluster, instancesMin, nowMs: context.ports.clock.now() });
}

export function forecastLines(forecasts: HostForecasts): readonly string[] {
  return [...forecasts].flatMap(([host, jobs]) =>
    jobs.map(({ job, percent, isSafe: safe, safeInSeconds }) =>
      [
        host,
        job,
        percent.toFixed(2),
        safe ? 'True' : 'False',
        safeInSeconds === undefined ? 'n/a' : String(safeInSeconds),
      ].join('\t'),
    ),
  );
}
