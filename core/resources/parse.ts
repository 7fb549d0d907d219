/**
 * The text form of resources, `cpus:4;mem(prod):1024;ports:[31000-32000];bugs:{a,b}`
 * (spec flags-and-metrics, section 2.3). The JSON form is in `parse-json.ts`.
 */
import { err, ok, type Result } from '../base/result.ts';
import type { Resource, ValueRange } from '../wire/types/mesos.v1.ts';
import { normalize, type Resources } from './arithmetic.ts';
import { coalesce } from './ranges.ts';
import { toListForm } from './refinement.ts';
import { validateResources } from './validate.ts';

/** Parsed right side of `name:value`. */
export type ParsedValue =
  | { readonly type: 'SCALAR'; readonly scalar: { readonly value: number } }
  | { readonly type: 'RANGES'; readonly ranges: { readonly range: readonly ValueRange[] } }
  | { readonly type: 'SET'; readonly set: { readonly item: readonly string[] } }
  | { readonly type: 'TEXT'; readonly text: { readonly value: string } };

/** What the agent has when `--resources` names no ports. */
export const DEFAULT_PORTS: Resource = {
  name: 'ports',
  type: 'RANGES',
  ranges: { range: [{ begin: 31_000, end: 32_000 }] },
};

/** Normal resources in list form; entries of amount 0 are gone. */
export function parseResourceText(text: string, defaultRole = '*'): Result<Resources> {
  const entries = parseResourceEntries(text, defaultRole);
  return entries.ok ? ok(normalize(entries.value)) : entries;
}

/** Every entry as written, in list form, also those of amount 0 (which switch detection off). */
export function parseResourceEntries(text: string, defaultRole = '*'): Result<Resources> {
  const resources: Resource[] = [];
  for (const item of text.split(';')) {
    if (item.trim() === '') continue;
    const resource = parseItem(item, defaultRole);
    if (!resource.ok) return resource;
    resources.push(resource.value);
  }
  const why = validateResources(resources);
  return why === undefined ? ok(resources.map(toListForm)) : err(why);
}

/** A scalar entry for code that builds resources by hand. */
export function scalarResource(name: string, value: number): Resource {
  return { name, type: 'SCALAR', scalar: { value } };
}

/** Number, `[a-b,...]`, `[]` for none, `{a,b}` or text; spaces do not count. */
export function parseValue(text: string): Result<ParsedValue> {
  const value = text.replaceAll(' ', '');
  if (value === '') return err('Expecting non-empty string');
  if (!hasMatchedBrackets(value)) return err('Mismatched brackets');
  if (value.startsWith('[')) return parseRanges(value);
  if (value.includes('[')) return err("Unexpected '[' found");
  if (value.startsWith('{')) {
    const item = value.split(/[{},]/).filter((word) => word !== '');
    return ok({ type: 'SET', set: { item } });
  }
  if (value.includes('{')) return err("Unexpected '{' found");
  const number = parseNumber(value);
  if (number !== undefined) return ok({ type: 'SCALAR', scalar: { value: number } });
  return ok({ type: 'TEXT', text: { value } });
}

function parseItem(item: string, defaultRole: string): Result<Resource> {
  const parts = item.split(':').filter((part) => part !== '');
  const [left, right] = parts;
  if (parts.length !== 2 || left === undefined || right === undefined) {
    return err(`Bad value for resources, missing or extra ':' in ${item}`);
  }
  const open = left.indexOf('(');
  const close = left.indexOf(')');
  if (open !== -1 && close < open) {
    return err(`Bad value for resources, mismatched parentheses in ${item}`);
  }
  const name = (open === -1 ? left : left.slice(0, open)).trim();
  const role = open === -1 ? defaultRole : left.slice(open + 1, close).trim();
  const value = parseValue(right);
  if (!value.ok) {
    return err(`Failed to parse resource ${name} value ${right} error ${value.error}`);
  }
  if (value.value.type === 'TEXT') {
    return err(`Bad type for resource ${name} value ${right} type TEXT`);
  }
  return ok({ name, ...value.value, role });
}

function parseRanges(value: string): Result<ParsedValue> {
  const words = value.split(/[[\]\-,\n]/).filter((word) => word !== '');
  if (words.length % 2 !== 0) return err('Expecting one or more "ranges"');
  const range: ValueRange[] = [];
  for (let at = 0; at < words.length; at += 2) {
    const [begin, end] = [words[at] ?? '', words[at + 1] ?? ''];
    if (!/^\d+$/.test(begin) || !/^\d+$/.test(end)) {
      return err(`Expecting non-negative integers in '${/^\d+$/.test(begin) ? end : begin}'`);
    }
    range.push({ begin: Number(begin), end: Number(end) });
  }
  return ok({ type: 'RANGES', ranges: { range: coalesce(range) } });
}

/** Decimal numbers with exponent; no hexadecimal, no blanks, no infinity. */
function parseNumber(text: string): number | undefined {
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : undefined;
}

function hasMatchedBrackets(text: string): boolean {
  const open: string[] = [];
  for (const character of text) {
    if (character === '[' || character === '{' || character === '(') open.push(character);
    const opener = { ']': '[', '}': '{', ')': '(' }[character];
    if (opener !== undefined && open.pop() !== opener) return false;
  }
  return open.length === 0;
}
