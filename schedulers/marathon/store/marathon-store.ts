/** Between the machine's store operations and the records in storage; reads everything at start. */
import { ClusterError } from '../../../core/base/errors.ts';
import type { Storage, StorageOperation } from '../../../core/storage/ports.ts';
import type { StoreOperation } from '../machine/effects.ts';
import type { Snapshot } from '../machine/state.ts';
import type { Change } from '../model/change.ts';
import type { DeploymentPlan } from '../model/deployment-plan.ts';
import { endedRunKey } from '../model/end-cause.ts';
import type { Instance } from '../model/instance.ts';
import { type PathId, resolvePathId } from '../model/path-id.ts';
import { isPod, type RunSpec } from '../model/run-spec.ts';
import type { Version } from '../model/timestamp.ts';
import { RECORDS, type SpecReference, type StoredInstance, type StoredPlan } from './records.ts';

function versionKey(id: PathId, version: Version): string {
  return `${id} ${version}`;
}

/** The writes of one operation. */
export function encodeOperation(operation: StoreOperation): StorageOperation {
  switch (operation.kind) {
    case 'put-spec':
      return putSpec(operation.spec);
    case 'delete-spec': {
      const { spec } = operation;
      const key = versionKey(spec.id, spec.version);
      return isPod(spec) ? RECORDS.pod.delete(key) : RECORDS.app.delete(key);
    }
    case 'point-spec':
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
    case 'put-run':
      return RECORDS.run.put(endedRunKey(operation.run), operation.run);
    case 'delete-run':
      return RECORDS.run.delete(endedRunKey(operation.run));
    case 'put-orphan':
      return RECORDS.orphan.put(operation.orphan.reservationId, operation.orphan);
    case 'delete-orphan':
      return RECORDS.orphan.delete(operation.reservationId);
  }
}

function putSpec(spec: RunSpec): StorageOperation {
  const key = versionKey(spec.id, spec.version);
  return isPod(spec) ? RECORDS.pod.put(key, spec) : RECORDS.app.put(key, spec);
}

function reference({ id, version }: RunSpec): SpecReference {
  return { id, version };
}

function storedInstance(instance: Instance): StoredInstance {
  return { ...instance, spec: reference(instance.spec) };
}

function storedPlan(plan: DeploymentPlan): StoredPlan {
  return {
    ...plan,
    steps: plan.steps.map(({ actions }) => ({
      actions: actions.map((action) => ({ ...action, spec: reference(action.spec) })),
    })),
    specs: plan.specs.map(({ id, from, to }) => ({ id, from: from?.version, to: to?.version })),
  };
}

/** Everything that was stored; rejects with a `ClusterError` when a record is damaged. */
export async function loadSnapshot(storage: Storage): Promise<Snapshot> {
  const specs = new Map<string, RunSpec>([
    ...(await RECORDS.app.load(storage)),
    ...(await RECORDS.pod.load(storage)),
  ]);
  const find = (id: PathId, version: Version): RunSpec => {
    const spec = specs.get(versionKey(id, version));
    if (spec !== undefined) return spec;
    throw new ClusterError('BAD_RECORD', `version ${version} of '${id}' is missing`, {
      retriable: false,
    });
  };
  const current = await RECORDS.current.load(storage);
  const instances = await RECORDS.instance.load(storage);
  const deployments = await RECORDS.deployment.load(storage);
  return {
    specs: [...specs.values()],
    current: new Map([...current].map(([id, version]) => [resolvePathId(id), version])),
    groups: [...(await RECORDS.group.load(storage)).values()],
    deltas: [...(await RECORDS.delta.load(storage)).values()].sort((a, b) =>
      a.version < b.version ? -1 : 1,
    ),
    instances: [...instances.values()].map(
      (stored): Instance => ({ ...stored, spec: find(stored.spec.id, stored.spec.version) }),
    ),
    deployments: [...deployments.values()]
      .map((stored) => planOf(stored, find))
      .sort((a, b) => (a.version < b.version ? -1 : 1)),
    failures: [...(await RECORDS.failure.load(storage)).values()],
    runs: [...(await RECORDS.run.load(storage)).values()],
    orphans: [...(await RECORDS.orphan.load(storage)).values()],
  };
}

function planOf(
  stored: StoredPlan,
  find: (id: PathId, version: Version) => RunSpec,
): DeploymentPlan {
  return {
    ...stored,
    steps: stored.steps.map(({ actions }) => ({
      actions: actions.map((action) => ({
        ...action,
        spec: find(action.spec.id, action.spec.version),
      })),
    })),
    specs: stored.specs.map(
      ({ id, from, to }): Change<RunSpec> => ({
        id,
        from: from === undefined ? undefined : find(id, from),
        to: to === undefined ? undefined : find(id, to),
      }),
    ),
  };
}
