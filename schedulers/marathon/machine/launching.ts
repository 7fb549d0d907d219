/**
 * Offers become tasks (spec marathon-behaviour, section 4.3). Instances are stored as Provisioned,
 * with the id of their task, in the same turn that asks for the ACCEPT: a task is never started
 * without being known.
 */
import { randomInteger } from '../../../core/base/random.ts';
import type { Offer, OfferOperation } from '../../../core/wire/types/mesos.v1.ts';
import { OfferResources } from '../../kit/offer-resources.ts';
import {
  type Instance,
  type InstanceTask,
  isOutdated,
  isTerminal,
  makeTaskId,
} from '../model/instance.ts';
import type { PathId } from '../model/path-id.ts';
import { topLevelGroupOf } from '../model/root.ts';
import { isPod, type RunSpec } from '../model/run-spec.ts';
import type { Place } from '../offers/constraint-values.ts';
import { type Match, matchOffer, placeOf, usablePart } from '../offers/match.ts';
import { launchGroup } from '../offers/task-group.ts';
import { taskInfo } from '../offers/task-info.ts';
import { delayKey } from './instances.ts';
import type { Turn } from './turn.ts';

export function handleOffers(turn: Turn, offers: readonly Offer[]): void {
  for (const offer of offers) handleOffer(turn, offer);
}

/**
 * Rounds over what waits, one launch of each per round, begun at a random one: a big app does not
 * keep small ones waiting.
 */
function handleOffer(turn: Turn, offer: Offer): void {
  const pool = new OfferResources(offer);
  const max = turn.settings.instancesPerOfferMax;
  const launches: OfferOperation[] = [];
  let ids = rotated(turn, turn.state.instances.specsWaiting());
  while (ids.length > 0 && launches.length < max) {
    const again: PathId[] = [];
    for (const id of ids) {
      if (launches.length >= max) break;
      const launched = launchNext(turn, id, pool);
      if (launched === undefined) continue;
      launches.push(launched.operation);
      if (launched.part === pool) {
        again.push(id);
        continue;
      }
      // It took from a part of the offer that the others cannot see: the rest is its own.
      launches.push(...launchMore(turn, id, launched.part, max - launches.length));
      again.length = 0;
      break;
    }
    ids = again;
  }
  if (launches.length > 0) {
    turn.act({ kind: 'accept', offer, operations: merged(launches) });
    return;
  }
  const refuseSeconds = turn.settings.declineOfferMs / 1_000;
  turn.act({ kind: 'decline', offer, refuseSeconds });
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
  readonly operation: OfferOperation;
  readonly part: OfferResources;
}

/** Launches one instance, if one waits for nothing but an offer and this one fits. */
function launchNext(turn: Turn, id: PathId, pool: OfferResources): Launched | undefined {
  const instance = nextInstance(turn, id);
  if (instance === undefined) return undefined;
  const part = usablePart(instance.spec, pool, turn.settings);
  const operation = launch(turn, instance, part);
  return operation === undefined ? undefined : { operation, part };
}

function launchMore(turn: Turn, id: PathId, part: OfferResources, max: number): OfferOperation[] {
  const launches: OfferOperation[] = [];
  while (launches.length < max) {
    const instance = nextInstance(turn, id);
    const operation = instance === undefined ? undefined : launch(turn, instance, part);
    if (operation === undefined) break;
    launches.push(operation);
  }
  return launches;
}

function nextInstance(turn: Turn, id: PathId): Instance | undefined {
  if (turn.state.tokens.available(turn.now) === 0) return undefined;
  let delayed: RunSpec | undefined;
  for (const instance of turn.state.instances.waitingOf(id).values()) {
    // Instances of one definition share their delay.
    if (instance.spec === delayed) continue;
    if (!isDelayed(turn, instance)) return instance;
    delayed = instance.spec;
  }
  return undefined;
}

