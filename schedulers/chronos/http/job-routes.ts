/** Jobs over HTTP: create, replace, start, kill, delete, list, search (spec chronos, section 4.2). */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { isJson, readJson } from '../../kit/http-kit.ts';
import { jobStateText } from '../graph.ts';
import { type Job, lastOutcome } from '../job.ts';
import { decodeJob } from '../job-decode.ts';
import { JsonReader } from '../json-reader.ts';
import type { ChronosCommand } from '../machine.ts';
import { doesNotExist } from '../refusals.ts';
import {
  pathText,
  queryText,
  renderProblem,
  sendDone,
  sendJson,
  sendRefusal,
  sendText,
} from './answers.ts';
import type { ChronosApi } from './api.ts';

const SEARCH_LIMIT_DEFAULT = 10;

/** `prefix` is `/scheduler` (2.x: more is accepted and shown) or `/v1/scheduler`. */
export function addJobRoutes(app: FastifyInstance, prefix: string, api: ChronosApi): void {
  const isVersion2 = prefix === '/scheduler';
  const put = (kind: 'put-scheduled' | 'put-dependent') => {
    return (request: FastifyRequest, reply: FastifyReply) => putJob(api, kind, request, reply);
  };
  const methods = isVersion2 ? ['POST', 'PUT'] : ['POST'];
  app.route({ method: methods, url: `${prefix}/iso8601`, handler: put('put-scheduled') });
  app.route({ method: methods, url: `${prefix}/dependency`, handler: put('put-dependent') });

  app.get(`${prefix}/jobs`, (_request, reply) =>
    sendJson(
      reply,
      [...api.state.shownJobs()].map(({ job }) =>
        api.texts.of(job, { fillsFetch: true, isVersion2 }),
      ),
    ),
  );
  app.get(`${prefix}/jobs/summary`, (_request, reply) => sendJson(reply, { jobs: summary(api) }));
  app.get(`${prefix}/jobs/search`, (request, reply) => search(api, isVersion2, request, reply));

  app.get(`${prefix}/job/:name`, (request, reply) => {
    const name = pathText(request, 'name');
    const entry = api.state.job(name);
    if (entry === undefined) return sendRefusal(reply, doesNotExist('Job', name));
    return sendJson(reply, api.texts.of(entry.job, { fillsFetch: false, isVersion2 }));
  });
  app.put(`${prefix}/job/:name`, (request, reply) => {
    const given = queryText(request, 'arguments');
    return done(api, reply, { kind: 'start', name: pathText(request, 'name'), arguments: given });
  });
  app.delete(`${prefix}/job/:name`, (request, reply) =>
    done(api, reply, { kind: 'delete', name: pathText(request, 'name') }),
  );
  app.put(`${prefix}/job/success/:name`, async (request, reply) => {
    const name = pathText(request, 'name');
    const refusal = await api.command({ kind: 'mark-success', name });
    return sendText(reply, `marked job ${name} as successful: ${refusal === undefined}`);
  });
  app.delete(`${prefix}/task/kill/:name`, (request, reply) =>
    done(api, reply, { kind: 'kill-tasks', name: pathText(request, 'name') }),
  );
  app.delete(`${prefix}/task/all`, (_request, reply) => done(api, reply, { kind: 'clear-queue' }));
  app.put(`${prefix}/task/:taskId`, (request, reply) => report(api, request, reply));
  app.post(`${prefix}/job/:name/task/:taskId/progress`, (request, reply) =>
    addProgress(api, request, reply),
  );
}

async function done(
  api: ChronosApi,
  reply: FastifyReply,
  command: ChronosCommand,
): Promise<FastifyReply> {
  const refusal = await api.command(command);
  return refusal === undefined ? sendDone(reply) : sendRefusal(reply, refusal);
}

async function putJob(
  api: ChronosApi,
  kind: 'put-scheduled' | 'put-dependent',
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  if (!isJson(request)) return unsupported(request, reply);
  const body = readJson(request);
  if (!body.ok) return renderProblem(body.error, request, reply);
  const job = decodeJob(body.value, api.jobDefaults, api.now());
  if (!job.ok) return sendRefusal(reply, { status: 400, message: job.error });
  return done(api, reply, { kind, job: job.value });
}

