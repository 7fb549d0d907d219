/**
 * Flags of the daemons as tables: one row per flag, from which parsing, `--help` and the docs page
 * follow. Forms, errors and precedence: spec flags-and-metrics, section 1.
 *
 * `--name=value`, booleans also `--name` and `--no-name`; the `spaced` style (Marathon, Chronos)
 * also takes `--name value`. Command line wins over environment; `file://` values are read.
 */
import { readFileSync } from 'node:fs';
import { parseBytes } from './bytes.ts';
import { parseDuration } from './duration.ts';
import { describeError } from './errors.ts';
import { parseJson } from './picojson.ts';
import { err, ok, type Result } from './result.ts';

export type FlagType =
  | 'string'
  | 'path'
  /** A text that may begin with `file://` without meaning that file's content. */
  | 'url'
  | 'int'
  | 'double'
  | 'bool'
  | 'duration'
  | 'bytes'
  | 'json';

interface FlagRowBase {
  readonly help: string;
  /** Other accepted names. Old ones of the original belong here. */
  readonly aliases?: readonly string[];
  /** Gives the text after the flag's name in an error; `undefined` when the value is fine. */
  readonly validate?: (value: never) => string | undefined;
}

export interface FlagRow<T, D> extends FlagRowBase {
  readonly type: FlagType;
  /** The value when the flag is not given; `undefined` marks an optional flag. */
  readonly default: D;
  readonly required: boolean;
  readonly __value?: T;
}

export type FlagTable = Readonly<Record<string, FlagRow<unknown, unknown>>>;

/** What `parseFlags` gives: each flag by name, with the default where it was not given. */
export type FlagValues<Table extends FlagTable> = {
  readonly [Name in keyof Table]: Table[Name] extends FlagRow<infer T, infer D> ? T | D : never;
};

interface RowOptions extends FlagRowBase {}

interface ValueOf {
  readonly string: string;
  readonly path: string;
  readonly url: string;
  readonly int: number;
  readonly double: number;
  readonly bool: boolean;
  readonly duration: number;
  readonly bytes: number;
  readonly json: unknown;
}

/** A flag with a default; durations in ms, sizes in bytes. */
export function flag<Type extends FlagType>(
  type: Type,
  fallback: ValueOf[Type],
  options: RowOptions,
): FlagRow<ValueOf[Type], ValueOf[Type]> {
  return { ...options, type, default: fallback, required: false };
}

export function optionalFlag<Type extends FlagType>(
  type: Type,
  options: RowOptions,
): FlagRow<ValueOf[Type], undefined> {
  return { ...options, type, default: undefined, required: false };
}

export function requiredFlag<Type extends FlagType>(
  type: Type,
  options: RowOptions,
): FlagRow<ValueOf[Type], ValueOf[Type]> {
  return { ...options, type, default: undefined as never, required: true };
}

export interface FlagSources {
  /** Arguments after the program's name. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** `MESOS_`, `MARATHON_`, ...; undefined reads no environment. */
  readonly envPrefix: string | undefined;
  /** `equals`: only `--name=value` (Mesos); `spaced`: `--name value` too (Marathon, Chronos). */
  readonly style: 'equals' | 'spaced';
}

/** Parses and validates; the error is the original's sentence without the `--help` hint. */
export function parseFlags<Table extends FlagTable>(
  table: Table,
  sources: FlagSources,
): Result<FlagValues<Table>> {
  const names = indexNames(table);
  const given = new Map<string, { readonly text: string; readonly via: string }>();
  const words = splitArguments(sources, table, names);
  if (!words.ok) return words;
  // The original loads in the order of names, which decides the wording of clashes.
  const all = [...words.value, ...environmentWords(sources, names, words.value)].sort(byName);
  for (const word of all) {
    const refused = load(table, names, given, word);
    if (refused !== undefined) return err(refused);
  }
  return collect(table, given);
}

