/** The loggers an operator can turn up and down while Chronos runs (spec chronos, section 4.3). */
import type { Log, LogFields } from '../../core/base/log.ts';

export const LOG_LEVELS = [
  'ALL',
  'TRACE',
  'DEBUG',
  'INFO',
  'WARN',
  'ERROR',
  'FATAL',
  'OFF',
  'INHERIT',
] as const;

export type LogLevelName = (typeof LOG_LEVELS)[number];

/** The name of the one logger there is. */
export const ROOT_LOGGER = 'ROOT';

const NAMES = { debug: 'DEBUG', info: 'INFO', warn: 'WARN', error: 'ERROR' } as const;

/** `INHERIT` is the level Chronos was started with. */
export class LogLevels {
  private current: LogLevelName = 'INHERIT';

  get level(): LogLevelName {
    return this.current;
  }

  set(level: LogLevelName): void {
    this.current = level;
  }

  /** A log that writes what the present level lets through; its children follow the same level. */
  over(log: Log): Log {
    const write = (level: keyof typeof NAMES) => (fields: LogFields, text: string) => {
      if (rank(NAMES[level]) >= rank(this.current)) log[level](fields, text);
    };
    return {
      debug: write('debug'),
      info: write('info'),
      warn: write('warn'),
      error: write('error'),
      child: (fields) => this.over(log.child(fields)),
    };
  }
}

function rank(level: LogLevelName): number {
  return LOG_LEVELS.indexOf(level === 'INHERIT' ? 'INFO' : level);
}
