/**
 * Finds a regular expression in a text by trying alternatives in order. Every try is a step of the evaluation's budget,
 * so a pattern that would take for ever ends with the same error as an endless loop.
 */
import { LimitReached } from '../budget.ts';
import type { Calls } from '../values.ts';
import { type CompiledPattern, FLAG, type Pattern, type Place, type SetItem } from './pattern.ts';

/** Calls within calls: one for each part that is matched at the same time. */
const DEPTH_MAX = 2_000;

/** Begin and end; the first is the whole, undefined is a group that took no part. */
export type Spans = readonly (readonly [from: number, to: number] | undefined)[];

/** Goes on with what follows; false makes it try something else. */
type Next = (at: number) => boolean;

export interface Search {
  readonly from: number;
  readonly to: number;
  /** `match`: only at the beginning. */
  readonly isAnchored: boolean;
}

export function findPattern(
  pattern: CompiledPattern,
  text: string,
  search: Search,
  calls: Calls,
): Spans | undefined {
  const matcher = new Matcher(pattern, text.slice(0, search.to), calls);
  const last = search.isAnchored ? search.from : search.to;
  for (let at = search.from; at <= last; at += 1) {
    const found = matcher.matchAt(at);
    if (found !== undefined) return found;
  }
  return undefined;
}

class Matcher {
  readonly #pattern: CompiledPattern;
  readonly #text: string;
  readonly #calls: Calls;
  readonly #ignoresCase: boolean;
  #spans: (readonly [number, number] | undefined)[] = [];
  #depth = 0;

  constructor(pattern: CompiledPattern, text: string, calls: Calls) {
    this.#pattern = pattern;
    this.#text = text;
    this.#calls = calls;
    this.#ignoresCase = this.#has(FLAG.ignoreCase);
  }

