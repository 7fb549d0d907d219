/**
 * The log lines that clients of the original know (spec mesos-dns, section 8): `ERROR: ` on stderr always,
 * `VERBOSE: ` on stdout with `-v 1`, and with `-v 2` everything there as `VERY VERBOSE: `, each with date,
 * time and the position in the source.
 */
import { basename } from 'node:path';
import type { Clock } from '../core/base/clock.ts';

export interface LogOutputs {
  out(line: string): void;
  err(line: string): void;
}

export class GoLog {
  readonly isVeryVerbose: boolean;
  private readonly isVerbose: boolean;
  private readonly clock: Clock;
  private readonly outputs: LogOutputs;

  constructor(verbosity: number, clock: Clock, outputs: LogOutputs) {
    this.isVerbose = verbosity >= 1;
    this.isVeryVerbose = verbosity >= 2;
    this.clock = clock;
    this.outputs = outputs;
  }

  error(text: string): void {
    this.outputs.err(this.line('ERROR', text, callerOf(new Error())));
  }

  /** Said from `-v 1` on. */
  verbose(text: string): void {
    if (!this.isVerbose) return;
    const kind = this.isVeryVerbose ? 'VERY VERBOSE' : 'VERBOSE';
    this.outputs.out(this.line(kind, text, callerOf(new Error())));
  }

  /** Said from `-v 2` on. */
  veryVerbose(text: string): void {
    if (!this.isVeryVerbose) return;
    this.outputs.out(this.line('VERY VERBOSE', text, callerOf(new Error())));
  }

  private line(kind: string, text: string, position: string): string {
    return `${kind}: ${dateTimeOf(new Date(this.clock.now()))} ${position}: ${text}\n`;
  }
}

/** Local time, `2026/01/31 09:05:00`. */
function dateTimeOf(at: Date): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  const date = [at.getFullYear(), two(at.getMonth() + 1), two(at.getDate())].join('/');
  return `${date} ${[at.getHours(), at.getMinutes(), at.getSeconds()].map(two).join(':')}`;
}

/** `file.ts:12` of whoever called the method that made the error. */
function callerOf(made: Error): string {
  const frame = made.stack?.split('\n')[2] ?? '';
  const match = /([^()\s]+):(\d+):\d+\)?$/.exec(frame);
  return match === null ? '???:0' : `${basename(match[1] ?? '')}:${match[2]}`;
}
