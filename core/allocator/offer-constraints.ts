/**
 * Offer constraints of frameworks (spec allocator, section 7.6; scheduler-api, section 6.5): for a
 * role any group must match, in a group all constraints. Compiled once per subscription.
 *
 * The original matches with RE2. Its syntax is a subset of what the regular expressions of the
 * platform take, apart from `(?P<name>` and leading flags, which are translated; look-around and
 * back-references are refused as RE2 does, and so are programs above the size limit.
 */
import { err, ok, type Result } from '../base/result.ts';
import type {
  AttributeConstraint,
  AttributeConstraintPredicate,
  AttributeConstraintSelector,
  OfferConstraints,
} from '../wire/types/mesos.v1.scheduler.ts';
import type { AgentInfo, Attribute } from '../wire/types/mesos.v1.ts';
import { compileRegex } from './re2.ts';

export interface ConstraintLimits {
  /** `--offer_constraints_re2_max_program_size`; infinite for what was checked before. */
  readonly programSizeMax: number;
}

export const DEFAULT_CONSTRAINT_LIMITS: ConstraintLimits = { programSizeMax: 100 };

type Matcher = (agent: AgentInfo) => boolean;
/** What a selector finds: nothing, a text, or an attribute of another type. */
interface Found {
  readonly kind: 'absent' | 'text' | 'other';
  readonly text: string;
}

export class CompiledConstraints {
  private readonly roles: ReadonlyMap<string, readonly (readonly Matcher[])[]>;

  constructor(roles: ReadonlyMap<string, readonly (readonly Matcher[])[]>) {
    this.roles = roles;
  }

  isConstrained(role: string): boolean {
    return this.roles.has(role);
  }

  /** Whether offers of this agent may go to the role. */
  allows(role: string, agent: AgentInfo): boolean {
    const groups = this.roles.get(role);
    if (groups === undefined) return true;
    return groups.some((group) => group.every((matches) => matches(agent)));
  }
}

/** The error is the original's text, without the prefix of the caller. */
export function compileConstraints(
  constraints: OfferConstraints | undefined,
  limits: ConstraintLimits = DEFAULT_CONSTRAINT_LIMITS,
): Result<CompiledConstraints> {
  const roles = new Map<string, readonly (readonly Matcher[])[]>();
  for (const [role, { groups = [] }] of Object.entries(constraints?.role_constraints ?? {})) {
    if (groups.length === 0) {
      return err(
        `'OfferConstraints::role_constraints' has an empty 'RoleConstraints::groups' for role ${role}`,
      );
    }
    const compiled: (readonly Matcher[])[] = [];
    for (const { attribute_constraints: parts = [] } of groups) {
      if (parts.length === 0) {
        return err(
          `'OfferConstraints::RoleConstraints::groups' for role ${role}contains an empty RoleConstraints::Group`,
        );
      }
      const group = compileGroup(parts, limits);
      if (!group.ok) {
        return err(`A role ${role} has an invalid 'AttributeConstraint': ${group.error}`);
      }
      compiled.push(group.value);
    }
    roles.set(role, compiled);
  }
  return ok(new CompiledConstraints(roles));
}

function compileGroup(
  parts: readonly AttributeConstraint[],
  limits: ConstraintLimits,
): Result<readonly Matcher[]> {
  const group: Matcher[] = [];
  for (const { selector, predicate } of parts) {
    const select = compileSelector(selector);
    if (!select.ok) return select;
    const test = compilePredicate(predicate, limits);
    if (!test.ok) return test;
    group.push((agent) => test.value(select.value(agent)));
  }
  return ok(group);
}

function compileSelector(
  selector: AttributeConstraintSelector,
): Result<(agent: AgentInfo) => Found> {
  const { attribute_name: name, pseudoattribute_type: type } = selector;
  if ((name === undefined) === (type === undefined)) {
    return err(
      "Exactly one of 'AttributeConstraint::Selector::name' or 'AttributeConstraint::Selector::pseudoattribute_type' must be set",
    );
  }
  if (name !== undefined) {
    return ok((agent) => foundAttribute((agent.attributes ?? []).find((it) => it.name === name)));
  }
  switch (type) {
    case 'HOSTNAME':
      return ok((agent) => foundText(agent.hostname));
    case 'REGION':
      return ok((agent) => foundText(agent.domain?.fault_domain?.region.name));
    case 'ZONE':
      return ok((agent) => foundText(agent.domain?.fault_domain?.zone.name));
    default:
      return err('Unknown pseudoattribute type');
  }
}

function compilePredicate(
  predicate: AttributeConstraintPredicate,
  limits: ConstraintLimits,
): Result<(found: Found) => boolean> {
  if (predicate.exists !== undefined) return ok((found) => found.kind !== 'absent');
  if (predicate.not_exists !== undefined) return ok((found) => found.kind === 'absent');
  const { text_equals: equal, text_not_equals: unequal } = predicate;
  if (equal !== undefined) return ok(onText(false, (text) => text === equal.value));
  if (unequal !== undefined) return ok(onText(true, (text) => text !== unequal.value));
  const { text_matches: matches, text_not_matches: differs } = predicate;
  const pattern = matches?.regex ?? differs?.regex;
  if (pattern === undefined) return err('Unknown predicate type');
  const regex = compileRegex(pattern, limits);
  if (!regex.ok) return regex;
  if (matches !== undefined) return ok(onText(false, (text) => regex.value.test(text)));
  return ok(onText(true, (text) => !regex.value.test(text)));
}

/** Attributes that are no texts pass every text predicate. */
function onText(ifAbsent: boolean, test: (text: string) => boolean): (found: Found) => boolean {
  return (found) => {
    if (found.kind === 'absent') return ifAbsent;
    return found.kind === 'other' || test(found.text);
  };
}

function foundText(text: string | undefined): Found {
  return text === undefined ? { kind: 'absent', text: '' } : { kind: 'text', text };
}

function foundAttribute(attribute: Attribute | undefined): Found {
  if (attribute === undefined) return { kind: 'absent', text: '' };
  if (attribute.type !== 'TEXT') return { kind: 'other', text: '' };
  return { kind: 'text', text: attribute.text?.value ?? '' };
}
