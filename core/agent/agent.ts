/**
 * The agent's shell: gives its machine messages, calls, launcher events and wakes, and carries the
 * effects out, one after another. `createAgent` needs no sockets, so the simulator uses it as is;
 * `daemon.ts` wires the real world.
 */
import { type ClientEnd, CramMd5Client } from '../auth/crammd5.ts';
import { background } from '../base/background.ts';
import type { Instant, Timer } from '../base/clock.ts';
import { describeError } from '../base/errors.ts';
import type { LifecycleState, Service } from '../base/lifecycle.ts';
import type { Envelope, Upid } from '../net/ports.ts';
import { decodeMessage, encodeMessage } from '../wire/codec.ts';
import type { Call } from '../wire/types/mesos.v1.executor.ts';
import type { Image, ResourceStatistics } from '../wire/types/mesos.v1.ts';
import { formatUpid, parseUpid } from '../wire/upid.ts';
import { Authenticatee } from './authenticatee.ts';
import { readCheckpoint } from './checkpoint/read.ts';
import type { ContainerConfig, ContainerizerEvent } from './containerizer/port.ts';
import { AgentContainers } from './containers/containers.ts';
import { PlainImages } from './containers/images.ts';
import type { AgentCounts } from './context.ts';
import {
  type AgentEffect,
  type AgentInput,
  type IncomingMessage,
  isIncomingName,
  type OutgoingMessage,
} from './effects.ts';
import { between } from './failpoints.ts';
import type { LauncherContainer } from './launcher-port.ts';
import { AgentMachine } from './machine.ts';
import type { AgentOptions } from './options.ts';
import type { AgentPorts, SandboxRequest } from './ports.ts';
import type { AgentState, ExecutorStream } from './state.ts';

export const AGENT_ACTOR = 'slave(1)';

export interface AgentRemovals {
  readonly pending: number;
  readonly succeeded: number;
  readonly failed: number;
}

/** A running agent; `stop` leaves tasks and launcher running, as a restart needs it. */
export interface Agent extends Service {
  /** Undefined until `start` has begun recovery. */
  readonly state: AgentState | undefined;
  readonly counts: AgentCounts | undefined;
  readonly removals: AgentRemovals;
  /** Tasks whose last update is not acknowledged. */
  readonly updateStreamCount: number;
  readonly options: AgentOptions;
  /** Containers without an executor; undefined where the launcher has none. */
  readonly containers: AgentContainers | undefined;
  /** What the containerizer knows that a container uses and may use. */
  usage(containerId: string): ResourceStatistics | undefined;
  /** Removes what no container and none of these images needs. */
  pruneImages(excluded: readonly Image[]): Promise<void>;
  /** Duration of the recovery, once it is over. */
  readonly recoveryMs: number | undefined;
  /** Gives a valid call of an HTTP executor to the agent; `stream` comes with SUBSCRIBE. */
  executorCall(call: Call, stream?: ExecutorStream): void;
  executorStreamClosed(stream: ExecutorStream): void;
  /** Called with the sandbox path each time one is removed, so that `/files` may forget it. */
  onRemoved(listener: (path: string) => void): void;
  /** Called after every handled input. */
  onChange(listener: () => void): void;
  /** Unregisters, ends all tasks and executors, and then itself (`ended` tells). */
  shutDown(): void;
  /** Kills all tasks and the launcher, then stops; the state stays on disk. */
  stopWithTasks(): Promise<void>;
  /** Resolves when the agent ends by itself; with the sentence when it could not go on. */
  readonly ended: Promise<string | undefined>;
}

export function createAgent(options: AgentOptions, ports: AgentPorts): Agent {
  return new AgentShell(options, ports);
}

class AgentShell implements Agent {
  readonly options: AgentOptions;
  readonly ended: Promise<string | undefined>;
  readonly containers: AgentContainers | undefined;
  recoveryMs: number | undefined;
  private readonly ports: AgentPorts;
  private readonly authenticatee: Authenticatee | undefined;
  private machine: AgentMachine | undefined;
  private lifecycle: LifecycleState = 'new';
  private readonly inputs: AgentInput[] = [];
  private isDispatching = false;
  private wake: { readonly at: Instant; readonly timer: Timer } | undefined;
  private readonly links = new Map<string, () => void>();
  /** Downloads under way, by container. */
  private readonly fetches = new Map<string, AbortController>();
  private unwatch: (() => void) | undefined;
  private readonly removalCounts = { succeeded: 0, failed: 0 };
  private readonly removedListeners: ((path: string) => void)[] = [];
  private readonly changeListeners: (() => void)[] = [];
  private end: (failure: string | undefined) => void = () => {};
  private hasReport = false;
  private recoveryStartedAt = 0;

