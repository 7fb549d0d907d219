/** A stable printout of the master's state for tests: one line per agent, framework, task, offer. */
import { formatResources } from '../resources/format.ts';
import type { Agent, Framework } from './records.ts';
import type { MasterState } from './state.ts';

export function describeState(state: MasterState): string {
  const lines = [
    ...[...state.agents.values()].map(describeAgent),
    ...[...state.recoveredAgents.keys()].map((id) => `agent ${id} recovered`),
    ...[...state.unreachableAgents.keys()].map((id) => `agent ${id} unreachable`),
    ...[...state.goneAgents.keys()].map((id) => `agent ${id} gone`),
    ...[...state.frameworks.values()].flatMap(describeFramework),
    ...[...state.completedFrameworks.keys()].map((id) => `framework ${id} completed`),
  ];
  return lines.join('\n');
}

function describeAgent(agent: Agent): string {
  const flags = [
    agent.connected ? 'connected' : 'disconnected',
    agent.active ? 'active' : 'inactive',
  ];
  return `agent ${agent.id} ${flags.join(' ')} ${formatResources(agent.totalResources)}`;
}

function describeFramework(framework: Framework): string[] {
  return [
    `framework ${framework.id} ${framework.state} roles ${[...framework.roles].join(',')}`,
    ...[...framework.tasks.values()].map(
      ({ id, agent, task }) => `  task ${id} on ${agent} ${task.state}`,
    ),
    ...[...framework.unreachableTasks.values()].map(
      (task) => `  unreachable task ${task.task_id.value} ${task.state}`,
    ),
    ...framework.completedTasks.map(
      (task) => `  completed task ${task.task_id.value} ${task.state}`,
    ),
    ...[...framework.offers].map(
      (each) => `  offer of ${each.agent} ${formatResources(each.offer.resources ?? [])}`,
    ),
  ];
}
