/**
 * Offers become tasks (spec marathon-behaviour, section 4.3). Instances are stored as Provisioned,
 * with the id of their task, in the same turn that asks for the ACCEPT: a task is never started
 * without being known.
 */
import { randomInteger } from '../../../core/base/random.ts';
import type { Offer, TaskInfo } from '../../../core/wire/types/mesos.v1.ts';
import { OfferResources } from '../../kit/offer-resources.ts';
import type { App } from '../model/app.ts';
import { type Instance, isOutdated, isTerminal, makeTaskId } from '../model/instance.ts';
import type { PathId } from '../model/path-id.ts';
import { topLevelGroupOf } from '../model/root.ts';
import type { Place } from '../offers/constraint-values.ts';
import { type Match, matchOffer, placeOf, usablePart } from '../offers/match.ts';
import { taskInfo } from '../offers/task-info.ts';
import { delayKey } from './instances.ts';
import type { Turn } from './turn.ts';

export function handleOffers(turn: Turn, offers: readonly Offer[]): void {
  for (const offer of offers) handleOffer(turn, offer);
}

/**
 * Rounds over the apps that wait, one launch per app and round, begun at a random app: a big app
 * does not keep small ones waiting.
 */
function handleOffer(turn: Turn, offer: Offer): void {
  const pool = new OfferResources(offer);
  const max = turn.settings.instancesPerOfferMax;
  const tasks: TaskInfo[] = [];
  let apps = rotated(turn, turn.state.instances.appsWaiting());
  while (apps.length > 0 && tasks.length < max) {
    const again: PathId[] = [];
    for (const app of apps) {
      if (tasks.length >= max) break;
      const launched = launchNext(turn, app, pool);
      if (launched === undefined) continue;
      tasks.push(launched.task);
      if (launched.part === pool) {
        again.push(app);
        continue;
      }
      // It took from a part of the offer that the others cannot see: the rest is its own.
      tasks.push(...launchMore(turn, app, launched.part, max - tasks.length));
      again.length = 0;
      break;
    }
    apps = again;
  }
  if (tasks.length > 0) {
    turn.act({ kind: 'launch', offer, tasks });
    return;
  }
  const refuseSeconds = turn.settings.declineOfferMs / 1_000;
  turn.act({ kind: 'decline', offer, refuseSeconds });
}

function rotated(turn: Turn, apps: readonly PathId[]): readonly PathId[] {
  const start = randomInteger(turn.random, apps.length);
  return [...apps.slice(start), ...apps.slice(0, start)];
}

interface Launched {
  readonly task: TaskInfo;
  readonly part: OfferResources;
}

/** Launches one instance of the app, if one waits for nothing but an offer and this one fits. */
function launchNext(turn: Turn, app: PathId, pool: OfferResources): Launched | undefined {
  const instance = nextInstance(turn, app);
  if (instance === undefined) return undefined;
  const part = usablePart(instance.app, pool, turn.settings);
  const task = launch(turn, instance, part);
  return task === undefined ? undefined : { task, part };
}

function launchMore(turn: Turn, app: PathId, part: OfferResources, max: number): TaskInfo[] {
  const tasks: TaskInfo[] = [];
  while (tasks.length < max) {
    const instance = nextInstance(turn, app);
    const task = instance === undefined ? undefined : launch(turn, instance, part);
    if (task === undefined) break;
    tasks.push(task);
  }
  return tasks;
}

function nextInstance(turn: Turn, app: PathId): Instance | undefined {
  if (turn.state.tokens.available(turn.now) === 0) return undefined;
  let delayed: App | undefined;
  for (const instance of turn.state.instances.waitingOf(app).values()) {
    // Instances of one definition share their delay.
    if (instance.app === delayed) continue;
    if (!isDelayed(turn, instance)) return instance;
    delayed = instance.app;
  }
  return undefined;
}

export function isDelayed(turn: Turn, instance: Instance): boolean {
  return turn.state.delays.until(delayKey(instance.app), turn.now) > turn.now;
}

function launch(turn: Turn, instance: Instance, pool: OfferResources): TaskInfo | undefined {
  const { state, settings, now, random } = turn;
  const app = instance.app;
  const match = matchOffer(app, pool, {
    settings,
    random,
    now,
    masterRegion: state.masterRegion,
    placed: app.constraints.length === 0 ? [] : placesOf(turn, app.id),
  });
  if (!match.ok) {
    state.offers.rejected(app.id, pool.offer, match.error, now);
    return undefined;
  }
  state.offers.used(app.id, now);
  state.tokens.take(now);
  return provision(turn, instance, pool.offer, match.value);
}

/** Where instances of the present configuration are; old ones do not block their successors. */
function placesOf(turn: Turn, id: PathId): Place[] {
  const app = turn.state.app(id);
  return turn.state.instances.of(id).flatMap((instance) => {
    const ended = isTerminal(instance.condition) || instance.condition === 'Scheduled';
    if (ended || instance.agent === undefined) return [];
    if (app !== undefined && isOutdated(instance, app)) return [];
    return [instance.agent];
  });
}

function provision(turn: Turn, instance: Instance, offer: Offer, match: Match): TaskInfo {
  const incarnation = instance.incarnation + 1;
  const taskId = makeTaskId(instance.id, incarnation);
  const { host, region, zone, attributes } = placeOf(offer);
  const provisioned: Instance = {
    ...instance,
    condition: 'Provisioned',
    since: turn.now,
    incarnation,
    agent: { host, agentId: offer.agent_id.value, region, zone, attributes },
    task: {
      id: taskId,
      hostPorts: match.hostPorts.filter((port) => port !== undefined),
      stagedAt: turn.now,
      ipAddresses: [],
    },
  };
  turn.putInstance(provisioned);
  return taskInfo({
    instance: provisioned,
    taskId,
    offer,
    resources: match.resources,
    executorResources: match.executorResources,
    hostPorts: match.hostPorts,
    enforcesGroupRole: topLevelGroupOf(turn.state.root, instance.app.id)?.enforceRole === true,
    bridgeName: turn.settings.model.bridgeName,
    envVarsPrefix: turn.settings.envVarsPrefix,
    executor: turn.settings.executor,
    random: turn.random,
  });
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
  for (const app of state.instances.appsWaiting()) {
    for (const instance of state.instances.waitingOf(app).values()) {
      const until = state.delays.until(delayKey(instance.app), now);
      if (until > now) turn.act({ kind: 'wake', at: until });
      else if (!noTokens) {
        const { role } = instance.app;
        wanted.add(role);
        ready.add(app);
        // Offers were declined while this app could not use them.
        if (!state.readyApps.has(app)) turn.newWork.add(role);
      }
      // Instances of one configuration share their back-off: one tells for all.
      if (instance.app.version >= (state.app(app)?.versionInfo.lastConfigChangeAt ?? '')) break;
    }
  }
  state.readyApps = ready;
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