  constructor(options: AgentOptions, ports: AgentPorts) {
    this.options = options;
    this.ports = ports;
    this.ended = new Promise((resolve) => {
      this.end = resolve;
    });
    this.containers = this.createContainers();
    const { credential, authenticatee } = options;
    if (credential !== undefined) {
      const newEnd = (): ClientEnd =>
        authenticatee?.createClient(credential) ?? new CramMd5Client(credential);
      this.authenticatee = new Authenticatee(newEnd, ports.transport);
    }
  }

  private createContainers(): AgentContainers | undefined {
    const { clock, containers: launcher, sandboxes, files, transport } = this.ports;
    if (launcher === undefined) return undefined;
    const self = (): Upid => ({ id: AGENT_ACTOR, ip: transport.ip, port: transport.port });
    const state = (): AgentState | undefined => this.state;
    const retire = (sandbox: string): void => {
      const path = sandbox.slice(this.options.workDir.length + 1);
      this.input({ kind: 'retired', path });
    };
    const { containerPlans: plan, onContainerEnded: onEnded } = this.ports;
    const { log, provisioner } = this.ports;
    const images = new PlainImages({ provisioner, log });
    const ports = { clock, launcher, sandboxes, files, self, state, retire, plan, images, onEnded };
    return new AgentContainers(this.options, ports);
  }

  usage(containerId: string): ResourceStatistics | undefined {
    return this.ports.containerizer.usage(containerId);
  }

  async pruneImages(excluded: readonly Image[]): Promise<void> {
    await this.ports.containerizer.pruneImages?.(excluded);
  }

  get state(): AgentState | undefined {
    return this.machine?.state;
  }

  get counts(): AgentCounts | undefined {
    return this.machine?.counts;
  }

  get removals(): AgentRemovals {
    return { pending: this.machine?.removalsPending ?? 0, ...this.removalCounts };
  }

  get updateStreamCount(): number {
    return this.machine?.updateStreamCount ?? 0;
  }

  async start(): Promise<void> {
    if (this.lifecycle !== 'new') return;
    this.lifecycle = 'starting';
    const { clock, random, transport, containerizer, detector, files, host, hooks } = this.ports;
    this.recoveryStartedAt = clock.now();
    const self: Upid = { id: AGENT_ACTOR, ip: transport.ip, port: transport.port };
    this.machine = new AgentMachine(this.options, {
      random,
      self,
      now: clock.now(),
      ...(hooks === undefined ? {} : { hooks }),
    });
    const checkpoint = readCheckpoint(files);
    await containerizer.recover((event) => this.launcherEvent(event));
    this.lifecycle = 'running';
    const containers = this.firstReport;
    this.input({ kind: 'recovered', checkpoint, containers, bootId: host.bootId() });
    transport.register(AGENT_ACTOR, (envelope) => this.receive(envelope));
    this.unwatch = detector.watch(
      (leader) => {
        const pid = leader === undefined ? undefined : parseUpid(leader.pid ?? '');
        // What a flag names has no id: nothing but its address is known.
        const info = leader === undefined || leader.id === '' ? {} : { info: leader };
        this.input({ kind: 'master', pid, ...info });
      },
      (error) => this.end(`Failed to detect a master: ${error.message}`),
    );
  }

  async stop(): Promise<void> {
    await this.stopWith({ killTasks: false });
  }

