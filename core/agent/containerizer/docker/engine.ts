/**
 * Docker's command line, one method per command (spec agent-runtime, section 9). Nothing here keeps
 * state; a command that hangs is killed when its time is over or its signal aborts.
 */
import { execFile } from 'node:child_process';
import type { DurationMs } from '../../../base/duration.ts';
import { err, ok, type Result } from '../../../base/result.ts';
import { type InspectedContainer, parseInspect } from './inspect.ts';
import { namesIn } from './names.ts';

export interface DockerPlace {
  /** Program, looked up on the path. */
  readonly docker: string;
  /** As given to `-H`. */
  readonly host: string;
}

export interface CommandOptions {
  readonly limitMs?: DurationMs;
  readonly signal?: AbortSignal;
  readonly environment?: Readonly<Record<string, string>>;
}

/** A container, none of that name, or no answer. */
export type Inspection =
  | { readonly kind: 'found'; readonly container: InspectedContainer }
  | { readonly kind: 'missing' }
  | { readonly kind: 'failed'; readonly message: string };

/** An engine that does not answer an inspection for this long is asked again. */
export const INSPECT_LIMIT_MS: DurationMs = 5_000;
/** Commands that change or list something; `docker stop` has its grace period on top. */
const COMMAND_LIMIT_MS: DurationMs = 30_000;
/** `docker inspect` and `docker ps` of a busy host. */
const OUTPUT_BYTES_MAX = 64 * 1024 ** 2;
const ERROR_TEXT_MAX = 4_096;

interface Finished {
  readonly status: string | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

export class DockerEngine {
  readonly place: DockerPlace;

  constructor(place: DockerPlace) {
    this.place = place;
  }

  /** Of the client; does not ask the engine. */
  async version(): Promise<Result<readonly number[]>> {
    const printed = await this.command(['--version']);
    if (!printed.ok) return printed;
    const found = /version (\d+)\.(\d+)\.(\d+)/.exec(printed.value);
    if (found === null) return err(`Unable to find docker version in output '${printed.value}'`);
    return ok(found.slice(1).map(Number));
  }

  async inspect(name: string, options: CommandOptions = {}): Promise<Inspection> {
    const args = ['inspect', '--type=container', name];
    const done = await this.run(args, { limitMs: INSPECT_LIMIT_MS, ...options });
    if (done.status === undefined) {
      const parsed = parseInspect(done.stdout);
      if (parsed.ok) return { kind: 'found', container: parsed.value };
      return { kind: 'failed', message: `Unable to create container: ${parsed.error}` };
    }
    if (/no such (container|object)/i.test(done.stderr)) return { kind: 'missing' };
    return { kind: 'failed', message: this.failure(args, done) };
  }

  /** Whether the engine has it; false also when it cannot be asked: then the pull tells why. */
  async hasImage(image: string, options: CommandOptions): Promise<boolean> {
    const done = await this.run(['inspect', image], { limitMs: COMMAND_LIMIT_MS, ...options });
    return done.status === undefined;
  }

  /** Without a limit: the executor's registration has one. */
  pull(image: string, options: CommandOptions): Promise<Result<string>> {
    return this.command(['pull', image], { ...options, limitMs: 0 });
  }

  stop(name: string, graceMs: DurationMs, options: CommandOptions = {}): Promise<Result<string>> {
    const seconds = Math.ceil(graceMs / 1000);
    const args = ['stop', '-t', String(seconds), name];
    return this.command(args, { limitMs: seconds * 1000 + COMMAND_LIMIT_MS, ...options });
  }

  kill(name: string, signal: string): Promise<Result<string>> {
    return this.command(['kill', `--signal=${signal}`, name]);
  }

  remove(name: string, force: boolean): Promise<Result<string>> {
    return this.command(['rm', ...(force ? ['-f'] : []), '-v', name]);
  }

  /** Names of all containers, stopped ones too. */
  async names(): Promise<Result<readonly string[]>> {
    const listed = await this.command(['ps', '-a', '--no-trunc']);
    return listed.ok ? ok(namesIn(listed.value)) : listed;
  }

  private async command(
    args: readonly string[],
    options: CommandOptions = {},
  ): Promise<Result<string>> {
    const done = await this.run(args, { limitMs: COMMAND_LIMIT_MS, ...options });
    return done.status === undefined ? ok(done.stdout) : err(this.failure(args, done));
  }

  private failure(args: readonly string[], { status, stderr }: Finished): string {
    const line = [this.place.docker, '-H', this.place.host, ...args].join(' ');
    return `Failed to run '${line}': ${status}; stderr='${stderr.slice(0, ERROR_TEXT_MAX)}'`;
  }

  private run(args: readonly string[], options: CommandOptions): Promise<Finished> {
    const { docker, host } = this.place;
    const { limitMs = 0, signal, environment } = options;
    return new Promise((resolve) => {
      const settings = {
        timeout: limitMs,
        killSignal: 'SIGKILL',
        maxBuffer: OUTPUT_BYTES_MAX,
        ...(signal === undefined ? {} : { signal }),
        env: environment ?? process.env,
      } as const;
      execFile(docker, ['-H', host, ...args], settings, (error, stdout, stderr) => {
        const status = error === null ? undefined : statusOf(error, limitMs);
        resolve({ status, stdout, stderr });
      });
    });
  }
}

function statusOf(
  error: { readonly code?: unknown; readonly killed?: boolean; readonly message: string },
  limitMs: DurationMs,
): string {
  if (typeof error.code === 'number') return `exited with status ${error.code}`;
  if (error.code === undefined && error.killed === true) return `no answer within ${limitMs}ms`;
  return error.message;
}
