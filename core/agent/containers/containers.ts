/**
 * The agent's side of containers without an executor (spec operator-api, section 10): which exist,
 * who waits for them, who reads their output. They live in the launcher, which tells their starts,
 * ends and output; after a restart of the agent its report brings them back.
 *
 *   starting -> running -> ended (nested ones, until removed or their root is gone)
 */
import type { Clock } from '../../base/clock.ts';
import type { DurationMs } from '../../base/duration.ts';
import { describeError } from '../../base/errors.ts';
import { UNKNOWN_STATUS } from '../../executor/wait-status.ts';
import type { Upid } from '../../net/ports.ts';
import type { CommandInfo, ContainerInfo, Resource } from '../../wire/types/mesos.v1.ts';
import { hostedCommandOf, variablesOf } from '../command-info.ts';
import type { ContainerLimits } from '../containerizer/port.ts';
import { DEFAULT_PATH, executorEnvironment } from '../environment.ts';
import type { AgentFiles } from '../files-port.ts';
import type { AgentOptions } from '../options.ts';
import type { Sandboxes } from '../ports.ts';
import { type AgentState, agentIdOf } from '../state.ts';
import { sandboxLinks } from '../volumes.ts';
import { type Attachable, ExecutorTerminals, type OutputReader } from './executor-terminals.ts';
import { lastPartOf, parentOf, rootOf } from './ids.ts';
import type { PlainImages } from './images.ts';
import { findPlace, type Place } from './places.ts';
import type { ContainerPlans } from './plans.ts';
import type { ContainerEvent, ContainerIo, ContainerLauncher, PlainReport } from './port.ts';
import { PendingInputs, type Termination, type Waiter, Waiters } from './waiters.ts';

export interface WantedContainer {
  /** `root.child`. */
  readonly id: string;
  readonly command: CommandInfo | undefined;
  readonly info?: ContainerInfo | undefined;
  readonly resources: readonly Resource[];
  readonly limits?: ContainerLimits | undefined;
  readonly isTerminal: boolean;
  /** Gets the output from the first byte on; the container ends with it. */
  readonly session: OutputReader | undefined;
}

export type Launched =
  | { readonly kind: 'launched' }
  | { readonly kind: 'exists' }
  | { readonly kind: 'refused'; readonly text: string }
  | { readonly kind: 'failed'; readonly text: string };

export type Attachment<T> =
  | { readonly kind: 'attached'; readonly value: T }
  | { readonly kind: 'unknown' | 'ended' | 'disabled' | 'busy' };

/** The input of one container; one client at a time. */
export interface ContainerInput {
  /** Resolves when the process has room for more; false when it has ended. Empty ends the input. */
  write(bytes: Uint8Array): Promise<boolean>;
  resize(rows: number, columns: number): void;
  close(): void;
}

export interface PlainContainer extends Attachable {
  readonly sandbox: string;
  readonly workingDirectory: string;
  readonly io: ContainerIo;
  readonly userName: string | undefined;
  readonly resources: readonly Resource[];
  pid: number | undefined;
  /** Once it has ended. */
  end: Termination | undefined;
  isAttachable: boolean;
}

export interface AgentContainersPorts {
  readonly clock: Clock;
  readonly launcher: ContainerLauncher;
  readonly sandboxes: Sandboxes;
  readonly files: AgentFiles;
  /** The agent's own address, known once it listens. */
  readonly self: () => Upid;
  readonly state: () => AgentState | undefined;
  /** What isolates a container; undefined: nothing does. */
  readonly plan?: ContainerPlans | undefined;
  /** Undefined: they have none. */
  readonly images?: PlainImages | undefined;
  /** What a plan has taken for a container is free again. */
  readonly onEnded?: ((id: string) => void) | undefined;
  /** A sandbox that may be removed from now on. */
  readonly retire: (sandbox: string) => void;
}

/** The original takes about as long to notice that a process has ended. */
const LINGER_MS = 1_000;

