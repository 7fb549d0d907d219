/**
 * Runs a `Service` as a process: Node check, start, the line `READY`, signals, bounded stop, exit
 * code. Every daemon's `main` ends here.
 *
 * Exit codes: 0 stopped by a signal or done, 1 could not start, failed, or did not stop in time,
 * 130 a second interrupt while stopping.
 */
import type { Clock } from '../base/clock.ts';
import { SystemClock } from '../base/clock.ts';
import type { DurationMs } from '../base/duration.ts';
import { ClusterError, describeError } from '../base/errors.ts';
import type { Service } from '../base/lifecycle.ts';
import type { Log } from '../base/log.ts';

export type DaemonSignal = 'SIGINT' | 'SIGTERM' | 'SIGUSR1' | 'SIGHUP';

export interface DaemonOptions {
  /** The program's name, first word of its sentences: `mesos-master`. */
  readonly name: string;
  /** Printed on stdout before `READY`; read after the start, when real ports are known. */
  readonly banner?: () => string;
  /** The flag that sets a port, for the sentence about a taken one; default `--port`. */
  readonly flagOfPort?: (port: number) => string | undefined;
  /**
   * What a signal does before the process ends; SIGINT and SIGTERM stop the service when not given,
   * others are not caught.
   */
  readonly signals?: Partial<Readonly<Record<DaemonSignal, () => Promise<void>>>>;
  /** Settles when the daemon cannot go on (its storage failed); the process then ends with 1. */
  readonly failure?: Promise<unknown>;
  /** The code for a failure; 1 when it gives none. */
  readonly exitCodeOf?: (failure: unknown) => number | undefined;
  /** Settles when the daemon has nothing more to do; the process then ends with 0. */
  readonly done?: Promise<unknown> | undefined;
  readonly stopLimitMs?: DurationMs;
  /** The process; replaced in tests. */
  readonly host?: DaemonHost;
}

/** The parts of a process that a daemon touches. */
export interface DaemonHost {
  readonly nodeVersion: string;
  readonly clock: Clock;
  print(text: string): void;
  complain(text: string): void;
  /** Gives a function that stops listening. */
  onSignal(signal: DaemonSignal, listener: () => void): () => void;
  /** Errors nobody caught. */
  onCrash(listener: (thrown: unknown) => void): () => void;
}

export const STOP_LIMIT_MS: DurationMs = 5_000;

const NODE_MINIMUM: readonly [major: number, minor: number] = [22, 12];

type Ending =
  | { readonly kind: 'signal'; readonly signal: DaemonSignal }
  | { readonly kind: 'done' }
  | { readonly kind: 'failure'; readonly error: unknown };

/** Resolves with the exit code when the service has ended. */
export async function runDaemon(
  service: Service,
  log: Log,
  options: DaemonOptions,
): Promise<number> {
  const host = options.host ?? processHost;
  const refusal = refuseOldNode(host.nodeVersion);
  if (refusal !== undefined) {
    host.complain(`${options.name}: ${refusal}\n`);
    return 1;
  }
  const endings = new Endings(host, options);
  try {
    const started = await Promise.race([startOf(service), endings.next()]);
    if (started !== undefined) return await stopAfter(started, service, log, options, endings);
    const banner = options.banner?.();
    host.print(banner === undefined ? 'READY\n' : `${banner}\nREADY\n`);
    return await stopAfter(await endings.next(), service, log, options, endings);
  } finally {
    endings.close();
  }
}

/** The sentence that refuses a too old Node; `undefined` when it will do. */
export function refuseOldNode(version: string): string | undefined {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number);
  const [needMajor, needMinor] = NODE_MINIMUM;
  if (major > needMajor || (major === needMajor && minor >= needMinor)) return undefined;
  return `this is Node ${version}, but Node ${needMajor}.${needMinor} or newer is needed`;
}

/** One sentence on why a start failed; a taken port names the flag that chooses another. */
export function describeStartFailure(
  thrown: unknown,
  flagOfPort: (port: number) => string | undefined = () => '--port',
): string {
  for (let error = thrown; error instanceof Error; error = error.cause) {
    if (!('code' in error) || !('port' in error) || typeof error.port !== 'number') continue;
    const flag = flagOfPort(error.port) ?? '--port';
    if (error.code === 'EADDRINUSE') {
      return `port ${error.port} is in use; choose another with ${flag}`;
    }
    if (error.code === 'EACCES') {
      return `port ${error.port} needs more rights than this user has; choose another with ${flag}`;
    }
  }
  // The code of our own errors is for programs; their sentences are complete.
  return thrown instanceof ClusterError ? thrown.message : describeError(thrown);
}

