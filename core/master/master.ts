/**
 * The master's shell: turns messages, calls, broken links, timers and finished writes into inputs of
 * the machine and has its effects carried out (`Outlets`), in order. Works on any transport, storage and clock, so
 * the simulator drives the same code.
 */

import { type MeasuredAllocator, TimedAllocator } from '../allocator/timed.ts';
import type { Allocator } from '../allocator/types.ts';
import type { Clock } from '../base/clock.ts';
import { ClusterError, describeError } from '../base/errors.ts';
import { type FrameworkId, frameworkId } from '../base/ids.ts';
import type { LifecycleState, Service } from '../base/lifecycle.ts';
import type { Log } from '../base/log.ts';
import type { Metrics } from '../base/metrics.ts';
import type { Random } from '../base/random.ts';
import type { Stopwatch } from '../base/timer-metric.ts';
import type { Hooks } from '../modules/hooks.ts';
import type { AllocatorFactory } from '../modules/types.ts';
import type { Envelope, MessageTransport } from '../net/ports.ts';
import type { Storage } from '../storage/ports.ts';
import type { Call } from '../wire/types/mesos.v1.scheduler.ts';
import type { MasterInfo } from '../wire/types/mesos.v1.ts';
import { formatUpid } from '../wire/upid.ts';
import { Authentication } from './authentication.ts';
import type { CallOrigin, CallRefusal } from './check-call.ts';
import { decodeInput } from './decode-message.ts';
import type { MasterInput } from './effects.ts';
import type { OperatorEvent } from './events.ts';
import { type ElectionPorts, Leadership } from './leadership.ts';
import { MasterMachine } from './machine.ts';
import { masterInfo } from './master-info.ts';
import { registerMetrics } from './metrics.ts';
import type { OperatorAnswer, OperatorRequest } from './operator/requests.ts';
import type { CompiledMasterOptions } from './options.ts';
import { Outlets, type SchedulerConnection, UNAVAILABLE } from './outlets.ts';
import { Registrar } from './registrar.ts';
import { MasterState } from './state.ts';
import { validateCall } from './validation/call.ts';

export interface MasterPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Its `ip` and `port` are what the master announces; it listens before `start`. */
  readonly transport: MessageTransport;
  /** Holds the registry. Closed by whoever opened it. */
  readonly storage: Storage;
  readonly metrics: Metrics;
  /** Times runs and writes for the metrics; the clock, in whole milliseconds, when there is none. */
  readonly stopwatch?: Stopwatch | undefined;
  /** Who of several masters leads; without it this one does. */
  readonly election?: ElectionPorts | undefined;
  /** Of modules. */
  readonly hooks?: Hooks;
  /** Instead of the hierarchical one. */
  readonly allocator?: AllocatorFactory | undefined;
}

const NOT_RECOVERED: OperatorAnswer = { status: 503, text: 'Master has not finished recovery' };

/** More messages before the registry is recovered are dropped; agents repeat theirs. */
const EARLY_MESSAGES_MAX = 20_000;

export function createMaster(options: CompiledMasterOptions, ports: MasterPorts): Master {
  return new Master(options, ports);
}

export class Master implements Service {
  readonly options: CompiledMasterOptions;
  readonly metrics: Metrics;
  /** Settles when the master cannot go on. */
  readonly failure: Promise<unknown>;

  private readonly ports: MasterPorts;
  private readonly allocatorInUse: MeasuredAllocator;
  private readonly registrar: Registrar;
  private running: { readonly machine: MasterMachine; readonly info: MasterInfo } | undefined;
  private readonly outlets: Outlets;
  private readonly inputs: MasterInput[] = [];
  private isHandling = false;
  private lifecycle: LifecycleState = 'new';
  private leadership: Leadership | undefined;
  private authentication: Authentication | undefined;
  /** Messages that have come between the election and the end of the recovery. */
  private readonly early: Envelope[] = [];
  private readonly fail: (error: unknown) => void;

  constructor(options: CompiledMasterOptions, ports: MasterPorts) {
    this.options = options;
    this.ports = ports;
    this.metrics = ports.metrics;
    const stopwatch = ports.stopwatch ?? (() => ports.clock.now());
    this.allocatorInUse =
      ports.allocator?.createAllocator(options.allocator, ports.random) ??
      new TimedAllocator(stopwatch, ports.random, options.allocator);
    const failure = Promise.withResolvers<unknown>();
    this.failure = failure.promise;
    this.fail = failure.resolve;
    this.registrar = new Registrar(
      {
        storage: ports.storage,
        clock: ports.clock,
        stopwatch,
        onPersisted: (write) => this.input({ kind: 'persisted', write }),
        onFailed: (error) => {
          ports.log.error({ error }, 'the registry cannot be written');
          this.end(error);
        },
      },
      options.registrar,
    );
    this.outlets = new Outlets(ports, {
      persist: (write, operations) => this.registrar.apply(write, operations),
      onInput: (input) => this.input(input),
      onFailure: (error) => this.fail(error),
    });
  }