export class AgentContainers {
  private droppedClients = 0;
  private readonly ports: AgentContainersPorts;
  private readonly options: AgentOptions;
  private readonly containers = new Map<string, PlainContainer>();
  private readonly waiters = new Waiters();
  /** Sandboxes being made. */
  private readonly fetches = new Map<string, AbortController>();
  private readonly launches = new Map<string, (refusal: string | undefined) => void>();
  /** Ends of tasks in groups, until their executor ends. */
  private readonly taskEnds = new Map<string, Termination>();
  private readonly inputs = new PendingInputs();
  private readonly terminals: ExecutorTerminals;
  /** Standalone containers whose end nobody has asked for yet. */
  private readonly lingering = new Set<string>();

  constructor(options: AgentOptions, ports: AgentContainersPorts) {
    this.options = options;
    this.ports = ports;
    this.terminals = new ExecutorTerminals(ports.launcher);
    ports.launcher.onContainerEvent((event) => this.handle(event));
  }

  get heartbeatMs(): DurationMs {
    return this.options.httpHeartbeatIntervalMs;
  }

  /** Clients that read too slowly and lost their connection. */
  get droppedClientCount(): number {
    return this.droppedClients;
  }

  clientDropped(): void {
    this.droppedClients += 1;
  }

  /** All that are known, also those that have ended. */
  get all(): IterableIterator<PlainContainer> {
    return this.containers.values();
  }

  async launch(wanted: WantedContainer): Promise<Launched> {
    const { id } = wanted;
    const known = this.containers.get(id);
    const isTaken = known === undefined ? this.placeOf(id) !== undefined : known.phase !== 'ended';
    if (isTaken) return { kind: 'exists' };
    const parentId = parentOf(id);
    const parent = parentId === undefined ? undefined : this.placeOf(parentId);
    if (parentId !== undefined && parent === undefined) {
      return { kind: 'refused', text: `Parent container ${parentId} does not exist` };
    }
    const container = this.containerFor(wanted, parent);
    this.containers.set(id, container);
    const started = await this.start(container, wanted, parent).catch(
      (thrown: unknown): Launched => ({ kind: 'refused', text: describeError(thrown) }),
    );
    if (started.kind !== 'launched' && this.containers.get(id) === container) {
      this.containers.delete(id);
      this.ports.images?.remove(id);
    }
    return started;
  }

  /** Calls back at once when it is known; the result takes the waiter back. */
  wait(id: string, waiter: Waiter): () => void {
    const container = this.containers.get(id);
    const ended = container?.phase === 'ended' ? container.end : this.taskEnds.get(id);
    if (ended !== undefined || (container === undefined && this.placeOf(id) === undefined)) {
      waiter(ended);
      this.lingering.delete(id);
      this.collect();
      return () => {};
    }
    return this.waiters.add(id, waiter);
  }

  /** False when there is nothing to kill. */
  kill(id: string, signal: number): boolean {
    if (this.placeOf(id) === undefined) return false;
    this.giveUpFetching(id);
    this.ports.launcher.request({ kind: 'plain-signal', id, signal });
    return true;
  }

  destroy(id: string): void {
    this.giveUpFetching(id);
    this.ports.launcher.request({ kind: 'plain-destroy', id });
  }

  private giveUpFetching(id: string): void {
    this.fetches.get(id)?.abort(new Error('the container is not wanted any more'));
  }

  /** The sentence why it cannot be removed; what has gone already counts as removed. */
  remove(id: string): string | undefined {
    if (this.placeOf(id) !== undefined) {
      return parentOf(id) === undefined
        ? 'Container has not terminated yet'
        : 'Nested container has not terminated yet';
    }
    const container = this.containers.get(id);
    if (container !== undefined) {
      this.forget(container);
      this.ports.files.remove(container.sandbox.slice(this.options.workDir.length + 1));
      return undefined;
    }
    const isRootKnown = parentOf(id) === undefined || this.placeOf(rootOf(id)) !== undefined;
    return isRootKnown ? undefined : 'Unknown root container';
  }

  /** The value takes the reader away again. */
  attachOutput(id: string, reader: OutputReader): Attachment<() => void> {
    const found = this.attachable(id);
    if (found.kind !== 'attached') return found;
    const container = found.value;
    container.readers.add(reader);
    this.watch(container);
    const value = (): void => {
      if (container.readers.delete(reader)) this.watch(container);
    };
    return { kind: 'attached', value };
  }

