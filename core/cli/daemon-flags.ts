/**
 * The flags of a daemon as its user meets them: `--help`, `--version`, and an error with the hint
 * where help is (spec flags-and-metrics, section 1).
 */
import type { FlagSources, FlagTable, FlagValues } from '../base/flags.ts';
import { flagHelp, parseFlags } from '../base/flags.ts';

export interface DaemonFlagOptions<Table extends FlagTable> extends FlagSources {
  /** `mesos-master`, `marathon`. */
  readonly program: string;
  readonly table: Table;
  /** What `--version` prints, without the line's end. */
  readonly version: string;
}

/** Either the values, or the code to exit with after what was printed. */
export type DaemonFlags<Table extends FlagTable> =
  | { readonly kind: 'values'; readonly values: FlagValues<Table> }
  | { readonly kind: 'exit'; readonly code: number };

export interface DaemonOutput {
  print(text: string): void;
  complain(text: string): void;
}

const processOutput: DaemonOutput = {
  print: (text) => {
    process.stdout.write(text);
  },
  complain: (text) => {
    process.stderr.write(text);
  },
};

export function readDaemonFlags<Table extends FlagTable>(
  options: DaemonFlagOptions<Table>,
  output: DaemonOutput = processOutput,
): DaemonFlags<Table> {
  const { program, table, version } = options;
  const words = wordsBeforeSeparator(options.argv);
  if (words.some((word) => /^--help(=true|=1)?$/i.test(word))) {
    output.print(flagHelp(program, table));
    return { kind: 'exit', code: 0 };
  }
  if (words.some((word) => /^--version(=true|=1)?$/i.test(word))) {
    output.print(`${version}\n`);
    return { kind: 'exit', code: 0 };
  }
  const parsed = parseFlags(table, options);
  if (parsed.ok) return { kind: 'values', values: parsed.value };
  output.complain(usageError(program, parsed.error));
  return { kind: 'exit', code: 1 };
}

/** The text on stderr for a flag error. */
export function usageError(program: string, error: string): string {
  return `${error}\n\nSee \`${program} --help\` for a list of supported flags.\n`;
}

function wordsBeforeSeparator(argv: readonly string[]): readonly string[] {
  const end = argv.indexOf('--');
  return end === -1 ? argv : argv.slice(0, end);
}
