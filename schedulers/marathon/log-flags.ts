/** Flags of the log (spec marathon-behaviour, section 9). */
import { flag, optionalFlag } from '../../core/base/flags.ts';
import type { LogLevel } from '../../core/base/log.ts';
import { err, ok, type Result } from '../../core/base/result.ts';
import type { LogstashTarget } from './logstash.ts';

export const LOG_FLAGS = {
  logging_level: flag('string', 'info', {
    help: 'off, fatal, error, warn, info, debug, trace or all',
  }),
  logstash: optionalFlag('string', {
    help: 'Where a copy of the log goes: (udp|tcp|ssl)://HOST:PORT',
  }),
} as const;

interface LogFlags {
  readonly logging_level: string;
  readonly logstash: string | undefined;
}

export interface LogChoice {
  readonly level: LogLevel;
  readonly logstash: LogstashTarget | undefined;
}

/** The original's levels; those that are not told apart here fall together. */
const LEVELS: ReadonlyMap<string, LogLevel> = new Map([
  ['off', 'silent'],
  ['silent', 'silent'],
  ['fatal', 'error'],
  ['error', 'error'],
  ['warn', 'warn'],
  ['info', 'info'],
  ['debug', 'debug'],
  ['trace', 'debug'],
  ['all', 'debug'],
]);

const PORT_MAX = 65_535;

export function logChoiceOf(flags: LogFlags): Result<LogChoice> {
  const level = LEVELS.get(flags.logging_level.toLowerCase());
  if (level === undefined) {
    const expected = 'off, fatal, error, warn, info, debug, trace, all';
    return err(`Flag 'logging_level' is '${flags.logging_level}', expected one of ${expected}`);
  }
  const { logstash: text } = flags;
  if (text === undefined) return ok({ level, logstash: undefined });
  const logstash = targetOf(text);
  if (logstash === undefined) {
    return err(`Flag 'logstash' is '${text}', expected (udp|tcp|ssl)://HOST:PORT`);
  }
  return ok({ level, logstash });
}

function targetOf(text: string): LogstashTarget | undefined {
  const [, scheme, host, digits] = /^(udp|tcp|ssl):\/\/([^/?#:@]+):(\d+)\/?$/.exec(text) ?? [];
  if (host === undefined) return undefined;
  const port = Number(digits);
  if (port < 1 || port > PORT_MAX) return undefined;
  const protocol = (['udp', 'tcp', 'ssl'] as const).find((each) => each === scheme);
  return protocol === undefined ? undefined : { protocol, host, port };
}
