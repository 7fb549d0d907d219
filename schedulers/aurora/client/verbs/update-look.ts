/** `aurora update list` and `info` (spec aurora-client, section 3). */
import type { JobUpdateDetails, JobUpdateSummary } from '../../thrift/types.ts';
import type { Arguments } from '../arguments.ts';
import type { ClientContext } from '../context.ts';
import { CommandFailure, EXIT, type ExitCode } from '../failure.ts';
import { pathOf, thriftKey } from '../job-keys.ts';
import * as rows from '../option-rows.ts';
import { prettyJson, structText } from '../thrift-text.ts';
import { isoTime } from '../time-text.ts';
import { STATUS_NAMES, statusesOf } from '../update-statuses.ts';
import { jobKeyIn, type Verb } from '../verb.ts';
import { activeUpdate } from './update-control.ts';

const COLUMNS: readonly (readonly [title: string, width: number])[] = [
  ['JOB', 47],
  ['UPDATE ID', 36],
  ['STATUS', 15],
  ['CREATED BY', 11],
  ['STARTED', 19],
  ['LAST MODIFIED', 19],
];

export const LIST: Verb = {
  name: 'list',
  help: 'List summaries of job updates.',
  options: [
    {
      ...{ name: '--status', kind: 'list', choices: STATUS_NAMES },
      help: 'State to look for; may be given repeatedly',
    },
    { name: '--user', kind: 'text', metavar: 'username', help: 'Who started the update' },
    rows.WRITE_JSON,
  ],
  positionals: [
    { name: 'filter', metavar: 'CLUSTER[/ROLE[/ENV[/JOB]]]', help: 'Scope of the updates to list' },
  ],
  run: listUpdates,
};

export const INFO: Verb = {
  name: 'info',
  help: 'Display detailed status information about an update; the active one without its id',
  options: [rows.WRITE_JSON],
  positionals: [
    rows.JOB_KEY,
    { name: 'id', metavar: 'ID', isOptional: true, help: 'Id of the update' },
  ],
  run: showUpdate,
};

async function listUpdates(context: ClientContext, args: Arguments): Promise<ExitCode> {
  const parts = args.text('filter').split('/');
  const [cluster = '', role, environment, name] = parts;
  if (cluster === '' || parts.length > 4) {
    const message = 'Update filter must be a path of the form CLUSTER/ROLE/ENV/JOB.';
    throw new CommandFailure(EXIT.invalidParameter, message);
  }
  const isWhole = role !== undefined && environment !== undefined && name !== undefined;
  const jobUpdateQuery = {
    ...(isWhole ? { jobKey: { role, environment, name } } : { role }),
    updateStatuses: statusesOf(args.texts('--status')),
    user: args.optional('--user'),
  };
  const { updateSummaries } = await context.ask(cluster, {
    method: 'getJobUpdateSummaries',
    args: { jobUpdateQuery },
    result: 'getJobUpdateSummariesResult',
  });
  // The scheduler cannot look for an environment.
  const found = updateSummaries.filter(
    ({ key }) => isWhole || environment === undefined || key.job?.environment === environment,
  );
  const entries = found.map((each) => entryOf(cluster, each));
  if (args.has('--write-json')) {
    context.print(prettyJson(entries));
    return EXIT.ok;
  }
  if (entries.length > 0) context.print(row(COLUMNS.map(([title]) => title)));
  for (const { job, id, status, user, started, last_modified } of entries) {
    context.print(row([job, id, status, user, started, last_modified]));
  }
  return EXIT.ok;
}

function entryOf(cluster: string, { key, user, state }: JobUpdateSummary) {
  const { role = '', environment = '', name = '' } = key.job ?? {};
  return {
    job: pathOf({ cluster, role, environment, name }),
    id: key.id ?? '',
    user,
    started: isoTime(state.createdTimestampMs),
    last_modified: isoTime(state.lastModifiedTimestampMs),
    status: state.status,
  };
}

function row(cells: readonly string[]): string {
  return cells.map((cell, at) => cell.padEnd(COLUMNS[at]?.[1] ?? 0)).join(' ');
}

async function showUpdate(context: ClientContext, args: Arguments): Promise<ExitCode> {
  const job = jobKeyIn(args);
  const id = args.optional('id');
  const key = id === undefined ? await activeUpdate(context, job) : { job: thriftKey(job), id };
  if (key === undefined) {
    context.complain('There is no active update for this job.');
    return EXIT.invalidParameter;
  }
  const { detailsList } = await context.ask(job.cluster, {
    method: 'getJobUpdateDetails',
    args: { query: { key } },
    result: 'getJobUpdateDetailsResult',
  });
  const [details] = detailsList;
  if (details === undefined) {
    context.complain(`There is no update for key: ${structText('JobUpdateKey', key)}`);
    return EXIT.invalidParameter;
  }
  const path = pathOf(job);
  if (args.has('--write-json')) context.print(prettyJson(detailsJson(path, details)));
  else for (const line of detailsLines(path, details)) context.print(line);
  return EXIT.ok;
}

function detailsJson(job: string, { update, updateEvents, instanceEvents }: JobUpdateDetails) {
  const { key, state, metadata } = update.summary;
  return {
    updateId: key.id,
    job,
    started: state.createdTimestampMs,
    last_modified: isoTime(state.lastModifiedTimestampMs),
    status: state.status,
    update_events: updateEvents.map(({ status, timestampMs, message }) => ({
      ...{ status, timestampMs },
      ...(message === undefined || message === '' ? {} : { message }),
    })),
    instance_update_events: instanceEvents.map(({ instanceId, timestampMs, action }) => ({
      ...{ instance: instanceId, timestamp: timestampMs, action },
    })),
    metadata: (metadata ?? []).map((each) => ({ [each.key]: each.value })),
  };
}

function detailsLines(
  job: string,
  { update, updateEvents, instanceEvents }: JobUpdateDetails,
): readonly string[] {
  const { key, state, metadata = [] } = update.summary;
  const { createdTimestampMs, lastModifiedTimestampMs, status } = state;
  return [
    `Job: ${job}, UpdateID: ${key.id ?? ''}`,
    `Started ${isoTime(createdTimestampMs)}, last activity: ${isoTime(lastModifiedTimestampMs)}`,
    `Current status: ${status}`,
    ...titled(
      'Update events:',
      updateEvents.flatMap((event) => [
        `  Status: ${event.status} at ${isoTime(event.timestampMs)}`,
        ...(event.message === undefined || event.message === ''
          ? []
          : [`      message: ${event.message}`]),
      ]),
    ),
    ...titled(
      'Instance events:',
      instanceEvents.map(({ instanceId, timestampMs, action }) => {
        return `  Instance ${instanceId} at ${isoTime(timestampMs)}: ${action}`;
      }),
    ),
    ...titled(
      'Metadata:',
      metadata.map((each) => `  ${each.key}: ${each.value}`),
    ),
  ];
}

function titled(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : [title, ...lines];
}
