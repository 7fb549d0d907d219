/** A compiled regular expression with its methods, and what one of its matches knows. */
import { NativeFunction, named, positional, stringOf } from '../native.ts';
import { reprOf } from '../text-of.ts';
import {
  type Calls,
  indexOf,
  PyDict,
  PyList,
  PyObject,
  PyTuple,
  raised,
  type Value,
} from '../values.ts';
import { findPattern, type Spans } from './matcher.ts';
import type { CompiledPattern } from './pattern.ts';
import { filledReplacement, parseReplacement } from './replacement.ts';

export class PatternValue extends PyObject {
  readonly typeName = '_sre.SRE_Pattern';
  readonly compiled: CompiledPattern;

  constructor(compiled: CompiledPattern) {
    super();
    this.compiled = compiled;
  }

  override repr(): string {
    return '<_sre.SRE_Pattern object>';
  }

  override attribute(name: string): Value | undefined {
    const { source, flags, groupCount, groupNames } = this.compiled;
    switch (name) {
      case 'pattern':
        return source;
      case 'flags':
        return BigInt(flags);
      case 'groups':
        return BigInt(groupCount);
      case 'groupindex':
        return PyDict.from([...groupNames].map(([key, group]) => [key, BigInt(group)]));
      default:
        return this.#method(name);
    }
  }

  #method(name: string): Value | undefined {
    const method = (
      names: readonly string[],
      body: (args: readonly (Value | undefined)[], calls: Calls) => Value,
    ): Value => new NativeFunction(name, (args, calls) => body(named(name, args, names), calls));
    switch (name) {
      case 'match':
      case 'search':
        return method(['string', 'pos', 'endpos'], ([text, from, to], calls) =>
          this.#find(name === 'match', [text, from, to], calls),
        );
      case 'findall':
      case 'finditer':
        return method(['string', 'pos', 'endpos'], ([text, from, to], calls) => {
          const found = this.#all([text, from, to], calls);
          const values = name === 'findall' ? found.map((each) => each.whole()) : found;
          return new PyList([...values]);
        });
      case 'split':
        return method(['string', 'maxsplit'], ([text, max = 0n], calls) =>
          this.split(stringOf(text, 'split()'), indexOf(max), calls),
        );
      case 'sub':
      case 'subn':
        return method(['repl', 'string', 'count'], ([by = null, text, count = 0n], calls) => {
          const made = this.substitute(by, stringOf(text, `${name}()`), indexOf(count), calls);
          return name === 'sub' ? made.text : new PyTuple([made.text, BigInt(made.count)]);
        });
      default:
        return undefined;
    }
  }

  #find(isAnchored: boolean, args: readonly (Value | undefined)[], calls: Calls): Value {
    const { text, from, to } = rangeOf(args);
    const spans = findPattern(this.compiled, text, { from, to, isAnchored }, calls);
    return spans === undefined ? null : new MatchValue(this, text, spans);
  }

  #all(args: readonly (Value | undefined)[], calls: Calls): readonly MatchValue[] {
    const { text, from, to } = rangeOf(args);
    return [...this.#each(text, { from, to }, calls)];
  }

  *#each(
    text: string,
    { from, to }: { readonly from: number; readonly to: number },
    calls: Calls,
  ): Generator<MatchValue> {
    for (let at = from; at <= to; ) {
      const spans = findPattern(this.compiled, text, { from: at, to, isAnchored: false }, calls);
      const [begin, end] = spans?.[0] ?? [0, 0];
      if (spans === undefined) return;
      calls.budget.elements(spans.length);
      yield new MatchValue(this, text, spans);
      at = end > begin ? end : end + 1;
    }
  }

  /** Places where nothing is matched do not split. */
  split(text: string, max: number, calls: Calls): PyList {
    const parts: Value[] = [];
    let last = 0;
    let count = 0;
    for (const match of this.#each(text, { from: 0, to: text.length }, calls)) {
      if (max > 0 && count >= max) break;
      const [from, to] = match.span(0);
      if (from === to) continue;
      const groups = match.groups(null);
      parts.push(text.slice(last, from), ...groups);
      calls.budget.elements(groups.length + 1);
      last = to;
      count += 1;
    }
    calls.budget.characters(text.length);
    return new PyList([...parts, text.slice(last)]);
  }

  substitute(
    by: Value,
    text: string,
    max: number,
    calls: Calls,
  ): { readonly text: string; readonly count: number } {
    const template = typeof by === 'string' ? parseReplacement(by, this.compiled) : undefined;
    const parts: string[] = [];
    let last = 0;
    let count = 0;
    for (const match of this.#each(text, { from: 0, to: text.length }, calls)) {
      if (max > 0 && count >= max) break;
      const [from, to] = match.span(0);
      // Nothing right after what was matched before is not matched again.
      if (from === to && from === last && count > 0) continue;
      parts.push(text.slice(last, from));
      parts.push(
        template === undefined
          ? replacedBy(by, match, calls)
          : filledReplacement(template, (group) => match.group(group), calls),
      );
      last = to;
      count += 1;
    }
    parts.push(text.slice(last));
    calls.budget.characters(parts.reduce((sum, each) => sum + each.length, 0));
    return { text: parts.join(''), count };
  }
}

