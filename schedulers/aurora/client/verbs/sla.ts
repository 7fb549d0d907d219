/** `aurora sla` (spec aurora-client, section 4). */
import { err, ok, type Result } from '../../../../core/base/result.ts';
import { floatText } from '../../config/interpreter/text-of.ts';
import { LIVE } from '../../machine/schedule-status.ts';
import type { Arguments } from '../arguments.ts';
import { type ClientContext, queryOf } from '../context.ts';
import { EXIT } from '../failure.ts';
import { JobUptimes } from '../job-uptimes.ts';
import * as rows from '../option-rows.ts';
import { parseTimeSpans } from '../time-text.ts';
import { jobKeyIn, type Noun, optionValue, type Verb } from '../verb.ts';

const DURATIONS = '1m,10m,1h,12h,7d';
const PERCENTILES = '99,95,90,85,75,60,50,30,10';
const FLOAT_DIGITS = 12;

const UP_COUNT: Verb = {
  name: 'get-task-up-count',
  help: 'Print the percentage of tasks that stayed up within the last durations',
  options: [
    {
      ...{ name: '--durations', kind: 'text', otherwise: DURATIONS },
      help: 'Durations such as 3m,10s,1h3m10s',
    },
  ],
  positionals: [rows.JOB_KEY],
  run: async (context, args) => {
    const durations = optionValue('--durations', parseTimeSpans(args.text('--durations')));
    const uptimes = await uptimesOf(context, args);
    for (const { seconds, text } of durations) {
      context.print(`${text}\t- ${uptimes.upPercent(seconds).toFixed(2)} %`);
    }
    return EXIT.ok;
  },
};

const UPTIME: Verb = {
  name: 'get-job-uptime',
  help: 'Print the job uptime at the percentiles',
  options: [
    {
      ...{ name: '--percentiles', kind: 'text', otherwise: PERCENTILES },
      help: 'Percentiles between 0.0 and 100.0 such as 50,75,95.5',
    },
  ],
  positionals: [rows.JOB_KEY],
  run: async (context, args) => {
    const percentiles = optionValue('--percentiles', parsePercentiles(args.text('--percentiles')));
    const uptimes = await uptimesOf(context, args);
    for (const percentile of percentiles) {
      const text = floatText(percentile, FLOAT_DIGITS);
      context.print(`${text} percentile\t- ${uptimes.uptimeAt(percentile)} seconds`);
    }
    return EXIT.ok;
  },
};

export const SLA: Noun = {
  name: 'sla',
  help: 'Work with SLA data in Aurora cluster.',
  verbs: [UP_COUNT, UPTIME],
};

async function uptimesOf(context: ClientContext, args: Arguments): Promise<JobUptimes> {
  const key = jobKeyIn(args);
  const statuses = [...LIVE, 'STARTING' as const];
  const tasks = await context.tasks(key.cluster, { ...queryOf(key), statuses });
  return new JobUptimes(tasks, context.ports.clock.now());
}

/** Descending. */
function parsePercentiles(text: string): Result<readonly number[]> {
  const found: number[] = [];
  for (const part of text.split(',')) {
    const value = Number(part);
    if (part.trim() === '' || !(value > 0 && value < 100)) {
      return err(`Invalid percentile value:${part}. Must be between 0.0 and 100.0 exclusive.`);
    }
    found.push(value);
  }
  return ok(found.sort((one, other) => other - one));
}
