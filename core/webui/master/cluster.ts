/** Where the pages get what they show: the leading master, and agents, both as scripts of other origins. */
import { computed, signal } from '@preact/signals';
import { Poller } from '../kit/poll.ts';
import { isJson, type Json, recordOf } from '../kit/reading.ts';
import { readJsonp } from '../kit/requests.ts';
import {
  type AgentRow,
  type AgentView,
  agentView,
  type ClusterView,
  clusterView,
  paceOf,
} from './model.ts';

/** `//host:port` of the leader once it is known; before, where the page came from. */
const leaderBase = signal('');

export const clusterPoller = new Poller<ClusterView>(
  async () => {
    const view = clusterView(recordOf(await readJsonp(`${leaderBase.value}/master/state`)));
    if (view.leader !== undefined) {
      leaderBase.value = `//${view.leader.hostname}:${view.leader.port}`;
    }
    return view;
  },
  (view) => paceOf(view.agents.length),
);

export const metricsPoller = new Poller<Json>(
  async () => recordOf(await readJsonp(`${leaderBase.value}/metrics/snapshot`)),
  () => paceOf(clusterPoller.value.value?.agents.length ?? 0),
);

export const cluster = computed(() => clusterPoller.value.value);
export const metrics = computed(() => metricsPoller.value.value ?? {});

/** Tells nothing of other pages' origins: what the address of the leader is, for people. */
export function leaderHost(): string {
  return leaderBase.value === '' ? location.host : leaderBase.value.slice(2);
}

export function readMaster(path: string): Promise<unknown> {
  return readJsonp(`${leaderBase.value}${path}`);
}

/** A file of the leading master. */
export function masterFileUrl(kind: 'read' | 'download', path: string): string {
  return `${leaderBase.value}/files/${kind}?${new URLSearchParams({ path })}`;
}

export function agentBase({ hostname, port }: AgentRow): string {
  return `//${hostname}:${port}`;
}

export async function readAgentState(agent: AgentRow): Promise<AgentView> {
  return agentView(recordOf(await readJsonp(`${agentBase(agent)}/slave(1)/state`)));
}

export function readAgentMetrics(agent: AgentRow): Promise<Json> {
  return readJsonp(`${agentBase(agent)}/metrics/snapshot`).then(recordOf);
}

/** Usage of the agent's containers, as a list. */
export async function readStatistics(agent: AgentRow): Promise<readonly Json[]> {
  const answer = await readJsonp(`${agentBase(agent)}/slave(1)/monitor/statistics`);
  return Array.isArray(answer) ? answer.filter(isJson) : [];
}

export function agentFileUrl(
  agent: AgentRow,
  kind: 'browse' | 'read' | 'download',
  path: string,
): string {
  return `${agentBase(agent)}/files/${kind}?${new URLSearchParams({ path })}`;
}
