/** Programs of the operator that are run once: plugins of networks, clients of volume drivers. */
import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import type { Clock } from '../../base/clock.ts';
import { describeError } from '../../base/errors.ts';

/** One that takes longer is killed with its children, and has failed, whatever becomes of it. */
const LIMIT_MS = 120_000;
/** Of what it says. */
const OUTPUT_BYTES_MAX = 64 * 1024;
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

export interface ProgramEnd {
  /** 128 and more stand for a signal. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly isTimedOut?: true;
}

/** Never throws. */
export function runProgram(
  [file = '', ...args]: readonly string[],
  how: {
    readonly variables: Readonly<Record<string, string>>;
    /** File that becomes its standard input. */
    readonly input: string;
    readonly clock: Clock;
  },
): Promise<ProgramEnd> {
  const env = { PATH: process.env['PATH'] ?? PATH, ...how.variables };
  return new Promise((resolve) => {
    const said = { stdout: '', stderr: '' };
    const fail = (thrown: unknown): void =>
      resolve({ ...said, code: 1, stderr: describeError(thrown) });
    let input: number | undefined;
    try {
      input = openSync(how.input, 'r');
      const stdio = [input, 'pipe', 'pipe'] as const;
      const child = spawn(file, args, { env, cwd: '/', detached: true, stdio: [...stdio] });
      const timer = how.clock.setTimer(LIMIT_MS, () => {
        if (child.pid !== undefined) killGroup(child.pid);
        // Children that have left its group may hold them open, and it may hang where no signal gets.
        for (const name of ['stdout', 'stderr'] as const) child[name]?.destroy();
        resolve({ ...said, code: 128, isTimedOut: true });
      });
      for (const name of ['stdout', 'stderr'] as const) {
        child[name]?.on('data', (bytes: Buffer) => {
          if (said[name].length < OUTPUT_BYTES_MAX) said[name] += bytes.toString('utf8');
        });
      }
      child.on('error', (error) => {
        timer.cancel();
        fail(error);
      });
      child.on('close', (code) => {
        timer.cancel();
        resolve({ ...said, code: code ?? 128 });
      });
    } catch (thrown) {
      fail(thrown);
    } finally {
      if (input !== undefined) closeSync(input);
    }
  });
}

function killGroup(leader: number): void {
  try {
    process.kill(-leader, 'SIGKILL');
  } catch {
    // It has ended, and so has all that is in its group.
  }
}
