/** Whether an offer's agent satisfies constraints (spec marathon-behaviour, section 4.4). */
import type { Constraint } from '../model/app.ts';
import { operatorOf } from '../model/constraint-rules.ts';
import type { RunSpec } from '../model/run-spec.ts';
import { constraintValue, formatScalar, type Place } from './constraint-values.ts';

/** `placed` are the places of the instances that count. */
export function satisfiesConstraints(
  spec: RunSpec,
  place: Place,
  placed: readonly Place[],
): boolean {
  const { constraints, instances } = spec;
  return constraints.every((constraint) => satisfies(constraint, place, placed, instances));
}

/** One of them; `instances` is how many are wanted. */
export function satisfies(
  constraint: Constraint,
  place: Place,
  placed: readonly Place[],
  instances: number,
): boolean {
  const [field = '', , argument] = constraint;
  const operator = operatorOf(constraint);
  const value = constraintValue(field, place);
  if (operator === undefined) return false;
  if (value === undefined) return operator === 'UNLIKE';
  switch (operator) {
    case 'UNIQUE':
      return countOf(value, field, placed) === 0;
    case 'CLUSTER': {
      if (argument !== undefined && argument !== '') return value === argument;
      const first = placed[0];
      return first === undefined || constraintValue(field, first) === value;
    }
    case 'MAX_PER':
      return countOf(value, field, placed) < Number(argument);
    case 'LIKE':
      return matches(argument, value);
    case 'UNLIKE':
      return !matches(argument, value);
    case 'IS':
      return value === argument || sameNumber(value, argument);
    case 'GROUP_BY':
      return fitsGroup(value, field, placed, argument, instances);
  }
}

function countOf(value: string, field: string, placed: readonly Place[]): number {
  return placed.filter((place) => constraintValue(field, place) === value).length;
}

function matches(pattern: string | undefined, value: string): boolean {
  return new RegExp(`^(?:${pattern ?? ''})$`).test(value);
}

function sameNumber(value: string, argument: string | undefined): boolean {
  if (argument === undefined || argument === '' || value === '') return false;
  const [left, right] = [Number(value), Number(argument)];
  return (
    Number.isFinite(left) && Number.isFinite(right) && formatScalar(left) === formatScalar(right)
  );
}

/**
 * With a number of groups: even shares, the remainder spread one per group. Without: spread evenly
 * over the values seen so far, a new value always fits.
 */
function fitsGroup(
  value: string,
  field: string,
  placed: readonly Place[],
  argument: string | undefined,
  instances: number,
): boolean {
  const groups = new Map<string, number>();
  for (const each of placed) {
    const group = constraintValue(field, each);
    if (group !== undefined) groups.set(group, (groups.get(group) ?? 0) + 1);
  }
  const count = groups.get(value);
  const wanted = Number(argument ?? 0);
  if (wanted === 0) return count === undefined || count <= Math.min(...groups.values());
  if (count === undefined) return groups.size < wanted;
  const share = Math.floor(instances / wanted);
  const remainder = instances % wanted;
  if (count < share) return true;
  const above = [...groups.values()].filter((size) => size > share).length;
  return count === share && above < remainder;
}
