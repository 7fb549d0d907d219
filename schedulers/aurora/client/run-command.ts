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
  const [word = '', ...rest] = argv;
  if (word === '--version') {
    ports.print(CLIENT_VERSION);
    return EXIT.ok;
  }
  if (word === 'help') return runNoun(program, nouns, [...rest, '--help'], ports);
  if (word === '' || isHelp(word)) {
    const listed = listing(nouns);
    const text = `usage: ${program.name} <noun> <verb> [options] [arguments]\n\nNouns:\n${listed}`;
    return tell(ports, text, word === '');
  }
  const noun = nouns.find(({ name }) => name === word);
  if (noun === undefined) {
    ports.complain(`Unknown noun: ${word}\nNouns:\n${listing(nouns)}`);
    return EXIT.invalidCommand;
  }
  const { name } = program;
  return runVerb({ ...program, name: `${name} ${noun.name}` }, noun.verbs, rest, ports);
}

/** Verbs alone: `aurora_admin query`. */
export async function runVerb(
  program: Program,
  verbs: readonly Verb[],
  argv: readonly string[],
  ports: ClientPorts,
): Promise<ExitCode> {
  const [word = '', ...rest] = argv;
  if (word === '--version') {
    ports.print(CLIENT_VERSION);
    return EXIT.ok;
  }
  if (word === 'help') return runVerb(program, verbs, [...rest, '--help'], ports);
  if (word === '' || isHelp(word)) {
    const text = `usage: ${program.name} <verb> [options] [arguments]\n\nVerbs:\n${listing(verbs)}`;
    return tell(ports, text, word === '');
  }
  const verb = verbs.find(({ name }) => name === word);
  if (verb === undefined) {
    ports.complain(`Unknown verb: ${word}\nVerbs:\n${listing(verbs)}`);
    return EXIT.invalidCommand;
  }
  return await runOne({ ...program, name: `${program.name} ${verb.name}` }, verb, rest, ports);
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
