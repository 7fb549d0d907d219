/** `def` and `lambda`: functions written in the configuration. */
import { type AssignedNames, Frame } from './frame.ts';
import type { Interpreter } from './interpreter.ts';
import type { Block, Expression, Parameters } from './syntax.ts';
import { type CallArguments, PyDict, PyObject, PyTuple, raised, type Value } from './values.ts';

export type FunctionBody =
  | { readonly kind: 'block'; readonly block: Block; readonly names: AssignedNames }
  | { readonly kind: 'expression'; readonly value: Expression };

export class ConfigFunction extends PyObject {
  readonly typeName = 'function';
  readonly #name: string;
  readonly #parameters: Parameters;
  readonly #defaults: ReadonlyMap<string, Value>;
  readonly #body: FunctionBody;
  readonly #around: Frame;
  readonly #interpreter: Interpreter;

  constructor(options: {
    readonly name: string;
    readonly parameters: Parameters;
    readonly defaults: ReadonlyMap<string, Value>;
    readonly body: FunctionBody;
    readonly around: Frame;
    readonly interpreter: Interpreter;
  }) {
    super();
    this.#name = options.name;
    this.#parameters = options.parameters;
    this.#defaults = options.defaults;
    this.#body = options.body;
    this.#around = options.around;
    this.#interpreter = options.interpreter;
  }

  override repr(): string {
    return `<function ${this.#name}>`;
  }

  override hashKey(): undefined {
    return undefined;
  }

  override call(args: CallArguments): Value {
    const { source, globals } = this.#around;
    const body = this.#body;
    const names = this.#bind(args);
    const isBlock = body.kind === 'block';
    const assigned = isBlock
      ? new Set([...body.names.assigned, ...names.keys()])
      : new Set(names.keys());
    const global = isBlock ? body.names.global : new Set<string>();
    const frame = new Frame({ source, globals, names, parent: this.#around, assigned, global });
    if (!isBlock) return this.#interpreter.evaluate(body.value, frame);
    const outcome = this.#interpreter.execute(body.block, frame);
    return outcome?.kind === 'return' ? outcome.value : null;
  }

  #bind(args: CallArguments): Map<string, Value> {
    const { names, rest, keywords } = this.#parameters;
    const bound = new Map<string, Value>();
    for (const [at, value] of args.positional.slice(0, names.length).entries()) {
      bound.set(names[at]?.name ?? '', value);
    }
    const extra = args.positional.slice(names.length);
    if (rest !== undefined) bound.set(rest, new PyTuple(extra));
    else if (extra.length > 0) {
      const count = names.length;
      throw raised(
        'TypeError',
        `${this.#name}() takes ${count === 0 ? 'no' : `at most ${count}`} arguments (${args.positional.length} given)`,
      );
    }
    const others = new PyDict();
    for (const [name, value] of args.keywords) {
      if (!names.some((each) => each.name === name)) others.set(name, value);
      else if (bound.has(name)) {
        throw raised(
          'TypeError',
          `${this.#name}() got multiple values for keyword argument '${name}'`,
        );
      } else bound.set(name, value);
    }
    const [unexpected] = others.entries.values();
    if (keywords !== undefined) bound.set(keywords, others);
    else if (unexpected !== undefined) {
      throw raised(
        'TypeError',
        `${this.#name}() got an unexpected keyword argument '${String(unexpected[0])}'`,
      );
    }
    this.#fillIn(bound);
    return bound;
  }

  #fillIn(bound: Map<string, Value>): void {
    for (const { name } of this.#parameters.names) {
      if (bound.has(name)) continue;
      const otherwise = this.#defaults.get(name);
      if (otherwise === undefined) {
        throw raised('TypeError', `${this.#name}() needs argument '${name}'`);
      }
      bound.set(name, otherwise);
    }
  }
}
