/**
 * Routes of `/v2/pods` (spec marathon-rest, section 7). Ids contain slashes, so what is asked about a
 * pod stands behind `::`.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { err, ok, type Result } from '../../../core/base/result.ts';
import { marathonEvent } from '../machine/events.ts';
import type { RootChangeResult } from '../machine/root-updates.ts';
import { notFound } from '../model/app-updates.ts';
import { type Instance, type InstanceId, instanceIdOf } from '../model/instance.ts';
import { type PathId, parentOf, ROOT, resolvePathId } from '../model/path-id.ts';
import type { Pod } from '../model/pod.ts';
import { podJson } from '../model/pod-json.ts';
import { readRawPod } from '../model/pod-schema.ts';
import { buildPod } from '../model/pod-updates.ts';
import { podIn, podsOf, withoutSpec, withSpec } from '../model/root.ts';
import { isPod } from '../model/run-spec.ts';
import { parseVersion } from '../model/timestamp.ts';
import {
  type Api,
  baseUrlOf,
  commitChange,
  declare,
  queryFlag,
  readBody,
  requesterOf,
  sendDeployment,
  sendJson,
  wildcardOf,
  writtenSoFar,
} from './api.ts';
import { sendExplanation } from './explain.ts';
import { sendHistory } from './history.ts';
import { killedInstanceJson, knownPod, podStatusJson, stoppedPods } from './pod-status.ts';
import { modelProblem, sendProblem, sendRefusal } from './problems.ts';

export function declarePods(app: FastifyInstance, api: Api): void {
  const { machine } = api.shell;
  declare(app, '/v2/pods', {
    GET: (request, reply) => {
      const pods = podsOf(machine.state.root).filter(api.access.visible(request));
      return sendJson(reply, 200, pods.map(podJson));
    },
    POST: (request, reply) => createPod(api, request, reply),
  });
  declare(app, '/v2/pods/*', {
    GET: (request, reply) => getTarget(api, request, reply, targetOf(request)),
    PUT: (request, reply) => updatePod(api, request, reply, targetOf(request)),
    DELETE: (request, reply) => deleteTarget(api, request, reply, targetOf(request)),
  });
}

interface Target {
  readonly id: PathId;
  /** Behind the colons: `status`, `versions`, `instances`; undefined for the pod itself. */
  readonly aspect: string | undefined;
  readonly argument: string | undefined;
}

function targetOf(request: FastifyRequest): Target {
  const [id = '', rest] = wildcardOf(request).split('::', 2);
  const [aspect, argument] = rest?.split('/', 2) ?? [];
  return { id: resolvePathId(id), aspect, argument };
}

/** The text is a document of its own, as the original sends it. */
function podNotFound(id: PathId): { readonly status: number; readonly message: string } {
  return { status: 404, message: `{"message": "pod with ${id} does not exist"}` };
}

function getTarget(
  api: Api,
  request: FastifyRequest,
  reply: FastifyReply,
  target: Target,
): unknown {
  const { state } = api.shell.machine;
  const { id, aspect, argument } = target;
  const known = knownPod(state, id);
  const refused =
    known === undefined ? undefined : api.access.refusalOf(request, 'ViewRunSpec', known);
  if (refused !== undefined) return sendRefusal(reply, refused);
  switch (aspect) {
    case undefined: {
      const pod = podIn(state.root, id);
      if (pod === undefined) return sendProblem(reply, podNotFound(id));
      return sendJson(reply, 200, podJson(pod));
    }
    case 'status':
      return sendStatus(api, request, reply, id);
    case 'explain':
      return sendExplanation(api, reply, id, 'Pod');
    case 'history':
      return sendHistory(api, reply, id, 'Pod');
    case 'versions':
      return argument === undefined
        ? sendVersions(api, reply, id)
        : sendVersion(api, reply, id, argument);
    default:
      return sendProblem(reply, { status: 404, message: 'URI not found' });
  }
}

