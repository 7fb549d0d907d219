/** Expressions (spec aurora, section 2.3), by precedence climbing. */
import type { Argument, Clause, Expression, Parameters } from './syntax.ts';
import type { TokenCursor } from './token-cursor.ts';

/** Binding power of the binary operators that are left associative. */
const POWER: Readonly<Record<string, number | undefined>> = {
  '|': 1,
  '^': 2,
  '&': 3,
  '<<': 4,
  '>>': 4,
  '+': 5,
  '-': 5,
  '*': 6,
  '/': 6,
  '//': 6,
  '%': 6,
};
const COMPARISONS = ['<', '>', '==', '>=', '<=', '!=', '<>'];
/** Operators in one chain without brackets: the tree gets as deep as the chain is long. */
const CHAIN_MAX = 200;

/** `a, b` is a tuple. */
export function parseExpressions(tokens: TokenCursor): Expression {
  const { at } = tokens.token;
  const first = parseExpression(tokens);
  if (!tokens.is(',')) return first;
  const elements = [first];
  while (tokens.takes(',')) {
    if (!startsExpression(tokens)) break;
    elements.push(parseExpression(tokens));
  }
  return { kind: 'tuple', at, elements };
}

function startsExpression(tokens: TokenCursor): boolean {
  const { kind } = tokens.token;
  if (kind === 'operator') return tokens.is('(', '[', '{', '-', '+', '~');
  if (kind === 'name') return !tokens.isKeyword() || tokens.is('not', 'lambda');
  return kind === 'int' || kind === 'float' || kind === 'string';
}

export function parseExpression(tokens: TokenCursor): Expression {
  return tokens.nested(() => {
    if (tokens.is('lambda')) return parseLambda(tokens);
    const then = parseOr(tokens);
    const { at } = tokens.token;
    if (!tokens.takes('if')) return then;
    const condition = parseOr(tokens);
    tokens.expect('else');
    return { kind: 'conditional', at, condition, then, otherwise: parseExpression(tokens) };
  });
}

function parseLambda(tokens: TokenCursor): Expression {
  const { at } = tokens.expect('lambda');
  const parameters = parseParameters(tokens, ':');
  tokens.expect(':');
  return { kind: 'lambda', at, parameters, body: parseExpression(tokens) };
}

/** Up to `end`, which is not taken. */
export function parseParameters(tokens: TokenCursor, end: string): Parameters {
  const names: { name: string; otherwise: Expression | undefined }[] = [];
  let rest: string | undefined;
  let keywords: string | undefined;
  while (!tokens.is(end)) {
    if (tokens.takes('**')) keywords = tokens.expectName();
    else if (rest !== undefined || keywords !== undefined) tokens.fail();
    else if (tokens.takes('*')) rest = tokens.expectName();
    else {
      const name = tokens.expectName();
      if (names.some((each) => each.name === name)) {
        tokens.fail(`duplicate argument '${name}' in function definition`);
      }
      const otherwise = tokens.takes('=') ? parseExpression(tokens) : undefined;
      if (otherwise === undefined && names.at(-1)?.otherwise !== undefined) {
        tokens.fail('non-default argument follows default argument');
      }
      names.push({ name, otherwise });
    }
    if (!tokens.takes(',')) break;
  }
  if (!tokens.is(end)) tokens.fail();
  return { names, rest, keywords };
}

function parseOr(tokens: TokenCursor): Expression {
  return chain(tokens, 'or', () => chain(tokens, 'and', () => parseNot(tokens)));
}

function chain(tokens: TokenCursor, kind: 'and' | 'or', operand: () => Expression): Expression {
  let left = operand();
  for (let count = 0; tokens.is(kind); count += 1) {
    if (count >= CHAIN_MAX) tokens.fail('too many operators');
    const { at } = tokens.next();
    left = { kind, at, left, right: operand() };
  }
  return left;
}

function parseNot(tokens: TokenCursor): Expression {
  if (!tokens.is('not')) return parseComparison(tokens);
  const { at } = tokens.next();
  return tokens.nested(() => ({ kind: 'not', at, of: parseNot(tokens) }));
}

function parseComparison(tokens: TokenCursor): Expression {
  const first = parseBinary(tokens, 0);
  const { at } = tokens.token;
  const rest: { operator: string; value: Expression }[] = [];
  for (;;) {
    const operator = comparison(tokens);
    if (operator === undefined) break;
    if (rest.length >= CHAIN_MAX) tokens.fail('too many operators');
    rest.push({ operator, value: parseBinary(tokens, 0) });
  }
  return rest.length === 0 ? first : { kind: 'compare', at, first, rest };
}

