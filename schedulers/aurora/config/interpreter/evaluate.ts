/** One expression to its value. Before an operator acts, its place is noted for the error that may come. */

import { assign } from './assign.ts';
import { attributeOf, missing } from './builtins.ts';
import type { Frame } from './frame.ts';
import { ConfigFunction } from './functions.ts';
import type { Interpreter } from './interpreter.ts';
import { binary, compare, unary } from './operators.ts';
import type { Argument, Clause, Expression, Parameters } from './syntax.ts';
import { reprOf } from './text-of.ts';
import {
  type CallArguments,
  indexOf,
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

type Of<K extends Expression['kind']> = Extract<Expression, { kind: K }>;

export function evaluateExpression(it: Interpreter, node: Expression, frame: Frame): Value {
  switch (node.kind) {
    case 'literal':
      return node.value;
    case 'name':
      it.locate(frame, node.at);
      return lookUp(it, node.name, frame);
    case 'attribute': {
      const of = it.evaluate(node.of, frame);
      it.locate(frame, node.at);
      const found = attributeOf(of, node.name);
      if (found === undefined) throw missing(of, node.name);
      return found;
    }
    case 'call':
      return evaluateCall(it, node, frame);
    case 'item': {
      const of = it.evaluate(node.of, frame);
      const key = it.evaluate(node.key, frame);
      it.locate(frame, node.at);
      return itemOf(it, of, key);
    }
    case 'slice':
      return evaluateSlice(it, node, frame);
    case 'list':
    case 'tuple':
    case 'set':
      return evaluateElements(it, node, frame);
    case 'dict':
      return evaluateDict(it, node, frame);
    case 'comprehension':
      return evaluateComprehension(it, node, frame);
    case 'lambda':
      return new ConfigFunction({
        name: '<lambda>',
        parameters: node.parameters,
        defaults: evaluateDefaults(it, node.parameters, frame),
        body: { kind: 'expression', value: node.body },
        around: frame,
        interpreter: it,
      });
    case 'conditional':
      return it.evaluate(
        isTruthy(it.evaluate(node.condition, frame)) ? node.then : node.otherwise,
        frame,
      );
    case 'and':
    case 'or': {
      const left = it.evaluate(node.left, frame);
      return isTruthy(left) === (node.kind === 'and') ? it.evaluate(node.right, frame) : left;
    }
    case 'not':
      return !isTruthy(it.evaluate(node.of, frame));
    case 'compare':
      return evaluateComparison(it, node, frame);
    case 'binary': {
      const left = it.evaluate(node.left, frame);
      const right = it.evaluate(node.right, frame);
      it.locate(frame, node.at);
      return binary(node.operator, left, right, it);
    }
    case 'unary': {
      const of = it.evaluate(node.of, frame);
      it.locate(frame, node.at);
      return unary(node.operator, of);
    }
  }
}

function lookUp(it: Interpreter, name: string, frame: Frame): Value {
  for (let each: Frame | undefined = frame; each !== undefined; each = each.parent) {
    if (each.global.has(name)) break;
    const found = each.names.get(name);
    if (found !== undefined) return found;
    if (each.assigned?.has(name) === true) {
      throw raised('UnboundLocalError', `local variable '${name}' referenced before assignment`);
    }
  }
  const found = frame.globals.get(name) ?? it.builtin(name);
  if (found === undefined) throw raised('NameError', `name '${name}' is not defined`);
  return found;
}

function evaluateCall(it: Interpreter, node: Of<'call'>, frame: Frame): Value {
  const callee = it.evaluate(node.callee, frame);
  const args = evaluateArguments(it, node.args, frame);
  it.locate(frame, node.at);
  return it.call(callee, args);
}

function evaluateArguments(
  it: Interpreter,
  given: readonly Argument[],
  frame: Frame,
): CallArguments {
  const positional: Value[] = [];
  const keywords = new Map<string, Value>();
  for (const { kind, name, value: node } of given) {
    const value = it.evaluate(node, frame);
    if (kind === 'positional') positional.push(value);
    else if (kind === 'keyword') addKeyword(keywords, name, value);
    else if (kind === 'spread') {
      const items = iterate(value);
      it.budget.elements(items.length);
      for (const each of items) positional.push(each);
    } else {
      if (!(value instanceof PyDict)) {
        throw raised('TypeError', `argument after ** must be a mapping, not ${typeName(value)}`);
      }
      it.budget.elements(value.entries.size);
      for (const [key, each] of value.entries.values()) {
        if (typeof key !== 'string') throw raised('TypeError', 'keywords must be strings');
        addKeyword(keywords, key, each);
      }
    }
  }
  return { positional, keywords };
}

function addKeyword(keywords: Map<string, Value>, name: string, value: Value): void {
  if (keywords.has(name)) {
    throw raised('TypeError', `got multiple values for keyword argument '${name}'`);
  }
  keywords.set(name, value);
}

function itemOf(it: Interpreter, of: Value, key: Value): Value {
  if (of instanceof PyDict) {
    const found = of.get(key);
    if (found === undefined) throw raised('KeyError', reprOf(key, it));
    return found;
  }
  if (of instanceof PyObject) return of.item(key);
  const isText = typeof of === 'string';
  if (!isText && !(of instanceof PyList) && !(of instanceof PyTuple)) {
    throw raised('TypeError', `'${typeName(of)}' object has no attribute '__getitem__'`);
  }
  const kind = typeName(of);
  const index = indexOf(key, `${kind} indices must be integers, not ${typeName(key)}`);
  const items = isText ? of : of.items;
  const found = items[index < 0 ? index + items.length : index];
  if (found === undefined)
    throw raised('IndexError', `${isText ? 'string' : kind} index out of range`);
  return found;
}

function evaluateSlice(it: Interpreter, node: Of<'slice'>, frame: Frame): Value {
  const of = it.evaluate(node.of, frame);
  const bounds = [node.from, node.to, node.step].map((each) => {
    const bound = each === undefined ? null : it.evaluate(each, frame);
    return bound === null ? undefined : indexOf(bound, 'slice indices must be integers or None');
  });
  it.locate(frame, node.at);
  const [from, to, step = 1] = bounds;
  if (step === 0) throw raised('ValueError', 'slice step cannot be zero');
  if (typeof of === 'string') {
    const chars = step === 1 ? of.slice(from ?? 0, to) : sliced([...of], from, to, step).join('');
    it.budget.characters(chars.length);
    return chars;
  }
  if (!(of instanceof PyList) && !(of instanceof PyTuple)) {
    throw raised('TypeError', `'${typeName(of)}' object is not sliceable`);
  }
  const items = sliced(of.items, from, to, step);
  it.budget.elements(items.length);
  return of instanceof PyList ? new PyList(items) : new PyTuple(items);
}

function sliced<T>(
  items: readonly T[],
  from: number | undefined,
  to: number | undefined,
  step: number,
): T[] {
  if (step === 1) return items.slice(from ?? 0, to);
  const clamp = (bound: number): number => {
    const index = bound < 0 ? bound + items.length : bound;
    return step > 0
      ? Math.min(Math.max(index, 0), items.length)
      : Math.min(Math.max(index, -1), items.length - 1);
  };
  const first = from === undefined ? (step > 0 ? 0 : items.length - 1) : clamp(from);
  const end = to === undefined ? (step > 0 ? items.length : -1) : clamp(to);
  const made: T[] = [];
  for (let at = first; step > 0 ? at < end : at > end; at += step) {
    const each = items[at];
    if (each !== undefined) made.push(each);
  }
  return made;
}

function evaluateElements(
  it: Interpreter,
  node: Of<'list' | 'tuple' | 'set'>,
  frame: Frame,
): Value {
  it.budget.elements(node.elements.length);
  const items = node.elements.map((each) => it.evaluate(each, frame));
  it.locate(frame, node.at);
  if (node.kind === 'list') return new PyList(items);
  return node.kind === 'tuple' ? new PyTuple(items) : new PySet(items);
}

function evaluateDict(it: Interpreter, node: Of<'dict'>, frame: Frame): Value {
  it.budget.elements(node.entries.length);
  const made = new PyDict();
  for (const [key, value] of node.entries) {
    const name = it.evaluate(key, frame);
    made.set(name, it.evaluate(value, frame));
  }
  return made;
}

function evaluateComprehension(it: Interpreter, node: Of<'comprehension'>, frame: Frame): Value {
  const made: Value[] = [];
  const pairs = new PyDict();
  const [first, second] = node.element;
  const inner = frame.inner();
  runClauses(it, node.clauses, inner, () => {
    it.budget.elements(1);
    const value = it.evaluate(first, inner);
    if (second === undefined) made.push(value);
    else pairs.set(value, it.evaluate(second, inner));
  });
  it.locate(frame, node.at);
  if (node.makes === 'dict') return pairs;
  return node.makes === 'set' ? new PySet(made) : new PyList(made);
}

function runClauses(
  it: Interpreter,
  clauses: readonly Clause[],
  frame: Frame,
  act: () => void,
): void {
  const [clause, ...rest] = clauses;
  if (clause === undefined) {
    act();
  } else if (clause.kind === 'if') {
    if (isTruthy(it.evaluate(clause.condition, frame))) runClauses(it, rest, frame, act);
  } else {
    for (const each of iterate(it.evaluate(clause.over, frame))) {
      it.budget.step();
      assign(it, clause.target, each, frame);
      runClauses(it, rest, frame, act);
    }
  }
}

function evaluateComparison(it: Interpreter, node: Of<'compare'>, frame: Frame): Value {
  let left = it.evaluate(node.first, frame);
  for (const { operator, value } of node.rest) {
    const right = it.evaluate(value, frame);
    it.locate(frame, node.at);
    if (!compare(operator, left, right, it)) return false;
    left = right;
  }
  return true;
}

export function evaluateDefaults(
  it: Interpreter,
  parameters: Parameters,
  frame: Frame,
): ReadonlyMap<string, Value> {
  const defaults = new Map<string, Value>();
  for (const { name, otherwise } of parameters.names) {
    if (otherwise !== undefined) defaults.set(name, it.evaluate(otherwise, frame));
  }
  return defaults;
}
