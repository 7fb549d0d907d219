/** What the operators do, with the arithmetic of Python 2: `/` of two ints floors, `%` has the sign of the divisor. */
import { formatPercent } from './format-percent.ts';
import {
  type Calls,
  isNumeric,
  iterate,
  keyOf,
  PyDict,
  PyList,
  PyObject,
  PySet,
  PyTuple,
  raised,
  typeName,
  type Value,
} from './values.ts';

/** Larger ints are refused. */
const INT_MAX = 2n ** 1024n;
const SHIFT_MAX = 1024n;
const COMPARE_DEPTH_MAX = 50;

export function binary(operator: string, left: Value, right: Value, calls: Calls): Value {
  const own = left instanceof PyObject ? left.binary(operator, right, false, calls) : undefined;
  if (own !== undefined) return own;
  if (operator === '%' && typeof left === 'string') return formatPercent(left, right, calls);
  const theirs = right instanceof PyObject ? right.binary(operator, left, true, calls) : undefined;
  if (theirs !== undefined) return theirs;
  if (isNumeric(left) && isNumeric(right)) {
    const number = arithmetic(operator, left, right);
    if (number !== undefined) return number;
  }
  const made = sequences(operator, left, right, calls);
  if (made !== undefined) return made;
  const sign = operator === '**' ? '** or pow()' : operator;
  throw raised(
    'TypeError',
    `unsupported operand type(s) for ${sign}: '${typeName(left)}' and '${typeName(right)}'`,
  );
}

type Numeric = boolean | bigint | number;

function arithmetic(operator: string, left: Numeric, right: Numeric): Value | undefined {
  if (typeof left === 'number' || typeof right === 'number') {
    return floats(operator, Number(left), Number(right));
  }
  return ints(operator, BigInt(left), BigInt(right));
}

function floats(operator: string, left: number, right: number): Value | undefined {
  switch (operator) {
    case '+':
      return left + right;
    case '-':
      return left - right;
    case '*':
      return left * right;
    case '/':
      return left / notZero(right);
    case '//':
      return Math.floor(left / notZero(right));
    case '%':
      return left - right * Math.floor(left / notZero(right));
    case '**': {
      const power = left ** right;
      if (Number.isNaN(power) && !Number.isNaN(left) && !Number.isNaN(right)) {
        throw raised('ValueError', 'negative number cannot be raised to a fractional power');
      }
      return power;
    }
    default:
      return undefined;
  }
}

function notZero(divisor: number): number {
  if (divisor === 0) throw raised('ZeroDivisionError', 'float division by zero');
  return divisor;
}

function ints(operator: string, left: bigint, right: bigint): Value | undefined {
  switch (operator) {
    case '+':
      return bounded(left + right);
    case '-':
      return bounded(left - right);
    case '*':
      return bounded(left * right);
    case '/':
    case '//':
      return floorDivide(left, right);
    case '%':
      return left - right * floorDivide(left, right);
    case '**':
      return power(left, right);
    case '<<':
      if (right < 0n || right > SHIFT_MAX)
        throw raised('ValueError', 'shift count is out of range');
      return bounded(left << right);
    case '>>':
      if (right < 0n) throw raised('ValueError', 'negative shift count');
      return right > SHIFT_MAX ? (left < 0n ? -1n : 0n) : left >> right;
    case '&':
      return left & right;
    case '|':
      return left | right;
    case '^':
      return left ^ right;
    default:
      return undefined;
  }
}

export function bounded(value: bigint): bigint {
  if (value > INT_MAX || value < -INT_MAX) throw raised('OverflowError', 'number is too large');
  return value;
}

function floorDivide(left: bigint, right: bigint): bigint {
  if (right === 0n) throw raised('ZeroDivisionError', 'integer division or modulo by zero');
  const quotient = left / right;
  return left % right !== 0n && left < 0n !== right < 0n ? quotient - 1n : quotient;
}

