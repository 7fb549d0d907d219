/** Names and what they stand for, from the inside out. */
import type { SourceText } from './source.ts';
import type { Block, Expression, Statement } from './syntax.ts';
import type { Value } from './values.ts';

export class Frame {
  readonly source: SourceText;
  readonly names: Map<string, Value>;
  readonly globals: Map<string, Value>;
  readonly parent: Frame | undefined;
  /** Names that a function assigns: they are never looked up outside. Undefined outside of functions. */
  readonly assigned: ReadonlySet<string> | undefined;
  /** Names declared with `global`. */
  readonly global: ReadonlySet<string>;

  constructor(options: {
    readonly source: SourceText;
    readonly names: Map<string, Value>;
    readonly globals: Map<string, Value>;
    readonly parent?: Frame | undefined;
    readonly assigned?: ReadonlySet<string> | undefined;
    readonly global?: ReadonlySet<string>;
  }) {
    this.source = options.source;
    this.names = options.names;
    this.globals = options.globals;
    this.parent = options.parent;
    this.assigned = options.assigned;
    this.global = options.global ?? new Set();
  }

  /** A frame inside this one, for the names of a comprehension or a class. */
  inner(): Frame {
    const { source, globals } = this;
    return new Frame({ source, globals, names: new Map(), parent: this });
  }

  set(name: string, value: Value): void {
    if (this.global.has(name)) this.globals.set(name, value);
    else this.names.set(name, value);
  }
}

export interface AssignedNames {
  readonly assigned: ReadonlySet<string>;
  readonly global: ReadonlySet<string>;
}

/** The names that a function's body binds. */
export function assignedNames(body: Block): AssignedNames {
  const found = { assigned: new Set<string>(), global: new Set<string>() };
  for (const statement of body) collect(statement, found);
  for (const name of found.global) found.assigned.delete(name);
  return found;
}

interface Collected {
  readonly assigned: Set<string>;
  readonly global: Set<string>;
}

function collect(statement: Statement, found: Collected): void {
  const blocks = (...all: readonly Block[]): void => {
    for (const block of all) for (const each of block) collect(each, found);
  };
  switch (statement.kind) {
    case 'assign':
      for (const each of statement.targets) collectTarget(each, found);
      break;
    case 'augment':
      collectTarget(statement.target, found);
      break;
    case 'import':
      found.assigned.add(statement.as);
      break;
    case 'from-import':
      for (const each of statement.names) found.assigned.add(each.as);
      break;
    case 'def':
    case 'class':
      found.assigned.add(statement.name);
      break;
    case 'global':
      for (const name of statement.names) found.global.add(name);
      break;
    case 'for':
      collectTarget(statement.target, found);
      blocks(statement.body, statement.otherwise);
      break;
    case 'if':
    case 'while':
      blocks(statement.body, statement.otherwise);
      break;
    case 'with':
      if (statement.target !== undefined) collectTarget(statement.target, found);
      blocks(statement.body);
      break;
    case 'try':
      blocks(statement.body, statement.otherwise, statement.finally);
      for (const { target, body } of statement.handlers) {
        if (target !== undefined) collectTarget(target, found);
        blocks(body);
      }
      break;
    default:
      break;
  }
}

function collectTarget(target: Expression, found: Collected): void {
  if (target.kind === 'name') found.assigned.add(target.name);
  if (target.kind === 'tuple' || target.kind === 'list') {
    for (const each of target.elements) collectTarget(each, found);
  }
}
