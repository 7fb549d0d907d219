/** The observer's documents for programs (spec thermos, section 6). */
import type { FastifyInstance, FastifyReply } from 'fastify';
import { documentOf, type ObservedTask, processesOf, processOf, rowOf } from './observed-task.ts';

export interface ObservedTasks {
  /** Newest first. */
  all(): readonly ObservedTask[];
  find(taskId: string): ObservedTask | undefined;
}

export const TYPES = ['active', 'finished', 'all'] as const;
export type TaskType = (typeof TYPES)[number];

const ROWS = 20;

export interface Page {
  readonly type: TaskType;
  readonly offset: number;
  readonly num: number;
  readonly count: number;
  readonly tasks: readonly ObservedTask[];
}

export interface PageParams {
  readonly type?: string;
  readonly offset?: string;
  readonly num?: string;
}

/** The sentence says what is wrong with the address. */
export function pageOf(tasks: ObservedTasks, params: PageParams): Page | string {
  const type = TYPES.find((each) => each === (params.type ?? 'all'));
  if (type === undefined) return `Invalid task type: ${params.type}`;
  const offset = numberIn(params.offset, 0);
  if (offset === undefined) return `Invalid offset: ${params.offset}`;
  const num = numberIn(params.num, ROWS);
  if (num === undefined) return `Invalid count: ${params.num}`;
  const all = tasks
    .all()
    .filter(({ isActive }) => type === 'all' || isActive === (type === 'active'));
  return { type, offset, num, count: all.length, tasks: all.slice(offset, offset + num) };
}

function numberIn(text: string | undefined, otherwise: number): number | undefined {
  if (text === undefined) return otherwise;
  return /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}

export function declareJson(app: FastifyInstance, tasks: ObservedTasks): void {
  const rows = (params: PageParams, reply: FastifyReply): FastifyReply => {
    const page = pageOf(tasks, params);
    if (typeof page === 'string') return reply.code(404).type('text/plain').send(page);
    const { type, offset, num, count } = page;
    return reply.send({ type, offset, num, task_count: count, tasks: page.tasks.map(rowOf) });
  };
  for (const path of ['', '/:type', '/:type/:offset', '/:type/:offset/:num']) {
    app.get<{ Params: PageParams }>(`/j/task_ids${path}`, ({ params }, reply) =>
      rows(params, reply),
    );
  }
  app.get('/j/task_id_count', () => {
    const all = tasks.all();
    const active = all.filter(({ isActive }) => isActive).length;
    return { active, finished: all.length - active, all: all.length };
  });
  app.get<{ Querystring: { task_id?: string } }>('/j/task', ({ query }) =>
    byId(tasks, idsIn(query.task_id), documentOf),
  );
  app.get<{ Params: { id: string } }>('/j/task/:id', ({ params }) =>
    byId(tasks, [params.id], documentOf),
  );
  app.get<{ Querystring: { task_id?: string } }>('/j/processes', ({ query }) =>
    byId(tasks, idsIn(query.task_id), processesOf),
  );
  for (const path of ['', '/:run']) {
    app.get<{ Params: { id: string; process: string; run?: string } }>(
      `/j/process/:id/:process${path}`,
      ({ params }) => {
        const task = tasks.find(params.id);
        const run = params.run === undefined ? undefined : numberIn(params.run, 0);
        const isUnknown = task === undefined || (params.run !== undefined && run === undefined);
        return isUnknown ? {} : processOf(task, params.process, run);
      },
    );
  }
}

function idsIn(text: string | undefined): readonly string[] {
  return text === undefined || text === '' ? [] : text.split(',');
}

function byId(
  tasks: ObservedTasks,
  ids: readonly string[],
  show: (task: ObservedTask) => unknown,
): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    ids.map((id) => {
      const task = tasks.find(id);
      return [id, task === undefined ? {} : show(task)];
    }),
  );
}
