/**
 * Containers without an executor in the launcher: one process each, recorded before it starts and
 * before anyone hears of its end. A container ends with its parent; sessions end with the agent.
 */
import type { WaitStatus } from '../../executor/wait-status.ts';
import { exitedWith, UNKNOWN_STATUS } from '../../executor/wait-status.ts';
import type {
  ContainerEvent,
  ContainerRequest,
  PlainReport,
  PlainSpec,
} from '../containers/port.ts';
import type { ContainerLimitation } from '../launcher-port.ts';
import { ContainerIsolation, type IsolationRecord } from './container-isolation.ts';
import type {
  AttachedProcess,
  LauncherDisk,
  Processes,
  ProcessIdentity,
  SpawnIsolation,
} from './ports.ts';

const SIGKILL = 9;
const SIGKILL_STATUS = 9;

/** What lies on disk; its environment is complete. */
interface PlainRecord {
  readonly plain: PlainSpec;
  /** Null: was about to be started. */
  process?: ProcessIdentity | null;
  /** Under which it says that it has begun. */
  mark?: string;
  exitStatus?: number;
  limitation?: ContainerLimitation;
  isolation?: IsolationRecord;
}

interface Plain {
  readonly record: PlainRecord;
  readonly isolation: ContainerIsolation;
  /** It has ended, and what was in it or made for it is being removed. */
  isCleaning: boolean;
  attached: AttachedProcess | undefined;
  isWatched: boolean;
  isThrottled: boolean;
}

export interface PlainPorts {
  readonly processes: Processes;
  readonly disk: LauncherDisk;
  emit(event: ContainerEvent): void;
  /** The complete environment of an executor (`root`) or of one of its tasks (`root.nested`). */
  environmentOf(id: string): Readonly<Record<string, string>> | undefined;
  /** What an executor (`root`) or one of its tasks (`root.nested`) is in; undefined: nothing. */
  placeOf(id: string): SpawnIsolation | undefined;
  /** Whether this executor runs. */
  isAlive(root: string): boolean;
}

export class PlainContainers {
  private readonly ports: PlainPorts;
  private readonly containers = new Map<string, Plain>();
  /** The agent reads too slowly: no process may write on. */
  private isCongested = false;

  constructor(ports: PlainPorts) {
    this.ports = ports;
  }

  get size(): number {
    return this.containers.size;
  }

  get rootIds(): readonly string[] {
    return [...this.containers.keys()].map((id) => id.split('.')[0] ?? id);
  }

  get processCount(): number {
    const all = [...this.containers.values()];
    return all.filter(({ record, isCleaning }) => record.process || isCleaning).length;
  }

  /** Takes over a record of a dead launcher; false when it is none of these. */
  recover(value: unknown): boolean {
    if (!isPlainRecord(value)) return false;
    const plain = this.plainOf(value);
    this.containers.set(value.plain.id, plain);
    if (value.exitStatus !== undefined) {
      plain.isolation.destroy(() => {});
      return true;
    }
    if (!plain.isolation.adopt()) plain.isolation.kill();
    const found = value.process ?? this.findUnrecorded(value);
    const { processes } = this.ports;
    const onExit = (status: WaitStatus): void => this.ended(plain, status);
    if (found === undefined) onExit(UNKNOWN_STATUS);
    else if (processes.adopt(found, onExit)) value.process = found;
    else onExit(processes.endOf(found));
    return true;
  }

  /** Undefined when it has not begun, or cannot be told from what else works in its directory. */
  private findUnrecorded({ plain, mark }: PlainRecord): ProcessIdentity | undefined {
    const { processes } = this.ports;
    if (mark !== undefined && processes.startedAs !== undefined) return processes.startedAs(mark);
    const { sandbox, workingDirectory } = plain;
    return workingDirectory === sandbox ? processes.findIn(sandbox) : undefined;
  }

  report(): ContainerEvent {
    return {
      kind: 'plain-report',
      containers: [...this.containers.values()].map((each) => describe(each)),
    };
  }

  /** The agent has gone, and with it every session. */
  detach(): void {
    this.isCongested = false;
    for (const plain of this.containers.values()) {
      plain.isWatched = false;
      plain.isThrottled = false;
      plain.attached?.setPaused(false);
      if (plain.record.plain.isSession) this.destroy(plain);
    }
  }

  /** The connection to the agent is full, or has room again. */
  setCongested(isCongested: boolean): void {
    this.isCongested = isCongested;
    for (const plain of this.containers.values()) this.updatePause(plain);
  }

  /** False when the id belongs to none of these containers. */
  handle(request: ContainerRequest): boolean {
    if (request.kind === 'plain-launch') {
      this.launch(request.spec);
      return true;
    }
    const plain = this.containers.get(request.id);
    if (plain === undefined) return false;
    switch (request.kind) {
      case 'plain-signal':
        this.signal(plain, request.signal);
        break;
      case 'plain-destroy':
        this.destroy(plain);
        break;
      case 'plain-forget':
        this.forget(plain);
        break;
      case 'plain-watch':
        plain.isWatched = request.isWatched;
        break;
      case 'plain-throttle':
        plain.isThrottled = request.isThrottled;
        this.updatePause(plain);
        break;
      case 'plain-input':
        this.input(plain, request.sequence, Buffer.from(request.data, 'base64'));
        break;
      case 'plain-resize':
        plain.attached?.resize(request.rows, request.columns);
        break;
    }
    return true;
  }

