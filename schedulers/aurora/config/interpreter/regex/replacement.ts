/** What stands in for a match: `\1`, `\g<name>` and escapes in a text, or a function of the match. */
import { ESCAPES } from '../escapes.ts';
import type { Calls, Value } from '../values.ts';
import { raised } from '../values.ts';
import type { CompiledPattern } from './pattern.ts';
import { patternError } from './pattern-parser.ts';

export type Replacement = readonly (string | number)[];

/** Texts, and groups by number. */
export function parseReplacement(template: string, pattern: CompiledPattern): Replacement {
  const parts: (string | number)[] = [];
  const token = /\\(?:g<([^>]*)>|(g)|(0[0-7]{0,2}|[1-3][0-7][0-7])|([1-9]\d?)|([\s\S]))|[^\\]+|\\/g;
  for (const found of template.matchAll(token)) {
    const [whole, name, cutOff, octal, digits, other] = found;
    if (cutOff !== undefined) throw patternError('missing group name');
    if (name !== undefined) parts.push(groupNamed(name, pattern));
    else if (octal !== undefined) {
      parts.push(String.fromCharCode(Number.parseInt(octal, 8) & 0xff));
    } else if (digits !== undefined) parts.push(groupNumbered(Number(digits), pattern));
    else parts.push(other === undefined ? whole : (ESCAPES[other] ?? whole));
  }
  return parts;
}

function groupNamed(name: string, pattern: CompiledPattern): number {
  if (name === '') throw patternError('missing group name');
  if (/^\d+$/.test(name)) return groupNumbered(Number(name), pattern);
  if (!/^[A-Za-z_]\w*$/.test(name)) throw patternError('bad character in group name');
  const group = pattern.groupNames.get(name);
  if (group === undefined) throw raised('IndexError', 'unknown group name');
  return group;
}

function groupNumbered(group: number, { groupCount }: CompiledPattern): number {
  if (group > groupCount) throw patternError('invalid group reference');
  return group;
}

/** `group` gives what a group matched. */
export function filledReplacement(
  replacement: Replacement,
  group: (number: number) => Value,
  calls: Calls,
): string {
  const texts = replacement.map((part) => {
    if (typeof part === 'string') return part;
    const text = group(part);
    if (typeof text !== 'string') throw patternError('unmatched group');
    return text;
  });
  calls.budget.characters(texts.reduce((sum, each) => sum + each.length, 0));
  return texts.join('');
}
