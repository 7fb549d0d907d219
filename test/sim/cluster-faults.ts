/** Faults of a simulated cluster that every simulation plays: who is there goes, who is gone comes back. */
import type { SimulatedCluster } from '../../core/testing/cluster.ts';

type Say = (what: string) => void;

export async function masterComesOrGoes(cluster: SimulatedCluster, say: Say): Promise<void> {
  say(`the master ${cluster.master === undefined ? 'starts' : 'crashes'}`);
  if (cluster.master === undefined) await cluster.startMaster();
  else cluster.crashMaster();
}

export async function agentComesOrGoes(
  cluster: SimulatedCluster,
  agent: string,
  say: Say,
): Promise<void> {
  say(`agent ${agent} ${cluster.agent(agent) === undefined ? 'starts' : 'crashes'}`);
  if (cluster.agent(agent) === undefined) await cluster.startAgent(agent);
  else cluster.crashAgent(agent);
}

export function machineReboots(cluster: SimulatedCluster, agent: string, say: Say): void {
  say(`machine of ${agent} reboots`);
  cluster.rebootMachine(agent);
}

export function launcherCrashes(cluster: SimulatedCluster, agent: string, say: Say): void {
  say(`launcher of ${agent} crashes`);
  cluster.machine(agent).crashLauncher();
}
