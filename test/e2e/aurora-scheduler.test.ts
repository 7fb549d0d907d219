/** Aurora's scheduler as a process, with a real master, agent and executor; spoken to in Thrift over HTTP. */
import assert from 'node:assert/strict';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import {
  decodeAnswer,
  encodeCall,
  type ThriftEncoding,
} from '../../schedulers/aurora/thrift/messages.ts';
import type { MethodArgs, Response, TaskConfig } from '../../schedulers/aurora/thrift/types.ts';
import {
  eventually,
  freePorts,
  http,
  PROJECT,
  type Program,
  removeDirectory,
  startOrrery,
  temporaryDirectory,
} from './support/programs.ts';
import { SmallCluster } from './support/small-cluster.ts';
import { ZooKeeperServer } from './support/zookeeper.ts';

const WEB = { role: 'www', environment: 'prod', name: 'web' };
const TYPES = {
  binary: 'application/vnd.apache.thrift.binary',
  json: 'application/vnd.apache.thrift.json',
} as const;

function config(data: string, changes: Partial<TaskConfig> = {}): TaskConfig {
  return {
    job: WEB,
    owner: { user: 'www' },
    isService: true,
    priority: 0,
    maxTaskFailures: 1,
    resources: [{ numCpus: 0.1 }, { ramMb: 32 }, { diskMb: 16 }, { namedPort: 'http' }],
    constraints: [],
    executorConfig: { name: 'AuroraExecutor', data },
    ...changes,
  };
}

class AuroraProcess {
  readonly url: string;
  private readonly args: readonly string[];
  private program: Program;

  constructor(url: string, args: readonly string[]) {
    this.url = url;
    this.args = args;
    this.program = startOrrery(args);
  }

  static async start(
    t: TestContext,
    cluster: SmallCluster,
    name = 'aurora',
    more: readonly string[] = [],
  ): Promise<AuroraProcess> {
    const [port = 0] = await freePorts(1);
    const executor = join(cluster.directory, 'executor.sh');
    const script = join(PROJECT, 'test/e2e/support/aurora-executor.ts');
    await writeFile(executor, `#!/bin/sh\nexec ${process.execPath} ${script}\n`);
    await chmod(executor, 0o755);
    const aurora = new AuroraProcess(`http://127.0.0.1:${port}`, [
      'aurora-scheduler',
      '-cluster_name=devcluster',
      `-mesos_master_address=127.0.0.1:${cluster.masterPort}`,
      `-native_log_file_path=${join(cluster.directory, name)}`,
      '-ip=127.0.0.1',
      `-http_port=${port}`,
      '-hostname=127.0.0.1',
      `-thermos_executor_path=${executor}`,
      '-thermos_executor_ram=32MB',
      '-max_reschedule_task_delay_on_startup=1ms',
      ...more,
    ]);
    t.after(() => aurora.program.stop('SIGKILL'));
    return aurora;
  }

  async serves(): Promise<void> {
    await eventually(
      'the scheduler is registered',
      async () => {
        const { body } = await http('GET', `${this.url}/vars.json`);
        const vars: unknown = body;
        const isThere = typeof vars === 'object' && vars !== null && 'framework_registered' in vars;
        return isThere && vars.framework_registered === 1 ? true : undefined;
      },
      () => this.program.output(),
      90_000,
    );
  }

  /** Whether it leads, by what it tells load balancers. */
  async leads(status: number): Promise<void> {
    await eventually(
      `it answers ${status} about the leader`,
      async () => {
        const answer = await fetch(`${this.url}/leaderhealth`).catch(() => undefined);
        await answer?.text();
        return answer?.status === status ? true : undefined;
      },
      () => this.program.output(),
      90_000,
    );
  }

  async die(): Promise<void> {
    await this.program.stop('SIGKILL');
  }

  /** Dies as by a power cut, and comes again. */
  async crash(): Promise<void> {
    await this.program.stop('SIGKILL');
    this.program = startOrrery(this.args);
  }

  stop(): Promise<number | null> {
    return this.program.stop();
  }

  async call<M extends keyof MethodArgs>(
    method: M,
    args: MethodArgs[M],
    encoding: keyof typeof TYPES & ThriftEncoding = 'binary',
  ): Promise<Response> {
    const answer = await fetch(`${this.url}/api`, {
      method: 'POST',
      headers: { 'content-type': TYPES[encoding], accept: TYPES[encoding] },
      body: new Uint8Array(encodeCall(encoding, { method, seqid: 7, args })),
    });
    assert.equal(answer.headers.get('content-type'), TYPES[encoding]);
    const bytes = Buffer.from(await answer.arrayBuffer());
    const decoded = decodeAnswer(encoding, method, bytes);
    assert.ok(decoded.ok && decoded.value.kind === 'reply', bytes.toString());
    return decoded.value.response;
  }

