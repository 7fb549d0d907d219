/** The tokens of a file and how far the parser has got. */
import { ConfigError, type SourceText } from './source.ts';
import { type Token, tokenize } from './tokenizer.ts';

export const NESTING_MAX = 100;

const KEYWORDS: ReadonlySet<string> = new Set(
  (
    'and as assert break class continue def del elif else except exec finally for from global if import in is ' +
    'lambda not or pass print raise return try while with yield'
  ).split(' '),
);

export class TokenCursor {
  readonly #source: SourceText;
  readonly #tokens: readonly Token[];
  #at = 0;
  #depth = 0;
  /** After `from __future__ import print_function`. */
  isPrintFunction = false;

  constructor(source: SourceText) {
    this.#source = source;
    this.#tokens = tokenize(source);
  }

  get token(): Token {
    const token = this.#tokens[this.#at] ?? this.#tokens.at(-1);
    return token ?? { kind: 'end', text: '', at: 0 };
  }

  get following(): Token | undefined {
    return this.#tokens[this.#at + 1];
  }

  next(): Token {
    const token = this.token;
    this.#at += 1;
    return token;
  }

  /** An operator or a keyword. */
  is(...texts: readonly string[]): boolean {
    const { kind, text } = this.token;
    return (kind === 'operator' || kind === 'name') && texts.includes(text);
  }

  isKind(kind: Token['kind']): boolean {
    return this.token.kind === kind;
  }

  takes(...texts: readonly string[]): boolean {
    if (!this.is(...texts)) return false;
    this.#at += 1;
    return true;
  }

  expect(text: string): Token {
    if (!this.is(text)) this.fail();
    return this.next();
  }

  expectKind(kind: Token['kind'], otherwise: string | undefined = undefined): Token {
    if (this.token.kind !== kind) this.fail(otherwise);
    return this.next();
  }

  /** A name that is no keyword. */
  expectName(): string {
    if (this.token.kind !== 'name' || this.isKeyword()) this.fail();
    return this.next().text;
  }

  isKeyword(): boolean {
    const { kind, text } = this.token;
    if (kind !== 'name' || !KEYWORDS.has(text)) return false;
    return text !== 'print' || !this.isPrintFunction;
  }

  /** Runs `parse` one level deeper. */
  nested<T>(parse: () => T): T {
    this.#depth += 1;
    if (this.#depth > NESTING_MAX) this.fail('too many levels of nesting');
    const made = parse();
    this.#depth -= 1;
    return made;
  }

  fail(message: string | undefined = undefined, at: number = this.token.at): never {
    const { kind } = this.token;
    const text =
      kind === 'indent'
        ? 'unexpected indent'
        : kind === 'end'
          ? 'unexpected EOF'
          : 'invalid syntax';
    throw new ConfigError(
      message === undefined && kind === 'indent' ? 'IndentationError' : 'SyntaxError',
      message ?? text,
      { source: this.#source, offset: at },
    );
  }
}
