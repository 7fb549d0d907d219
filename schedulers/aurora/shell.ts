/**
 * Carries out what the machine decides: writes first, then calls and answers, in that order. One timer serves
 * all wakes.
 */
import type { Clock, Instant } from '../../core/base/clock.ts';
import type { Log } from '../../core/base/log.ts';
import type { HttpClient } from '../../core/net/ports.ts';
import type { Storage } from '../../core/storage/ports.ts';
import type { DurableQueue } from '../kit/durable-queue.ts';
import { EarliestWake } from '../kit/earliest-wake.ts';
import type { KnownTask } from '../kit/reconciliation.ts';
import type { FrameworkHandlers, FrameworkSubscription } from '../kit/subscription.ts';
import { type CoordinatorOptions, Coordinators } from './coordinator.ts';
import type { AuroraMachine } from './machine/aurora-machine.ts';
import type { MachineCall } from './machine/calls.ts';
import type { AuroraEffect } from './machine/effects.ts';
import { AGENT_ASSIGNED } from './machine/schedule-status.ts';
import type { StoredState } from './machine/state.ts';
import { failureCounter } from './metrics.ts';
import { ReconcileOnDemand } from './reconcile-on-demand.ts';
import { type ReconciliationOptions, ReconciliationSchedule } from './reconciliation-schedule.ts';
import { encodeOperation, loadState, replaceState } from './store/records.ts';
import { encodeStruct } from './thrift/messages.ts';
import type { Response } from './thrift/types.ts';
import type { Webhook } from './webhook.ts';

/** Jobs and racks have counters of their own; those of further ones are not kept. */
const COUNTERS_MAX = 20_000;

export interface ShellPorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly storage: Storage;
  readonly http: HttpClient;
  readonly coordinators: CoordinatorOptions;
  readonly webhook: Webhook | undefined;
  readonly reconciliation: ReconciliationOptions;
  readonly durable: DurableQueue;
  /** The service cannot go on: the master refused it. */
  readonly onFatal: (why: string) => void;
}

export class AuroraShell {
  readonly machine: AuroraMachine;
  /** How often what is counted has happened since the start. */
  readonly counts = new Map<string, number>();
  private readonly ports: ShellPorts;
  private subscription: FrameworkSubscription | undefined;
  private readonly wake: EarliestWake;
  private readonly coordinators: Coordinators;
  private readonly onDemand: ReconcileOnDemand;
  private readonly schedule: ReconciliationSchedule;
  private isStopped = false;
  private wasSubscribed = false;
  /** Tasks whose ACCEPT waits for its write: asking the master about them would report them lost. */
  private readonly unsent = new Set<string>();

  constructor(machine: AuroraMachine, ports: ShellPorts) {
    this.machine = machine;
    this.ports = ports;
    const { clock, reconciliation } = ports;
    this.onDemand = new ReconcileOnDemand(clock, reconciliation.batchPauseMs, (tasks) =>
      this.subscription?.askOnce(tasks),
    );
    this.schedule = new ReconciliationSchedule(reconciliation, clock);
    this.coordinators = new Coordinators(ports.coordinators, ports, (taskId, isPermitted) =>
      this.carryOut(machine.coordinatorAnswered(taskId, isPermitted, this.now())),
    );
    this.wake = new EarliestWake(ports.clock, () => this.carryOut(machine.woke(this.now())));
  }

  /** Reads storage; nothing is sent before a subscription. */
  async recover(): Promise<void> {
    const stored = await loadState(this.ports.storage);
    this.carryOut(this.machine.recovered(stored, this.now()));
    this.ports.log.info({ taskCount: this.machine.state.tasks.size }, 'state recovered');
  }

  attach(subscription: FrameworkSubscription): void {
    this.subscription = subscription;
    this.schedule.start({
      explicit: () => {
        this.count('reconciliation_explicit_runs');
        this.onDemand.explicit([...this.knownTasks()], this.ports.reconciliation.batchSize);
      },
      implicit: () => {
        this.count('reconciliation_implicit_runs');
        this.onDemand.implicit();
      },
    });
  }

  stop(): void {
    this.isStopped = true;
    this.wake.stop();
    this.coordinators.stop();
    this.ports.webhook?.stop();
    this.onDemand.stop();
    this.schedule.stop();
  }

  now(): Instant {
    return this.ports.clock.now();
  }

  /** Resolves with the answer when everything it depends on is durable. */
  call(call: MachineCall, user: string): Promise<Response> {
    const { result, effects } = this.machine.call(call, { user }, this.now());
    return new Promise((resolve) => this.carryOut(effects, () => resolve(result)));
  }

