/**
 * The agent's end of the launcher's socket: connects to the surviving launcher, or starts one
 * (detached, own session); starts another when it dies, and repeats what was not confirmed.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, existsSync, mkdirSync, openSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { background } from '../../base/background.ts';
import { type Clock, sleep } from '../../base/clock.ts';
import type { DurationMs } from '../../base/duration.ts';
import { ClusterError, describeError } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import type { HostedTask } from '../../executor/hosted.ts';
import type { IsolationPlan } from '../containerizer/plan.ts';
import type { ContainerEvent, ContainerLauncher, ContainerRequest } from '../containers/port.ts';
import { FAILPOINT_VARIABLE } from '../failpoints.ts';
import type { ContainerSpec, ContainerUpdate, Launcher, LauncherEvent } from '../launcher-port.ts';
import { type KeptProgram, keeperFolder, underKeeper } from './keeper.ts';
import { launcherProgram } from './program.ts';
import { LineDecoder, PROTOCOL_VERSION, writeLine } from './protocol.ts';
import type { LauncherSettings } from './server.ts';
import { type AnyRequest, UnconfirmedRequests } from './unconfirmed.ts';

/** Unix socket paths are limited to 107 bytes; a launcher listens under a longer name first. */
const SOCKET_PATH_MAX = 100;
/** Long: a machine that is as busy as the one whose agent died just now takes its time. */
const START_LIMIT_MS = 60_000;
const RETRY_MS = 20;
const STOP_LIMIT_MS = 4_500;

export interface LauncherClientPorts {
  readonly clock: Clock;
  readonly log: Log;
  /** For a launcher that is started; one that has survived keeps its own. */
  readonly settings?: LauncherSettings;
  /** The agent's own where it is left out. */
  readonly environment?: NodeJS.ProcessEnv;
  /** Called when another agent has taken the launcher; nothing more is heard of it. */
  readonly replaced?: () => void;
}

/** Which launcher program, and where it keeps what it knows. */
export interface LauncherProgram {
  /** Below the work directory. */
  readonly folder: string;
  /** The module to start, relative to this folder's parent. */
  readonly main: string;
}

const PROCESS_LAUNCHER: LauncherProgram = { folder: 'launcher', main: 'launcher/main' };

export class LauncherClient implements Launcher, ContainerLauncher {
  private readonly folder: string;
  private readonly program: LauncherProgram;
  private readonly socketPath: string;
  private readonly ports: LauncherClientPorts;
  private socket: Socket | undefined;
  private onEvent: (event: LauncherEvent) => void = () => {};
  private onContainer: (event: ContainerEvent) => void = () => {};
  private isStopped = false;
  private isReplaced = false;
  /** Under way since a launcher was lost. */
  private reconnecting: Promise<void> | undefined;
  private readonly unconfirmed = new UnconfirmedRequests();
  /** The launcher's program. */
  private written: string | undefined;

  constructor(workDir: string, ports: LauncherClientPorts, program = PROCESS_LAUNCHER) {
    this.folder = `${workDir}/${program.folder}`;
    this.program = program;
    this.socketPath = socketPathFor(this.folder);
    this.ports = ports;
  }

  async start(onEvent: (event: LauncherEvent) => void): Promise<void> {
    this.onEvent = onEvent;
    mkdirSync(this.folder, { recursive: true, mode: 0o700 });
    await this.connectOrSpawn();
  }

  onContainerEvent(listener: (event: ContainerEvent) => void): void {
    this.onContainer = listener;
  }

  request(request: ContainerRequest): void {
    if (request.kind === 'plain-launch') this.demand(request, request.spec.id);
    else this.send(request);
  }

  launch(spec: ContainerSpec): void {
    this.demand({ kind: 'launch', spec }, spec.id);
  }

