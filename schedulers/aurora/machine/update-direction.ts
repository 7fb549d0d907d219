/**
 * One direction of a stored update: which instances it is about, what they shall have, and what has failed of it
 * already (spec aurora-scheduler, sections 6.3 and 6.4).
 */
import type {
  JobUpdateAction,
  JobUpdateStatus,
  JobUpdateStrategy,
  TaskConfig,
} from '../thrift/types.ts';
import { keyText } from './job-key.ts';
import { inRanges } from './ranges.ts';
import { RollingUpdate } from './rolling-update.ts';
import { TERMINAL } from './schedule-status.ts';
import type { Turn } from './turn.ts';
import { isRollingBack } from './update-status.ts';
import type { UpdateStrategy } from './update-strategy.ts';
import type { StoredUpdate } from './update-table.ts';

interface Actions {
  readonly updating: JobUpdateAction;
  readonly updated: JobUpdateAction;
  readonly failed: JobUpdateAction;
}

const FORWARD_ACTIONS: Actions = {
  updating: 'INSTANCE_UPDATING',
  updated: 'INSTANCE_UPDATED',
  failed: 'INSTANCE_UPDATE_FAILED',
};
const BACK_ACTIONS: Actions = {
  updating: 'INSTANCE_ROLLING_BACK',
  updated: 'INSTANCE_ROLLED_BACK',
  failed: 'INSTANCE_ROLLBACK_FAILED',
};

export function actionsOf(update: StoredUpdate): Actions {
  return isRollingBack(update.status) ? BACK_ACTIONS : FORWARD_ACTIONS;
}

export function isRolling(status: JobUpdateStatus): boolean {
  return status === 'ROLLING_FORWARD' || status === 'ROLLING_BACK';
}

/** The configuration an instance has before the update; undefined when it is not there. */
export function initialConfig({ update }: StoredUpdate, instance: number): TaskConfig | undefined {
  return update.instructions.initialState.find(({ instances }) => inRanges(instances, instance))
    ?.task;
}

function desiredConfig({ update }: StoredUpdate, instance: number): TaskConfig | undefined {
  const { desiredState } = update.instructions;
  if (desiredState === undefined || !inRanges(desiredState.instances, instance)) return undefined;
  return desiredState.task;
}

/** What the instance shall have in the direction in which the update goes. */
export function targetConfig(update: StoredUpdate, instance: number): TaskConfig | undefined {
  return isRollingBack(update.status)
    ? initialConfig(update, instance)
    : desiredConfig(update, instance);
}

/** Creations, then changes, then removals, each rising. */
function inOrder(update: StoredUpdate): readonly number[] {
  const { initialState, desiredState } = update.update.instructions;
  const ranges = [...initialState.flatMap(({ instances }) => instances)];
  if (desiredState !== undefined) ranges.push(...desiredState.instances);
  const all = new Set<number>();
  for (const { first, last } of ranges)
    for (let each = first; each <= last; each += 1) all.add(each);
  const rank = (instance: number): number => {
    if (initialConfig(update, instance) === undefined) return 0;
    return desiredConfig(update, instance) === undefined ? 2 : 1;
  };
  return [...all].sort((a, b) => rank(a) - rank(b) || a - b);
}

/** Made anew from what is stored: tasks, and the history of the update. */
export function rollingUpdate(turn: Turn, update: StoredUpdate): RollingUpdate {
  const { settings } = update.update.instructions;
  const isBack = isRollingBack(update.status);
  const touched = new Set(update.instanceEvents.map(({ instanceId }) => instanceId));
  const forward = inOrder(update);
  const order = isBack ? forward.filter((each) => touched.has(each)).reverse() : forward;
  return new RollingUpdate({
    strategy: strategyOf(settings.updateStrategy, settings.updateGroupSize),
    rule: {
      minWaitMs: settings.minWaitInInstanceRunningMs,
      maxFailures: settings.maxPerInstanceFailures,
    },
    maxFailedInstances: settings.maxFailedInstances,
    isRollingBack: isBack,
    instances: new Map(order.map((each) => [each, targetConfig(update, each) !== undefined])),
    told: touched,
    failed: lastIn(update, 'failed'),
    working: lastIn(update, 'updating'),
    failureCounts: failureCounts(turn, update),
  });
}

/** Instances that the history left so, in the direction in which the update goes. */
function lastIn(update: StoredUpdate, kind: keyof Actions): ReadonlySet<number> {
  const wanted = actionsOf(update)[kind];
  const actions = new Map(
    update.instanceEvents.map(({ instanceId, action }) => [instanceId, action]),
  );
  return new Set(
    [...actions].flatMap(([instance, action]) => (action === wanted ? [instance] : [])),
  );
}

/** Ends since the update was last set going: nothing is stored of those that were few enough. */
function failureCounts(turn: Turn, update: StoredUpdate): ReadonlyMap<number, number> {
  const since = update.updateEvents.findLast(({ status }) => isRolling(status))?.timestampMs ?? 0;
  const counts = new Map<number, number>();
  for (const { status, taskEvents, assignedTask } of turn.state.tasks.ofJob(keyText(update.job))) {
    const { instanceId, task } = assignedTask;
    const target = targetConfig(update, instanceId);
    if (target === undefined || !TERMINAL.has(status)) continue;
    if ((taskEvents.at(-1)?.timestamp ?? 0) < since) continue;
    if (taskEvents.some((event) => event.status === 'KILLING')) continue;
    if (turn.state.configText(task) !== turn.state.configText(target)) continue;
    counts.set(instanceId, (counts.get(instanceId) ?? 0) + 1);
  }
  return counts;
}

function strategyOf(strategy: JobUpdateStrategy | undefined, groupSize: number): UpdateStrategy {
  if (strategy === undefined) return { kind: 'queue', groupSize };
  if ('queueStrategy' in strategy) {
    return { kind: 'queue', groupSize: strategy.queueStrategy.groupSize };
  }
  if ('batchStrategy' in strategy) {
    const { groupSize: size, autopauseAfterBatch } = strategy.batchStrategy;
    return { kind: 'batch', groupSize: size, autopause: autopauseAfterBatch };
  }
  const { groupSizes, autopauseAfterBatch } = strategy.varBatchStrategy;
  return { kind: 'variable', groupSizes, autopause: autopauseAfterBatch };
}