function comparison(tokens: TokenCursor): string | undefined {
  if (tokens.is(...COMPARISONS)) {
    const { text } = tokens.next();
    return text === '<>' ? '!=' : text;
  }
  if (tokens.takes('in')) return 'in';
  if (tokens.takes('is')) return tokens.takes('not') ? 'is not' : 'is';
  if (tokens.is('not') && tokens.following?.text === 'in') {
    tokens.next();
    tokens.next();
    return 'not in';
  }
  return undefined;
}

function parseBinary(tokens: TokenCursor, powerMin: number): Expression {
  let left = parseUnary(tokens);
  for (let count = 0; ; count += 1) {
    const { kind, text, at } = tokens.token;
    const power = kind === 'operator' ? POWER[text] : undefined;
    if (power === undefined || power <= powerMin) return left;
    if (count >= CHAIN_MAX) tokens.fail('too many operators');
    tokens.next();
    left = { kind: 'binary', at, operator: text, left, right: parseBinary(tokens, power) };
  }
}

function parseUnary(tokens: TokenCursor): Expression {
  if (!tokens.is('-', '+', '~')) return parsePower(tokens);
  const { text, at } = tokens.next();
  return tokens.nested(() => ({ kind: 'unary', at, operator: text, of: parseUnary(tokens) }));
}

function parsePower(tokens: TokenCursor): Expression {
  const left = parsePostfix(tokens);
  if (!tokens.is('**')) return left;
  const { at } = tokens.next();
  // Binds less tightly than a sign on its right, and groups to the right.
  const right = tokens.nested(() => parseUnary(tokens));
  return { kind: 'binary', at, operator: '**', left, right };
}

function parsePostfix(tokens: TokenCursor): Expression {
  let of = parseAtom(tokens);
  for (let count = 0; tokens.is('.', '(', '['); count += 1) {
    if (count >= CHAIN_MAX) tokens.fail('too many operators');
    const { text, at } = tokens.next();
    if (text === '.') of = { kind: 'attribute', at, of, name: tokens.expectName() };
    else if (text === '(') of = { kind: 'call', at, callee: of, args: parseArguments(tokens) };
    else of = parseSubscript(tokens, of, at);
  }
  return of;
}

function parseArguments(tokens: TokenCursor): readonly Argument[] {
  const args: Argument[] = [];
  while (!tokens.is(')')) {
    args.push(parseArgument(tokens, args));
    if (!tokens.takes(',')) break;
  }
  tokens.expect(')');
  return args;
}

function parseArgument(tokens: TokenCursor, before: readonly Argument[]): Argument {
  if (tokens.takes('**'))
    return { kind: 'spread-keywords', name: '', value: parseExpression(tokens) };
  if (tokens.takes('*')) return { kind: 'spread', name: '', value: parseExpression(tokens) };
  if (tokens.token.kind === 'name' && tokens.following?.text === '=') {
    const name = tokens.expectName();
    tokens.expect('=');
    if (before.some((each) => each.kind === 'keyword' && each.name === name)) {
      tokens.fail('keyword argument repeated');
    }
    return { kind: 'keyword', name, value: parseExpression(tokens) };
  }
  if (before.some(({ kind }) => kind === 'keyword'))
    tokens.fail('non-keyword arg after keyword arg');
  const { at } = tokens.token;
  const value = parseExpression(tokens);
  if (!tokens.is('for')) return { kind: 'positional', name: '', value };
  const clauses = parseClauses(tokens);
  return {
    kind: 'positional',
    name: '',
    value: { kind: 'comprehension', at, makes: 'generator', element: [value], clauses },
  };
}

function parseSubscript(tokens: TokenCursor, of: Expression, at: number): Expression {
  const from = tokens.is(':') ? undefined : parseExpressions(tokens);
  if (from !== undefined && tokens.takes(']')) return { kind: 'item', at, of, key: from };
  tokens.expect(':');
  const to = tokens.is(':', ']') ? undefined : parseExpression(tokens);
  const step = tokens.takes(':') && !tokens.is(']') ? parseExpression(tokens) : undefined;
  tokens.expect(']');
  return { kind: 'slice', at, of, from, to, step };
}

function parseAtom(tokens: TokenCursor): Expression {
  const token = tokens.token;
  const { at } = token;
  if (token.kind === 'string') return parseStrings(tokens);
  if (token.kind === 'int' || token.kind === 'float') {
    tokens.next();
    return { kind: 'literal', at, value: token.value };
  }
  if (token.kind === 'name') return { kind: 'name', at, name: tokens.expectName() };
  if (tokens.takes('(')) return parseParentheses(tokens, at);
  if (tokens.takes('[')) return parseListOrComprehension(tokens, at);
  if (tokens.takes('{')) return parseBraces(tokens, at);
  return tokens.fail();
}

