/** The observer's pages for people (spec thermos, section 6). */
import type { FastifyInstance, FastifyReply } from 'fastify';
import { type Html, html, link, page, table } from './html.ts';
import { type ObservedTasks, type Page, type PageParams, pageOf } from './json-routes.ts';
import { headOf, launchSecs, type ObservedTask } from './observed-task.ts';

export function sendPage(reply: FastifyReply, title: string, body: Html): FastifyReply {
  return reply.type('text/html; charset=utf-8').send(page(title, body));
}

export function notFound(reply: FastifyReply, text: string): FastifyReply {
  return reply.code(404).type('text/plain; charset=utf-8').send(text);
}

export function unknownTask(reply: FastifyReply, taskId: string): FastifyReply {
  return notFound(reply, `Failed to find task ${taskId}.  Try again shortly.`);
}

export function declarePages(app: FastifyInstance, tasks: ObservedTasks): void {
  const main = (params: PageParams, reply: FastifyReply): FastifyReply => {
    const found = pageOf(tasks, params);
    return typeof found === 'string'
      ? notFound(reply, found)
      : sendPage(reply, 'Thermos', listOf(found));
  };
  app.get('/', (_request, reply) => main({}, reply));
  for (const path of ['', '/:type', '/:type/:offset', '/:type/:offset/:num']) {
    app.get<{ Params: PageParams }>(`/main${path}`, ({ params }, reply) => main(params, reply));
  }
  app.get<{ Params: { id: string } }>('/task/:id', ({ params }, reply) => {
    const task = tasks.find(params.id);
    if (task === undefined) return unknownTask(reply, params.id);
    return sendPage(reply, `Task ${params.id}`, taskPage(task));
  });
  app.get<{ Params: { id: string } }>('/rawtask/:id', ({ params }, reply) => {
    const task = tasks.find(params.id);
    if (task === undefined) return unknownTask(reply, params.id);
    const text = JSON.stringify(task.task, undefined, 2);
    return sendPage(reply, `Task ${params.id}`, html`<pre>${text}</pre>`);
  });
  app.get<{ Params: { id: string; process: string } }>(
    '/process/:id/:process',
    ({ params: { id, process } }, reply) => {
      const task = tasks.find(id);
      if (task === undefined) return unknownTask(reply, id);
      if (task.state.runs(process).length === 0) {
        return notFound(reply, `Failed to find process ${process} of task ${id}.`);
      }
      return sendPage(reply, `Process ${process}`, runsPage(task, process));
    },
  );
}

function listOf({ type, offset, num, count, tasks }: Page): Html {
  const kinds = ['active', 'finished', 'all'].map((each) => html`${link(['main', each], each)} `);
  const rows = tasks.map((task) => [
    link(['task', task.taskId], task.taskId),
    String(headOf(task)['name']),
    task.state.header?.user ?? '-',
    String(headOf(task)['state']),
    timeText(launchSecs(task)),
  ]);
  const before = Math.max(0, offset - num);
  const steps = [
    ...(offset > 0 ? [link(['main', type, before, num], 'newer')] : []),
    ...(offset + num < count ? [link(['main', type, offset + num, num], 'older')] : []),
  ].map((each) => html`${each} `);
  return html`<p>${kinds}</p>${table(['Task', 'Name', 'User', 'State', 'Launched'], rows)}
<p>${count} tasks. ${steps}</p>`;
}

function taskPage(task: ObservedTask): Html {
  const { taskId, state } = task;
  const facts = [
    ...['sandbox', 'hostname', 'user'].map((name) => [name, headerText(task, name)]),
    ['ports', [...(state.header?.ports ?? [])].map((each) => each.join(' ')).join(', ')],
  ];
  const statuses = state.statuses.map((each) => [
    each.state ?? '-',
    timeText((each.timestamp_ms ?? 0) / 1_000),
  ]);
  const processes = [...state.processes].map(([name, runs]) => [
    link(['process', taskId, name], name),
    runs.at(-1)?.state ?? '-',
    runs.length,
  ]);
  return html`<p>${link(['browse', taskId], 'files')} ${link(['rawtask', taskId], 'configuration')}</p>
${table(['', ''], facts)}<h2>States</h2>${table(['State', 'Since'], statuses)}
<h2>Processes</h2>${table(['Process', 'State', 'Runs'], processes)}`;
}

function headerText({ state: { header } }: ObservedTask, name: string): string {
  const known: Readonly<Record<string, string | undefined>> = {
    ...{ sandbox: header?.sandbox, hostname: header?.hostname, user: header?.user },
  };
  return known[name] ?? '-';
}

function runsPage({ taskId, state }: ObservedTask, process: string): Html {
  const rows = state.runs(process).map((run, at) => [
    at,
    run.state ?? '-',
    timeText(run.start_time),
    timeText(run.stop_time),
    run.return_code ?? '-',
    html`${link(['logs', taskId, process, at, 'stdout'], 'stdout')}
${link(['logs', taskId, process, at, 'stderr'], 'stderr')}`,
  ]);
  const heads = ['Run', 'State', 'Started', 'Ended', 'Exit', 'Logs'];
  return html`<p>${link(['task', taskId], taskId)}</p>${table(heads, rows.reverse())}`;
}

function timeText(secs: number | undefined): string {
  return secs === undefined || secs === 0 ? '-' : new Date(secs * 1_000).toISOString();
}
