/**
 * The machine of Marathon: one method per input, each gives effects as data (README: life of a
 * deployment). Synchronous, without I/O; wakes may come late, twice or never.
 */
import type { Instant } from '../../../core/base/clock.ts';
import type { Random } from '../../../core/base/random.ts';
import { err, ok, type Result } from '../../../core/base/result.ts';
import type { Offer, TaskStatus } from '../../../core/wire/types/mesos.v1.ts';
import { revertedBy } from '../model/deployment-plan.ts';
import {
  type Instance,
  type InstanceId,
  isActive,
  isLeaving,
  isTerminal,
  roleOf,
} from '../model/instance.ts';
import { type PathId, ROOT } from '../model/path-id.ts';
import { isResident } from '../model/persistent-volumes.ts';
import type { Root } from '../model/root.ts';
import type { RunSpec } from '../model/run-spec.ts';
import type { Version } from '../model/timestamp.ts';
import { Deployments } from './deployments.ts';
import type { Decision, MarathonEffect, ProbeKey } from './effects.ts';
import { type Explanation, explain } from './explain.ts';
import { handleProbe, type ProbeOutcome, ProbeSchedule, runProbes } from './health.ts';
import { add, counts, decommission, delayKey, requestKill, retire } from './instances.ts';
import { pumpKills } from './kills.ts';
import { handleOffers, updateDemand } from './launching.ts';
import { killOverdueLaunches } from './overdue-launches.ts';
import { expireReservations, prolongReservations } from './reservations.ts';
import {
  changeRoot,
  collectGarbage,
  type RootChange,
  type RootChangeResult,
  rootAt,
} from './root-updates.ts';
import type { MachineSettings } from './settings.ts';
import { MarathonState, type Snapshot } from './state.ts';
import { handleStatus } from './statuses.ts';
import { Turn } from './turn.ts';
import { sweepUnreachable, updateInactive } from './unreachable.ts';
import { chooseVictims } from './victims.ts';

/** Launches that show no sign of life are looked for this often, first after a while. */
const OVERDUE_SCAN_MS = 5_000;
const OVERDUE_SCAN_DELAY_MS = 30_000;

/** An app or pod with n instances is looked at again after n / 100 ms at the earliest. */
const INSTANCES_PER_PAUSE_MS = 100;

export class MarathonMachine {
  readonly state: MarathonState;
  private readonly settings: MachineSettings;
  private readonly random: Random;
  private readonly probes = new ProbeSchedule();
  private readonly deployments = new Deployments(this.probes);
  private nextScaleCheckAt: Instant;
  private nextExpungeAt: Instant;
  private nextHousekeepingAt: Instant;
  private nextOverdueScanAt: Instant;

  constructor(settings: MachineSettings, random: Random, now: Instant) {
    this.settings = settings;
    this.random = random;
    this.state = new MarathonState(now, settings);
    this.nextScaleCheckAt = now + settings.scaleAppsInitialDelayMs;
    this.nextExpungeAt = now + settings.taskLostExpungeInitialDelayMs;
    this.nextHousekeepingAt = now + settings.compactionIntervalMs;
    this.nextOverdueScanAt = now + OVERDUE_SCAN_DELAY_MS;
  }

  /** Begins with what storage holds: deployments go on, kills are asked for again. */
  recovered(snapshot: Snapshot, now: Instant): MarathonEffect[] {
    return this.turn(now, (turn) => {
      this.state.load(snapshot);
      for (const plan of snapshot.deployments) this.deployments.resume(turn, plan);
      for (const instance of [...this.state.instances.all()]) {
        if (instance.goal === 'Decommissioned') decommission(turn, instance);
        else if (instance.goal === 'Stopped') retire(turn, instance);
        else if (isTerminal(instance.condition)) {
          const fresh = { condition: 'Scheduled', since: now, endCause: undefined } as const;
          turn.putInstance({ ...instance, ...fresh });
        } else if (instance.endCause !== undefined) requestKill(turn, instance);
        if (instance.condition === 'Running') this.probes.ensure(instance.spec, now);
        turn.touch(instance.spec.id);
      }
      for (const id of this.state.root.specs.keys()) turn.touch(id);
    });
  }

