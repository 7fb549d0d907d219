/** Aurora's scheduler as a process, with a real master, agent and executor; spoken to in Thrift over HTTP. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TaskConfig } from '../../schedulers/aurora/thrift/types.ts';
import { AuroraClient, done } from './support/aurora-client.ts';
import { AuroraProcess } from './support/aurora-process.ts';
import { removeDirectory, temporaryDirectory } from './support/programs.ts';
import { sharedCluster } from './support/small-cluster.ts';
import { ZooKeeperServer } from './support/zookeeper.ts';

const shared = sharedCluster('aurora');

const WEB = { role: 'www', environment: 'prod', name: 'web' };

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

test('jobs are created, killed and found again after a crash, in binary and in JSON', async (t) => {
  const cluster = shared();
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

test('another scheduler takes over jobs and tasks of one that dies, and sends callers on before; clients find it', async (t) => {
  const directory = await temporaryDirectory('zookeeper');
  const zooKeeper = await ZooKeeperServer.in(directory);
  t.after(async () => {
    await zooKeeper.kill();
    await removeDirectory(directory);
  });
  await zooKeeper.start();
  const cluster = shared();
  const meeting = [
    `-zk_endpoints=${zooKeeper.address}`,
    // No scheduler may lose it because the machine is busy.
    '-zk_session_timeout=6secs',
    '-serverset_path=/aurora/scheduler',
    '-native_log_zk_group_path=/aurora/log',
  ];
  const first = await AuroraProcess.start(t, cluster, { name: 'first', flags: meeting });
  await first.leads(200);
  const second = await AuroraProcess.start(t, cluster, { name: 'second', flags: meeting });
  await second.leads(503);
  const sent = await fetch(`${second.url}/quotas?role=www`, { redirect: 'manual' });
  assert.equal(sent.status, 307);
  assert.equal(sent.headers.get('location'), `${first.url}/quotas?role=www`);

  const client = await AuroraClient.for(cluster.directory, {
    ...{ zk: '127.0.0.1', zk_port: zooKeeper.port, scheduler_zk_path: '/aurora/scheduler' },
  });
  const leader = async (): Promise<string> =>
    done(await client.admin('get_scheduler', 'devcluster'));
  assert.equal(await leader(), `Found leading scheduler at: ${first.url}`);

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
  assert.equal(await leader(), `Found leading scheduler at: ${second.url}`);
  const status = done(await client.aurora('job', 'status', 'devcluster/www/prod/*'));
  assert.match(
    status,
    /^Active tasks \(2\):\n\tTask role: www, env: prod, name: web, instance: 0,/,
  );
  const killed = await second.call('killTasks', { job: WEB });
  assert.equal(killed.responseCode, 'OK');
  await second.become('0 KILLED', '1 KILLED');
});