  /** Ends everything and puts another state in place of this one. */
  async replace(stored: StoredState): Promise<void> {
    const { durable, storage } = this.ports;
    this.stop();
    await durable.flush();
    const writes = await replaceState(storage, stored);
    await new Promise<void>((resolve) => durable.submit(writes, resolve));
  }

  /** What the subscription calls. */
  handlers(): FrameworkHandlers {
    const { log } = this.ports;
    const { machine } = this;
    return {
      subscribed: () => {
        if (this.wasSubscribed) this.count('scheduler_framework_reregisters');
        this.wasSubscribed = true;
        this.carryOut(machine.subscribed(this.now()));
      },
      disconnected: () => {
        log.warn({}, 'disconnected from the master');
        this.carryOut(machine.disconnected(this.now()));
      },
      offers: (offers) => this.carryOut(machine.offersArrived(offers, this.now())),
      inverseOffers: (offers) => {
        this.carryOut(machine.inverseOffersArrived(offers, this.now()));
        for (const { id, url } of offers) {
          if (url?.address.hostname !== undefined) continue;
          log.error({ inverseOfferId: id.value }, 'an inverse offer names no host to drain');
        }
      },
      rescinded: (offerId) => this.carryOut(machine.rescinded(offerId, this.now())),
      update: (status) => this.carryOut(machine.statusArrived(status, this.now())),
      failure: (failure) => {
        const counter = failureCounter(failure);
        if (counter !== undefined) this.count(counter);
      },
      message: () => this.count('scheduler_framework_message'),
      removed: (frameworkId) => log.warn({ frameworkId }, 'the framework was removed'),
      refused: (why) => this.ports.onFatal(`the master refused the framework: ${why}`),
      knownTasks: () => this.knownTasks(),
    };
  }

  private carryOut(effects: readonly AuroraEffect[], then?: () => void): void {
    if (this.isStopped) return;
    const writes = effects.flatMap((effect) =>
      effect.kind === 'persist' ? encodeOperation(effect.operation) : [],
    );
    // Wakes are only hints to call again and need not wait for the write.
    for (const effect of effects) {
      if (effect.kind === 'wake') this.wake.by(effect.at);
      if (effect.kind === 'launch') {
        for (const { assigned } of effect.launches) this.unsent.add(assigned.taskId);
      }
    }
    this.ports.durable.submit(writes, () => {
      if (this.isStopped) return;
      for (const effect of effects) this.carryOutOne(effect);
      then?.();
    });
  }

  private carryOutOne(effect: AuroraEffect): void {
    switch (effect.kind) {
      case 'persist':
      case 'wake':
        return;
      case 'launch':
        this.launch(effect);
        return;
      case 'decline':
        this.subscription?.decline([effect.offer], { refuse_seconds: effect.refuseSeconds });
        return;
      case 'accept-inverse-offers':
        this.subscription?.acceptInverseOffers(effect.offerIds);
        return;
      case 'want-offers':
        if (effect.isWanted) this.subscription?.wantOffers(this.machine.role, true);
        else this.subscription?.unwantOffers(this.machine.role);
        return;
      case 'kill':
        this.subscription?.kill(effect.taskId, effect.agentId);
        return;
      case 'reconcile':
        this.onDemand.explicit([...this.knownTasks()], effect.batchSize);
        return;
      case 'reconcile-all':
        this.onDemand.implicit();
        return;
      case 'ask-coordinator':
        this.coordinators.ask(effect);
        return;
      case 'task-changed':
        this.ports.webhook?.tell(effect);
        return;
      case 'acknowledge':
        this.subscription?.acknowledge(effect.status);
        return;
      case 'count':
        this.count(effect.counter, effect.by);
        return;
    }
  }

  /** Also for what is counted outside of the machine. */
  count(counter: string, by = 1): void {
    const known = this.counts.get(counter);
    if (known === undefined && this.counts.size >= COUNTERS_MAX) return;
    this.counts.set(counter, (known ?? 0) + by);
  }

  private launch({ offer, launches }: Extract<AuroraEffect, { kind: 'launch' }>): void {
    const tasks = launches.map(({ assigned, info }) => ({
      ...info,
      ...(info.executor === undefined ? {} : { data: encodeStruct('AssignedTask', assigned) }),
    }));
    for (const { assigned } of launches) this.unsent.delete(assigned.taskId);
    this.subscription?.launch([offer], tasks, { refuse_seconds: 0 });
  }

  private *knownTasks(): Generator<KnownTask> {
    for (const status of AGENT_ASSIGNED) {
      for (const { assignedTask } of this.machine.state.tasks.withStatus(status)) {
        const { taskId, slaveId } = assignedTask;
        if (!this.unsent.has(taskId)) yield { taskId, agentId: slaveId };
      }
    }
  }
}