  subscribed(masterRegion: string | undefined, now: Instant): MarathonEffect[] {
    return this.turn(now, (turn) => {
      this.state.isSubscribed = true;
      prolongReservations(turn);
      this.state.masterRegion = masterRegion;
    });
  }

  /** Kills that were asked for may be lost; they are sent again after the next subscription. */
  disconnected(now: Instant): MarathonEffect[] {
    return this.turn(now, () => {
      this.state.isSubscribed = false;
      for (const kill of this.state.kills.values()) {
        const { instanceId, attempts } = kill;
        this.state.kills.set(instanceId, { instanceId, attempts });
      }
    });
  }

  offersArrived(offers: readonly Offer[], now: Instant): MarathonEffect[] {
    return this.turn(now, (turn) => handleOffers(turn, offers));
  }

  statusArrived(status: TaskStatus, now: Instant): MarathonEffect[] {
    return this.turn(now, (turn) => handleStatus(turn, status));
  }

  probed(key: ProbeKey, outcome: ProbeOutcome, now: Instant): MarathonEffect[] {
    return this.turn(now, (turn) => {
      this.probes.finish(key);
      handleProbe(turn, key, outcome);
    });
  }

  woke(now: Instant): MarathonEffect[] {
    return this.turn(now, (turn) => {
      updateInactive(turn);
      this.deployments.touchWaitingForReadiness(turn);
      if (this.nextExpungeAt <= now) {
        sweepUnreachable(turn);
        this.nextExpungeAt = now + this.settings.taskLostExpungeIntervalMs;
      }
      if (this.nextScaleCheckAt <= now) {
        for (const id of [...this.state.root.specs.keys(), ...this.state.instances.specIds()]) {
          turn.touch(id);
        }
        this.nextScaleCheckAt = now + this.settings.scaleAppsIntervalMs;
      }
      if (this.nextHousekeepingAt <= now) {
        collectGarbage(turn);
        this.state.delays.sweep(now);
        for (const run of this.state.history.takeOld(now)) {
          turn.persist({ kind: 'delete-run', run });
        }
        this.nextHousekeepingAt = now + this.settings.compactionIntervalMs;
      }
      if (this.nextOverdueScanAt <= now) {
        killOverdueLaunches(turn);
        expireReservations(turn);
        this.nextOverdueScanAt = now + OVERDUE_SCAN_MS;
      }
    });
  }

  /** Changes the tree; the answer must not be given before the effects' writes are durable. */
  changeRoot(change: RootChange, now: Instant): Decision<RootChangeResult> {
    return this.decide(now, (turn) => changeRoot(turn, this.deployments, change));
  }

  /** Kills tasks of instances; unless wiped away they are launched again. */
  killInstances(
    ids: readonly InstanceId[],
    options: { readonly wipe: boolean; readonly clientIp?: string; readonly uri?: string },
    now: Instant,
  ): Decision<readonly Instance[]> {
    const { wipe, ...requester } = options;
    return this.decide(now, (turn) =>
      turn.because({ by: 'request', ...requester }, () => {
        const chosen = ids.flatMap((id) => this.state.instances.get(id) ?? []);
        for (const instance of chosen) {
          if (wipe) decommission(turn, instance);
          else if (isActive(instance.condition)) requestKill(turn, instance);
        }
        return chosen;
      }),
    );
  }

  /** Undoes a deployment by a new one; with force it only ends. */
  cancelDeployment(
    id: string,
    options: { readonly force: boolean },
    now: Instant,
  ): Decision<RootChangeResult | 'unknown' | 'cancelled'> {
    return this.decide(now, (turn) => {
      const running = this.state.deployments.get(id);
      if (running === undefined) return 'unknown';
      if (options.force) {
        this.deployments.cancel(turn, id);
        return 'cancelled';
      }
      const { plan } = running;
      return changeRoot(turn, this.deployments, {
        groupId: ROOT,
        force: true,
        target: (root) => ok(revertedBy(plan, root)),
      });
    });
  }

