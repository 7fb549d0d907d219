/** Calls that begin and steer job updates (spec aurora-scheduler, sections 6.1 and 6.2). */

import type {
  JobUpdateKey,
  JobUpdateSettings,
  JobUpdateStrategy,
  MethodArgs,
  Response,
} from '../thrift/types.ts';
import { ACTIVE_UPDATE } from '../thrift/update-statuses.ts';
import { auditRefusal, type Caller, invalid, NO_CRON, okay, refused } from './answers.ts';
import { checkJob } from './configuration-checks.ts';
import { countRefusal } from './job-calls.ts';
import { keyText } from './job-key.ts';
import { QuotaUse } from './quota-use.ts';
import { instanceConfigs } from './ranges.ts';
import { updateKeyDescription } from './read-calls.ts';
import type { Turn } from './turn.ts';
import {
  differenceOf,
  type InstanceDifference,
  instructionsOf,
  jobOfRequest,
} from './update-plan.ts';
import { calledFor, isAllowed, type UpdateCall } from './update-status.ts';
import { StoredUpdate } from './update-table.ts';
import type { JobUpdates } from './updates.ts';

/** Further ones are not named. */
const IRRELEVANT_MAX = 1_000;
const NOTHING_MODIFIED = 'Update results in no instance being modified.';

export function startUpdate(
  turn: Turn,
  args: MethodArgs['startJobUpdate'],
  caller: Caller,
  updates: JobUpdates,
): Response {
  const { request, message } = args;
  const audit = auditRefusal(message);
  if (audit !== undefined) return audit;
  const { settings: given, taskConfig, instanceCount = 0 } = request ?? {};
  if (given === undefined) return refused('ERROR', 'settings must be set');
  if (taskConfig === undefined) return refused('ERROR', 'taskConfig must be set');
  if (!taskConfig.isService) {
    return invalid('Updates are not supported for non-service tasks.');
  }
  const updateStrategy = given.updateStrategy ?? defaultStrategy(given);
  const settings = { ...given, updateStrategy };
  const refusal =
    strategyRefusal(updateStrategy) ??
    settingsRefusal(settings, { instanceCount, failuresMax: turn.settings.instanceFailuresMax });
  if (refusal !== undefined) return invalid(refusal);
  if (settings.slaAware === true && taskConfig.slaPolicy === undefined) {
    return invalid('slaAware is true, but no task slaPolicy is specified.');
  }
  const { state } = turn;
  const { configuration: rules, tiers } = turn.settings;
  const checked = checkJob(jobOfRequest(request), { rules, tiers });
  if (!checked.ok) return invalid(checked.error);
  const { key, taskConfig: config } = checked.value;
  const job = keyText(key);
  if (state.cronJobs.has(job)) return invalid(NO_CRON);
  const count = Math.max(0, instanceCount);
  // What is beyond all reason is not gone through first.
  const tooMany = countRefusal(turn, Math.max(1, count));
  if (tooMany !== undefined) return invalid(tooMany);
  const current = instanceConfigs(state.tasks.activeOf(job));
  const only = settings.updateOnlyTheseInstances;
  const difference = differenceOf(state, current, { config, count, only });
  const scope = scopeRefusal(settings, difference);
  if (scope !== undefined) return invalid(scope);
  if (isEmpty(difference)) return okay(undefined, 'Job is unchanged by proposed update.');
  const instructions = instructionsOf(state, current, difference, { config, settings });
  const quota = new QuotaUse(state, tiers);
  const limit =
    countRefusal(turn, count) ??
    quota.refusedPlan(key.role, config, { update: { job, instructions } });
  if (limit !== undefined) return invalid(limit);
  const active = state.updates.activeOf(job);
  if (active !== undefined) return activeRefusal(active);
  const updateKey = { job: key, id: turn.random.uuid() };
  const begun = { createdTimestampMs: turn.now, lastModifiedTimestampMs: turn.now };
  const update = new StoredUpdate({
    summary: {
      key: updateKey,
      user: caller.user,
      state: { status: 'ROLLING_FORWARD', ...begun },
      metadata: request?.metadata,
    },
    instructions,
  });
  turn.persist(state.updates.add(update));
  updates.begin(turn, update, { user: caller.user, message });
  turn.count('thrift_workload_startJobUpdate', count);
  return okay({ startJobUpdateResult: { key: updateKey, updateSummary: update.summary } });
}

