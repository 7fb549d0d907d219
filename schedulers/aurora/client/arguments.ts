/** Options and arguments of one command, in the manner of the original's parser: `--x y`, `--x=y`, unambiguous beginnings. */
import { err, ok, type Result } from '../../../core/base/result.ts';

export interface OptionRow {
  /** With its dashes. */
  readonly name: string;
  readonly short?: string;
  /** A `flag` takes no value; a `list` may be given repeatedly. */
  readonly kind: 'flag' | 'text' | 'integer' | 'list';
  readonly otherwise?: string;
  readonly choices?: readonly string[];
  readonly metavar?: string;
  readonly help: string;
}

export interface PositionalRow {
  readonly name: string;
  readonly metavar?: string;
  /** May be left out; only the last ones. */
  readonly isOptional?: boolean;
  /** Takes all words that are left. */
  readonly isRest?: boolean;
  /** One or more words, up to those that the rows after it need. */
  readonly isMany?: boolean;
  readonly help: string;
}

export interface CommandForm {
  readonly options: readonly OptionRow[];
  readonly positionals: readonly PositionalRow[];
}

/** What was given, by the names of the rows. */
export class Arguments {
  private readonly given: ReadonlyMap<string, readonly string[]>;

  constructor(given: ReadonlyMap<string, readonly string[]>) {
    this.given = given;
  }

  has(name: string): boolean {
    return this.given.has(name);
  }

  text(name: string): string {
    return this.optional(name) ?? '';
  }

  /** The last one given. */
  optional(name: string): string | undefined {
    return this.given.get(name)?.at(-1);
  }

  texts(name: string): readonly string[] {
    return this.given.get(name) ?? [];
  }

  integer(name: string): number {
    return Number(this.text(name));
  }
}

/** The error is what stands after `error: `. */
export function parseArguments(form: CommandForm, argv: readonly string[]): Result<Arguments> {
  const given = new Map<string, string[]>();
  const words: string[] = [];
  for (let at = 0; at < argv.length; at += 1) {
    const word = argv[at] ?? '';
    if (word === '--') {
      words.push(...argv.slice(at + 1));
      break;
    }
    if (!isOption(word)) {
      words.push(word);
      // The words of a command for another machine may look like options.
      if (takesRest(form, words)) {
        words.push(...argv.slice(at + 1));
        break;
      }
      continue;
    }
    const taken = takeOption(form, { word, next: argv[at + 1] });
    if (!taken.ok) return taken;
    const { row, value, usedNext } = taken.value;
    given.set(row.name, [...(given.get(row.name) ?? []), value]);
    if (usedNext) at += 1;
  }
  for (const row of form.options) {
    if (row.otherwise !== undefined && !given.has(row.name)) given.set(row.name, [row.otherwise]);
  }
  return takePositionals(form, words, given);
}

function isOption(word: string): boolean {
  return word.startsWith('-') && word !== '-' && !/^-\d/.test(word);
}

function takesRest(form: CommandForm, words: readonly string[]): boolean {
  return form.positionals[words.length - 1]?.isRest === true;
}

interface TakenOption {
  readonly row: OptionRow;
  readonly value: string;
  readonly usedNext: boolean;
}

function takeOption(
  form: CommandForm,
  { word, next }: { readonly word: string; readonly next: string | undefined },
): Result<TakenOption> {
  const found = findOption(form, word);
  if (!found.ok) return found;
  const { row, value } = found.value;
  const shown = row.short === undefined ? row.name : `${row.name}/${row.short}`;
  if (row.kind === 'flag') {
    if (value !== undefined) return err(`argument ${shown}: ignored explicit argument '${value}'`);
    return ok({ row, value: '', usedNext: false });
  }
  const text = value ?? next;
  if (text === undefined || (value === undefined && isOption(text))) {
    return err(`argument ${shown}: expected one argument`);
  }
  if (row.kind === 'integer' && !/^[+-]?\d{1,15}$/.test(text)) {
    return err(`argument ${shown}: invalid int value: '${text}'`);
  }
  if (row.choices?.includes(text) === false) {
    const choices = row.choices.map((each) => `'${each}'`).join(', ');
    return err(`argument ${shown}: invalid choice: '${text}' (choose from ${choices})`);
  }
  return ok({ row, value: text, usedNext: value === undefined });
}

function findOption(
  form: CommandForm,
  word: string,
): Result<{ readonly row: OptionRow; readonly value: string | undefined }> {
  if (!word.startsWith('--')) {
    const row = form.options.find((each) => each.short === word.slice(0, 2));
    if (row === undefined) return err(`unrecognized arguments: ${word}`);
    return ok({ row, value: word.length > 2 ? word.slice(2).replace(/^=/, '') : undefined });
  }
  const at = word.indexOf('=');
  const name = at === -1 ? word : word.slice(0, at);
  const value = at === -1 ? undefined : word.slice(at + 1);
  const exact = form.options.find((each) => each.name === name);
  if (exact !== undefined) return ok({ row: exact, value });
  const [row, second] = form.options.filter((each) => each.name.startsWith(name));
  if (row === undefined) return err(`unrecognized arguments: ${word}`);
  if (second === undefined) return ok({ row, value });
  const names = form.options.filter((each) => each.name.startsWith(name)).map((each) => each.name);
  return err(`ambiguous option: ${name} could match ${names.join(', ')}`);
}

function takePositionals(
  { positionals }: CommandForm,
  words: readonly string[],
  given: Map<string, string[]>,
): Result<Arguments> {
  let at = 0;
  for (const [index, row] of positionals.entries()) {
    if (words[at] === undefined) {
      if (row.isOptional === true) continue;
      return err('too few arguments');
    }
    const many = words.length - (positionals.length - 1 - index);
    const end = row.isRest === true ? words.length : row.isMany === true ? many : at + 1;
    if (end <= at) return err('too few arguments');
    given.set(row.name, words.slice(at, end));
    at = end;
  }
  if (at < words.length) return err(`unrecognized arguments: ${words.slice(at).join(' ')}`);
  return ok(new Arguments(given));
}

/** `usage: program [-h] [--x X] word` */
export function usageLine(program: string, { options, positionals }: CommandForm): string {
  const parts = [
    ...options.map((row) => `[${optionText(row, row.short ?? row.name)}]`),
    ...positionals.map((row) => {
      const name = row.metavar ?? row.name;
      const text = row.isMany === true ? `${name} [${name} ...]` : name;
      return row.isOptional === true ? `[${text}]` : text;
    }),
  ];
  return ['usage:', program, '[-h]', ...parts].join(' ');
}

export function helpText(program: string, help: string, form: CommandForm): string {
  const rows = [
    ...form.positionals.map((row) => [row.metavar ?? row.name, row.help]),
    ['-h, --help', 'show this help message and exit'],
    ...form.options.map((row) => {
      const names = row.short === undefined ? [row.name] : [row.name, row.short];
      return [names.map((name) => optionText(row, name)).join(', '), row.help];
    }),
  ];
  const lines = rows.map(([name = '', text = '']) => `  ${name.padEnd(32)} ${text}`);
  return [usageLine(program, form), '', help, '', ...lines].join('\n');
}

function optionText(row: OptionRow, name: string): string {
  if (row.kind === 'flag') return name;
  if (row.choices !== undefined) return `${name} {${row.choices.join(',')}}`;
  return `${name} ${row.metavar ?? row.name.replace(/^-+/, '').replaceAll('-', '_').toUpperCase()}`;
}
