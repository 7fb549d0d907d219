/**
 * Evaluates `.aurora` files (spec aurora, section 2.3) with limits of its own and no reach beyond `Surroundings`.
 * It keeps where it is, so that errors name file, line and column.
 */
import { BUDGET, Budget, type BudgetLimits, LimitReached } from './budget.ts';
import { builtins } from './builtins.ts';
import { evaluateExpression } from './evaluate.ts';
import { RaisedError } from './exceptions.ts';
import { executeBlock, type Outcome } from './execute.ts';
import { Frame } from './frame.ts';
import { type Module, modules, OpenFile } from './modules.ts';
import { NativeFunction, onlyPositional, positional, stringOf } from './native.ts';
import { parse } from './parser.ts';
import { ConfigError, type Place, SourceText } from './source.ts';
import {
  directoryOf,
  FILE_MAX_BYTES,
  FILES_MAX,
  joinPath,
  type Surroundings,
  textOfBytes,
} from './surroundings.ts';
import type { Block, Expression } from './syntax.ts';
import { textOf } from './text-of.ts';
import {
  type CallArguments,
  type Calls,
  PyObject,
  raised,
  typeName,
  type Value,
} from './values.ts';

const PRINTED_MAX_LINES = 1_000;

export interface InterpreterOptions {
  readonly surroundings: Surroundings;
  /** Names that a file finds besides the builtins. */
  readonly names: ReadonlyMap<string, Value>;
  readonly limits?: BudgetLimits;
}

export class Interpreter implements Calls {
  readonly budget: Budget;
  readonly globals: Map<string, Value>;
  readonly #around: Surroundings;
  readonly #builtins: Map<string, Value>;
  readonly #modules: ReadonlyMap<string, Module>;
  readonly #printed: string[] = [];
  readonly #callers: Place[] = [];
  #place: Place | undefined;
  #filesRead = 0;

  constructor(options: InterpreterOptions) {
    this.#around = options.surroundings;
    this.budget = new Budget(options.limits ?? BUDGET);
    this.#modules = modules(options.surroundings);
    this.#builtins = builtins();
    this.#builtins.set('open', this.#open());
    this.#builtins.set('include', this.#include());
    this.#builtins.set('print', this.#print());
    this.globals = new Map(options.names);
  }

  /** Lines that the configuration printed. */
  get printed(): readonly string[] {
    return this.#printed;
  }

  /** Throws `ConfigError`, with the place. */
  runFile(path: string): void {
    this.#guarded(() => this.#run(this.#sourceAt(path, path)));
  }

  /** `file` is only for messages and for what is included. */
  runText(file: string, text: string): void {
    this.#guarded(() => this.#run(new SourceText(file, text)));
  }

  /** Runs something of the library on top, with errors as in a file. */
  guarded<T>(action: () => T): T {
    return this.#guarded(action);
  }

  locate(frame: Frame, at: number): void {
    this.#place = { source: frame.source, offset: at };
  }

  evaluate(expression: Expression, frame: Frame): Value {
    this.budget.enter();
    this.budget.step();
    const value = evaluateExpression(this, expression, frame);
    this.budget.leave();
    return value;
  }

  execute(block: Block, frame: Frame): Outcome {
    this.budget.enter();
    const outcome = executeBlock(this, block, frame);
    this.budget.leave();
    return outcome;
  }

  /** Runs what a call leads to, and remembers where the call was. */
  entered<T>(action: () => T): T {
    const place = this.#place;
    if (place !== undefined) this.#callers.push(place);
    this.budget.enter();
    const value = action();
    this.budget.leave();
    if (place !== undefined) this.#callers.pop();
    this.#place = place;
    return value;
  }

  call(callee: Value, args: CallArguments): Value {
    this.budget.step();
    if (callee instanceof PyObject) return this.entered(() => callee.call(args, this));
    throw raised('TypeError', `'${typeName(callee)}' object is not callable`);
  }

  text(value: Value): string {
    return textOf(value, this);
  }

