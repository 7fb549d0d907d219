/** Statements (spec aurora, section 2.3). What Python has and this subset has not is refused by its name. */
import {
  checkTarget,
  parseExpression,
  parseExpressions,
  parseParameters,
  parseTarget,
} from './expression-parser.ts';
import type { SourceText } from './source.ts';
import type { Block, Expression, Statement } from './syntax.ts';
import { TokenCursor } from './token-cursor.ts';

const AUGMENTED = ['+=', '-=', '*=', '/=', '//=', '%=', '**=', '&=', '|=', '^=', '<<=', '>>='];
const REFUSED: Readonly<Record<string, string | undefined>> = {
  '@': 'decorators are not supported in configurations',
  '`': 'backquotes are not supported in configurations',
  yield: 'yield is not supported in configurations',
  exec: 'exec is not supported in configurations',
};

/** Throws `ConfigError`. */
export function parse(source: SourceText): Block {
  const tokens = new TokenCursor(source);
  const statements: Statement[] = [];
  while (tokens.token.kind !== 'end') statements.push(...parseStatement(tokens));
  return statements;
}

function parseStatement(tokens: TokenCursor): readonly Statement[] {
  const { text, at } = tokens.token;
  const refused = tokens.token.kind === 'string' ? undefined : REFUSED[text];
  if (refused !== undefined) tokens.fail(refused);
  if (!tokens.isKeyword()) return parseSimpleLine(tokens);
  switch (text) {
    case 'if':
      return [parseIf(tokens)];
    case 'while': {
      tokens.next();
      const condition = parseExpressions(tokens);
      const body = parseBlock(tokens);
      return [{ kind: 'while', at, condition, body, otherwise: parseElse(tokens) }];
    }
    case 'for': {
      tokens.next();
      const target = parseTarget(tokens);
      tokens.expect('in');
      const over = parseExpressions(tokens);
      const body = parseBlock(tokens);
      return [{ kind: 'for', at, target, over, body, otherwise: parseElse(tokens) }];
    }
    case 'def':
      return [parseDef(tokens)];
    case 'class':
      return [parseClass(tokens)];
    case 'with':
      return [parseWith(tokens)];
    case 'try':
      return [parseTry(tokens)];
    default:
      return parseSimpleLine(tokens);
  }
}

/** `: line` or an indented block. */
function parseBlock(tokens: TokenCursor): Block {
  tokens.expect(':');
  return tokens.nested(() => {
    if (!tokens.isKind('newline')) return parseSimpleLine(tokens);
    tokens.next();
    tokens.expectKind('indent', 'expected an indented block');
    const body: Statement[] = [];
    while (!tokens.isKind('dedent')) {
      if (tokens.isKind('end')) tokens.fail();
      body.push(...parseStatement(tokens));
    }
    tokens.next();
    return body;
  });
}

function parseElse(tokens: TokenCursor): Block {
  return tokens.takes('else') ? parseBlock(tokens) : [];
}

function parseIf(tokens: TokenCursor): Statement {
  const { at } = tokens.next();
  const condition = parseExpressions(tokens);
  const body = parseBlock(tokens);
  const otherwise = tokens.is('elif') ? [tokens.nested(() => parseIf(tokens))] : parseElse(tokens);
  return { kind: 'if', at, condition, body, otherwise };
}

function parseDef(tokens: TokenCursor): Statement {
  const { at } = tokens.next();
  const name = tokens.expectName();
  tokens.expect('(');
  const parameters = parseParameters(tokens, ')');
  tokens.expect(')');
  return { kind: 'def', at, name, parameters, body: parseBlock(tokens) };
}

function parseClass(tokens: TokenCursor): Statement {
  const { at } = tokens.next();
  const name = tokens.expectName();
  if (!tokens.takes('(') || tokens.is(')')) tokens.fail('a class needs a base: class X(Struct)');
  const base = parseExpression(tokens);
  if (tokens.is(',')) tokens.fail('classes with several bases are not supported in configurations');
  tokens.expect(')');
  const body = parseBlock(tokens);
  for (const each of body) {
    const isText = each.kind === 'expression' && each.value.kind === 'literal';
    if (each.kind !== 'assign' && each.kind !== 'pass' && !isText) {
      tokens.fail('a class may only assign attributes in configurations', each.at);
    }
  }
  return { kind: 'class', at, name, base, body };
}

function parseWith(tokens: TokenCursor): Statement {
  const { at } = tokens.next();
  const value = parseExpression(tokens);
  const target = tokens.takes('as') ? parseTarget(tokens) : undefined;
  return { kind: 'with', at, value, target, body: parseBlock(tokens) };
}

function parseTry(tokens: TokenCursor): Statement {
  const { at } = tokens.next();
  const body = parseBlock(tokens);
  const handlers: { type: Expression | undefined; target: Expression | undefined; body: Block }[] =
    [];
  while (tokens.takes('except')) {
    const type = tokens.is(':') ? undefined : parseExpression(tokens);
    const target = type !== undefined && tokens.takes('as', ',') ? parseTarget(tokens) : undefined;
    handlers.push({ type, target, body: parseBlock(tokens) });
  }
  const otherwise = handlers.length > 0 ? parseElse(tokens) : [];
  const last = tokens.takes('finally') ? parseBlock(tokens) : undefined;
  if (handlers.length === 0 && last === undefined) tokens.fail();
  return { kind: 'try', at, body, handlers, otherwise, finally: last ?? [] };
}

/** `a; b; c` up to the end of the line. */
function parseSimpleLine(tokens: TokenCursor): readonly Statement[] {
  const statements = parseSimple(tokens);
  while (tokens.takes(';')) {
    if (tokens.token.kind === 'newline') break;
    statements.push(...parseSimple(tokens));
  }
  if (tokens.token.kind !== 'end') tokens.expectKind('newline');
  return statements;
}

