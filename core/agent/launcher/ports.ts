/** What the launcher needs of the system; the simulator gives simulated processes and disk. */
import type { Instant } from '../../base/clock.ts';
import type { DurationMs } from '../../base/duration.ts';
import type { Failpoints } from '../../base/failpoints.ts';
import type { Random } from '../../base/random.ts';
import type {
  HostedCommand,
  HostedProbe,
  HostedTask,
  HostedUpdate,
  UserIds,
} from '../../executor/hosted.ts';
import type { ProbeResult } from '../../executor/task-run.ts';
import type { WaitStatus } from '../../executor/wait-status.ts';
import type { NetworkInfo } from '../../wire/types/mesos.v1.ts';
import type { LogPlan } from '../container-logger.ts';
import type { NetworkPlan } from '../containerizer/cni/network-plan.ts';
import type { FileWrite, IsolationPlan, WatchPlan } from '../containerizer/plan.ts';
import type { DockerVolumesPlan } from '../containerizer/volume-plan.ts';
import type {
  ContainerLimitation,
  ContainerSpec,
  ContainerUpdate,
  LauncherContainer,
} from '../launcher-port.ts';
import type { Attached } from './attachments.ts';

export interface SpawnSpec {
  readonly command: HostedCommand;
  readonly cwd: string;
  readonly user?: UserIds;
  /** What the process is put into before it does anything. */
  readonly isolation?: SpawnIsolation;
  readonly logs?: LogPlan;
  /** From `newMark`. */
  readonly mark?: string;
  /** The container whose terminal it runs in; undefined: in none. */
  readonly terminal?: string;
}

export interface SpawnIsolation {
  readonly plan: IsolationPlan;
  /** Its namespaces are entered. */
  readonly holder?: ProcessIdentity;
}

/** Carries out what a plan says about cgroups. */
export interface Isolation {
  /** Gives a sentence when it cannot be done; what was made then is left to `destroy`. */
  make(plan: IsolationPlan): string | undefined;
  /** Puts a process into it; gives a sentence when it cannot be. */
  join(plan: IsolationPlan, pid: number): string | undefined;
  /** Files that are not there are left out; gives why another one could not be written. */
  write(writes: readonly FileWrite[]): string | undefined;
  /** SIGKILL to everything inside, also to what would fork away. */
  kill(plan: IsolationPlan): void;
  /** Kills until nothing is left, and removes what `make` made. */
  destroy(plan: IsolationPlan, done: () => void): void;
  /** Looks again and again; replaces what was watched under this id. */
  watch(id: string, watches: readonly WatchPlan[], handlers: WatchHandlers): void;
  unwatch(id: string): void;
  /** Joins the networks of a container. */
  attach(plan: NetworkPlan, done: (attached: AttachedNetworks) => void): void;
  /** What cannot be undone is told on standard error and left to the next launcher. */
  detach(plan: NetworkPlan, done: () => void): void;
  /** Mounts the volumes of a container. */
  mountVolumes?(plan: DockerVolumesPlan, done: (mounted: MountedVolumes) => void): void;
  /** Unmounts those that no other container has; as `detach`. */
  unmountVolumes?(plan: DockerVolumesPlan, done: () => void): void;
  /** What can be seen at once to have been used up. */
  check(watches: readonly WatchPlan[]): ContainerLimitation | undefined;
}

export interface WatchHandlers {
  /** At most once. */
  onLimitation(limitation: ContainerLimitation): void;
  onDiskMeasured(path: string, bytes: number): void;
}

/** As they show in the container's status, or why there are none. */
export type AttachedNetworks = Attached<readonly NetworkInfo[]>;

/** Where they are on the host, by the variables of the lines that mount them. */
export type MountedVolumes = Attached<Readonly<Record<string, string>>>;

/** Namespaces that exist from now on, or why they do not. */
export type Held =
  | { readonly ok: true; readonly holder: ProcessIdentity }
  | { readonly ok: false; readonly message: string };

