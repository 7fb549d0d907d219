/** Times each route under the name of the original's method (spec chronos, section 11.2). */
import type { FastifyInstance } from 'fastify';
import type { Instant } from '../../../core/base/clock.ts';
import type { ChronosMetrics } from '../metrics.ts';

const API = 'org.apache.mesos.chronos.scheduler.api';

/** By method and path behind the prefix. Paths that are ours alone have names of the same kind. */
const NAMES: Readonly<Record<string, string>> = {
  'POST /iso8601': 'Iso8601JobResource.post',
  'PUT /iso8601': 'Iso8601JobResource.put',
  'POST /dependency': 'DependentJobResource.post',
  'PUT /dependency': 'DependentJobResource.put',
  'GET /jobs': 'JobManagementResource.list',
  'GET /jobs/search': 'JobManagementResource.search',
  'GET /jobs/summary': 'JobManagementResource.summary',
  'GET /job/:name': 'JobManagementResource.getJob',
  'PUT /job/:name': 'JobManagementResource.trigger',
  'DELETE /job/:name': 'JobManagementResource.delete',
  'PUT /job/success/:name': 'JobManagementResource.markJobSuccessful',
  'GET /job/stat/:name': 'JobManagementResource.getStat',
  'GET /job/missed/:name': 'JobManagementResource.getMissed',
  'GET /jobs/:name/next': 'JobManagementResource.getNext',
  'GET /job/:name/next': 'JobManagementResource.getNext',
  'GET /jobs/:name/history': 'JobManagementResource.getHistory',
  'GET /job/:name/history': 'JobManagementResource.getHistory',
  'GET /jobs/:name/missed': 'JobManagementResource.getMissed',
  'GET /job/:name/missed': 'JobManagementResource.getMissed',
  'POST /job/:name/task/:taskId/progress': 'JobManagementResource.updateTaskProgress',
  'DELETE /task/kill/:name': 'TaskManagementResource.killTasksForJob',
  'DELETE /task/all': 'TaskManagementResource.purgeQueue',
  'PUT /task/:taskId': 'TaskManagementResource.updateStatus',
  'GET /graph/dot': 'GraphManagementResource.dotGraph',
  'GET /graph/csv': 'GraphManagementResource.jsonGraph',
  'GET /graph/layout': 'GraphManagementResource.layout',
  'GET /jobs/overview': 'JobManagementResource.overview',
  'GET /leader': 'LeaderResource.getLeader',
  'GET /stats/:percentile': 'StatsResource.getPercentiles',
};

/** Call it before the routes are added. */
export function timeRoutes(
  app: FastifyInstance,
  metrics: ChronosMetrics,
  now: () => Instant,
): void {
  for (const name of Object.values(NAMES)) metrics.addRoute(`${API}.${name}`);
  app.addHook('onResponse', async (request, reply) => {
    const path = (request.routeOptions.url ?? '').replace(/^(\/v1)?\/scheduler(?=\/)/, '');
    const name = NAMES[`${request.method} ${path}`];
    if (name !== undefined) metrics.timed(`${API}.${name}`, reply.elapsedTime, now());
  });
}
