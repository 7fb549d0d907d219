/** What the pages show of updates: how far each instance is, what was done, what can be done. Pure. */
import {
  type Json,
  numberIn,
  numberOrNone,
  recordIn,
  recordOf,
  recordsIn,
  textIn,
} from '../../../core/webui/kit/reading.ts';
import {
  type ConfigGroup,
  groupOf,
  type InstanceRange,
  instancesOf,
  rangesIn,
  rangesText,
} from './configurations.ts';
import { type JobKey, keyIn, type ListView } from './model.ts';

export interface UpdateRow {
  readonly key: JobKey;
  readonly id: string;
  readonly user: string;
  readonly status: string;
  readonly createdAt: number;
  readonly modifiedAt: number;
  readonly metadata: readonly (readonly [key: string, value: string])[];
}

export function updateRowOf(summary: Json): UpdateRow {
  const key = recordIn(summary, 'key');
  const state = recordIn(summary, 'state');
  return {
    key: keyIn(key, 'job'),
    id: textIn(key, 'id'),
    user: textIn(summary, 'user'),
    status: textIn(state, 'status'),
    createdAt: numberIn(state, 'createdTimestampMs'),
    modifiedAt: numberIn(state, 'lastModifiedTimestampMs'),
    metadata: recordsIn(summary, 'metadata').map((each) => [
      textIn(each, 'key'),
      textIn(each, 'value'),
    ]),
  };
}

export function updatesOf(answer: unknown): ListView<UpdateRow> {
  const json = recordOf(answer);
  return { total: numberIn(json, 'total'), rows: recordsIn(json, 'updates').map(updateRowOf) };
}

/** Whether it still does something, or waits to. */
export function isUnderWay(status: string): boolean {
  return status.startsWith('ROLLING_') || status.startsWith('ROLL_');
}

export type Steer = 'pause' | 'resume' | 'abort' | 'rollback' | 'pulse';

/** What the state of an update allows (spec aurora-scheduler, section 6.2). */
export function steersOf(status: string): readonly Steer[] {
  if (!isUnderWay(status)) return [];
  const isPaused = status.endsWith('_PAUSED');
  const isForward = status.includes('FORWARD');
  return [
    ...(isPaused ? (['resume'] as const) : (['pause'] as const)),
    ...(status.endsWith('_AWAITING_PULSE') ? (['pulse'] as const) : []),
    ...(isForward ? (['rollback'] as const) : []),
    'abort',
  ];
}

export interface UpdateEventRow {
  readonly at: number;
  /** Of the update itself: undefined. */
  readonly instance: number | undefined;
  /** A status of the update, or an action on an instance. */
  readonly what: string;
  readonly user: string;
  readonly message: string;
}

export type CellState =
  | 'waiting'
  | 'updating'
  | 'updated'
  | 'rolling back'
  | 'rolled back'
  | 'failed';

const STATE_OF: Readonly<Record<string, CellState>> = {
  INSTANCE_UPDATING: 'updating',
  INSTANCE_UPDATED: 'updated',
  INSTANCE_ROLLING_BACK: 'rolling back',
  INSTANCE_ROLLED_BACK: 'rolled back',
  INSTANCE_UPDATE_FAILED: 'failed',
  INSTANCE_ROLLBACK_FAILED: 'failed',
};

export interface GridCell {
  readonly instance: number;
  readonly change: 'added' | 'removed' | 'changed';
  readonly state: CellState;
  /** Of the latest action on it. */
  readonly at: number | undefined;
}

export interface UpdateView {
  readonly row: UpdateRow;
  readonly settings: UpdateSettings;
  readonly before: readonly ConfigGroup[];
  /** Undefined when all instances go. */
  readonly after: ConfigGroup | undefined;
  /** Newest first. */
  readonly events: readonly UpdateEventRow[];
  readonly cells: readonly GridCell[];
}

export interface UpdateSettings {
  readonly strategy: string;
  readonly perInstanceFailures: number;
  readonly failedInstances: number;
  readonly watchMs: number;
  readonly rollsBack: boolean;
  readonly isSlaAware: boolean;
  readonly pulseMs: number | undefined;
  readonly only: readonly InstanceRange[];
}

