/**
 * What Marathon keeps, as small records (one per version of an app or pod, instance, deployment, ...): the kinds,
 * their prefixes and how each is written and read. Definitions are stored once per version; all
 * other records refer to them.
 */
import { err, ok, type Result } from '../../../core/base/result.ts';
import { type RecordSchema, RecordStore } from '../../kit/record-store.ts';
import type { RootDelta } from '../machine/effects.ts';
import type { TaskFailure } from '../machine/state.ts';
import type { App } from '../model/app.ts';
import type { Change } from '../model/change.ts';
import type { DeploymentAction } from '../model/deployment-plan.ts';
import type { EndedRun } from '../model/end-cause.ts';
import type { Instance } from '../model/instance.ts';
import type { PathId } from '../model/path-id.ts';
import type { Pod } from '../model/pod.ts';
import type { Orphan } from '../model/reservation.ts';
import type { Group } from '../model/root.ts';
import type { Version } from '../model/timestamp.ts';
import { upgradedDelta, upgradedInstance, upgradedPlan } from './upgrades.ts';

/** Names a stored definition. */
export interface SpecReference {
  readonly id: PathId;
  readonly version: Version;
}

export type StoredInstance = Omit<Instance, 'spec'> & { readonly spec: SpecReference };

export interface StoredPlan {
  readonly id: string;
  readonly version: Version;
  readonly steps: readonly {
    readonly actions: readonly (Omit<DeploymentAction, 'spec'> & {
      readonly spec: SpecReference;
    })[];
  }[];
  readonly specs: readonly Change<Version>[];
  readonly groups: readonly Change<Group>[];
}

function has(value: unknown, ...names: readonly string[]): boolean {
  return typeof value === 'object' && value !== null && names.every((name) => name in value);
}

/** Our own writings are trusted beyond the members that identify them. */
function schema<T>(
  name: string,
  isOne: (value: unknown) => value is T,
  /** Makes a value of version 2 of what version 1 wrote; without it there is only version 1. */
  upgrade?: (value: unknown) => unknown,
): RecordStore<T> {
  const record: RecordSchema<T> = {
    prefix: `marathon/${name}/`,
    version: upgrade === undefined ? 1 : 2,
    encode: (value) => value,
    decode: (value, version): Result<T> => {
      const current = version === 1 && upgrade !== undefined ? upgrade(value) : value;
      return isOne(current) ? ok(current) : err(`it is no ${name}`);
    },
  };
  return new RecordStore(record);
}

const isApp = (value: unknown): value is App => has(value, 'id', 'version', 'versionInfo', 'cpus');
const isStoredPod = (value: unknown): value is Pod =>
  has(value, 'id', 'version', 'versionInfo', 'containers');
const isVersion = (value: unknown): value is Version => typeof value === 'string';
const isGroup = (value: unknown): value is Group => has(value, 'id', 'dependencies', 'version');
const isDelta = (value: unknown): value is RootDelta => has(value, 'version', 'specs', 'groups');
const isInstance = (value: unknown): value is StoredInstance =>
  has(value, 'id', 'spec', 'goal', 'condition', 'incarnation', 'tasks');
const isPlan = (value: unknown): value is StoredPlan =>
  has(value, 'id', 'version', 'steps', 'specs');
const isFailure = (value: unknown): value is TaskFailure => has(value, 'appId', 'taskId', 'state');

const isOrphan = (value: unknown): value is Orphan => has(value, 'reservationId', 'role');

const isRun = (value: unknown): value is EndedRun =>
  has(value, 'specId', 'instanceId', 'incarnation', 'endedAt', 'condition', 'tasks');

export const RECORDS = {
  app: schema('app', isApp),
  pod: schema('pod', isStoredPod),
  current: schema('current', isVersion),
  group: schema('group', isGroup),
  delta: schema('root-version', isDelta, upgradedDelta),
  instance: schema('instance', isInstance, upgradedInstance),
  deployment: schema('deployment', isPlan, upgradedPlan),
  failure: schema('task-failure', isFailure),
  run: schema('ended-run', isRun),
  orphan: schema('orphan', isOrphan),
} as const;
