/** `/v2/apps/{id}/history` and `/v2/pods/{id}::history`: every run of every instance, newest first. */
import type { FastifyReply } from 'fastify';
import type { JsonObject } from '../../../core/wire/json-text.ts';
import type { MarathonState } from '../machine/state.ts';
import { plain, plainObject } from '../model/app-json.ts';
import { notFound } from '../model/app-updates.ts';
import type { EndedRun } from '../model/end-cause.ts';
import { type Instance, isTerminal, startedAtOf } from '../model/instance.ts';
import type { PathId } from '../model/path-id.ts';
import { isPod } from '../model/run-spec.ts';
import { formatTimestamp } from '../model/timestamp.ts';
import { type Api, sendJson } from './api.ts';
import { sendRefusal } from './problems.ts';

export function sendHistory(
  api: Api,
  reply: FastifyReply,
  id: PathId,
  noun: 'App' | 'Pod',
): unknown {
  const { state } = api.shell.machine;
  const spec = state.spec(id);
  if (spec === undefined || isPod(spec) !== (noun === 'Pod')) {
    return sendRefusal(reply, notFound(noun, id));
  }
  const running = state.instances
    .of(id)
    .filter(({ condition, tasks }) => {
      return tasks.length > 0 && condition !== 'Scheduled' && !isTerminal(condition);
    })
    .map(presentJson);
  return sendJson(reply, 200, {
    id,
    history: [...running, ...state.history.of(id).map(endedJson)],
  });
}

function presentJson(instance: Instance): JsonObject {
  const { id, incarnation, spec, agent, condition, tasks, endCause } = instance;
  return {
    instanceId: id,
    incarnation,
    version: spec.version,
    host: agent?.host,
    agentId: agent?.agentId,
    stagedAt: timeOf(tasks[0]?.stagedAt),
    startedAt: timeOf(startedAtOf(instance)),
    condition,
    ...(endCause === undefined ? {} : { cause: plainObject(endCause) }),
    tasks: plain(tasks.map(({ id: taskId, state, message }) => ({ id: taskId, state, message }))),
  };
}

function endedJson(run: EndedRun): JsonObject {
  const { instanceId, incarnation, version, host, agentId, condition, cause, tasks } = run;
  return {
    instanceId,
    incarnation,
    version,
    host,
    agentId,
    stagedAt: timeOf(run.stagedAt),
    startedAt: timeOf(run.startedAt),
    endedAt: timeOf(run.endedAt),
    condition,
    ...(cause === undefined ? {} : { cause: plainObject(cause) }),
    tasks: plain(tasks),
  };
}

/** The same in the words of a pod's status (spec marathon-app-model, section 9). */
export function terminationHistory(state: MarathonState, id: PathId): JsonObject[] {
  return state.history.of(id).map((run) => ({
    instanceID: run.instanceId,
    startedAt: timeOf(run.startedAt ?? run.stagedAt),
    terminatedAt: timeOf(run.endedAt),
    message: run.tasks.find(({ message }) => message !== undefined && message !== '')?.message,
    containers: run.tasks.map(({ id: containerId, state: lastKnownState, message }) => ({
      containerId,
      lastKnownState,
      ...(message === undefined || message === '' ? {} : { termination: { message } }),
    })),
  }));
}

function timeOf(instant: number | undefined): string | undefined {
  return instant === undefined ? undefined : formatTimestamp(instant);
}
