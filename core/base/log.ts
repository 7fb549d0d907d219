/** Structured logs through pino: constant text, data in fields. Machines never log. */
import { type DestinationStream, pino } from 'pino';

export type LogFields = Readonly<Record<string, unknown>>;

export interface Log {
  debug(fields: LogFields, text: string): void;
  info(fields: LogFields, text: string): void;
  warn(fields: LogFields, text: string): void;
  error(fields: LogFields, text: string): void;
  /** A log whose lines all carry `fields`. */
  child(fields: LogFields): Log;
}

/** A log that operators can make talkative for a while. */
export interface LevelledLog extends Log {
  /** Debug lines, too, or back to the level it was made with; also of its children. */
  setVerbose(isVerbose: boolean): void;
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

export interface LogOptions {
  /** The daemon's name, in every line. */
  readonly name: string;
  readonly level: LogLevel;
  /** Where lines go; standard error by default, so that stdout stays for data. */
  readonly destination?: DestinationStream;
}

export function createLog(options: LogOptions): LevelledLog {
  const { level } = options;
  const usual = pino.levels.values[level] ?? 0;
  let threshold = usual;
  const logger = pino(
    {
      name: options.name,
      // Children have levels of their own in pino: what is written is decided here, for all of them.
      level: level === 'silent' ? level : 'debug',
      timestamp: pino.stdTimeFunctions.isoTime,
      hooks: {
        logMethod(args, method, number) {
          if (number >= threshold) method.apply(this, args);
        },
      },
    },
    options.destination ?? pino.destination({ fd: 2, sync: true }),
  );
  const setVerbose = (isVerbose: boolean): void => {
    threshold = isVerbose ? 0 : usual;
  };
  return Object.assign(logger, { setVerbose });
}

/** Drops everything; for unit tests. */
export const silentLog: Log = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  child: () => silentLog,
};
