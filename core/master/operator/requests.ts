/**
 * What operators ask the master to change, and the answers (spec operator-api, sections 4.7 to 4.11
 * and 8). Legacy endpoints and v1 calls become the same requests; texts that name the endpoint come
 * with the request.
 */
import type { Schedule } from '../../wire/types/mesos.v1.maintenance.ts';
import type { QuotaConfig, QuotaRequest } from '../../wire/types/mesos.v1.quota.ts';
import type {
  DurationInfo,
  MachineID,
  OfferOperation,
  WeightInfo,
} from '../../wire/types/mesos.v1.ts';
import type { MasterContext } from '../context.ts';
import type { RegistryOperation } from '../registry.ts';

export type OperatorRequest =
  | { readonly kind: 'set-quota'; readonly request: QuotaRequest }
  /** `path` is that of the legacy endpoint; its texts name it. */
  | { readonly kind: 'remove-quota'; readonly role: string; readonly path: string | undefined }
  | {
      readonly kind: 'update-quota';
      readonly configs: readonly QuotaConfig[];
      readonly isForced: boolean;
    }
  | { readonly kind: 'update-weights'; readonly infos: readonly WeightInfo[] }
  | { readonly kind: 'update-schedule'; readonly schedule: Schedule }
  | { readonly kind: 'start-maintenance'; readonly machines: readonly MachineID[] }
  | { readonly kind: 'stop-maintenance'; readonly machines: readonly MachineID[] }
  | {
      readonly kind: 'drain-agent';
      readonly agent: string;
      readonly maxGracePeriod: DurationInfo | undefined;
      readonly markGone: boolean | undefined;
    }
  | { readonly kind: 'deactivate-agent'; readonly agent: string }
  | { readonly kind: 'reactivate-agent'; readonly agent: string }
  | { readonly kind: 'mark-agent-gone'; readonly agent: string }
  /** RESERVE ... SHRINK_VOLUME on an agent's own resources. */
  | {
      readonly kind: 'change-resources';
      readonly agent: string;
      readonly operation: OfferOperation;
      readonly principal: string | undefined;
    };

export interface OperatorAnswer {
  readonly status: number;
  /** Without it the body is empty. */
  readonly text?: string | undefined;
}

/** An answer now, or one that comes when what it promises is durable. */
export type Outcome = OperatorAnswer | ((finish: (answer: OperatorAnswer) => void) => void);

export const DONE: OperatorAnswer = { status: 200 };
export const ACCEPTED: OperatorAnswer = { status: 202 };

export function refuse(status: number, text: string): OperatorAnswer {
  return { status, text };
}

/** Writes first; `then` changes the state when the write is durable and gives the answer. */
export function afterWrite(
  context: MasterContext,
  operations: readonly RegistryOperation[],
  then: () => OperatorAnswer,
): Outcome {
  return (finish) => context.persist(operations, () => finish(then()));
}
