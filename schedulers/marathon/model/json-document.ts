/**
 * Reads a JSON text and, when it is none, says where: line, column and what was expected, in the
 * words of the original's parser (spec marathon-rest, section 1.1, first row).
 */
import { err, ok, type Result } from '../../../core/base/result.ts';

/** Maps of the user's own names: a `null` in them is a value like any other, and wrong. */
const MAPS: ReadonlySet<string> = new Set(['env', 'environment', 'labels', 'secrets']);

/** The document with every `null` member removed: a null counts as absent. */
export function parseDocument(text: string): Result<unknown> {
  try {
    const parsed: unknown = JSON.parse(text);
    return ok(withoutNulls(parsed));
  } catch (thrown) {
    const where = new SyntaxLocator(text).locate();
    return err(where ?? (thrown instanceof Error ? thrown.message : String(thrown)));
  }
}

function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([, member]) => member !== null);
  return Object.fromEntries(
    entries.map(([name, member]) => [name, MAPS.has(name) ? member : withoutNulls(member)]),
  );
}

class SyntaxFault extends Error {
  override readonly name = 'SyntaxFault';
}

/** Nesting above this is refused; the engine's own parser has a similar limit. */
const DEPTH_MAX = 5_000;

/** A strict JSON reader that keeps no values, only the place of the first fault. */
class SyntaxLocator {
  private readonly text: string;
  private at = 0;

  constructor(text: string) {
    this.text = text;
  }

  locate(): string | undefined {
    try {
      this.value(0);
      this.blanks();
      if (this.at < this.text.length) this.unexpected('expected end of input');
      return undefined;
    } catch (thrown) {
      if (thrown instanceof SyntaxFault) return thrown.message;
      throw thrown;
    }
  }

  private value(depth: number): void {
    if (depth > DEPTH_MAX) this.fault('Document is nested too deeply');
    this.blanks();
    const next = this.text[this.at];
    if (next === '{') this.object(depth);
    else if (next === '[') this.array(depth);
    else if (next === '"') this.string();
    else if (next !== undefined && /[-0-9]/.test(next)) this.number();
    else this.word();
  }

  private object(depth: number): void {
    this.at += 1;
    this.blanks();
    if (this.take('}')) return;
    for (;;) {
      this.blanks();
      if (this.text[this.at] !== '"') {
        this.unexpected('was expecting double-quote to start field name');
      }
      this.string();
      this.blanks();
      if (!this.take(':')) {
        this.unexpected('was expecting a colon to separate field name and value');
      }
      this.value(depth + 1);
      this.blanks();
      if (this.take('}')) return;
      if (!this.take(',')) {
        this.unexpected('was expecting comma to separate Object entries');
      }
    }
  }

  private array(depth: number): void {
    this.at += 1;
    this.blanks();
    if (this.take(']')) return;
    for (;;) {
      this.value(depth + 1);
      this.blanks();
      if (this.take(']')) return;
      if (!this.take(',')) this.unexpected('was expecting comma to separate Array entries');
    }
  }

  private string(): void {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they must be escaped in JSON.
    const rest = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*/y;
    rest.lastIndex = this.at;
    this.at += rest.exec(this.text)?.[0].length ?? 0;
    if (this.take('"')) return;
    if (this.text[this.at] === '\\') this.unexpected('unrecognized character escape', 1);
    if (this.at < this.text.length) {
      this.unexpected('has to be escaped using backslash to be included in string value');
    }
    this.unexpected('was expecting closing quote for a string value');
  }

  private number(): void {
    const rest = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
    rest.lastIndex = this.at;
    const length = rest.exec(this.text)?.[0].length ?? 0;
    if (length === 0) this.unexpected('expected digit (0-9) to follow minus sign', 1);
    this.at += length;
    const next = this.text[this.at];
    if (next !== undefined && /[0-9A-Za-z.+]/.test(next)) {
      this.unexpected('expected space separating root-level values, or a valid number');
    }
  }

  private word(): void {
    for (const word of ['true', 'false', 'null']) {
      if (this.text.startsWith(word, this.at)) {
        this.at += word.length;
        return;
      }
    }
    this.unexpected(
      "expected a valid value (JSON String, Number, Array, Object or token 'null', 'true' or 'false')",
    );
  }

  private blanks(): void {
    while (/[ \t\r\n]/.test(this.text[this.at] ?? '')) this.at += 1;
  }

  private take(character: string): boolean {
    if (this.text[this.at] !== character) return false;
    this.at += 1;
    return true;
  }

  private unexpected(why: string, ahead = 0): never {
    this.at += ahead;
    const code = this.text.codePointAt(this.at);
    if (code === undefined) return this.fault(`Unexpected end-of-input: ${why}`);
    const shown =
      code < 32 ? `CTRL-CHAR, code ${code}` : `'${String.fromCodePoint(code)}' (code ${code})`;
    return this.fault(`Unexpected character (${shown}): ${why}`);
  }

  private fault(message: string): never {
    const before = this.text.slice(0, this.at);
    const line = before.split('\n').length;
    const column = this.at - (before.lastIndexOf('\n') + 1) + 1;
    throw new SyntaxFault(
      `${message}\n at [Source: request body; line: ${line}, column: ${column}]`,
    );
  }
}
