/** Statements. What leaves a block early is an `Outcome`; errors are thrown. */
import { assign, remove } from './assign.ts';
import { LimitReached } from './budget.ts';
import { attributeOf } from './builtins.ts';
import { evaluateDefaults } from './evaluate.ts';
import {
  ExceptionClass,
  ExceptionValue,
  exceptionOf,
  isCaught,
  RaisedError,
} from './exceptions.ts';
import { assignedNames, type Frame } from './frame.ts';
import { ConfigFunction } from './functions.ts';
import type { Interpreter } from './interpreter.ts';
import { binary } from './operators.ts';
import type { ConfigError } from './source.ts';
import type { Block, Statement } from './syntax.ts';
import { isTruthy, iterate, PyList, PyObject, raised, typeName, type Value } from './values.ts';

export type Outcome =
  | { readonly kind: 'break' | 'continue' }
  | { readonly kind: 'return'; readonly value: Value }
  | undefined;

type Of<K extends Statement['kind']> = Extract<Statement, { kind: K }>;

export function executeBlock(it: Interpreter, block: Block, frame: Frame): Outcome {
  for (const statement of block) {
    it.budget.step();
    it.locate(frame, statement.at);
    const outcome = executeOne(it, statement, frame);
    if (outcome !== undefined) return outcome;
  }
  return undefined;
}

function executeOne(it: Interpreter, node: Statement, frame: Frame): Outcome {
  switch (node.kind) {
    case 'if':
      return it.execute(
        isTruthy(it.evaluate(node.condition, frame)) ? node.body : node.otherwise,
        frame,
      );
    case 'while':
      return executeWhile(it, node, frame);
    case 'for':
      return executeFor(it, node, frame);
    case 'with':
      return executeWith(it, node, frame);
    case 'try':
      return executeTry(it, node, frame);
    case 'return':
      return {
        kind: 'return',
        value: node.value === undefined ? null : it.evaluate(node.value, frame),
      };
    case 'break':
    case 'continue':
      return { kind: node.kind };
    default:
      executeSimple(it, node, frame);
      return undefined;
  }
}

type While = Extract<Statement, { kind: 'if' | 'while' }>;

type Simple = Exclude<
  Statement,
  { kind: 'if' | 'while' | 'for' | 'with' | 'try' | 'return' | 'break' | 'continue' }
>;

function executeSimple(it: Interpreter, node: Simple, frame: Frame): void {
  switch (node.kind) {
    case 'expression':
      it.evaluate(node.value, frame);
      return;
    case 'assign': {
      const value = it.evaluate(node.value, frame);
      for (const target of node.targets) assign(it, target, value, frame);
      return;
    }
    case 'augment':
      executeAugmented(it, node, frame);
      return;
    case 'import':
      frame.set(node.as, it.module(node.module));
      return;
    case 'from-import':
      executeFromImport(it, node, frame);
      return;
    case 'def':
      frame.set(node.name, define(it, node, frame));
      return;
    case 'class':
      frame.set(node.name, executeClass(it, node, frame));
      return;
    case 'raise':
      throw executeRaise(it, node, frame);
    case 'assert': {
      if (isTruthy(it.evaluate(node.condition, frame))) return;
      const message = node.message === undefined ? '' : it.text(it.evaluate(node.message, frame));
      throw raised('AssertionError', message);
    }
    case 'print':
      it.print(node.values.map((each) => it.text(it.evaluate(each, frame))).join(' '));
      return;
    case 'del':
      for (const target of node.targets) remove(it, target, frame);
      return;
    case 'global':
    case 'pass':
      return;
  }
}

function executeAugmented(it: Interpreter, node: Of<'augment'>, frame: Frame): void {
  const old = it.evaluate(node.target, frame);
  const value = it.evaluate(node.value, frame);
  it.locate(frame, node.at);
  if (node.operator === '+' && old instanceof PyList) {
    // In place: everybody who holds the list sees it.
    const more = iterate(value);
    it.budget.elements(more.length);
    for (const each of more) old.items.push(each);
    return;
  }
  assign(it, node.target, binary(node.operator, old, value, it), frame);
}