function defaultStrategy(settings: JobUpdateSettings): JobUpdateStrategy {
  const groupSize = settings.updateGroupSize;
  return settings.waitForBatchCompletion
    ? { batchStrategy: { groupSize, autopauseAfterBatch: false } }
    : { queueStrategy: { groupSize } };
}

function strategyRefusal(strategy: JobUpdateStrategy): string | undefined {
  if ('varBatchStrategy' in strategy) {
    const { groupSizes } = strategy.varBatchStrategy;
    if (groupSizes.some((size) => size <= 0)) return 'All update group sizes must be positive.';
    return groupSizes.length === 0 ? NOTHING_MODIFIED : undefined;
  }
  const { groupSize } =
    'queueStrategy' in strategy ? strategy.queueStrategy : strategy.batchStrategy;
  return groupSize <= 0 ? NOTHING_MODIFIED : undefined;
}

function settingsRefusal(
  settings: JobUpdateSettings,
  limits: { readonly instanceCount: number; readonly failuresMax: number },
): string | undefined {
  const { maxPerInstanceFailures, maxFailedInstances } = settings;
  if (maxPerInstanceFailures < 0) return 'maxPerInstanceFailures must be non-negative.';
  if (maxFailedInstances < 0) return 'maxFailedInstances must be non-negative.';
  if (maxPerInstanceFailures * limits.instanceCount > limits.failuresMax) {
    return 'Your update allows too many failures to occur, consider decreasing the per-instance failures or maxFailedInstances.';
  }
  if (settings.minWaitInInstanceRunningMs < 0) {
    return 'minWaitInInstanceRunningMs must be non-negative.';
  }
  if ((settings.blockIfNoPulsesAfterMs ?? 0) < 0) return 'blockIfNoPulsesAfterMs must be positive.';
  return undefined;
}

function scopeRefusal(
  { updateOnlyTheseInstances: only }: JobUpdateSettings,
  { added, changed, removed, unchanged }: InstanceDifference,
): string | undefined {
  const known = new Set([...added, ...changed, ...removed, ...unchanged]);
  const irrelevant = new Set<number>();
  for (const { first, last } of only) {
    for (let each = first; each <= last && irrelevant.size < IRRELEVANT_MAX; each += 1) {
      if (!known.has(each)) irrelevant.add(each);
    }
  }
  if (irrelevant.size === 0) return undefined;
  const numbers = [...irrelevant].sort((a, b) => a - b).join(', ');
  return `The update request attempted to update specific instances, but some are irrelevant to the update and current job state: [${numbers}]`;
}

function isEmpty({ added, changed, removed }: InstanceDifference): boolean {
  return added.length + changed.length + removed.length === 0;
}

function activeRefusal(active: StoredUpdate): Response {
  const { summary } = active;
  const message = `An active update already exists for this job, please terminate it before starting another. Active updates are those in states [${ACTIVE_UPDATE.join(', ')}]`;
  return {
    ...invalid(message),
    result: { startJobUpdateResult: { key: summary.key, updateSummary: summary } },
  };
}

export function steerUpdate(
  turn: Turn,
  call: Exclude<UpdateCall, 'pulse'>,
  args: { readonly key?: JobUpdateKey | undefined; readonly message?: string | undefined },
  context: { readonly caller: Caller; readonly updates: JobUpdates },
): Response {
  const { key, message } = args;
  const audit = auditRefusal(message);
  if (audit !== undefined) return audit;
  if (key === undefined) return refused('ERROR', 'key must be set');
  const { caller, updates } = context;
  const update = turn.state.updates.get(key.id, key.job);
  if (update === undefined) {
    const colon = call === 'resume' ? ':' : '';
    return invalid(`Update does not exist${colon} ${updateKeyDescription(key)}`);
  }
  const from = update.status;
  const to = calledFor(call, from, updates.hasExpired(turn, update));
  if (to === from) return okay();
  if (to === undefined || !isAllowed(from, to)) {
    return invalid(`Cannot transition update from ${from} to ${to ?? 'null'}`);
  }
  updates.become(turn, update, to, { user: caller.user, message });
  return okay();
}

export function pulseUpdate(
  turn: Turn,
  key: JobUpdateKey | undefined,
  updates: JobUpdates,
): Response {
  const update = turn.state.updates.get(key?.id, key?.job);
  const isPulsed = update?.isActive === true && updates.pulse(turn, update);
  return okay({ pulseJobUpdateResult: { status: isPulsed ? 'OK' : 'FINISHED' } });
}
