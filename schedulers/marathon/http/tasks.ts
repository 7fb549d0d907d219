/** Routes of `/v2/tasks` (spec marathon-rest, section 3). */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type Instance, instanceIdOf } from '../model/instance.ts';
import { appsOf } from '../model/root.ts';
import { isApp } from '../model/run-spec.ts';
import { type Api, declare, queryAll, readBody, sendJson } from './api.ts';
import { hasTask, taskJson } from './app-info.ts';
import { killSelected } from './app-tasks.ts';
import { modelProblem, sendProblem } from './problems.ts';
import { plainTaskList, wantsPlainText } from './task-text.ts';

export function declareTasks(app: FastifyInstance, api: Api): void {
  declare(app, '/v2/tasks', { GET: (request, reply) => listTasks(api, request, reply) });
  declare(app, '/v2/tasks/delete', {
    POST: (request, reply) => deleteTasksById(api, request, reply),
  });
}

function listTasks(api: Api, request: FastifyRequest, reply: FastifyReply): unknown {
  const { state } = api.shell.machine;
  const mayView = api.access.visible(request);
  if (wantsPlainText(request)) {
    const text = plainTaskList(state, appsOf(state.root).filter(mayView));
    return reply.type('text/plain; charset=utf-8').send(text);
  }
  const wanted: readonly string[] = [
    ...queryAll(request, 'status'),
    ...queryAll(request, 'status[]'),
  ]
    .map((status) => status.toLowerCase())
    .filter((status) => status === 'running' || status === 'staging');
  const tasks = [...state.instances.all()]
    .filter(({ spec }) => isApp(spec) && mayView(spec))
    .filter(({ condition }) => wanted.length === 0 || wanted.includes(condition.toLowerCase()))
    .flatMap((instance) => taskJson(state, instance, { withServicePorts: true }));
  return sendJson(reply, 200, { tasks });
}

function deleteTasksById(api: Api, request: FastifyRequest, reply: FastifyReply): unknown {
  const body = readBody(request);
  if (!body.ok) return sendProblem(reply, body.error);
  const ids = idsOf(body.value);
  if (typeof ids === 'string') {
    return sendProblem(reply, modelProblem([{ path: '/ids', message: ids }]));
  }
  const selected: Instance[] = [];
  for (const text of ids) {
    const id = instanceIdOf(text);
    if (id === undefined) {
      return sendProblem(reply, { status: 400, message: `Invalid task id '${text}'. []` });
    }
    const instance = api.shell.machine.state.instances.get(id);
    if (instance !== undefined && hasTask(instance)) selected.push(instance);
  }
  return killSelected(api, request, reply, selected, { single: false });
}

/** The ids, or the code of what is wrong with them. */
function idsOf(body: unknown): readonly string[] | string {
  if (typeof body !== 'object' || body === null || !('ids' in body)) return 'error.path.missing';
  const { ids } = body;
  if (!Array.isArray(ids)) return 'error.expected.jsarray';
  if (!ids.every((id) => typeof id === 'string')) return 'error.expected.jsstring';
  return ids;
}
