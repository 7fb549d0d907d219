/**
 * JSON text as the originals write it (spec scheduler-api, section 3.1): doubles always show a
 * fraction or an exponent (`4.0`, `0.1`, `1e22`), integers never do, key order is kept.
 *
 * Trees for `writeJson` say which numbers are doubles with `Double`; `RawJson` embeds text that is
 * JSON already, for cached fragments.
 */

/** A number that is written with a fraction. */
export class Double {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }
}

/** Text that is valid JSON and is copied as it stands. */
export class RawJson {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** Members that are `undefined` are left out. */
export type JsonValue =
  | null
  | boolean
  | number
  | string
  | Double
  | RawJson
  | readonly JsonValue[]
  | JsonObject;

export interface JsonObject {
  readonly [key: string]: JsonValue | undefined;
}

export function double(value: number): Double {
  return new Double(value);
}

/** The shortest text that reads back to the same double, with `.0` when it is a whole number. */
export function formatDouble(value: number): string {
  if (Number.isInteger(value) && value < 1e21 && value > -1e21) {
    return Object.is(value, -0) ? '-0.0' : `${value}.0`;
  }
  // The originals have no defined text for these; their parser accepts this one.
  if (!Number.isFinite(value)) return `"${value}"`;
  const text = String(value);
  return text.includes('e+') ? text.replace('e+', 'e') : text;
}

/** Control characters without a short escape; the originals write their codes in upper case. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for.
const LONG_ESCAPED = /[\u0000-\u0007\u000b\u000e-\u001f]/;

/** Nothing to escape: most strings. */
const PLAIN = /^[ !#-[\]-~]*$/;

export function writeString(text: string): string {
  if (PLAIN.test(text)) return `"${text}"`;
  const quoted = JSON.stringify(text);
  if (!LONG_ESCAPED.test(text)) return quoted;
  return quoted.replaceAll(/\\(\\|u00[01][0-9a-f])/g, (found) =>
    found.startsWith('\\u') ? `\\u${found.slice(2).toUpperCase()}` : found,
  );
}

export function writeJson(value: JsonValue): string {
  switch (typeof value) {
    case 'string':
      return writeString(value);
    case 'number':
      return Number.isFinite(value) ? String(value) : `"${value}"`;
    case 'boolean':
      return value ? 'true' : 'false';
    default:
      break;
  }
  if (value === null) return 'null';
  if (value instanceof Double) return formatDouble(value.value);
  if (value instanceof RawJson) return value.text;
  if (isList(value)) return `[${value.map(writeJson).join(',')}]`;
  let text = '';
  for (const key of Object.keys(value)) {
    const member = value[key];
    if (member === undefined) continue;
    text += `${text === '' ? '{' : ','}${writeString(key)}:${writeJson(member)}`;
  }
  return text === '' ? '{}' : `${text}}`;
}

function isList(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}
