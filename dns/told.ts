/** What records were made from, so that the same can be withdrawn later; and what the API lists. */
import type { AgentEntry, FrameworkEntry, TaskEntry } from './cluster-state.ts';

export interface ToldAgent {
  readonly agent: AgentEntry;
  readonly addresses: readonly string[];
}

export interface ToldFramework {
  readonly framework: FrameworkEntry;
  readonly addresses: readonly string[];
}

export interface ToldTask {
  readonly task: TaskEntry;
  readonly frameworkName: string;
  /** The agent's list itself: another list means that the agent has changed. */
  readonly addresses: readonly string[];
}

export interface EnumeratedRecord {
  readonly name: string;
  readonly host: string;
  readonly rtype: string;
}

export interface EnumeratedTask {
  readonly name: string;
  readonly id: string;
  readonly records: readonly EnumeratedRecord[];
}

export interface EnumeratedFramework {
  readonly name: string;
  readonly tasks: readonly EnumeratedTask[];
}

/** Each of these: whether both give the same records. */
export function sameAgent(a: ToldAgent, b: ToldAgent): boolean {
  return (
    a.agent.address?.port === b.agent.address?.port &&
    a.agent.isDraining === b.agent.isDraining &&
    a.addresses.join() === b.addresses.join()
  );
}

export function sameFramework(a: ToldFramework, b: ToldFramework): boolean {
  return (
    a.framework.name === b.framework.name &&
    a.framework.address?.port === b.framework.address?.port &&
    a.addresses.join() === b.addresses.join()
  );
}

export function sameTask(a: ToldTask, b: ToldTask): boolean {
  if (a.frameworkName !== b.frameworkName || a.addresses !== b.addresses) return false;
  if (a.task === b.task) return true;
  return (
    a.task.name === b.task.name &&
    a.task.ports.join() === b.task.ports.join() &&
    JSON.stringify(a.task.discovery) === JSON.stringify(b.task.discovery) &&
    sameRunning(a.task, b.task)
  );
}

function sameRunning(a: TaskEntry, b: TaskEntry): boolean {
  return (
    a.running?.networkAddresses.join() === b.running?.networkAddresses.join() &&
    a.running?.dockerAddresses.join() === b.running?.dockerAddresses.join() &&
    a.running?.mesosAddresses.join() === b.running?.mesosAddresses.join()
  );
}
