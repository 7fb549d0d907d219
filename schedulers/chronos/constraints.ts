/** Job constraints against the attributes of an offer (spec chronos, section 5.4). */
import { formatDouble } from '../../core/wire/json-text.ts';
import type { Attribute, Offer } from '../../core/wire/types/mesos.v1.ts';
import type { JobConstraint } from './job.ts';

/** Whether all constraints are met; `hostname` stands for the agent's unless it is an attribute. */
export function meetsConstraints(constraints: readonly JobConstraint[], offer: Offer): boolean {
  if (constraints.length === 0) return true;
  const given = offer.attributes ?? [];
  const hostname: Attribute = { name: 'hostname', type: 'TEXT', text: { value: offer.hostname } };
  const attributes = given.some((each) => each.name === 'hostname') ? given : [...given, hostname];
  return constraints.every((constraint) => meets(constraint, attributes));
}

function meets(constraint: JobConstraint, attributes: readonly Attribute[]): boolean {
  const named = attributes.filter((each) => each.name === constraint.attribute);
  if (constraint.operator === 'EQUALS') {
    return named.some((each) => each.text?.value === constraint.value);
  }
  // A missing attribute matches neither LIKE nor UNLIKE.
  const first = named[0];
  const texts = first === undefined ? undefined : textsOf(first);
  if (texts === undefined) return false;
  const whole = new RegExp(`^(?:${constraint.value})$`, 's');
  const isLike = texts.some((text) => whole.test(text));
  return constraint.operator === 'LIKE' ? isLike : !isLike;
}

/** Undefined for ranges, which never match. */
function textsOf(attribute: Attribute): readonly string[] | undefined {
  if (attribute.type === 'TEXT') return [attribute.text?.value ?? ''];
  if (attribute.type === 'SCALAR') return [formatDouble(attribute.scalar?.value ?? 0)];
  if (attribute.type === 'SET') return attribute.set?.item ?? [];
  return undefined;
}
