/** `aurora update start` and `wait` (spec aurora-client, section 3). */
import { sleep } from '../../../../core/base/clock.ts';
import { seconds } from '../../../../core/base/duration.ts';
import type {
  JobUpdateKey,
  JobUpdateRequest,
  JobUpdateStatus,
  Response,
} from '../../thrift/types.ts';
import { isActiveUpdate } from '../../thrift/update-statuses.ts';
import type { Arguments } from '../arguments.ts';
import { type ClientContext, messageOf, resultAt } from '../context.ts';
import { CommandFailure, EXIT, type ExitCode } from '../failure.ts';
import { readJob, withTier } from '../job-file.ts';
import { type ClusterJobKey, clusterKey, rangesOf, thriftKey } from '../job-keys.ts';
import * as rows from '../option-rows.ts';
import { printUpdateDiff } from '../update-diff.ts';
import { instancesKeyIn, jobKeyIn, type Verb } from '../verb.ts';

const POLL_MS = seconds(5);
/** Tells our own repeated request from somebody else's update. */
const UPDATE_ID = 'org.apache.aurora.client.update_id';

export const START: Verb = {
  name: 'start',
  help: 'Start a rolling update of a running job, using the update configuration of the file',
  options: [
    ...[rows.BIND, rows.OPEN_BROWSER, rows.HEALTH_CHECK, rows.READ_JSON, rows.MESSAGE],
    ...[rows.STRICT, rows.FORCE],
    { name: '--wait', kind: 'flag', help: 'Wait until the update has ended' },
  ],
  positionals: [rows.INSTANCES_KEY, rows.CONFIG_FILE],
  run: (context, args) => startUpdate(context, args, args.has('--wait')),
};

export const WAIT: Verb = {
  name: 'wait',
  help: 'Block until the update has ended',
  options: [],
  positionals: [rows.JOB_KEY, { name: 'id', metavar: 'ID', help: 'Id of the update' }],
  run: async (context, args) => {
    const key = jobKeyIn(args);
    return await waitForUpdate(context, key, { job: thriftKey(key), id: args.text('id') });
  },
};

export async function startUpdate(
  context: ClientContext,
  args: Arguments,
  isWaiting: boolean,
): Promise<ExitCode> {
  const { key, instances } = instancesKeyIn(args);
  const job = await readJob(context, args, { key, path: args.text('config_file') });
  if (job.configuration.cronSchedule !== undefined) {
    const message = 'Cron jobs may only be updated with "aurora cron schedule" command';
    throw new CommandFailure(EXIT.commandFailure, message);
  }
  if (instances !== undefined && args.has('--strict')) {
    await context.expectInstances(key, instances);
  }
  const description = await withTier(context, job);
  const { taskConfig, instanceCount } = description;
  const updateId = context.ports.random.uuid();
  const request: JobUpdateRequest = {
    taskConfig,
    instanceCount,
    settings: {
      ...job.updateSettings,
      updateOnlyTheseInstances: instances === undefined ? [] : rangesOf(instances),
    },
    metadata: [{ key: UPDATE_ID, value: updateId }],
  };
  const { cluster } = job;
  await printUpdateDiff(context, { cluster, description, request });
  const message = args.optional('--message');
  const response = await context.client(cluster).call('startJobUpdate', { request, message });
  const isOwn = response.responseCode !== 'OK' && startedWith(response, updateId);
  if (!isOwn) {
    const text = 'Failed to start update due to error:';
    context.expectOk(response, { code: EXIT.apiError, message: text });
  }
  const started = resultAt(response, 'startJobUpdateResult');
  if (started === undefined) {
    context.print(messageOf(response));
    return EXIT.ok;
  }
  const page = await updatePage(context, cluster, started.key);
  context.print(`Job update has started. View your update progress at ${page}`);
  if (args.has('--open-browser')) await context.openBrowser(page);
  if (!isWaiting) return EXIT.ok;
  return await waitForUpdate(context, { ...key, cluster }, started.key);
}

function startedWith(response: Response, updateId: string): boolean {
  const summary = resultAt(response, 'startJobUpdateResult')?.updateSummary;
  return (
    summary?.metadata?.some(({ key, value }) => key === UPDATE_ID && value === updateId) === true
  );
}

async function updatePage(
  context: ClientContext,
  cluster: string,
  { job, id = '' }: JobUpdateKey,
): Promise<string> {
  const { role = '', environment = '', name = '' } = job ?? {};
  const page = await context.jobPage(clusterKey(cluster, { role, environment, name }));
  return `${page}/update/${id}`;
}

export async function waitForUpdate(
  context: ClientContext,
  { cluster }: ClusterJobKey,
  key: JobUpdateKey,
): Promise<ExitCode> {
  let known: JobUpdateStatus | undefined;
  for (;;) {
    const { updateSummaries } = await context.ask(cluster, {
      method: 'getJobUpdateSummaries',
      args: { jobUpdateQuery: { key } },
      result: 'getJobUpdateSummariesResult',
    });
    const [summary] = updateSummaries;
    if (summary === undefined) {
      throw new CommandFailure(EXIT.invalidParameter, 'Job update not found.');
    }
    const { status } = summary.state;
    if (status !== known) context.print(`Current state ${status}`);
    known = status;
    if (!isActiveUpdate(status)) return exitCodeOf(status);
    await sleep(context.ports.clock, POLL_MS);
  }
}

function exitCodeOf(status: JobUpdateStatus): ExitCode {
  if (status === 'ROLLED_FORWARD') return EXIT.ok;
  return status === 'ROLLED_BACK' ? EXIT.commandFailure : EXIT.unknown;
}