export function updateOf(answer: unknown): UpdateView {
  const json = recordOf(answer);
  const update = recordIn(json, 'update');
  const instructions = recordIn(update, 'instructions');
  const before = recordsIn(instructions, 'initialState').map((each) => groupOf(each, 'task'));
  const desired = recordIn(instructions, 'desiredState');
  const after = 'task' in desired ? groupOf(desired, 'task') : undefined;
  const instanceEvents = recordsIn(json, 'instanceEvents').map(
    (event): UpdateEventRow => ({
      at: numberIn(event, 'timestampMs'),
      instance: numberIn(event, 'instanceId'),
      what: textIn(event, 'action'),
      user: '',
      message: textIn(event, 'message'),
    }),
  );
  const ownEvents = recordsIn(json, 'updateEvents').map(
    (event): UpdateEventRow => ({
      at: numberIn(event, 'timestampMs'),
      instance: undefined,
      what: textIn(event, 'status'),
      user: textIn(event, 'user'),
      message: textIn(event, 'message'),
    }),
  );
  return {
    row: updateRowOf(recordIn(update, 'summary')),
    settings: settingsOf(recordIn(instructions, 'settings')),
    before,
    after,
    events: [...ownEvents, ...instanceEvents].sort((a, b) => a.at - b.at).reverse(),
    cells: cellsOf(before, after, instanceEvents),
  };
}

function cellsOf(
  before: readonly ConfigGroup[],
  after: ConfigGroup | undefined,
  events: readonly UpdateEventRow[],
): readonly GridCell[] {
  const had = before.flatMap(({ instances }) => instances);
  const hadSet = new Set(instancesOf(had));
  const gets = after?.instances ?? [];
  const getsSet = new Set(instancesOf(gets));
  const latest = new Map<number | undefined, UpdateEventRow>();
  for (const event of events) latest.set(event.instance, event);
  return instancesOf([...had, ...gets]).map((instance) => {
    const event = latest.get(instance);
    const change = hadSet.has(instance) ? (getsSet.has(instance) ? 'changed' : 'removed') : 'added';
    return {
      instance,
      change,
      state: (event === undefined ? undefined : STATE_OF[event.what]) ?? 'waiting',
      at: event?.at,
    };
  });
}

/** How many instances are through, of how many. */
export function progressOf({ row, cells }: UpdateView): { done: number; of: number } {
  const isBack = row.status.includes('BACK');
  // Back goes only what has gone forward.
  const concerned = isBack ? cells.filter(({ state }) => state !== 'waiting') : cells;
  const ended: readonly CellState[] = isBack ? ['rolled back'] : ['updated', 'failed'];
  return {
    done: concerned.filter(({ state }) => ended.includes(state)).length,
    of: concerned.length,
  };
}

export function countsOf(cells: readonly GridCell[]): readonly (readonly [CellState, number])[] {
  return [...Map.groupBy(cells, ({ state }) => state)].map(([state, each]) => [state, each.length]);
}

function settingsOf(json: Json): UpdateSettings {
  return {
    strategy: strategyText(json),
    perInstanceFailures: numberIn(json, 'maxPerInstanceFailures'),
    failedInstances: numberIn(json, 'maxFailedInstances'),
    watchMs: numberIn(json, 'minWaitInInstanceRunningMs'),
    rollsBack: json['rollbackOnFailure'] === true,
    isSlaAware: json['slaAware'] === true,
    pulseMs: numberOrNone(json, 'blockIfNoPulsesAfterMs') || undefined,
    only: rangesIn(json, 'updateOnlyTheseInstances'),
  };
}

function strategyText(json: Json): string {
  const strategy = recordIn(json, 'updateStrategy');
  const batch = recordIn(strategy, 'batchStrategy');
  const variable = recordIn(strategy, 'varBatchStrategy');
  const pauses = [batch, variable].some((each) => each['autopauseAfterBatch'] === true);
  const suffix = pauses ? ', pausing after each' : '';
  if ('groupSizes' in variable) {
    const sizes = variable['groupSizes'];
    return `batches of ${Array.isArray(sizes) ? sizes.join(', ') : ''}${suffix}`;
  }
  if ('groupSize' in batch) return `batches of ${numberIn(batch, 'groupSize')}${suffix}`;
  const queue = numberOrNone(recordIn(strategy, 'queueStrategy'), 'groupSize');
  const size = queue ?? numberIn(json, 'updateGroupSize');
  const isBatch = queue === undefined && json['waitForBatchCompletion'] === true;
  return isBatch ? `batches of ${size}` : `${size} at a time`;
}

export function onlyText({ only }: UpdateSettings): string | undefined {
  return only.length === 0 ? undefined : rangesText(only);
}
