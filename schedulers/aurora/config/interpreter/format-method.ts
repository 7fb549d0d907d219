/** `'{0} {name!r:>10}'.format(...)`. `{{` and `}}` are braces. */
import { floatDirective } from './format-percent.ts';
import { reprOf } from './text-of.ts';
import {
  type CallArguments,
  type Calls,
  indexOf,
  isNumeric,
  PyDict,
  PyList,
  PyObject,
  PyTuple,
  raised,
  type Value,
} from './values.ts';

const WIDTH_MAX = 10_000;
const PRECISION_MAX = 100;
const SPEC = /^(?:([\s\S])?([<>=^]))?([-+ ])?#?(0)?(\d+)?(,)?(?:\.(\d+))?([a-zA-Z%])?$/;

export function formatWith(format: string, args: CallArguments, calls: Calls): string {
  const parts: string[] = [];
  let automatic = 0;
  let at = 0;
  while (at < format.length) {
    calls.budget.step();
    const char = format[at] ?? '';
    if (char !== '{' && char !== '}') {
      const end = format.slice(at).search(/[{}]/);
      const text = end === -1 ? format.slice(at) : format.slice(at, at + end);
      parts.push(text);
      at += text.length;
    } else if (format[at + 1] === char) {
      parts.push(char);
      at += 2;
    } else {
      const end = format.indexOf('}', at);
      if (char === '}') throw raised('ValueError', "Single '}' encountered in format string");
      if (end === -1) throw raised('ValueError', "Single '{' encountered in format string");
      const [field = '', ...rest] = format.slice(at + 1, end).split(':');
      const first = /^[.[!]|^$/.test(field) ? String(automatic++) : '';
      parts.push(replacement(`${first}${field}`, rest.join(':'), args, calls));
      at = end + 1;
    }
  }
  const made = parts.join('');
  calls.budget.characters(made.length);
  return made;
}

function replacement(field: string, spec: string, args: CallArguments, calls: Calls): string {
  const match = /^([^.[!]*)((?:\.\w+|\[[^\]]+\])*)(?:!([rs]))?$/.exec(field);
  if (match === null) throw raised('ValueError', `format field '${field}' cannot be read`);
  const [, name = '', path = '', conversion] = match;
  let value = argument(name, args);
  for (const step of path.matchAll(/\.(\w+)|\[([^\]]+)\]/g)) {
    value = step[1] === undefined ? itemOf(value, step[2] ?? '') : attributeOf(value, step[1]);
  }
  const shown = conversion === 'r' ? reprOf(value, calls) : value;
  return spec === '' ? calls.text(shown) : withSpec(shown, spec, calls);
}

function argument(name: string, args: CallArguments): Value {
  const found = /^\d+$/.test(name) ? args.positional[Number(name)] : args.keywords.get(name);
  if (found !== undefined) return found;
  if (/^\d+$/.test(name)) throw raised('IndexError', 'tuple index out of range');
  throw raised('KeyError', `'${name}'`);
}

function attributeOf(value: Value, name: string): Value {
  const found = value instanceof PyObject ? value.attribute(name) : undefined;
  if (found !== undefined) return found;
  throw value instanceof PyObject ? value.missingAttribute(name) : raised('AttributeError', name);
}

function itemOf(value: Value, key: string): Value {
  const isNumber = /^\d+$/.test(key);
  if (value instanceof PyDict) {
    const found = value.get(key) ?? (isNumber ? value.get(BigInt(key)) : undefined);
    if (found === undefined) throw raised('KeyError', `'${key}'`);
    return found;
  }
  if (value instanceof PyList || value instanceof PyTuple) {
    const found = isNumber ? value.items[Number(key)] : undefined;
    if (found === undefined) throw raised('IndexError', 'list index out of range');
    return found;
  }
  if (value instanceof PyObject) return value.item(isNumber ? BigInt(key) : key);
  throw raised('TypeError', 'format field has an index into something that has no elements');
}

function withSpec(value: Value, spec: string, calls: Calls): string {
  const match = SPEC.exec(spec);
  if (match === null) throw raised('ValueError', 'Invalid conversion specification');
  const [, fill, alignment, sign = '', zero, width = '0', comma, precision, type] = match;
  if (Number(width) > WIDTH_MAX || Number(precision ?? 0) > PRECISION_MAX) {
    throw raised('ValueError', 'width or precision is too large');
  }
  calls.budget.characters(Number(width));
  const isNumber = isNumeric(value);
  let body = isNumber
    ? number(value, { type, precision, calls })
    : text(value, { type, precision, calls });
  if (comma !== undefined && isNumber)
    body = body.replace(/^-?\d+/, (whole) => whole.replaceAll(/\B(?=(\d{3})+$)/g, ','));
  if (isNumber && sign !== '' && sign !== '-' && !body.startsWith('-')) body = `${sign}${body}`;
  const side = alignment ?? (zero !== undefined && isNumber ? '=' : isNumber ? '>' : '<');
  return aligned(body, {
    side,
    width: Number(width),
    fill: fill ?? (zero === undefined ? ' ' : '0'),
  });
}

interface Spec {
  readonly type: string | undefined;
  readonly precision: string | undefined;
  readonly calls: Calls;
}

function text(value: Value, { type, precision, calls }: Spec): string {
  if (type !== undefined && type !== 's') {
    throw raised('ValueError', `Unknown format code '${type}' for object of type 'str'`);
  }
  const whole = calls.text(value);
  return precision === undefined ? whole : whole.slice(0, Number(precision));
}

function number(value: boolean | bigint | number, { type, precision, calls }: Spec): string {
  switch (type) {
    case undefined:
      return precision === undefined
        ? calls.text(value)
        : floatDirective(value, 'g', Number(precision));
    case 'd':
      return String(indexOf(typeof value === 'number' ? BigInt(Math.trunc(value)) : value));
    case 'x':
    case 'X':
    case 'o':
    case 'b': {
      const base = type === 'b' ? 2 : type === 'o' ? 8 : 16;
      const digits = indexOf(value).toString(base);
      return type === 'X' ? digits.toUpperCase() : digits;
    }
    case '%':
      return `${(Number(value) * 100).toFixed(Number(precision ?? 6))}%`;
    case 'e':
    case 'f':
    case 'g':
      return floatDirective(value, type, Number(precision ?? 6));
    default:
      throw raised('ValueError', `Unknown format code '${type}' for a number`);
  }
}

function aligned(
  text: string,
  how: { readonly side: string; readonly width: number; readonly fill: string },
): string {
  const { side, width, fill } = how;
  const room = Math.max(0, width - text.length);
  if (side === '<') return text + fill.repeat(room);
  if (side === '>') return fill.repeat(room) + text;
  if (side === '^') {
    const left = Math.floor(room / 2);
    return fill.repeat(left) + text + fill.repeat(room - left);
  }
  const sign = /^[-+ ]/.exec(text)?.[0] ?? '';
  return sign + fill.repeat(room) + text.slice(sign.length);
}
