/** Additions for the web interface: all jobs in short, a picture of the graph, and the pages. */
import type { FastifyInstance } from 'fastify';
import { loadPages } from '../../../core/webui/pages.ts';
import { jobStateText } from '../graph.ts';
import { drawGraph } from '../graph-layout.ts';
import { lastOutcome } from '../job.ts';
import { doesNotExist } from '../refusals.ts';
import { startAt } from '../schedule.ts';
import { type JobEntry, parentsOf } from '../state.ts';
import { pathText, queryText, renderProblem, sendJson, sendRefusal } from './answers.ts';
import type { ChronosApi } from './api.ts';

export function addPageDataRoutes(app: FastifyInstance, prefix: string, api: ChronosApi): void {
  app.get(`${prefix}/jobs/overview`, (_request, reply) =>
    sendJson(reply, { now: api.now(), jobs: [...api.state.shownJobs()].map((at) => row(api, at)) }),
  );
  app.get(`${prefix}/graph/layout`, (request, reply) => {
    const around = queryText(request, 'job');
    if (around !== undefined && api.state.job(around) === undefined) {
      return sendRefusal(reply, doesNotExist('Job', around));
    }
    const { jobs, links, omittedCount } = drawGraph(api.state, around);
    const shown = jobs.flatMap((placed) => {
      const entry = api.state.job(placed.name);
      if (entry === undefined) return [];
      const state = jobStateText(api.state, placed.name);
      return [{ ...placed, state, status: lastOutcome(entry.job), disabled: entry.job.disabled }];
    });
    return sendJson(reply, { jobs: shown, links, omitted: omittedCount });
  });
}

/** The built pages at `/`. */
export function addPages(app: FastifyInstance): void {
  const pages = loadPages('chronos');
  app.get('/', (_request, reply) => {
    reply.header('content-security-policy', "default-src 'self' 'unsafe-inline' data:");
    pages.send('index.html', reply);
    return reply;
  });
  app.get('/assets/:file', (request, reply) => {
    if (pages.send(`assets/${pathText(request, 'file')}`, reply)) return reply;
    return renderProblem({ kind: 'not-found', status: 404, message: 'Not Found' }, request, reply);
  });
}

function row(api: ChronosApi, { job, schedule, epsilonMs }: JobEntry) {
  const isComing = schedule !== undefined && schedule.repeat !== 0 && !job.disabled;
  return {
    name: job.name,
    status: lastOutcome(job),
    state: jobStateText(api.state, job.name),
    disabled: job.disabled,
    owner: job.owner,
    ...(job.trigger.kind === 'parents'
      ? { parents: parentsOf(job) }
      : { schedule: job.trigger.schedule }),
    ...(isComing ? { next: startAt(schedule, api.now()) } : {}),
    // As posted: the shape of 2.x shows one also where there is none.
    ...(epsilonMs === undefined ? {} : { epsilon: job.epsilon }),
  };
}
