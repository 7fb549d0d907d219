/**
 * Carries out what the machine decides: writes first, then calls, probes, events and answers, in
 * that order (README, invariants). One timer serves all wakes.
 */
import type { Clock, Instant } from '../../core/base/clock.ts';
import type { Log } from '../../core/base/log.ts';
import type { Storage, StorageOperation } from '../../core/storage/ports.ts';
import type { DurableQueue } from '../kit/durable-queue.ts';
import { EarliestWake } from '../kit/earliest-wake.ts';
import type { KnownTask } from '../kit/reconciliation.ts';
import {
  type FrameworkHandlers,
  type FrameworkSubscription,
  launchedTasks,
} from '../kit/subscription.ts';
import type { Prober } from './health/prober.ts';
import type { Decision, MarathonEffect } from './machine/effects.ts';
import { frameworkMessageEvent, type MarathonEvent } from './machine/events.ts';
import type { MarathonMachine } from './machine/marathon-machine.ts';
import type { MarathonMetrics } from './metrics.ts';
import { isTerminal } from './model/instance.ts';
import { encodeOperation, loadSnapshot } from './store/marathon-store.ts';

export interface ShellPorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly storage: Storage;
  readonly durable: DurableQueue;
  readonly prober: Prober;
  readonly metrics: MarathonMetrics;
  readonly publish: (event: MarathonEvent) => void;
  /** Offers of this role are wanted; the subscription may have to be widened for it. */
  readonly onWanted: (role: string) => void;
  /** The service cannot go on: the master refused it, or storage failed. */
  readonly onFatal: (why: string) => void;
}

export class MarathonShell {
  readonly machine: MarathonMachine;
  private readonly ports: ShellPorts;
  private subscription: FrameworkSubscription | undefined;
  private readonly wake: EarliestWake;
  private isStopped = false;
  /** Tasks whose ACCEPT waits for its write: asking the master about them would report them lost. */
  private readonly unsent = new Set<string>();

  constructor(machine: MarathonMachine, ports: ShellPorts) {
    this.machine = machine;
    this.ports = ports;
    this.wake = new EarliestWake(ports.clock, () => this.carryOut(machine.woke(this.now())));
  }

  /** Reads storage and takes up what was under way; nothing is sent before a subscription. */
  async recover(): Promise<void> {
    const snapshot = await loadSnapshot(this.ports.storage);
    const { instances, deployments } = snapshot;
    this.ports.log.info(
      {
        appCount: snapshot.current.size,
        instanceCount: instances.length,
        deploymentCount: deployments.length,
      },
      'state recovered',
    );
    this.carryOut(this.machine.recovered(snapshot, this.now()));
  }

  attach(subscription: FrameworkSubscription): void {
    this.subscription = subscription;
  }

  stop(): void {
    this.isStopped = true;
    this.wake.stop();
  }

  now(): Instant {
    return this.ports.clock.now();
  }

  /** Resolves with the answer when everything it depends on is durable. */
  commit<T>(decision: Decision<T>): Promise<T> {
    return new Promise((resolve) => {
      this.carryOut(decision.effects, () => resolve(decision.result));
    });
  }

  /** Resolves when the operations, and all before, are durable. */
  write(operations: readonly StorageOperation[]): Promise<void> {
    return new Promise((resolve) => {
      this.ports.durable.submit(operations, resolve);
    });
  }

  /** What the subscription calls. */
  handlers(): FrameworkHandlers {
    const { log, metrics, publish } = this.ports;
    return {
      subscribed: (subscription) => {
        const region = subscription.masterInfo?.domain?.fault_domain?.region.name;
        this.carryOut(this.machine.subscribed(region, this.now()));
        publish(metrics.subscribedEvent(subscription, this.now()));
      },
      disconnected: () => {
        log.warn({}, 'disconnected from the master');
        this.carryOut(this.machine.disconnected(this.now()));
        publish(metrics.disconnectedEvent(this.now()));
      },
      offers: (offers) => {
        metrics.offersIncoming.increment(offers.length);
        this.carryOut(this.machine.offersArrived(offers, this.now()));
      },
      rescinded: () => {},
      update: (status) => {
        metrics.countUpdate(status);
        this.carryOut(this.machine.statusArrived(status, this.now()));
      },
      message: (message) => publish(frameworkMessageEvent(message, this.now())),
      revived: () => metrics.revives.increment(),
      suppressed: () => metrics.suppresses.increment(),
      removed: (frameworkId) => log.warn({ frameworkId }, 'the framework was removed'),
      refused: (why) => this.ports.onFatal(`the master refused the framework: ${why}`),
      knownTasks: () => this.knownTasks(),
    };
  }

  carryOut(effects: readonly MarathonEffect[], then?: () => void): void {
    if (this.isStopped) return;
    const writes = effects.flatMap((effect) =>
      effect.kind === 'persist' ? [encodeOperation(effect.operation)] : [],
    );
    // Wakes are only hints to call again and need not wait for the write.
    for (const effect of effects) {
      if (effect.kind === 'wake') this.wake.by(effect.at);
      if (effect.kind === 'accept') {
        for (const task of launchedTasks(effect.operations)) this.unsent.add(task.task_id.value);
      }
    }
    this.ports.durable.submit(writes, () => {
      if (this.isStopped) return;
      for (const effect of effects) this.carryOutOne(effect);
      then?.();
    });
  }

  private carryOutOne(effect: MarathonEffect): void {
    const { metrics, prober, publish } = this.ports;
    switch (effect.kind) {
      case 'persist':
        if (effect.operation.kind === 'put-deployment') metrics.deployments.increment();
        return;
      case 'wake':
        return;
      case 'accept': {
        const tasks = launchedTasks(effect.operations);
        metrics.launched.increment(tasks.length);
        metrics.offersUsed.increment();
        for (const operation of effect.operations) metrics.countOperation(operation);
        for (const task of tasks) this.unsent.delete(task.task_id.value);
        this.subscription?.accept([effect.offer], effect.operations, { refuse_seconds: 0 });
        return;
      }
      case 'decline':
        metrics.offersDeclined.increment(effect.offers.length);
        this.subscription?.decline(effect.offers, { refuse_seconds: effect.refuseSeconds });
        return;
      case 'kill':
        this.subscription?.kill(effect.taskId, effect.agentId);
        return;
      case 'acknowledge':
        this.subscription?.acknowledge(effect.status);
        return;
      case 'want-offers':
        this.subscription?.wantOffers(effect.role, effect.isNew);
        this.ports.onWanted(effect.role);
        return;
      case 'unwant-offers':
        this.subscription?.unwantOffers(effect.role);
        return;
      case 'probe':
        prober.probe(effect.target, (outcome) => {
          this.carryOut(this.machine.probed(effect.key, outcome, this.now()));
        });
        return;
      case 'publish':
        if (effect.event.eventType === 'group_change_failed') {
          metrics.deploymentsDismissed.increment();
        }
        publish(effect.event);
        return;
    }
  }

  private *knownTasks(): Generator<KnownTask> {
    for (const instance of this.machine.state.instances.all()) {
      if (instance.condition === 'Scheduled') continue;
      for (const task of instance.tasks) {
        if (this.unsent.has(task.id) || isTerminal(task.condition)) continue;
        yield { taskId: task.id, agentId: instance.agent?.agentId };
      }
    }
  }
}
