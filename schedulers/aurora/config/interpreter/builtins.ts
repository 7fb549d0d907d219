/** Names that are there without an import (spec aurora, section 2.3). */
import { EXCEPTIONS } from './exceptions.ts';
import { methodOf, update } from './methods.ts';
import { NativeFunction, NativeType, onlyPositional, positional, stringOf } from './native.ts';
import { binary, bounded, order } from './operators.ts';
import { sorted } from './sorting.ts';
import { parseFloatText, reprOf } from './text-of.ts';
import {
  type CallArguments,
  type Calls,
  indexOf,
  isNumeric,
  isTruthy,
  iterate,
  PyDict,
  PyList,
  PyObject,
  PySet,
  PyTuple,
  raised,
  typeName,
  type Value,
} from './values.ts';

const NO_KEYWORDS: ReadonlyMap<string, Value> = new Map();

export function builtins(): Map<string, Value> {
  const functions = [range('range'), range('xrange'), ...FUNCTIONS, ...TYPES];
  return new Map<string, Value>([
    ['None', null],
    ['True', true],
    ['False', false],
    ...functions.map((each): [string, Value] => [each.name, each]),
    ...EXCEPTIONS,
  ]);
}

function range(name: string): NativeFunction {
  return positional(name, [1, 3], (args, calls) => {
    const [first = 0, second, step = 1] = args.map((each) => indexOf(each));
    if (step === 0) throw raised('ValueError', `${name}() arg 3 must not be zero`);
    const [from, to] = second === undefined ? [0, first] : [first, second];
    const count = Math.max(0, Math.ceil((to - from) / step));
    calls.budget.elements(count);
    return new PyList(Array.from({ length: count }, (_, at) => BigInt(from + at * step)));
  });
}

const FUNCTIONS: readonly NativeFunction[] = [
  positional('len', [1, 1], ([value = null]) => {
    if (typeof value === 'string') return BigInt(value.length);
    if (value === null || isNumeric(value)) {
      throw raised('TypeError', `object of type '${typeName(value)}' has no len()`);
    }
    return BigInt(iterate(value).length);
  }),
  new NativeFunction('sorted', (args, calls) => {
    const [over = null] = onlyPositional('sorted', { ...args, keywords: NO_KEYWORDS }, [1, 1]);
    return new PyList(sorted(over, args, calls));
  }),
  new NativeFunction('min', (args, calls) => extreme('min', args, calls)),
  new NativeFunction('max', (args, calls) => extreme('max', args, calls)),
  positional('sum', [1, 2], ([over = null, start = 0n], calls) => {
    let sum = start;
    for (const each of iterate(over)) {
      calls.budget.step();
      sum = binary('+', sum, each, calls);
    }
    return sum;
  }),
  positional('map', [2, 50], ([mapped = null, ...sequences], calls) =>
    mapAll(mapped, sequences, calls),
  ),
  positional('reduce', [2, 3], ([callee = null, over = null, first], calls) => {
    const [head, ...rest] = first === undefined ? iterate(over) : [first, ...iterate(over)];
    if (head === undefined) {
      throw raised('TypeError', 'reduce() of empty sequence with no initial value');
    }
    return rest.reduce<Value>(
      (sum, each) => calls.call(callee, { positional: [sum, each], keywords: NO_KEYWORDS }),
      head,
    );
  }),
  positional('filter', [2, 2], ([test = null, over = null], calls) =>
    list(
      iterate(over).filter((each) => isTruthy(test === null ? each : applied(test, each, calls))),
      calls,
    ),
  ),
  positional('zip', [0, 50], (sequences, calls) => {
    const all = sequences.map((each) => iterate(each));
    const count = all.length === 0 ? 0 : Math.min(...all.map((each) => each.length));
    calls.budget.elements(count * all.length);
    return new PyList(
      Array.from({ length: count }, (_, at) => new PyTuple(all.map((each) => each[at] ?? null))),
    );
  }),
  positional('enumerate', [1, 2], ([over = null, start = 0n], calls) => {
    const first = BigInt(indexOf(start));
    return list(
      iterate(over).map((each, at) => new PyTuple([first + BigInt(at), each])),
      calls,
    );
  }),
  positional('reversed', [1, 1], ([over = null], calls) =>
    list([...iterate(over)].reverse(), calls),
  ),
  positional('any', [1, 1], ([over = null]) => iterate(over).some(isTruthy)),
  positional('all', [1, 1], ([over = null]) => iterate(over).every(isTruthy)),
  positional('abs', [1, 1], ([value = null]) => {
    if (typeof value === 'bigint') return value < 0n ? -value : value;
    if (isNumeric(value)) return Math.abs(Number(value));
    throw raised('TypeError', `bad operand type for abs(): '${typeName(value)}'`);
  }),
  positional('round', [1, 2], ([value = null, digits = 0n]) => {
    if (!isNumeric(value)) throw raised('TypeError', 'a float is required');
    const scale = 10 ** Math.max(-20, Math.min(20, indexOf(digits)));
    const number = Number(value);
    return (Math.sign(number) * Math.round(Math.abs(number) * scale)) / scale;
  }),
  positional('hex', [1, 1], ([value = null]) => inBase(value, 16, '0x')),
  positional('oct', [1, 1], ([value = null]) => inBase(value, 8, '0')),
  positional('bin', [1, 1], ([value = null]) => inBase(value, 2, '0b')),
  positional('pow', [2, 2], ([base = null, power = null], calls) =>
    binary('**', base, power, calls),
  ),
  positional('divmod', [2, 2], ([one = null, other = null], calls) => {
    return new PyTuple([binary('//', one, other, calls), binary('%', one, other, calls)]);
  }),
  positional('cmp', [2, 2], ([one = null, other = null], calls) =>
    BigInt(Math.sign(order(one, other, calls))),
  ),
  positional('repr', [1, 1], ([value = null], calls) => reprOf(value, calls)),
  positional('isinstance', [2, 2], ([value = null, type = null]) => isInstance(value, type)),
  positional(
    'callable',
    [1, 1],
    ([value = null]) => value instanceof PyObject && value.call !== PyObject.prototype.call,
  ),
  positional('getattr', [2, 3], ([value = null, name, otherwise]) => {
    const found = attributeOf(value, stringOf(name, 'getattr()'));
    if (found !== undefined) return found;
    if (otherwise !== undefined) return otherwise;
    throw missing(value, String(name));
  }),
  positional(
    'hasattr',
    [2, 2],
    ([value = null, name]) => attributeOf(value, stringOf(name, 'hasattr()')) !== undefined,
  ),
  positional('chr', [1, 1], ([code = null]) => {
    const point = indexOf(code);
    if (point < 0 || point > 255) throw raised('ValueError', 'chr() arg not in range(256)');
    return String.fromCharCode(point);
  }),
  positional('ord', [1, 1], ([char]) => {
    const text = stringOf(char, 'ord()');
    if (text.length !== 1) throw raised('TypeError', 'ord() expected a character');
    return BigInt(text.charCodeAt(0));
  }),
];

