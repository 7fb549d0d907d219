/** Structured logs through pino: constant text, data in fields. Machines never log. */
import { type DestinationStream, pino } from 'pino';
import { JoinedLines, type LineTarget } from './joined-lines.ts';

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
  /** Everything from this level on; undefined = the level it was made with. */
  setLevel(level: LogLevel | undefined): void;
  level(): LogLevel;
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

export interface LogOptions {
  /** The daemon's name, in every line. */
  readonly name: string;
  readonly level: LogLevel;
  /** Where lines go; standard error by default, so that stdout stays for data. */
  readonly destination?: DestinationStream;
  /** Gets what is written to standard error, too. */
  readonly copyTo?: LineTarget | undefined;
}

const ERROR_LEVEL = pino.levels.values['error'] ?? 50;

export function createLog(options: LogOptions): LevelledLog {
  const { level } = options;
  const usual = pino.levels.values[level] ?? 0;
  let threshold = usual;
  let current = level;
  const logger = pino(
    {
      name: options.name,
      // Children have levels of their own in pino: what is written is decided here, for all of them.
      level: level === 'silent' ? level : 'debug',
      timestamp: timestamps(),
      hooks: {
        logMethod(args, method, number) {
          if (number >= threshold) method.apply(this, args);
        },
      },
    },
    options.destination ?? joinedDestination(standardError(options.copyTo)),
  );
  const setLevel = (wanted: LogLevel | undefined): void => {
    current = wanted ?? level;
    threshold = pino.levels.values[current] ?? usual;
  };
  const setVerbose = (isVerbose: boolean): void => {
    setLevel(isVerbose ? 'debug' : undefined);
  };
  const child: Log['child'] = (fields) => logger.child(fields);
  return {
    debug: (fields, text) => logger.debug(fields, text),
    info: (fields, text) => logger.info(fields, text),
    warn: (fields, text) => logger.warn(fields, text),
    error: (fields, text) => logger.error(fields, text),
    child,
    setVerbose,
    setLevel,
    level: () => current,
  };
}

/** As pino's `isoTime`; the text is made once for all lines of a millisecond. */
function timestamps(): () => string {
  const { epochTime, isoTime } = pino.stdTimeFunctions;
  let last = '';
  let text = '';
  return () => {
    const now = epochTime();
    if (now !== last) text = isoTime();
    last = now;
    return text;
  };
}

function standardError(copyTo: LineTarget | undefined): LineTarget {
  const target = pino.destination({ fd: 2, sync: true });
  if (copyTo === undefined) return target;
  return {
    write: (text) => {
      target.write(text);
      copyTo.write(text);
    },
  };
}

/** Lines of one turn are written together; those of errors are out when the call returns. */
export function joinedDestination(target: LineTarget): DestinationStream {
  return new JoinedDestination(new JoinedLines(target));
}

class JoinedDestination implements DestinationStream {
  readonly [pino.symbols.needsMetadataGsym] = true;
  /** Set by pino before each write. */
  lastLevel = 0;
  private readonly lines: JoinedLines;

  constructor(lines: JoinedLines) {
    this.lines = lines;
  }

  write(line: string): void {
    if (this.lastLevel >= ERROR_LEVEL) this.lines.writeNow(line);
    else this.lines.write(line);
  }
}

/** Drops everything; for unit tests. */
export const silentLog: Log = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  child: () => silentLog,
};
