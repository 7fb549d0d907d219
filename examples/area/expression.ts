/**
 * Expressions of x, read and never run as code:
 *
 *   sum := product (("+" | "-") product)*      product := sign (("*" | "/") sign)*
 *   sign := "-" sign | power                   power := value ("^" sign)?
 *   value := number | "x" | "pi" | "e" | "(" sum ")" | function "(" sum ")"
 */
type Curve = (x: number) => number;

const FUNCTIONS: ReadonlyMap<string, Curve> = new Map([
  ['sin', Math.sin],
  ['cos', Math.cos],
  ['tan', Math.tan],
  ['sqrt', Math.sqrt],
  ['abs', Math.abs],
  ['exp', Math.exp],
  ['log', Math.log],
]);
const CONSTANTS: ReadonlyMap<string, number> = new Map([
  ['pi', Math.PI],
  ['e', Math.E],
]);
const LENGTH_MAX = 500;

/** Throws with a sentence when the text is no expression. */
export function parseExpression(text: string): Curve {
  if (text.length > LENGTH_MAX)
    throw new Error(`an expression has at most ${LENGTH_MAX} characters`);
  const parser = new Parser(text.match(/\d+\.?\d*|\.\d+|[a-z]+|\S/g) ?? []);
  const curve = parser.sum();
  parser.expect(undefined);
  return curve;
}

class Parser {
  private readonly tokens: readonly string[];
  private at = 0;

  constructor(tokens: readonly string[]) {
    this.tokens = tokens;
  }

  sum(): Curve {
    let left = this.product();
    for (;;) {
      const [first, sign] = [left, this.take('+', '-')];
      if (sign === undefined) return first;
      const second = this.product();
      left = sign === '+' ? (x) => first(x) + second(x) : (x) => first(x) - second(x);
    }
  }

  private product(): Curve {
    let left = this.sign();
    for (;;) {
      const [first, sign] = [left, this.take('*', '/')];
      if (sign === undefined) return first;
      const second = this.sign();
      left = sign === '*' ? (x) => first(x) * second(x) : (x) => first(x) / second(x);
    }
  }

  private sign(): Curve {
    if (this.take('-') === undefined) return this.power();
    const value = this.sign();
    return (x) => -value(x);
  }

  private power(): Curve {
    const base = this.value();
    if (this.take('^') === undefined) return base;
    const exponent = this.sign();
    return (x) => base(x) ** exponent(x);
  }

  private value(): Curve {
    const token = this.tokens[this.at] ?? '';
    const [constant, apply] = [CONSTANTS.get(token), FUNCTIONS.get(token)];
    if (token !== '(') this.at += 1;
    if (token === 'x') return (x) => x;
    if (constant !== undefined) return () => constant;
    if (/^[\d.]+$/.test(token)) return () => Number(token);
    if (token !== '(' && apply === undefined) throw new Error(`'${token}' cannot stand there`);
    this.expect('(');
    const inner = this.sum();
    this.expect(')');
    return apply === undefined ? inner : (x) => apply(inner(x));
  }

  /** The next token if it is one of these. */
  private take(...wanted: readonly string[]): string | undefined {
    const token = this.tokens[this.at];
    if (token === undefined || !wanted.includes(token)) return undefined;
    this.at += 1;
    return token;
  }

  /** Undefined: the end. */
  expect(token: string | undefined): void {
    const found = this.tokens[this.at];
    if (found !== token) {
      throw new Error(`expected ${token ?? 'the end'}, found ${found ?? 'the end'}`);
    }
    this.at += 1;
  }
}
