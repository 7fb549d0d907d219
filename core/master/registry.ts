/**
 * What the master must remember across restarts, as small records (one key each, never one blob),
 * and the operations that change them. `registrar.ts` stores them; meaning: spec libprocess,
 * section 4, and the message `mesos.internal.Registry`.
 */
import type { Schedule } from '../wire/types/mesos.v1.maintenance.ts';
import type { QuotaConfig } from '../wire/types/mesos.v1.quota.ts';
import type { MachineInfo } from '../wire/types/mesos.v1.ts';
import type { DepartedAgent, RecoveredAgent } from './records.ts';

export type RegistryOperation =
  /** Admits, or replaces the record of, an agent; it is no longer unreachable. */
  | { readonly kind: 'admit'; readonly agent: RecoveredAgent }
  | { readonly kind: 'mark-unreachable'; readonly agent: DepartedAgent }
  | { readonly kind: 'mark-gone'; readonly agent: DepartedAgent }
  /** Forgets an agent that unregistered. */
  | { readonly kind: 'remove'; readonly id: DepartedAgent['id'] }
  /** Forgets departed agents that are too old or too many. */
  | { readonly kind: 'prune'; readonly ids: readonly DepartedAgent['id'][] }
  | { readonly kind: 'set-machine'; readonly machine: MachineInfo }
  | { readonly kind: 'remove-machine'; readonly key: string }
  | { readonly kind: 'set-schedules'; readonly schedules: readonly Schedule[] }
  | { readonly kind: 'set-quota'; readonly quota: QuotaConfig }
  | { readonly kind: 'remove-quota'; readonly role: string }
  | { readonly kind: 'set-weight'; readonly role: string; readonly weight: number };

export interface RecoveredRegistry {
  readonly admitted: readonly RecoveredAgent[];
  readonly unreachable: readonly DepartedAgent[];
  readonly gone: readonly DepartedAgent[];
  readonly machines: readonly MachineInfo[];
  readonly schedules: readonly Schedule[];
  readonly quotas: readonly QuotaConfig[];
  readonly weights: readonly (readonly [role: string, weight: number])[];
}

export const EMPTY_REGISTRY: RecoveredRegistry = {
  admitted: [],
  unreachable: [],
  gone: [],
  machines: [],
  schedules: [],
  quotas: [],
  weights: [],
};