/** A process that cannot be mixed up with a later one of the same number. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks since boot, as text; empty where the system does not tell. */
  readonly startTime: string;
}

/** What is told of a process whose start is not waited for; in this order. */
export interface BeginHandlers {
  /** It exists, but need not yet be where its plan puts it; told again when that has to be tried again. */
  onBorn(identity: ProcessIdentity): void;
  /** Once, unless it ended before; `undefined` when it cannot be started, with the reason in `stderr`. */
  onBegun(identity: ProcessIdentity | undefined): void;
  onExit(status: WaitStatus): void;
}

export interface Processes {
  /**
   * Starts a process as leader of a new session, output appended to `stdout` and `stderr` in its
   * working directory. `undefined` when it cannot be started; the reason is then in `stderr`.
   */
  spawn(spec: SpawnSpec, onExit: (status: WaitStatus) => void): ProcessIdentity | undefined;
  /** As `spawn`, without waiting; where there is none, `spawn` is used. */
  begin?(spec: SpawnSpec, handlers: BeginHandlers): void;
  /**
   * A name under which a process that is asked for says that it has begun, whoever dies meanwhile;
   * undefined where nobody writes that down.
   */
  newMark?(): string | undefined;
  /** What has begun under a mark of a dead launcher. What has not will never. */
  startedAs?(mark: string): ProcessIdentity | undefined;
  /**
   * Watches a process that a launcher before this one has started. False when it is gone already.
   */
  adopt(identity: ProcessIdentity, onExit: (status: WaitStatus) => void): boolean;
  /** How a process ended that is gone, once; -1 when nobody has seen it. */
  endOf(identity: ProcessIdentity): WaitStatus;
  /** Session leaders working in `cwd`; finds a process whose start was not recorded any more. */
  findIn(cwd: string): ProcessIdentity | undefined;
  /** Signals the process, its group, its descendants and their sessions. */
  signalTree(pid: number, signal: 'SIGTERM' | 'SIGKILL'): void;
  /** Kills what a dead session leader left behind. */
  sweep(pid: number): void;
  /** Runs one probe to its end; `undefined` when it was disturbed and says nothing. */
  probe(probe: HostedProbe, spec: Omit<SpawnSpec, 'command'>): Promise<ProbeResult | undefined>;
  /** Where there is none, nothing can be attached to. */
  readonly attached?: AttachedProcesses;
  /** Where there is none, `terminal` is left out. */
  readonly terminals?: TerminalHost;
  /** Where there is none, plans cannot be carried out. */
  readonly isolation?: Isolation;
  /** Makes the namespaces of a plan, kept by a process of their own; inside of those that `outer` keeps. */
  hold?(plan: IsolationPlan, done: (held: Held) => void, outer?: ProcessIdentity): void;
}

export interface AttachedSpec extends SpawnSpec {
  /** Where `stdout` and `stderr` are kept. */
  readonly sandbox: string;
  readonly isTerminal: boolean;
}

export interface AttachedHandlers {
  onOutput(stream: 'STDOUT' | 'STDERR', bytes: Buffer): void;
  /** After the last output. */
  onExit(status: WaitStatus): void;
}

/** A process whose input and output are ours. */
export interface AttachedProcess {
  readonly identity: ProcessIdentity;
  /** `taken` is called when the process has room for more, or will never read it. */
  write(bytes: Uint8Array, taken: () => void): void;
  endInput(): void;
  resize(rows: number, columns: number): void;
  signal(signal: number): void;
  /** Paused, the process blocks when its pipe is full. */
  setPaused(isPaused: boolean): void;
}

export interface AttachedProcesses {
  /** Why there are no terminals here; undefined when there are. */
  terminalRefusal(): string | undefined;
  spawn(spec: AttachedSpec, handlers: AttachedHandlers): AttachedProcess | undefined;
  /** Any signal to one process. */
  signal(pid: number, signal: number): void;
}

