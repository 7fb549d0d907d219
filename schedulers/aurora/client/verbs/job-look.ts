/** `aurora job list`, `open` and `diff` (spec aurora-client, section 2). */
import { ACTIVE } from '../../machine/schedule-status.ts';
import type { TaskConfig } from '../../thrift/types.ts';
import type { Arguments } from '../arguments.ts';
import { type ClientContext, queryOf } from '../context.ts';
import { EXIT, type ExitCode } from '../failure.ts';
import { readJob, withTier } from '../job-file.ts';
import { type ClusterJobKey, parseJobKey, pathOf, rangesOf } from '../job-keys.ts';
import * as rows from '../option-rows.ts';
import { populated, printTaskDiff, printUpdateDiff } from '../update-diff.ts';
import { instancesKeyIn, parameter, patternIn, type Verb } from '../verb.ts';

export const LIST: Verb = {
  name: 'list',
  help: 'List jobs that match a jobkey or jobkey pattern.',
  options: [],
  positionals: [rows.JOB_PATTERN],
  run: async (context, args) => {
    for (const key of await context.jobsMatching(patternIn(args))) context.print(pathOf(key));
    return EXIT.ok;
  },
};

export const OPEN: Verb = {
  name: 'open',
  help: "Open a job's scheduler page in the web browser.",
  options: [],
  positionals: [rows.JOB_PATTERN],
  run: async (context, args) => {
    const [cluster = '', ...parts] = args.text('jobspec').split('/');
    await context.openBrowser(await context.schedulerPage(cluster, parts));
    return EXIT.ok;
  },
};

export const DIFF: Verb = {
  name: 'diff',
  help: 'Compare a job configuration against a running job; DIFF_VIEWER may name a program for it',
  options: [
    ...[rows.BIND, rows.READ_JSON],
    {
      ...{ name: '--from', kind: 'text', metavar: 'CLUSTER/ROLE/ENV/NAME' },
      help: 'Compare with this job instead',
    },
  ],
  positionals: [rows.INSTANCES_KEY, rows.CONFIG_FILE],
  run: diff,
};

async function diff(context: ClientContext, args: Arguments): Promise<ExitCode> {
  const { key, instances } = instancesKeyIn(args);
  const from = args.optional('--from');
  const remote = from === undefined ? undefined : parameter(parseJobKey(from));
  const job = await readJob(context, args, { key, path: args.text('config_file') });
  const description = await withTier(context, job);
  const { taskConfig, instanceCount, cronSchedule } = description;
  const cluster = remote?.cluster ?? job.cluster;
  if (cronSchedule !== undefined || (remote !== undefined && pathOf(remote) !== pathOf(key))) {
    // The scheduler compares only with the job of the same key.
    const tasks = await tasksOf(context, { ...(remote ?? key), cluster });
    if (tasks.length === 0) {
      context.complain(`No tasks found for job ${pathOf(remote ?? key)}`);
      return EXIT.commandFailure;
    }
    const local = await populated(context, job.cluster, description);
    const wanted = Array.from({ length: instanceCount }, () => local);
    await printTaskDiff(context, tasks, wanted);
    return EXIT.ok;
  }
  const settings = {
    ...job.updateSettings,
    updateOnlyTheseInstances: instances === undefined ? [] : rangesOf(instances),
  };
  const request = { taskConfig, instanceCount, settings };
  await printUpdateDiff(context, { cluster, description, request });
  return EXIT.ok;
}

async function tasksOf(context: ClientContext, key: ClusterJobKey): Promise<readonly TaskConfig[]> {
  const query = { ...queryOf(key), statuses: [...ACTIVE] };
  const { tasks } = await context.ask(
    key.cluster,
    { method: 'getTasksStatus', args: { query }, result: 'scheduleStatusResult' },
    { code: EXIT.invalidParameter, message: 'Could not find job to diff against' },
  );
  return tasks.map(({ assignedTask }) => assignedTask.task);
}
