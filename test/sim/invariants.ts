/** What must hold after every step of a simulated cluster. */
import { strict as assert } from 'node:assert';
import type { AgentId } from '../../core/base/ids.ts';
import type { MasterState } from '../../core/master/state.ts';
import { add, contains, equals, subtractContained, sum } from '../../core/resources/arithmetic.ts';
import { formatResources } from '../../core/resources/format.ts';
import { unallocate } from '../../core/resources/select.ts';
import type { SimulatedCluster } from '../../core/testing/cluster.ts';
import type { Resource } from '../../core/wire/types/mesos.v1.ts';

/** Offered and used together never exceed what an agent has; the sums agree with their parts. */
export function checkMaster(state: MasterState): void {
  for (const agent of state.agents.values()) {
    const used = state.usedOn(agent);
    const given = unallocate(add(used, agent.offeredResources));
    const free = subtractContained(agent.totalResources, given);
    assert.ok(
      free !== undefined,
      `agent ${agent.id} has ${formatResources(agent.totalResources)}, given ${formatResources(given)}`,
    );
    assertEqual(used, tasksAndExecutors(state, agent.id), `used of agent ${agent.id}`);
    const offers = [...agent.offers].map(({ offer }) => offer.resources ?? []);
    assertEqual(agent.offeredResources, sum(offers), `offered of agent ${agent.id}`);
  }
  for (const offer of state.offers.values()) {
    assert.ok(state.agents.get(offer.agent)?.offers.has(offer), `offer ${offer.id} has no agent`);
    assert.ok(
      state.frameworks.get(offer.framework)?.offers.has(offer),
      `offer ${offer.id} has no framework`,
    );
  }
}

function tasksAndExecutors(state: MasterState, agent: AgentId): readonly Resource[] {
  const lists: (readonly Resource[])[] = [];
  for (const framework of state.frameworks.values()) {
    for (const record of framework.tasks.values()) {
      if (record.agent === agent && record.usesResources) lists.push(record.task.resources ?? []);
    }
    for (const executor of framework.executors.get(agent)?.values() ?? []) {
      lists.push(executor.resources ?? []);
    }
  }
  return sum(lists);
}

/** What agents run fits into what they have. */
export function checkAgents(cluster: SimulatedCluster): void {
  for (const name of cluster.agentNames) {
    const state = cluster.agent(name)?.state;
    if (state === undefined) continue;
    const lists: (readonly Resource[])[] = [];
    for (const framework of state.frameworks.values()) {
      for (const executor of framework.executors.values()) {
        for (const task of executor.queuedTasks.values()) lists.push(task.resources ?? []);
        for (const task of executor.launchedTasks.values()) lists.push(task.resources ?? []);
      }
    }
    const used = unallocate(sum(lists));
    assert.ok(
      contains(state.totalResources, used),
      `agent ${name} has ${formatResources(state.totalResources)} and runs ${formatResources(used)}`,
    );
  }
}

function assertEqual(
  actual: readonly Resource[],
  expected: readonly Resource[],
  what: string,
): void {
  assert.ok(
    equals(actual, expected),
    `${what}: ${formatResources(actual)} counted, ${formatResources(expected)} there`,
  );
}
