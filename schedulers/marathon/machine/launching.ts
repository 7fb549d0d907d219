/**
 * Offers become tasks (spec marathon-behaviour, section 4.3). Instances are stored as Provisioned,
 * with the id of their task, in the same turn that asks for the ACCEPT: a task is never started
 * without being known.
 */
import type { Offer, TaskInfo } from '../../../core/wire/types/mesos.v1.ts';
import { OfferResources } from '../../kit/offer-resources.ts';
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

function handleOffer(turn: Turn, offer: Offer): void {
  const pool = new OfferResources(offer);
  const launches: TaskInfo[] = [];
  let isExclusive = false;
  for (const app of turn.state.instances.appsWaiting()) {
    if (isExclusive || launches.length >= turn.settings.instancesPerOfferMax) break;
    const made = launchesFor(turn, app, pool, turn.settings.instancesPerOfferMax - launches.length);
    launches.push(...made.tasks);
    isExclusive = made.isExclusive && made.tasks.length > 0;
  }
  if (launches.length > 0) {
    turn.act({ kind: 'launch', offer, tasks: launches });
    return;
  }
  const refuseSeconds = turn.settings.declineOfferMs / 1_000;
  turn.act({ kind: 'decline', offer, refuseSeconds });
}

interface Launches {
  readonly tasks: readonly TaskInfo[];
  /** They took from a part of the offer that the others cannot see. */
  readonly isExclusive: boolean;
}

function launchesFor(turn: Turn, app: PathId, pool: OfferResources, max: number): Launches {
  const tasks: TaskInfo[] = [];
  let isExclusive = false;
  let part: OfferResources | undefined;
  for (const instance of turn.state.instances.waitingOf(app).values()) {
    if (tasks.length >= max) break;
    if (isDelayed(turn, instance)) continue;
    if (turn.state.tokens.available(turn.now) === 0) break;
    if (part === undefined) {
      part = usablePart(instance.app, pool, turn.settings);
      isExclusive = part !== pool;
    }
    const task = launch(turn, instance, part);
    if (task === undefined) break;
    tasks.push(task);
  }
  return { tasks, isExclusive };
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
  const noTokens = state.tokens.available(now) === 0;
  for (const app of state.instances.appsWaiting()) {
    for (const instance of state.instances.waitingOf(app).values()) {
      const until = state.delays.until(delayKey(instance.app), now);
      if (until > now) turn.act({ kind: 'wake', at: until });
      else if (!noTokens) wanted.add(instance.app.role);
      // Instances of one configuration share their back-off: one tells for all.
      if (instance.app.version >= (state.app(app)?.versionInfo.lastConfigChangeAt ?? '')) break;
    }
  }
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
