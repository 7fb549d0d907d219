/** Thermos under a real master, agent and Aurora scheduler, seen by its observer. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { AuroraProcess } from './support/aurora-process.ts';
import { PROJECT } from './support/programs.ts';
import { SmallCluster } from './support/small-cluster.ts';
import { KEY, webJob } from './support/thermos-job.ts';

const EXECUTOR = `${process.execPath} ${join(PROJECT, 'orrery.ts')} thermos-executor`;

test('a task runs its processes in order, lives through a new agent and ends as it is asked to', async (t) => {
  const cluster = await SmallCluster.start(t, 'thermos', {
    agentFlags: ['--executor_reregistration_timeout=15secs'],
  });
  const aurora = await AuroraProcess.start(t, cluster, { executor: EXECUTOR });
  await aurora.serves();
  const created = await aurora.call('createJob', { description: webJob() });
  assert.equal(created.responseCode, 'OK', JSON.stringify(created.details));
  await aurora.become('0 RUNNING: Task is healthy.');

  await cluster.endAgent('SIGKILL');
  cluster.startAgent();
  await cluster.agentRegistered();
  await aurora.become('0 RUNNING: Task is healthy.');

  assert.equal((await aurora.call('killTasks', { job: KEY, instances: [0] })).responseCode, 'OK');
  await aurora.become('0 KILLED: Instructed to kill task.');
  assert.equal(await aurora.stop(), 0);
  const sandbox = await sandboxIn(cluster.agentDirectory);
  const text = (path: string): string => readFileSync(join(sandbox, path), 'utf8');
  assert.equal(text('asked'), 'POST');
  assert.equal(text('tidied'), 'tidied\n');
  assert.equal(text('.logs/prepare/0/stdout'), 'to the log\n');
  assert.match(text('beats'), /^beat\nbeat\n/);
});

/** Of the only task that this agent has run. */
async function sandboxIn(agentDirectory: string): Promise<string> {
  let path = join(agentDirectory, 'slaves');
  for (const next of ['frameworks', 'executors', 'runs', 'sandbox']) {
    const [only = ''] = (await readdir(path)).filter((name) => name !== 'latest');
    path = join(path, only, next);
  }
  return path;
}
