/** The command line, in the syntax of the original: one or two dashes (spec mesos-dns, 1.1). */
import { err, ok, type Result } from '../core/base/result.ts';

export interface DnsFlags {
  readonly config: string;
  readonly version: boolean;
  /** 0 errors only, 1 verbose, 2 and more very verbose. */
  readonly verbosity: number;
  readonly help: boolean;
}

const HELP: Readonly<Record<string, string>> = {
  config: 'path to the configuration file',
  version: 'output the version',
  v: 'verbosity: 0 errors only, 1 verbose, 2 very verbose',
};

/** Flags of the original's logging library: accepted, without effect here. */
const LOGGING_WITH_VALUE = ['stderrthreshold', 'log_dir', 'vmodule', 'log_backtrace_at'];
const BOOLEANS = ['version', 'help', 'h', 'logtostderr', 'alsologtostderr'];

export const DNS_USAGE = `Usage of mesos-dns:\n${Object.entries(HELP)
  .map(([name, help]) => `  -${name}\n    \t${help}\n`)
  .join('')}`;

/** The error is one line; the usage goes behind it. */
export function parseDnsFlags(argv: readonly string[]): Result<DnsFlags> {
  const given = new Map<string, string>();
  for (let at = 0; at < argv.length; at += 1) {
    const word = argv[at] ?? '';
    if (word === '--' || !/^-[^-]|^--[^-]/.test(word)) break;
    const match = /^--?([^=]+)(?:=(.*))?$/s.exec(word);
    const name = match?.[1] ?? '';
    let value = match?.[2];
    if (BOOLEANS.includes(name)) {
      value ??= 'true';
      if (!/^(true|false|1|0|t|f|T|F|TRUE|FALSE|True|False)$/.test(value)) {
        return err(`invalid boolean value "${value}" for -${name}: parse error`);
      }
      given.set(name, /^[1tT]/.test(value) ? 'true' : 'false');
      continue;
    }
    if (!['config', 'v', ...LOGGING_WITH_VALUE].includes(name)) {
      return err(`flag provided but not defined: -${name}`);
    }
    if (value === undefined) {
      at += 1;
      value = argv[at];
      if (value === undefined) return err(`flag needs an argument: -${name}`);
    }
    given.set(name, value);
  }
  const verbosity = Number(given.get('v') ?? '0');
  if (!Number.isInteger(verbosity)) {
    return err(`invalid value "${given.get('v')}" for flag -v: parse error`);
  }
  return ok({
    config: given.get('config') ?? 'config.json',
    version: given.get('version') === 'true',
    help: given.get('help') === 'true' || given.get('h') === 'true',
    verbosity,
  });
}