function power(left: bigint, right: bigint): Value {
  if (right < 0n) {
    if (left === 0n) throw raised('ZeroDivisionError', '0.0 cannot be raised to a negative power');
    return Number(left) ** Number(right);
  }
  const bits = BigInt((left < 0n ? -left : left).toString(2).length);
  const isSmall = left === 0n || left === 1n || left === -1n;
  if (!isSmall && (bits - 1n) * right > SHIFT_MAX)
    throw raised('OverflowError', 'number is too large');
  // The exponent of these three does not matter but for its parity.
  return isSmall ? left ** (right === 0n ? 0n : 2n - (right % 2n)) : bounded(left ** right);
}

function sequences(operator: string, left: Value, right: Value, calls: Calls): Value | undefined {
  if (operator === '+') return concatenate(left, right, calls);
  if (operator === '*') {
    if (typeof right === 'bigint' || typeof right === 'boolean') return repeat(left, right, calls);
    if (typeof left === 'bigint' || typeof left === 'boolean') return repeat(right, left, calls);
  }
  if (left instanceof PySet && right instanceof PySet) return ofSets(operator, left, right, calls);
  return undefined;
}

function concatenate(left: Value, right: Value, calls: Calls): Value | undefined {
  if (typeof left === 'string' && typeof right === 'string') {
    calls.budget.characters(left.length + right.length);
    return left + right;
  }
  if (left instanceof PyList && right instanceof PyList) {
    calls.budget.elements(left.items.length + right.items.length);
    return new PyList([...left.items, ...right.items]);
  }
  if (left instanceof PyTuple && right instanceof PyTuple) {
    calls.budget.elements(left.items.length + right.items.length);
    return new PyTuple([...left.items, ...right.items]);
  }
  if (typeof left === 'string') {
    throw raised('TypeError', `cannot concatenate 'str' and '${typeName(right)}' objects`);
  }
  return undefined;
}

function repeat(value: Value, times: bigint | boolean, calls: Calls): Value | undefined {
  const wanted = BigInt(times);
  const count = wanted < 0n ? 0 : Number(wanted);
  if (typeof value === 'string') {
    calls.budget.characters(value.length * count);
    return value === '' ? '' : value.repeat(count);
  }
  if (!(value instanceof PyList) && !(value instanceof PyTuple)) return undefined;
  calls.budget.elements(value.items.length * count);
  const items =
    value.items.length === 0 ? [] : Array.from({ length: count }, () => value.items).flat();
  return value instanceof PyList ? new PyList(items) : new PyTuple(items);
}

function ofSets(operator: string, left: PySet, right: PySet, calls: Calls): Value | undefined {
  calls.budget.elements(left.entries.size + right.entries.size);
  const ofLeft = [...left.entries].filter(([id]) => right.entries.has(id)).map(([, each]) => each);
  const onlyLeft = [...left.entries]
    .filter(([id]) => !right.entries.has(id))
    .map(([, each]) => each);
  const onlyRight = [...right.entries]
    .filter(([id]) => !left.entries.has(id))
    .map(([, each]) => each);
  switch (operator) {
    case '|':
      return new PySet([...left.entries.values(), ...onlyRight]);
    case '&':
      return new PySet(ofLeft);
    case '-':
      return new PySet(onlyLeft);
    case '^':
      return new PySet([...onlyLeft, ...onlyRight]);
    default:
      return undefined;
  }
}

export function unary(operator: string, value: Value): Value {
  if (isNumeric(value)) {
    if (typeof value === 'number' && operator === '-') return -value;
    if (typeof value === 'number' && operator === '+') return value;
    if (typeof value !== 'number') {
      const int = BigInt(value);
      return operator === '-' ? -int : operator === '~' ? ~int : int;
    }
  }
  throw raised('TypeError', `bad operand type for unary ${operator}: '${typeName(value)}'`);
}

export function compare(operator: string, left: Value, right: Value, calls: Calls): boolean {
  switch (operator) {
    case '==':
      return areEqual(left, right, calls);
    case '!=':
      return !areEqual(left, right, calls);
    case 'is':
      return isSame(left, right);
    case 'is not':
      return !isSame(left, right);
    case 'in':
      return contains(right, left, calls);
    case 'not in':
      return !contains(right, left, calls);
    case '<':
      return order(left, right, calls) < 0;
    case '<=':
      return order(left, right, calls) <= 0;
    case '>':
      return order(left, right, calls) > 0;
    default:
      return order(left, right, calls) >= 0;
  }
}

