/**
 * Offers become tasks (spec marathon-behaviour, section 4.3). Instances are stored as Provisioned,
 * with the id of their task, in the same turn that asks for the ACCEPT: a task is never started
 * without being known.
 */
import { randomInteger } from '../../../core/base/random.ts';
import type { Offer, OfferOperation } from '../../../core/wire/types/mesos.v1.ts';
import type { OfferResources } from '../../kit/offer-resources.ts';
import { type Instance, roleOf } from '../model/instance.ts';
import type { PathId } from '../model/path-id.ts';
import { isResident } from '../model/persistent-volumes.ts';
import type { RunSpec } from '../model/run-spec.ts';
import { OfferDisks } from '../offers/disks.ts';
import { commonPart, matchOffer, usablePart } from '../offers/match.ts';
import { delayUntil, isDelayed } from './instances.ts';
import { matchContextOf, provision } from './provisioning.ts';
import { orphanRoles, reserve, useReservations } from './reservations.ts';
import type { Turn } from './turn.ts';

export function handleOffers(turn: Turn, offers: readonly Offer[]): void {
  if (offers.length > 0) turn.state.offers.lastOfferAt = turn.now;
  const unused = offers.filter((offer) => !useOffer(turn, offer));
  if (unused.length === 0) return;
  const refuseSeconds = turn.settings.declineOfferMs / 1_000;
  turn.act({ kind: 'decline', offers: unused, refuseSeconds });
}

/**
 * Rounds over what waits, one launch of each per round, begun at a random one: a big app does not
 * keep small ones waiting. False when nothing took any of it.
 */
function useOffer(turn: Turn, offer: Offer): boolean {
  const max = turn.settings.instancesPerOfferMax;
  const { launches, frees } = useReservations(turn, offer, max);
  const operations = launchInRounds(turn, offer, launches, max);
  const all = [...frees, ...merged(operations)];
  if (all.length > 0) turn.act({ kind: 'accept', offer, operations: all });
  return all.length > 0;
}

/** What one offer still has for those without a reservation. */
interface OfferPools {
  readonly common: OfferResources;
  readonly disks: OfferDisks;
}

function launchInRounds(
  turn: Turn,
  offer: Offer,
  before: readonly OfferOperation[],
  max: number,
): OfferOperation[] {
  const pools: OfferPools = { common: commonPart(offer), disks: new OfferDisks(offer) };
  const operations = [...before];
  let count = before.length;
  let ids = rotated(turn, turn.state.instances.specsWaiting());
  while (ids.length > 0 && count < max) {
    const again: PathId[] = [];
    for (const id of ids) {
      if (count >= max) break;
      const launched = launchNext(turn, id, pools);
      if (launched === undefined) continue;
      operations.push(...launched.operations);
      count += 1;
      if (launched.part === pools.common) {
        again.push(id);
        continue;
      }
      // It took from a part of the offer that the others cannot see: the rest is its own.
      operations.push(...launchMore(turn, id, { ...pools, common: launched.part }, max - count));
      again.length = 0;
      count = max;
      break;
    }
    ids = again;
  }
  return operations;
}

/** Single tasks go in one operation. */
function merged(operations: readonly OfferOperation[]): OfferOperation[] {
  const infos = operations.flatMap(({ launch }) => launch?.task_infos ?? []);
  const rest = operations.filter(({ launch }) => launch === undefined);
  if (infos.length === 0) return rest;
  return [{ type: 'LAUNCH', launch: { task_infos: infos } }, ...rest];
}

function rotated(turn: Turn, ids: readonly PathId[]): readonly PathId[] {
  const start = randomInteger(turn.random, ids.length);
  return [...ids.slice(start), ...ids.slice(0, start)];
}

interface Launched {
  readonly operations: readonly OfferOperation[];
  readonly part: OfferResources;
}

/** Launches one instance, if one waits for nothing but an offer and this one fits. */
function launchNext(turn: Turn, id: PathId, pools: OfferPools): Launched | undefined {
  const instance = nextInstance(turn, id);
  if (instance === undefined) return undefined;
  const part = usablePart(instance.spec, pools.common, turn.settings);
  const operations = launch(turn, instance, { ...pools, common: part });
  return operations === undefined ? undefined : { operations, part };
}

function launchMore(turn: Turn, id: PathId, pools: OfferPools, max: number): OfferOperation[] {
  const all: OfferOperation[] = [];
  for (let count = 0; count < max; count += 1) {
    const instance = nextInstance(turn, id);
    const operations = instance === undefined ? undefined : launch(turn, instance, pools);
    if (operations === undefined) break;
    all.push(...operations);
  }
  return all;
}

function nextInstance(turn: Turn, id: PathId): Instance | undefined {
  if (turn.state.tokens.available(turn.now) === 0) return undefined;
  let delayed: RunSpec | undefined;
  for (const instance of turn.state.instances.waitingOf(id).values()) {
    // Instances of one definition share their delay; those with a reservation wait for that.
    if (instance.spec === delayed || instance.reservation !== undefined) continue;
    if (!isDelayed(turn, instance)) return instance;
    delayed = instance.spec;
  }
  return undefined;
}

function launch(
  turn: Turn,
  instance: Instance,
  { common, disks }: OfferPools,
): readonly OfferOperation[] | undefined {
  const { state, now } = turn;
  const { spec } = instance;
  if (isResident(spec)) return reserve(turn, instance, common, disks);
  const match = matchOffer(spec, common, matchContextOf(turn, instance));
  if (!match.ok) {
    state.offers.rejected(spec.id, common.offer, match.error, now);
    return undefined;
  }
  const operation = provision(turn, instance, common.offer, match.value);
  if (operation === undefined) return undefined;
  state.offers.used(spec.id, now);
  state.tokens.take(now);
  return [operation];
}

/**
 * Tells for which roles offers are wanted now: those with an instance that waits for nothing else.
 * A back-off that ends and tokens that come back are waited for by a wake.
 */
export function updateDemand(turn: Turn): void {
  const { state, now } = turn;
  const wanted = new Set<string>();
  const ready = new Set<PathId>();
  const noTokens = state.tokens.available(now) === 0;
  for (const id of state.instances.specsWaiting()) {
    for (const instance of state.instances.waitingOf(id).values()) {
      const until = delayUntil(turn, instance);
      if (until > now) turn.act({ kind: 'wake', at: until });
      else if (!noTokens) {
        const role = roleOf(instance);
        wanted.add(role);
        ready.add(id);
        // Offers were declined while this one could not use them.
        if (!state.readySpecs.has(id)) turn.newWork.add(role);
      }
      // Instances of one configuration share their back-off: one tells for all.
      if (
        instance.reservation === undefined &&
        instance.spec.version >= (state.spec(id)?.versionInfo.lastConfigChangeAt ?? '')
      )
        break;
    }
  }
  for (const role of orphanRoles(turn)) wanted.add(role);
  state.readySpecs = ready;
  const tokensAt = state.tokens.wakeAt();
  if (noTokens && tokensAt !== undefined) turn.act({ kind: 'wake', at: tokensAt });
  for (const role of wanted) {
    const isNew = !state.wantedRoles.has(role) || turn.newWork.has(role);
    if (isNew) turn.act({ kind: 'want-offers', role, isNew });
    state.wantedRoles.add(role);
  }
  for (const role of [...state.wantedRoles]) {
    if (wanted.has(role)) continue;
    state.wantedRoles.delete(role);
    turn.act({ kind: 'unwant-offers', role });
  }
}
