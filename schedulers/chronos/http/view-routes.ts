/** What can be looked at: graph, statistics, leader, ping, metrics. */
import type { FastifyInstance, FastifyReply } from 'fastify';
import { DateTime } from 'luxon';
import type { Instant } from '../../../core/base/clock.ts';
import { double, type JsonObject, writeJson } from '../../../core/wire/json-text.ts';
import { graphCsv, graphDot } from '../graph.ts';
import { PERCENTILES, summarize } from '../percentiles.ts';
import type { HistoryEntry } from '../records.ts';
import { doesNotExist } from '../refusals.ts';
import { pathText, queryText, sendJson, sendRefusal, sendText } from './answers.ts';
import type { ChronosApi } from './api.ts';

export function addViewRoutes(app: FastifyInstance, prefix: string, api: ChronosApi): void {
  app.get(`${prefix}/graph/csv`, (_request, reply) => sendText(reply, graphCsv(api.state)));
  app.get(`${prefix}/graph/dot`, (_request, reply) => sendText(reply, graphDot(api.state)));
  app.get(`${prefix}/leader`, (_request, reply) => sendJson(reply, { leader: api.leader() }));
  app.get(`${prefix}/job/stat/:name`, (request, reply) => {
    const name = pathText(request, 'name');
    const entry = api.state.job(name);
    if (entry === undefined) return sendRefusal(reply, doesNotExist('Job', name));
    return sendJson(reply, jobStatistics(api, name, entry.job.dataProcessingJobType));
  });
  app.get(`${prefix}/stats/:percentile`, (request, reply) =>
    sendJson(reply, percentileList(api, pathText(request, 'percentile'))),
  );
}

/** Paths outside the two prefixes. */
export function addRootRoutes(app: FastifyInstance, api: ChronosApi): void {
  app.get('/leader', (_request, reply) => sendJson(reply, { leader: api.leader() }));
  app.get('/ping', (_request, reply) => sendText(uncached(reply), 'pong\n'));
  app.get('/metrics', (request, reply) => {
    const text = writeJson(api.metrics.document(api.now()));
    const isPretty = queryText(request, 'pretty') === 'true';
    const shown = isPretty ? JSON.stringify(JSON.parse(text), undefined, 2) : text;
    return uncached(reply).type('application/json').send(shown);
  });
}

function uncached(reply: FastifyReply): FastifyReply {
  return reply.header('cache-control', 'must-revalidate,no-cache,no-store');
}

function jobStatistics(api: ChronosApi, name: string, isDataJob: boolean): JsonObject {
  const history = api.state.history(name);
  const summary = summarize(history.samples);
  return {
    histogram: Object.fromEntries(
      PERCENTILES.map((each) => [each, each === 'count' ? summary[each] : double(summary[each])]),
    ),
    taskStatHistory: [...history.entries]
      .sort((a, b) => (b.startedAt ?? 0) - (a.startedAt ?? 0))
      .map((entry) => statisticsRow(name, entry, isDataJob)),
  };
}

function statisticsRow(name: string, entry: HistoryEntry, isDataJob: boolean): JsonObject {
  const { startedAt, endedAt } = entry;
  const isTimed = startedAt !== undefined && endedAt !== undefined;
  return {
    taskId: entry.taskId,
    jobName: name,
    slaveId: entry.agentId,
    startTime: clockText(startedAt),
    endTime: clockText(endedAt),
    ...(isTimed ? { duration: durationText(endedAt - startedAt) } : {}),
    status: entry.status,
    ...(isDataJob ? { numElementsProcessed: entry.elements ?? 0 } : {}),
  };
}

function clockText(at: Instant | undefined): string {
  if (at === undefined) return 'N/A';
  return DateTime.fromMillis(at, { zone: 'utc' }).toFormat('MM/dd/yy HH:mm:ss');
}

/** `1h2m3s`; zero parts before the seconds are left out, fractions are cut. */
function durationText(tookMs: number): string {
  const total = Math.max(0, Math.floor(tookMs / 1_000));
  const [hours, minutes] = [Math.floor(total / 3_600), Math.floor(total / 60) % 60];
  return `${hours > 0 ? `${hours}h` : ''}${minutes > 0 ? `${minutes}m` : ''}${total % 60}s`;
}

/** Seconds, the longest first; an unknown percentile gives nothing. */
function percentileList(api: ChronosApi, given: string): readonly JsonObject[] {
  const name = PERCENTILES.find((each) => each === given);
  if (name === undefined) return [];
  return [...api.state.shownJobs()]
    .map(({ job }) => ({
      job: job.name,
      time: summarize(api.state.history(job.name).samples)[name] / 1_000,
    }))
    .sort((a, b) => b.time - a.time)
    .map(({ job, time }) => ({ jobNameLabel: job, time: double(time) }));
}
