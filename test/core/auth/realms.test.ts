/** Every endpoint of both daemons asks for credentials, but for those that the specification leaves open. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { serveExecutorApi } from '../../../core/agent/http/executor-api.ts';
import { registerAgentOperatorApi } from '../../../core/agent/http/operator.ts';
import { agentGuardOptions, OPEN_AGENT } from '../../../core/agent/security.ts';
import { SystemClock } from '../../../core/base/clock.ts';
import { seconds } from '../../../core/base/duration.ts';
import { silentLog } from '../../../core/base/log.ts';
import { Metrics } from '../../../core/base/metrics.ts';
import { registerMasterOperatorApi } from '../../../core/master/http/operator.ts';
import { registerSchedulerApi } from '../../../core/master/http/scheduler-api.ts';
import { masterGuardOptions, OPEN_MASTER } from '../../../core/master/security.ts';
import { createHttpServer } from '../../../core/net/http-server.ts';
import { SimulatedCluster } from '../../../core/testing/index.ts';
import { startMaster } from '../master/master-builder.ts';

/** `spec operator-api`, sections 2, 5 and 6. */
const OPEN = [
  /^\/version$/,
  /^\/help(\/|$)/,
  /^\/__processes__$/,
  /^\/system\/stats\.json$/,
  /^\/(master|slave\(1\))\/health$/,
  /^\/master$/,
  /^\/master\/redirect(\/:rest)?$/,
];

function openRoutes(
  routes: ReadonlySet<string>,
  realmOf: (route: string) => string | undefined,
): readonly string[] {
  return [...routes].filter(
    (route) => realmOf(route) === undefined && !OPEN.some((pattern) => pattern.test(route)),
  );
}

function routedServer(delegate: string) {
  const server = createHttpServer({ ip: '127.0.0.1', port: 0, log: silentLog, delegate });
  const routes = new Set<string>();
  server.app.addHook('onRoute', (route) => {
    routes.add(route.url);
  });
  return { server, routes };
}

test('no endpoint of a master is open by mistake', async () => {
  await using started = await startMaster();
  const { master } = started;
  const { server, routes } = routedServer('master');
  registerSchedulerApi(server.app, { master });
  const clock = new SystemClock();
  const api = registerMasterOperatorApi({ master, server, clock, log: silentLog });
  api.stop();
  await server.close();
  assert.ok(routes.size > 30, `${routes.size} routes`);
  assert.deepEqual(openRoutes(routes, masterGuardOptions(OPEN_MASTER).realmOf), []);
});

test('no endpoint of an agent is open by mistake', async () => {
  const cluster = new SimulatedCluster({ seed: 1 });
  await cluster.startMaster({ ip: '127.0.0.1', port: 15_050 });
  await cluster.startAgent('agent', 'cpus:1;mem:128', { ip: '127.0.0.1', port: 15_051 });
  await cluster.until(() => cluster.agent('agent')?.state?.status === 'running', seconds(10));
  const agent = cluster.agent('agent');
  assert.ok(agent !== undefined);
  const { server, routes } = routedServer('slave(1)');
  const { clock } = cluster;
  serveExecutorApi(server, { agent, clock, actor: 'slave(1)' });
  const transport = cluster.network.process('agent');
  const api = registerAgentOperatorApi({
    ...{ agent, server, metrics: new Metrics(), clock, transport },
  });
  api.stop();
  await server.close();
  assert.ok(routes.size > 15, `${routes.size} routes`);
  assert.deepEqual(openRoutes(routes, agentGuardOptions(OPEN_AGENT).realmOf), []);
});
