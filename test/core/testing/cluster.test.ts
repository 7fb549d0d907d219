/** Tests of the simulated cluster: the real daemons on simulated machines. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { minutes, seconds } from '../../../core/base/duration.ts';
import { SimulatedCluster } from '../../../core/testing/cluster.ts';

async function clusterOf(agents: readonly string[]): Promise<SimulatedCluster> {
  const cluster = new SimulatedCluster({ seed: 1 });
  await cluster.startMaster();
  for (const name of agents) await cluster.startAgent(name, 'cpus:2;mem:512');
  const isUp = (name: string): boolean => cluster.agent(name)?.state?.status === 'running';
  await cluster.until(() => agents.every(isUp), seconds(10));
  return cluster;
}

function hostnames(cluster: SimulatedCluster): readonly string[] {
  return [...(cluster.master?.state.agents.values() ?? [])].map((agent) => agent.info.hostname);
}

test('agents register with the master', async () => {
  const cluster = await clusterOf(['a1', 'a2']);
  assert.deepEqual([...hostnames(cluster)].sort(), ['a1', 'a2']);
});

test('a crashed agent comes back with its id', async () => {
  const cluster = await clusterOf(['a1']);
  const before = [...(cluster.master?.state.agents.keys() ?? [])];
  cluster.crashAgent('a1');
  await cluster.advance(seconds(1));
  assert.equal(cluster.master?.state.agents.values().next().value?.connected, false);
  await cluster.startAgent('a1');
  await cluster.advance(seconds(10));
  assert.deepEqual([...(cluster.master?.state.agents.keys() ?? [])], before);
  assert.equal(cluster.master?.state.agents.values().next().value?.connected, true);
});

test('an agent that is cut off becomes unreachable and is admitted again', async () => {
  const cluster = await clusterOf(['a1']);
  cluster.network.partition('a1', 'master');
  const isGone = (): boolean => cluster.master?.state.unreachableAgents.size === 1;
  assert.ok(await cluster.until(isGone, minutes(3)));
  cluster.network.heal();
  const isBack = (): boolean => cluster.master?.state.agents.size === 1;
  assert.ok(await cluster.until(isBack, minutes(3)));
});

test('a new master finds the agents of the last one in its registry', async () => {
  const cluster = await clusterOf(['a1']);
  cluster.crashMaster();
  await cluster.advance(seconds(1));
  await cluster.startMaster();
  await cluster.until(() => cluster.master?.isReady === true, seconds(5));
  assert.equal(cluster.master?.state.recoveredAgents.size, 1);
  const isBack = (): boolean => cluster.master?.state.agents.size === 1;
  assert.ok(await cluster.until(isBack, minutes(3)));
});

test('next gives the registration while the cluster runs', async () => {
  const cluster = new SimulatedCluster({ seed: 1 });
  await cluster.startMaster();
  const registration = cluster.network.next('RegisterSlaveMessage', 'a1', 'master');
  await cluster.startAgent('a1');
  await cluster.advance(seconds(5));
  assert.equal((await registration).name, 'mesos.internal.RegisterSlaveMessage');
});
