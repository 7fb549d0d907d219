/** Routes of `/v2/deployments` and `/v2/queue` (spec marathon-rest, sections 5 and 6). */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { double, type JsonObject } from '../../../core/wire/json-text.ts';
import type { Offer } from '../../../core/wire/types/mesos.v1.ts';
import { actionJson, stepJson } from '../machine/events.ts';
import { REJECT_REASONS, type RejectReason } from '../machine/offer-statistics.ts';
import type { RunningDeployment } from '../machine/state.ts';
import { appJson, plain, plainObject } from '../model/app-json.ts';
import { affectedSpecs } from '../model/deployment-plan.ts';
import type { Instance } from '../model/instance.ts';
import { resolvePathId } from '../model/path-id.ts';
import { podJson } from '../model/pod-json.ts';
import { isApp, isPod, type RunSpec } from '../model/run-spec.ts';
import { formatTimestamp } from '../model/timestamp.ts';
import {
  type Api,
  declare,
  paramOf,
  queryAll,
  queryFlag,
  sendDeployment,
  sendJson,
  wildcardOf,
} from './api.ts';
import { sendProblem, sendRefusal } from './problems.ts';

export function declareDeployments(app: FastifyInstance, api: Api): void {
  declare(app, '/v2/deployments', {
    GET: (request, reply) => {
      const mayView = api.access.visible(request);
      const running = [...api.shell.machine.state.deployments.values()].filter(({ plan }) =>
        affectedSpecs(plan).every(mayView),
      );
      return sendJson(
        reply,
        200,
        running.map((each) => deploymentJson(api, each)),
      );
    },
  });
  declare(app, '/v2/deployments/:id', {
    DELETE: async (request, reply) => {
      const id = paramOf(request, 'id');
      const force = queryFlag(request, 'force', false);
      const { shell } = api;
      const known = shell.machine.state.deployments.get(id)?.plan;
      for (const spec of known === undefined ? [] : affectedSpecs(known)) {
        const refused = api.access.refusalOf(request, 'UpdateRunSpec', spec);
        if (refused !== undefined) return sendRefusal(reply, refused);
      }
      const result = await shell.commit(shell.machine.cancelDeployment(id, { force }, shell.now()));
      if (result === 'unknown') {
        return sendProblem(reply, { status: 404, message: `DeploymentPlan ${id} does not exist` });
      }
      return result === 'cancelled' ? reply.code(202).send() : sendDeployment(reply, result);
    },
  });
}

function deploymentJson(api: Api, { plan, step }: RunningDeployment): JsonObject {
  const { state } = api.shell.machine;
  const current = plan.steps[step];
  const affected = affectedSpecs(plan);
  return {
    id: plan.id,
    version: plan.version,
    affectedApps: affected.filter(isApp).map(({ id }) => id),
    affectedPods: affected.filter(isPod).map(({ id }) => id),
    steps: plan.steps.map((each) => plainObject(stepJson(each))),
    currentActions: (current?.actions ?? []).map((action) => ({
      ...actionJson(action),
      readinessCheckResults: state.instances.of(action.spec.id).flatMap((instance) => {
        const result = state.health.readiness(instance);
        return result === undefined ? [] : [plainObject(result)];
      }),
    })),
    currentStep: step + 1,
    totalSteps: plan.steps.length,
  };
}

export function declareQueue(app: FastifyInstance, api: Api): void {
  declare(app, '/v2/queue', {
    GET: (request, reply) => {
      const withOffers = queryAll(request, 'embed').includes('lastUnusedOffers');
      return sendJson(reply, 200, {
        queue: queueJson(api, withOffers, api.access.visible(request)),
      });
    },
  });
  declare(app, '/v2/queue/*', {
    DELETE: (request, reply) => resetDelay(api, request, reply),
  });
}