const TYPES: readonly NativeType[] = [
  new NativeType('str', textType('str'), (value) => typeof value === 'string'),
  new NativeType('unicode', textType('unicode'), (value) => typeof value === 'string'),
  new NativeType('basestring', textType('basestring'), (value) => typeof value === 'string'),
  new NativeType('int', toInt, (value) => typeof value === 'bigint' || typeof value === 'boolean'),
  new NativeType('long', toInt, (value) => typeof value === 'bigint'),
  new NativeType('float', toFloat, (value) => typeof value === 'number'),
  new NativeType(
    'bool',
    ({ positional: [value = false] }) => isTruthy(value),
    (value) => typeof value === 'boolean',
  ),
  new NativeType(
    'list',
    (args, calls) => list(from('list', args), calls),
    (value) => value instanceof PyList,
  ),
  new NativeType(
    'tuple',
    (args, calls) => new PyTuple(list(from('tuple', args), calls).items),
    (value) => value instanceof PyTuple,
  ),
  new NativeType(
    'set',
    (args, calls) => new PySet(list(from('set', args), calls).items),
    (value) => value instanceof PySet,
  ),
  new NativeType(
    'dict',
    (args, calls) => {
      const made = new PyDict();
      update(made, args, calls);
      return made;
    },
    (value) => value instanceof PyDict,
  ),
];

function textType(name: string): (args: CallArguments, calls: Calls) => Value {
  return (args, calls) => {
    const [value = ''] = onlyPositional(name, args, [0, 2]);
    return calls.text(value);
  };
}