  /** Resolves when the master serves, or with an election as soon as it is a candidate. */
  async start(): Promise<void> {
    if (this.lifecycle !== 'new') return;
    this.lifecycle = 'starting';
    const { transport, clock, random, hooks } = this.ports;
    const info = masterInfo(this.options, random.uuid(), transport);
    const state = new MasterState(info, clock.now(), this.options.machine);
    const machine = new MasterMachine(state, this.options.machine, {
      allocator: this.allocatorInUse,
      random,
      ...(hooks === undefined ? {} : { hooks }),
    });
    this.running = { machine, info };
    registerMetrics(this.metrics, {
      state,
      registrar: this.registrar,
      detector: this.ports.election?.detector,
      clock,
      allocator: this.allocatorInUse,
      backlog: () => ({
        messages: this.early.length,
        dispatches: this.inputs.length,
        requests: this.outlets.ticketCount,
      }),
      publishPerFramework: this.options.publishPerFrameworkMetrics,
    });
    this.authentication = this.createAuthentication();
    transport.register('master', (envelope) => this.receive(envelope));
    for (const [role, weight] of this.options.weights) {
      this.allocatorInUse.updateWeight(role, weight, clock.now());
      state.weights.set(role, weight);
    }
    const { election, log } = this.ports;
    const recovered = Promise.withResolvers<void>();
    this.leadership = new Leadership(
      info,
      { election, log },
      {
        onElected: () => {
          this.input({ kind: 'elected' });
          this.recover().then(recovered.resolve, recovered.reject);
        },
        onEnded: (error) => this.end(error),
      },
    );
    this.lifecycle = 'running';
    this.leadership.start();
    try {
      if (election === undefined) await recovered.promise;
      else recovered.promise.catch((thrown: unknown) => this.end(recoveryFailure(thrown)));
    } catch (thrown) {
      this.lifecycle = 'failed';
      transport.unregister('master');
      throw thrown;
    }
  }

  private createAuthentication(): Authentication {
    const { transport, clock, random, log } = this.ports;
    const {
      hostname,
      credentials,
      authenticator,
      authenticationTimeoutMs: timeoutMs,
    } = this.options;
    return new Authentication(
      { credentials, authenticator, timeoutMs, hostname },
      {
        ...{ transport, clock, random, log },
        onAsked: () => this.state.counters.increment('messages_authenticate'),
        onIdentified: (pid, principal) => this.input({ kind: 'identified', pid, principal }),
        onReleased: (envelope) => this.receive(envelope),
      },
    );
  }

  /** From the election to serving: the registry is read, then what has arrived meanwhile. */
  private async recover(): Promise<void> {
    const registry = await this.registrar.recover();
    this.input({ kind: 'recovered', registry });
    for (const envelope of this.early.splice(0)) this.receive(envelope);
    const { id, pid } = this.info;
    this.ports.log.info({ masterId: id, pid }, 'master leads');
  }

  /** From here on nothing is done any more: another master may lead already. */
  private end(error: unknown): void {
    if (this.hasEnded) return;
    this.lifecycle = 'failed';
    this.inputs.length = 0;
    this.registrar.halt();
    this.fail(error);
  }