  /** `instance status: message` of each task. */
  async tasks(): Promise<readonly string[]> {
    const { result } = await this.call('getTasksStatus', { query: {} });
    assert.ok(result !== undefined && 'scheduleStatusResult' in result);
    return result.scheduleStatusResult.tasks.map(({ status, taskEvents, assignedTask }) => {
      const message = taskEvents.at(-1)?.message;
      const text = message === undefined ? '' : `: ${message}`;
      return `${assignedTask.instanceId} ${status}${text}`;
    });
  }

  async become(...expected: readonly string[]): Promise<void> {
    let seen: readonly string[] = [];
    await eventually(
      `the tasks are ${expected.join(', ')}`,
      async () => {
        seen = await this.tasks();
        return seen.join() === expected.join() ? true : undefined;
      },
      () => `${seen.join('\n')}\n${this.program.output()}`,
      60_000,
    );
  }
}

test('jobs are created, killed and found again after a crash, in binary and in JSON', async (t) => {
  const cluster = await SmallCluster.start(t, 'aurora');
  const aurora = await AuroraProcess.start(t, cluster);
  await aurora.serves();
  const rest = { cronCollisionPolicy: 'KILL_EXISTING' as const, owner: { user: 'www' } };
  const web = { key: WEB, taskConfig: config('stay'), instanceCount: 2, ...rest };
  const created = await aurora.call('createJob', { description: web });
  assert.deepEqual(created, {
    responseCode: 'OK',
    serverInfo: { clusterName: 'devcluster', statsUrlPrefix: '' },
    details: [],
  });
  const running = [0, 1].map(
    (instance) => `${instance} RUNNING: instance ${instance} with ports http`,
  );
  await aurora.become(...running);

  await aurora.crash();
  await aurora.serves();
  await aurora.become(...running);

  const killed = await aurora.call('killTasks', { job: WEB, instances: [1] }, 'json');
  assert.equal(killed.responseCode, 'OK');
  await aurora.become(running[0] ?? '', '1 KILLED');

  const batch = { ...WEB, name: 'batch' };
  const taskConfig = config('finish', { job: batch, isService: false });
  const ad = { key: batch, taskConfig, instanceCount: 1, ...rest };
  assert.equal((await aurora.call('createJob', { description: ad }, 'json')).responseCode, 'OK');
  await aurora.become(running[0] ?? '', '1 KILLED', '0 FINISHED');
  assert.equal(await aurora.stop(), 0);
});

test('another scheduler takes over jobs and tasks of one that dies, and sends callers on before', async (t) => {
  const directory = await temporaryDirectory('zookeeper');
  const zooKeeper = await ZooKeeperServer.in(directory);
  t.after(async () => {
    await zooKeeper.kill();
    await removeDirectory(directory);
  });
  await zooKeeper.start();
  const cluster = await SmallCluster.start(t, 'auroras');
  const meeting = [
    `-zk_endpoints=${zooKeeper.address}`,
    '-zk_session_timeout=3secs',
    '-serverset_path=/aurora/scheduler',
    '-native_log_zk_group_path=/aurora/log',
  ];
  const first = await AuroraProcess.start(t, cluster, 'first', meeting);
  await first.leads(200);
  const second = await AuroraProcess.start(t, cluster, 'second', meeting);
  await second.leads(503);
  const sent = await fetch(`${second.url}/quotas?role=www`, { redirect: 'manual' });
  assert.equal(sent.status, 307);
  assert.equal(sent.headers.get('location'), `${first.url}/quotas?role=www`);

  const rest = { cronCollisionPolicy: 'KILL_EXISTING' as const, owner: { user: 'www' } };
  const web = { key: WEB, taskConfig: config('stay'), instanceCount: 2, ...rest };
  const created = await second.call('createJob', { description: web });
  assert.equal(created.responseCode, 'OK', 'a standby sends clients on');
  const running = [0, 1].map(
    (instance) => `${instance} RUNNING: instance ${instance} with ports http`,
  );
  await second.become(...running);

  await first.die();
  await second.leads(200);
  await second.become(...running);
  const killed = await second.call('killTasks', { job: WEB });
  assert.equal(killed.responseCode, 'OK');
  await second.become('0 KILLED', '1 KILLED');
});