export function isDelayed(turn: Turn, instance: Instance): boolean {
  return turn.state.delays.until(delayKey(instance.spec), turn.now) > turn.now;
}

function launch(turn: Turn, instance: Instance, pool: OfferResources): OfferOperation | undefined {
  const { state, settings, now, random } = turn;
  const { spec } = instance;
  const match = matchOffer(spec, pool, {
    settings,
    random,
    now,
    masterRegion: state.masterRegion,
    placed: spec.constraints.length === 0 ? [] : placesOf(turn, spec.id),
  });
  if (!match.ok) {
    state.offers.rejected(spec.id, pool.offer, match.error, now);
    return undefined;
  }
  state.offers.used(spec.id, now);
  state.tokens.take(now);
  return provision(turn, instance, pool.offer, match.value);
}

/** Where instances of the present configuration are; old ones do not block their successors. */
function placesOf(turn: Turn, id: PathId): Place[] {
  const spec = turn.state.spec(id);
  return turn.state.instances.of(id).flatMap((instance) => {
    const ended = isTerminal(instance.condition) || instance.condition === 'Scheduled';
    if (ended || instance.agent === undefined) return [];
    if (spec !== undefined && isOutdated(instance, spec)) return [];
    return [instance.agent];
  });
}

function provision(turn: Turn, instance: Instance, offer: Offer, match: Match): OfferOperation {
  const incarnation = instance.incarnation + 1;
  const { host, region, zone, attributes } = placeOf(offer);
  const names = isPod(instance.spec)
    ? instance.spec.containers.map((container) => container.name)
    : [undefined];
  const tasks = names.map((container, index): InstanceTask => {
    const hostPorts = match.tasks[index]?.hostPorts ?? [];
    return {
      id: makeTaskId(instance.id, incarnation, container),
      container,
      condition: 'Provisioned',
      since: turn.now,
      hostPorts: hostPorts.filter((port) => port !== undefined),
      stagedAt: turn.now,
      ipAddresses: [],
    };
  });
  const provisioned: Instance = {
    ...instance,
    condition: 'Provisioned',
    since: turn.now,
    incarnation,
    agent: { host, agentId: offer.agent_id.value, region, zone, attributes },
    tasks,
  };
  turn.putInstance(provisioned);
  return launchOperation(turn, provisioned, offer, match);
}

function launchOperation(
  turn: Turn,
  instance: Instance,
  offer: Offer,
  match: Match,
): OfferOperation {
  const { settings } = turn;
  const { spec, tasks } = instance;
  const common = { offer, bridgeName: settings.model.bridgeName };
  if (isPod(spec)) {
    return launchGroup({
      ...common,
      pod: spec,
      instanceId: instance.id,
      taskIds: tasks.map(({ id }) => id),
      match,
      envVarsPrefix: settings.envVarsPrefix,
    });
  }
  const info = taskInfo({
    ...common,
    app: spec,
    taskId: tasks[0]?.id ?? '',
    resources: match.tasks[0]?.resources ?? [],
    executorResources: match.executorResources,
    hostPorts: match.tasks[0]?.hostPorts ?? [],
    enforcesGroupRole: topLevelGroupOf(turn.state.root, spec.id)?.enforceRole === true,
    envVarsPrefix: settings.envVarsPrefix,
    executor: settings.executor,
    random: turn.random,
  });
  return { type: 'LAUNCH', launch: { task_infos: [info] } };
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
      const until = state.delays.until(delayKey(instance.spec), now);
      if (until > now) turn.act({ kind: 'wake', at: until });
      else if (!noTokens) {
        const { role } = instance.spec;
        wanted.add(role);
        ready.add(id);
        // Offers were declined while this one could not use them.
        if (!state.readySpecs.has(id)) turn.newWork.add(role);
      }
      // Instances of one configuration share their back-off: one tells for all.
      if (instance.spec.version >= (state.spec(id)?.versionInfo.lastConfigChangeAt ?? '')) break;
    }
  }
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