async function startOf(service: Service): Promise<Ending | undefined> {
  try {
    await service.start();
    return undefined;
  } catch (thrown) {
    return { kind: 'failure', error: thrown };
  }
}

async function stopAfter(
  ending: Ending,
  service: Service,
  log: Log,
  options: DaemonOptions,
  endings: Endings,
): Promise<number> {
  const host = options.host ?? processHost;
  const failed = ending.kind === 'failure';
  if (failed) {
    const sentence = describeStartFailure(ending.error, options.flagOfPort);
    log.debug({ error: stackOf(ending.error) }, 'the daemon failed');
    host.complain(`${options.name}: ${sentence}\n`);
  } else {
    log.info(ending.kind === 'signal' ? { signal: ending.signal } : {}, 'stopping');
  }
  const before = ending.kind === 'signal' ? options.signals?.[ending.signal] : undefined;
  const stopping = (async (): Promise<'stopped'> => {
    await before?.();
    await service.stop();
    return 'stopped';
  })().catch((thrown: unknown) => ({ thrown }));
  const limitMs = options.stopLimitMs ?? STOP_LIMIT_MS;
  const limit = deadline(host.clock, limitMs);
  const outcome = await Promise.race([stopping, limit.reached, endings.again()]);
  limit.cancel();
  // What has ended the daemon counts, also where stopping fails or takes too long.
  const code = failed ? (options.exitCodeOf?.(ending.error) ?? 1) : undefined;
  if (outcome === 'stopped') return code ?? 0;
  if (outcome === 'again') return 130;
  if (outcome === 'late') {
    host.complain(`${options.name}: did not stop within ${limitMs / 1_000} s, ending anyway\n`);
  } else {
    host.complain(`${options.name}: stopping failed: ${describeError(outcome.thrown)}\n`);
  }
  return code ?? 1;
}

function deadline(
  clock: Clock,
  limitMs: DurationMs,
): { readonly reached: Promise<'late'>; cancel(): void } {
  const { promise, resolve } = Promise.withResolvers<'late'>();
  const timer = clock.setTimer(limitMs, () => resolve('late'));
  return { reached: promise, cancel: () => timer.cancel() };
}

/** Collects what ends a daemon, in order of arrival. */
class Endings {
  private readonly unlisten: (() => void)[] = [];
  private readonly first = Promise.withResolvers<Ending>();
  private readonly second = Promise.withResolvers<'again'>();
  private interruptCount = 0;

  constructor(host: DaemonHost, options: DaemonOptions) {
    const signals = new Set<DaemonSignal>(['SIGINT', 'SIGTERM']);
    for (const signal of ['SIGUSR1', 'SIGHUP'] as const) {
      if (options.signals?.[signal] !== undefined) signals.add(signal);
    }
    for (const signal of signals) {
      this.unlisten.push(host.onSignal(signal, () => this.signalled(signal)));
    }
    this.unlisten.push(host.onCrash((error) => this.first.resolve({ kind: 'failure', error })));
    options.failure?.then(
      (error) => this.first.resolve({ kind: 'failure', error }),
      (error: unknown) => this.first.resolve({ kind: 'failure', error }),
    );
    options.done?.then(
      () => this.first.resolve({ kind: 'done' }),
      (error: unknown) => this.first.resolve({ kind: 'failure', error }),
    );
  }

  next(): Promise<Ending> {
    return this.first.promise;
  }

  /** A second interrupt: the user does not want to wait. */
  again(): Promise<'again'> {
    return this.second.promise;
  }

  close(): void {
    for (const each of this.unlisten) each();
  }

  private signalled(signal: DaemonSignal): void {
    if (signal === 'SIGINT') this.interruptCount += 1;
    if (this.interruptCount > 1) this.second.resolve('again');
    this.first.resolve({ kind: 'signal', signal });
  }
}

function stackOf(thrown: unknown): string {
  return thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
}

export const processHost: DaemonHost = {
  nodeVersion: process.version,
  clock: new SystemClock(),
  print: (text) => {
    process.stdout.write(text);
  },
  complain: (text) => {
    process.stderr.write(text);
  },
  onSignal: (signal, listener) => {
    process.on(signal, listener);
    return () => process.off(signal, listener);
  },
  onCrash: (listener) => {
    const crashed = (thrown: unknown): void => {
      // A bug: its stack is worth more than a sentence.
      process.stderr.write(`${stackOf(thrown)}\n`);
      listener(thrown);
    };
    process.on('uncaughtException', crashed);
    process.on('unhandledRejection', crashed);
    return () => {
      process.off('uncaughtException', crashed);
      process.off('unhandledRejection', crashed);
    };
  },
};
