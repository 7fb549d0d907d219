/** `aurora job create` and `aurora job add` (spec aurora-client, section 2). */

import type { Arguments } from '../arguments.ts';
import type { ClientContext } from '../context.ts';
import { queryOf } from '../context.ts';
import { CommandFailure, EXIT, type ExitCode } from '../failure.ts';
import { readJob, withTier } from '../job-file.ts';
import {
  type ClusterJobKey,
  clusterKey,
  parseOneInstance,
  pathOf,
  thriftKey,
} from '../job-keys.ts';
import { isRunningOrFinished, isTerminal, waitUntil } from '../job-monitor.ts';
import * as rows from '../option-rows.ts';
import { jobKeyIn, parameter, type Verb } from '../verb.ts';

export const CREATE: Verb = {
  name: 'create',
  help: 'Create a job using aurora',
  options: [rows.BIND, rows.READ_JSON, rows.WAIT_UNTIL, rows.OPEN_BROWSER],
  positionals: [rows.JOB_KEY, rows.CONFIG_FILE],
  run: createJob,
};

export const ADD: Verb = {
  name: 'add',
  help: 'Add instances to a scheduled job, with the configuration of one that exists',
  options: [rows.OPEN_BROWSER, rows.BIND, rows.WAIT_UNTIL, rows.CONFIG, rows.READ_JSON],
  positionals: [
    {
      ...{ name: 'task_instance', metavar: 'CLUSTER/ROLE/ENV/NAME/INSTANCE' },
      help: 'The instance whose configuration the new ones get',
    },
    { name: 'instance_count', help: 'Number of instances to add.' },
  ],
  run: addInstances,
};

async function createJob(context: ClientContext, args: Arguments): Promise<ExitCode> {
  const key = jobKeyIn(args);
  const job = await readJob(context, args, { key, path: args.text('config_file') });
  if (job.configuration.cronSchedule !== undefined) {
    const message = 'Cron jobs may only be scheduled with "aurora cron schedule" command';
    throw new CommandFailure(EXIT.commandFailure, message);
  }
  const description = await withTier(context, job);
  await context.call(
    job.cluster,
    'createJob',
    { description },
    { code: EXIT.commandFailure, message: 'Job creation failed due to error:' },
  );
  const created = description.key === undefined ? key : clusterKey(job.cluster, description.key);
  const page = await context.jobPage(created);
  if (args.has('--open-browser')) await context.openBrowser(page);
  await waitFor(context, args, created, undefined);
  const tasks = await context.tasks(created.cluster, queryOf(created));
  if (tasks.length === 0) {
    context.complain(`Error occurred while creating job ${pathOf(key)}`);
    return EXIT.commandFailure;
  }
  context.print(`Job create succeeded: job url=${page}`);
  return EXIT.ok;
}

async function addInstances(context: ClientContext, args: Arguments): Promise<ExitCode> {
  const { key, instance } = parameter(parseOneInstance(args.text('task_instance')));
  const text = args.text('instance_count');
  const count = Number(text);
  if (!/^\d{1,9}$/.test(text) || count === 0) {
    const message = `Instance count must be a positive number, but got ${text}`;
    throw new CommandFailure(EXIT.invalidParameter, message);
  }
  const path = args.optional('--config');
  if (path !== undefined) await readJob(context, args, { key, path });
  const active = await context.activeTasks(key, { code: EXIT.invalidParameter });
  const known = new Set(active.map((each) => each.assignedTask.instanceId));
  if (!known.has(instance)) {
    throw new CommandFailure(EXIT.invalidParameter, `Invalid instance parameter: [${instance}]`);
  }
  const first = Math.max(...known) + 1;
  const instanceKey = { jobKey: thriftKey(key), instanceId: instance };
  await context.call(key.cluster, 'addInstances', { key: instanceKey, count });
  const added = Array.from({ length: count }, (_, at) => first + at);
  await waitFor(context, args, key, added);
  if (args.has('--open-browser')) await context.openBrowser(await context.jobPage(key));
  return EXIT.ok;
}

async function waitFor(
  context: ClientContext,
  args: Arguments,
  key: ClusterJobKey,
  instances: readonly number[] | undefined,
): Promise<void> {
  const state = args.text('--wait-until');
  if (state === 'PENDING') return;
  const until = state === 'RUNNING' ? isRunningOrFinished : isTerminal;
  await waitUntil(context, { key, instances, until });
}