/** Terminals of processes that outlive the launcher. */
export interface TerminalHost {
  /** Why there are none here; undefined when there are. */
  refusal(): string | undefined;
  /** `onClose` is told at last, also when nobody was there. */
  connect(id: string, handlers: TerminalHandlers): TerminalConnection;
  /** What a process leaves behind that could not end by itself. */
  remove(id: string): void;
}

export interface TerminalHandlers {
  onOpen(): void;
  onOutput(bytes: Buffer): void;
  onClose(): void;
}

export interface TerminalConnection {
  /** `taken` is called when the terminal has room for more, or will never take it. */
  write(bytes: Uint8Array, taken: () => void): void;
  resize(rows: number, columns: number): void;
  /** Paused, the process blocks when it has written some more. */
  setPaused(isPaused: boolean): void;
  close(): void;
}

/** One small JSON value per container; writes replace atomically and are done on return. */
export interface LauncherDisk {
  save(id: string, value: unknown): void;
  remove(id: string): void;
  /** Everything readable; damaged records are put aside and counted. */
  load(): { readonly values: readonly unknown[]; readonly damaged: number };
}

/** One container in the launcher, whatever it is made of. */
export interface ContainerRun {
  readonly spec: ContainerSpec;
  readonly isStarted: boolean;
  readonly isExited: boolean;
  /** Of something that still runs. */
  readonly pid: number | undefined;
  /** Something was asked for that does not run yet. */
  readonly isBeginning?: boolean;
  /** Those it has joined; undefined: the host's. */
  readonly networkInfos?: readonly NetworkInfo[] | undefined;
  describe(): LauncherContainer;
  nextWake(): Instant | undefined;
  /** Answered by `onStarted` or `onLaunchFailed`. */
  start(): void;
  run(tasks: readonly HostedTask[], isolation?: Readonly<Record<string, IsolationPlan>>): void;
  /** Where there is none, grants are of no interest. */
  update?(update: ContainerUpdate): void;
  /** It has ended, and what was in it or made for it is being removed. */
  readonly isCleaning?: boolean;
  kill(taskId: string, graceMs: DurationMs | undefined): void;
  acknowledge(taskId: string, uuid: string): void;
  /** Asks tasks or the executor to end; kills them after the grace period, at most `graceMaxMs`. */
  shutdown(graceMaxMs?: number): void;
  /** SIGKILL to everything in it. */
  destroy(): void;
  woke(): void;
  /** Takes over from a dead launcher. */
  adopt(): void;
  /** Of the executor, or of one of a group's tasks. */
  environmentOf(nestedId: string | undefined): Readonly<Record<string, string>> | undefined;
  /** What containers made inside of it enter; where there is none, they enter nothing. */
  placeOf?(nestedId: string | undefined): SpawnIsolation | undefined;
  signal(nestedId: string | undefined, signal: number): void;
}

export interface ContainerPorts {
  readonly random: Random;
  readonly processes: Processes;
  readonly disk: LauncherDisk;
  readonly failpoints?: Failpoints | undefined;
  now(): Instant;
  onStarted(container: ContainerRun): void;
  /** Nothing is left of it. */
  onLaunchFailed(container: ContainerRun, message: string): void;
  onUpdate(containerId: string, update: HostedUpdate): void;
  /** All that was in it is gone. */
  onExited(containerId: string, status: WaitStatus, limitation?: ContainerLimitation): void;
  onUpdateFailed?(containerId: string, message: string): void;
  onDiskMeasured?(containerId: string, path: string, bytes: number): void;
  onImagePulled?(containerId: string, ms: DurationMs): void;
  /** The process of a group's task has ended. */
  onNestedExited?(containerId: string, nestedId: string, status: WaitStatus): void;
  /** The next wake may have changed. */
  onChanged(container: ContainerRun): void;
}

export interface ContainerKinds {
  create(spec: ContainerSpec, ports: ContainerPorts): ContainerRun;
  /** From what lay on the disk; undefined when that is no record. */
  restore(record: unknown, ports: ContainerPorts): ContainerRun | undefined;
}