function replacedBy(callee: Value, match: MatchValue, calls: Calls): string {
  const made = calls.call(callee, { positional: [match], keywords: new Map() });
  return made === null ? '' : stringOf(made, 'sub()');
}

function rangeOf([text, from = 0n, to]: readonly (Value | undefined)[]): {
  readonly text: string;
  readonly from: number;
  readonly to: number;
} {
  const whole = stringOf(text, 'expected string or buffer');
  const within = (value: Value): number => Math.max(0, Math.min(whole.length, indexOf(value)));
  return { text: whole, from: within(from), to: to === undefined ? whole.length : within(to) };
}

export class MatchValue extends PyObject {
  readonly typeName = '_sre.SRE_Match';
  readonly #pattern: PatternValue;
  readonly #text: string;
  readonly #spans: Spans;

  constructor(pattern: PatternValue, text: string, spans: Spans) {
    super();
    this.#pattern = pattern;
    this.#text = text;
    this.#spans = spans;
  }

  override repr(): string {
    return '<_sre.SRE_Match object>';
  }

  group(number: number): Value {
    const span = this.#spans[number];
    return span === undefined ? null : this.#text.slice(...span);
  }

  span(number: number): readonly [number, number] {
    return this.#spans[number] ?? [-1, -1];
  }

  groups(otherwise: Value): readonly Value[] {
    return this.#spans.slice(1).map((_, at) => this.group(at + 1) ?? otherwise);
  }

  /** What `findall` gives: the groups, or all where there are none. */
  whole(): Value {
    const groups = this.groups('');
    const [only] = groups;
    if (only === undefined) return this.group(0);
    return groups.length === 1 ? only : new PyTuple(groups);
  }

  override attribute(name: string): Value | undefined {
    switch (name) {
      case 'string':
        return this.#text;
      case 're':
        return this.#pattern;
      case 'group':
        return positional('group', [0, 100], (args, calls) => this.#picked(args, calls));
      case 'groups':
        return positional('groups', [0, 1], ([other = null]) => new PyTuple(this.groups(other)));
      case 'groupdict':
        return positional('groupdict', [0, 1], ([other = null]) => this.#byName(other));
      case 'start':
      case 'end':
        return positional(name, [0, 1], ([group = 0n], calls) =>
          BigInt(this.span(this.#number(group, calls))[name === 'start' ? 0 : 1]),
        );
      case 'span':
        return positional(
          name,
          [0, 1],
          ([group = 0n], calls) => new PyTuple(this.span(this.#number(group, calls)).map(BigInt)),
        );
      case 'expand':
        return positional(name, [1, 1], ([template], calls) => {
          const parts = parseReplacement(stringOf(template, 'expand()'), this.#pattern.compiled);
          return filledReplacement(parts, (group) => this.group(group), calls);
        });
      default:
        return undefined;
    }
  }

  #picked(args: readonly Value[], calls: Calls): Value {
    const [first = 0n, ...more] = args;
    if (more.length === 0) return this.group(this.#number(first, calls));
    return new PyTuple(args.map((each) => this.group(this.#number(each, calls))));
  }

  #byName(otherwise: Value): PyDict {
    const names = [...this.#pattern.compiled.groupNames];
    return PyDict.from(names.map(([name, group]) => [name, this.group(group) ?? otherwise]));
  }

  #number(group: Value, calls: Calls): number {
    const { groupNames, groupCount } = this.#pattern.compiled;
    const number = typeof group === 'string' ? groupNames.get(group) : indexOf(group);
    if (number === undefined || number < 0 || number > groupCount) {
      throw raised('IndexError', `no such group: ${reprOf(group, calls)}`);
    }
    return number;
  }
}