  attachInput(id: string): Attachment<ContainerInput> {
    const found = this.attachable(id);
    if (found.kind !== 'attached') return found;
    const container = found.value;
    if (container.hasInput) return { kind: 'busy' };
    container.hasInput = true;
    const { launcher } = this.ports;
    const value: ContainerInput = {
      write: (bytes) => this.write(container, bytes),
      resize: (rows, columns) => launcher.request({ kind: 'plain-resize', id, rows, columns }),
      close: () => {
        container.hasInput = false;
      },
    };
    return { kind: 'attached', value };
  }

  /** The session's client reads slowly: its processes have to wait, or may go on. */
  throttle(id: string, isThrottled: boolean): void {
    this.ports.launcher.request({ kind: 'plain-throttle', id, isThrottled });
  }

  /** Something about executors may have changed: nested containers end up with their root. */
  collect(): void {
    const state = this.ports.state();
    // Before the executors are back, no nested container is known to be an orphan.
    const knowsRoots = state !== undefined && state.status !== 'recovering';
    // Their ends may have been told while nobody was connected to the launcher.
    for (const id of this.terminals.ids) if (!this.placeOf(id)) this.terminals.ended(id);
    if (this.containers.size === 0) return;
    for (const container of [...this.containers.values()]) {
      const { id, phase } = container;
      if (phase !== 'ended' || this.lingering.has(id)) continue;
      const isNested = parentOf(id) !== undefined;
      const isOrphan = isNested && knowsRoots && this.placeOf(rootOf(id)) === undefined;
      if (!isNested || isOrphan) this.forget(container);
    }
  }

  private containerFor(wanted: WantedContainer, parent: Place | undefined): PlainContainer {
    const { id, command, session, isTerminal, resources } = wanted;
    const { workDir, switchUser } = this.options;
    const sandbox =
      parent === undefined
        ? `${workDir}/containers/${id}`
        : `${parent.sandbox}/containers/${lastPartOf(id)}`;
    const workingDirectory = session === undefined ? undefined : parent?.workingDirectory;
    const io = isTerminal ? 'tty' : session === undefined ? 'files' : 'pipes';
    return {
      id,
      sandbox,
      workingDirectory: workingDirectory ?? sandbox,
      io,
      userName: switchUser ? (command?.user ?? parent?.userName) : undefined,
      resources,
      phase: 'starting',
      pid: undefined,
      end: undefined,
      isAttachable: io !== 'files',
      hasInput: false,
      readers: new Set(session === undefined ? [] : [session]),
    };
  }

