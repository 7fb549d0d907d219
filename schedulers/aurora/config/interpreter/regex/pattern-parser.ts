/**
 * Regular expressions as Python 2 reads them (spec aurora, section 2.3), with its errors.
 *
 *   choice = sequence ('|' sequence)*          sequence = (atom quantifier?)*
 *   quantifier = ('*' | '+' | '?' | '{m}' | '{m,n}') '?'?
 *   atom = '.' | '^' | '$' | escape | '[' set ']' | '(' extension? choice ')' | any other character
 *   extension = '?:' | '?P<name>' | '?P=name' | '?=' | '?!' | '?<=' | '?<!' | '?#' | '?(group)' | '?iLmsux'
 */
import { ESCAPES } from '../escapes.ts';
import type { Calls } from '../values.ts';
import { raised } from '../values.ts';
import {
  type Category,
  type CompiledPattern,
  FLAG,
  type Pattern,
  type Place,
  type SetItem,
  widthOf,
} from './pattern.ts';

const GROUPS_MAX = 100;
const NESTING_MAX = 100;
const REPEAT_MAX = 65_535;

const PLACES: Readonly<Record<string, Place | undefined>> = {
  A: 'begin',
  Z: 'end',
  b: 'word-edge',
  B: 'no-word-edge',
};
const FLAG_LETTERS: Readonly<Record<string, number | undefined>> = {
  i: FLAG.ignoreCase,
  L: FLAG.locale,
  m: FLAG.multiLine,
  s: FLAG.dotAll,
  u: FLAG.unicode,
  x: FLAG.verbose,
};

/** Throws what the language calls `re.error`. */
export function parsePattern(source: string, flags: number, calls: Calls): CompiledPattern {
  const parser = new PatternParser(source, flags, calls);
  const first = parser.run();
  // `(?x)` somewhere changes how all of it is read.
  const isVerboseNow = (parser.flags & ~flags & FLAG.verbose) !== 0;
  return isVerboseNow ? new PatternParser(source, parser.flags, calls).run() : first;
}

export function patternError(message: string): Error {
  return raised('error', message);
}

class PatternParser {
  flags: number;
  readonly #source: string;
  readonly #calls: Calls;
  readonly #isVerbose: boolean;
  readonly #names = new Map<string, number>();
  readonly #open = new Set<number>();
  #at = 0;
  #groups = 0;
  #depth = 0;
  /** Of a look behind; told when all of the pattern has been read. */
  #isWidthOpen = false;

  constructor(source: string, flags: number, calls: Calls) {
    this.#source = source;
    this.#calls = calls;
    this.flags = flags;
    this.#isVerbose = (flags & FLAG.verbose) !== 0;
  }