interface Word {
  /** Lower-cased name without dashes. */
  readonly name: string;
  readonly value: string | undefined;
}

function indexNames(table: FlagTable): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const [name, row] of Object.entries(table)) {
    for (const each of [name, ...(row.aliases ?? [])]) names.set(each.toLowerCase(), name);
  }
  return names;
}

function splitArguments(
  sources: FlagSources,
  table: FlagTable,
  names: ReadonlyMap<string, string>,
): Result<readonly Word[]> {
  const words: Word[] = [];
  for (let at = 0; at < sources.argv.length; at += 1) {
    const argument = sources.argv[at] ?? '';
    if (argument === '--') break;
    if (!argument.startsWith('--')) {
      if (sources.style === 'equals') continue;
      return err(`Unexpected argument '${argument}'`);
    }
    const split = argument.indexOf('=');
    const name = argument.slice(2, split === -1 ? undefined : split).toLowerCase();
    if (split !== -1) {
      words.push({ name, value: argument.slice(split + 1) });
      continue;
    }
    const target = names.get(name);
    const row = target === undefined ? undefined : table[target];
    const next = sources.argv[at + 1];
    const takesNext = sources.style === 'spaced' && row !== undefined && row.type !== 'bool';
    if (takesNext && next !== undefined) {
      words.push({ name, value: next });
      at += 1;
    } else {
      words.push({ name, value: undefined });
    }
  }
  return ok(words);
}

function environmentWords(
  sources: FlagSources,
  names: ReadonlyMap<string, string>,
  argumentWords: readonly Word[],
): readonly Word[] {
  const prefix = sources.envPrefix;
  if (prefix === undefined) return [];
  const plainName = (name: string): string => (names.has(name) ? name : name.replace(/^no-/, ''));
  const taken = new Set(argumentWords.map((word) => plainName(word.name)));
  const words = new Map<string, Word>();
  for (const [key, value] of Object.entries(sources.env)) {
    if (!key.startsWith(prefix) || value === undefined) continue;
    const name = key.slice(prefix.length).toLowerCase();
    // Prefix variables that are no flags are ignored; the command line wins for the same name. An
    // old and a new name together clash, also between the two sources.
    if (!names.has(plainName(name)) || taken.has(plainName(name))) continue;
    words.set(name, { name, value });
  }
  return [...words.values()];
}

function byName(a: Word, b: Word): number {
  if (a.name === b.name) return 0;
  return a.name < b.name ? -1 : 1;
}

function load(
  table: FlagTable,
  names: ReadonlyMap<string, string>,
  given: Map<string, { text: string; via: string }>,
  word: Word,
): string | undefined {
  const negated = names.get(word.name) === undefined && word.name.startsWith('no-');
  const plain = negated ? word.name.slice(3) : word.name;
  const target = names.get(plain);
  const row = target === undefined ? undefined : table[target];
  if (target === undefined || row === undefined) return unknownFlag(names, plain, negated);
  const before = given.get(target);
  if (before !== undefined) return `Flag '${plain}' is already loaded via name '${before.via}'`;
  if (row.type !== 'bool') {
    if (negated) return `Failed to load non-boolean flag '${plain}' via '${word.name}'`;
    if (word.value === undefined)
      return `Failed to load non-boolean flag '${plain}': Missing value`;
    given.set(target, { text: word.value, via: plain });
    return undefined;
  }
  if (negated && word.value !== undefined && word.value !== '') {
    return `Failed to load boolean flag '${plain}' via '${word.name}' with value '${word.value}'`;
  }
  const isBare = word.value === undefined || word.value === '';
  given.set(target, { text: isBare ? String(!negated) : (word.value ?? ''), via: plain });
  return undefined;
}

function unknownFlag(names: ReadonlyMap<string, string>, name: string, negated: boolean): string {
  const via = negated ? ` via 'no-${name}'` : '';
  const near = nearestName([...names.keys()], name);
  const hint = near === undefined ? '' : `; did you mean '${near}'?`;
  return `Failed to load unknown flag '${name}'${via}${hint}`;
}