  run(
    containerId: string,
    tasks: readonly HostedTask[],
    isolation?: Readonly<Record<string, IsolationPlan>>,
  ): void {
    const more = isolation === undefined ? {} : { isolation };
    this.demand({ kind: 'run', containerId, tasks, ...more }, containerId);
  }

  /** Not repeated: a launcher that dies gets the next one with the next change. */
  update(containerId: string, update: ContainerUpdate): void {
    this.send({ kind: 'update', containerId, update });
  }

  kill(containerId: string, taskId: string, graceMs: DurationMs | undefined): void {
    const grace = graceMs === undefined ? {} : { graceMs };
    this.demand({ kind: 'kill', containerId, taskId, ...grace }, containerId);
  }

  acknowledge(containerId: string, taskId: string, uuid: string): void {
    this.send({ kind: 'acknowledge', containerId, taskId, uuid });
  }

  shutdown(containerId: string): void {
    this.demand({ kind: 'shutdown', containerId }, containerId);
  }

  destroy(containerId: string): void {
    this.demand({ kind: 'destroy', containerId }, containerId);
  }

  forget(containerId: string): void {
    this.unconfirmed.forget(containerId);
    this.send({ kind: 'forget', containerId });
  }

  async stop(options: { readonly killTasks: boolean }): Promise<void> {
    if (this.isStopped) return;
    this.isStopped = true;
    // A launcher that is being started would be left behind with its connection.
    await this.reconnecting?.catch(() => {});
    const { socket } = this;
    if (socket === undefined || socket.destroyed) return;
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
    if (options.killTasks) this.send({ kind: 'stop' });
    else socket.end();
    const limit = new AbortController();
    const timeout = sleep(this.ports.clock, STOP_LIMIT_MS, limit.signal).catch(() => {});
    await Promise.race([closed, timeout]);
    limit.abort();
    socket.destroy();
  }

  private demand(request: AnyRequest, containerId: string): void {
    this.unconfirmed.add(containerId, request);
    this.send(request);
  }

  private send(request: AnyRequest): void {
    // Without a connection nothing is lost: unconfirmed requests are repeated, unacknowledged
    // updates come again with the report.
    if (this.socket?.writable === true) writeLine(this.socket, request);
  }

  private async connectOrSpawn(): Promise<void> {
    const endsAt = this.ports.clock.now() + START_LIMIT_MS;
    let isSpawned = false;
    for (;;) {
      const socket = await tryConnect(this.socketPath);
      // A dying launcher may still accept; then the next one is asked.
      if (socket !== undefined && (await this.adopt(socket))) return;
      if (this.isReplaced) throw this.failure('another agent has taken the launcher');
      if (!isSpawned && socket === undefined) {
        isSpawned = true;
        await this.spawnLauncher();
      }
      if (this.ports.clock.now() >= endsAt) {
        throw this.failure(`the launcher did not open ${this.socketPath}; see ${this.folder}/log`);
      }
      await sleep(this.ports.clock, RETRY_MS);
    }
  }

  private failure(sentence: string): ClusterError {
    return new ClusterError('LAUNCHER', sentence, { retriable: false });
  }

  private async spawnLauncher(): Promise<void> {
    // Written once in the agent's life: its tasks wait for the launcher after one that has died.
    const known = this.written !== undefined && existsSync(this.written) ? this.written : undefined;
    const program = known ?? (await launcherProgram(`${this.folder}/program`, this.program.main));
    this.written = program;
    const log = openSync(`${this.folder}/log`, 'a', 0o600);
    const flags = ['--max-semi-space-size=1', '--no-warnings', '--single-threaded-gc'];
    const { settings } = this.ports;
    const words = [...flags, program, this.folder, this.socketPath];
    if (settings !== undefined) words.push(JSON.stringify(settings));
    const line = this.kept({ file: process.execPath, words });
    const child = spawn(line.file, [...line.words], {
      cwd: '/',
      detached: true,
      stdio: ['ignore', log, log],
      env: launcherEnvironment(this.ports.environment ?? process.env),
    });
    child.on('error', (error) => {
      this.ports.log.error({ error: describeError(error) }, 'launcher cannot be started');
    });
    child.unref();
    closeSync(log);
    this.ports.log.info({ pid: child.pid }, 'launcher started');
  }

