/** `aurora job kill` and `killall`, at once or in batches (spec aurora-client, section 2). */
import type { Arguments } from '../arguments.ts';
import type { ClientContext } from '../context.ts';
import { CommandFailure, EXIT, type ExitCode } from '../failure.ts';
import { readJob } from '../job-file.ts';
import { type ClusterJobKey, listText, pathOf, thriftKey } from '../job-keys.ts';
import { isTerminal, waitUntil } from '../job-monitor.ts';
import * as rows from '../option-rows.ts';
import { instancesKeyIn, jobKeyIn, type Verb } from '../verb.ts';

const OPTIONS = [
  ...[rows.OPEN_BROWSER, rows.BIND, rows.CONFIG, rows.READ_JSON, rows.BATCH_SIZE],
  ...[rows.MAX_TOTAL_FAILURES, rows.NO_BATCHING, rows.MESSAGE],
];

export const KILL: Verb = {
  name: 'kill',
  help: 'Kill instances in a scheduled job',
  options: [...OPTIONS, rows.STRICT],
  positionals: [rows.INSTANCES_KEY],
  run: async (context, args) => {
    const { key, instances } = instancesKeyIn(args);
    if (instances === undefined) {
      const message =
        'The instances list cannot be omitted in a kill command!; use killall to kill all instances';
      throw new CommandFailure(EXIT.invalidParameter, message);
    }
    if (args.has('--strict')) await context.expectInstances(key, instances);
    return await kill(context, args, { key, instances, done: 'Job kill succeeded' });
  },
};

export const KILL_ALL: Verb = {
  name: 'killall',
  help: 'Kill all instances of a scheduled job',
  options: OPTIONS,
  positionals: [rows.JOB_KEY],
  run: async (context, args) => {
    const key = jobKeyIn(args);
    return await kill(context, args, { key, instances: undefined, done: 'Job killall succeeded' });
  },
};

interface Killing {
  readonly key: ClusterJobKey;
  readonly instances: readonly number[] | undefined;
  readonly done: string;
}

async function kill(context: ClientContext, args: Arguments, killing: Killing): Promise<ExitCode> {
  const { key, instances, done } = killing;
  const path = args.optional('--config');
  if (path !== undefined) await readJob(context, args, { key, path });
  if (args.has('--no-batching')) {
    const request = { job: thriftKey(key), instances: instances ?? [] };
    await context.call(key.cluster, 'killTasks', {
      ...request,
      message: args.optional('--message'),
    });
    if (!(await waitUntil(context, { key, instances, until: isTerminal, isBounded: true }))) {
      context.complain(notInTime(instances));
      return EXIT.timeout;
    }
  } else {
    const code = await killInBatches(context, args, killing);
    if (code !== EXIT.ok) return code;
  }
  if (args.has('--open-browser')) await context.openBrowser(await context.jobPage(key));
  context.print(done);
  return EXIT.ok;
}

async function killInBatches(
  context: ClientContext,
  args: Arguments,
  { key, instances }: Killing,
): Promise<ExitCode> {
  const batchSize = args.integer('--batch-size');
  if (batchSize <= 0) {
    throw new CommandFailure(EXIT.invalidParameter, 'Error: --batch-size must be positive');
  }
  const tasks = await context.activeTasks(key, { code: EXIT.invalidParameter });
  if (tasks.length === 0) {
    context.complain(`No tasks to kill found for job ${pathOf(key)}`);
    return EXIT.invalidParameter;
  }
  const active = new Set(tasks.map((each) => each.assignedTask.instanceId));
  const wanted = [...active]
    .filter((each) => instances?.includes(each) ?? true)
    .sort((one, other) => one - other);
  let errors = 0;
  for (let at = 0; at < wanted.length; at += batchSize) {
    const batch = wanted.slice(at, at + batchSize);
    await killTasks(context, args, { key, instances: batch });
    if (await waitUntil(context, { key, instances: batch, until: isTerminal, isBounded: true })) {
      context.print(`Successfully killed instances ${listText(batch)}`);
      continue;
    }
    context.complain(notInTime(batch));
    errors += 1;
    if (errors > args.integer('--max-total-failures')) {
      const message = 'Exceeded maximum number of errors while killing instances';
      throw new CommandFailure(EXIT.commandFailure, message);
    }
  }
  if (errors > 0) {
    throw new CommandFailure(EXIT.commandFailure, 'Errors occurred while killing instances');
  }
  return EXIT.ok;
}

async function killTasks(
  context: ClientContext,
  args: Arguments,
  { key, instances }: { readonly key: ClusterJobKey; readonly instances: readonly number[] },
): Promise<void> {
  await context.call(
    key.cluster,
    'killTasks',
    { job: thriftKey(key), instances, message: args.optional('--message') },
    { message: `Kill of instances ${listText(instances)} failed with error:` },
  );
}

/** All of them are `None` to the original. */
function notInTime(instances: readonly number[] | undefined): string {
  const named = instances === undefined ? 'None' : listText(instances);
  return `Instances ${named} were not killed in time`;
}
