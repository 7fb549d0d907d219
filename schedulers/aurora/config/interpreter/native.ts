/** Functions and types that are written by us, and the reading of their arguments. */
import {
  type CallArguments,
  type Calls,
  PyObject,
  raised,
  typeName,
  type Value,
} from './values.ts';

export type NativeBody = (args: CallArguments, calls: Calls) => Value;

export class NativeFunction extends PyObject {
  readonly typeName: string = 'builtin_function_or_method';
  readonly name: string;
  readonly #body: NativeBody;

  constructor(name: string, body: NativeBody) {
    super();
    this.name = name;
    this.#body = body;
  }

  override repr(): string {
    return `<built-in function ${this.name}>`;
  }

  override call(args: CallArguments, calls: Calls): Value {
    return this.#body(args, calls);
  }
}

/** `str`, `int`, `list`...: makes values, and `isinstance` asks it. */
export class NativeType extends NativeFunction {
  override readonly typeName = 'type';
  readonly #isOf: (value: Value) => boolean;

  constructor(name: string, body: NativeBody, isOf: (value: Value) => boolean) {
    super(name, body);
    this.#isOf = isOf;
  }

  override repr(): string {
    return `<type '${this.name}'>`;
  }

  override isTypeOf(value: Value): boolean {
    return this.#isOf(value);
  }
}

/** A function that takes between `min` and `max` arguments by position. */
export function positional(
  name: string,
  [min, max]: readonly [min: number, max: number],
  body: (args: readonly Value[], calls: Calls) => Value,
): NativeFunction {
  return new NativeFunction(name, (args, calls) =>
    body(onlyPositional(name, args, [min, max]), calls),
  );
}

export function onlyPositional(
  name: string,
  { positional: given, keywords }: CallArguments,
  [min, max]: readonly [min: number, max: number],
): readonly Value[] {
  if (keywords.size > 0) throw raised('TypeError', `${name}() takes no keyword arguments`);
  if (given.length < min || given.length > max) {
    const wanted =
      min === max ? `exactly ${min}` : given.length < min ? `at least ${min}` : `at most ${max}`;
    throw raised(
      'TypeError',
      `${name}() takes ${wanted} argument${wanted.endsWith(' 1') ? '' : 's'} (${given.length} given)`,
    );
  }
  return given;
}

/** Reads arguments by position or by name. */
export function named(
  name: string,
  { positional: given, keywords }: CallArguments,
  names: readonly string[],
): readonly (Value | undefined)[] {
  if (given.length > names.length) {
    const text = `${name}() takes at most ${names.length} arguments (${given.length} given)`;
    throw raised('TypeError', text);
  }
  expectKeywords(keywords, names);
  return names.map((each, at) => given[at] ?? keywords.get(each));
}

export function expectKeywords(
  keywords: CallArguments['keywords'],
  names: readonly string[],
): void {
  for (const key of keywords.keys()) {
    if (names.includes(key)) continue;
    throw raised('TypeError', `'${key}' is an invalid keyword argument for this function`);
  }
}

export function stringOf(value: Value | undefined, what: string): string {
  if (typeof value !== 'string') {
    throw raised(
      'TypeError',
      `${what}: expected a string, got ${value === undefined ? 'nothing' : typeName(value)}`,
    );
  }
  return value;
}
