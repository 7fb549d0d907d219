/** Finds the command of `thermos`, runs it, and turns its end into an exit code (spec thermos, section 7). */
import { describeError } from '../../../../core/base/errors.ts';
import { helpText, type OptionRow, parseArguments, usageLine } from '../../client/arguments.ts';
import { DEFAULT_ROOT } from '../checkpoint-paths.ts';
import { KILL } from './kill.ts';
import { INSPECT, READ, STATUS } from './look.ts';
import { RUN, SIMPLE_RUN } from './run.ts';
import { TAIL } from './tail.ts';
import { type ThermosCommand, ThermosFailure, type ThermosWorld, USAGE } from './world.ts';

const PROGRAM = 'thermos';

const COMMANDS: readonly ThermosCommand[] = [
  ...[INSPECT, KILL, READ, RUN, SIMPLE_RUN, STATUS, TAIL],
];

const ROOT: OptionRow = {
  ...{ name: '--root', kind: 'text', metavar: 'PATH', otherwise: DEFAULT_ROOT },
  help: 'the thermos config root',
};

export async function runThermos(argv: readonly string[], world: ThermosWorld): Promise<number> {
  const { root, words } = withoutRoot(argv);
  const [name = '', ...rest] = words;
  if (name === 'help') return help(world, rest[0]);
  if (name === '' || name === '--help' || name === '-h') return help(world, undefined);
  const command = COMMANDS.find((each) => each.name === name);
  if (command === undefined) {
    world.complain(`${PROGRAM}: error: unknown command: ${name}\n\n${usage()}`);
    return USAGE;
  }
  const end = rest.indexOf('--');
  const own = rest.slice(0, end === -1 ? rest.length : end);
  if (own.some((word) => word === '--help' || word === '-h')) return help(world, name);
  const form = { ...command, options: [...command.options, ROOT] };
  const parsed = parseArguments(form, [...root, ...rest]);
  if (!parsed.ok) return refuse(world, command, new ThermosFailure(parsed.error));
  try {
    return await command.run(world, parsed.value, parsed.value.text('--root'));
  } catch (thrown) {
    if (thrown instanceof ThermosFailure) return refuse(world, command, thrown);
    world.complain(`${PROGRAM}: ${describeError(thrown)}`);
    return 1;
  }
}

/** `--root` may stand in front of the command. */
function withoutRoot(argv: readonly string[]): {
  readonly root: readonly string[];
  readonly words: readonly string[];
} {
  const [first = '', second = ''] = argv;
  if (first === '--root') return { root: ['--root', second], words: argv.slice(2) };
  if (first.startsWith('--root=')) return { root: [first], words: argv.slice(1) };
  return { root: [], words: argv };
}

function refuse(world: ThermosWorld, command: ThermosCommand, failure: ThermosFailure): number {
  if (failure.code === USAGE) {
    world.complain(usageLine(`${PROGRAM} ${command.name}`, command));
    world.complain(`${PROGRAM}: error: ${failure.message}`);
  } else world.complain(failure.message);
  return failure.code;
}

function help(world: ThermosWorld, name: string | undefined): number {
  if (name === undefined) {
    world.print(usage());
    return 0;
  }
  const command = COMMANDS.find((each) => each.name === name);
  if (command === undefined) {
    world.complain(`unknown command: ${name}`);
    return USAGE;
  }
  const form = { ...command, options: [...command.options, ROOT] };
  world.print(helpText(`${PROGRAM} ${name}`, command.help, form));
  return 0;
}

function usage(): string {
  const rows = [...COMMANDS, { name: 'help', help: 'Get help about a specific command.' }];
  const lines = rows.map((each) => `    ${each.name.padEnd(10)}\t${each.help}`);
  return [PROGRAM, '', 'commands:', ...lines].join('\n');
}
