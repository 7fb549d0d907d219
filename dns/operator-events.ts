/** Events of the master's operator stream -> changes of what names are made from. Pure. */
import { isTerminal } from '../core/base/terminal-states.ts';
import {
  type AgentEntry,
  type ClusterState,
  type FrameworkEntry,
  newerRunning,
  parsePid,
  pushRange,
  type RunningStatus,
  type TaskEntry,
} from './cluster-state.ts';
import { at, fieldsOf, listOf, numberOf, textOf } from './fields.ts';
import { readDiscovery, readDraining, readRunningStatus } from './state-document.ts';

export type ClusterChange =
  | { readonly kind: 'snapshot'; readonly state: ClusterState }
  | { readonly kind: 'agent'; readonly agent: AgentEntry }
  | { readonly kind: 'agent-removed'; readonly agentId: string }
  | { readonly kind: 'framework'; readonly framework: FrameworkEntry }
  | { readonly kind: 'framework-removed'; readonly frameworkId: string }
  | { readonly kind: 'task'; readonly task: TaskEntry }
  | {
      readonly kind: 'task-status';
      readonly frameworkId: string;
      readonly taskId: string;
      readonly isRunning: boolean;
      readonly isTerminal: boolean;
      readonly running: RunningStatus | undefined;
    };

/** Undefined for events that change no name. */
export function readOperatorEvent(event: unknown): ClusterChange | undefined {
  switch (at(event, 'type')) {
    case 'SUBSCRIBED':
      return { kind: 'snapshot', state: readSnapshot(at(event, 'subscribed', 'get_state')) };
    case 'AGENT_ADDED':
      return { kind: 'agent', agent: readAgent(at(event, 'agent_added', 'agent')) };
    case 'AGENT_REMOVED':
      return { kind: 'agent-removed', agentId: idOf(at(event, 'agent_removed', 'agent_id')) };
    case 'FRAMEWORK_ADDED':
      return frameworkChange(at(event, 'framework_added', 'framework'));
    case 'FRAMEWORK_UPDATED':
      return frameworkChange(at(event, 'framework_updated', 'framework'));
    case 'FRAMEWORK_REMOVED': {
      const id = at(event, 'framework_removed', 'framework_info', 'id');
      return { kind: 'framework-removed', frameworkId: idOf(id) };
    }
    case 'TASK_ADDED':
      return { kind: 'task', task: readTask(at(event, 'task_added', 'task')) };
    case 'TASK_UPDATED':
      return readTaskUpdate(at(event, 'task_updated'));
    default:
      return undefined;
  }
}

/** Seconds between heartbeats as the SUBSCRIBED event announces them. */
export function heartbeatSecondsOf(event: unknown): number | undefined {
  return numberOf(at(event, 'subscribed', 'heartbeat_interval_seconds'));
}

function readSnapshot(state: unknown): ClusterState {
  const tasksByFramework = new Map<string, TaskEntry[]>();
  for (const each of listOf(at(state, 'get_tasks', 'tasks'))) {
    const task = readTask(each);
    const tasks = tasksByFramework.get(task.frameworkId) ?? [];
    tasks.push(task);
    tasksByFramework.set(task.frameworkId, tasks);
  }
  return {
    leader: undefined,
    agents: listOf(at(state, 'get_agents', 'agents')).map(readAgent),
    frameworks: listOf(at(state, 'get_frameworks', 'frameworks')).map((each) => {
      const framework = readFramework(each);
      return { framework, tasks: tasksByFramework.get(framework.id) ?? [] };
    }),
  };
}

function readAgent(agent: unknown): AgentEntry {
  return {
    id: idOf(at(agent, 'agent_info', 'id')),
    address: parsePid(textOf(at(agent, 'pid'))),
    isDraining: readDraining(at(agent, 'drain_info')),
  };
}

function frameworkChange(framework: unknown): ClusterChange {
  return { kind: 'framework', framework: readFramework(framework) };
}

/** Events do not carry a framework's pid, so its address is not known from here. */
function readFramework(framework: unknown): FrameworkEntry {
  const info = fieldsOf(at(framework, 'framework_info'));
  return {
    id: idOf(info['id']),
    name: textOf(info['name']),
    hostname: textOf(info['hostname']),
    address: undefined,
  };
}

function readTask(value: unknown): TaskEntry {
  const task = fieldsOf(value);
  let running: RunningStatus | undefined;
  for (const status of listOf(task['statuses'])) {
    const found = readRunningStatus(status);
    if (found !== undefined) running = newerRunning(running, found);
  }
  return {
    id: idOf(task['task_id']),
    name: textOf(task['name']),
    frameworkId: idOf(task['framework_id']),
    agentId: idOf(task['agent_id']),
    isRunning: task['state'] === 'TASK_RUNNING',
    ports: portsOf(task['resources']),
    running,
    discovery: readDiscovery(task['discovery']),
  };
}

function portsOf(resources: unknown): readonly number[] {
  const ports: number[] = [];
  for (const resource of listOf(resources)) {
    if (at(resource, 'name') !== 'ports') continue;
    for (const range of listOf(at(resource, 'ranges', 'range'))) {
      const begin = numberOf(at(range, 'begin'));
      const end = numberOf(at(range, 'end'));
      if (begin !== undefined && end !== undefined) pushRange(ports, begin, end);
    }
  }
  return ports;
}

function readTaskUpdate(update: unknown): ClusterChange {
  const state = textOf(at(update, 'state'));
  return {
    kind: 'task-status',
    frameworkId: idOf(at(update, 'framework_id')),
    taskId: idOf(at(update, 'status', 'task_id')),
    isRunning: state === 'TASK_RUNNING',
    isTerminal: isTerminal(state),
    running: readRunningStatus(at(update, 'status')),
  };
}

function idOf(value: unknown): string {
  return textOf(at(value, 'value'));
}