function isSame(left: Value, right: Value): boolean {
  return Object.is(left, right);
}

export function areEqual(left: Value, right: Value, calls: Calls, depth = 0): boolean {
  calls.budget.step();
  if (depth > COMPARE_DEPTH_MAX)
    throw raised('RuntimeError', 'maximum recursion depth exceeded in cmp');
  if (left === right) return true;
  if (isNumeric(left) && isNumeric(right)) return keyOf(left) === keyOf(right);
  if (left instanceof PyObject) return left.equals(right, calls);
  if (right instanceof PyObject) return right.equals(left, calls);
  if (
    (left instanceof PyList && right instanceof PyList) ||
    (left instanceof PyTuple && right instanceof PyTuple)
  ) {
    const others = right.items;
    return (
      left.items.length === others.length &&
      left.items.every((each, at) => areEqual(each, others[at] ?? null, calls, depth + 1))
    );
  }
  if (left instanceof PyDict && right instanceof PyDict) {
    return (
      left.entries.size === right.entries.size &&
      [...left.entries].every(([id, [, value]]) => {
        const other = right.entries.get(id);
        return other !== undefined && areEqual(value, other[1], calls, depth + 1);
      })
    );
  }
  if (left instanceof PySet && right instanceof PySet) {
    return (
      left.entries.size === right.entries.size &&
      [...left.entries.keys()].every((id) => right.entries.has(id))
    );
  }
  return false;
}

/** Rank of a type: Python 2 orders values of any types, numbers first, then by the type's name. */
function rank(value: Value): string {
  if (value === null) return '';
  return isNumeric(value) ? '!' : typeName(value);
}

export function order(left: Value, right: Value, calls: Calls, depth = 0): number {
  calls.budget.step();
  if (depth > COMPARE_DEPTH_MAX)
    throw raised('RuntimeError', 'maximum recursion depth exceeded in cmp');
  const own = left instanceof PyObject ? left.order(right, calls) : undefined;
  if (own !== undefined) return own;
  const ranks = [rank(left), rank(right)] as const;
  if (ranks[0] !== ranks[1]) return ranks[0] < ranks[1] ? -1 : 1;
  if (isNumeric(left) && isNumeric(right)) return left < right ? -1 : left > right ? 1 : 0;
  if (typeof left === 'string' && typeof right === 'string') {
    return left < right ? -1 : left > right ? 1 : 0;
  }
  if (
    (left instanceof PyList && right instanceof PyList) ||
    (left instanceof PyTuple && right instanceof PyTuple)
  ) {
    const others = right.items;
    for (const [at, each] of left.items.entries()) {
      const other = others[at];
      if (other === undefined) return 1;
      const found = order(each, other, calls, depth + 1);
      if (found !== 0) return found;
    }
    return left.items.length < others.length ? -1 : 0;
  }
  if (areEqual(left, right, calls)) return 0;
  throw raised('TypeError', `'${typeName(left)}' objects have no order`);
}

/** Looking for one text in another may compare every place with every character. */
export function searched(text: string, wanted: string, calls: Calls): void {
  calls.budget.step(1 + Math.ceil((text.length * wanted.length) / 1_000));
}

export function contains(container: Value, value: Value, calls: Calls): boolean {
  if (typeof container === 'string') {
    if (typeof value === 'string') {
      searched(container, value, calls);
      return container.includes(value);
    }
    throw raised(
      'TypeError',
      `'in <string>' requires string as left operand, not ${typeName(value)}`,
    );
  }
  if (container instanceof PyDict || container instanceof PySet) {
    return container.entries.has(keyOf(value));
  }
  const own = container instanceof PyObject ? container.contains(value) : undefined;
  return own ?? iterate(container).some((each) => areEqual(each, value, calls));
}
