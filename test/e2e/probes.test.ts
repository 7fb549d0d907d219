/**
 * Checks and health checks over HTTP and TCP of real tasks: the test is the server they look at.
 * (COMMAND ones are part of the recorded session.)
 */
import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import { type TestContext, test } from 'node:test';
import { at } from './support/json.ts';
import { freePorts } from './support/programs.ts';
import { SchedulerSession } from './support/scheduler-session.ts';
import { SmallCluster } from './support/small-cluster.ts';

const TIMING = { delay_seconds: 0, interval_seconds: 0.1, timeout_seconds: 60 };

async function serve(t: TestContext, port: number, status: () => number): Promise<Server> {
  const server = createServer((_request, response) => {
    response.writeHead(status(), { connection: 'close' }).end();
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  t.after(() => close(server));
  return server;
}

function close(server: Server): void {
  server.closeAllConnections();
  server.close();
}

async function launch(cluster: SmallCluster, id: string, probe: object): Promise<SchedulerSession> {
  const capabilities = ['MULTI_ROLE', 'TASK_KILLING_STATE'].map((type) => ({ type }));
  const framework_info = { user: 'root', name: id, roles: [id], capabilities };
  const body = { type: 'SUBSCRIBE', subscribe: { framework_info } };
  const session = await SchedulerSession.subscribe(cluster.schedulerUrl, id, body);
  const [offer] = await session.settledOffers();
  const resources = [
    { name: 'cpus', type: 'SCALAR', scalar: { value: 0.1 } },
    { name: 'mem', type: 'SCALAR', scalar: { value: 32 } },
  ];
  const common = { name: id, task_id: { value: id }, agent_id: at(offer, 'agent_id'), resources };
  const task = { ...common, command: { value: 'sleep 60' }, ...probe };
  const operations = [{ type: 'LAUNCH', launch: { task_infos: [task] } }];
  const filters = { refuse_seconds: 3_600 };
  await session.call({
    type: 'ACCEPT',
    accept: { offer_ids: [at(offer, 'id')], operations, filters },
  });
  return session;
}

/** State, reason, `healthy` and `check_status` of the next update. */
async function next(session: SchedulerSession): Promise<unknown> {
  const status = at(await session.nextUpdate(session.name), 'update', 'status');
  const shown = ['state', 'reason', 'healthy', 'check_status'].map((key) => [key, at(status, key)]);
  return Object.fromEntries(shown.filter(([, value]) => value !== undefined));
}

test('HTTP and TCP probes of tasks tell what they see', async (t) => {
  const cluster = await SmallCluster.start(t, 'probes');
  const [httpPort = 0, tcpPort = 0] = await freePorts(2);
  let status = 204;
  await serve(t, httpPort, () => status);
  const tcpServer = await serve(t, tcpPort, () => 200);
  const http = { port: httpPort, path: '/health' };
  const running = { state: 'TASK_RUNNING' };
  const healthReason = 'REASON_TASK_HEALTH_CHECK_STATUS_UPDATED';
  const checkReason = 'REASON_TASK_CHECK_STATUS_UPDATED';

  const healthy = await launch(cluster, 'http-health', {
    health_check: {
      ...TIMING,
      type: 'HTTP',
      http,
      consecutive_failures: 2,
      grace_period_seconds: 0,
    },
  });
  assert.deepEqual(await next(healthy), running);
  assert.deepEqual(await next(healthy), { ...running, reason: healthReason, healthy: true });

  const checked = await launch(cluster, 'http-check', { check: { ...TIMING, type: 'HTTP', http } });
  const httpStatus = (found: object): object => ({ check_status: { type: 'HTTP', http: found } });
  assert.deepEqual(await next(checked), { ...running, ...httpStatus({}) });
  const good = { ...running, reason: checkReason, ...httpStatus({ status_code: 204 }) };
  assert.deepEqual(await next(checked), good);

  const connected = await launch(cluster, 'tcp-check', {
    check: { ...TIMING, type: 'TCP', tcp: { port: tcpPort } },
  });
  const tcpStatus = (tcp: object): object => ({ check_status: { type: 'TCP', tcp } });
  assert.deepEqual(await next(connected), { ...running, ...tcpStatus({}) });
  const open = { ...running, reason: checkReason, ...tcpStatus({ succeeded: true }) };
  assert.deepEqual(await next(connected), open);

  status = 503;
  close(tcpServer);
  const bad = { ...running, reason: checkReason, ...httpStatus({ status_code: 503 }) };
  assert.deepEqual(await next(checked), bad);
  assert.deepEqual(await next(connected), {
    ...running,
    reason: checkReason,
    ...tcpStatus({ succeeded: false }),
  });
  const sick = { ...running, reason: healthReason, healthy: false };
  assert.deepEqual(await next(healthy), sick);
  assert.deepEqual(await next(healthy), sick);
  // Two failures in a row end the task.
  assert.deepEqual(await next(healthy), { state: 'TASK_KILLING' });
  assert.deepEqual(await next(healthy), { state: 'TASK_KILLED', healthy: false });
});