  /** The parent has ended: its children go with it. */
  parentEnded(id: string): void {
    for (const plain of this.containers.values()) {
      if (plain.record.plain.id.startsWith(`${id}.`)) this.destroy(plain);
    }
  }

  shutdownAll(): void {
    for (const { record } of this.containers.values()) {
      if (record.process) this.ports.processes.signalTree(record.process.pid, 'SIGTERM');
    }
  }

  destroyAll(): void {
    for (const plain of this.containers.values()) this.destroy(plain);
  }

  forgetAll(): void {
    for (const plain of [...this.containers.values()]) this.forget(plain);
  }

  private launch(spec: PlainSpec): void {
    const known = this.containers.get(spec.id);
    if (known !== undefined && known.record.exitStatus === undefined) {
      this.tellStarted(known);
      return;
    }
    const plain = this.plainOf({ plain: { ...spec, command: this.commandOf(spec) } });
    plain.isWatched = spec.isSession;
    const refusal = this.orphanRefusal(spec.id) ?? this.refusalOf(spec);
    if (refusal !== undefined) {
      this.ports.emit({ kind: 'plain-failed', id: spec.id, message: refusal });
      return;
    }
    this.containers.set(spec.id, plain);
    this.start(plain);
  }

  private plainOf(record: PlainRecord): Plain {
    const { id, isolation } = record.plain;
    record.isolation ??= { tasks: {} };
    const spec = {
      id,
      kind: 'process' as const,
      ...(isolation === undefined ? {} : { isolation }),
    };
    const plain: Plain = {
      record,
      isolation: new ContainerIsolation(spec, record.isolation, {
        processes: this.ports.processes,
        handlers: {
          onChanged: () => this.save(plain),
          onLimitation: (limitation) => this.limited(plain, limitation),
          onTaskLimitation: () => {},
          onDiskMeasured: () => {},
        },
        ...(id.includes('.') ? { outer: () => this.outerOf(id) } : {}),
      }),
      attached: undefined,
      isWatched: false,
      isThrottled: false,
      isCleaning: false,
    };
    return plain;
  }

  /** Where its parent is; undefined for a container on its own. */
  private outerOf(id: string): SpawnIsolation | undefined {
    const end = id.lastIndexOf('.');
    if (end === -1) return undefined;
    const parent = id.slice(0, end);
    const plain = this.containers.get(parent);
    return plain === undefined ? this.ports.placeOf(parent) : plain.isolation.place();
  }

  /** The root may have ended while the sandbox was made. */
  private orphanRefusal(id: string): string | undefined {
    const [root = id] = id.split('.');
    if (root === id || this.ports.isAlive(root)) return undefined;
    const parent = this.containers.get(root)?.record;
    if (parent !== undefined && parent.exitStatus === undefined) return undefined;
    return `Parent container ${root} does not exist`;
  }

  private refusalOf(spec: PlainSpec): string | undefined {
    if (spec.io === 'files') return undefined;
    const { attached } = this.ports.processes;
    if (attached === undefined) return 'attaching to containers is not possible here';
    return spec.io === 'tty' ? attached.terminalRefusal() : undefined;
  }

  private start(plain: Plain): void {
    const { record } = plain;
    const { id } = record.plain;
    this.save(plain);
    plain.isolation.make((failure) => {
      if (record.exitStatus !== undefined) return;
      if (failure === undefined) {
        this.startProcess(plain);
        return;
      }
      this.containers.delete(id);
      plain.isolation.destroy(() => this.ports.disk.remove(id));
      this.ports.emit({ kind: 'plain-failed', id, message: failure });
    });
  }

  private startProcess(plain: Plain): void {
    const { record } = plain;
    const spec = record.plain;
    record.process = null;
    const mark = spec.io === 'files' ? this.ports.processes.newMark?.() : undefined;
    if (mark !== undefined) record.mark = mark;
    this.save(plain);
    const identity = this.spawn(plain);
    if (identity === undefined) {
      // As a helper that cannot execute the command ends: the reason is in `stderr`.
      this.tellStarted(plain);
      this.ended(plain, exitedWith(1));
      return;
    }
    record.process = identity;
    this.save(plain);
    this.updatePause(plain);
    this.ports.emit({ kind: 'plain-started', id: spec.id, pid: identity.pid });
  }

  private spawn(plain: Plain): ProcessIdentity | undefined {
    const { processes } = this.ports;
    const { mark } = plain.record;
    const { io, command, sandbox, workingDirectory, user } = plain.record.plain;
    const isolation = plain.isolation.place();
    const place = {
      command,
      cwd: workingDirectory,
      ...(user === undefined ? {} : { user }),
      ...(isolation === undefined ? {} : { isolation }),
    };
    const onExit = (status: WaitStatus): void => this.ended(plain, status);
    if (io === 'files') {
      return processes.spawn(mark === undefined ? place : { ...place, mark }, onExit);
    }
    plain.attached = processes.attached?.spawn(
      { ...place, sandbox, isTerminal: io === 'tty' },
      { onExit, onOutput: (stream, bytes) => this.output(plain, stream, bytes) },
    );
    return plain.attached?.identity;
  }

