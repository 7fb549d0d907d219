/**
 * What Marathon keeps, as small records (one per app version, instance, deployment, ...): the kinds,
 * their prefixes and how each is written and read. Definitions are stored once per version; all
 * other records refer to them.
 */
import { err, ok, type Result } from '../../../core/base/result.ts';
import { type RecordSchema, RecordStore } from '../../kit/record-store.ts';
import type { RootDelta } from '../machine/effects.ts';
import type { TaskFailure } from '../machine/state.ts';
import type { App } from '../model/app.ts';
import type { Change, DeploymentStep } from '../model/deployment-plan.ts';
import type { Instance } from '../model/instance.ts';
import type { PathId } from '../model/path-id.ts';
import type { Group } from '../model/root.ts';
import type { Version } from '../model/timestamp.ts';

/** Names a stored definition. */
export interface AppReference {
  readonly id: PathId;
  readonly version: Version;
}

export type StoredInstance = Omit<Instance, 'app'> & { readonly app: AppReference };

export interface StoredPlan {
  readonly id: string;
  readonly version: Version;
  readonly steps: readonly {
    readonly actions: readonly (Omit<DeploymentStep['actions'][number], 'app'> & {
      readonly app: AppReference;
    })[];
  }[];
  readonly apps: readonly Change<Version>[];
  readonly groups: readonly Change<Group>[];
}

function has(value: unknown, ...names: readonly string[]): boolean {
  return typeof value === 'object' && value !== null && names.every((name) => name in value);
}

/** Our own writings are trusted beyond the members that identify them. */
function schema<T>(
  name: string,
  isOne: (value: unknown) => value is T,
  encode: (value: T) => unknown = (value) => value,
): RecordStore<T> {
  const record: RecordSchema<T> = {
    prefix: `marathon/${name}/`,
    version: 1,
    encode,
    decode: (value): Result<T> => (isOne(value) ? ok(value) : err(`it is no ${name}`)),
  };
  return new RecordStore(record);
}

const isApp = (value: unknown): value is App => has(value, 'id', 'version', 'versionInfo', 'cpus');
const isVersion = (value: unknown): value is Version => typeof value === 'string';
const isGroup = (value: unknown): value is Group => has(value, 'id', 'dependencies', 'version');
const isDelta = (value: unknown): value is RootDelta => has(value, 'version', 'apps', 'groups');
const isInstance = (value: unknown): value is StoredInstance =>
  has(value, 'id', 'app', 'goal', 'condition', 'incarnation');
const isPlan = (value: unknown): value is StoredPlan =>
  has(value, 'id', 'version', 'steps', 'apps');
const isFailure = (value: unknown): value is TaskFailure => has(value, 'appId', 'taskId', 'state');

export const RECORDS = {
  app: schema('app', isApp),
  current: schema('current', isVersion),
  group: schema('group', isGroup),
  delta: schema('root-version', isDelta),
  instance: schema('instance', isInstance),
  deployment: schema('deployment', isPlan),
  failure: schema('task-failure', isFailure),
} as const;
