/**
 * Carries out what the machine decides: writes first, then calls to the master. One timer wakes the
 * machine; commands of clients are answered when their writes are durable.
 */
import type { Clock, Instant, Timer } from '../../core/base/clock.ts';
import { seconds } from '../../core/base/duration.ts';
import type { Log } from '../../core/base/log.ts';
import type { Random } from '../../core/base/random.ts';
import type { LeaderDetector } from '../../core/election/ports.ts';
import type { HttpClient } from '../../core/net/ports.ts';
import type { Storage, StorageOperation } from '../../core/storage/ports.ts';
import type { Filters, MasterInfo } from '../../core/wire/types/mesos.v1.ts';
import { DurableQueue } from '../kit/durable-queue.ts';
import { FrameworkIdStore } from '../kit/framework-id.ts';
import type { KnownTask } from '../kit/reconciliation.ts';
import { type FrameworkHandlers, FrameworkSubscription } from '../kit/subscription.ts';
import { type ChronosCommand, type ChronosInput, ChronosMachine } from './machine.ts';
import type { ChronosMetrics } from './metrics.ts';
import type { Notifier } from './notifier.ts';
import { type CompiledChronosOptions, frameworkInfo } from './options.ts';
import type { ChronosEffect, Refusal } from './records.ts';
import { ChronosStore, STORE_PREFIX } from './store.ts';

export interface ShellPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly http: HttpClient;
  readonly storage: Storage;
  readonly log: Log;
  readonly detector?: LeaderDetector | undefined;
}

export interface ShellParts {
  readonly metrics: ChronosMetrics;
  readonly notifier: Notifier;
  /** Called once when Chronos cannot go on. */
  readonly onFailure: (why: unknown) => void;
}

const MASTER_PORT = 5_050;

/** A clock that is set forward is noticed within this. */
const WAKE_MAX_MS = seconds(1);

export class ChronosShell {
  readonly machine: ChronosMachine;
  private readonly options: CompiledChronosOptions;
  private readonly ports: ShellPorts;
  private readonly parts: ShellParts;
  private readonly store: ChronosStore;
  private readonly durable: DurableQueue;
  private readonly subscription: FrameworkSubscription;
  /** Tasks whose ACCEPT has not been sent yet: asking about them would report them lost. */
  private readonly unsent = new Set<string>();
  private timer: Timer | undefined;
  private timerAt: Instant | undefined;
  private masterInfo: MasterInfo | undefined;
  private isStopped = false;
  private isHalted = false;

  constructor(options: CompiledChronosOptions, ports: ShellPorts, parts: ShellParts) {
    this.options = options;
    this.ports = ports;
    this.parts = parts;
    this.machine = new ChronosMachine(options, ports.random);
    this.store = new ChronosStore(options.jobDefaults);
    this.durable = new DurableQueue(ports.storage, parts.onFailure);
    this.subscription = new FrameworkSubscription(
      {
        master: options.master,
        framework: frameworkInfo(options),
        credential: options.credential,
        minReviveIntervalMs: options.minReviveIntervalMs,
        reconciliationIntervalMs: options.reconciliationIntervalMs,
      },
      this.handlers(),
      { ...ports, durable: this.durable, frameworkIds: new FrameworkIdStore(STORE_PREFIX) },
    );
  }

  get frameworkId(): string | undefined {
    return this.subscription.frameworkId;
  }

  get isSubscribed(): boolean {
    return this.subscription.isSubscribed;
  }

  /** The page of a sandbox at the master that was heard of last. */
  sandboxUrl(agentId: string, executorId: string): string | undefined {
    const { masterInfo, frameworkId } = this;
    if (masterInfo === undefined || frameworkId === undefined) return undefined;
    const host = masterInfo.hostname ?? masterInfo.address?.hostname ?? masterInfo.address?.ip;
    if (host === undefined) return undefined;
    const port = masterInfo.address?.port ?? masterInfo.port ?? MASTER_PORT;
    const [agent, framework, executor] = [agentId, frameworkId, executorId].map(encodeURIComponent);
    const path = `agents/${agent}/frameworks/${framework}/executors/${executor}/browse`;
    return `http://${host}:${port}/#/${path}`;
  }

  /** Takes up what is stored; before that there are no jobs. */
  async load(): Promise<void> {
    const records = await this.store.load(this.ports.storage);
    this.apply(this.machine.recover(records, this.ports.clock.now()));
  }

  /** Stops acting at once; nothing that was decided is carried out any more. */
  halt(): void {
    this.isHalted = true;
    this.isStopped = true;
    this.timer?.cancel();
  }