  private commandOf(spec: PlainSpec): PlainSpec['command'] {
    const { command, baseEnvironment, inheritsFrom } = spec;
    const base =
      inheritsFrom === undefined
        ? undefined
        : (this.containers.get(inheritsFrom)?.record.plain.command.environment ??
          this.ports.environmentOf(inheritsFrom));
    const environment = { ...(base ?? baseEnvironment), ...command.environment };
    return { ...command, environment };
  }

  private tellStarted(plain: Plain): void {
    const { record } = plain;
    const pid = record.process?.pid;
    const { id } = record.plain;
    this.ports.emit({ kind: 'plain-started', id, ...(pid === undefined ? {} : { pid }) });
  }

  private signal(plain: Plain, signal: number): void {
    const { record } = plain;
    if (signal === SIGKILL || !record.process) this.destroy(plain);
    else if (plain.attached !== undefined) plain.attached.signal(signal);
    else this.ports.processes.attached?.signal(record.process.pid, signal);
  }

  /** It used more than it was granted; who waits for its end is told. */
  private limited(plain: Plain, limitation: ContainerLimitation): void {
    const { record } = plain;
    if (record.exitStatus !== undefined || record.limitation !== undefined) return;
    record.limitation = limitation;
    this.save(plain);
    this.destroy(plain);
  }

  private destroy(plain: Plain): void {
    const { record } = plain;
    if (record.exitStatus !== undefined) return;
    plain.isThrottled = false;
    plain.attached?.setPaused(false);
    if (record.process) this.ports.processes.signalTree(record.process.pid, 'SIGKILL');
    plain.isolation.kill();
    if (!record.process) this.ended(plain, SIGKILL_STATUS);
  }

  private input(plain: Plain, sequence: number, bytes: Buffer): void {
    const { attached } = plain;
    const { id, io } = plain.record.plain;
    if (attached === undefined || plain.record.exitStatus !== undefined) {
      this.taken(id, sequence);
      return;
    }
    if (bytes.length > 0) {
      attached.write(bytes, () => this.taken(id, sequence));
      return;
    }
    // With a terminal the client sends its end-of-transmission character instead.
    if (io !== 'tty') attached.endInput();
    this.taken(id, sequence);
  }

  private taken(id: string, sequence: number): void {
    this.ports.emit({ kind: 'plain-input-taken', id, sequence });
  }

  private output(plain: Plain, stream: 'STDOUT' | 'STDERR', bytes: Buffer): void {
    if (!plain.isWatched) return;
    const { id } = plain.record.plain;
    this.ports.emit({ kind: 'plain-output', id, stream, data: bytes.toString('base64') });
  }

  private updatePause(plain: Plain): void {
    const waits = plain.isThrottled || (this.isCongested && plain.isWatched);
    plain.attached?.setPaused(waits);
  }

  private ended(plain: Plain, status: WaitStatus): void {
    const { record } = plain;
    if (record.exitStatus !== undefined) return;
    if (record.process) this.ports.processes.sweep(record.process.pid);
    delete record.process;
    // The kernel may have killed what was in it for what the container used.
    const limitation = record.limitation ?? plain.isolation.limitation();
    if (limitation !== undefined) record.limitation = limitation;
    plain.attached = undefined;
    record.exitStatus = status;
    this.save(plain);
    const { id } = record.plain;
    this.parentEnded(id);
    plain.isCleaning = true;
    plain.isolation.destroy(() => {
      plain.isCleaning = false;
      const why = limitation === undefined ? {} : { limitation };
      this.ports.emit({ kind: 'plain-ended', id, status, ...why });
    });
  }

  private forget(plain: Plain): void {
    const { id } = plain.record.plain;
    if (plain.record.process || this.containers.get(id) !== plain) return;
    this.containers.delete(id);
    this.ports.disk.remove(id);
  }

  private save(plain: Plain): void {
    this.ports.disk.save(plain.record.plain.id, plain.record);
  }
}

function describe({ record, attached }: Plain): PlainReport {
  const { id, sandbox, workingDirectory, io, isSession, note } = record.plain;
  const { limitation } = record;
  const pid = record.process?.pid;
  return {
    id,
    sandbox,
    workingDirectory,
    io,
    isAttachable: attached !== undefined,
    isSession,
    note,
    ...(pid === undefined ? {} : { pid }),
    ...(record.exitStatus === undefined ? {} : { exitStatus: record.exitStatus }),
    ...(limitation === undefined ? {} : { limitation }),
  };
}

function isPlainRecord(value: unknown): value is PlainRecord {
  if (typeof value !== 'object' || value === null || !('plain' in value)) return false;
  const { plain } = value;
  return typeof plain === 'object' && plain !== null && 'id' in plain && 'sandbox' in plain;
}
