/**
 * Why an app or a pod does not run as wanted: what it waits for, and per agent why the last offer
 * did not fit. Looks only; changes nothing.
 */
import type { Instant } from '../../../core/base/clock.ts';
import { type Instance, isTerminal, roleOf } from '../model/instance.ts';
import type { PathId } from '../model/path-id.ts';
import { persistentVolumesOf } from '../model/persistent-volumes.ts';
import type { Amounts, QuotaShortage } from '../model/role-quota.ts';
import { isHealthChecked, type RunSpec } from '../model/run-spec.ts';
import { demandOf, totalDemand } from '../offers/demand.ts';
import { type Misfit, misfitOf } from '../offers/misfit.ts';
import { isReady } from './deployments.ts';
import { counts, delayUntil } from './instances.ts';
import { matchContextOf } from './provisioning.ts';
import type { Turn } from './turn.ts';

/** One thing that is waited for. */
export type Wait =
  | { readonly kind: 'subscription'; readonly text: string }
  | {
      readonly kind: 'deployment';
      readonly text: string;
      readonly deploymentId: string;
      /** Counted from 1. */
      readonly step: number;
      readonly stepCount: number;
      /** Apps and pods whose part of this step is not done. */
      readonly open: readonly PathId[];
    }
  | { readonly kind: 'back-off'; readonly text: string; readonly until: Instant }
  | { readonly kind: 'launch-tokens'; readonly text: string; readonly until: Instant | undefined }
  | { readonly kind: 'offers'; readonly text: string; readonly since: Instant | undefined }
  | {
      readonly kind: 'reservation';
      readonly text: string;
      readonly hostname: string;
      readonly since: Instant | undefined;
    }
  | ({ readonly kind: 'quota'; readonly text: string } & QuotaShortage)
  | { readonly kind: 'instances'; readonly text: string };

export interface AgentMisfit {
  readonly agentId: string;
  readonly hostname: string;
  /** When the offer was looked at. */
  readonly at: Instant;
  /** Undefined when the same offer would fit now. */
  readonly misfit: Misfit | undefined;
}

/** What one more instance takes of its role's quota. */
export interface QuotaDemand {
  readonly role: string;
  readonly amounts: Amounts;
}

export interface Explanation {
  readonly spec: RunSpec;
  readonly running: number;
  readonly ready: number;
  readonly waiting: number;
  readonly waits: readonly Wait[];
  readonly agents: readonly AgentMisfit[];
  /** Undefined when none waits, or only those whose reservation is counted already. */
  readonly demand: QuotaDemand | undefined;
}

export function explain(turn: Turn, id: PathId): Explanation | undefined {
  const { state } = turn;
  const spec = state.spec(id);
  if (spec === undefined) return undefined;
  const wanted = state.instances.of(id).filter(counts);
  const waiting = [...state.instances.waitingOf(id).values()];
  const [next] = waiting;
  return {
    spec,
    running: wanted.filter(({ condition }) => condition === 'Running').length,
    ready: wanted.filter((instance) => isReady(turn, instance)).length,
    waiting: waiting.length,
    waits: [
      ...(state.isSubscribed ? [] : [NOT_SUBSCRIBED]),
      ...deploymentWaits(turn, id),
      ...(next === undefined ? [] : launchWaits(turn, next, waiting)),
      ...instanceWaits(turn, spec, wanted),
    ],
    // One that is bound to its agent says little about the others.
    agents: next === undefined ? [] : agentMisfits(turn, waiting.find(isFree) ?? next),
    demand: quotaDemand(turn, waiting.find(isFree)),
  };
}

function quotaDemand({ settings }: Turn, next: Instance | undefined): QuotaDemand | undefined {
  if (next === undefined) return undefined;
  const amounts = { ...totalDemand(demandOf(next.spec, settings)) };
  const volumesMb = persistentVolumesOf(next.spec).reduce((sum, { info }) => sum + info.size, 0);
  return { role: roleOf(next), amounts: { ...amounts, disk: (amounts['disk'] ?? 0) + volumesMb } };
}

const NOT_SUBSCRIBED: Wait = {
  kind: 'subscription',
  text: 'Marathon is not subscribed to a master, so nothing can be launched',
};

function deploymentWaits(turn: Turn, id: PathId): Wait[] {
  return turn.state.deployments.of(id).map(({ plan, step, open }): Wait => {
    const others = [...open.keys()].filter((each) => each !== id);
    const stepCount = plan.steps.length;
    const isOthersTurn = !open.has(id) && others.length > 0;
    const what = isOthersTurn ? `waits for ${others.join(', ')}` : 'is under way';
    return {
      kind: 'deployment',
      text: `deployment ${plan.id} ${what} (step ${step + 1} of ${stepCount})`,
      deploymentId: plan.id,
      step: step + 1,
      stepCount,
      open: [...open.keys()],
    };
  });
}

