/** The parts of an agent for `/__processes__`, under the original's ids where they do the same. */
import { AGENT_ACTOR } from '../agent.ts';
import type { AgentOperatorContext } from './operator.ts';

const PARTS: readonly string[] = [
  AGENT_ACTOR,
  'files',
  'system',
  'metrics',
  'help',
  'profiler',
  'version',
  'logging',
  'agent-garbage-collector(1)',
  'task-status-update-manager(1)',
  'operation-status-update-manager(1)',
  'mesos-containerizer(1)',
  'fetcher(1)',
  '__authentication_router__(1)',
  '__limiter__(1)',
  '__limiter__(2)',
  '__reaper__(1)',
  '__processes__',
];

export function agentProcesses({ server }: AgentOperatorContext): readonly string[] {
  return [...PARTS, ...server.openConnections().map((number) => `__http__(${number})`)];
}
