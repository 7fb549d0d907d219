/**
 * Lives of Aurora's scheduler over one disk: the machine of the product, its records, and what its shell does, with a
 * death at any moment. What was written is there in the next life, what was not is not; no answer leaves before
 * its write.
 */
import { type Random, randomInteger } from '../../core/base/random.ts';
import { MemoryStorage } from '../../core/storage/memory.ts';
import type { StorageOperation } from '../../core/storage/ports.ts';
import type { SimulatedClock } from '../../core/testing/clock.ts';
import { AuroraMachine } from '../../schedulers/aurora/machine/aurora-machine.ts';
import type { MachineCall } from '../../schedulers/aurora/machine/calls.ts';
import type { AuroraEffect } from '../../schedulers/aurora/machine/effects.ts';
import { AGENT_ASSIGNED } from '../../schedulers/aurora/machine/schedule-status.ts';
import type { MachineSettings } from '../../schedulers/aurora/machine/settings.ts';
import { idOf } from '../../schedulers/aurora/machine/task-table.ts';
import { encodeOperation, loadState } from '../../schedulers/aurora/store/records.ts';
import type { Response } from '../../schedulers/aurora/thrift/types.ts';
import { EarliestWake } from '../../schedulers/kit/earliest-wake.ts';
import type { AuroraCluster } from './aurora-cluster.ts';

const WRITE_MAX_MS = 40;

interface Batch {
  readonly writes: readonly StorageOperation[];
  readonly effects: readonly AuroraEffect[];
  readonly then: () => void;
}

export class AuroraLife {
  readonly storage = new MemoryStorage();
  machine: AuroraMachine | undefined;
  /** When runs of cron jobs were due; runs that found no room leave no trace in the tasks. */
  readonly cronTriggers: number[] = [];
  private readonly settings: MachineSettings;
  private readonly cluster: AuroraCluster;
  private readonly clock: SimulatedClock;
  private readonly random: Random;
  private waiting: Batch[] = [];
  private isWriting = false;
  /** Tells lives apart: what was on its way in one ends with it. */
  private life = 0;
  private wake: EarliestWake | undefined;
  private isConnected = false;
  /** Tasks whose ACCEPT waits for its write. */
  private readonly unsent = new Set<string>();

  constructor(
    settings: MachineSettings,
    cluster: AuroraCluster,
    ports: { readonly clock: SimulatedClock; readonly random: Random },
  ) {
    this.settings = settings;
    this.cluster = cluster;
    this.clock = ports.clock;
    this.random = ports.random;
  }

  async start(): Promise<void> {
    if (this.machine !== undefined) return;
    this.life += 1;
    const stored = await loadState(this.storage);
    const machine = new AuroraMachine(this.settings, this.random);
    this.machine = machine;
    this.wake = new EarliestWake(this.clock, () => this.carryOut(machine.woke(this.clock.now())));
    this.unsent.clear();
    this.carryOut(machine.recovered(stored, this.clock.now()));
    this.connect();
  }

  /** The connection to the master breaks: all offers go with it. */
  disconnect(): void {
    const { machine } = this;
    if (machine === undefined || !this.isConnected) return;
    this.isConnected = false;
    this.cluster.disconnect();
    this.carryOut(machine.disconnected(this.clock.now()));
  }

  connect(): void {
    const { machine, life } = this;
    if (machine === undefined || this.isConnected) return;
    this.isConnected = true;
    this.carryOut(machine.subscribed(this.clock.now()));
    const hear = (handle: () => readonly AuroraEffect[]): void => {
      if (this.life === life && this.machine === machine) this.carryOut(handle());
    };
    this.cluster.subscribe({
      offers: (offers) => hear(() => machine.offersArrived(offers, this.clock.now())),
      rescinded: (id) => hear(() => machine.rescinded(id, this.clock.now())),
      update: (status) => hear(() => machine.statusArrived(status, this.clock.now())),
    });
    this.reconcile();
  }

  /** As it is done every hour, both ways. */
  reconcile(): void {
    const { machine } = this;
    if (machine === undefined || !this.isConnected) return;
    const known = [...AGENT_ASSIGNED].flatMap((status) => machine.state.tasks.withStatus(status));
    this.cluster.reconcile(known.map(idOf).filter((id) => !this.unsent.has(id)));
    this.cluster.reconcileAll();
  }

  /** Dies at once; a write that is under way may have reached the disk. */
  async kill(): Promise<void> {
    const [first] = this.waiting;
    const isWritten = this.isWriting && first !== undefined && randomInteger(this.random, 2) === 0;
    this.machine = undefined;
    this.wake?.stop();
    this.waiting = [];
    this.isWriting = false;
    this.isConnected = false;
    this.cluster.disconnect();
    this.life += 1;
    if (isWritten) await this.storage.write(first.writes);
  }

  /** `then` hears the answer when it is durable; never, when the life ends before. */
  call(call: MachineCall, then: (response: Response) => void): void {
    const { machine } = this;
    if (machine === undefined) return;
    const { result, effects } = machine.call(call, { user: 'sim' }, this.clock.now());
    this.carryOut(effects, () => then(result));
  }

  private carryOut(effects: readonly AuroraEffect[], then: () => void = () => undefined): void {
    const writes = effects.flatMap((effect) =>
      effect.kind === 'persist' ? encodeOperation(effect.operation) : [],
    );
    for (const effect of effects) {
      if (effect.kind === 'wake') this.wake?.by(effect.at);
      if (effect.kind !== 'launch') continue;
      for (const { assigned } of effect.launches) this.unsent.add(assigned.taskId);
    }
    this.waiting.push({ writes, effects, then });
    this.drain();
  }

  private drain(): void {
    if (this.isWriting) return;
    const [batch] = this.waiting;
    if (batch === undefined) return;
    const { life } = this;
    const done = (): void => {
      if (this.life !== life) return;
      this.isWriting = false;
      this.waiting.shift();
      for (const effect of batch.effects) this.act(effect);
      batch.then();
      this.drain();
    };
    if (batch.writes.length === 0) {
      done();
      return;
    }
    this.isWriting = true;
    this.clock.setTimer(1 + randomInteger(this.random, WRITE_MAX_MS), () => {
      if (this.life !== life) return;
      void this.storage.write(batch.writes).then(done);
    });
  }

  private act(effect: AuroraEffect): void {
    const { cluster } = this;
    if (effect.kind === 'launch') {
      for (const { assigned } of effect.launches) this.unsent.delete(assigned.taskId);
    }
    if (effect.kind === 'count' && effect.counter === 'cron_job_triggers') {
      this.cronTriggers.push(this.clock.now());
    }
    // What is said to nobody is lost.
    if (!this.isConnected) return;
    switch (effect.kind) {
      case 'launch':
        cluster.accept(
          effect.offer.id.value,
          effect.launches.map(({ info }) => info),
        );
        return;
      case 'decline':
        cluster.decline(effect.offer.id.value);
        return;
      case 'kill':
        cluster.kill(effect.taskId);
        return;
      case 'acknowledge':
        cluster.acknowledge(effect.status);
        return;
      default:
        return;
    }
  }
}