  /** Resolves when it tries to subscribe. */
  async subscribe(): Promise<void> {
    await this.subscription.start();
  }

  /** Leaves the master with the framework alive: its tasks go on. */
  async stop(): Promise<void> {
    this.isStopped = true;
    this.timer?.cancel();
    await this.subscription.stop();
    await this.durable.flush();
  }

  /** Resolves when the command is durable, with the refusal when it was refused. */
  command(command: ChronosCommand): Promise<Refusal | undefined> {
    const answer = this.machine.command(command, this.ports.clock.now());
    if (!answer.ok) return Promise.resolve(answer.error);
    return new Promise((resolve) => this.apply(answer.value, () => resolve(undefined)));
  }

  private handlers(): FrameworkHandlers {
    return {
      subscribed: ({ masterInfo }) => {
        this.masterInfo = masterInfo ?? this.masterInfo;
        this.handle({ kind: 'subscribed' });
      },
      // Offers are used or declined at once: there is nothing to forget.
      disconnected: () => {},
      rescinded: () => {},
      offers: (offers) => this.handle({ kind: 'offers', offers }),
      update: (status) => this.handle({ kind: 'update', status }),
      removed: () => this.handle({ kind: 'removed' }),
      refused: (why) => this.parts.onFailure(new Error(`the master refused Chronos: ${why}`)),
      revived: () => this.parts.metrics.revived(),
      knownTasks: () => this.knownTasks(),
    };
  }

  private *knownTasks(): Iterable<KnownTask> {
    for (const { taskId, agentId } of this.machine.state.allTasks()) {
      if (!this.unsent.has(taskId)) yield { taskId, agentId };
    }
  }

  private handle(input: ChronosInput): void {
    if (!this.isStopped) this.apply(this.machine.handle(input, this.ports.clock.now()));
  }

  /** `done` is called after the effects, that is when their writes are durable. */
  private apply(effects: readonly ChronosEffect[], done?: () => void): void {
    const writes: StorageOperation[] = [];
    const rest: ChronosEffect[] = [];
    for (const effect of effects) {
      const operation = this.store.operation(effect);
      if (operation === undefined) rest.push(effect);
      else writes.push(operation);
      if (effect.kind !== 'launch') continue;
      for (const task of effect.tasks) this.unsent.add(task.task_id.value);
    }
    this.durable.submit(writes, () => {
      if (this.isHalted) return;
      for (const effect of rest) this.perform(effect);
      done?.();
    });
    this.wake();
  }

  private perform(effect: ChronosEffect): void {
    const { subscription, options } = this;
    switch (effect.kind) {
      case 'launch':
        for (const task of effect.tasks) this.unsent.delete(task.task_id.value);
        subscription.launch([effect.offer], effect.tasks);
        return;
      case 'decline':
        subscription.decline(effect.offers, declineFilters(options));
        return;
      case 'acknowledge':
        subscription.acknowledge(effect.status);
        return;
      case 'kill':
        subscription.kill(effect.taskId, effect.agentId);
        return;
      case 'want-offers':
        this.parts.metrics.reviveRequested();
        subscription.wantOffers(options.role, effect.isNew);
        return;
      case 'unwant-offers':
        subscription.unwantOffers(options.role);
        return;
      case 'notify':
        this.parts.notifier.notify(effect);
        return;
      case 'succeeded':
        this.parts.metrics.succeeded(effect.name, effect.tookMs);
        return;
      case 'failed':
        this.parts.metrics.failed(effect.name);
        return;
      default:
    }
  }

  /** Keeps one timer, at the time the machine names. */
  private wake(): void {
    const at = this.machine.wakeAt;
    if (this.isStopped || at === this.timerAt) return;
    this.timer?.cancel();
    this.timerAt = at;
    if (at === undefined) return;
    this.wakeAt(at);
  }

  /** In steps: timers do not notice when the system's clock is set, and starts are times of that clock. */
  private wakeAt(at: Instant): void {
    const { clock } = this.ports;
    const delayMs = Math.max(0, at - clock.now());
    this.timer = clock.setTimer(Math.min(delayMs, WAKE_MAX_MS), () => {
      if (clock.now() < at) {
        this.wakeAt(at);
        return;
      }
      this.timerAt = undefined;
      this.handle({ kind: 'woke' });
    });
  }
}

function declineFilters(options: CompiledChronosOptions): Filters | undefined {
  const ms = options.declineOfferMs;
  return ms === undefined ? undefined : { refuse_seconds: ms / 1_000 };
}
