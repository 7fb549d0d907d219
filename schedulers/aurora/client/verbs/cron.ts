/** `aurora cron` (spec aurora-client, section 4). */
import type { Arguments } from '../arguments.ts';
import type { ClientContext } from '../context.ts';
import { EXIT, type ExitCode } from '../failure.ts';
import { readJob, withTier } from '../job-file.ts';
import { pathOf, thriftKey } from '../job-keys.ts';
import * as rows from '../option-rows.ts';
import { jobKeyIn, type Noun, type Verb } from '../verb.ts';

const SCHEDULE: Verb = {
  name: 'schedule',
  help: 'Create a cron schedule for a job. Replaces existing schedule if one exists.',
  options: [rows.BIND, rows.OPEN_BROWSER, rows.READ_JSON],
  positionals: [rows.JOB_KEY, rows.CONFIG_FILE],
  run: schedule,
};

const DESCHEDULE: Verb = {
  name: 'deschedule',
  help: 'Remove the cron schedule for a job.',
  options: [],
  positionals: [rows.JOB_KEY],
  run: async (context, args) => {
    const key = jobKeyIn(args);
    const message = `Error descheduling cron job ${pathOf(key)}:`;
    await context.call(key.cluster, 'descheduleCronJob', { job: thriftKey(key) }, { message });
    context.print('Cron descheduling succeeded.');
    return EXIT.ok;
  },
};

const START: Verb = {
  name: 'start',
  help: 'Start a cron job immediately, outside of its normal cron schedule.',
  options: [rows.BIND, rows.OPEN_BROWSER, rows.CONFIG, rows.READ_JSON],
  positionals: [rows.JOB_KEY],
  run: start,
};

const SHOW: Verb = {
  name: 'show',
  help: 'Get the scheduling status of a cron job',
  options: [],
  positionals: [rows.JOB_KEY],
  run: show,
};

export const CRON: Noun = {
  name: 'cron',
  help: 'Work with entries in the aurora cron scheduler',
  verbs: [SCHEDULE, DESCHEDULE, START, SHOW],
};

async function schedule(context: ClientContext, args: Arguments): Promise<ExitCode> {
  const key = jobKeyIn(args);
  const job = await readJob(context, args, { key, path: args.text('config_file') });
  const description = await withTier(context, job);
  const message = `Error scheduling cron job ${pathOf(key)}:`;
  await context.call(key.cluster, 'scheduleCronJob', { description }, { message });
  const page = await context.jobPage(key);
  context.print(`Cron job scheduled, status can be viewed at ${page}`);
  if (args.has('--open-browser')) await context.openBrowser(page);
  return EXIT.ok;
}

async function start(context: ClientContext, args: Arguments): Promise<ExitCode> {
  const key = jobKeyIn(args);
  const path = args.optional('--config');
  if (path !== undefined) await readJob(context, args, { key, path });
  const message = `Error starting cron job ${pathOf(key)}:`;
  await context.call(key.cluster, 'startCronJob', { job: thriftKey(key) }, { message });
  const page = await context.jobPage(key);
  if (args.has('--open-browser')) await context.openBrowser(page);
  context.print(`Cron job started. View it at ${page}`);
  return EXIT.ok;
}

async function show(context: ClientContext, args: Arguments): Promise<ExitCode> {
  const key = jobKeyIn(args);
  const { configs } = await context.ask(
    key.cluster,
    { method: 'getJobs', args: { ownerRole: key.role }, result: 'getJobsResult' },
    {
      code: EXIT.invalidParameter,
      message: `Error getting cron status for ${pathOf(key)} from server`,
    },
  );
  const found = configs.find(
    (each) =>
      each.key?.environment === key.environment &&
      each.key.name === key.name &&
      each.key.role === key.role &&
      (each.cronSchedule ?? '') !== '',
  );
  if (found === undefined) {
    context.complain(`No cron entry found for job ${pathOf(key)}`);
    return EXIT.invalidParameter;
  }
  context.print(`${pathOf(key)}\t ${found.cronSchedule}`);
  return EXIT.ok;
}
