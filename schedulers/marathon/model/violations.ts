/**
 * What is wrong with a document, in the original's words, and the one place that knows ajv
 * (spec marathon-rest, section 1.1). Paths: `/a` for members, `(0)` for list entries.
 */
import type { ErrorObject } from 'ajv';

export interface Violation {
  /** `/` is the document itself. */
  readonly path: string;
  readonly message: string;
}

export function violation(path: string, message: string): Violation {
  return { path, message };
}

/** `details` of a 422: one entry per path, in the order in which the paths were first seen. */
export function groupByPath(
  violations: readonly Violation[],
): { readonly path: string; readonly errors: readonly string[] }[] {
  const grouped = new Map<string, string[]>();
  for (const { path, message } of violations) {
    const errors = grouped.get(path);
    if (errors === undefined) grouped.set(path, [message]);
    else if (!errors.includes(message)) errors.push(message);
  }
  return [...grouped].map(([path, errors]) => ({ path, errors }));
}

/** Translates what ajv found; branches of `anyOf` are reported through their first error only. */
export function violationsOfSchema(errors: readonly ErrorObject[]): Violation[] {
  const found: Violation[] = [];
  for (const error of errors) {
    if (error.keyword === 'anyOf' || error.keyword === 'oneOf' || error.keyword === 'if') continue;
    found.push({ path: pathOf(error), message: codeOf(error) });
  }
  return found;
}

function pathOf(error: ErrorObject): string {
  const base = toPath(error.instancePath);
  const missing: unknown = error.params['missingProperty'];
  if (error.keyword !== 'required' || typeof missing !== 'string') return base;
  return base === '/' ? `/${missing}` : `${base}/${missing}`;
}

/** `/healthChecks/0/port` becomes `/healthChecks(0)/port`. */
function toPath(pointer: string): string {
  let path = '';
  for (const segment of pointer.split('/').slice(1)) {
    const name = segment.replaceAll('~1', '/').replaceAll('~0', '~');
    path += /^\d+$/.test(name) ? `(${name})` : `/${name}`;
  }
  return path === '' ? '/' : path;
}

const TYPE_CODES: Readonly<Record<string, string>> = {
  string: 'error.expected.jsstring',
  number: 'error.expected.jsnumber',
  integer: 'error.expected.jsnumber',
  boolean: 'error.expected.jsboolean',
  array: 'error.expected.jsarray',
  object: 'error.expected.jsobject',
};

const KEYWORD_CODES: Readonly<Record<string, string>> = {
  required: 'error.path.missing',
  minimum: 'error.min',
  exclusiveMinimum: 'error.min',
  maximum: 'error.max',
  minLength: 'error.minLength',
  maxLength: 'error.maxLength',
  minItems: 'error.minLength',
  maxItems: 'error.maxLength',
  pattern: 'error.pattern',
  uniqueItems: 'error.unique',
};

function codeOf(error: ErrorObject): string {
  if (error.keyword === 'type') {
    const type: unknown = error.params['type'];
    const first: unknown = Array.isArray(type) ? type[0] : type;
    return TYPE_CODES[String(first)] ?? `error.expected.js${String(first)}`;
  }
  if (error.keyword === 'names') {
    const names = Array.isArray(error.schema) ? error.schema.join(', ') : '';
    return `error.unknown.enum.literal: '${String(error.data)}' is not one of ${names}`;
  }
  return KEYWORD_CODES[error.keyword] ?? error.message ?? error.keyword;
}