  /** Lets the next instance of the app or pod start at once; false when nothing of it waits. */
  resetDelay(id: PathId, now: Instant): Decision<boolean> {
    return this.decide(now, (turn) => {
      const waiting = [...this.state.instances.waitingOf(id).values()];
      for (const instance of waiting) {
        this.state.delays.reset(delayKey(instance.spec));
        turn.newWork.add(roleOf(instance));
      }
      return waiting.length > 0;
    });
  }

  /** Whether top-level groups that come into being enforce their role. */
  get enforcesNewTopGroups(): boolean {
    return this.settings.enforceNewTopGroups;
  }

  /** The tree at an earlier version. */
  rootAt(version: Version): Result<Root, undefined> {
    const root = rootAt(new Turn(this.state, this.settings, this.random, 0), version);
    return root === undefined ? err(undefined) : ok(root);
  }

  /** Why it does not run as wanted; undefined when there is no such app or pod. */
  explain(id: PathId, now: Instant): Explanation | undefined {
    return explain(new Turn(this.state, this.settings, this.random, now), id);
  }

  delayUntil(spec: RunSpec, now: Instant): Instant {
    return this.state.delays.until(delayKey(spec), now);
  }

  describe(): string {
    return this.state.describe();
  }

  private turn(now: Instant, act: (turn: Turn) => void): MarathonEffect[] {
    return [...this.decide(now, act).effects];
  }

  private decide<T>(now: Instant, act: (turn: Turn) => T): Decision<T> {
    const turn = new Turn(this.state, this.settings, this.random, now);
    const result = act(turn);
    this.settle(turn);
    return { result, effects: turn.effects() };
  }

  /** Everything that follows from what has changed. */
  private settle(turn: Turn): void {
    for (const id of this.takeTouched(turn)) this.settleSpec(turn, id);
    // Deployments that moved on touch further apps.
    while (turn.touched.size > 0) {
      const ids = [...turn.touched];
      turn.touched.clear();
      for (const id of ids) this.settleSpec(turn, id);
    }
    runProbes(turn, this.probes);
    pumpKills(turn);
    updateDemand(turn);
    const next = [
      this.nextScaleCheckAt,
      this.nextExpungeAt,
      this.nextHousekeepingAt,
      this.nextOverdueScanAt,
    ];
    turn.act({ kind: 'wake', at: Math.min(...next) });
  }

  /** What is big is looked at once for many changes, so that n changes do not cost n times n. */
  private takeTouched(turn: Turn): readonly PathId[] {
    const { dirty, settledAt, instances } = this.state;
    for (const id of turn.touched) dirty.add(id);
    turn.touched.clear();
    const ready: PathId[] = [];
    for (const id of dirty) {
      const pauseMs = Math.floor(instances.countOf(id) / INSTANCES_PER_PAUSE_MS);
      const at = (settledAt.get(id) ?? 0) + pauseMs;
      if (pauseMs > 0 && at > turn.now) turn.act({ kind: 'wake', at });
      else ready.push(id);
    }
    for (const id of ready) {
      dirty.delete(id);
      settledAt.set(id, turn.now);
    }
    return ready;
  }

  private settleSpec(turn: Turn, id: PathId): void {
    const { deployments } = this.state;
    for (const running of deployments.of(id)) this.deployments.advance(turn, running, id);
    if (deployments.of(id).length > 0) return;
    const spec = this.state.spec(id);
    if (spec === undefined) {
      this.state.forget(id);
      turn.because({ by: 'removed' }, () => {
        for (const instance of this.state.instances.of(id)) decommission(turn, instance);
      });
      return;
    }
    const wanted = this.state.instances.of(id).filter(counts);
    // What is being stopped holds a reservation that the next one shall use.
    if (isResident(spec) && this.state.instances.of(id).some(isLeaving)) return;
    for (let count = wanted.length; count < spec.instances; count += 1) add(turn, spec);
    const surplus = chooseVictims(spec, wanted, wanted.length - spec.instances);
    turn.because({ by: 'surplus' }, () => {
      for (const instance of surplus) retire(turn, instance);
    });
  }
}