  builtin(name: string): Value | undefined {
    return this.#builtins.get(name);
  }

  module(name: string): Module {
    const found = this.#modules.get(name);
    if (found === undefined) throw raised('ImportError', `No module named ${name}`);
    return found;
  }

  print(line: string): void {
    this.budget.characters(line.length);
    if (this.#printed.length < PRINTED_MAX_LINES) this.#printed.push(line);
  }

  /** State to return to when `except` catches something. */
  mark(): () => void {
    const callers = this.#callers.length;
    const depth = this.budget.depth;
    return () => {
      this.#callers.length = callers;
      this.budget.depth = depth;
    };
  }

  /** The error with its place, as it was when it was thrown. */
  placed(thrown: unknown): ConfigError | undefined {
    if (thrown instanceof RangeError && /call stack/.test(thrown.message)) {
      return new LimitReached('RuntimeError', 'maximum recursion depth exceeded', this.#place);
    }
    if (!(thrown instanceof ConfigError)) return undefined;
    if (thrown.place !== undefined || thrown instanceof RaisedError) return thrown;
    const { kind, message } = thrown;
    const Kind = thrown instanceof LimitReached ? LimitReached : ConfigError;
    return new Kind(kind, message, this.#place, [...this.#callers]);
  }

  #guarded<T>(action: () => T): T {
    try {
      return action();
    } catch (thrown) {
      const placed = this.placed(thrown);
      if (placed === undefined) throw thrown;
      if (placed.place !== undefined) throw placed;
      throw new ConfigError(placed.kind, placed.message, this.#place, [...this.#callers]);
    }
  }

  #run(source: SourceText): void {
    const block = parse(source);
    const frame = new Frame({ source, names: this.globals, globals: this.globals });
    const outcome = this.execute(block, frame);
    if (outcome !== undefined)
      throw raised('SyntaxError', `'${outcome.kind}' outside of its block`);
  }

  #sourceAt(path: string, shown: string): SourceText {
    return new SourceText(path, textOfBytes(this.#read(path, shown)));
  }

  #read(path: string, shown: string): Uint8Array {
    this.#filesRead += 1;
    if (this.#filesRead > FILES_MAX)
      throw raised('IOError', `more than ${FILES_MAX} files are read`);
    const bytes = this.#around.read(path);
    if (bytes === undefined)
      throw raised('IOError', `[Errno 2] No such file or directory: '${shown}'`);
    if (bytes.length > FILE_MAX_BYTES) throw raised('IOError', `file is too large: '${shown}'`);
    return bytes;
  }

  /** Executes another file in the same namespace, relative to the file that the call is in. */
  #include(): NativeFunction {
    return positional('include', [1, 1], ([path]) => {
      const shown = stringOf(path, 'include()');
      const from = directoryOf(this.#place?.source.file ?? '');
      if (!shown.startsWith('/') && this.#place?.source.file.startsWith('<') === true) {
        throw raised('ValueError', `a relative path cannot be included from a stream: '${shown}'`);
      }
      this.#run(this.#sourceAt(joinPath(from, shown), shown));
      return null;
    });
  }

  /** For files that import it from the future; others have the statement. */
  #print(): NativeFunction {
    return new NativeFunction('print', ({ positional: values, keywords }) => {
      const { sep = ' ', ...others } = Object.fromEntries(keywords);
      const [other] = Object.keys(others);
      if (other !== undefined) {
        throw raised('TypeError', `print() takes no ${other} in configurations`);
      }
      this.print(values.map((each) => this.text(each)).join(stringOf(sep, 'print()')));
      return null;
    });
  }

  #open(): NativeFunction {
    return new NativeFunction('open', (args) => {
      const [path, mode = 'r'] = onlyPositional('open', args, [1, 2]);
      const shown = stringOf(path, 'open()');
      if (!/^r[bUt]*$/.test(stringOf(mode, 'open()'))) {
        throw raised('IOError', `[Errno 13] configurations may only read files: '${shown}'`);
      }
      return new OpenFile(this.#read(shown, shown));
    });
  }
}