function executeFromImport(it: Interpreter, node: Of<'from-import'>, frame: Frame): void {
  const module = it.module(node.module);
  for (const { name, as } of node.names) {
    const found = module.attribute(name);
    if (found === undefined) throw raised('ImportError', `cannot import name ${name}`);
    frame.set(as, found);
  }
}

function define(it: Interpreter, node: Of<'def'>, frame: Frame): Value {
  return new ConfigFunction({
    name: node.name,
    parameters: node.parameters,
    defaults: evaluateDefaults(it, node.parameters, frame),
    body: { kind: 'block', block: node.body, names: assignedNames(node.body) },
    around: frame,
    interpreter: it,
  });
}

function executeClass(it: Interpreter, node: Of<'class'>, frame: Frame): Value {
  const base = it.evaluate(node.base, frame);
  const inner = frame.inner();
  it.execute(node.body, inner);
  it.locate(frame, node.at);
  if (base instanceof PyObject) return base.subclass(node.name, inner.names);
  throw raised('TypeError', `a ${typeName(base)} cannot be the base of a class`);
}

function executeWhile(it: Interpreter, node: While, frame: Frame): Outcome {
  while (isTruthy(it.evaluate(node.condition, frame))) {
    const outcome = it.execute(node.body, frame);
    if (outcome?.kind === 'break') return undefined;
    if (outcome?.kind === 'return') return outcome;
  }
  return it.execute(node.otherwise, frame);
}

function executeFor(it: Interpreter, node: Of<'for'>, frame: Frame): Outcome {
  for (const each of iterate(it.evaluate(node.over, frame))) {
    it.budget.step();
    assign(it, node.target, each, frame);
    const outcome = it.execute(node.body, frame);
    if (outcome?.kind === 'break') return undefined;
    if (outcome?.kind === 'return') return outcome;
  }
  return it.execute(node.otherwise, frame);
}

/** Only files can be used so: they need no closing here. */
function executeWith(it: Interpreter, node: Of<'with'>, frame: Frame): Outcome {
  const value = it.evaluate(node.value, frame);
  it.locate(frame, node.at);
  if (attributeOf(value, 'close') === undefined) throw raised('AttributeError', '__exit__');
  if (node.target !== undefined) assign(it, node.target, value, frame);
  return it.execute(node.body, frame);
}

function executeTry(it: Interpreter, node: Of<'try'>, frame: Frame): Outcome {
  const restore = it.mark();
  let outcome: Outcome;
  try {
    outcome = it.execute(node.body, frame) ?? it.execute(node.otherwise, frame);
  } catch (thrown) {
    const error = it.placed(thrown);
    if (error === undefined || error instanceof LimitReached) throw thrown;
    restore();
    const handled = handle(it, node, { error, frame });
    if (handled === 'not') {
      it.execute(node.finally, frame);
      throw error;
    }
    outcome = handled;
  }
  return it.execute(node.finally, frame) ?? outcome;
}

function handle(
  it: Interpreter,
  node: Of<'try'>,
  { error, frame }: { readonly error: ConfigError; readonly frame: Frame },
): Outcome | 'not' {
  const exception = exceptionOf(error);
  for (const { type, target, body } of node.handlers) {
    if (type !== undefined && !isCaught(exception, it.evaluate(type, frame))) continue;
    if (target !== undefined) assign(it, target, exception, frame);
    frame.set(CURRENT, exception);
    return it.execute(body, frame);
  }
  return 'not';
}

/** What `raise` alone raises again: a name that no configuration can write. */
const CURRENT = '<exception>';

function executeRaise(it: Interpreter, node: Of<'raise'>, frame: Frame): ConfigError {
  const value =
    node.value === undefined ? frame.names.get(CURRENT) : it.evaluate(node.value, frame);
  it.locate(frame, node.at);
  const made =
    value instanceof ExceptionClass
      ? it.call(value, { positional: [], keywords: new Map() })
      : (value ?? null);
  if (made instanceof ExceptionValue) return new RaisedError(made, it);
  return raised('TypeError', `exceptions must be exceptions, not ${typeName(made)}`);
}
