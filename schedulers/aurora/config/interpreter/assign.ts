/** Binding of names, items, and of several at once. */
import type { Frame } from './frame.ts';
import type { Interpreter } from './interpreter.ts';
import type { Expression } from './syntax.ts';
import { reprOf } from './text-of.ts';
import { indexOf, iterate, PyDict, PyList, raised, typeName, type Value } from './values.ts';

export function assign(it: Interpreter, target: Expression, value: Value, frame: Frame): void {
  switch (target.kind) {
    case 'name':
      frame.set(target.name, value);
      return;
    case 'item': {
      const of = it.evaluate(target.of, frame);
      const key = it.evaluate(target.key, frame);
      it.locate(frame, target.at);
      setItem(it, of, key, value);
      return;
    }
    case 'slice':
      replaceSlice(it, target, iterate(value), frame);
      return;
    case 'tuple':
    case 'list':
      it.locate(frame, target.at);
      unpack(it, target.elements, value, frame);
      return;
    default:
      throw raised('SyntaxError', `can't assign to ${target.kind}`);
  }
}

function unpack(it: Interpreter, targets: readonly Expression[], value: Value, frame: Frame): void {
  const items = iterate(value);
  if (items.length > targets.length) throw raised('ValueError', 'too many values to unpack');
  for (const [at, target] of targets.entries()) {
    const item = items[at];
    if (item === undefined) {
      const count = `${items.length} value${items.length === 1 ? '' : 's'}`;
      throw raised('ValueError', `need more than ${count} to unpack`);
    }
    assign(it, target, item, frame);
  }
}

function setItem(it: Interpreter, of: Value, key: Value, value: Value): void {
  if (of instanceof PyDict) {
    it.budget.elements(1);
    of.set(key, value);
    return;
  }
  if (!(of instanceof PyList)) {
    throw raised('TypeError', `'${typeName(of)}' object does not support item assignment`);
  }
  const index = indexOf(key, `list indices must be integers, not ${typeName(key)}`);
  const at = index < 0 ? index + of.items.length : index;
  if (at < 0 || at >= of.items.length)
    throw raised('IndexError', 'list assignment index out of range');
  of.items[at] = value;
}

/** `list[from:to] = items`; without items it takes them out. */
function replaceSlice(
  it: Interpreter,
  target: Expression & { readonly kind: 'slice' },
  items: readonly Value[],
  frame: Frame,
): void {
  const of = it.evaluate(target.of, frame);
  const bounds = [target.from, target.to].map((each) =>
    each === undefined ? null : it.evaluate(each, frame),
  );
  it.locate(frame, target.at);
  if (!(of instanceof PyList)) {
    throw raised('TypeError', `'${typeName(of)}' object does not support slice assignment`);
  }
  if (target.step !== undefined) {
    throw raised('ValueError', 'slices with a step cannot be changed in configurations');
  }
  const count = of.items.length;
  const [from = 0, to = count] = bounds.map((bound, at) => {
    if (bound === null) return at === 0 ? 0 : count;
    const index = indexOf(bound, 'slice indices must be integers or None');
    return Math.max(0, Math.min(count, index < 0 ? index + count : index));
  });
  it.budget.elements(items.length);
  it.budget.step(1 + count / 100);
  of.items = [...of.items.slice(0, from), ...items, ...of.items.slice(Math.max(from, to))];
}

export function remove(it: Interpreter, target: Expression, frame: Frame): void {
  it.locate(frame, target.at);
  if (target.kind === 'name') {
    const names = frame.global.has(target.name) ? frame.globals : frame.names;
    if (!names.delete(target.name))
      throw raised('NameError', `name '${target.name}' is not defined`);
    return;
  }
  if (target.kind === 'slice') {
    replaceSlice(it, target, [], frame);
    return;
  }
  if (target.kind !== 'item') throw raised('SyntaxError', `can't delete ${target.kind}`);
  const of = it.evaluate(target.of, frame);
  const key = it.evaluate(target.key, frame);
  it.locate(frame, target.at);
  if (of instanceof PyDict) {
    if (!of.delete(key)) throw raised('KeyError', reprOf(key, it));
  } else if (of instanceof PyList) {
    const index = indexOf(key);
    const at = index < 0 ? index + of.items.length : index;
    if (at < 0 || at >= of.items.length)
      throw raised('IndexError', 'list assignment index out of range');
    of.items.splice(at, 1);
  } else throw raised('TypeError', `'${typeName(of)}' object doesn't support item deletion`);
}
