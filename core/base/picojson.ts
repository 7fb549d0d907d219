/**
 * JSON text in, values out, with the error texts of the original's parser; integers that a number
 * cannot hold come as `bigint`. `JSON.parse` does the work; only text that it refuses goes through the
 * slow parser below, which accepts what the original accepts (`01`, `1.`) and otherwise says `syntax
 * error at line 1 near: <rest of the line>`.
 */
import { err, ok, type Result } from './result.ts';
import { setMember } from './set-member.ts';

/** Arrays and objects nested deeper are refused. */
const NESTING_MAX = 500;

/** Half of a character without the other one, which `JSON.parse` would take. */
const HALF =
  /\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])|(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F]/;

export function parseJson(text: string): Result<unknown> {
  if (text.includes('\\u') && HALF.test(text)) return new Parser(text).parse();
  try {
    return ok(hasLongInteger(text) ? JSON.parse(text, reviveNumber) : JSON.parse(text));
  } catch {
    return new Parser(text).parse();
  }
}

/** Whether somewhere stand digits that a number would lose. */
function hasLongInteger(text: string): boolean {
  if (!LONG.test(text)) return false;
  for (const [digits] of text.matchAll(LONG_ALL)) {
    if (String(Number(digits)) !== digits) return true;
  }
  return false;
}

const LONG = /\d{16}/;
/** Longer ones are beyond 64 bits. */
const LONG_ALL = /\d{16,20}/g;

function reviveNumber(
  _key: string,
  value: unknown,
  context?: { readonly source?: string },
): unknown {
  return typeof value === 'number' ? numberOf(context?.source ?? String(value)) : value;
}

/** A number; integers that lose digits as one come as `bigint`. */
function numberOf(text: string): number | bigint {
  const number = Number(text);
  if (Number.isSafeInteger(number) || !/^-?\d{16,20}$/.test(text)) return number;
  return String(number) === text ? number : BigInt(text);
}

const REFUSED: unique symbol = Symbol('refused');

const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};

/** What stands for itself in a string. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
const PLAIN = /[^"\\\u0000-\u001f]+/y;

class Parser {
  private readonly text: string;
  private at = 0;
  private depth = 0;

  constructor(text: string) {
    this.text = text;
  }

  parse(): Result<unknown> {
    const value = this.value();
    if (value === REFUSED) return err(this.syntaxError());
    this.skipSpace();
    const rest = this.text.slice(this.at).trimEnd();
    if (rest === '') return ok(value);
    return err(`Parsed JSON included non-whitespace trailing characters: ${rest}`);
  }

  private syntaxError(): string {
    let line = 1;
    for (let end = this.text.indexOf('\n'); end !== -1 && end < this.at; line += 1) {
      end = this.text.indexOf('\n', end + 1);
    }
    const end = this.text.indexOf('\n', this.at);
    const rest = this.text.slice(this.at, end === -1 ? undefined : end);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is left out
    return `syntax error at line ${line} near: ${rest.replaceAll(/[\u0000-\u001f]+/g, '')}`;
  }

  private skipSpace(): void {
    while (' \t\n\r'.includes(this.text[this.at] ?? 'x')) this.at += 1;
  }

  /** Takes the next character if it is the expected one, after space. */
  private expect(character: string): boolean {
    this.skipSpace();
    if (this.text[this.at] !== character) return false;
    this.at += 1;
    return true;
  }

  private value(): unknown {
    this.skipSpace();
    const first = this.text[this.at] ?? '';
    switch (first) {
      case 'n':
        return this.word('null', null);
      case 'f':
        return this.word('false', false);
      case 't':
        return this.word('true', true);
      case '"':
        this.at += 1;
        return this.string();
      case '[':
      case '{':
        return this.nested(first);
      default:
        return /[-0-9]/.test(first) ? this.number() : REFUSED;
    }
  }

  private nested(first: string): unknown {
    if (this.depth === NESTING_MAX) return REFUSED;
    this.depth += 1;
    this.at += 1;
    const value = first === '[' ? this.array() : this.object();
    this.depth -= 1;
    return value;
  }

  private word(word: string, value: null | boolean): unknown {
    for (const character of word) {
      if (this.text[this.at] !== character) return REFUSED;
      this.at += 1;
    }
    return value;
  }

  private number(): unknown {
    const found = /^[-+0-9.eE]*/.exec(this.text.slice(this.at, this.at + 400))?.[0] ?? '';
    this.at += found.length;
    return /^-?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$/.test(found) ? numberOf(found) : REFUSED;
  }

  private array(): unknown {
    const items: unknown[] = [];
    if (this.expect(']')) return items;
    do {
      const item = this.value();
      if (item === REFUSED) return REFUSED;
      items.push(item);
    } while (this.expect(','));
    return this.expect(']') ? items : REFUSED;
  }

  private object(): unknown {
    const members: Record<string, unknown> = {};
    if (this.expect('}')) return members;
    do {
      if (!this.expect('"')) return REFUSED;
      const key = this.string();
      if (typeof key !== 'string' || !this.expect(':')) return REFUSED;
      const value = this.value();
      if (value === REFUSED) return REFUSED;
      setMember(members, key, value);
    } while (this.expect(','));
    return this.expect('}') ? members : REFUSED;
  }

  /** The rest of a string, behind its opening quote. */
  private string(): unknown {
    let value = '';
    for (;;) {
      PLAIN.lastIndex = this.at;
      const plain = PLAIN.exec(this.text)?.[0] ?? '';
      value += plain;
      this.at += plain.length;
      const character = this.text[this.at];
      if (character !== '"' && character !== '\\') return REFUSED;
      this.at += 1;
      if (character === '"') return value;
      const escaped = this.text[this.at];
      if (escaped === undefined) return REFUSED;
      this.at += 1;
      const unescaped = escaped === 'u' ? this.codePoint() : ESCAPES[escaped];
      if (unescaped === undefined) return REFUSED;
      value += unescaped;
    }
  }

  /** Behind `\u`: four digits, or both halves of a character; a half alone is refused. */
  private codePoint(): string | undefined {
    const first = this.hexUnit();
    if (first === undefined || !/[\ud800-\udfff]/.test(first)) return first;
    if (first >= '\udc00' || this.text[this.at] !== '\\') return undefined;
    this.at += 1;
    if (this.text[this.at] !== 'u') return undefined;
    this.at += 1;
    const second = this.hexUnit();
    return second !== undefined && /[\udc00-\udfff]/.test(second) ? first + second : undefined;
  }

  private hexUnit(): string | undefined {
    const start = this.at;
    while (this.at < start + 4) {
      if (!/[0-9a-fA-F]/.test(this.text[this.at] ?? '')) return undefined;
      this.at += 1;
    }
    return String.fromCharCode(Number.parseInt(this.text.slice(start, this.at), 16));
  }
}
