/**
 * One run of a health check or check (spec executor-api, section 16.2). The network modules are
 * loaded with the first probe that needs them: most launchers never do, and memory counts here.
 */
import { spawn } from 'node:child_process';
import { closeSync } from 'node:fs';
import type { Clock } from '../../base/clock.ts';
import { formatDuration } from '../../base/duration.ts';
import type { HostedProbe } from '../../executor/hosted.ts';
import type { ProbeResult } from '../../executor/task-run.ts';
import { appendOutput, openOutputFile } from '../output-file.ts';
import type { Processes, SpawnSpec } from './ports.ts';
import { probeCommandLine, switchedLine } from './wrapped-command.ts';

const REDIRECTS_MAX = 50;

export async function runProbe(
  probe: HostedProbe,
  place: Omit<SpawnSpec, 'command'>,
  processes: Pick<Processes, 'signalTree'>,
  clock: Clock,
): Promise<ProbeResult | undefined> {
  const limit = new AbortController();
  const timer =
    probe.timeoutMs > 0 ? clock.setTimer(probe.timeoutMs, () => limit.abort()) : undefined;
  try {
    const { type } = probe;
    if (type === 'COMMAND') {
      return { type, exitCode: await runCommand(probe, place, processes, limit.signal) };
    }
    if (type === 'HTTP') return { type, statusCode: await request(probe, limit.signal) };
    return { type, succeeded: await connect(probe, limit.signal) };
  } finally {
    timer?.cancel();
  }
}

/** The exit code; undefined when it was killed or could not run. */
function runCommand(
  probe: HostedProbe,
  place: Omit<SpawnSpec, 'command'>,
  processes: Pick<Processes, 'signalTree'>,
  signal: AbortSignal,
): Promise<number | undefined> {
  const { command } = probe;
  if (command === undefined) return Promise.resolve(undefined);
  const stderr = openOutputFile(`${place.cwd}/stderr`);
  return new Promise((resolve) => {
    const line = switchedLine(probeCommandLine(command, place));
    const child = spawn(line.file, [...line.args], {
      argv0: line.argv0,
      cwd: place.cwd,
      env: line.env,
      detached: true,
      stdio: ['ignore', stderr, stderr],
      ...line.user,
    });
    closeSync(stderr);
    const abort = (): void => {
      if (child.pid !== undefined) processes.signalTree(child.pid, 'SIGKILL');
      const after = formatDuration(probe.timeoutMs);
      complain(place.cwd, `Command timed out after ${after}`);
      resolve(undefined);
    };
    signal.addEventListener('abort', abort, { once: true });
    child.on('error', () => resolve(undefined));
    child.on('exit', (code) => {
      signal.removeEventListener('abort', abort);
      resolve(code ?? undefined);
    });
  });
}

/** Where the command itself would complain. */
function complain(cwd: string, why: string): void {
  try {
    appendOutput(`${cwd}/stderr`, `${why}\n`);
  } catch {
    // A full disk, or the sandbox has gone with its task.
  }
}

async function request(probe: HostedProbe, signal: AbortSignal): Promise<number | undefined> {
  if (probe.http === undefined) return undefined;
  const { scheme, host, port, path } = probe.http;
  const http = await import('node:http');
  const https = scheme === 'https' ? await import('node:https') : undefined;
  let url = new URL(`${scheme}://${host}:${port}${path}`);
  for (let hop = 0; hop <= REDIRECTS_MAX; hop += 1) {
    const client = url.protocol === 'https:' ? (https ?? (await import('node:https'))) : http;
    const answer = await new Promise<{ status: number; location?: string } | undefined>(
      (resolve) => {
        const options = { signal, agent: false, rejectUnauthorized: false };
        const sent = client.get(url, options, (response) => {
          response.resume();
          response.on('error', () => {});
          const { location } = response.headers;
          const status = response.statusCode ?? 0;
          resolve(location === undefined ? { status } : { status, location });
          response.destroy();
        });
        sent.on('error', () => resolve(undefined));
      },
    );
    if (answer === undefined) return undefined;
    const isRedirect = answer.status >= 300 && answer.status < 400 && answer.status !== 304;
    if (!isRedirect || answer.location === undefined) return answer.status;
    url = new URL(answer.location, url);
  }
  return undefined;
}

async function connect(probe: HostedProbe, signal: AbortSignal): Promise<boolean | undefined> {
  const { tcp } = probe;
  if (tcp === undefined) return undefined;
  const net = await import('node:net');
  return new Promise((resolve) => {
    const socket = net.connect({ host: '127.0.0.1', port: tcp.port, signal });
    const finish = (result: boolean | undefined): void => {
      socket.destroy();
      resolve(result);
    };
    socket.on('connect', () => finish(true));
    socket.on('error', () => finish(signal.aborted ? undefined : false));
  });
}
