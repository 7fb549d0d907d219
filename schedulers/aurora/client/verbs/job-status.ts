/** `aurora job status` (spec aurora-client, section 2.1). */
import { ACTIVE } from '../../machine/schedule-status.ts';
import type { Resource, ScheduledTask } from '../../thrift/types.ts';
import type { Arguments } from '../arguments.ts';
import { type ClientContext, queryOf } from '../context.ts';
import { EXIT, type ExitCode } from '../failure.ts';
import { type ClusterJobKey, pathOf } from '../job-keys.ts';
import * as rows from '../option-rows.ts';
import { resourceText, sortedResources } from '../resource-text.ts';
import { jsonOfStruct, prettyJson } from '../thrift-text.ts';
import { localTime } from '../time-text.ts';
import { patternIn, type Verb } from '../verb.ts';

/** Written in JSON also when they are not there. */
const NULLS: ReadonlySet<string> = new Set(['ancestorId', 'message']);

export const STATUS: Verb = {
  name: 'status',
  help: 'Get status information about a scheduled job or group of jobs',
  options: [rows.WRITE_JSON],
  positionals: [rows.JOB_PATTERN],
  run: showStatus,
};

interface JobTasks {
  readonly key: ClusterJobKey;
  readonly active: readonly ScheduledTask[];
  readonly inactive: readonly ScheduledTask[];
}

async function showStatus(context: ClientContext, args: Arguments): Promise<ExitCode> {
  const pattern = patternIn(args);
  const jobs: JobTasks[] = [];
  for (const key of await context.jobsMatching(pattern)) {
    const tasks = await context.tasks(key.cluster, queryOf(key));
    if (tasks.length === 0) {
      context.info(`No tasks were found for jobkey ${pathOf(key)}`);
      continue;
    }
    jobs.push(grouped(key, tasks));
  }
  const isJson = args.has('--write-json');
  if (jobs.length === 0) return tellNothing(context, pathOf(pattern), isJson);
  if (isJson) context.print(prettyJson(jobs.map(jobJson)));
  else context.print(jobs.map(jobText).join(''));
  return EXIT.ok;
}

function tellNothing(context: ClientContext, pattern: string, isJson: boolean): ExitCode {
  if (!isJson) {
    context.complain(`Found no jobs matching ${pattern}`);
    return EXIT.invalidParameter;
  }
  // A valid answer is no error for who reads it in a script.
  context.print(JSON.stringify({ jobspec: pattern, error: 'No matching jobs found' }));
  return EXIT.ok;
}

function grouped(key: ClusterJobKey, tasks: readonly ScheduledTask[]): JobTasks {
  const byInstance = [...tasks].sort(
    (one, other) => one.assignedTask.instanceId - other.assignedTask.instanceId,
  );
  return {
    key,
    active: byInstance.filter(({ status }) => ACTIVE.has(status)),
    inactive: byInstance.filter(({ status }) => !ACTIVE.has(status)),
  };
}

function jobJson({ key, active, inactive }: JobTasks): unknown {
  const json = (task: ScheduledTask): unknown => jsonOfStruct('ScheduledTask', task, NULLS);
  return { job: pathOf(key), active: active.map(json), inactive: inactive.map(json) };
}

function jobText({ active, inactive }: JobTasks): string {
  return [
    `Active tasks (${active.length}):\n`,
    ...active.map(taskText),
    `Inactive tasks (${inactive.length}):\n`,
    ...inactive.map(taskText),
  ].join('');
}

function taskText({ assignedTask, status, failureCount, taskEvents }: ScheduledTask): string {
  const { task, instanceId, slaveHost, assignedPorts } = assignedTask;
  const { role = '', environment = '', name = '' } = task.job ?? {};
  const ports = [...assignedPorts].map(([port, number]) => `u'${port}': ${number}`);
  const events = [...taskEvents].sort((one, other) => one.timestamp - other.timestamp);
  const metadata = task.metadata ?? [];
  const lines = [
    `\tTask role: ${role}, env: ${environment}, name: ${name}, instance: ${instanceId}, ` +
      `status: ${status} on ${slaveHost ?? 'None'}`,
    `\t  ${resourcesText(task.resources)}`,
    ...(ports.length === 0
      ? []
      : [
          `\t  assigned ports: {${ports.join(', ')}}`,
          `\t  failure count: ${failureCount} (max ${task.maxTaskFailures})`,
        ]),
    '\t  events:',
    ...events.map(
      (event) => `\t   ${localTime(event.timestamp)} ${event.status}: ${event.message ?? 'None'}`,
    ),
    ...(metadata.length === 0 ? [] : ['\t  metadata:']),
    ...metadata.map(({ key, value }) => `\t\t  (key: '${key}', value: '${value}')`),
  ];
  return `${lines.join('\n')}\n`;
}

function resourcesText(resources: readonly Resource[]): string {
  return sortedResources(resources).map(resourceText).join(', ');
}