function launchWaits(turn: Turn, next: Instance, waiting: readonly Instance[]): Wait[] {
  const { state, now } = turn;
  const until = delayUntil(turn, next);
  if (until > now) {
    return [{ kind: 'back-off', text: 'its last tasks failed, so the next launch waits', until }];
  }
  if (state.tokens.available(now) === 0) {
    const text = 'as many tasks as may be launched at a time are being launched';
    return [{ kind: 'launch-tokens', text, until: state.tokens.wakeAt() }];
  }
  const bound = waiting.filter((instance) => !isFree(instance));
  const free = waiting.find(isFree);
  return [...reservationWaits(turn, bound), ...(free === undefined ? [] : [offerWait(turn, free)])];
}

/** What is reserved for an instance is at one agent: no other can help. */
function reservationWaits(turn: Turn, bound: readonly Instance[]): Wait[] {
  const hosts = new Set(bound.map(({ agent }) => agent?.host ?? ''));
  return [...hosts].map((hostname): Wait => {
    const count = bound.filter(({ agent }) => (agent?.host ?? '') === hostname).length;
    const whom =
      count === 1
        ? '1 waits for what is reserved for it'
        : `${count} wait for what is reserved for them`;
    const text = `${whom} on ${hostname}: only an offer of that agent shows the volumes`;
    return { kind: 'reservation', text, hostname, since: turn.state.offers.lastOfferAt };
  });
}

function offerWait({ state }: Turn, next: Instance): Wait {
  const since = state.offers.lastOfferAt;
  const seen = state.offers.of(next.spec.id);
  if (since === undefined || since < next.since) {
    const text =
      'no offer has come since: the agents are full, their offers are held by others, or the quota of the role is used up';
    return { kind: 'offers', text, since };
  }
  const text =
    seen?.lastUnusedAt === undefined
      ? 'it waits for an offer'
      : 'no offer of those that came has what it needs';
  return { kind: 'offers', text, since };
}

function instanceWaits(turn: Turn, spec: RunSpec, wanted: readonly Instance[]): Wait[] {
  const waits: Wait[] = [];
  const add = (matches: (instance: Instance) => boolean, text: string): void => {
    const count = wanted.filter(matches).length;
    if (count > 0) waits.push({ kind: 'instances', text: `${count} ${text}` });
  };
  const isIn =
    (...conditions: readonly string[]) =>
    ({ condition }: Instance): boolean =>
      conditions.includes(condition);
  add(isIn('Provisioned', 'Staging', 'Starting'), 'are being started on their agents');
  add(isIn('Unreachable'), 'are on agents that the master has lost from sight');
  add(isIn('Killing'), 'are being killed');
  add(
    (instance) => instance.condition === 'Running' && !isReady(turn, instance),
    isHealthChecked(spec)
      ? 'run, but are not healthy or not ready yet'
      : 'run, but are not ready yet',
  );
  const leaving = turn.state.instances
    .of(spec.id)
    .filter(({ goal, condition }) => goal !== 'Running' && !isTerminal(condition)).length;
  if (leaving > 0) waits.push({ kind: 'instances', text: `${leaving} are being ended` });
  return waits;
}

function agentMisfits(turn: Turn, next: Instance): AgentMisfit[] {
  const context = matchContextOf(turn, next);
  const seen = turn.state.offers.of(next.spec.id)?.lastUnused ?? new Map();
  return [...seen.values()].map(({ offer, timestamp }) => ({
    agentId: offer.agent_id.value,
    hostname: offer.hostname,
    at: timestamp,
    misfit: boundMisfit(next, offer.agent_id.value) ?? misfitOf(next.spec, offer, context),
  }));
}

function isFree({ reservation }: Instance): boolean {
  return reservation === undefined;
}

function boundMisfit({ reservation, agent }: Instance, agentId: string): Misfit | undefined {
  if (reservation === undefined || agent === undefined || agent.agentId === agentId) {
    return undefined;
  }
  return {
    reason: 'NoCorrespondingReservationFound',
    text: `its volumes are on ${agent.host}`,
    wanted: agent.agentId,
    offered: agentId,
    smallestChange: `a kill with wipe=true, which gives up the data on ${agent.host}`,
  };
}
