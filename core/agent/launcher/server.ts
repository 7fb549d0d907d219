/**
 * A launcher's socket: serves one agent at a time, ends when it was told to, or when nothing runs
 * and no agent has come back for a minute.
 */
import { rmSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import type { Clock, Instant } from '../../base/clock.ts';
import type { DurationMs } from '../../base/duration.ts';
import { describeError } from '../../base/errors.ts';
import type { ContainerEvent, ContainerRequest } from '../containers/port.ts';
import type { LauncherEvent } from '../launcher-port.ts';
import type { LauncherCore } from './core.ts';
import { listenAlone } from './exclusive-socket.ts';
import type { OrphanPlaces } from './orphans.ts';
import {
  type LauncherHello,
  type LauncherRequest,
  LineDecoder,
  PROTOCOL_VERSION,
  writeLine,
} from './protocol.ts';

export interface LauncherPlace {
  readonly folder: string;
  readonly socketPath: string;
  readonly settings: LauncherSettings;
}

/** What the agent that starts a launcher tells it, as JSON. */
export interface LauncherSettings {
  /** What cannot be removed by then is left, with a line in the log. */
  readonly destroyTimeoutMs: DurationMs;
  /** Undefined: containers leave nothing behind that could be found. */
  readonly orphans?: OrphanPlaces;
  /** Where networks of containers are written down; undefined: there are none. */
  readonly networks?: { readonly root: string; readonly pluginsPath: string };
  /** Where volumes of Docker's volume drivers are written down, and their client. */
  readonly volumes?: { readonly root: string; readonly program: string };
}

const NO_SETTINGS: LauncherSettings = { destroyTimeoutMs: 60_000 };

const IDLE_END_MS = 60_000;
const STOP_GRACE_MS = 1_500;
const STOP_LIMIT_MS = 3_000;
const DESTROY_LIMIT_MS = 500;
const REPLACED_LIMIT_MS = 5_000;

export class LauncherServer {
  private readonly clock: Clock;
  private readonly core: LauncherCore;
  private readonly socketPath: string;
  private readonly folder: string;
  private readonly server = createServer((socket) => this.serve(socket));
  private agent: Socket | undefined;
  private isStopping = false;
  private isCongested = false;

  constructor(core: LauncherCore, place: LauncherPlace, clock: Clock) {
    this.core = core;
    this.clock = clock;
    this.socketPath = place.socketPath;
    this.folder = place.folder;
  }

  /**
   * Reads the records only when the socket is its own: of two launchers that two agents have started one after
   * another, one alone may act on them. `recovered` is called when they have been read.
   */
  run(recovered: () => void = () => {}): void {
    const place = { path: this.socketPath };
    listenAlone(this.server, place, {
      held: () => {
        writeFileSync(`${this.folder}/pid`, String(process.pid));
        this.core.recover();
        recovered();
        this.endWhenIdle();
      },
      refused: (why) => {
        process.stderr.write(`launcher: ${why}\n`);
        process.exit(1);
      },
    });
  }

  private serve(socket: Socket): void {
    const lines = new LineDecoder();
    let isGreeted = false;
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      try {
        for (const value of lines.push(chunk)) {
          if (isGreeted) this.handle(value);
          else isGreeted = this.greet(value, socket);
        }
      } catch (thrown) {
        process.stderr.write(`launcher: ${describeError(thrown)}\n`);
        socket.destroy();
      }
    });
    socket.on('close', () => {
      if (this.agent !== socket) return;
      this.agent = undefined;
      this.core.detach();
    });
  }

  private greet(value: unknown, socket: Socket): boolean {
    if (!isHello(value) || value.version !== PROTOCOL_VERSION) {
      socket.destroy();
      return false;
    }
    this.replaceAgent();
    this.agent = socket;
    const tell = (event: LauncherEvent | ContainerEvent): void => this.tell(socket, event);
    this.core.attach(tell, tell);
    return true;
  }

  /** It would come again and replace the new one. */
  private replaceAgent(): void {
    const { agent } = this;
    if (agent === undefined) return;
    writeLine(agent, { kind: 'replaced' });
    agent.destroySoon();
    // One that does not read would keep the socket.
    this.clock.setTimer(REPLACED_LIMIT_MS, () => agent.destroy());
  }

  private handle(value: unknown): void {
    if (!isRequest(value)) return;
    if (isContainerRequest(value)) this.core.handleContainer(value);
    else if (value.kind === 'stop') this.stop();
    else this.core.handle(value);
  }

  /** An agent that reads too slowly makes the processes wait that it reads from. */
  private tell(socket: Socket, event: LauncherEvent | ContainerEvent): void {
    if (writeLine(socket, event) || this.isCongested) return;
    this.isCongested = true;
    this.core.setCongested(true);
    const resume = (): void => {
      socket.off('drain', resume);
      socket.off('close', resume);
      this.isCongested = false;
      this.core.setCongested(false);
    };
    socket.on('drain', resume);
    socket.on('close', resume);
  }

  /** Kills everything; ends when all is gone, at the latest after the limit. */
  private stop(): void {
    if (this.isStopping) return;
    this.isStopping = true;
    this.core.shutdownAll(STOP_GRACE_MS);
    const endsAt = this.clock.now() + STOP_LIMIT_MS;
    const look = (): void => {
      if (this.core.processCount > 0 && this.clock.now() < endsAt) {
        this.clock.setTimer(10, look);
        return;
      }
      this.core.destroyAll();
      this.endAfter(this.clock.now() + DESTROY_LIMIT_MS);
    };
    look();
  }

  /** Waits for what was destroyed to be removed. */
  private endAfter(at: Instant): void {
    if (this.core.processCount > 0 && this.clock.now() < at) {
      this.clock.setTimer(10, () => this.endAfter(at));
      return;
    }
    this.core.forgetAll();
    this.giveUpSocket();
    this.agent?.end(() => process.exit(0));
    this.clock.setTimer(500, () => process.exit(0));
  }

  private giveUpSocket(): void {
    rmSync(this.socketPath, { force: true });
    this.server.close();
  }

  private endWhenIdle(): void {
    this.clock.setTimer(IDLE_END_MS, () => {
      if (this.core.isIdle && this.agent === undefined) {
        this.giveUpSocket();
        process.exit(0);
      }
      this.endWhenIdle();
    });
  }
}

