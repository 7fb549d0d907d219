/** `host_drain` looks after the SLA here, `sla_host_drain` leaves it to the scheduler. */
import { sleep } from '../../../../core/base/clock.ts';
import { minutes, seconds } from '../../../../core/base/duration.ts';
import type { Arguments, OptionRow } from '../arguments.ts';
import type { ClientContext } from '../context.ts';
import { CommandFailure, EXIT, type ExitCode } from '../failure.ts';
import { groupsOf, type HostForecasts, type SlaLimit } from '../sla-domain.ts';
import { parseTimeSpan } from '../time-text.ts';
import { parameter, type Verb } from '../verb.ts';
import { hostsIn } from './hosts.ts';
import { CLUSTER, FILENAME, GROUPING, HOSTS } from './rows.ts';
import { domainOf, forecastLines, limitIn } from './sla.ts';

const SLA_INSTANCES_MIN = 20;
const POLL_MS = seconds(5);
const BATCH_LIMIT_MS = minutes(5);
/** The scheduler forces the drain after a time that the caller gives; this is beyond it. */
const SLA_POLL_MS = minutes(1);

const POST_DRAIN: OptionRow = {
  ...{ name: '--post_drain_script', kind: 'text' },
  help: 'Program to run with the name of each drained host',
};

const DRAIN: Verb = {
  name: 'host_drain',
  help: 'Drains hosts group by group, those only whose jobs keep their SLA',
  options: [
    ...[FILENAME, HOSTS, GROUPING, POST_DRAIN],
    { name: '--override_percentage', kind: 'text', help: 'Percentage in place of 95' },
    { name: '--override_duration', kind: 'text', help: 'Duration in place of 30m' },
    { name: '--override_reason', kind: 'text', help: 'Why; required with an override' },
    { name: '--unsafe_hosts_file', kind: 'text', help: 'File for hosts that were not drained' },
  ],
  positionals: [CLUSTER],
  run: drain,
};

const SLA_DRAIN: Verb = {
  name: 'sla_host_drain',
  help: 'Asks the scheduler to drain hosts with respect to the SLA of the tasks on them',
  options: [
    ...[FILENAME, HOSTS],
    {
      ...{ name: '--default_percentage', kind: 'text', otherwise: '95' },
      help: 'Percentage for jobs without a policy of their own',
    },
    {
      ...{ name: '--default_duration', kind: 'text', otherwise: '30m' },
      help: 'Duration for jobs without a policy of their own',
    },
    {
      ...{ name: '--force_drain_timeout', kind: 'text', otherwise: '7d' },
      help: 'Time after which tasks are killed anyhow',
    },
  ],
  positionals: [CLUSTER],
  run: slaDrain,
};

export const DRAIN_VERBS: readonly Verb[] = [DRAIN, SLA_DRAIN];

async function drain(context: ClientContext, args: Arguments): Promise<ExitCode> {
  const cluster = args.text('cluster');
  const hosts = hostsIn(context, args);
  const limit = drainLimit(args);
  const unsafeFile = args.optional('--unsafe_hosts_file');
  await context.call(cluster, 'startMaintenance', { hosts: { hostNames: hosts } });
  const left: string[] = [];
  for (const group of groupsOf(hosts, args.text('--grouping'))) {
    const forecasts = (await domainOf(context, cluster, SLA_INSTANCES_MIN)).forecast(group, limit);
    const unsafe = unsafeHosts(forecasts);
    if (unsafe.length > 0) {
      for (const line of forecastLines(onlyUnsafe(forecasts))) context.print(line);
      context.complain(
        `Some hosts did not pass SLA check and will not be drained! Skipping hosts: ${unsafe.join(', ')}`,
      );
      await context.call(cluster, 'endMaintenance', { hosts: { hostNames: unsafe } });
      left.push(...unsafe);
    }
    const safe = group.filter((host) => !unsafe.includes(host));
    if (safe.length === 0) continue;
    await context.call(cluster, 'drainHosts', { hosts: { hostNames: safe } });
    const late = await waitForDrain(context, {
      ...{ cluster, hosts: safe, limitMs: BATCH_LIMIT_MS, pollMs: POLL_MS },
    });
    left.push(...late);
    await runScript(
      context,
      args,
      safe.filter((host) => !late.includes(host)),
    );
  }
  if (left.length === 0) return EXIT.ok;
  context.complain('The following hosts did not pass SLA check and were not drained:');
  context.print(left.join('\n'));
  if (unsafeFile !== undefined) context.ports.write(unsafeFile, `${left.join('\n')}\n`);
  return EXIT.ok;
}

