/** Agent attributes, `rack:r1;zone:eu` (spec flags-and-metrics, section 2.6; operator-api 3.3). */
import { err, ok, type Result } from '../base/result.ts';
import type { Attribute } from '../wire/types/mesos.v1.ts';
import { parseValue } from './parse.ts';
import { formatItems, formatRanges } from './ranges.ts';
import { fromMilli, toMilli } from './scalar.ts';

/** Entries are split at `;` or line ends, each at its first colon. */
export function parseAttributes(text: string): Result<readonly Attribute[]> {
  const attributes: Attribute[] = [];
  for (const pair of text.split(/[;\n]/)) {
    if (pair === '') continue;
    const attribute = parseAttribute(pair);
    if (!attribute.ok) return attribute;
    attributes.push(attribute.value);
  }
  return ok(attributes);
}

/** Name to number or text, as the legacy endpoints show attributes; the last of a name wins. */
export function legacyAttributes(
  attributes: readonly Attribute[],
): ReadonlyMap<string, number | string> {
  return new Map(attributes.map((each) => [each.name, attributeValue(each)]));
}

/** `name=value` texts joined by commas would be ambiguous; this is the flag's own form. */
export function formatAttributes(attributes: readonly Attribute[]): string {
  return attributes.map((each) => `${each.name}:${attributeValue(each)}`).join(';');
}

function parseAttribute(pair: string): Result<Attribute> {
  const colon = pair.indexOf(':');
  const name = pair.slice(0, colon).trim();
  const text = pair.slice(colon + 1);
  if (colon === -1 || name === '' || text.trim() === '') {
    return err(`Invalid attribute key:value pair '${pair}'`);
  }
  const value = parseValue(text);
  if (!value.ok) return err(`Failed to parse attribute ${name} value ${text} error ${value.error}`);
  if (value.value.type === 'SET')
    return err(`Bad type for attribute ${name} value ${text} type SET`);
  if (value.value.type === 'SCALAR' && !(value.value.scalar.value >= 0)) {
    return ok({ name, type: 'TEXT', text: { value: text.replaceAll(' ', '') } });
  }
  return ok({ name, ...value.value });
}

function attributeValue(attribute: Attribute): number | string {
  switch (attribute.type) {
    case 'SCALAR':
      return fromMilli(toMilli(attribute.scalar?.value ?? 0));
    case 'RANGES':
      return formatRanges(attribute.ranges?.range ?? []);
    case 'SET':
      return formatItems(attribute.set?.item ?? []);
    default:
      return attribute.text?.value ?? '';
  }
}
