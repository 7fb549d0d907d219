/** Tasks of an app: list, kill, kill and scale (spec marathon-rest, sections 2 and 3). */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ok } from '../../../core/base/result.ts';
import { notFound } from '../model/app-updates.ts';
import { type Instance, type InstanceId, instanceIdOf, isActive } from '../model/instance.ts';
import { type PathId, parentOf, ROOT } from '../model/path-id.ts';
import { appIn, appsBelow, withSpecs } from '../model/root.ts';
import {
  type Api,
  commitChange,
  query,
  queryFlag,
  requesterOf,
  sendDeployment,
  sendJson,
} from './api.ts';
import { hasTask, taskJson } from './app-info.ts';
import { sendProblem, sendRefusal } from './problems.ts';
import { plainTaskList, wantsPlainText } from './task-text.ts';

/** Said before anything is looked up. */
const BOTH_WAYS = { status: 400, message: 'You cannot use scale and wipe at the same time.' };

export function getAppTasks(
  api: Api,
  request: FastifyRequest,
  reply: FastifyReply,
  id: PathId,
): unknown {
  const { state } = api.shell.machine;
  const app = appIn(state.root, id);
  if (app === undefined) return sendRefusal(reply, notFound('App', id));
  const refused = api.access.refusalOf(request, 'ViewRunSpec', app);
  if (refused !== undefined) return sendRefusal(reply, refused);
  if (wantsPlainText(request)) {
    return reply.type('text/plain; charset=utf-8').send(plainTaskList(state, [app]));
  }
  const tasks = state.instances.of(id).flatMap((instance) => taskJson(state, instance));
  return sendJson(reply, 200, { tasks });
}

export function getGroupTasks(
  api: Api,
  request: FastifyRequest,
  reply: FastifyReply,
  id: PathId,
): unknown {
  const { state } = api.shell.machine;
  if (id !== ROOT && !state.root.groups.has(id)) return sendRefusal(reply, notFound('Group', id));
  const tasks = appsBelow(state.root, id)
    .filter(api.access.visible(request))
    .flatMap((app) => state.instances.of(app.id).flatMap((instance) => taskJson(state, instance)));
  return sendJson(reply, 200, { tasks });
}

export async function deleteTasks(
  api: Api,
  request: FastifyRequest,
  reply: FastifyReply,
  id: PathId,
  taskId: string | undefined,
): Promise<unknown> {
  const { state } = api.shell.machine;
  if (scalesAndWipes(request)) return sendProblem(reply, BOTH_WAYS);
  if (appIn(state.root, id) === undefined) return sendRefusal(reply, notFound('App', id));
  const host = query(request, 'host');
  const instanceId = taskId === undefined ? undefined : instanceIdOf(taskId);
  const selected = state.instances
    .of(id)
    .filter(hasTask)
    .filter((instance) =>
      taskId === undefined
        ? host === undefined || host === '*' || instance.agent?.host === host
        : instance.id === instanceId,
    );
  if (taskId !== undefined && selected.length === 0) {
    return sendRefusal(reply, notFound('Task', taskId));
  }
  const single = taskId !== undefined;
  return killSelected(api, request, reply, selected, { single });
}

function scalesAndWipes(request: FastifyRequest): boolean {
  return queryFlag(request, 'scale', false) && queryFlag(request, 'wipe', false);
}

/** Kills the instances' tasks as the query says: only kill, kill and scale, or wipe. */
export async function killSelected(
  api: Api,
  request: FastifyRequest,
  reply: FastifyReply,
  selected: readonly Instance[],
  { single }: { readonly single: boolean },
): Promise<unknown> {
  const scale = queryFlag(request, 'scale', false);
  const wipe = queryFlag(request, 'wipe', false);
  for (const { spec } of selected) {
    const refused = api.access.refusalOf(request, 'UpdateRunSpec', spec);
    if (refused !== undefined) return sendRefusal(reply, refused);
  }
  if (scalesAndWipes(request)) return sendProblem(reply, BOTH_WAYS);
  if (scale) return killAndScale(api, request, reply, selected);
  const { machine } = api.shell;
  const tasks = selected.flatMap((instance) => taskJson(machine.state, instance));
  const ids = selected.map((instance) => instance.id);
  const options = { wipe, ...requesterOf(request) };
  await api.shell.commit(machine.killInstances(ids, options, api.shell.now()));
  return sendJson(reply, 200, single ? { task: tasks[0] } : { tasks });
}

async function killAndScale(
  api: Api,
  request: FastifyRequest,
  reply: FastifyReply,
  selected: readonly Instance[],
): Promise<unknown> {
  const kill = new Map<PathId, InstanceId[]>();
  for (const { spec, id, condition } of selected) {
    if (!isActive(condition) || condition === 'Killing') continue;
    kill.set(spec.id, [...(kill.get(spec.id) ?? []), id]);
  }
  const [only] = kill.size === 1 ? [...kill.keys()] : [];
  const result = await commitChange(api, request, {
    groupId: only === undefined ? ROOT : parentOf(only),
    force: queryFlag(request, 'force', false),
    kill,
    target: (root) => {
      const specs = [...kill].flatMap(([id, ids]) => {
        const spec = root.specs.get(id);
        if (spec === undefined) return [];
        return [{ ...spec, instances: Math.max(0, spec.instances - ids.length) }];
      });
      return ok(withSpecs(root, specs));
    },
  });
  return sendDeployment(reply, result);
}
