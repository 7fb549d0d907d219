/** `/v2/apps/{id}/explain` and `/v2/pods/{id}::explain`: why something does not run as wanted. */
import type { FastifyReply } from 'fastify';
import type { JsonObject } from '../../../core/wire/json-text.ts';
import type { AgentMisfit, Explanation, Wait } from '../machine/explain.ts';
import { plainObject } from '../model/app-json.ts';
import { notFound } from '../model/app-updates.ts';
import type { PathId } from '../model/path-id.ts';
import { isPod } from '../model/run-spec.ts';
import { formatTimestamp } from '../model/timestamp.ts';
import { type Api, sendJson } from './api.ts';
import { sendRefusal } from './problems.ts';

export function sendExplanation(
  api: Api,
  reply: FastifyReply,
  id: PathId,
  noun: 'App' | 'Pod',
): unknown {
  const { machine } = api.shell;
  const found = machine.explain(id, api.shell.now());
  if (found === undefined || isPod(found.spec) !== (noun === 'Pod')) {
    return sendRefusal(reply, notFound(noun, id));
  }
  return sendJson(reply, 200, explanationJson(found));
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
