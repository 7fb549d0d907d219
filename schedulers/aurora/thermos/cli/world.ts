/** What the commands of `thermos` use of the machine, and what a command is (spec thermos, section 7). */
import type { Clock } from '../../../../core/base/clock.ts';
import type { Arguments, CommandForm } from '../../client/arguments.ts';
import type { Surroundings } from '../../config/interpreter/surroundings.ts';
import type { RunnerOptions } from '../runner-options.ts';

export interface ThermosWorld {
  readonly clock: Clock;
  readonly surroundings: Surroundings;
  readonly print: (line: string) => void;
  readonly complain: (line: string) => void;
  readonly hostname: string;
  /** Resolves with the runner's exit code; a daemon's when it is in control of its stream. */
  readonly runTask: (task: PreparedTask) => Promise<number>;
  readonly newSandbox: () => string;
  /** Of processes that no task of Thermos has started. */
  readonly isHome: (directory: string) => boolean;
}

export interface PreparedTask {
  /** Without the file of the task, which exists as long as the runner needs it. */
  readonly options: Omit<RunnerOptions, 'thermosJson'>;
  readonly json: string;
  readonly isDaemon: boolean;
}

/** How a command ends when what was asked for is not there. */
export const NOT_FOUND = 1;
export const USAGE = 2;

/** Ends the command; caught where it was started. */
export class ThermosFailure extends Error {
  override readonly name = 'ThermosFailure';
  readonly code: number;

  constructor(message: string, code = USAGE) {
    super(message);
    this.code = code;
  }
}

export interface ThermosCommand extends CommandForm {
  readonly name: string;
  readonly help: string;
  readonly run: (world: ThermosWorld, args: Arguments, root: string) => Promise<number>;
}

/** `Sun Jun  9 01:21:11 1993`, local time. */
export function clockText(ms: number): string {
  const [day = '', month = '', date = '', year = '', time = ''] = new Date(ms)
    .toString()
    .split(' ');
  return `${day} ${month} ${date.replace(/^0/, ' ')} ${time} ${year}`;
}