function isHello(value: unknown): value is LauncherHello {
  return typeof value === 'object' && value !== null && 'version' in value;
}

/** Only the agent can open the socket; the shape beyond `kind` is its own promise. */
function isRequest(value: unknown): value is LauncherRequest | ContainerRequest {
  return typeof value === 'object' && value !== null && 'kind' in value;
}

function isContainerRequest(value: LauncherRequest | ContainerRequest): value is ContainerRequest {
  return value.kind.startsWith('plain-');
}

/** The program's arguments; ends it when they are missing. */
export function launcherPlace(): LauncherPlace {
  const [folder, socketPath, settings] = process.argv.slice(2);
  if (folder === undefined || socketPath === undefined) {
    process.stderr.write('usage: launcher FOLDER SOCKET\n');
    process.exit(2);
  }
  // Terminals send these to the whole group; the launcher outlives the agent.
  for (const signal of ['SIGINT', 'SIGHUP', 'SIGTERM'] as const) process.on(signal, () => {});
  return { folder, socketPath, settings: settingsOf(settings) };
}

function settingsOf(text: string | undefined): LauncherSettings {
  if (text === undefined) return NO_SETTINGS;
  const value: unknown = JSON.parse(text);
  return isSettings(value) ? value : NO_SETTINGS;
}

/** The agent that starts the launcher writes them; the shape beyond this is its promise. */
function isSettings(value: unknown): value is LauncherSettings {
  return typeof value === 'object' && value !== null && 'destroyTimeoutMs' in value;
}