function parseSimple(tokens: TokenCursor): Statement[] {
  const { text, at } = tokens.token;
  if (!tokens.isKeyword()) return [parseAssignment(tokens)];
  switch (text) {
    case 'pass':
    case 'break':
    case 'continue':
      tokens.next();
      return [{ kind: text, at }];
    case 'return':
      tokens.next();
      return [{ kind: 'return', at, value: atEnd(tokens) ? undefined : parseExpressions(tokens) }];
    case 'raise':
      tokens.next();
      return [{ kind: 'raise', at, value: atEnd(tokens) ? undefined : parseRaised(tokens) }];
    case 'global':
      tokens.next();
      return [{ kind: 'global', at, names: parseNames(tokens) }];
    case 'del': {
      tokens.next();
      const target = parseTarget(tokens);
      return [{ kind: 'del', at, targets: target.kind === 'tuple' ? target.elements : [target] }];
    }
    case 'assert': {
      tokens.next();
      const condition = parseExpression(tokens);
      const message = tokens.takes(',') ? parseExpression(tokens) : undefined;
      return [{ kind: 'assert', at, condition, message }];
    }
    case 'print':
      return [parsePrint(tokens)];
    case 'import':
      tokens.next();
      return parseImport(tokens, at);
    case 'from':
      tokens.next();
      return tokens.is('__future__') ? parseFuture(tokens) : [parseFromImport(tokens, at)];
    default: {
      const refused = REFUSED[text];
      if (refused !== undefined) tokens.fail(refused);
      return [parseAssignment(tokens)];
    }
  }
}

/** `raise Type, message` is `raise Type(message)`. */
function parseRaised(tokens: TokenCursor): Expression {
  const { at } = tokens.token;
  const callee = parseExpression(tokens);
  if (!tokens.takes(',')) return callee;
  const value = parseExpression(tokens);
  return { kind: 'call', at, callee, args: [{ kind: 'positional', name: '', value }] };
}

/** Does nothing, or is what is done anyway. */
const FUTURES: ReadonlySet<string> = new Set(
  'absolute_import generators nested_scopes print_function unicode_literals with_statement'.split(
    ' ',
  ),
);

function parseFuture(tokens: TokenCursor): Statement[] {
  tokens.next();
  tokens.expect('import');
  const isInParentheses = tokens.takes('(');
  do {
    if (!FUTURES.has(tokens.token.text)) {
      tokens.fail(`future feature ${tokens.token.text} is not supported in configurations`);
    }
    if (tokens.expectName() === 'print_function') tokens.isPrintFunction = true;
  } while (tokens.takes(','));
  if (isInParentheses) tokens.expect(')');
  return [];
}

function atEnd(tokens: TokenCursor): boolean {
  return tokens.token.kind === 'newline' || tokens.token.kind === 'end' || tokens.is(';');
}

function parseNames(tokens: TokenCursor): readonly string[] {
  const names = [tokens.expectName()];
  while (tokens.takes(',')) names.push(tokens.expectName());
  return names;
}

/** `print a, b` and `print(a)`. */
function parsePrint(tokens: TokenCursor): Statement {
  const { at } = tokens.next();
  if (tokens.is('>>')) tokens.fail('print to a file is not supported in configurations');
  if (atEnd(tokens)) return { kind: 'print', at, values: [] };
  const value = parseExpressions(tokens);
  const values = value.kind === 'tuple' ? value.elements : [value];
  return { kind: 'print', at, values };
}

function dottedName(tokens: TokenCursor): string {
  const parts = [tokens.expectName()];
  while (tokens.takes('.')) parts.push(tokens.expectName());
  return parts.join('.');
}

function parseImport(tokens: TokenCursor, at: number): Statement[] {
  const made: Statement[] = [];
  do {
    const module = dottedName(tokens);
    // `import os.path` binds `os`.
    const first = module.split('.')[0] ?? module;
    const hasName = tokens.takes('as');
    made.push({
      kind: 'import',
      at,
      module: hasName ? module : first,
      as: hasName ? tokens.expectName() : first,
    });
  } while (tokens.takes(','));
  return made;
}

function parseFromImport(tokens: TokenCursor, at: number): Statement {
  const module = dottedName(tokens);
  tokens.expect('import');
  if (tokens.is('*')) tokens.fail('import * is not supported in configurations');
  const isInParentheses = tokens.takes('(');
  const names: { name: string; as: string }[] = [];
  do {
    if (isInParentheses && tokens.is(')')) break;
    const name = tokens.expectName();
    names.push({ name, as: tokens.takes('as') ? tokens.expectName() : name });
  } while (tokens.takes(','));
  if (isInParentheses) tokens.expect(')');
  return { kind: 'from-import', at, module, names };
}

function parseAssignment(tokens: TokenCursor): Statement {
  const { at } = tokens.token;
  const first = parseExpressions(tokens);
  if (tokens.is(...AUGMENTED)) {
    checkTarget(tokens, first);
    if (first.kind !== 'name' && first.kind !== 'item') {
      tokens.fail(`illegal expression for augmented assignment`, at);
    }
    const operator = tokens.next().text.slice(0, -1);
    return { kind: 'augment', at, target: first, operator, value: parseExpressions(tokens) };
  }
  if (!tokens.is('=')) return { kind: 'expression', at, value: first };
  const chain = [first];
  while (tokens.takes('=')) chain.push(parseExpressions(tokens));
  const targets = chain.slice(0, -1);
  for (const each of targets) checkTarget(tokens, each);
  return { kind: 'assign', at, targets, value: chain.at(-1) ?? first };
}