  matchAt(from: number): Spans | undefined {
    this.#calls.budget.step();
    this.#spans = Array.from({ length: this.#pattern.groupCount + 1 }, () => undefined);
    const isFound = this.#try(this.#pattern.root, from, (to) => {
      this.#spans[0] = [from, to];
      return true;
    });
    return isFound ? this.#spans : undefined;
  }

  #has(flag: number): boolean {
    return (this.#pattern.flags & flag) !== 0;
  }

  #try(pattern: Pattern, at: number, next: Next): boolean {
    this.#calls.budget.step();
    this.#depth += 1;
    if (this.#depth > DEPTH_MAX) {
      throw new LimitReached('RuntimeError', 'maximum recursion limit exceeded');
    }
    const isFound = this.#tryKind(pattern, at, next);
    this.#depth -= 1;
    return isFound;
  }

  #tryKind(pattern: Pattern, at: number, next: Next): boolean {
    switch (pattern.kind) {
      case 'character':
      case 'any':
      case 'set':
        return this.#takesOne(pattern, at) && next(at + 1);
      case 'sequence':
        return this.#sequence(pattern.parts, 0, at, next);
      case 'choice':
        return pattern.branches.some((each) => this.#try(each, at, next));
      case 'repeat':
        return this.#repeat(pattern, at, next);
      case 'group':
        return this.#group(pattern, at, next);
      case 'same-as':
        return this.#sameAs(pattern.group, at, next);
      case 'at':
        return this.#isAt(pattern.place, at) && next(at);
      case 'look':
        return this.#looks(pattern, at) && next(at);
      case 'if-group':
        return this.#try(
          this.#spans[pattern.group] === undefined ? pattern.otherwise : pattern.then,
          at,
          next,
        );
    }
  }

  #sequence(parts: readonly Pattern[], index: number, at: number, next: Next): boolean {
    let here = at;
    // What is one character wide needs no call of its own.
    for (let part = index; part < parts.length; part += 1) {
      const pattern = parts[part];
      if (pattern === undefined) break;
      if (!isOneWide(pattern)) {
        return this.#try(pattern, here, (to) => this.#sequence(parts, part + 1, to, next));
      }
      this.#calls.budget.step();
      if (!this.#takesOne(pattern, here)) return false;
      here += 1;
    }
    return next(here);
  }

  #repeat(pattern: Pattern & { readonly kind: 'repeat' }, at: number, next: Next): boolean {
    if (isOneWide(pattern.of)) return this.#repeatOne(pattern, at, next);
    const { of, min, max, isLazy } = pattern;
    // A round that begins where the one before it began would go on for ever.
    const more = (count: number, here: number, last: number): boolean => {
      if (count >= max || (count >= min && here === last)) return false;
      const saved = [...this.#spans];
      const isFound = this.#try(of, here, (to) => goOn(count + 1, to, here));
      if (!isFound) this.#spans = saved;
      return isFound;
    };
    const goOn = (count: number, here: number, last: number): boolean => {
      this.#calls.budget.step();
      if (count < min) return more(count, here, last);
      if (isLazy) return next(here) || more(count, here, last);
      return more(count, here, last) || next(here);
    };
    return goOn(0, at, -1);
  }

  #repeatOne(pattern: Pattern & { readonly kind: 'repeat' }, at: number, next: Next): boolean {
    const { of, min, max, isLazy } = pattern;
    let count = 0;
    const takesMore = (): boolean => {
      this.#calls.budget.step();
      if (count >= max || !this.#takesOne(of, at + count)) return false;
      count += 1;
      return true;
    };
    while (count < min) if (!takesMore()) return false;
    if (isLazy) {
      do if (next(at + count)) return true;
      while (takesMore());
      return false;
    }
    while (takesMore());
    for (; count >= min; count -= 1) {
      this.#calls.budget.step();
      if (next(at + count)) return true;
    }
    return false;
  }

  #group({ of, number }: Pattern & { readonly kind: 'group' }, at: number, next: Next): boolean {
    if (number === undefined) return this.#try(of, at, next);
    const before = this.#spans[number];
    const isFound = this.#try(of, at, (to) => {
      const inner = this.#spans[number];
      this.#spans[number] = [at, to];
      if (next(to)) return true;
      this.#spans[number] = inner;
      return false;
    });
    if (!isFound) this.#spans[number] = before;
    return isFound;
  }

  #sameAs(group: number, at: number, next: Next): boolean {
    const span = this.#spans[group];
    if (span === undefined) return false;
    const [from, to] = span;
    const width = to - from;
    this.#calls.budget.step(width);
    for (let index = 0; index < width; index += 1) {
      const [one, other] = [this.#text[from + index], this.#text[at + index]];
      if (other === undefined || this.#folded(one) !== this.#folded(other)) return false;
    }
    return next(at + width);
  }

  #looks({ of, isNegated, width }: Pattern & { readonly kind: 'look' }, at: number): boolean {
    const from = at - (width ?? 0);
    const saved = [...this.#spans];
    const isFound = from >= 0 && this.#try(of, from, (to) => width === undefined || to === at);
    if (isNegated || !isFound) this.#spans = saved;
    return isFound !== isNegated;
  }

  #takesOne(pattern: Pattern, at: number): boolean {
    const char = this.#text[at];
    if (char === undefined) return false;
    if (pattern.kind === 'any') return char !== '\n' || this.#has(FLAG.dotAll);
    if (pattern.kind === 'character') {
      return this.#folded(char) === this.#folded(String.fromCharCode(pattern.code));
    }
    if (pattern.kind !== 'set') return false;
    this.#calls.budget.step(pattern.items.length);
    const forms = this.#ignoresCase ? [char, char.toLowerCase(), char.toUpperCase()] : [char];
    const isIn = pattern.items.some((item) => forms.some((form) => this.#isItem(item, form)));
    return isIn !== pattern.isNegated;
  }

  #folded(char: string | undefined): string | undefined {
    return this.#ignoresCase ? char?.toLowerCase() : char;
  }

  #isItem(item: SetItem, char: string): boolean {
    if (item.kind === 'range') {
      const code = char.charCodeAt(0);
      return code >= item.from && code <= item.to;
    }
    switch (item.category) {
      case 'd':
        return /\d/.test(char);
      case 'D':
        return /\D/.test(char);
      case 's':
        return isSpace(char);
      case 'S':
        return !isSpace(char);
      case 'w':
        return this.#isWord(char);
      case 'W':
        return !this.#isWord(char);
    }
  }

  #isWord(char: string | undefined): boolean {
    if (char === undefined) return false;
    return this.#has(FLAG.unicode) ? /[\p{L}\p{N}_]/u.test(char) : /\w/.test(char);
  }

  #isAt(place: Place, at: number): boolean {
    const text = this.#text;
    switch (place) {
      case 'begin':
        return at === 0;
      case 'end':
        return at === text.length;
      case 'line-begin':
        return at === 0 || (this.#has(FLAG.multiLine) && text[at - 1] === '\n');
      case 'line-end':
        if (at === text.length) return true;
        return text[at] === '\n' && (this.#has(FLAG.multiLine) || at === text.length - 1);
      case 'word-edge':
        return this.#isWord(text[at - 1]) !== this.#isWord(text[at]);
      case 'no-word-edge':
        // Nothing at all has no places between characters either.
        return text !== '' && this.#isWord(text[at - 1]) === this.#isWord(text[at]);
    }
  }
}

function isOneWide({ kind }: Pattern): boolean {
  return kind === 'character' || kind === 'any' || kind === 'set';
}

/** Without the spaces beyond ASCII. */
function isSpace(char: string): boolean {
  return /[ \t\n\r\f\v]/.test(char);
}
