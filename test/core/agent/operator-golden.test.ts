/**
 * The agent's operator endpoints against recordings of an original agent without frameworks: status,
 * headers, and bodies with their keys in order. What is not compared is listed with its reason.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { registerAgentOperatorApi } from '../../../core/agent/http/operator.ts';
import { declareAgentMetrics } from '../../../core/agent/metrics.ts';
import { seconds } from '../../../core/base/duration.ts';
import { silentLog } from '../../../core/base/log.ts';
import { Metrics } from '../../../core/base/metrics.ts';
import { createHttpServer, type HttpServer } from '../../../core/net/http-server.ts';
import { parseAttributes } from '../../../core/resources/attributes.ts';
import { SimulatedCluster } from '../../../core/testing/cluster.ts';
import { differences, type Exchange, exchangesOf } from '../operator/recordings.ts';

const NOT_COMPARED: Readonly<Record<string, string>> = {
  'GET /state.json': 'old names are served',
  'GET /monitor/statistics.json': 'old names are served',
  'GET /metrics/snapshot': 'compared by name below',
};

/** Parts of the original that this agent does not have. */
const METRICS_LEFT_OUT = /^(resource_provider_manager|containerizer\/mesos\/provisioner)\//;

interface Started extends AsyncDisposable {
  readonly server: HttpServer;
  readonly metrics: Metrics;
}

const EXCHANGES = exchangesOf('operator-idle.json').filter(({ label }) =>
  label.startsWith('idle agent '),
);

async function startAgent(): Promise<Started> {
  const state = EXCHANGES.find(({ request }) => request.path === '/state')?.response.json;
  const recorded = state as { id: string; flags: Record<string, string> };
  const attributes = parseAttributes('rack:r1;zone:eu');
  assert.ok(attributes.ok);
  const cluster = new SimulatedCluster({ seed: 1 });
  await cluster.startMaster({ ip: '127.0.0.1', port: 15_050 });
  await cluster.startAgent('agent', 'cpus:4;mem:4096;disk:8192;ports:[31000-32000]', {
    hostname: 'agent1.example',
    ip: '127.0.0.1',
    port: 15_051,
    attributes: attributes.value,
    flags: recorded.flags,
  });
  await cluster.until(() => cluster.agent('agent')?.state?.status === 'running', seconds(10));
  const agent = cluster.agent('agent');
  assert.ok(agent?.state !== undefined);
  // The id is the recorded one, so that bodies can be compared as they are.
  agent.state.info = { ...agent.state.info, id: { value: recorded.id } };
  const server = createHttpServer({
    ip: '127.0.0.1',
    port: 0,
    log: silentLog,
    delegate: 'slave(1)',
  });
  const metrics = new Metrics();
  const { clock } = cluster;
  const fetcher = { counts: { succeeded: 0, failed: 0 }, cacheBytes: { total: 0, used: 0 } };
  declareAgentMetrics(metrics, { agent, clock, fetcher });
  const transport = cluster.network.process('agent');
  const api = registerAgentOperatorApi({ agent, server, metrics, clock, transport });
  await server.app.ready();
  return {
    server,
    metrics,
    async [Symbol.asyncDispose]() {
      api.stop();
      await server.close();
    },
  };
}

async function replay(server: HttpServer, { request }: Exchange) {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers)) {
    if (name !== 'Content-Length') headers[name] = String(value);
  }
  const { body } = request;
  return server.app.inject({
    method: request.method,
    url: request.path,
    headers,
    ...(body === undefined ? {} : { payload: JSON.stringify(body) }),
  });
}

test('an agent answers the recorded requests as recorded', async (t) => {
  await using it = await startAgent();
  for (const exchange of EXCHANGES) {
    const label = exchange.label.replace('idle agent ', '');
    if (NOT_COMPARED[label] !== undefined) continue;
    await t.test(label, async () => {
      const answer = await replay(it.server, exchange);
      const { response } = exchange;
      assert.equal(answer.statusCode, response.status, answer.body);
      // The charset that fastify adds to JSON is taken away on the way to the socket.
      const type = answer.headers['content-type']?.toString();
      const plain = type === 'application/json; charset=utf-8' ? 'application/json' : type;
      assert.equal(plain, response.headers['content-type']);
      if (response.json === undefined) {
        assert.equal(answer.body, response.text);
        return;
      }
      assert.deepEqual(differences(response.json, JSON.parse(answer.body)), []);
    });
  }
});

test('every recorded metric of an agent is there', async () => {
  await using it = await startAgent();
  const recorded = EXCHANGES.find(({ request }) => request.path === '/metrics/snapshot');
  const ours = it.metrics.snapshot();
  const missing = Object.keys(recorded?.response.json as object).filter(
    (name) => !(name in ours) && !METRICS_LEFT_OUT.test(name),
  );
  assert.deepEqual(missing, []);
});
