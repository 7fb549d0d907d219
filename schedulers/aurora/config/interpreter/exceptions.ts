/** Exceptions as values: classes by name, and what `except ... as e` binds. */
import { ConfigError } from './source.ts';
import { reprOf } from './text-of.ts';
import { type CallArguments, type Calls, PyList, PyObject, PyTuple, type Value } from './values.ts';

export class ExceptionClass extends PyObject {
  readonly typeName = 'type';
  readonly name: string;
  readonly base: ExceptionClass | undefined;

  constructor(name: string, base: ExceptionClass | undefined) {
    super();
    this.name = name;
    this.base = base;
  }

  override repr(): string {
    return `<type 'exceptions.${this.name}'>`;
  }

  override call({ positional }: CallArguments): Value {
    return new ExceptionValue(this, positional);
  }

  override subclass(name: string): Value {
    return new ExceptionClass(name, this);
  }

  override isTypeOf(value: Value): boolean {
    return value instanceof ExceptionValue && value.type.isA(this);
  }

  isA(other: ExceptionClass): boolean {
    return this === other || (this.base?.isA(other) ?? false);
  }
}

export class ExceptionValue extends PyObject {
  readonly type: ExceptionClass;
  readonly args: readonly Value[];
  /** What the interpreter said, which shows keys as they would be written already. */
  readonly #said: string | undefined;

  constructor(type: ExceptionClass, args: readonly Value[], said: string | undefined = undefined) {
    super();
    this.type = type;
    this.args = args;
    this.#said = said;
  }

  get typeName(): string {
    return this.type.name;
  }

  override repr(): string {
    return `${this.type.name}()`;
  }

  override text(calls: Calls): string {
    if (this.#said !== undefined) return this.#said;
    const [only, ...more] = this.args;
    if (only === undefined) return '';
    if (more.length > 0) return calls.text(new PyTuple(this.args));
    // As the original: what is missing is shown as it would be written.
    return this.type.isA(KEY) ? reprOf(only, calls) : calls.text(only);
  }

  override attribute(name: string): Value | undefined {
    if (name === 'args') return new PyTuple(this.args);
    return name === 'message' ? (this.args[0] ?? '') : undefined;
  }
}

/** What `raise` throws. */
export class RaisedError extends ConfigError {
  readonly exception: ExceptionValue;

  constructor(exception: ExceptionValue, calls: Calls) {
    super(exception.type.name, exception.text(calls));
    this.exception = exception;
  }
}

const BASE = new ExceptionClass('Exception', undefined);
const STANDARD = new ExceptionClass('StandardError', BASE);
const LOOKUP = new ExceptionClass('LookupError', STANDARD);
const KEY = new ExceptionClass('KeyError', LOOKUP);
const ENVIRONMENT = new ExceptionClass('EnvironmentError', STANDARD);
const ARITHMETIC = new ExceptionClass('ArithmeticError', STANDARD);
const NAME = new ExceptionClass('NameError', STANDARD);
const VALUE = new ExceptionClass('ValueError', STANDARD);

export const EXCEPTIONS: ReadonlyMap<string, ExceptionClass> = new Map(
  [
    BASE,
    STANDARD,
    LOOKUP,
    ENVIRONMENT,
    ARITHMETIC,
    NAME,
    VALUE,
    new ExceptionClass('UnboundLocalError', NAME),
    KEY,
    new ExceptionClass('IndexError', LOOKUP),
    new ExceptionClass('IOError', ENVIRONMENT),
    new ExceptionClass('OSError', ENVIRONMENT),
    new ExceptionClass('ZeroDivisionError', ARITHMETIC),
    new ExceptionClass('OverflowError', ARITHMETIC),
    new ExceptionClass('UnicodeError', VALUE),
    ...['TypeError', 'AttributeError', 'AssertionError', 'RuntimeError', 'ImportError'].map(
      (name) => new ExceptionClass(name, STANDARD),
    ),
    ...['SyntaxError', 'NotImplementedError', 'StopIteration'].map(
      (name) => new ExceptionClass(name, STANDARD),
    ),
  ].map((each) => [each.name, each]),
);

/** `re.error`: found in its module only. */
export const RE_ERROR = new ExceptionClass('error', BASE);

/** The value for an error, whether a configuration raised it or the interpreter did. */
export function exceptionOf(error: ConfigError): ExceptionValue {
  if (error instanceof RaisedError) return error.exception;
  const known = error.kind === RE_ERROR.name ? RE_ERROR : EXCEPTIONS.get(error.kind);
  return new ExceptionValue(known ?? BASE, [error.message], error.message);
}

/** Whether `except TYPES` catches it. */
export function isCaught(exception: ExceptionValue, types: Value): boolean {
  if (types instanceof PyTuple || types instanceof PyList) {
    return types.items.some((each) => isCaught(exception, each));
  }
  return types instanceof ExceptionClass && exception.type.isA(types);
}