function sendStatus(api: Api, request: FastifyRequest, reply: FastifyReply, id: PathId): unknown {
  const { state } = api.shell.machine;
  const now = api.shell.now();
  if (id === ROOT) {
    const pods = [...podsOf(state.root), ...stoppedPods(state)].filter(api.access.visible(request));
    const statuses = pods.map((pod) => podStatusJson(state, pod, now));
    return sendJson(reply, 200, statuses);
  }
  const pod = knownPod(state, id);
  if (pod === undefined) return sendRefusal(reply, notFound('Pod', id));
  return sendJson(reply, 200, podStatusJson(state, pod, now));
}

function sendVersions(api: Api, reply: FastifyReply, id: PathId): unknown {
  const { state } = api.shell.machine;
  if (podIn(state.root, id) === undefined) return sendRefusal(reply, notFound('Pod', id));
  const versions = [...(state.versions.get(id)?.values() ?? [])]
    .filter(isPod)
    .map(({ version }) => version);
  return sendJson(reply, 200, versions.sort().reverse());
}

function sendVersion(api: Api, reply: FastifyReply, id: PathId, text: string): unknown {
  const { versions, root } = api.shell.machine.state;
  if (podIn(root, id) === undefined) return sendRefusal(reply, notFound('Pod', id));
  const version = parseVersion(text);
  if (version === undefined) {
    const message = `Invalid timestamp provided '${text}'. Expecting ISO-8601 datetime string.`;
    return sendProblem(reply, { status: 422, message });
  }
  const pod = versions.get(id)?.get(version);
  if (pod === undefined || !isPod(pod)) {
    return sendRefusal(reply, notFound('Pod', id, version));
  }
  return sendJson(reply, 200, podJson(pod));
}

async function createPod(api: Api, request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
  const body = readBody(request);
  if (!body.ok) return sendProblem(reply, body.error);
  const raw = readRawPod(body.value);
  if (!raw.ok) return sendProblem(reply, modelProblem(raw.error));
  const id = resolvePathId(raw.value.id);
  const result = await commitChange(api, request, {
    groupId: id === ROOT ? ROOT : parentOf(id),
    force: queryFlag(request, 'force', false),
    target: (root, version) => {
      const pod = buildPod(raw.value, id, root, { settings: api.model, version });
      if (!pod.ok) return pod;
      if (podIn(root, id) !== undefined) {
        return err({ kind: 'conflict', message: `A pod with id [${id}] already exists.` });
      }
      return ok(withSpec(root, pod.value, api.shell.machine.enforcesNewTopGroups));
    },
  });
  if (result.ok) {
    publish(api, request, 'pod_created_event');
    reply.header('location', `${baseUrlOf(request)}${id}`);
  }
  return sendPod(api, reply, id, result, 201);
}

async function updatePod(
  api: Api,
  request: FastifyRequest,
  reply: FastifyReply,
  { id, aspect }: Target,
): Promise<unknown> {
  if (aspect !== undefined) return methodNotAllowed(reply);
  const body = readBody(request);
  if (!body.ok) return sendProblem(reply, body.error);
  const raw = readRawPod(body.value);
  if (!raw.ok) return sendProblem(reply, modelProblem(raw.error));
  const given = resolvePathId(raw.value.id);
  if (given !== id) {
    const message = `'${id}' does not match definition's id ('${given}')`;
    return sendProblem(reply, { status: 400, message });
  }
  if (podIn(api.shell.machine.state.root, id) === undefined) {
    return sendProblem(reply, podNotFound(id));
  }
  const result = await commitChange(api, request, {
    groupId: parentOf(id),
    force: queryFlag(request, 'force', false),
    target: (root, version) => {
      const pod = buildPod(raw.value, id, root, { settings: api.model, version });
      return pod.ok ? ok(withSpec(root, pod.value)) : pod;
    },
  });
  if (result.ok) publish(api, request, 'pod_updated_event');
  return sendPod(api, reply, id, result, 200);
}

/** The pod as the change has made it, with its version. */
function sendPod(
  api: Api,
  reply: FastifyReply,
  id: PathId,
  result: RootChangeResult,
  status: number,
): unknown {
  if (!result.ok) return sendRefusal(reply, result.error);
  const changed = result.value.specs.find((change) => change.id === id)?.to;
  const pod: Pod | undefined =
    changed !== undefined && isPod(changed) ? changed : podIn(api.shell.machine.state.root, id);
  reply.header('marathon-deployment-id', result.value.id);
  return pod === undefined ? sendDeployment(reply, result) : sendJson(reply, status, podJson(pod));
}