function unsupported(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const message = 'Unsupported Media Type';
  return renderProblem({ kind: 'unsupported-media-type', status: 415, message }, request, reply);
}

function addProgress(
  api: ChronosApi,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const [name, taskId] = [pathText(request, 'name'), pathText(request, 'taskId')];
  return withBody(api, request, reply, (read) => {
    const count = read.integer('numAdditionalElementsProcessed', 0);
    return { kind: 'progress', name, taskId, count };
  });
}

/** The result of an asynchronous task. */
function report(
  api: ChronosApi,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const taskId = pathText(request, 'taskId');
  return withBody(api, request, reply, (read) => {
    if (!read.has('statusCode')) read.complain('statusCode', 'is missing');
    return { kind: 'report', taskId, statusCode: read.integer('statusCode', 0) };
  });
}

/** Carries out the command that `read` makes of the JSON body. */
async function withBody(
  api: ChronosApi,
  request: FastifyRequest,
  reply: FastifyReply,
  commandOf: (read: JsonReader) => ChronosCommand,
): Promise<FastifyReply> {
  if (!isJson(request)) return unsupported(request, reply);
  const body = readJson(request);
  if (!body.ok) return renderProblem(body.error, request, reply);
  const read = new JsonReader(body.value);
  const command = commandOf(read);
  if (read.problem === undefined) return done(api, reply, command);
  return sendRefusal(reply, { status: 400, message: read.problem });
}

function summary(api: ChronosApi) {
  return [...api.state.shownJobs()].map(({ job }) => ({
    name: job.name,
    status: lastOutcome(job),
    state: jobStateText(api.state, job.name),
    schedule: job.trigger.kind === 'schedule' ? job.trigger.schedule : '',
    parents: job.trigger.kind === 'parents' ? job.trigger.parents : [],
    disabled: job.disabled,
  }));
}

function search(
  api: ChronosApi,
  isVersion2: boolean,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const limit = count(queryText(request, 'limit'), SEARCH_LIMIT_DEFAULT);
  const offset = count(queryText(request, 'offset'), 0);
  if (limit === undefined || offset === undefined) {
    return renderProblem({ kind: 'not-found', status: 404, message: 'Not Found' }, request, reply);
  }
  const lowered = (name: string): string | undefined => queryText(request, name)?.toLowerCase();
  const wanted = { name: lowered('name'), command: lowered('command'), any: lowered('any') };
  const shape = { fillsFetch: false, isVersion2 };
  return sendJson(
    reply,
    findJobs(api, wanted, offset, limit).map((job) => api.texts.of(job, shape)),
  );
}

/** Parts of texts in lower case. */
type WantedParts = Readonly<Record<'name' | 'command' | 'any', string | undefined>>;

/** Looks no further than the last one to be shown: there may be 100,000 jobs. */
function findJobs(
  api: ChronosApi,
  wanted: WantedParts,
  offset: number,
  limit: number,
): readonly Job[] {
  const found: Job[] = [];
  let toSkip = offset;
  if (limit === 0) return found;
  for (const { job } of api.state.shownJobs()) {
    if (!isFound(job, wanted)) continue;
    if (toSkip > 0) {
      toSkip -= 1;
      continue;
    }
    found.push(job);
    if (found.length === limit) break;
  }
  return found;
}

/** `any` alone filters nothing: it only brings back what the other two have dropped. */
function isFound(job: Job, wanted: WantedParts): boolean {
  const has = (text: string, part: string | undefined) =>
    part === undefined || text.toLowerCase().includes(part);
  if (has(job.name, wanted.name) && has(job.command, wanted.command)) return true;
  if (wanted.any === undefined) return false;
  return has(job.name, wanted.any) || has(job.command, wanted.any);
}

/** Undefined when the text is no number. */
function count(text: string | undefined, fallback: number): number | undefined {
  if (text === undefined || text === '') return fallback;
  return /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}