function toInt(args: CallArguments): Value {
  const [value = 0n, base] = onlyPositional('int', args, [0, 2]);
  if (typeof value === 'number') {
    if (!Number.isFinite(value))
      throw raised('OverflowError', `cannot convert float ${value} to integer`);
    return bounded(BigInt(Math.trunc(value)));
  }
  if (isNumeric(value)) return BigInt(value);
  const text = stringOf(value, 'int()').trim();
  const radix = base === undefined ? 10 : indexOf(base);
  const prefix = radix === 16 ? '0x' : radix === 8 ? '0o' : radix === 2 ? '0b' : '';
  const isGood =
    radix === 10
      ? /^[+-]?\d{1,300}$/.test(text)
      : /^(?:0[xob])?[\da-f]{1,200}$/i.test(text) && prefix !== '';
  if (!isGood) {
    throw raised('ValueError', `invalid literal for int() with base ${radix}: '${text}'`);
  }
  try {
    const isPrefixed = prefix !== '' && text.toLowerCase().startsWith(prefix);
    return bounded(BigInt(`${isPrefixed ? '' : prefix}${text.replace(/^\+/, '')}`));
  } catch (thrown) {
    if (!(thrown instanceof SyntaxError)) throw thrown;
    throw raised('ValueError', `invalid literal for int() with base ${radix}: '${text}'`);
  }
}

function toFloat(args: CallArguments): Value {
  const [value = 0] = onlyPositional('float', args, [0, 1]);
  return isNumeric(value) ? Number(value) : parseFloatText(stringOf(value, 'float()'));
}

function from(name: string, args: CallArguments): readonly Value[] {
  const [over] = onlyPositional(name, args, [0, 1]);
  return over === undefined ? [] : iterate(over);
}

function list(items: readonly Value[], calls: Calls): PyList {
  calls.budget.elements(items.length);
  return new PyList([...items]);
}

/** Of several sequences the longest counts; the others go on with None. */
function mapAll(mapped: Value, sequences: readonly Value[], calls: Calls): PyList {
  const [first = [], ...more] = sequences.map((each) => iterate(each));
  if (more.length === 0) {
    const keeps = mapped === null;
    return list(
      first.map((each) => (keeps ? each : applied(mapped, each, calls))),
      calls,
    );
  }
  const all = [first, ...more];
  const count = Math.max(...all.map(({ length }) => length));
  calls.budget.elements(count * all.length);
  const rows = Array.from({ length: count }, (_, at) => all.map((each) => each[at] ?? null));
  return new PyList(
    rows.map((row) =>
      mapped === null
        ? new PyTuple(row)
        : calls.call(mapped, { positional: row, keywords: NO_KEYWORDS }),
    ),
  );
}

function inBase(value: Value, radix: number, prefix: string): string {
  if (typeof value !== 'bigint' && typeof value !== 'boolean') {
    throw raised('TypeError', `a number is required, not ${typeName(value)}`);
  }
  const number = BigInt(value);
  const digits = (number < 0n ? -number : number).toString(radix);
  return `${number < 0n ? '-' : ''}${digits === '0' && prefix === '0' ? '' : prefix}${digits}`;
}

function applied(callee: Value, argument: Value, calls: Calls): Value {
  return calls.call(callee, { positional: [argument], keywords: NO_KEYWORDS });
}

function extreme(name: 'min' | 'max', args: CallArguments, calls: Calls): Value {
  const [first = null] = args.positional;
  const items = args.positional.length === 1 ? iterate(first) : args.positional;
  const key = args.keywords.get('key') ?? null;
  let best: { readonly value: Value; readonly key: Value } | undefined;
  for (const value of items) {
    const own = key === null ? value : applied(key, value, calls);
    const sign = best === undefined ? -1 : order(own, best.key, calls) * (name === 'min' ? 1 : -1);
    if (sign < 0) best = { value, key: own };
  }
  if (best === undefined) throw raised('ValueError', `${name}() arg is an empty sequence`);
  return best.value;
}

function isInstance(value: Value, type: Value): boolean {
  if (type instanceof PyTuple) return type.items.some((each) => isInstance(value, each));
  const answer = type instanceof PyObject ? type.isTypeOf(value) : undefined;
  if (answer === undefined) {
    throw raised(
      'TypeError',
      'isinstance() arg 2 must be a class, type, or tuple of classes and types',
    );
  }
  return answer;
}

export function attributeOf(value: Value, name: string): Value | undefined {
  return value instanceof PyObject ? value.attribute(name) : methodOf(value, name);
}

export function missing(value: Value, name: string): Error {
  if (value instanceof PyObject) return value.missingAttribute(name);
  return raised('AttributeError', `'${typeName(value)}' object has no attribute '${name}'`);
}
