/** Real programs for end-to-end tests: starts daemons on free ports and cleans up after them. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { HeaderLine } from '../../core/operator/recordings.ts';
import { bytesOf, exchange } from './wire-http.ts';

export const PROJECT = new URL('../../../', import.meta.url).pathname;

/** How long a test waits for something that must happen soon. */
const PATIENCE_MS = 60_000;

export interface Program {
  readonly child: ChildProcess;
  readonly pid: number;
  /** Everything printed so far. */
  output(): string;
  /** The exit code, null when killed. */
  readonly ended: Promise<number | null>;
  /** Sends the signal and waits for the end; gives the exit code (null when killed). */
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
    child.on('exit', (code) => resolve(code));
    child.on('error', () => resolve(null));
  });
  return {
    child,
    pid: child.pid ?? -1,
    output: () => texts.join(''),
    ended,
    stop: (signal = 'SIGTERM') => {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal);
      return ended;
    },
  };
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
 * port between the look and the use; beside those that agents offer to tasks.
 */
const PORTS = { first: 11_000, count: 20_000 };
const PORT_TRIES_MAX = 100;

/** Ports that nothing listens on now. */
export async function freePorts(count: number): Promise<number[]> {
  const servers: Server[] = [];
  for (let tries = 0; servers.length < count; tries += 1) {
    if (tries === PORT_TRIES_MAX) throw new Error(`no ${count} free ports in ${tries} tries`);
    const port = PORTS.first + randomInt(PORTS.count);
    const server = createServer();
    const isFree = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false));
      server.listen(port, '127.0.0.1', () => resolve(true));
    });
    if (isFree) servers.push(server);
  }
  const ports = servers.map((server) => {
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    return address.port;
  });
  await Promise.all(
    servers.map((server) => new Promise((resolve) => server.close(() => resolve(undefined)))),
  );
  return ports;
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
