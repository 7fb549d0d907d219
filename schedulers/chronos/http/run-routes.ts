/** Additions: what has run, what was missed, what comes next and why it is late. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { nextStarts, whyWaiting } from '../coming.ts';
import type { PastRun, TaskRecord } from '../records.ts';
import { doesNotExist, refuse } from '../refusals.ts';
import type { JobEntry } from '../state.ts';
import { isoText, pathText, queryText, sendJson, sendRefusal } from './answers.ts';
import type { ChronosApi } from './api.ts';

const NEXT_DEFAULT = 10;
const PAGE_DEFAULT = 50;
/** Entries of one answer. */
const COUNT_MAX = 1_000;

/** Each under `job/` and `jobs/`. */
export function addRunRoutes(app: FastifyInstance, prefix: string, api: ChronosApi): void {
  const add = (
    path: string,
    send: (entry: JobEntry, request: FastifyRequest, reply: FastifyReply) => FastifyReply,
  ): void => {
    for (const noun of ['job', 'jobs']) {
      app.get(`${prefix}/${noun}/:name/${path}`, (request, reply) => {
        const name = pathText(request, 'name');
        const entry = api.state.job(name);
        if (entry === undefined) return sendRefusal(reply, doesNotExist('Job', name));
        return send(entry, request, reply);
      });
    }
  };
  add('next', (entry, request, reply) => sendNext(api, entry, request, reply));
  add('history', (entry, request, reply) => sendHistory(api, entry, request, reply));
  add('missed', (entry, _request, reply) => sendMissed(entry, reply));
  app.get(`${prefix}/job/missed/:name`, (request, reply) => {
    const name = pathText(request, 'name');
    const entry = api.state.job(name);
    if (entry === undefined) return sendRefusal(reply, doesNotExist('Job', name));
    return sendMissed(entry, reply);
  });
}

function sendNext(
  api: ChronosApi,
  entry: JobEntry,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const count = countOf(request, 'count', NEXT_DEFAULT);
  if (count === undefined) return refuseCount(reply, 'count');
  const now = api.now();
  const waiting = whyWaiting(api.state, entry, api.isSubscribed(), now);
  return sendJson(reply, {
    job: entry.job.name,
    disabled: entry.job.disabled,
    next: nextStarts(entry, count, { ignoresEpsilon: api.ignoresEpsilon }, now).map(isoText),
    ...(waiting === undefined
      ? {}
      : { waiting: { since: isoText(waiting.since), reason: waiting.reason } }),
  });
}

function sendHistory(
  api: ChronosApi,
  entry: JobEntry,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const { name } = entry.job;
  const [limit, offset] = [countOf(request, 'limit', PAGE_DEFAULT), countOf(request, 'offset', 0)];
  if (limit === undefined) return refuseCount(reply, 'limit');
  if (offset === undefined) return refuseCount(reply, 'offset');
  const past = api.state.past.of(name, api.now());
  const running = api.state.tasksOfJob(name).map((task) => runningRow(api, task));
  return sendJson(reply, {
    job: name,
    total: past.length,
    offset,
    limit,
    running,
    runs: past.slice(offset, offset + limit).map((run) => pastRow(api, run)),
  });
}

function sendMissed(entry: JobEntry, reply: FastifyReply): FastifyReply {
  return sendJson(reply, {
    missed: entry.missed.map((each) => ({
      reason: each.reason,
      from: isoText(each.from),
      to: isoText(each.to),
      count: each.count,
      notedAt: isoText(each.notedAt),
    })),
  });
}

function pastRow(api: ChronosApi, run: PastRun) {
  const start = run.startedAt ?? run.launchedAt;
  return {
    taskId: run.taskId,
    state: run.state,
    cause: run.cause,
    attempt: run.attempt,
    due: isoText(run.due),
    start: isoText(start),
    end: isoText(run.endedAt),
    durationMs: Math.max(0, run.endedAt - start),
    message: run.message,
    agent: run.agentId,
    sandbox: api.sandboxUrl(run.agentId, run.executorId),
  };
}

function runningRow(api: ChronosApi, task: TaskRecord) {
  const { jobName, attempt, due } = task.run.key;
  const executor = api.state.job(jobName)?.job.executor ?? '';
  return {
    taskId: task.taskId,
    state: task.startedAt === undefined ? 'TASK_STAGING' : 'TASK_RUNNING',
    cause: task.run.cause,
    attempt,
    due: isoText(due),
    start: isoText(task.startedAt ?? task.launchedAt),
    agent: task.agentId,
    sandbox: api.sandboxUrl(task.agentId, executor === '' ? task.taskId : jobName),
  };
}

/** Undefined when it is no number, or too large a one. */
function countOf(request: FastifyRequest, name: string, fallback: number): number | undefined {
  const text = queryText(request, name);
  if (text === undefined || text === '') return fallback;
  if (!/^\d{1,9}$/.test(text)) return undefined;
  return name === 'offset' || Number(text) <= COUNT_MAX ? Number(text) : undefined;
}

function refuseCount(reply: FastifyReply, name: string): FastifyReply {
  return sendRefusal(reply, refuse(`'${name}' is not a number up to ${COUNT_MAX}`));
}
