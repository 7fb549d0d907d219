/**
 * What the master does with its registry: the start of leadership, agents that do not come back
 * after it, and forgetting departed agents (spec libprocess, section 4.4; spec scheduler-api,
 * section 18, master failover).
 */
import { formatDuration } from '../base/duration.ts';
import { timeInfo } from './agent-departure.ts';
import { machineKey } from './agent-info.ts';
import type { MasterContext } from './context.ts';
import type { DepartedAgent, RecoveredAgent } from './records.ts';
import type { RecoveredRegistry, RegistryOperation } from './registry.ts';
import { forgetUnreachableTasks } from './tasks-by-agent.ts';

/** The election was won; what is known is empty until the registry has been read. */
export function becomeElected({ state, now }: MasterContext): void {
  state.electedTime = now;
}

/** The registry has been read: this master serves from now on. */
export function becomeRecovered(context: MasterContext, registry: RecoveredRegistry): void {
  const { state, now, options } = context;
  state.isRecovered = true;
  for (const agent of registry.admitted) state.recoveredAgents.set(agent.id, agent);
  for (const agent of registry.unreachable) state.unreachableAgents.set(agent.id, agent);
  for (const agent of registry.gone) state.goneAgents.set(agent.id, agent);
  for (const machine of registry.machines) state.machines.set(machineKey(machine.id), machine);
  state.schedules = registry.schedules;
  recoverWeights(context, registry);
  for (const quota of registry.quotas) {
    state.quotas.set(quota.role, quota);
    context.allocator.updateQuota(quota, now);
  }
  const hasQuota = registry.quotas.length > 0;
  context.allocator.recover(registry.admitted.length, hasQuota, now);
  if (registry.admitted.length > 0) {
    context.deadlines.set('recovered agents', now + options.agentReregisterTimeoutMs, () => {
      giveUpRecovered(context, registry.admitted.length);
    });
  }
  callBack(context);
  scheduleGarbageCollection(context);
  context.log('info', { agentCount: registry.admitted.length }, 'registry recovered');
}

/** `--weights` counts only until the registry has weights; then it is kept there (spec allocator, 1). */
function recoverWeights(context: MasterContext, registry: RecoveredRegistry): void {
  const { state, allocator, now } = context;
  if (registry.weights.length === 0) {
    const given = [...state.weights].map(
      ([role, weight]) => ({ kind: 'set-weight', role, weight }) as const,
    );
    if (given.length > 0) context.persist(given, () => {});
    return;
  }
  for (const role of state.weights.keys()) allocator.updateWeight(role, 1, now);
  state.weights.clear();
  for (const [role, weight] of registry.weights) {
    state.weights.set(role, weight);
    allocator.updateWeight(role, weight, now);
  }
}

/**
 * Agents notice a lost master only by its silence (75 s). A ping that says "not connected" makes them
 * register again at once, so they are told wherever they were last; those of the original, too.
 */
function callBack(context: MasterContext): void {
  const { state, now, options } = context;
  for (const { pid } of state.recoveredAgents.values()) {
    if (pid === undefined) continue;
    const name = 'mesos.internal.PingSlaveMessage';
    const content = { name, message: { connected: false } } as const;
    context.emit({ kind: 'send', from: 'slave-observer(0)', to: pid, content });
  }
  if (state.recoveredAgents.size === 0) return;
  context.deadlines.set('call back', now + options.agentPingTimeoutMs, () => callBack(context));
}

/** Nobody knows what ran on them: FAILURE to all, no task updates. */
function giveUpRecovered(context: MasterContext, knownCount: number): void {
  const { state, options } = context;
  // Those that have begun to come back are spared.
  const missing = [...state.recoveredAgents.values()].filter(
    ({ id }) => !context.reregistering.has(id),
  );
  const isTooMany = missing.length / knownCount > options.recoveryAgentRemovalLimit;
  if (missing.length > 0 && isTooMany) {
    const after = formatDuration(options.agentReregisterTimeoutMs);
    const percent = Math.trunc((missing.length / knownCount) * 100);
    const ids = missing.map(({ id }) => id).join(', ');
    const limit = `The configured removal limit is ${options.recoveryAgentRemovalLimit * 100}%. Please investigate or increase this limit to proceed further`;
    context.emit({
      kind: 'fail',
      reason: `Post-recovery agent removal limit exceeded! After ${after} there were ${missing.length} (${percent}%) agents recovered from the registry that did not reregister: ${ids}. ${limit}`,
    });
    return;
  }
  for (const agent of missing) giveUp(context, agent);
}

function giveUp(context: MasterContext, agent: RecoveredAgent): void {
  const at = context.removalTurn();
  context.count('slave_unreachable_scheduled');
  const { drainInfo, deactivated } = agent;
  const departed = { id: agent.id, time: timeInfo(context.now), drainInfo, deactivated };
  const mark = (): void => {
    const isBack = context.reregistering.has(agent.id);
    if (isBack || !context.state.recoveredAgents.has(agent.id)) {
      context.count('slave_unreachable_canceled');
      return;
    }
    if (context.departing.has(agent.id)) return;
    context.departing.set(agent.id, 'unreachable');
    context.persist([{ kind: 'mark-unreachable', agent: departed }], () => {
      finishGivingUp(context, departed);
      context.hooks.masterSlaveLost(agent.info);
    });
  };
  if (at <= context.now) mark();
  else context.deadlines.set(`give up ${agent.id}`, at, mark);
}

function finishGivingUp(context: MasterContext, departed: DepartedAgent): void {
  const { state } = context;
  context.departing.delete(departed.id);
  state.recoveredAgents.delete(departed.id);
  state.unreachableAgents.set(departed.id, departed);
  context.count('slave_unreachable_completed');
  context.count('recovery_slave_removals');
  context.count('slave_removals');
  context.count('slave_removals/reason_unhealthy');
  context.log('warn', { agentId: departed.id }, 'agent did not come back after the failover');
  for (const framework of state.frameworks.values()) {
    context.event(framework, { type: 'FAILURE', failure: { agent_id: { value: departed.id } } });
  }
}

function scheduleGarbageCollection(context: MasterContext): void {
  const next = context.now + context.options.registryGcIntervalMs;
  context.deadlines.set('registry gc', next, () => {
    collectGarbage(context);
    scheduleGarbageCollection(context);
  });
}

/** Departed agents above the age or count limit are forgotten, oldest first. */
function collectGarbage(context: MasterContext): void {
  const ids = [
    ...expired(context, context.state.unreachableAgents),
    ...expired(context, context.state.goneAgents),
  ];
  if (ids.length === 0) return;
  const operation: RegistryOperation = { kind: 'prune', ids };
  context.persist([operation], () => {
    for (const id of ids) {
      forgetUnreachableTasks(context.state, id);
      context.state.unreachableAgents.delete(id);
      context.state.goneAgents.delete(id);
    }
  });
}

function expired(
  context: MasterContext,
  departed: ReadonlyMap<DepartedAgent['id'], DepartedAgent>,
): readonly DepartedAgent['id'][] {
  const { registryMaxAgentAgeMs: maxAgeMs, registryMaxAgentCount: maxCount } = context.options;
  const excess = departed.size - maxCount;
  const ids: DepartedAgent['id'][] = [];
  let at = 0;
  for (const agent of departed.values()) {
    const ageMs = context.now - agent.time.nanoseconds / 1e6;
    if (at < excess || ageMs > maxAgeMs) ids.push(agent.id);
    at += 1;
  }
  return ids;
}