  /** Nothing is told to agents and frameworks: they find the next master. */
  async stop(): Promise<void> {
    if (this.lifecycle === 'stopped' || this.lifecycle === 'stopping') return;
    this.lifecycle = 'stopping';
    this.inputs.length = 0;
    this.outlets.cancelWake();
    this.ports.transport.unregister('master');
    this.authentication?.stop();
    for (const observer of this.running?.machine.state.agentsByObserver.keys() ?? []) {
      this.ports.transport.unregister(`slave-observer(${observer})`);
    }
    this.outlets.closeAll();
    await this.registrar.stop();
    this.outlets.refuseAll();
    this.lifecycle = 'stopped';
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /** Throws before `start`. */
  get machine(): MasterMachine {
    if (this.running === undefined) {
      throw new ClusterError('NOT_STARTED', 'the master has not started', { retriable: true });
    }
    return this.running.machine;
  }

  /** Whether `state` may be read: from the beginning of `start` on. */
  get hasState(): boolean {
    return this.running !== undefined;
  }

  get state(): MasterState {
    return this.machine.state;
  }

  get info(): MasterInfo {
    return this.state.info;
  }

  get allocator(): Allocator {
    return this.allocatorInUse;
  }

  /** Who leads, as far as this master knows. */
  get leader(): MasterInfo | undefined {
    return this.leadership?.leader;
  }

  /** Whether it is this master that leads; its registry may not be recovered yet. */
  get isLeading(): boolean {
    return this.leadership?.isLeading === true && !this.hasEnded;
  }

  /** Whether calls are served; false while the registry is being recovered. */
  get isReady(): boolean {
    return this.isLeading && this.machine.isRecovered;
  }

  /** Gives a function that stops listening. Listeners must not call back into the master. */
  onOperatorEvent(listener: (event: OperatorEvent) => void): () => void {
    return this.outlets.listen(listener);
  }

  /**
   * SUBSCRIBE, already validated. Gives the stream's id; a refusal is an ERROR event on the
   * connection, which is then closed. Tell `disconnected` when the stream ends.
   */
  subscribe(call: Call, connection: SchedulerConnection, principal?: string): string {
    const id = this.ports.random.uuid();
    this.outlets.open(id, connection);
    this.input({ kind: 'subscribe', call, connection: id, principal });
    return id;
  }

  disconnected(streamId: string): void {
    if (!this.outlets.forget(streamId)) return;
    this.input({ kind: 'disconnected', connection: streamId });
  }

  /** Any other call; undefined when it was taken, else the answer that refuses it. */
  call(call: Call, origin: CallOrigin): CallRefusal | undefined {
    const why = validateCall(call, origin.principal);
    if (why !== undefined) {
      return { status: 400, text: `Failed to validate scheduler::Call: ${why}` };
    }
    const verdict = this.machine.check(call, origin);
    if (!verdict.ok) return verdict.refusal;
    this.input({ kind: 'call', framework: verdict.framework, call });
    return undefined;
  }

  /** An operator changes something; resolves when the change is durable, or with its refusal. */
  operate(request: OperatorRequest, principal?: string): Promise<OperatorAnswer> {
    if (this.hasEnded) return Promise.resolve(UNAVAILABLE);
    if (!this.isReady) return Promise.resolve(NOT_RECOVERED);
    return new Promise((resolve) => {
      const ticket = this.outlets.ask(resolve);
      this.input({ kind: 'operator', ticket, request, principal });
    });
  }

  /** An operator ends a framework; false when it is unknown. */
  teardown(id: FrameworkId | string): boolean {
    const framework = frameworkId(id);
    if (!this.state.frameworks.has(framework)) return false;
    this.input({ kind: 'teardown', framework });
    return true;
  }

  /** Inputs that arrive while one is handled wait for their turn. */
  input(input: MasterInput): void {
    // Streams that a stopping master closes are no frameworks that went away.
    if (this.running === undefined || this.hasEnded) return;
    this.inputs.push(input);
    if (this.isHandling) return;
    this.isHandling = true;
    try {
      for (let next = this.inputs.shift(); next !== undefined; next = this.inputs.shift()) {
        for (const effect of this.running.machine.handle(next, this.ports.clock.now())) {
          this.outlets.perform(effect);
        }
      }
    } catch (thrown) {
      // A bug: the state may be half changed, so nothing is done with it any more.
      this.lifecycle = 'failed';
      this.fail(thrown);
      throw thrown;
    } finally {
      this.isHandling = false;
    }
  }

  private get hasEnded(): boolean {
    return ['stopping', 'stopped', 'failed'].includes(this.lifecycle);
  }

  private receive(envelope: Envelope): void {
    if (!this.isLeading || this.early.length >= EARLY_MESSAGES_MAX) {
      this.state.counters.increment('dropped_messages');
      return;
    }
    if (!this.machine.isRecovered) {
      this.early.push(envelope);
      return;
    }
    if (this.authentication?.holds(envelope) === true) return;
    const input = decodeInput(envelope);
    if (input.ok) {
      this.input(input.value);
      return;
    }
    this.state.counters.increment('dropped_messages');
    const fields = { name: envelope.name, from: formatUpid(envelope.from), why: input.error };
    this.ports.log.warn(fields, 'dropped a message');
  }
}

function recoveryFailure(thrown: unknown): ClusterError {
  const text = `Recovery failed: Failed to recover registrar: ${describeError(thrown)}`;
  return new ClusterError('RECOVERY_FAILED', text, { retriable: false, cause: thrown });
}
