/**
 * The scheduler as a machine: one method per input, each gives what is to be done. Nothing here knows bytes,
 * sockets or timers (README, "Life of a request").
 */
import type { Instant } from '../../../core/base/clock.ts';
import type { Random } from '../../../core/base/random.ts';
import type { InverseOffer, Offer, TaskStatus } from '../../../core/wire/types/mesos.v1.ts';
import type { Response } from '../thrift/types.ts';
import type { Caller } from './answers.ts';
import { answerCall, type MachineCall } from './calls.ts';
import { CronRuns } from './cron-runs.ts';
import type { AuroraEffect, Decision } from './effects.ts';
import { answerInverseOffer } from './inverse-offers.ts';
import { followDrain, pollDrain } from './maintenance-calls.ts';
import { OfferBook } from './offer-book.ts';
import { PendingGroups } from './pending-groups.ts';
import { Preemptor } from './preemptor.ts';
import { Reservations } from './reservations.ts';
import { tryGroup } from './scheduling.ts';
import type { MachineSettings } from './settings.ts';
import { SlaKills } from './sla-kills.ts';
import { AuroraState, type StoredState } from './state.ts';
import { handleStatus } from './statuses.ts';
import {
  killAgain,
  partitionedTooLong,
  pruneJob,
  resumeTimes,
  throttleOver,
  timedOut,
} from './task-times.ts';
import type { Tiers } from './tiers.ts';
import { type Due, Timetable } from './timetable.ts';
import { Turn } from './turn.ts';
import { pruneUpdates } from './update-pruning.ts';
import { JobUpdates } from './updates.ts';

export class AuroraMachine {
  readonly state = new AuroraState();
  readonly offers = new OfferBook();
  readonly groups = new PendingGroups();
  readonly reservations = new Reservations();
  readonly preemptor = new Preemptor(this);
  readonly cron = new CronRuns();
  readonly slaKills = new SlaKills();
  readonly updates = new JobUpdates(this);
  private readonly settings: MachineSettings;
  private readonly random: Random;
  private readonly timetable = new Timetable();
  private isSubscribed = false;
  /** What the shell was told last. */
  private wantsOffers = false;

  constructor(settings: MachineSettings, random: Random) {
    this.settings = settings;
    this.random = random;
  }

  /** Whose resources are asked for. */
  get role(): string {
    return this.settings.mesosRole;
  }

  get tiers(): Tiers {
    return this.settings.tiers;
  }

  /** After the state was read; nothing else comes before. */
  recovered(stored: StoredState, now: Instant): readonly AuroraEffect[] {
    return this.turn(now, (turn) => {
      this.state.load(stored);
      for (const task of this.state.tasks.all()) {
        resumeTimes(turn, task);
        if (task.status === 'PENDING') this.groups.resume(turn, task);
      }
      for (const key of this.state.cronJobs.keys()) this.cron.plan(turn, key);
      this.updates.resume(turn);
      this.preemptor.begin(turn);
      for (const host of this.state.maintenance.keys()) pollDrain(turn, host, this);
      pruneUpdates(turn);
    }).effects;
  }

  subscribed(now: Instant): readonly AuroraEffect[] {
    this.isSubscribed = true;
    return this.turn(now, () => {}).effects;
  }

  disconnected(now: Instant): readonly AuroraEffect[] {
    this.isSubscribed = false;
    return this.turn(now, (turn) => {
      turn.count('scheduler_framework_disconnects');
      this.offers.clear(turn);
    }).effects;
  }

  offersArrived(offers: readonly Offer[], now: Instant): readonly AuroraEffect[] {
    return this.turn(now, (turn) => {
      const hadNone = this.offers.size === 0;
      turn.count('scheduler_resource_offers', offers.length);
      for (const offer of offers) this.offers.add(turn, offer);
      if (hadNone && this.settings.offers.returnsUnused) this.groups.tryAllSoon(turn);
    }).effects;
  }

  inverseOffersArrived(offers: readonly InverseOffer[], now: Instant): readonly AuroraEffect[] {
    return this.turn(now, (turn) => {
      for (const offer of offers) answerInverseOffer(turn, offer, this);
    }).effects;
  }

  rescinded(offerId: string, now: Instant): readonly AuroraEffect[] {
    return this.turn(now, (turn) => {
      turn.count('offers_rescinded');
      if (this.offers.get(offerId) === undefined) turn.count('offer_cancel_failures');
      this.offers.remove(turn, offerId);
    }).effects;
  }

  statusArrived(status: TaskStatus, now: Instant): readonly AuroraEffect[] {
    return this.turn(now, (turn) => handleStatus(turn, status)).effects;
  }

  /** About a kill that `ask-coordinator` asked for; what is no clear yes is a no. */
  coordinatorAnswered(taskId: string, isPermitted: boolean, now: Instant): readonly AuroraEffect[] {
    return this.turn(now, (turn) => this.slaKills.answered(turn, taskId, isPermitted)).effects;
  }

  /** Does what is due; a wake that comes early, late or twice does no harm. */
  woke(now: Instant): readonly AuroraEffect[] {
    return this.turn(now, (turn) => {
      for (const due of this.timetable.due(now)) this.onDue(turn, due);
    }).effects;
  }

  call(call: MachineCall, caller: Caller, now: Instant): Decision<Response> {
    return this.turn(now, (turn) => answerCall(turn, call, caller, this));
  }

  private onDue(turn: Turn, { kind, id }: Due): void {
    switch (kind) {
      case 'timeout':
        timedOut(turn, id, this.isSubscribed);
        return;
      case 'kill':
        killAgain(turn, id);
        return;
      case 'throttle':
        throttleOver(turn, id);
        return;
      case 'partition':
        partitionedTooLong(turn, id);
        return;
      case 'prune':
        pruneJob(turn, id);
        return;
      case 'group':
        tryGroup(turn, id, this);
        return;
      case 'offer':
        this.offers.decline(turn, id);
        return;
      case 'cron':
        this.cron.due(turn, id);
        return;
      case 'cron-start':
        this.cron.tryStart(turn, id);
        return;
      case 'sla-kill':
        this.slaKills.due(turn, id);
        return;
      case 'maintenance':
        pollDrain(turn, id, this);
        return;
      case 'prune-updates':
        pruneUpdates(turn);
        return;
      case 'preempt':
        this.preemptor.search(turn);
        return;
      case 'update':
        this.updates.due(turn, id);
        return;
    }
  }

  private turn<T>(now: Instant, act: (turn: Turn) => T): Decision<T> {
    const { state, settings, random, timetable } = this;
    const turn = new Turn({ state, settings, random, timetable }, now);
    const result = act(turn);
    this.settle(turn);
    if (settings.offers.returnsUnused) this.returnUnused(turn);
    const at = timetable.next();
    if (at !== undefined) turn.act({ kind: 'wake', at });
    return { result, effects: turn.effects() };
  }

  private returnUnused(turn: Turn): void {
    const isWanted = !this.groups.isEmpty;
    if (!isWanted) this.offers.declineAll(turn);
    if (isWanted === this.wantsOffers) return;
    this.wantsOffers = isWanted;
    turn.act({ kind: 'want-offers', isWanted });
  }

  /** Those who follow tasks may change more of them. */
  private settle(turn: Turn): void {
    for (;;) {
      const changes = turn.takeChanges();
      if (changes.length === 0) return;
      for (const change of changes) {
        this.groups.follow(turn, change);
        this.updates.follow(turn, change);
        followDrain(turn, change, this.offers);
      }
    }
  }
}
