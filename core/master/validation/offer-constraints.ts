/** Offer constraints (spec scheduler-api, section 6.5; spec allocator, section 7.6). */

import { describeError } from '../../base/errors.ts';
import type { AttributeConstraint, OfferConstraints } from '../../wire/types/mesos.v1.scheduler.ts';

export interface ConstraintLimits {
  readonly offerConstraintsRe2MaxProgramSize: number;
}

export function validateOfferConstraints(
  constraints: OfferConstraints,
  limits: ConstraintLimits,
): string | undefined {
  for (const [role, { groups = [] }] of Object.entries(constraints.role_constraints ?? {})) {
    if (groups.length === 0) {
      return `'OfferConstraints::role_constraints' has an empty 'RoleConstraints::groups' for role ${role}`;
    }
    for (const { attribute_constraints: all = [] } of groups) {
      if (all.length === 0) {
        // The missing blank is the original's.
        return `'OfferConstraints::RoleConstraints::groups' for role ${role}contains an empty RoleConstraints::Group`;
      }
      for (const each of all) {
        const why = validateConstraint(each, limits);
        if (why === undefined) continue;
        return `A role ${role} has an invalid 'AttributeConstraint': ${why}`;
      }
    }
  }
  return undefined;
}

function validateConstraint(
  { selector, predicate }: AttributeConstraint,
  limits: ConstraintLimits,
): string | undefined {
  const { attribute_name: name, pseudoattribute_type: pseudo } = selector;
  if ((name === undefined) === (pseudo === undefined)) {
    return "Exactly one of 'AttributeConstraint::Selector::name' or 'AttributeConstraint::Selector::pseudoattribute_type' must be set";
  }
  if (pseudo === 'UNKNOWN') return 'Unknown pseudoattribute type';
  const known = Object.values(predicate).some((each) => each !== undefined);
  if (!known) return 'Unknown predicate type';
  const regex = predicate.text_matches?.regex ?? predicate.text_not_matches?.regex;
  return regex === undefined ? undefined : validateRegex(regex, limits);
}

function validateRegex(pattern: string, limits: ConstraintLimits): string | undefined {
  // RE2 has neither look-around nor back-references.
  const foreign = /\(\?<?[=!]|\\[1-9]|\\k</.exec(pattern);
  if (foreign !== null) {
    return `Failed to construct regex from pattern '${pattern}': invalid perl operator: ${foreign[0]}`;
  }
  try {
    new RegExp(pattern, 'u');
  } catch (thrown) {
    return `Failed to construct regex from pattern '${pattern}': ${describeError(thrown)}`;
  }
  const size = programSize(pattern);
  const max = limits.offerConstraintsRe2MaxProgramSize;
  if (size <= max) return undefined;
  return `Regex '${pattern}' is too complex: program size of ${size} is larger than maximum of ${max} allowed`;
}

/** An estimate of RE2's program: one instruction a character, repetitions multiply. */
function programSize(pattern: string): number {
  let size = pattern.length + 3;
  for (const [, min, max] of pattern.matchAll(/\{(\d+)(?:,(\d*))?\}/g)) {
    size += Math.max(Number(min), Number(max ?? 0));
  }
  return size;
}
