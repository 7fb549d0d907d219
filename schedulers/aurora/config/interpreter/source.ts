/** Texts of configuration files, places in them, and the one kind of error that a configuration can end with. */

export interface Place {
  readonly source: SourceText;
  readonly offset: number;
}

export interface LineAndColumn {
  /** Both from 1. */
  readonly line: number;
  readonly column: number;
  readonly text: string;
}

export class SourceText {
  readonly file: string;
  readonly text: string;

  constructor(file: string, text: string) {
    this.file = file;
    this.text = text;
  }

  locate(offset: number): LineAndColumn {
    const at = Math.min(offset, this.text.length);
    const before = this.text.slice(0, at);
    const start = before.lastIndexOf('\n') + 1;
    const end = this.text.indexOf('\n', at);
    return {
      line: before.split('\n').length,
      column: at - start + 1,
      text: this.text.slice(start, end === -1 ? undefined : end),
    };
  }
}

/** Kind and sentence as Python says them: `NameError`, `name 'x' is not defined`. */
const SYNTAX_KINDS: ReadonlySet<string> = new Set(['SyntaxError', 'IndentationError']);

export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly kind: string;
  readonly place: Place | undefined;
  /** Where the functions and includes were called that led here, outermost first. */
  readonly calls: readonly Place[];

  constructor(
    kind: string,
    message: string,
    place: Place | undefined = undefined,
    calls: readonly Place[] = [],
  ) {
    super(message);
    this.kind = kind;
    this.place = place;
    this.calls = calls;
  }

  /** In one line, as Python tells of an error. */
  get summary(): string {
    if (!SYNTAX_KINDS.has(this.kind) || this.place === undefined) return this.message;
    const { source, offset } = this.place;
    const name = source.file.slice(source.file.lastIndexOf('/') + 1);
    return `${this.message} (${name}, line ${source.locate(offset).line})`;
  }

  /** As a traceback, with the column besides. */
  describe(): string {
    const places = this.place === undefined ? this.calls : [...this.calls, this.place];
    const shown = places.slice(-TRACE_MAX).map(describePlace);
    const head = places.length > 1 ? ['Traceback (most recent call last):'] : [];
    return [...head, ...shown, `${this.kind}: ${this.message}`].join('\n');
  }
}

const TRACE_MAX = 10;
const LINE_SHOWN_MAX = 200;

function describePlace({ source, offset }: Place): string {
  const { line, column, text } = source.locate(offset);
  const head = `  File "${source.file}", line ${line}, column ${column}`;
  if (text.length > LINE_SHOWN_MAX || text.trim() === '') return head;
  const indented = text.trimStart();
  const caret = ' '.repeat(Math.max(0, column - 1 - (text.length - indented.length)));
  return `${head}\n    ${indented}\n    ${caret}^`;
}
