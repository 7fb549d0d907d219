/** `str` and `repr` as Python 2 prints them. */
import {
  type Calls,
  PyDict,
  PyList,
  PyObject,
  PySet,
  PyTuple,
  raised,
  type Value,
} from './values.ts';

const DEPTH_MAX = 50;
/** Python switches to an exponent here. */
const EXPONENT_MIN = -4;
const REPR_DIGITS = 16;
const STR_DIGITS = 12;

export function textOf(value: Value, calls: Calls): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return floatText(value, STR_DIGITS);
  if (value instanceof PyObject) return value.text(calls);
  return reprOf(value, calls);
}

export function reprOf(value: Value, calls: Calls, depth = 0): string {
  if (depth > DEPTH_MAX) return '...';
  calls.budget.step();
  const text = reprUncounted(value, calls, depth);
  // Shared parts are printed once for each place, so the text can be far larger than the value.
  calls.budget.characters(text.length);
  return text;
}

function reprUncounted(value: Value, calls: Calls, depth: number): string {
  if (value === null) return 'None';
  if (value === true) return 'True';
  if (value === false) return 'False';
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'number') return floatText(value, REPR_DIGITS);
  if (typeof value === 'string') return quoted(value);
  const each = (one: Value): string => reprOf(one, calls, depth + 1);
  if (value instanceof PyList) return `[${value.items.map(each).join(', ')}]`;
  if (value instanceof PyTuple) {
    const inner = value.items.map(each).join(', ');
    return value.items.length === 1 ? `(${inner},)` : `(${inner})`;
  }
  if (value instanceof PyDict) {
    const entries = [...value.entries.values()].map(([key, one]) => `${each(key)}: ${each(one)}`);
    return `{${entries.join(', ')}}`;
  }
  if (value instanceof PySet) return `set([${[...value.entries.values()].map(each).join(', ')}])`;
  return value.repr();
}

export function quoted(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is escaped
  const body = text.replaceAll(/[\\\n\r\t\u0000-\u001f\u007f]|['"]/g, (char) => {
    if (char === '\\') return '\\\\';
    if (char === '\n') return '\\n';
    if (char === '\r') return '\\r';
    if (char === '\t') return '\\t';
    if (char === "'" || char === '"') return char === quote ? `\\${char}` : char;
    return `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });
  return `${quote}${body}${quote}`;
}

/** `%.12g` for str, the shortest text that reads back as the same number for repr. */
export function floatText(value: number, digits: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  const shortest = digits === REPR_DIGITS ? value : Number(value.toPrecision(digits));
  const [mantissa = '0', exponent = '0'] = shortest.toExponential().split('e');
  const power = Number(exponent);
  if (power < EXPONENT_MIN || power >= digits) {
    return `${mantissa}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`;
  }
  const plain = Object.is(shortest, -0) ? '-0' : String(shortest);
  return plain.includes('.') ? plain : `${plain}.0`;
}

export function parseFloatText(text: string): number {
  const trimmed = text.trim();
  if (/^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(trimmed)) return Number(trimmed);
  const special = /^([+-]?)(inf(?:inity)?|nan)$/i.exec(trimmed);
  if (special !== null) {
    if (special[2]?.toLowerCase() === 'nan') return Number.NaN;
    return special[1] === '-' ? -Infinity : Infinity;
  }
  throw raised('ValueError', `could not convert string to float: ${trimmed}`);
}
