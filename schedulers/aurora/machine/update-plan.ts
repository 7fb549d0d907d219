/**
 * What an update changes: which instances have another configuration than they shall have (spec
 * aurora-scheduler, sections 6.1 and 6.4).
 */
import type {
  InstanceTaskConfig,
  JobUpdateInstructions,
  JobUpdateRequest,
  Range,
  Response,
  TaskConfig,
} from '../thrift/types.ts';
import { invalid, okay } from './answers.ts';
import { checkJob } from './configuration-checks.ts';
import { countRefusal } from './job-calls.ts';
import { keyText } from './job-key.ts';
import { groupByConfig, inRanges, instanceConfigs, toRanges } from './ranges.ts';
import type { AuroraState } from './state.ts';
import type { Turn } from './turn.ts';

export interface InstanceDifference {
  readonly added: readonly number[];
  readonly changed: readonly number[];
  readonly removed: readonly number[];
  readonly unchanged: readonly number[];
}

/**
 * Between the active instances and `count` instances of `config`, within `only` when that is not empty: others that are
 * there stay as they are.
 */
export function differenceOf(
  state: AuroraState,
  current: ReadonlyMap<number, TaskConfig>,
  desired: { readonly config: TaskConfig; readonly count: number; readonly only: readonly Range[] },
): InstanceDifference {
  const difference = { added: [], changed: [], removed: [], unchanged: [] } satisfies {
    [kind in keyof InstanceDifference]: number[];
  };
  const into = (kind: keyof InstanceDifference, instance: number): void => {
    const list: number[] = difference[kind];
    list.push(instance);
  };
  const text = state.configText(desired.config);
  const last = Math.max(desired.count - 1, ...current.keys());
  for (let instance = 0; instance <= last; instance += 1) {
    const config = current.get(instance);
    const isWanted = instance < desired.count;
    if (desired.only.length > 0 && !inRanges(desired.only, instance)) {
      if (config !== undefined) into('unchanged', instance);
    } else if (config === undefined) {
      if (isWanted) into('added', instance);
    } else if (!isWanted) into('removed', instance);
    else into(state.configText(config) === text ? 'unchanged' : 'changed', instance);
  }
  return difference;
}

/** The instances that an update works on, without those that are as they shall be. */
export function instructionsOf(
  state: AuroraState,
  current: ReadonlyMap<number, TaskConfig>,
  difference: InstanceDifference,
  request: { readonly config: TaskConfig; readonly settings: JobUpdateInstructions['settings'] },
): JobUpdateInstructions {
  const before = [...difference.changed, ...difference.removed];
  const after = [...difference.added, ...difference.changed];
  const initialState = groupByConfig(
    state,
    before.flatMap((instance) => {
      const config = current.get(instance);
      return config === undefined ? [] : [[instance, config] as const];
    }),
  ).map(({ config, instances }): InstanceTaskConfig => ({ task: config, instances }));
  return {
    initialState,
    desiredState:
      after.length === 0 ? undefined : { task: request.config, instances: toRanges(after) },
    settings: request.settings,
  };
}

/** `getJobUpdateDiff` */
export function updateDiff(turn: Turn, request: JobUpdateRequest | undefined): Response {
  const { configuration: rules, tiers } = turn.settings;
  const checked = checkJob(jobOfRequest(request), { rules, tiers });
  if (!checked.ok) return invalid(checked.error);
  const { key, taskConfig: config } = checked.value;
  const count = Math.max(0, request?.instanceCount ?? 0);
  const { state } = turn;
  const job = keyText(key);
  if (state.cronJobs.has(job)) return invalid('Cron jobs are not supported.');
  const tooMany = countRefusal(turn, Math.max(1, count));
  if (tooMany !== undefined) return invalid(tooMany);
  const current = instanceConfigs(state.tasks.activeOf(job));
  const only = request?.settings?.updateOnlyTheseInstances ?? [];
  const difference = differenceOf(state, current, { config, count, only });
  const before = (instances: readonly number[]) =>
    groupByConfig(
      state,
      instances.map((instance) => [instance, current.get(instance) ?? config] as const),
    );
  const added = toRanges(difference.added);
  return okay({
    getJobUpdateDiffResult: {
      add: added.length === 0 ? [] : [{ config, instances: added }],
      remove: before(difference.removed),
      update: before(difference.changed),
      unchanged: before(difference.unchanged),
    },
  });
}

export function jobOfRequest(request: JobUpdateRequest | undefined) {
  if (request === undefined) return undefined;
  const { taskConfig, instanceCount } = request;
  const cronCollisionPolicy = 'KILL_EXISTING' as const;
  // That there are too few of them is told with the limits, after everything else.
  const count = Math.max(1, instanceCount);
  return { key: taskConfig?.job, taskConfig, instanceCount: count, cronCollisionPolicy };
}