/** Strings side by side are one. */
function parseStrings(tokens: TokenCursor): Expression {
  const { at } = tokens.token;
  const parts: string[] = [];
  while (tokens.token.kind === 'string') {
    parts.push(tokens.token.value);
    tokens.next();
  }
  return { kind: 'literal', at, value: parts.join('') };
}

function parseParentheses(tokens: TokenCursor, at: number): Expression {
  if (tokens.takes(')')) return { kind: 'tuple', at, elements: [] };
  const inner = parseExpressions(tokens);
  if (tokens.is('for')) {
    const clauses = parseClauses(tokens);
    tokens.expect(')');
    return { kind: 'comprehension', at, makes: 'generator', element: [inner], clauses };
  }
  tokens.expect(')');
  return inner;
}

function parseListOrComprehension(tokens: TokenCursor, at: number): Expression {
  const elements: Expression[] = [];
  while (!tokens.is(']')) {
    elements.push(parseExpression(tokens));
    const [first] = elements;
    if (first !== undefined && elements.length === 1 && tokens.is('for')) {
      const clauses = parseClauses(tokens);
      tokens.expect(']');
      return { kind: 'comprehension', at, makes: 'list', element: [first], clauses };
    }
    if (!tokens.takes(',')) break;
  }
  tokens.expect(']');
  return { kind: 'list', at, elements };
}

function parseBraces(tokens: TokenCursor, at: number): Expression {
  if (tokens.takes('}')) return { kind: 'dict', at, entries: [] };
  const first = parseExpression(tokens);
  if (tokens.takes(':')) return parseDict(tokens, at, first);
  if (tokens.is('for')) {
    const clauses = parseClauses(tokens);
    tokens.expect('}');
    return { kind: 'comprehension', at, makes: 'set', element: [first], clauses };
  }
  const elements = [first];
  while (tokens.takes(',') && !tokens.is('}')) elements.push(parseExpression(tokens));
  tokens.expect('}');
  return { kind: 'set', at, elements };
}

function parseDict(tokens: TokenCursor, at: number, first: Expression): Expression {
  const value = parseExpression(tokens);
  if (tokens.is('for')) {
    const clauses = parseClauses(tokens);
    tokens.expect('}');
    return { kind: 'comprehension', at, makes: 'dict', element: [first, value], clauses };
  }
  const entries: (readonly [Expression, Expression])[] = [[first, value]];
  while (tokens.takes(',') && !tokens.is('}')) {
    const key = parseExpression(tokens);
    tokens.expect(':');
    entries.push([key, parseExpression(tokens)]);
  }
  tokens.expect('}');
  return { kind: 'dict', at, entries };
}

function parseClauses(tokens: TokenCursor): readonly Clause[] {
  const clauses: Clause[] = [];
  while (tokens.is('for', 'if')) {
    if (clauses.length >= CHAIN_MAX) tokens.fail('too many clauses');
    if (tokens.takes('if')) clauses.push({ kind: 'if', condition: parseOr(tokens) });
    else {
      tokens.expect('for');
      const target = parseTarget(tokens);
      tokens.expect('in');
      clauses.push({ kind: 'for', target, over: parseOr(tokens) });
    }
  }
  return clauses;
}

/** `a`, `a, b`, `(a, b)`: what a loop binds. */
export function parseTarget(tokens: TokenCursor): Expression {
  const { at } = tokens.token;
  const first = parsePostfix(tokens);
  checkTarget(tokens, first);
  if (!tokens.is(',')) return first;
  const elements = [first];
  while (tokens.takes(',')) {
    if (tokens.is('in', '=', ':')) break;
    const each = parsePostfix(tokens);
    checkTarget(tokens, each);
    elements.push(each);
  }
  return { kind: 'tuple', at, elements };
}

/** Only names, items and what is made of them can be bound. */
export function checkTarget(tokens: TokenCursor, target: Expression): void {
  switch (target.kind) {
    case 'name':
      if (target.name === 'None') tokens.fail('cannot assign to None', target.at);
      return;
    case 'item':
    case 'slice':
      return;
    case 'tuple':
    case 'list':
      for (const each of target.elements) checkTarget(tokens, each);
      return;
    case 'attribute':
      tokens.fail('attributes cannot be assigned: objects are values', target.at);
      return;
    case 'call':
      tokens.fail("can't assign to function call", target.at);
      return;
    default:
      tokens.fail(`can't assign to ${target.kind}`, target.at);
  }
}