function drainLimit(args: Arguments): SlaLimit {
  const percentage = args.optional('--override_percentage');
  const duration = args.optional('--override_duration');
  const isOverridden = percentage !== undefined || duration !== undefined;
  if (isOverridden && !args.has('--override_reason')) {
    const message =
      '--override_reason is required with --override_percentage or --override_duration';
    throw new CommandFailure(EXIT.died, message);
  }
  return limitIn(percentage ?? '95', duration ?? '30m');
}

function unsafeHosts(forecasts: HostForecasts): readonly string[] {
  return [...onlyUnsafe(forecasts).keys()];
}

function onlyUnsafe(forecasts: HostForecasts): HostForecasts {
  const rows = [...forecasts].map(([host, jobs]) => {
    return [host, jobs.filter((each) => !each.isSafe)] as const;
  });
  return new Map(rows.filter(([, jobs]) => jobs.length > 0));
}

interface Draining {
  readonly cluster: string;
  readonly hosts: readonly string[];
  readonly limitMs: number;
  readonly pollMs: number;
}

/** The hosts that are not drained when the time is over. */
async function waitForDrain(
  context: ClientContext,
  { cluster, hosts, limitMs, pollMs }: Draining,
): Promise<readonly string[]> {
  const { clock } = context.ports;
  const until = clock.now() + limitMs;
  let open = hosts;
  for (;;) {
    const { statuses } = await context.ask(cluster, {
      method: 'maintenanceStatus',
      args: { hosts: { hostNames: open } },
      result: 'maintenanceStatusResult',
    });
    for (const { host, mode } of statuses) context.info(`${host} is currently in status ${mode}`);
    const drained = new Set(
      statuses.filter(({ mode }) => mode === 'DRAINED').map(({ host }) => host),
    );
    open = open.filter((host) => !drained.has(host));
    if (open.length === 0 || clock.now() + pollMs > until) return open;
    await sleep(clock, pollMs);
  }
}

async function runScript(
  context: ClientContext,
  args: Arguments,
  hosts: readonly string[],
): Promise<void> {
  const script = args.optional('--post_drain_script');
  if (script === undefined) return;
  for (const host of hosts) {
    const code = await context.ports.attach([script, host]);
    if (code !== 0) throw new CommandFailure(EXIT.died, `${script} ${host} ended with ${code}`);
  }
}

async function slaDrain(context: ClientContext, args: Arguments): Promise<ExitCode> {
  const cluster = args.text('cluster');
  const hostNames = hostsIn(context, args);
  const limit = limitIn(args.text('--default_percentage'), args.text('--default_duration'));
  const timeout = parameter(parseTimeSpan(args.text('--force_drain_timeout')));
  await context.call(cluster, 'slaDrainHosts', {
    hosts: { hostNames },
    defaultSlaPolicy: {
      percentageSlaPolicy: { percentage: limit.percent, durationSecs: limit.seconds },
    },
    timeoutSecs: timeout.seconds,
  });
  const limitMs = seconds(timeout.seconds) + BATCH_LIMIT_MS;
  const open = await waitForDrain(context, {
    ...{ cluster, hosts: hostNames, limitMs, pollMs: SLA_POLL_MS },
  });
  if (open.length === 0) return EXIT.ok;
  throw new CommandFailure(EXIT.died, `Not drained in time: ${open.join(', ')}`);
}
