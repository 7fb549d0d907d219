/** `aurora job restart`: a rolling restart that this client drives (spec aurora-client, section 2). */
import { sleep } from '../../../../core/base/clock.ts';
import { seconds } from '../../../../core/base/duration.ts';
import { ACTIVE } from '../../machine/schedule-status.ts';
import type { Arguments } from '../arguments.ts';
import { type ClientContext, queryOf } from '../context.ts';
import { CommandFailure, EXIT, type ExitCode } from '../failure.ts';
import { readJob } from '../job-file.ts';
import { type ClusterJobKey, listText, pathOf, thriftKey } from '../job-keys.ts';
import { newestOf } from '../job-monitor.ts';
import * as rows from '../option-rows.ts';
import { instancesKeyIn, type Verb } from '../verb.ts';

export const RESTART: Verb = {
  name: 'restart',
  help: 'Perform a rolling restart of instances within a job',
  options: [
    ...[rows.BATCH_SIZE, rows.BIND, rows.OPEN_BROWSER, rows.FORCE, rows.HEALTH_CHECK],
    ...[rows.READ_JSON, rows.CONFIG, rows.MAX_TOTAL_FAILURES, rows.STRICT],
    {
      ...{ name: '--watch-secs', kind: 'integer', otherwise: '30' },
      help: 'Seconds that an instance must stay RUNNING before it counts as restarted',
    },
    {
      ...{ name: '--max-per-instance-failures', kind: 'integer', otherwise: '0' },
      help: 'Failed restarts of an instance to be tolerated',
    },
    {
      ...{ name: '--restart-threshold', kind: 'integer', otherwise: '0' },
      help: 'Seconds in which an instance must be RUNNING; 0: any',
    },
  ],
  positionals: [rows.INSTANCES_KEY],
  run: restart,
};

async function restart(context: ClientContext, args: Arguments): Promise<ExitCode> {
  const { key, instances } = instancesKeyIn(args);
  // A limit per instance below zero is none; in total it is a mistake.
  if (args.integer('--max-total-failures') < 0) {
    const given = args.text('--max-total-failures');
    context.complain(`max_total_failures option must be >0, but you specified ${given}`);
    return EXIT.invalidParameter;
  }
  for (const name of ['--watch-secs', '--restart-threshold']) {
    if (args.integer(name) < 0) return refuse(context, args, name, 'must not be negative');
  }
  for (const name of ['--batch-size', '--healthcheck-interval-seconds']) {
    if (args.integer(name) <= 0) return refuse(context, args, name, 'must be positive');
  }
  const path = args.optional('--config');
  if (path !== undefined) await readJob(context, args, { key, path });
  if (instances !== undefined && args.has('--strict')) {
    await context.expectInstances(key, instances);
  }
  const active = await context.activeTasks(key);
  const all = active.map((each) => each.assignedTask.instanceId).sort((a, b) => a - b);
  if (all.length === 0) {
    context.info(`No active instances found in job ${pathOf(key)}`);
    context.info('Nothing to do.');
  }
  if (!(await restartAll(context, args, { key, instances: instances ?? all }))) {
    const message = `Error restarting job ${pathOf(key)}:\n\tRestart failures threshold reached. Aborting`;
    throw new CommandFailure(EXIT.apiError, message);
  }
  context.print(`Job ${pathOf(key)} restarted successfully`);
  if (args.has('--open-browser')) await context.openBrowser(await context.jobPage(key));
  return EXIT.ok;
}

function refuse(context: ClientContext, args: Arguments, name: string, rule: string): ExitCode {
  context.complain(`Error: ${name} ${rule}, but you specified ${args.text(name)}`);
  return EXIT.invalidParameter;
}

interface Batch {
  readonly key: ClusterJobKey;
  readonly instances: readonly number[];
}

/** False when too many instances failed. */
async function restartAll(
  context: ClientContext,
  args: Arguments,
  { key, instances }: Batch,
): Promise<boolean> {
  const perInstance = args.integer('--max-per-instance-failures');
  const failures = new Map<number, number>();
  let left = instances;
  while (left.length > 0) {
    const batch = left.slice(0, args.integer('--batch-size'));
    left = left.slice(batch.length);
    context.info(`Restarting instances: ${listText(batch)}`);
    await context.call(
      key.cluster,
      'restartShards',
      { job: thriftKey(key), shardIds: batch },
      { message: `Error restarting job ${pathOf(key)}:` },
    );
    for (const failed of await watch(context, args, { key, instances: batch })) {
      failures.set(failed, (failures.get(failed) ?? 0) + 1);
      // A limit below zero is none.
      if (perInstance < 0 || (failures.get(failed) ?? 0) <= perInstance) left = [...left, failed];
    }
    const given = [...failures.values()].filter((each) => perInstance >= 0 && each > perInstance);
    if (given.length > args.integer('--max-total-failures')) return false;
  }
  return true;
}

/** The instances of the batch that did not come to stay RUNNING. */
async function watch(
  context: ClientContext,
  args: Arguments,
  { key, instances }: Batch,
): Promise<readonly number[]> {
  const { clock } = context.ports;
  const watchMs = seconds(args.integer('--watch-secs'));
  const thresholdMs = seconds(args.integer('--restart-threshold'));
  const begin = clock.now();
  const runningSince = new Map<number, { readonly taskId: string; readonly at: number }>();
  const open = new Set(instances);
  const failed: number[] = [];
  for (;;) {
    await sleep(clock, seconds(args.integer('--healthcheck-interval-seconds')));
    const query = { ...queryOf(key), instanceIds: [...open], statuses: [...ACTIVE] };
    const tasks = newestOf(await context.tasks(key.cluster, query));
    const now = clock.now();
    for (const instance of [...open]) {
      const task = tasks.get(instance);
      const known = runningSince.get(instance);
      const isRunning = task?.status === 'RUNNING';
      const isSame = known !== undefined && known.taskId === task?.assignedTask.taskId;
      if (isRunning && !isSame && known === undefined) {
        runningSince.set(instance, { taskId: task.assignedTask.taskId, at: now });
      }
      const since = runningSince.get(instance);
      const hasStayed = isRunning && since !== undefined && now - since.at >= watchMs;
      const hasFallen = known !== undefined && !(isRunning && isSame);
      const isLate = since === undefined && thresholdMs > 0 && now - begin > thresholdMs;
      if (!hasStayed && !hasFallen && !isLate) continue;
      open.delete(instance);
      if (!hasStayed) failed.push(instance);
    }
    if (open.size === 0) return failed;
  }
}
