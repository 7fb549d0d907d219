/** Between the machine's store operations and the records in storage; reads everything at start. */
import { ClusterError } from '../../../core/base/errors.ts';
import type { Storage, StorageOperation } from '../../../core/storage/ports.ts';
import type { StoreOperation } from '../machine/effects.ts';
import type { Snapshot } from '../machine/state.ts';
import type { App } from '../model/app.ts';
import type { Change, DeploymentPlan } from '../model/deployment-plan.ts';
import type { Instance } from '../model/instance.ts';
import { type PathId, resolvePathId } from '../model/path-id.ts';
import type { Version } from '../model/timestamp.ts';
import { type AppReference, RECORDS, type StoredInstance, type StoredPlan } from './records.ts';

function versionKey(id: PathId, version: Version): string {
  return `${id} ${version}`;
}

/** The writes of one operation. */
export function encodeOperation(operation: StoreOperation): StorageOperation {
  switch (operation.kind) {
    case 'put-app':
      return RECORDS.app.put(versionKey(operation.app.id, operation.app.version), operation.app);
    case 'delete-app':
      return RECORDS.app.delete(versionKey(operation.id, operation.version));
    case 'point-app':
      return operation.version === undefined
        ? RECORDS.current.delete(operation.id)
        : RECORDS.current.put(operation.id, operation.version);
    case 'put-group':
      return RECORDS.group.put(operation.group.id, operation.group);
    case 'delete-group':
      return RECORDS.group.delete(operation.id);
    case 'put-delta':
      return RECORDS.delta.put(operation.delta.version, operation.delta);
    case 'delete-delta':
      return RECORDS.delta.delete(operation.version);
    case 'put-instance':
      return RECORDS.instance.put(operation.instance.id, storedInstance(operation.instance));
    case 'delete-instance':
      return RECORDS.instance.delete(operation.id);
    case 'put-deployment':
      return RECORDS.deployment.put(operation.plan.id, storedPlan(operation.plan));
    case 'delete-deployment':
      return RECORDS.deployment.delete(operation.id);
    case 'put-failure':
      return RECORDS.failure.put(operation.failure.appId, operation.failure);
    case 'delete-failure':
      return RECORDS.failure.delete(operation.id);
  }
}

function reference({ id, version }: App): AppReference {
  return { id, version };
}

function storedInstance(instance: Instance): StoredInstance {
  return { ...instance, app: reference(instance.app) };
}

function storedPlan(plan: DeploymentPlan): StoredPlan {
  return {
    ...plan,
    steps: plan.steps.map(({ actions }) => ({
      actions: actions.map((action) => ({ ...action, app: reference(action.app) })),
    })),
    apps: plan.apps.map(({ id, from, to }) => ({ id, from: from?.version, to: to?.version })),
  };
}

/** Everything that was stored; rejects with a `ClusterError` when a record is damaged. */
export async function loadSnapshot(storage: Storage): Promise<Snapshot> {
  const apps = await RECORDS.app.load(storage);
  const find = (id: PathId, version: Version): App => {
    const app = apps.get(versionKey(id, version));
    if (app !== undefined) return app;
    throw new ClusterError('BAD_RECORD', `version ${version} of app '${id}' is missing`, {
      retriable: false,
    });
  };
  const current = await RECORDS.current.load(storage);
  const instances = await RECORDS.instance.load(storage);
  const deployments = await RECORDS.deployment.load(storage);
  return {
    apps: [...apps.values()],
    current: new Map([...current].map(([id, version]) => [resolvePathId(id), version])),
    groups: [...(await RECORDS.group.load(storage)).values()],
    deltas: [...(await RECORDS.delta.load(storage)).values()].sort((a, b) =>
      a.version < b.version ? -1 : 1,
    ),
    instances: [...instances.values()].map(
      (stored): Instance => ({ ...stored, app: find(stored.app.id, stored.app.version) }),
    ),
    deployments: [...deployments.values()]
      .map((stored) => planOf(stored, find))
      .sort((a, b) => (a.version < b.version ? -1 : 1)),
    failures: [...(await RECORDS.failure.load(storage)).values()],
  };
}

function planOf(stored: StoredPlan, find: (id: PathId, version: Version) => App): DeploymentPlan {
  return {
    ...stored,
    steps: stored.steps.map(({ actions }) => ({
      actions: actions.map((action) => ({
        ...action,
        app: find(action.app.id, action.app.version),
      })),
    })),
    apps: stored.apps.map(
      ({ id, from, to }): Change<App> => ({
        id,
        from: from === undefined ? undefined : find(id, from),
        to: to === undefined ? undefined : find(id, to),
      }),
    ),
  };
}
