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

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

export interface LogOptions {
  /** The daemon's name, in every line. */
  readonly name: string;
  readonly level: LogLevel;
  /** Where lines go; standard error by default, so that stdout stays for data. */
  readonly destination?: DestinationStream;
}

export function createLog(options: LogOptions): Log {
  const logger = pino(
    { name: options.name, level: options.level, timestamp: pino.stdTimeFunctions.isoTime },
    options.destination ?? pino.destination({ fd: 2, sync: true }),
  );
  return logger;
}

/** Drops everything; for unit tests. */
export const silentLog: Log = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  child: () => silentLog,
};
