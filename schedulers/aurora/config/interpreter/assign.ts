/** Binding of names, items, and of several at once. */
import type { Frame } from './frame.ts';
import type { Interpreter } from './interpreter.ts';
import type { Expression } from './syntax.ts';
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

export function remove(it: Interpreter, target: Expression, frame: Frame): void {
  it.locate(frame, target.at);
  if (target.kind === 'name') {
    const names = frame.global.has(target.name) ? frame.globals : frame.names;
    if (!names.delete(target.name))
      throw raised('NameError', `name '${target.name}' is not defined`);
    return;
  }
  if (target.kind !== 'item') throw raised('SyntaxError', `can't delete ${target.kind}`);
  const of = it.evaluate(target.of, frame);
  const key = it.evaluate(target.key, frame);
  it.locate(frame, target.at);
  if (of instanceof PyDict) {
    if (!of.delete(key)) throw raised('KeyError', it.text(key));
  } else if (of instanceof PyList) {
    const index = indexOf(key);
    const at = index < 0 ? index + of.items.length : index;
    if (at < 0 || at >= of.items.length)
      throw raised('IndexError', 'list assignment index out of range');
    of.items.splice(at, 1);
  } else throw raised('TypeError', `'${typeName(of)}' object doesn't support item deletion`);
}
