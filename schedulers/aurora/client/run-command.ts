/** Finds the command, runs it, and turns its end into an exit code. */
import { describeError } from '../../../core/base/errors.ts';
import { helpText, type OptionRow, parseArguments, usageLine } from './arguments.ts';
import { ClientContext } from './context.ts';
import { CommandFailure, EXIT, type ExitCode } from './failure.ts';
import type { ClientPorts } from './ports.ts';
import type { Noun, Verb } from './verb.ts';

export const CLIENT_VERSION = '0.22.0';

const GLOBAL_OPTIONS: readonly OptionRow[] = [
  { name: '--verbose', short: '-v', kind: 'flag', help: 'Show what the client does' },
  {
    ...{ name: '--skip-hooks', kind: 'text', metavar: 'hook,hook,...' },
    help: 'Hooks to be left out; configurations here have none',
  },
  {
    ...{ name: '--bypass-leader-redirect', short: '-b', kind: 'flag' },
    help: 'Have the scheduler that is asked answer, even if it does not lead',
  },
];

export interface Program {
  readonly name: string;
  readonly userAgent: string;
  /** How a failure without a code of its own ends. */
  readonly failureCode: ExitCode;
}

/** Nouns and verbs: `aurora job create`. */
export async function runNoun(
  program: Program,
  nouns: readonly Noun[],
  argv: readonly string[],
  ports: ClientPorts,
): Promise<ExitCode> {
  const words = { program: program.name, kind: 'noun', usage: '<noun> <verb>' };
  const picked = pick(words, nouns, argv, ports);
  if (typeof picked === 'number') return picked;
  const name = `${program.name} ${picked.found.name}`;
  return runVerb({ ...program, name }, picked.found.verbs, picked.rest, ports);
}

/** Verbs alone: `aurora_admin query`. */
export async function runVerb(
  program: Program,
  verbs: readonly Verb[],
  argv: readonly string[],
  ports: ClientPorts,
): Promise<ExitCode> {
  const words = { program: program.name, kind: 'verb', usage: '<verb>' };
  const picked = pick(words, verbs, argv, ports);
  if (typeof picked === 'number') return picked;
  const name = `${program.name} ${picked.found.name}`;
  return await runOne({ ...program, name }, picked.found, picked.rest, ports);
}

interface Words {
  readonly program: string;
  readonly kind: string;
  readonly usage: string;
}

/** What the first word names, and the words after it; an exit code where everything is said already. */
function pick<T extends { readonly name: string; readonly help: string }>(
  words: Words,
  known: readonly T[],
  argv: readonly string[],
  ports: ClientPorts,
): ExitCode | { readonly found: T; readonly rest: readonly string[] } {
  const [first = '', ...rest] = argv;
  if (first === '--version') {
    ports.print(CLIENT_VERSION);
    return EXIT.ok;
  }
  if (first === 'help') return pick(words, known, [...rest, '--help'], ports);
  const { program, kind, usage } = words;
  const list = `${kind === 'noun' ? 'Nouns' : 'Verbs'}:\n${listing(known)}`;
  if (first === '' || isHelp(first)) {
    const text = `usage: ${program} ${usage} [options] [arguments]\n\n${list}`;
    return tell(ports, text, first === '');
  }
  // Earlier clients wrote some names with underscores.
  const isMeant = (name: string): boolean => name === first || name === first.replaceAll('_', '-');
  const found = known.find(({ name }) => isMeant(name));
  if (found !== undefined) return { found, rest };
  ports.complain(`Unknown ${kind}: ${first}\n${list}`);
  return EXIT.invalidCommand;
}

async function runOne(
  program: Program,
  verb: Verb,
  argv: readonly string[],
  ports: ClientPorts,
): Promise<ExitCode> {
  const end = argv.indexOf('--');
  if (argv.slice(0, end === -1 ? argv.length : end).some(isHelp)) {
    return tell(ports, helpText(program.name, verb.help, verb), false);
  }
  const form = { ...verb, options: [...verb.options, ...GLOBAL_OPTIONS] };
  const parsed = parseArguments(form, argv);
  if (!parsed.ok) {
    ports.complain(usageLine(program.name, form));
    ports.complain(`${program.name}: error: ${parsed.error}`);
    return EXIT.usage;
  }
  const args = parsed.value;
  const context = new ClientContext(ports, {
    userAgent: program.userAgent,
    bypassesLeaderRedirect: args.has('--bypass-leader-redirect'),
    isVerbose: args.has('--verbose'),
  });
  try {
    return await verb.run(context, args);
  } catch (thrown) {
    if (!(thrown instanceof CommandFailure)) {
      ports.complain(`Fatal error running command: ${describeError(thrown)}`);
      return program.failureCode;
    }
    if (thrown.message !== '') ports.complain(thrown.message);
    // A program whose errors have one code has it for all that is wrong.
    return program.failureCode === EXIT.unknown ? thrown.code : program.failureCode;
  }
}

function isHelp(word: string): boolean {
  return word === '--help' || word === '-h';
}

function tell(ports: ClientPorts, text: string, isMistake: boolean): ExitCode {
  if (isMistake) ports.complain(text);
  else ports.print(text);
  return isMistake ? EXIT.usage : EXIT.ok;
}

function listing(rows: readonly { readonly name: string; readonly help: string }[]): string {
  const width = Math.max(...rows.map(({ name }) => name.length)) + 2;
  return rows.map(({ name, help }) => `  ${name.padEnd(width)}${help}`).join('\n');
}
