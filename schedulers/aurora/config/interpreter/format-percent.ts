/** `'%s' % value`. */
import { floatText, reprOf } from './text-of.ts';
import { type Calls, isNumeric, PyDict, PyTuple, raised, typeName, type Value } from './values.ts';

const DIRECTIVE = /%(?:\(([^)]*)\))?([-+ #0]*)(\*|\d+)?(?:\.(\d+))?[hlL]?([\s\S])?/g;
const WIDTH_MAX = 10_000;
const PRECISION_MAX = 100;
const FLOAT_DIGITS = 6;

export function formatPercent(format: string, values: Value, calls: Calls): string {
  const list = values instanceof PyTuple ? values.items : [values];
  let used = 0;
  let isByName = false;
  const next = (name: string | undefined): Value => {
    if (name !== undefined) {
      isByName = true;
      if (!(values instanceof PyDict)) throw raised('TypeError', 'format requires a mapping');
      const found = values.get(name);
      if (found === undefined) throw raised('KeyError', reprOf(name, calls));
      return found;
    }
    const value = list[used];
    if (value === undefined) throw raised('TypeError', 'not enough arguments for format string');
    used += 1;
    return value;
  };
  const made = format.replaceAll(DIRECTIVE, (...match: readonly unknown[]) => {
    const [, name, flags = '', width, precision, type] = match.map((each) =>
      typeof each === 'string' ? each : undefined,
    );
    calls.budget.step();
    if (type === '%') return '%';
    if (type === undefined) throw raised('ValueError', 'incomplete format');
    if (width === '*') throw raised('ValueError', '* widths are not supported in configurations');
    const body = directive(next(name), { type, flags, precision, calls });
    return padded(body, { flags, width: Number(width ?? 0), calls });
  });
  if (!isByName && used < list.length && !(values instanceof PyDict)) {
    throw raised('TypeError', 'not all arguments converted during string formatting');
  }
  calls.budget.characters(made.length);
  return made;
}

interface Directive {
  readonly type: string;
  readonly flags: string;
  readonly precision: string | undefined;
  readonly calls: Calls;
}

function directive(value: Value, how: Directive): string {
  const { type, flags, precision, calls } = how;
  if (Number(precision ?? 0) > PRECISION_MAX) throw raised('ValueError', 'precision is too large');
  switch (type) {
    case 's':
    case 'r': {
      const text = type === 's' ? calls.text(value) : reprOf(value, calls);
      return precision === undefined ? text : text.slice(0, Number(precision));
    }
    case 'd':
    case 'i':
    case 'u':
      return signed(integerPart(value, type).toString(), flags);
    case 'x':
    case 'X':
    case 'o': {
      const text = integerPart(value, type).toString(type === 'o' ? 8 : 16);
      return type === 'X' ? text.toUpperCase() : text;
    }
    case 'e':
    case 'E':
    case 'f':
    case 'F':
    case 'g':
    case 'G':
      return signed(floatDirective(value, type, Number(precision ?? FLOAT_DIGITS)), flags);
    case 'c':
      if (typeof value === 'string' && value.length === 1) return value;
      throw raised('TypeError', '%c requires int or char');
    default:
      throw raised('ValueError', `unsupported format character '${type}'`);
  }
}

function signed(text: string, flags: string): string {
  if (text.startsWith('-')) return text;
  return flags.includes('+') ? `+${text}` : flags.includes(' ') ? ` ${text}` : text;
}

function integerPart(value: Value, type: string): bigint {
  if (!isNumeric(value) || (typeof value === 'number' && !Number.isFinite(value))) {
    throw raised('TypeError', `%${type} format: a number is required, not ${typeName(value)}`);
  }
  return typeof value === 'number' ? BigInt(Math.trunc(value)) : BigInt(value);
}

export function floatDirective(value: Value, type: string, precision: number): string {
  if (!isNumeric(value))
    throw raised('TypeError', `float argument required, not ${typeName(value)}`);
  const number = Number(value);
  if (!Number.isFinite(number)) return floatText(number, FLOAT_DIGITS);
  switch (type.toLowerCase()) {
    case 'f':
      return Math.abs(number) < 1e21 ? number.toFixed(precision) : BigInt(number).toString();
    case 'e': {
      const [mantissa, exponent = '+0'] = number.toExponential(precision).split('e');
      return `${mantissa}e${exponent[0]}${exponent.slice(1).padStart(2, '0')}`;
    }
    default:
      return floatText(number, Math.max(1, precision)).replace(/\.0$/, '');
  }
}

function padded(
  text: string,
  how: { readonly flags: string; readonly width: number; readonly calls: Calls },
): string {
  const { flags, width, calls } = how;
  if (width > WIDTH_MAX) throw raised('ValueError', 'width is too large');
  calls.budget.characters(width);
  if (flags.includes('-')) return text.padEnd(width);
  if (!flags.includes('0')) return text.padStart(width);
  const sign = /^[-+ ]/.exec(text)?.[0] ?? '';
  return sign + text.slice(sign.length).padStart(width - sign.length, '0');
}