async function resetDelay(
  api: Api,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<unknown> {
  const match = /^(.*)\/delay\/?$/.exec(wildcardOf(request));
  if (match === null) return sendProblem(reply, { status: 404, message: 'URI not found' });
  const id = resolvePathId(match[1] ?? '');
  const { shell } = api;
  const spec = shell.machine.state.spec(id);
  const refused =
    spec === undefined ? undefined : api.access.refusalOf(request, 'UpdateRunSpec', spec);
  if (refused !== undefined) return sendRefusal(reply, refused);
  const isKnown = await shell.commit(shell.machine.resetDelay(id, shell.now()));
  if (isKnown) return reply.code(204).send();
  const message = `Application ${id} not found in tasks queue.`;
  return sendProblem(reply, { status: 404, message });
}

function queueJson(
  api: Api,
  withOffers: boolean,
  mayView: (spec: RunSpec) => boolean,
): JsonObject[] {
  const { state } = api.shell.machine;
  return state.instances.specsWaiting().flatMap((id) => {
    const waiting = [...state.instances.waitingOf(id).values()];
    const newest = waiting.at(-1);
    return newest === undefined || !mayView(newest.spec)
      ? []
      : [queueEntry(api, newest, waiting, withOffers)];
  });
}

/** Of the unused offers, so many of the last are shown. */
const SHOWN_OFFERS_MAX = 10;

/** Back-offs that have ended this long ago are overdue. */
const OVERDUE_MS = 1_000;

function queueEntry(
  api: Api,
  { spec }: Instance,
  waiting: readonly Instance[],
  withOffers: boolean,
): JsonObject {
  const { machine } = api.shell;
  const now = api.shell.now();
  const until = machine.delayUntil(spec, now);
  const since = Math.min(...waiting.map((instance) => instance.since));
  const statistics = machine.state.offers.of(spec.id);
  const lastUnused = [...(statistics?.lastUnused.values() ?? [])].slice(-SHOWN_OFFERS_MAX);
  const at = (instant: number | undefined): string | undefined =>
    instant === undefined ? undefined : formatTimestamp(instant);
  return {
    count: waiting.length,
    role: spec.role,
    delay: {
      timeLeftSeconds: Math.max(0, Math.floor((until - now) / 1_000)),
      overdue: until === now || now - until >= OVERDUE_MS,
    },
    since: formatTimestamp(since),
    processedOffersSummary: {
      processedOffersCount: statistics?.processed ?? 0,
      unusedOffersCount: statistics?.unused ?? 0,
      lastUnusedOfferAt: at(statistics?.lastUnusedAt),
      lastUsedOfferAt: at(statistics?.lastUsedAt),
      rejectSummaryLastOffers: funnel(lastUnused.map(({ reason }) => earliest(reason))),
      rejectSummaryLaunchAttempt: funnelOfCounts(
        statistics?.processed ?? 0,
        statistics?.rejected ?? new Map(),
      ),
    },
    ...(withOffers
      ? {
          lastUnusedOffers: lastUnused.map(({ offer, reason, timestamp }) => ({
            offer: offerJson(offer),
            reason,
            timestamp: formatTimestamp(timestamp),
          })),
        }
      : {}),
    ...(isPod(spec) ? { pod: podJson(spec) } : { app: appJson(spec, { versionInfo: true }) }),
  };
}

function earliest(reasons: readonly RejectReason[]): RejectReason | undefined {
  return REJECT_REASONS.find((reason) => reasons.includes(reason));
}

function funnel(reasons: readonly (RejectReason | undefined)[]): JsonObject[] {
  const counts = new Map<RejectReason, number>();
  for (const reason of reasons) {
    if (reason !== undefined) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  }
  return funnelOfCounts(reasons.length, counts);
}

/** Each step has processed what the step before did not decline. */
function funnelOfCounts(
  processed: number,
  counts: ReadonlyMap<RejectReason, number>,
): JsonObject[] {
  let rest = processed;
  return REJECT_REASONS.map((reason) => {
    const declined = counts.get(reason) ?? 0;
    const step = { reason, declined, processed: rest };
    rest -= declined;
    return step;
  });
}

function offerJson(offer: Offer): JsonObject {
  return {
    id: offer.id.value,
    hostname: offer.hostname,
    agentId: offer.agent_id.value,
    resources: (offer.resources ?? []).map((resource) => ({
      name: resource.name,
      role: resource.reservations?.at(-1)?.role ?? resource.role ?? '*',
      scalar: resource.scalar === undefined ? undefined : double(resource.scalar.value),
      ranges: plain(resource.ranges?.range),
      set: plain(resource.set?.item),
    })),
    attributes: (offer.attributes ?? []).map((attribute) => ({
      name: attribute.name,
      text: attribute.text?.value,
      scalar: attribute.scalar === undefined ? undefined : double(attribute.scalar.value),
      ranges: plain(attribute.ranges?.range),
      set: plain(attribute.set?.item),
    })),
  };
}
