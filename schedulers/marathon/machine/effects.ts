/**
 * What the machine asks the shell to do. `persist` effects of one turn become durable before any
 * other effect of that turn (or of a later one) is carried out: nothing is launched, killed,
 * acknowledged, answered or published before it would survive a crash.
 */
import type { Instant } from '../../../core/base/clock.ts';
import type { Offer, OfferOperation, TaskStatus } from '../../../core/wire/types/mesos.v1.ts';
import type { Change } from '../model/change.ts';
import type { DeploymentPlan } from '../model/deployment-plan.ts';
import type { EndedRun } from '../model/end-cause.ts';
import type { Instance, InstanceId } from '../model/instance.ts';
import type { PathId } from '../model/path-id.ts';
import type { Orphan } from '../model/reservation.ts';
import type { Group } from '../model/root.ts';
import type { RunSpec } from '../model/run-spec.ts';
import type { Version } from '../model/timestamp.ts';
import type { MarathonEvent } from './events.ts';
import type { TaskFailure } from './state.ts';

/** One version of the tree against the one before it. */
export interface RootDelta {
  readonly version: Version;
  readonly specs: readonly Change<Version>[];
  readonly groups: readonly Change<Group>[];
}

export type StoreOperation =
  | { readonly kind: 'put-spec'; readonly spec: RunSpec }
  | { readonly kind: 'delete-spec'; readonly spec: RunSpec }
  /** Which version of an app or pod is the current one; absent = it is gone. */
  | { readonly kind: 'point-spec'; readonly id: PathId; readonly version?: Version | undefined }
  | { readonly kind: 'put-group'; readonly group: Group }
  | { readonly kind: 'delete-group'; readonly id: PathId }
  | { readonly kind: 'put-delta'; readonly delta: RootDelta }
  | { readonly kind: 'delete-delta'; readonly version: Version }
  | { readonly kind: 'put-instance'; readonly instance: Instance }
  | { readonly kind: 'delete-instance'; readonly id: InstanceId }
  | { readonly kind: 'put-deployment'; readonly plan: DeploymentPlan }
  | { readonly kind: 'delete-deployment'; readonly id: string }
  | { readonly kind: 'put-failure'; readonly failure: TaskFailure }
  | { readonly kind: 'delete-failure'; readonly id: PathId }
  | { readonly kind: 'put-run'; readonly run: EndedRun }
  | { readonly kind: 'delete-run'; readonly run: EndedRun }
  | { readonly kind: 'put-orphan'; readonly orphan: Orphan }
  | { readonly kind: 'delete-orphan'; readonly reservationId: string };

export interface ProbeTarget {
  readonly kind: 'http' | 'https' | 'tcp';
  readonly host: string;
  readonly port: number;
  readonly path: string;
  readonly timeoutMs: number;
}

/** Where a probe by HTTP asks. */
export function probeUrl({ kind, host, port, path }: ProbeTarget): string {
  const authority = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
  return `${kind}://${authority}${path.startsWith('/') ? '' : '/'}${path}`;
}

/** Which probe an answer belongs to. */
export interface ProbeKey {
  readonly purpose: 'health' | 'readiness';
  readonly instanceId: InstanceId;
  readonly taskId: string;
  /** Index of the check in the app. */
  readonly index: number;
}

export type MarathonEffect =
  | { readonly kind: 'persist'; readonly operation: StoreOperation }
  | {
      readonly kind: 'accept';
      readonly offer: Offer;
      readonly operations: readonly OfferOperation[];
    }
  | {
      readonly kind: 'decline';
      readonly offers: readonly Offer[];
      readonly refuseSeconds: number;
    }
  | { readonly kind: 'kill'; readonly taskId: string; readonly agentId: string | undefined }
  | { readonly kind: 'acknowledge'; readonly status: TaskStatus }
  /** There is work for offers of the role; `isNew` work also wants offers declined before. */
  | { readonly kind: 'want-offers'; readonly role: string; readonly isNew: boolean }
  | { readonly kind: 'unwant-offers'; readonly role: string }
  | { readonly kind: 'probe'; readonly key: ProbeKey; readonly target: ProbeTarget }
  | { readonly kind: 'publish'; readonly event: MarathonEvent }
  | { readonly kind: 'wake'; readonly at: Instant };

/** An answer for the one who asked, and what is to be done. */
export interface Decision<T> {
  readonly result: T;
  readonly effects: readonly MarathonEffect[];
}
