/**
 * Text to tokens (spec aurora, section 2.3): names, numbers, strings with prefixes, operators, and the NEWLINE,
 * INDENT and DEDENT that blocks are made of. Within brackets lines are joined, and after a backslash.
 */
import { ConfigError, type SourceText } from './source.ts';
import { decodeString } from './string-literal.ts';

export type Token =
  | { readonly kind: 'name' | 'operator'; readonly text: string; readonly at: number }
  | { readonly kind: 'int'; readonly text: string; readonly value: bigint; readonly at: number }
  | { readonly kind: 'float'; readonly text: string; readonly value: number; readonly at: number }
  | { readonly kind: 'string'; readonly text: string; readonly value: string; readonly at: number }
  | {
      readonly kind: 'newline' | 'indent' | 'dedent' | 'end';
      readonly text: string;
      readonly at: number;
    };

export const TEXT_MAX_CHARS = 1024 ** 2;
const NESTING_MAX = 100;
const TAB = 8;
const NUMBER_MAX_CHARS = 300;

const NAME = /[A-Za-z_]\w*/y;
const NUMBER =
  /(?:0[xX][\da-fA-F]+|0[oO][0-7]+|0[bB][01]+|(?:\d+\.\d*|\.\d+)(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+|\d+)[lL]?/y;
const STRING_START = /(?:[uU][rR]?|[bB][rR]?|[rR])?('''|"""|'|")/y;
const OPERATOR =
  /\*\*=|\/\/=|<<=|>>=|\*\*|\/\/|<<|>>|<=|>=|==|!=|<>|[-+*/%&|^]=|[-+*/%&|^~<>()[\]{},:.;=@`]/y;
const SPACES = /[ \t\f]*/y;
const COMMENT = /#[^\n]*/y;

export function tokenize(source: SourceText): readonly Token[] {
  if (source.text.length > TEXT_MAX_CHARS) {
    throw new ConfigError('SyntaxError', `file is longer than ${TEXT_MAX_CHARS} characters`, {
      source,
      offset: 0,
    });
  }
  return new Tokenizer(source).run();
}

class Tokenizer {
  readonly #source: SourceText;
  readonly #text: string;
  readonly #tokens: Token[] = [];
  readonly #indents: number[] = [0];
  readonly #brackets: string[] = [];
  #at = 0;

  constructor(source: SourceText) {
    this.#source = source;
    this.#text = source.text;
  }

  run(): readonly Token[] {
    if (this.#text.startsWith('\ufeff')) this.#at = 1;
    while (this.#at < this.#text.length) {
      if (this.#isAtLineStart() && this.#brackets.length === 0) {
        if (this.#skipBlankLine()) continue;
        this.#indent();
      }
      this.#one();
    }
    if (this.#brackets.length > 0) this.#fail('unexpected EOF while parsing');
    if (this.#tokens.length > 0 && !this.#isAtLineStart()) this.#push('newline', '');
    while (this.#indents.length > 1) this.#dedent();
    this.#push('end', '');
    return this.#tokens;
  }

  #isAtLineStart(): boolean {
    const last = this.#tokens.at(-1);
    return last === undefined || last.kind === 'newline';
  }

  /** Blank lines and lines with only a comment count for nothing. */
  #skipBlankLine(): boolean {
    const from = this.#at;
    this.#match(SPACES);
    this.#match(COMMENT);
    if (this.#text[this.#at] === '\r') this.#at += 1;
    if (this.#text[this.#at] === '\n') {
      this.#at += 1;
      return true;
    }
    if (this.#at >= this.#text.length) return true;
    this.#at = from;
    return false;
  }

  #indent(): void {
    const spaces = this.#match(SPACES) ?? '';
    let width = 0;
    for (const char of spaces)
      width = char === '\t' ? (Math.floor(width / TAB) + 1) * TAB : width + 1;
    const current = this.#indents.at(-1) ?? 0;
    if (width > current) {
      if (this.#indents.length > NESTING_MAX)
        this.#fail('too many levels of indentation', 'IndentationError');
      this.#indents.push(width);
      this.#push('indent', spaces);
    }
    while (width < (this.#indents.at(-1) ?? 0)) this.#dedent();
    if (width !== this.#indents.at(-1)) {
      this.#fail('unindent does not match any outer indentation level', 'IndentationError');
    }
  }

  #dedent(): void {
    this.#indents.pop();
    this.#push('dedent', '');
  }

  #one(): void {
    this.#match(SPACES);
    this.#match(COMMENT);
    const at = this.#at;
    const char = this.#text[at];
    if (char === undefined) return;
    if (char === '\r' && this.#text[at + 1] === '\n') this.#at += 1;
    else if (char === '\n') this.#lineEnd();
    else if (char === '\\') this.#joinLines();
    else this.#word();
  }

  #lineEnd(): void {
    if (this.#brackets.length === 0) this.#push('newline', '\n');
    this.#at += 1;
  }

  #joinLines(): void {
    const next = this.#text.startsWith('\\\r\n', this.#at) ? 3 : 2;
    if (!/^\\\r?\n/.test(this.#text.slice(this.#at, this.#at + 3))) {
      this.#fail('unexpected character after line continuation character');
    }
    this.#at += next;
  }

  #word(): void {
    const at = this.#at;
    const opening = this.#match(STRING_START);
    if (opening !== undefined) {
      this.#string(at, opening);
      return;
    }
    const name = this.#match(NAME);
    const number = name === undefined ? this.#match(NUMBER) : undefined;
    if (name !== undefined) this.#tokens.push({ kind: 'name', text: name, at });
    else if (number !== undefined) this.#number(at, number);
    else this.#operator(at);
  }

  #operator(at: number): void {
    const text = this.#match(OPERATOR) ?? this.#fail('invalid syntax');
    this.#bracket(text, at);
    this.#tokens.push({ kind: 'operator', text, at });
  }

  #bracket(operator: string, at: number): void {
    const closing = CLOSING[operator];
    if (closing !== undefined) {
      if (this.#brackets.length >= NESTING_MAX) this.#fail('too many nested parentheses');
      this.#brackets.push(closing);
    } else if (operator === ')' || operator === ']' || operator === '}') {
      if (this.#brackets.pop() !== operator) {
        this.#at = at;
        this.#fail('invalid syntax');
      }
    }
  }

  #number(at: number, text: string): void {
    const next = this.#text[this.#at];
    if (text.length > NUMBER_MAX_CHARS || (next !== undefined && /[\w.]/.test(next))) {
      this.#at = at;
      this.#fail(text.length > NUMBER_MAX_CHARS ? 'number is too long' : 'invalid syntax');
    }
    const digits = text.replace(/[lL]$/, '');
    if (/^0[xXoObB]/.test(digits)) {
      this.#tokens.push({ kind: 'int', text, value: BigInt(digits), at });
    } else if (/[.eE]/.test(digits)) {
      this.#tokens.push({ kind: 'float', text, value: Number(digits), at });
    } else if (/^0\d/.test(digits)) {
      if (/[89]/.test(digits)) this.#fail('invalid token');
      this.#tokens.push({ kind: 'int', text, value: BigInt(`0o${digits}`), at });
    } else {
      this.#tokens.push({ kind: 'int', text, value: BigInt(digits), at });
    }
  }

  #string(at: number, opening: string): void {
    const quote = /['"]+$/.exec(opening)?.[0] ?? '';
    const prefix = opening.slice(0, -quote.length).toLowerCase();
    let end = this.#at;
    for (;;) {
      const char = this.#text[end];
      if (char === undefined || (char === '\n' && quote.length === 1)) {
        this.#at = at;
        this.#fail(
          quote.length === 1
            ? 'EOL while scanning string literal'
            : 'EOF while scanning triple-quoted string literal',
        );
      }
      if (this.#text.startsWith(quote, end)) break;
      end += char === '\\' ? 2 : 1;
    }
    const body = this.#text.slice(this.#at, end).replaceAll('\r\n', '\n');
    this.#at = end + quote.length;
    const value = decodeString(body, prefix);
    if (value === undefined) {
      this.#at = at;
      this.#fail('invalid escape in string literal');
    }
    this.#tokens.push({ kind: 'string', text: opening, value, at });
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }

  #push(kind: 'newline' | 'indent' | 'dedent' | 'end', text: string): void {
    this.#tokens.push({ kind, text, at: this.#at });
  }

  #fail(message: string, kind = 'SyntaxError'): never {
    throw new ConfigError(kind, message, { source: this.#source, offset: this.#at });
  }
}

const CLOSING: Readonly<Record<string, string | undefined>> = { '(': ')', '[': ']', '{': '}' };