  private async start(
    container: PlainContainer,
    wanted: WantedContainer,
    parent: Place | undefined,
  ): Promise<Launched> {
    const { id, sandbox, userName } = container;
    const { command } = wanted;
    const isSession = wanted.session !== undefined;
    const request = {
      containerId: id,
      directory: sandbox,
      user: userName,
      uris: command?.uris ?? [],
      links: sandboxLinks(isSession ? undefined : wanted.info, {
        own: sandbox,
        parent: parent?.sandbox,
      }),
    };
    const fetching = new AbortController();
    this.fetches.set(id, fetching);
    const prepared = await this.ports.sandboxes.prepare(request, fetching.signal);
    if (!prepared.ok) {
      this.fetches.delete(id);
      if (prepared.stage === 'fetch') return { kind: 'refused', text: prepared.message };
      const why = prepared.message.replace(/^Failed to create executor directory '[^']*': /, '');
      return { kind: 'failed', text: `Failed to create sandbox: ${why}` };
    }
    const parentId = parentOf(id);
    const info = isSession ? undefined : wanted.info;
    const images = await this.ports.images
      ?.provide(id, info, fetching.signal)
      .finally(() => this.fetches.delete(id));
    this.fetches.delete(id);
    const planned = this.ports.plan?.({
      ...{ id, sandbox, command, containerInfo: info, user: prepared.user, images },
      ...{ isSession, limits: wanted.limits ?? {} },
      ...{ requests: container.resources, parentSandbox: parent?.sandbox },
    });
    if (planned?.ok === false) {
      this.ports.onEnded?.(id);
      return { kind: 'refused', text: planned.error };
    }
    const { plan, environment = {}, command: given } = planned?.value ?? {};
    // Without a command the helper of the original fails in the container.
    const run = command?.value === undefined ? { shell: true, value: 'exit 1' } : command;
    const refusal = await new Promise<string | undefined>((resolve) => {
      this.launches.set(id, resolve);
      this.ports.launcher.request({
        kind: 'plain-launch',
        spec: {
          id,
          command: {
            ...hostedCommandOf(run, { ...environment, ...variablesOf(command) }),
            ...given,
          },
          ...(plan === undefined ? {} : { isolation: plan }),
          baseEnvironment: this.environmentOf(container, isSession ? parent : undefined),
          sandbox,
          workingDirectory: container.workingDirectory,
          ...(prepared.user === undefined ? {} : { user: prepared.user }),
          io: container.io,
          isSession,
          ...(isSession && parentId !== undefined ? { inheritsFrom: parentId } : {}),
          note: {
            resources: container.resources,
            ...(userName === undefined ? {} : { userName }),
          },
        },
      });
    });
    return refusal === undefined ? { kind: 'launched' } : { kind: 'refused', text: refusal };
  }

  private environmentOf(
    container: PlainContainer,
    parent: Place | undefined,
  ): Record<string, string> {
    const self = this.ports.self();
    const state = this.ports.state();
    if (parent?.executor !== undefined && state !== undefined) {
      const agentId = agentIdOf(state) ?? '';
      return executorEnvironment({ options: this.options, self, agentId }, parent.executor);
    }
    return {
      PATH: DEFAULT_PATH,
      ...this.options.executorEnvironment,
      MESOS_SANDBOX: container.workingDirectory,
      MESOS_CONTAINER_IP: self.ip,
    };
  }

  /** Only what lives: running or about to. */
  private placeOf(id: string): Place | undefined {
    const container = this.containers.get(id);
    if (container !== undefined) return container.phase === 'ended' ? undefined : container;
    const state = this.ports.state();
    return state === undefined ? undefined : findPlace(state, id);
  }

  private attachable(id: string): Attachment<Attachable> {
    const container = this.containers.get(id);
    if (container === undefined) {
      const place = this.placeOf(id);
      if (place === undefined) return { kind: 'unknown' };
      if (place.isTerminal !== true) return { kind: 'disabled' };
      return { kind: 'attached', value: this.terminals.of(id) };
    }
    if (container.phase === 'ended') return { kind: 'ended' };
    return container.isAttachable ? { kind: 'attached', value: container } : { kind: 'disabled' };
  }

  private watch({ id, readers }: Attachable): void {
    this.ports.launcher.request({ kind: 'plain-watch', id, isWatched: readers.size > 0 });
  }

  private write(container: Attachable, bytes: Uint8Array): Promise<boolean> {
    if (container.phase === 'ended') return Promise.resolve(false);
    const { id } = container;
    return new Promise((resolve) => {
      const sequence = this.inputs.add(id, () => resolve(container.phase !== 'ended'));
      const data = Buffer.from(bytes).toString('base64');
      this.ports.launcher.request({ kind: 'plain-input', id, sequence, data });
    });
  }

  private handle(event: ContainerEvent): void {
    switch (event.kind) {
      case 'plain-report':
        this.reported(event.containers);
        break;
      case 'plain-started':
        this.started(event.id, event.pid);
        break;
      case 'plain-failed':
        this.settleLaunch(event.id, event.message);
        break;
      case 'plain-output':
        this.output(event);
        break;
      case 'plain-input-taken':
        this.inputs.taken(event.sequence);
        break;
      case 'plain-ended':
        this.ended(event.id, event);
        break;
    }
  }

  private started(id: string, pid: number | undefined): void {
    const container = this.containers.get(id);
    if (container?.phase === 'starting') {
      container.phase = 'running';
      container.pid = pid;
    }
    this.settleLaunch(id, undefined);
  }

