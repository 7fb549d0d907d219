/**
 * The log of a daemon as its flags say (spec flags-and-metrics, section 3): stderr unless `--quiet`,
 * files in `--log_dir`; `--external_log_file` is written by somebody else and only shown.
 */
import { hostname, userInfo } from 'node:os';
import { makeDirectories } from '../base/directories.ts';
import { createLog, type LevelledLog, type LogLevel } from '../base/log.ts';
import { LogFiles } from './log-files.ts';

export interface LogFlags {
  readonly quiet: boolean;
  readonly logging_level: string;
  readonly log_dir: string | undefined;
  readonly external_log_file: string | undefined;
}

export interface DaemonLog {
  readonly log: LevelledLog;
  /** What clients may read as the daemon's log. */
  readonly file: string | undefined;
}

/** Throws when the directory cannot be made. */
export function openDaemonLog(program: string, flags: LogFlags): DaemonLog {
  const { log_dir: directory, quiet } = flags;
  const level = levelOf(flags.logging_level);
  if (directory === undefined) {
    const log = createLog({ name: program, level: quiet ? 'silent' : level });
    return { log, file: flags.external_log_file };
  }
  makeDirectories(directory);
  const files = new LogFiles({
    directory,
    program,
    host: hostname(),
    user: userInfo().username,
    pid: process.pid,
  });
  const write = (line: string): void => {
    if (!quiet) process.stderr.write(line);
    files.write(line);
  };
  const log = createLog({ name: program, level, destination: { write } });
  const file = flags.external_log_file ?? LogFiles.linkOf(directory, program, 'INFO');
  return { log, file };
}

function levelOf(text: string): LogLevel {
  if (text === 'ERROR') return 'error';
  return text === 'WARNING' ? 'warn' : 'info';
}