  async stopWithTasks(): Promise<void> {
    await this.stopWith({ killTasks: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  executorCall(call: Call, stream?: ExecutorStream): void {
    this.input({ kind: 'executor-call', call, stream });
  }

  executorStreamClosed(stream: ExecutorStream): void {
    this.input({ kind: 'stream-closed', stream });
  }

  onRemoved(listener: (path: string) => void): void {
    this.removedListeners.push(listener);
  }

  onChange(listener: () => void): void {
    this.changeListeners.push(listener);
  }

  shutDown(): void {
    this.input({ kind: 'shut-down' });
  }

  private firstReport: readonly LauncherContainer[] = [];

  private launcherEvent(event: ContainerizerEvent): void {
    if (!this.hasReport && event.kind === 'report') {
      this.hasReport = true;
      this.firstReport = event.containers;
      return;
    }
    this.input({ kind: 'launcher', event });
  }

  private async stopWith(how: { readonly killTasks: boolean }): Promise<void> {
    if (this.lifecycle === 'stopping' || this.lifecycle === 'stopped') return;
    const wasStarted = this.lifecycle !== 'new';
    // The ends of killed tasks are still taken down, so that the next start can report them.
    if (!how.killTasks) this.lifecycle = 'stopping';
    this.unwatch?.();
    if (wasStarted) await this.ports.containerizer.stop(how);
    this.lifecycle = 'stopped';
    this.wake?.timer.cancel();
    this.ports.transport.unregister(AGENT_ACTOR);
    this.authenticatee?.stop();
    for (const unlink of this.links.values()) unlink();
    this.links.clear();
    for (const fetching of this.fetches.values()) fetching.abort(new Error('the agent ends'));
    for (const executor of this.state?.containers.values() ?? []) {
      if (executor.connection?.kind === 'http') executor.connection.stream?.close();
    }
    this.end(undefined);
  }

  private receive(envelope: Envelope): void {
    if (!isIncomingName(envelope.name)) {
      this.ports.log.debug({ name: envelope.name }, 'unknown message dropped');
      return;
    }
    const decoded = decodeMessage(envelope.name, envelope.body);
    if (!decoded.ok) {
      const { name, from } = envelope;
      this.ports.log.warn({ name, from: formatUpid(from), error: decoded.error }, 'bad message');
      return;
    }
    // The name decides the type of the value; the compiler cannot follow the pair through a union.
    const message = { name: envelope.name, value: decoded.value } as IncomingMessage;
    this.input({ kind: 'message', from: envelope.from, message });
  }

  /** Inputs that arise while effects are carried out wait their turn. */
  private input(input: AgentInput): void {
    if (this.lifecycle !== 'running' && this.lifecycle !== 'starting') return;
    this.inputs.push(input);
    if (this.isDispatching) return;
    this.isDispatching = true;
    try {
      for (let next = this.inputs.shift(); next !== undefined; next = this.inputs.shift()) {
        this.handle(next);
      }
    } finally {
      this.isDispatching = false;
    }
    this.armWake();
    this.containers?.collect();
    for (const listener of this.changeListeners) listener();
  }

  private handle(input: AgentInput): void {
    const { machine } = this;
    if (machine === undefined) return;
    const wasRecovering = machine.state.status === 'recovering';
    const { failpoints } = this.ports;
    for (const effect of machine.handle(input, this.ports.clock.now())) {
      between(failpoints, `agent.${effect.kind}`, () => this.perform(effect));
    }
    if (wasRecovering && machine.state.status !== 'recovering') {
      this.recoveryMs = this.ports.clock.now() - this.recoveryStartedAt;
    }
  }

  private armWake(): void {
    const next = this.machine?.nextWake();
    if (this.lifecycle !== 'running') return;
    // Most deadlines are cleared long before they come: one wake too many is cheaper than a timer for each.
    if (this.wake !== undefined && next !== undefined && this.wake.at <= next) return;
    this.wake?.timer.cancel();
    this.wake = undefined;
    if (next === undefined) return;
    const delayMs = Math.max(0, next - this.ports.clock.now());
    const timer = this.ports.clock.setTimer(delayMs, () => {
      this.wake = undefined;
      this.input({ kind: 'woke' });
    });
    this.wake = { at: next, timer };
  }

  private perform(effect: AgentEffect): void {
    const { files, containerizer, log } = this.ports;
    switch (effect.kind) {
      case 'send':
        this.send(effect.to, effect.message);
        break;
      case 'link':
        this.link(effect.to);
        break;
      case 'authenticate':
        this.authenticate(effect.attempt, effect.master);
        break;
      case 'event':
        effect.stream.send(effect.event);
        break;
      case 'close-stream':
        effect.stream.close();
        break;
      case 'write':
        files.write(effect.path, effect.bytes, effect.durable === true);
        break;
      case 'append':
        files.append(effect.path, effect.bytes, effect.durable === true);
        break;
      case 'symlink':
        files.symlink(effect.path, effect.target);
        break;
      case 'make-directory':
        files.makeDirectory(effect.path);
        break;
      case 'remove':
        this.remove(effect);
        break;
      case 'prepare':
        this.prepare(effect);
        break;
      case 'cancel-prepare':
        this.fetches
          .get(effect.containerId)
          ?.abort(new Error('the container is not wanted any more'));
        break;
      case 'launch':
        this.launch(effect.config);
        break;
      case 'run':
        containerizer.run(effect.containerId, effect.tasks);
        break;
      case 'update-container':
        containerizer.update(effect.containerId, effect.resources);
        break;
      case 'kill':
        containerizer.kill(effect.containerId, effect.taskId, effect.graceMs);
        break;
      case 'acknowledge':
        containerizer.acknowledge(effect.containerId, effect.taskId, effect.uuid);
        break;
      case 'shutdown-container':
        containerizer.shutdown(effect.containerId);
        break;
      case 'destroy-container':
        containerizer.destroy(effect.containerId);
        break;
      case 'forget-container':
        containerizer.forget(effect.containerId);
        break;
      case 'measure-disk':
        this.measureDisk();
        break;
      case 'measure-load':
        this.input({ kind: 'load', load: this.ports.host.loadAverages() });
        break;
      case 'log':
        log[effect.level](effect.fields, effect.text);
        break;
      case 'exit':
        this.end(effect.failure);
        break;
    }
  }

  private launch(config: ContainerConfig): void {
    const { containerizer } = this.ports;
    if (containerizer.launch(config) !== 'not-supported') return;
    const message =
      `None of the enabled containerizers (${containerizer.name}) could create a container for ` +
      'the provided TaskInfo/ExecutorInfo message';
    const containerId = config.spec.id;
    this.input({ kind: 'launcher', event: { kind: 'launch-failed', containerId, message } });
  }

  private send(to: Upid, message: OutgoingMessage): void {
    const { transport } = this.ports;
    const from: Upid = { id: AGENT_ACTOR, ip: transport.ip, port: transport.port };
    transport.send({ from, to, name: message.name, body: encodeOutgoing(message) });
  }

  private authenticate(attempt: number, master: Upid): void {
    const { transport } = this.ports;
    const self: Upid = { id: AGENT_ACTOR, ip: transport.ip, port: transport.port };
    this.authenticatee?.begin(attempt, { master, self }, (result) =>
      this.input({ kind: 'authenticated', attempt, result }),
    );
  }

  private link(to: Upid): void {
    const key = formatUpid(to);
    this.links.get(key)?.();
    const unlink = this.ports.transport.link(to, () => {
      this.links.delete(key);
      // Nothing follows from it: the master's pings decide (spec libprocess, section 4.1).
      if (to.id === 'master') this.ports.log.warn({ master: key }, 'connection to the master lost');
    });
    this.links.set(key, unlink);
  }

  private prepare(effect: Extract<AgentEffect, { readonly kind: 'prepare' }>): void {
    const { containerId, directory, user, uris, links } = effect;
    const request: SandboxRequest = { containerId, directory, user, uris, links };
    const fetching = new AbortController();
    const prepared = this.ports.sandboxes.prepare(request, fetching.signal);
    if (!(prepared instanceof Promise)) {
      this.input({ kind: 'prepared', containerId, result: prepared });
      return;
    }
    this.fetches.set(containerId, fetching);
    const done = prepared
      .finally(() => this.fetches.delete(containerId))
      .then(
        (result) => this.input({ kind: 'prepared', containerId, result }),
        (thrown: unknown) => {
          const message = describeError(thrown);
          const result = { ok: false, stage: 'fetch', message } as const;
          this.input({ kind: 'prepared', containerId, result });
        },
      );
    background(this.ports.log, done, 'preparing a sandbox');
  }

  private remove(effect: Extract<AgentEffect, { readonly kind: 'remove' }>): void {
    const { path } = effect;
    try {
      if (effect.keepsRoot === true) this.ports.files.empty(path);
      else this.ports.files.remove(path);
      this.removalCounts.succeeded += 1;
      for (const listener of this.removedListeners) listener(`${this.options.workDir}/${path}`);
    } catch (thrown) {
      this.removalCounts.failed += 1;
      this.ports.log.warn({ path, error: describeError(thrown) }, 'directory cannot be removed');
    }
  }

  private measureDisk(): void {
    const done = this.ports.host.diskUsage().then((used) => {
      this.input({ kind: 'disk-usage', used });
    });
    background(this.ports.log, done, 'measuring the disk');
  }
}

type OutgoingMap = {
  [Name in OutgoingMessage['name']]: Extract<OutgoingMessage, { readonly name: Name }>;
};

function encodeOutgoing<Name extends OutgoingMessage['name']>(
  message: OutgoingMap[Name],
): Uint8Array {
  return encodeMessage<OutgoingMessage['name']>(message.name, message.value);
}