/** The closest known name that differs in at most a third of its letters, for "did you mean". */
export function nearestName(names: readonly string[], name: string): string | undefined {
  let best: { readonly name: string; readonly distance: number } | undefined;
  const distanceMax = Math.min(3, Math.floor(name.length / 3));
  for (const candidate of names) {
    if (Math.abs(candidate.length - name.length) > distanceMax) continue;
    const distance = editDistance(candidate, name);
    if (distance <= distanceMax && (best === undefined || distance < best.distance)) {
      best = { name: candidate, distance };
    }
  }
  return best?.name;
}

function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const swap = (previous[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1);
      current.push(Math.min(swap, (previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1));
    }
    previous = current;
  }
  return previous[b.length] ?? 0;
}

function collect<Table extends FlagTable>(
  table: Table,
  given: ReadonlyMap<string, { readonly text: string }>,
): Result<FlagValues<Table>> {
  const values: Record<string, unknown> = {};
  for (const [name, row] of Object.entries(table)) {
    const text = given.get(name)?.text;
    if (text === undefined) {
      if (row.required) return err(`Flag '${name}' is required, but it was not provided`);
      values[name] = row.default;
      continue;
    }
    const parsed = parseValue(row.type, text);
    if (!parsed.ok)
      return err(`Failed to load flag '${name}': Failed to load value '${text}': ${parsed.error}`);
    const refused = row.validate?.(parsed.value as never);
    if (refused !== undefined) return err(refused);
    values[name] = parsed.value;
  }
  return ok(values as FlagValues<Table>);
}

function parseValue(type: FlagType, given: string): Result<unknown> {
  if (type === 'url') return ok(given);
  const read = type === 'path' ? ok(given.replace(/^file:\/\//, '')) : readFileValue(given, type);
  if (!read.ok) return read;
  const text = read.value;
  switch (type) {
    case 'string':
    case 'path':
      return ok(text);
    case 'int':
      return /^-?\d+$/.test(text) ? ok(Number(text)) : err('Failed to convert into required type');
    case 'double':
      return text !== '' && Number.isFinite(Number(text))
        ? ok(Number(text))
        : err('Failed to convert into required type');
    case 'bool':
      if (text === 'true' || text === '1') return ok(true);
      if (text === 'false' || text === '0') return ok(false);
      return err('Expecting a boolean (e.g., true or false)');
    case 'duration':
      return parseDuration(text);
    case 'bytes':
      return parseBytes(text);
    case 'json':
      try {
        return ok(JSON.parse(text));
      } catch {
        // Its error is in the original's words.
        return parseJson(text);
      }
  }
}

function readFileValue(text: string, type: FlagType): Result<string> {
  const bare = type === 'json' && text.startsWith('/');
  if (!bare && !text.startsWith('file://')) return ok(text);
  const path = text.replace(/^file:\/\//, '');
  try {
    return ok(readFileSync(path, 'utf8').replace(/\n$/, ''));
  } catch (thrown) {
    return err(`Error reading file '${path}': ${describeError(thrown)}`);
  }
}

/** The usage text: sorted rows, help aligned behind the widest name. */
export function flagHelp(program: string, table: FlagTable): string {
  const rows = Object.entries(table)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, row]) => {
      const all = [name, ...(row.aliases ?? [])];
      const left = all.map((each) => (row.type === 'bool' ? `--[no-]${each}` : `--${each}=VALUE`));
      return { left: `  ${left.join(', ')}`, help: row.help };
    });
  const width = Math.max(...rows.map((row) => row.left.length)) + 5;
  const indent = `\n${' '.repeat(width)}`;
  const lines = rows.map((row) => row.left.padEnd(width) + row.help.replaceAll('\n', indent));
  return `Usage: ${program} [options]\n\n${lines.join('\n')}\n`;
}
