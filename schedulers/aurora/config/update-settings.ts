/** `UpdateConfig` as the settings of an update (spec aurora, section 3.4). */
import { err, ok, type Result } from '../../../core/base/result.ts';
import type { JobUpdateSettings, JobUpdateStrategy, Range } from '../thrift/types.ts';
import { isSet, listAt, numberAt, optionalMap, optionalNumber } from './fields.ts';
import type { DataMap } from './pystachio/plain.ts';

const PULSE_MIN_SECS = 60;
const AMBIGUOUS =
  'Ambiguous update configuration. Cannot combine update strategy with wait for batch completion or batch size.';

export function updateSettingsOf(
  config: DataMap,
  onlyTheseInstances: readonly Range[] = [],
): Result<JobUpdateSettings> {
  const batchSize = numberAt(config, 'batch_size');
  if (batchSize <= 0) return err('Batch size should be greater than 0');
  const pulse = optionalNumber(config, 'pulse_interval_secs');
  if (pulse !== undefined && pulse < PULSE_MIN_SECS) {
    return err(`Pulse interval seconds must be at least ${PULSE_MIN_SECS} seconds.`);
  }
  const strategy = strategyOf(config, batchSize);
  if (!strategy.ok) return strategy;
  return ok({
    updateGroupSize: batchSize,
    maxPerInstanceFailures: numberAt(config, 'max_per_shard_failures'),
    maxFailedInstances: numberAt(config, 'max_total_failures'),
    minWaitInInstanceRunningMs: numberAt(config, 'watch_secs') * 1_000,
    rollbackOnFailure: isSet(config, 'rollback_on_failure'),
    updateOnlyTheseInstances: onlyTheseInstances,
    waitForBatchCompletion: isSet(config, 'wait_for_batch_completion'),
    blockIfNoPulsesAfterMs: pulse === undefined ? undefined : pulse * 1_000,
    slaAware: isSet(config, 'sla_aware'),
    updateStrategy: strategy.value,
  });
}

function strategyOf(config: DataMap, batchSize: number): Result<JobUpdateStrategy> {
  const given = optionalMap(config, 'update_strategy');
  const isBatch = isSet(config, 'wait_for_batch_completion');
  if (given === undefined) {
    const groupSize = batchSize;
    return ok(
      isBatch
        ? { batchStrategy: { groupSize, autopauseAfterBatch: false } }
        : { queueStrategy: { groupSize } },
    );
  }
  if (isBatch || batchSize > 1) return err(AMBIGUOUS);
  const autopauseAfterBatch = isSet(given, 'autopause_after_batch');
  if (given.has('batch_sizes')) {
    const groupSizes = listAt(given, 'batch_sizes').map(Number);
    return ok({ varBatchStrategy: { groupSizes, autopauseAfterBatch } });
  }
  const groupSize = numberAt(given, 'batch_size');
  // Only a batch has this attribute, and it always has it.
  if (given.has('autopause_after_batch'))
    return ok({ batchStrategy: { groupSize, autopauseAfterBatch } });
  return ok({ queueStrategy: { groupSize } });
}
