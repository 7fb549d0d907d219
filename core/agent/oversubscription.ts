/**
 * Resources offered twice (spec agent-runtime, section 12): what the estimator says is idle is told to
 * the master as revocable, with what is in use of it; a controller takes it back when the machine has
 * too much to do.
 */
import { add, type Resources, subtract } from '../resources/arithmetic.ts';
import { revocable, unallocate } from '../resources/select.ts';
import type { AgentContext } from './context.ts';
import { destroyExecutor } from './executor-departure.ts';
import type { LoadAverages } from './ports.ts';
import type { AgentExecutor } from './state.ts';
import { partitionState } from './tasks.ts';
import { executorResources } from './views/state.ts';

const ESTIMATE_DEADLINE = 'oversubscribed';
const CORRECTION_DEADLINE = 'qos';

/** Of an agent that has recovered. */
export function startOversubscription(context: AgentContext): void {
  const { resourceEstimator, qosController } = context.options;
  if (resourceEstimator !== undefined) estimate(context);
  if (qosController !== undefined) context.emit({ kind: 'measure-load' });
}

/** False when `key` is another deadline. */
export function oversubscriptionWoke(context: AgentContext, key: string): boolean {
  if (key === ESTIMATE_DEADLINE) {
    if (estimate(context) && context.state.status === 'running') tellMaster(context);
    return true;
  }
  if (key !== CORRECTION_DEADLINE) return false;
  context.emit({ kind: 'measure-load' });
  return true;
}

/** True when it differs from the one before. */
function estimate(context: AgentContext): boolean {
  const { state, options } = context;
  const { resourceEstimator } = options;
  if (resourceEstimator === undefined) return false;
  context.deadlines.set(ESTIMATE_DEADLINE, context.now + options.oversubscribedResourcesIntervalMs);
  let used: Resources = [];
  for (const executor of executorsOf(context)) used = add(used, revocableOf(executor));
  const idle = subtract(resourceEstimator.resources, used);
  const before = state.oversubscribedResources;
  const now = add(used, idle);
  state.oversubscribedResources = now;
  return before === undefined || subtract(before, now).length + subtract(now, before).length > 0;
}

function tellMaster(context: AgentContext): void {
  context.sendToMaster({
    name: 'mesos.internal.UpdateSlaveMessage',
    value: {
      slave_id: { value: context.agentId },
      update_oversubscribed_resources: true,
      oversubscribed_resources: context.state.oversubscribedResources ?? [],
    },
  });
}

/** Answers `measure-load`; too much of it ends all containers with revocable resources. */
export function loadMeasured(context: AgentContext, load: LoadAverages): void {
  const { qosController } = context.options;
  if (qosController === undefined) return;
  const delayMs = Math.max(CORRECTION_INTERVAL_MIN_MS, qosController.intervalMs);
  context.deadlines.set(CORRECTION_DEADLINE, context.now + delayMs);
  const { loadThreshold5min, loadThreshold15min } = qosController;
  const isOverloaded =
    load.fiveMinutes > loadThreshold5min || load.fifteenMinutes > loadThreshold15min;
  if (!isOverloaded) return;
  for (const executor of executorsOf(context)) {
    if (revocableOf(executor).length > 0) preempt(context, executor);
  }
}

/** The load averages change every five seconds; asking without a pause would tell nothing new. */
const CORRECTION_INTERVAL_MIN_MS = 1_000;

function preempt(context: AgentContext, executor: AgentExecutor): void {
  if (executor.status !== 'registering' && executor.status !== 'running') return;
  const framework = context.state.frameworks.get(executor.frameworkId);
  if (framework === undefined || framework.status === 'terminating') return;
  context.counts.executorsPreempted += 1;
  destroyExecutor(context, executor, {
    state: partitionState(framework, 'TASK_GONE'),
    reason: 'REASON_CONTAINER_PREEMPTED',
    message: 'Container preempted by QoS correction',
  });
}

function executorsOf(context: AgentContext): readonly AgentExecutor[] {
  return [...context.state.frameworks.values()].flatMap(({ executors }) => [...executors.values()]);
}

function revocableOf(executor: AgentExecutor): Resources {
  return unallocate(revocable(executorResources(executor)));
}
