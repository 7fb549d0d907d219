/**
 * Why a task cannot go to a host: the filter of the scheduler (spec aurora-scheduler, section 4.3). The class of
 * reasons that comes first ends the check, except that all lacking resources are named.
 */
import type { Instant } from '../../../core/base/clock.ts';
import type { DurationMs } from '../../../core/base/duration.ts';
import type { MaintenanceMode } from '../thrift/types.ts';

export type { MaintenanceMode };

/** Attribute name to its values; the same name announced several times is one set. */
export type HostAttributes = ReadonlyMap<string, ReadonlySet<string>>;

export interface ConsideredHost {
  readonly attributes: HostAttributes;
  readonly mode: MaintenanceMode;
  /** When the cluster takes it away. */
  readonly unavailableAt: Instant | undefined;
}

export interface Amounts {
  readonly cpus: number;
  readonly ramMb: number;
  readonly diskMb: number;
  readonly ports: number;
  readonly gpus: number;
}

export type TaskConstraint =
  | {
      readonly kind: 'value';
      readonly name: string;
      readonly isNegated: boolean;
      readonly values: ReadonlySet<string>;
    }
  | { readonly kind: 'limit'; readonly name: string; readonly limit: number };

/**
 * `static` ones hold for the offer as long as there is it; `dynamic` and `maintenance` ones may go while it is
 * held.
 */
export interface Veto {
  readonly kind: 'static' | 'dynamic' | 'maintenance';
  readonly reason: string;
  readonly score: number;
}

export interface FilterInput {
  readonly host: ConsideredHost;
  readonly offered: Amounts;
  /** With what the executor takes. */
  readonly wanted: Amounts;
  readonly constraints: readonly TaskConstraint[];
  /**
   * How many tasks of the job are on hosts that share the value of this attribute; asked only for limits.
   */
  readonly countWith: (attribute: string, value: string) => number;
  readonly unavailabilityThresholdMs: DurationMs;
}

export const DEDICATED = 'dedicated';

const DEDICATED_SCORE = 1_000_000;
const MAINTENANCE_SCORE = 100_000;
export const CONSTRAINT_SCORE = 10_000;
const RESOURCE_SCORE_MAX = 1_000;

export const RESOURCES: readonly (readonly [key: keyof Amounts, reason: string, range: number])[] =
  [
    ['cpus', 'Insufficient: CPU', 16],
    ['ramMb', 'Insufficient: RAM', 24_576],
    ['diskMb', 'Insufficient: disk', 460_800],
    ['ports', 'Insufficient: ports', 1_000],
    ['gpus', 'Insufficient: GPU', 4],
  ];

/** Below this, figures of processors differ only by how they were added up. */
export const EPSILON = 1e-9;

/** Nothing when the task fits. */
export function vetoes(input: FilterInput, now: Instant): readonly Veto[] {
  const first = dedicatedVeto(input) ?? maintenanceVeto(input, now) ?? constraintVeto(input);
  return first === undefined ? resourceVetoes(input) : [first];
}

export function totalScore(found: readonly Veto[]): number {
  return found.reduce((sum, veto) => sum + veto.score, 0);
}

function dedicatedVeto(input: FilterInput): Veto | undefined {
  if (!input.host.attributes.has(DEDICATED)) return undefined;
  if (input.constraints.some((constraint) => constraint.name === DEDICATED)) return undefined;
  return { kind: 'static', reason: 'Host is dedicated', score: DEDICATED_SCORE };
}

function maintenanceVeto(input: FilterInput, now: Instant): Veto | undefined {
  const { mode, unavailableAt } = input.host;
  const isSoonAway =
    unavailableAt !== undefined && unavailableAt - now <= input.unavailabilityThresholdMs;
  if (mode !== 'DRAINED' && mode !== 'DRAINING' && !isSoonAway) return undefined;
  const what = mode === 'DRAINED' ? 'drained' : 'draining';
  return {
    kind: 'maintenance',
    reason: `Host ${what} for maintenance`,
    score: MAINTENANCE_SCORE,
  };
}

/** Values before limits: a limit changes with every task, a value never. */
function constraintVeto(input: FilterInput): Veto | undefined {
  if (input.constraints.length === 0) return undefined;
  const { constraints } = input;
  const inOrder =
    constraints.length === 1 ? constraints : constraints.toSorted((a, b) => rank(a) - rank(b));
  for (const constraint of inOrder) {
    const veto = vetoOf(constraint, input);
    if (veto !== undefined) return veto;
  }
  return undefined;
}

function rank(constraint: TaskConstraint): number {
  return constraint.kind === 'value' ? 0 : 1;
}

function vetoOf(constraint: TaskConstraint, input: FilterInput): Veto | undefined {
  const { name } = constraint;
  const values = input.host.attributes.get(name);
  const unsatisfied: Veto = {
    kind: 'static',
    reason: `Constraint not satisfied: ${name}`,
    score: CONSTRAINT_SCORE,
  };
  if (constraint.kind === 'value') {
    const matches = [...constraint.values].some((value) => values?.has(value) === true);
    return matches === constraint.isNegated ? unsatisfied : undefined;
  }
  if (values === undefined) return unsatisfied;
  const isFull = [...values].some((value) => input.countWith(name, value) >= constraint.limit);
  if (!isFull) return undefined;
  return { kind: 'dynamic', reason: `Limit not satisfied: ${name}`, score: CONSTRAINT_SCORE };
}

function resourceVetoes(input: FilterInput): readonly Veto[] {
  const found: Veto[] = [];
  for (const [key, reason, range] of RESOURCES) {
    const lack = input.wanted[key] - input.offered[key];
    if (lack > EPSILON) found.push({ kind: 'static', reason, score: scoreOf(lack, range) });
  }
  return found;
}

/** How far from fitting a lack is. */
export function scoreOf(lack: number, range: number): number {
  return Math.min(RESOURCE_SCORE_MAX, Math.floor((RESOURCE_SCORE_MAX * lack) / range));
}
