/** Thermos under a real master, agent and Aurora scheduler, seen by its observer. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { AuroraProcess } from './support/aurora-process.ts';
import {
  eventually,
  freePorts,
  http,
  ownTaskPorts,
  PROJECT,
  type Program,
  startOrrery,
} from './support/programs.ts';
import { SmallCluster } from './support/small-cluster.ts';
import { KEY, webJob } from './support/thermos-job.ts';

interface SeenTask {
  readonly launch_timestamp: number;
  readonly state: string;
  readonly ports: Readonly<Record<string, number>>;
  readonly processes: { readonly success: readonly string[]; readonly running: readonly string[] };
}

class ObserverProcess {
  private readonly url: string;
  private readonly program: Program;

  private constructor(port: number, agentDirectory: string) {
    this.url = `http://127.0.0.1:${port}`;
    const where = [`--port=${port}`, '--ip=127.0.0.1', `--mesos-root=${agentDirectory}`];
    this.program = startOrrery(['thermos-observer', ...where, '--polling_interval_secs=1']);
  }

  static async start(t: TestContext, cluster: SmallCluster): Promise<ObserverProcess> {
    const [port = 0] = await freePorts(1);
    const observer = new ObserverProcess(port, cluster.agentDirectory);
    t.after(() => observer.program.stop('SIGKILL'));
    return observer;
  }

  /** The only task, once it is so. */
  async sees(state: string, isSo: (task: SeenTask) => true | undefined): Promise<SeenTask> {
    let text = '';
    return await eventually(
      `the observer sees the task ${state}`,
      async () => {
        const rows = Object(await this.get('/j/task_ids')).tasks;
        if (rows.length === 0) return undefined;
        const [task] = Object.values<SeenTask>(
          Object(await this.get(`/j/task/${rows[0].task_id}`)),
        );
        text = JSON.stringify(task);
        return task?.state === state && isSo(task) ? task : undefined;
      },
      () => `${text}\n${this.program.output()}`,
    );
  }

  private async get(path: string): Promise<unknown> {
    return (await http('GET', `${this.url}${path}`)).body;
  }
}

const EXECUTOR = `${process.execPath} ${join(PROJECT, 'orrery.ts')} thermos-executor`;

test('a task runs its processes in order, lives through a new agent and ends as it is asked to', async (t) => {
  const cluster = await SmallCluster.start(t, 'thermos', {
    agentFlags: ['--executor_reregistration_timeout=15secs'],
    taskPorts: ownTaskPorts(),
  });
  const aurora = await AuroraProcess.start(t, cluster, { executor: EXECUTOR });
  await aurora.serves();
  const created = await aurora.call('createJob', { description: webJob() });
  assert.equal(created.responseCode, 'OK', JSON.stringify(created.details));
  await aurora.become('0 RUNNING: Task is healthy.');
  const observer = await ObserverProcess.start(t, cluster);
  const before = await observer.sees('ACTIVE', (task) => {
    const { success, running } = task.processes;
    return success.includes('prepare') && running.includes('serve') ? true : undefined;
  });
  assert.deepEqual(Object.keys(before.ports), ['health']);

  await cluster.endAgent('SIGKILL');
  cluster.startAgent();
  await cluster.agentRegistered();
  await aurora.become('0 RUNNING: Task is healthy.');

  assert.equal((await aurora.call('killTasks', { job: KEY, instances: [0] })).responseCode, 'OK');
  await aurora.become('0 KILLED: Instructed to kill task.');
  // It ended when it was asked to, before anybody sent a signal.
  const after = await observer.sees('SUCCESS', () => true);
  assert.equal(after.launch_timestamp, before.launch_timestamp);
  assert.deepEqual(
    ['prepare', 'serve', 'tidy'].map((name) => after.processes.success.includes(name)),
    [true, true, true],
    JSON.stringify(after.processes),
  );
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
