/** `aurora job inspect`: what a configuration says, without a scheduler (spec aurora-client, section 2.2). */
import {
  isSet,
  listAt,
  mapAt,
  mapsAt,
  numberAt,
  optionalMap,
  optionalText,
  textAt,
  textsAt,
} from '../../config/fields.ts';
import type { ConvertedJob } from '../../config/job-configuration.ts';
import { type DataMap, jsonOf } from '../../config/pystachio/plain.ts';
import type { Arguments } from '../arguments.ts';
import type { ClientContext } from '../context.ts';
import { EXIT, type ExitCode } from '../failure.ts';
import { readJob } from '../job-file.ts';
import * as rows from '../option-rows.ts';
import { structText } from '../thrift-text.ts';
import { jobKeyIn, type Verb } from '../verb.ts';

export const INSPECT: Verb = {
  name: 'inspect',
  help: 'Verify that a job can be parsed from a configuration file, and display the parsed configuration',
  options: [
    ...[rows.BIND, rows.READ_JSON, rows.WRITE_JSON],
    { name: '--local', kind: 'flag', help: 'Accepted for old scripts; nothing else is shown' },
    { name: '--raw', kind: 'flag', help: 'Show the structure that the scheduler would get' },
  ],
  positionals: [rows.JOB_KEY, rows.CONFIG_FILE],
  run: inspect,
};

async function inspect(context: ClientContext, args: Arguments): Promise<ExitCode> {
  const key = jobKeyIn(args);
  const job = await readJob(context, args, { key, path: args.text('config_file') });
  if (args.has('--write-json')) context.print(jsonOf(job.data));
  else if (args.has('--raw')) context.print(structText('JobConfiguration', job.configuration));
  else for (const line of inspectLines(job)) context.print(line);
  return EXIT.ok;
}

export function inspectLines({ data, configuration }: ConvertedJob): readonly string[] {
  const task = mapAt(data, 'task');
  const isService = configuration.taskConfig?.isService === true;
  return [
    'Job level information',
    `  name:       '${textAt(data, 'name')}'`,
    `  role:       '${textAt(data, 'role')}'`,
    ...optionalLine('contact:   ', optionalText(data, 'contact')),
    `  cluster:    '${textAt(data, 'cluster')}'`,
    `  instances:  '${numberAt(data, 'instances')}'`,
    ...cronLines(data),
    ...constraintLines(data),
    ...partitionLines(data),
    `  service:    ${truth(isService)}`,
    `  production: ${truth(isSet(data, 'production'))}`,
    '',
    'Task level information',
    `  name: '${textAt(task, 'name')}'`,
    ...orderLines(task),
    '',
    ...mapsAt(task, 'processes').flatMap(processLines),
  ];
}

function optionalLine(title: string, value: string | undefined): readonly string[] {
  return value === undefined ? [] : [`  ${title} '${value}'`];
}

function cronLines(data: DataMap): readonly string[] {
  const schedule = optionalText(data, 'cron_schedule');
  if (schedule === undefined) return [];
  return [
    '  cron:',
    `    schedule: '${schedule}'`,
    `    policy:   '${textAt(data, 'cron_collision_policy')}'`,
  ];
}

function constraintLines(data: DataMap): readonly string[] {
  if (!data.has('constraints')) return [];
  const constraints = [...textsAt(data, 'constraints')];
  return ['  constraints:', ...constraints.map(([name, value]) => `    '${name}': '${value}'`)];
}

function partitionLines(data: DataMap): readonly string[] {
  const policy = optionalMap(data, 'partition_policy');
  if (policy === undefined) return [];
  return [
    '  partition_policy:',
    `    reschedule: ${truth(isSet(policy, 'reschedule'))}`,
    `    delay_secs: '${numberAt(policy, 'delay_secs')}'`,
  ];
}

function orderLines(task: DataMap): readonly string[] {
  const constraints = mapsAt(task, 'constraints');
  if (constraints.length === 0) return [];
  const orders = constraints.map((each) => `  ${listAt(each, 'order').map(String).join(' < ')}`);
  return ['  constraints:', ...orders];
}

function processLines(process: DataMap): readonly string[] {
  const marks = ['daemon', 'ephemeral', 'final'].filter((each) => isSet(process, each));
  const lines = textAt(process, 'cmdline').split(/\r\n|\r|\n/);
  if (lines.at(-1) === '') lines.pop();
  return [
    `Process '${textAt(process, 'name')}':`,
    ...marks.map((each) => `  ${each}`),
    '  cmdline:',
    ...lines.map((line) => `    ${line}`),
    '',
  ];
}

function truth(value: boolean): string {
  return value ? 'True' : 'False';
}