  private kept(line: KeptProgram): KeptProgram {
    const kept = underKeeper(keeperFolder(this.folder), line);
    if (kept === undefined) {
      const text =
        'no keeper (perl, Linux): statuses of tasks are unknown once their launcher has died';
      this.ports.log.warn({}, text);
    }
    return kept ?? line;
  }

  /** Resolves with true at the first report, with false when the connection ends before. */
  private adopt(socket: Socket): Promise<boolean> {
    const lines = new LineDecoder();
    let isAdopted = false;
    writeLine(socket, { kind: 'hello', version: PROTOCOL_VERSION });
    return new Promise((resolve) => {
      socket.on('data', (chunk) => {
        for (const value of lines.push(chunk)) {
          if (!isEvent(value)) continue;
          if (isReplacement(value)) this.replaced();
          if (this.isReplaced) return;
          if (!isAdopted) this.socket = socket;
          isAdopted = true;
          this.received(value);
          // Other news come first and may come alone; without the report nothing is recovered yet.
          if (value.kind === 'report') resolve(true);
        }
      });
      socket.on('error', () => {});
      socket.on('close', () => {
        resolve(false);
        const isWanted = !this.isStopped && !this.isReplaced;
        if (isAdopted && this.socket === socket && isWanted) this.lost();
      });
    });
  }

  private replaced(): void {
    this.isReplaced = true;
    this.ports.log.error({ folder: this.folder }, 'another agent has taken the launcher');
    this.ports.replaced?.();
  }

  private lost(): void {
    this.ports.log.warn({}, 'launcher lost, starting another');
    this.socket = undefined;
    this.reconnecting = this.connectOrSpawn();
    background(this.ports.log, this.reconnecting, 'restarting the launcher');
  }

  private received(event: LauncherEvent | ContainerEvent): void {
    if (isContainerEvent(event)) {
      this.containerEvent(event);
      return;
    }
    this.unconfirmed.confirm(event);
    this.onEvent(event);
    if (event.kind !== 'report') return;
    for (const request of this.unconfirmed.all()) this.send(request);
  }

  private containerEvent(event: ContainerEvent): void {
    const isLaunched = event.kind === 'plain-started' || event.kind === 'plain-failed';
    if (isLaunched) this.unconfirmed.forget(event.id);
    this.onContainer(event);
  }
}

function isContainerEvent(event: LauncherEvent | ContainerEvent): event is ContainerEvent {
  return event.kind.startsWith('plain-');
}

function launcherEnvironment(own: NodeJS.ProcessEnv): Record<string, string> {
  const failpoint = own[FAILPOINT_VARIABLE];
  return {
    PATH: own['PATH'] ?? '',
    UV_THREADPOOL_SIZE: '1',
    ...(failpoint === undefined ? {} : { [FAILPOINT_VARIABLE]: failpoint }),
  };
}

function socketPathFor(folder: string): string {
  const path = `${folder}/socket`;
  if (Buffer.byteLength(path) <= SOCKET_PATH_MAX) return path;
  const name = createHash('sha256').update(folder).digest('hex').slice(0, 16);
  return `${tmpdir()}/orrery-launcher-${name}`;
}

function tryConnect(path: string): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => resolve(socket));
    socket.once('error', () => resolve(undefined));
  });
}

function isReplacement(event: { readonly kind: string }): boolean {
  return event.kind === 'replaced';
}

/** The launcher is our own program; the shape beyond `kind` is its promise. */
function isEvent(value: unknown): value is LauncherEvent | ContainerEvent {
  return typeof value === 'object' && value !== null && 'kind' in value;
}
