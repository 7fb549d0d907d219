/** `/v2/apps/{id}/explain` and `/v2/pods/{id}::explain`: why something does not run as wanted. */
import type { FastifyReply } from 'fastify';
import type { JsonObject } from '../../../core/wire/json-text.ts';
import type { AgentMisfit, Explanation, QuotaDemand, Wait } from '../machine/explain.ts';
import { plainObject } from '../model/app-json.ts';
import { notFound } from '../model/app-updates.ts';
import type { PathId } from '../model/path-id.ts';
import { quotasFor, type RoleQuota, shortagesOf } from '../model/role-quota.ts';
import { isPod } from '../model/run-spec.ts';
import { formatTimestamp } from '../model/timestamp.ts';
import { type Api, sendJson } from './api.ts';
import { sendRefusal } from './problems.ts';

export async function sendExplanation(
  api: Api,
  reply: FastifyReply,
  id: PathId,
  noun: 'App' | 'Pod',
): Promise<unknown> {
  const { machine } = api.shell;
  const found = machine.explain(id, api.shell.now());
  if (found === undefined || isPod(found.spec) !== (noun === 'Pod')) {
    return sendRefusal(reply, notFound(noun, id));
  }
  const { demand } = found;
  if (demand === undefined) return sendJson(reply, 200, explanationJson(found));
  const answer = await api.quotas.ask();
  const quotas = answer.ok ? quotasFor(demand.role, answer.value) : [];
  const waits = [...found.waits, ...quotaWaits(demand, quotas)];
  return sendJson(reply, 200, {
    ...explanationJson({ ...found, waits }),
    quota: quotaJson(demand, quotas, answer.ok ? undefined : answer.error),
  });
}

function quotaWaits({ amounts }: QuotaDemand, quotas: readonly RoleQuota[]): Wait[] {
  return shortagesOf(amounts, quotas).map((shortage) => {
    const { role, resource, limit, consumed, wanted } = shortage;
    const text = `the quota of role '${role}' is used up: ${consumed} of ${limit} ${resource} are taken, one more instance wants ${wanted}`;
    return { kind: 'quota', text, ...shortage };
  });
}

/** `roles` are those with a quota, `unknown` says why the master told none. */
function quotaJson(
  { role, amounts }: QuotaDemand,
  quotas: readonly RoleQuota[],
  unknown: string | undefined,
): JsonObject {
  const wanted = plainObject(amounts);
  return unknown === undefined
    ? { role, wanted, roles: quotas.map(plainObject) }
    : { role, wanted, unknown };
}

function explanationJson(found: Explanation): JsonObject {
  const { spec, running, ready, waiting, waits, agents } = found;
  return {
    id: spec.id,
    instances: spec.instances,
    running,
    ready,
    waiting,
    summary: summaryOf(found),
    waitsFor: waits.map(waitJson),
    agents: agents.map(agentJson),
  };
}

function summaryOf({ spec, ready, waits, agents }: Explanation): string {
  const count = `${ready} of ${spec.instances} instances run as wanted`;
  const why = waits.map(({ text }) => text).join('; ');
  const [first] = agents.flatMap(({ hostname, misfit }) =>
    misfit === undefined ? [] : [`on ${hostname}: ${misfit.text}`],
  );
  return [count, why, first].filter((part) => part !== undefined && part !== '').join('; ');
}

function waitJson(wait: Wait): JsonObject {
  switch (wait.kind) {
    case 'subscription':
    case 'instances':
    case 'quota':
      return { ...wait };
    case 'deployment': {
      const { step, ...rest } = wait;
      return { ...rest, currentStep: step };
    }
    case 'back-off':
    case 'launch-tokens':
      return { ...wait, until: at(wait.until) };
    case 'offers':
    case 'reservation':
      return { ...wait, since: at(wait.since) };
  }
}

function agentJson({ agentId, hostname, at: seenAt, misfit }: AgentMisfit): JsonObject {
  return {
    agentId,
    hostname,
    at: formatTimestamp(seenAt),
    fits: misfit === undefined,
    ...(misfit === undefined ? {} : plainObject(misfit)),
  };
}

function at(instant: number | undefined): string | undefined {
  return instant === undefined ? undefined : formatTimestamp(instant);
}
