/** What frameworks use on agents: the same sums are kept at both, and per framework as a whole. */
import { add, isEmpty, subtract } from '../resources/arithmetic.ts';
import type { Resource } from '../wire/types/mesos.v1.ts';
import type { Agent, Framework } from './records.ts';

/** A task or an executor of the framework begins to use them there. */
export function addUsed(framework: Framework, agent: Agent, resources: readonly Resource[]): void {
  if (resources.length === 0) return;
  const before = agent.usedResources.get(framework.id) ?? [];
  const after = add(before, resources);
  agent.usedResources.set(framework.id, after);
  framework.usedResources.set(agent.id, after);
  framework.usedTotal = add(framework.usedTotal, resources);
}

/** It uses them no longer. */
export function removeUsed(
  framework: Framework,
  agent: Agent,
  resources: readonly Resource[],
): void {
  if (resources.length === 0) return;
  const after = subtract(agent.usedResources.get(framework.id) ?? [], resources);
  framework.usedTotal = subtract(framework.usedTotal, resources);
  if (isEmpty(after)) {
    agent.usedResources.delete(framework.id);
    framework.usedResources.delete(agent.id);
    return;
  }
  agent.usedResources.set(framework.id, after);
  framework.usedResources.set(agent.id, after);
}
