/** Real programs for end-to-end tests: starts daemons on free ports and cleans up after them. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import type { HeaderLine } from '../../core/operator/recordings.ts';
import { bytesOf, exchange } from './wire-http.ts';

// Files are made with the usual rights, whoever runs the tests.
process.umask(0o022);

export const PROJECT = new URL('../../../', import.meta.url).pathname;

/**
 * How long a test waits for something that must happen soon: only a failing test waits so long, and a machine on
 * which a daemon gets a tenth of a processor may need most of it.
 */
const PATIENCE_MS = 120_000;

/** A program that was asked to end and has not by then never will. */
const STOP_LIMIT_MS = 120_000;

export interface Program {
  readonly child: ChildProcess;
  readonly pid: number;
  /** Everything printed so far. */
  output(): string;
  /** The exit code, null when killed. */
  readonly ended: Promise<number | null>;
  /**
   * Sends the signal and waits for the end; gives the exit code (null when killed). One that is frozen or does not
   * end is killed in the end, so that no failed test holds up the others.
   */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

/** Starts `node orrery.ts <arguments>`. */
export function startOrrery(args: readonly string[], env: Record<string, string> = {}): Program {
  return startProgram(process.execPath, [join(PROJECT, 'orrery.ts'), ...args], env);
}

export function startProgram(
  command: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Program {
  const child = spawn(command, args, {
    cwd: PROJECT,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const texts: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8');
    stream.on('data', (text: string) => texts.push(text));
  }
  const ended = new Promise<number | null>((resolve) => {
    child.on('exit', (code) => {
      // What it started may have its pipes and live on; this process need not wait for that.
      for (const stream of [child.stdout, child.stderr]) unref(stream);
      resolve(code);
    });
    child.on('error', () => resolve(null));
  });
  return {
    child,
    pid: child.pid ?? -1,
    output: () => texts.join(''),
    ended,
    stop: (signal = 'SIGTERM') => {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal);
      const killing = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS);
      return ended.finally(() => clearTimeout(killing));
    },
  };
}

function unref(stream: Readable): void {
  if (stream instanceof Socket) stream.unref();
}

/** Waits until `probe` gives something else than undefined; fails with `what` and the details. */
export async function eventually<T>(
  what: string,
  probe: () => Promise<T | undefined> | T | undefined,
  details: () => string = () => '',
  patienceMs: number = PATIENCE_MS,
): Promise<T> {
  const deadline = Date.now() + patienceMs;
  let last: unknown;
  while (Date.now() < deadline) {
    try {
      const value = await probe();
      if (value !== undefined && value !== false) return value;
    } catch (thrown) {
      last = thrown;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`never happened: ${what}; last error: ${String(last)}\n${details()}`);
}

/**
 * Where tests listen: below the ports that connections get for their own end, so that none of those takes a
 * port between the look and the use; beside those that agents offer to tasks. Files of tests that run at the same
 * time have parts of it for themselves: a port that one has looked at and not used yet, or used by a daemon that is
 * just dead, cannot be taken by another.
 */
const PORTS = { first: 11_000, count: 20_000, parts: 8 };
const PORT_TRIES_MAX = 1_000;

/** Given to this file. */
const givenPorts = new Set<number>();

function anyPort(): number {
  const count = PORTS.count / PORTS.parts;
  // The runner numbers the files that run at the same time.
  const worker = Number(process.env['NODE_TEST_WORKER_ID'] ?? randomInt(PORTS.parts));
  return PORTS.first + (worker % PORTS.parts) * count + randomInt(count);
}

/** Beside those of the usual agent, and below those that connections get. */
const TASK_PORTS = { first: 32_001, count: 120, parts: 6 };

/** A range for the tasks of an agent, which no other file has at the same time: tasks that listen meet nobody. */
export function ownTaskPorts(): string {
  const worker = Number(process.env['NODE_TEST_WORKER_ID'] ?? 0) % TASK_PORTS.parts;
  const first = TASK_PORTS.first + worker * TASK_PORTS.count;
  return `${first}-${first + TASK_PORTS.count - 1}`;
}

/** Ports that nothing listens on now and nobody else of this file was given. */
export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  for (let tries = 0; ports.length < count; tries += 1) {
    if (tries === PORT_TRIES_MAX) throw new Error(`no ${count} free ports in ${tries} tries`);
    const port = anyPort();
    if (givenPorts.has(port) || !(await isFree(port))) continue;
    givenPorts.add(port);
    ports.push(port);
  }
  return ports;
}

async function isFree(port: number): Promise<boolean> {
  const server: Server = createServer();
  const canListen = await new Promise<boolean>((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => resolve(true));
  });
  if (canListen) await new Promise((resolve) => server.close(resolve));
  return canListen;
}

export async function temporaryDirectory(name: string): Promise<string> {
  return mkdtemp(join(tmpdir(), `orrery-${name}-`));
}

export async function removeDirectory(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true, maxRetries: 5 });
}

export interface JsonAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** The header lines as they came. */
  readonly lines: readonly HeaderLine[];
  readonly body: unknown;
  readonly text: string;
}

/** One request; the body is parsed when it is JSON. */
export async function http(
  method: string,
  url: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<JsonAnswer> {
  const answer = await exchange({
    method,
    url,
    headers: body === undefined ? headers : { 'Content-Type': 'application/json', ...headers },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = (await bytesOf(answer)).toString('utf8');
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    parsed = undefined;
  }
  const { status, lines } = answer;
  const all = new Headers();
  for (const [name, value] of lines) all.append(name, value);
  return { status, headers: all, lines, body: parsed, text };
}

/** Whether a process with this pid lives. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