  run(): CompiledPattern {
    const root = this.#choice();
    if (this.#at < this.#source.length) throw patternError('unbalanced parenthesis');
    if (this.#isWidthOpen) throw patternError('look-behind requires fixed-width pattern');
    return {
      source: this.#source,
      flags: this.flags,
      root,
      groupCount: this.#groups,
      groupNames: this.#names,
    };
  }

  #choice(): Pattern {
    this.#depth += 1;
    if (this.#depth > NESTING_MAX) throw patternError('too many levels of nesting');
    const branches = [this.#sequence()];
    while (this.#takes('|')) branches.push(this.#sequence());
    this.#depth -= 1;
    const [only] = branches;
    return branches.length === 1 && only !== undefined ? only : { kind: 'choice', branches };
  }

  #sequence(): Pattern {
    const parts: Pattern[] = [];
    for (;;) {
      this.#skipUnread();
      const char = this.#source[this.#at];
      if (char === undefined || char === '|' || char === ')') return { kind: 'sequence', parts };
      this.#calls.budget.step();
      if (this.#quantify(parts)) continue;
      const atom = this.#atom();
      if (atom !== undefined) parts.push(atom);
    }
  }

  /** With `re.X`, spaces and comments say nothing. */
  #skipUnread(): void {
    if (!this.#isVerbose) return;
    for (;;) {
      const char = this.#source[this.#at];
      if (char === '#') {
        const end = this.#source.indexOf('\n', this.#at);
        this.#at = end === -1 ? this.#source.length : end;
      } else if (char !== undefined && /\s/.test(char)) this.#at += 1;
      else return;
    }
  }

  /** Whether a quantifier stood here; it goes around the last part. */
  #quantify(parts: Pattern[]): boolean {
    const bounds = this.#bounds();
    if (bounds === undefined) return false;
    const of = parts.pop();
    if (of === undefined || of.kind === 'at') throw patternError('nothing to repeat');
    if (of.kind === 'repeat') throw patternError('multiple repeat');
    parts.push({ kind: 'repeat', of, ...bounds, isLazy: this.#takes('?') });
    return true;
  }

  #bounds(): { readonly min: number; readonly max: number } | undefined {
    const endless = Number.POSITIVE_INFINITY;
    if (this.#takes('*')) return { min: 0, max: endless };
    if (this.#takes('+')) return { min: 1, max: endless };
    if (this.#takes('?')) return { min: 0, max: 1 };
    const found = this.#match(/\{(?!\})(\d*)(?:(,)(\d*))?\}/y);
    if (found === undefined) return undefined;
    const [, low = '', comma, high = ''] = found;
    const last = comma === undefined ? low : high;
    const min = low === '' ? 0 : Number(low);
    const max = last === '' ? endless : Number(last);
    if (min > REPEAT_MAX || (max > REPEAT_MAX && max !== endless)) {
      throw raised('OverflowError', 'the repetition number is too large');
    }
    if (max < min) throw patternError('bad repeat interval');
    return { min, max };
  }

  /** Undefined for what only says something, as a comment. */
  #atom(): Pattern | undefined {
    if (this.#takes('(')) return this.#group();
    if (this.#takes('[')) return this.#set();
    if (this.#takes('.')) return { kind: 'any' };
    if (this.#takes('^')) return { kind: 'at', place: 'line-begin' };
    if (this.#takes('$')) return { kind: 'at', place: 'line-end' };
    if (this.#takes('\\')) return this.#escape();
    const code = this.#source.charCodeAt(this.#at);
    this.#at += 1;
    return { kind: 'character', code };
  }

  #escape(): Pattern {
    const char = this.#source[this.#at];
    if (char === undefined) throw patternError('bogus escape (end of line)');
    const place = PLACES[char];
    if (place !== undefined) {
      this.#at += 1;
      return { kind: 'at', place };
    }
    const category = categoryOf(char);
    if (category !== undefined) {
      this.#at += 1;
      return { kind: 'set', isNegated: false, items: [{ kind: 'category', category }] };
    }
    if (/[1-9]/.test(char)) return this.#numbered();
    return { kind: 'character', code: this.#escapedCode() };
  }

  /** A group, or three octal digits. */
  #numbered(): Pattern {
    const octal = this.#match(/[1-3][0-7][0-7]/y)?.[0];
    if (octal !== undefined) return { kind: 'character', code: Number.parseInt(octal, 8) & 0xff };
    const digits = this.#match(/\d\d?/y)?.[0] ?? '';
    const group = Number(digits);
    if (group > this.#groups) throw patternError(`bogus escape: '\\\\${digits}'`);
    return { kind: 'same-as', group: this.#closed(group) };
  }

  #closed(group: number): number {
    if (this.#open.has(group)) throw patternError('cannot refer to open group');
    return group;
  }

  #escapedCode(): number {
    const hex = this.#match(/x[\da-fA-F]{2}/y)?.[0];
    if (hex !== undefined) return Number.parseInt(hex.slice(1), 16);
    const octal = this.#match(/0[0-7]{0,2}/y)?.[0];
    if (octal !== undefined) return Number.parseInt(octal, 8) & 0xff;
    const char = this.#source[this.#at] ?? '';
    if (char === '') throw patternError('bogus escape (end of line)');
    if (char === 'x') {
      const digits = this.#match(/x[\da-fA-F]*/y)?.[0] ?? '';
      throw patternError(`bogus escape: '\\\\${digits}'`);
    }
    this.#at += 1;
    return (ESCAPES[char] ?? char).charCodeAt(0);
  }

  #set(): Pattern {
    const isNegated = this.#takes('^');
    const items: SetItem[] = [];
    for (let isFirst = true; isFirst || !this.#takes(']'); isFirst = false) {
      this.#calls.budget.step();
      items.push(this.#setItem());
    }
    return { kind: 'set', isNegated, items };
  }

  #setItem(): SetItem {
    const from = this.#setMember();
    const isRange = this.#source[this.#at] === '-' && this.#source[this.#at + 1] !== ']';
    if (!isRange) return from;
    this.#at += 1;
    const to = this.#setMember();
    if (from.kind === 'category' || to.kind === 'category' || to.from < from.from) {
      throw patternError('bad character range');
    }
    return { kind: 'range', from: from.from, to: to.from };
  }

  #setMember(): SetItem {
    const char = this.#source[this.#at];
    if (char === undefined) throw patternError('unexpected end of regular expression');
    this.#at += 1;
    if (char !== '\\') return single(char.charCodeAt(0));
    const next = this.#source[this.#at] ?? '';
    const category = categoryOf(next);
    if (category !== undefined) {
      this.#at += 1;
      return { kind: 'category', category };
    }
    const octal = this.#match(/[1-7][0-7]{0,2}/y)?.[0];
    if (octal !== undefined) return single(Number.parseInt(octal, 8) & 0xff);
    if (/[89]/.test(next)) throw patternError(`bogus escape: '\\\\${next}'`);
    return single(this.#escapedCode());
  }

  #group(): Pattern | undefined {
    if (!this.#takes('?')) return this.#captured();
    if (this.#takes(':')) return { kind: 'group', of: this.#closing(), number: undefined };
    if (this.#takes('#')) {
      if (this.#match(/[^)]*\)/y) === undefined) throw patternError('unbalanced parenthesis');
      return undefined;
    }
    if (this.#takes('P')) return this.#named();
    if (this.#takes('(')) return this.#ifGroup();
    const look = this.#match(/<?[=!]/y)?.[0];
    if (look !== undefined) return this.#look(look);
    return this.#flagLetters();
  }

  #captured(name?: string): Pattern {
    if (this.#groups >= GROUPS_MAX) throw patternError(`more than ${GROUPS_MAX} groups`);
    this.#groups += 1;
    const number = this.#groups;
    if (name !== undefined) {
      const known = this.#names.get(name);
      if (known !== undefined) {
        const text = `redefinition of group name '${name}' as group ${number}; was group ${known}`;
        throw patternError(text);
      }
      this.#names.set(name, number);
    }
    this.#open.add(number);
    const of = this.#closing();
    this.#open.delete(number);
    return { kind: 'group', of, number };
  }

  #named(): Pattern {
    if (this.#takes('<')) return this.#captured(this.#name('>'));
    if (!this.#takes('=')) throw patternError('unexpected end of pattern');
    const name = this.#name(')');
    const group = this.#names.get(name);
    if (group === undefined) throw patternError(`unknown group name: '${name}'`);
    return { kind: 'same-as', group };
  }

  #name(end: string): string {
    const to = this.#source.indexOf(end, this.#at);
    if (to === -1) throw patternError('unterminated name');
    const name = this.#source.slice(this.#at, to);
    if (name === '') throw patternError('missing group name');
    if (!/^[A-Za-z_]\w*$/.test(name)) throw patternError(`bad character in group name '${name}'`);
    this.#at = to + 1;
    return name;
  }

  #ifGroup(): Pattern {
    const number = this.#match(/\d+(?=\))/y)?.[0];
    if (number !== undefined) this.#at += 1;
    const group = number === undefined ? this.#names.get(this.#name(')')) : Number(number);
    if (group === undefined || group === 0 || group > this.#groups) {
      throw patternError('unknown group name');
    }
    const of = this.#closing();
    const empty: Pattern = { kind: 'sequence', parts: [] };
    const [then = empty, otherwise = empty, ...more] = of.kind === 'choice' ? of.branches : [of];
    if (more.length > 0) throw patternError('conditional backref with more than two branches');
    return { kind: 'if-group', group, then, otherwise };
  }

  #look(sign: string): Pattern {
    const of = this.#closing();
    const isNegated = sign.endsWith('!');
    if (!sign.startsWith('<')) return { kind: 'look', of, isNegated, width: undefined };
    const { min, max } = widthOf(of);
    this.#isWidthOpen ||= min !== max;
    return { kind: 'look', of, isNegated, width: min };
  }

  #flagLetters(): undefined {
    const letters = this.#match(/[iLmsux]+\)/y)?.[0];
    if (letters === undefined) throw patternError('unexpected end of pattern');
    for (const letter of letters) this.flags |= FLAG_LETTERS[letter] ?? 0;
    return undefined;
  }

  /** What is inside, and the bracket at its end. */
  #closing(): Pattern {
    const of = this.#choice();
    if (!this.#takes(')')) throw patternError('unbalanced parenthesis');
    return of;
  }

  #takes(char: string): boolean {
    if (this.#source[this.#at] !== char) return false;
    this.#at += 1;
    return true;
  }

  #match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#source) ?? undefined;
    if (found !== undefined) this.#at += found[0].length;
    return found;
  }
}

function single(code: number): SetItem & { readonly kind: 'range' } {
  return { kind: 'range', from: code, to: code };
}

function categoryOf(char: string): Category | undefined {
  switch (char) {
    case 'd':
    case 'D':
    case 's':
    case 'S':
    case 'w':
    case 'W':
      return char;
    default:
      return undefined;
  }
}