function deleteTarget(
  api: Api,
  request: FastifyRequest,
  reply: FastifyReply,
  target: Target,
): unknown {
  switch (target.aspect) {
    case undefined:
      return deletePod(api, request, reply, target.id);
    case 'instances':
      return killInstances(api, request, reply, target);
    default:
      return methodNotAllowed(reply);
  }
}

function methodNotAllowed(reply: FastifyReply): FastifyReply {
  return sendProblem(reply, { status: 405, message: 'Method Not Allowed' });
}

async function deletePod(
  api: Api,
  request: FastifyRequest,
  reply: FastifyReply,
  id: PathId,
): Promise<unknown> {
  if (podIn(api.shell.machine.state.root, id) === undefined) {
    await writtenSoFar(api);
    return sendProblem(reply, podNotFound(id));
  }
  const result = await commitChange(api, request, {
    groupId: parentOf(id),
    force: queryFlag(request, 'force', false),
    target: (root) => ok(withoutSpec(root, id)),
  });
  if (!result.ok) return sendRefusal(reply, result.error);
  publish(api, request, 'pod_deleted_event');
  const deploymentId = result.value.id;
  reply.header('location', `${baseUrlOf(request)}/${deploymentId}`);
  reply.header('marathon-deployment-id', deploymentId);
  return reply.code(202).send();
}

async function killInstances(
  api: Api,
  request: FastifyRequest,
  reply: FastifyReply,
  { id, argument }: Target,
): Promise<unknown> {
  const { machine } = api.shell;
  if (podIn(machine.state.root, id) === undefined) {
    return sendRefusal(reply, notFound('Pod', id));
  }
  const ids = argument === undefined ? readIds(request) : parsedIds([argument]);
  if (!ids.ok) return sendProblem(reply, ids.error);
  const mine = ids.value.flatMap((each): Instance[] => {
    const instance = machine.state.instances.get(each);
    return instance?.spec.id === id ? [instance] : [];
  });
  if (argument !== undefined && mine.length === 0) {
    return sendRefusal(reply, notFound('Task', argument));
  }
  const wipe = queryFlag(request, 'wipe', false);
  for (const { spec } of mine) {
    const refused = api.access.refusalOf(request, 'UpdateRunSpec', spec);
    if (refused !== undefined) return sendRefusal(reply, refused);
  }
  const chosen = mine.map((instance) => instance.id);
  const options = { wipe, ...requesterOf(request) };
  await api.shell.commit(machine.killInstances(chosen, options, api.shell.now()));
  const killed = mine.map((instance) =>
    killedInstanceJson(instance, machine.state.health.isHealthy(instance)),
  );
  return sendJson(reply, 200, argument === undefined ? killed : (killed[0] ?? {}));
}

type Problem = Parameters<typeof sendProblem>[1];

function readIds(request: FastifyRequest): Result<readonly InstanceId[], Problem> {
  const body = readBody(request);
  if (!body.ok) return body;
  if (!Array.isArray(body.value)) {
    return err(modelProblem([{ path: '/', message: 'error.expected.jsarray' }]));
  }
  const texts: string[] = [];
  for (const [index, each] of body.value.entries()) {
    if (typeof each !== 'string') {
      return err(modelProblem([{ path: `(${index})`, message: 'error.expected.jsstring' }]));
    }
    texts.push(each);
  }
  return parsedIds(texts);
}

function parsedIds(texts: readonly string[]): Result<readonly InstanceId[], Problem> {
  const ids: InstanceId[] = [];
  for (const text of texts) {
    const id = instanceIdOf(text);
    if (id === undefined) {
      return err({ status: 422, message: `Unable to parse instance id '${text}'` });
    }
    ids.push(id);
  }
  return ok(ids);
}

function publish(api: Api, request: FastifyRequest, eventType: string): void {
  api.publish(marathonEvent(eventType, api.shell.now(), requesterOf(request)));
}