  private settleLaunch(id: string, refusal: string | undefined): void {
    const settle = this.launches.get(id);
    this.launches.delete(id);
    if (refusal !== undefined) this.ports.onEnded?.(id);
    settle?.(refusal);
  }

  private output(event: Extract<ContainerEvent, { readonly kind: 'plain-output' }>): void {
    const bytes = Buffer.from(event.data, 'base64');
    const container = this.containers.get(event.id) ?? this.terminals.get(event.id);
    for (const reader of container?.readers ?? []) {
      reader.output(event.stream, bytes);
    }
  }

  private ended(id: string, { status, limitation }: Termination): void {
    const end: Termination = { status, limitation };
    const container = this.containers.get(id);
    if (container === undefined && parentOf(id) !== undefined) this.taskEnds.set(id, end);
    this.terminals.ended(id);
    if (container !== undefined && container.phase !== 'ended') {
      container.phase = 'ended';
      container.pid = undefined;
      container.end = end;
      for (const reader of container.readers) reader.ended();
      container.readers.clear();
    }
    this.inputs.settle(id);
    if (container !== undefined) this.ports.images?.remove(id);
    if (container !== undefined) this.ports.onEnded?.(id);
    this.retireSandbox(id, container);
    if (container !== undefined && parentOf(id) === undefined && !this.waiters.has(id)) {
      this.linger(id);
    }
    this.waiters.settle(id, end);
    if (parentOf(id) === undefined) this.rootEnded(id);
    this.collect();
  }

  private retireSandbox(id: string, container: PlainContainer | undefined): void {
    if (!this.options.gcNonExecutorContainerSandboxes) return;
    const parentId = parentOf(id);
    const parent = parentId === undefined ? undefined : this.placeOf(parentId);
    const sandbox =
      container?.sandbox ?? (parent && `${parent.sandbox}/containers/${lastPartOf(id)}`);
    if (sandbox !== undefined) this.ports.retire(sandbox);
  }

  /** So that a client that kills and then waits learns the status, however fast the kill was. */
  private linger(id: string): void {
    this.lingering.add(id);
    this.ports.clock.setTimer(LINGER_MS, () => {
      this.lingering.delete(id);
      this.collect();
    });
  }

  /** Its children are being killed and tell their own ends; tasks that never ran have none. */
  private rootEnded(root: string): void {
    const prefix = `${root}.`;
    for (const id of [...this.taskEnds.keys()]) {
      if (id.startsWith(prefix)) this.taskEnds.delete(id);
    }
    this.waiters.settleUnknown(root, (id) => this.containers.has(id));
  }

  private reported(reports: readonly PlainReport[]): void {
    // What was typed on the way to a launcher that has died is as lost as in a terminal.
    for (const id of this.terminals.ids) this.inputs.settle(id);
    this.terminals.reconnected();
    const reported = new Set(reports.map(({ id }) => id));
    for (const { id, phase } of [...this.containers.values()]) {
      if (phase === 'running' && !reported.has(id)) this.ended(id, { status: UNKNOWN_STATUS });
    }
    for (const report of reports) this.learn(report);
    this.collect();
  }

  private learn(report: PlainReport): void {
    const { id, sandbox, workingDirectory, io, isAttachable, note, pid } = report;
    const { exitStatus: status, limitation } = report;
    const end = status === undefined ? undefined : { status, limitation };
    const known = this.containers.get(id);
    if (known !== undefined) {
      known.isAttachable = isAttachable;
      if (end !== undefined) this.ended(id, end);
      return;
    }
    const { resources, userName } = note;
    this.containers.set(id, {
      id,
      sandbox,
      workingDirectory,
      io,
      userName,
      resources,
      phase: end === undefined ? 'running' : 'ended',
      pid,
      end,
      isAttachable,
      hasInput: false,
      readers: new Set(),
    });
  }

  private forget({ id }: PlainContainer): void {
    this.containers.delete(id);
    this.ports.launcher.request({ kind: 'plain-forget', id });
  }
}
