/**
 * The agent's operator endpoints against recordings of an original agent, without frameworks and with
 * running and finished tasks, one test per recorded request: status, header lines in order, and bodies
 * with their keys in order.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { registerAgentOperatorApi } from '../../../core/agent/http/operator.ts';
import { declareAgentMetrics } from '../../../core/agent/metrics.ts';
import { seconds } from '../../../core/base/duration.ts';
import { silentLog } from '../../../core/base/log.ts';
import { Metrics } from '../../../core/base/metrics.ts';
import { createHttpServer } from '../../../core/net/http-server.ts';
import { parseAttributes } from '../../../core/resources/attributes.ts';
import { SimulatedCluster } from '../../../core/testing/cluster.ts';
import { ask, compareHead, type RawAnswer } from '../operator/raw-http.ts';
import { differences, type Exchange, exchangesOf } from '../operator/recordings.ts';
import {
  addRecordedExecutors,
  recordedUsage,
  writeRecordedSandboxes,
} from './recorded-executors.ts';

// Files are made with the usual rights, whoever runs the tests.
process.umask(0o022);

interface Started extends AsyncDisposable {
  ask(exchange: Pick<Exchange, 'request'>): Promise<RawAnswer>;
}

/** With another work directory: sandboxes are real. */
function agentExchanges(kind: 'idle' | 'busy', workDir: string): readonly Exchange[] {
  const all = exchangesOf(`operator-${kind}.json`);
  const own = all.filter(({ label }) => label.startsWith(`${kind} agent `));
  const text = JSON.stringify(own)
    .replaceAll('/opt/app/a/', `${workDir}/`)
    .replaceAll('%2Fopt%2Fapp%2Fa%2F', encodeURIComponent(`${workDir}/`));
  return JSON.parse(text);
}

async function startAgent(exchanges: readonly Exchange[]): Promise<Started> {
  const state = exchanges.find(({ request }) => request.path === '/state')?.response.json;
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
  addRecordedExecutors(agent.state, exchanges);
  agent.usage = recordedUsage(exchanges);
  const api = registerAgentOperatorApi({ agent, server, metrics, clock, transport });
  const { port } = await server.listen();
  return {
    ask: (exchange) => ask(port, exchange, () => clock.advance(10)),
    async [Symbol.asyncDispose]() {
      api.stop();
      await server.close();
    },
  };
}

/** Old names with `.json` are served here and are 404 there: they give what the name without gives. */
function isAlias({ request }: Exchange): boolean {
  return request.path.endsWith('.json') && request.path !== '/system/stats.json';
}

for (const kind of ['idle', 'busy'] as const) {
  test(`the ${kind} agent answers the recorded requests as recorded`, async (t) => {
    const workDir = mkdtempSync(path.join(tmpdir(), 'orrery-golden-'));
    t.after(() => rmSync(workDir, { recursive: true }));
    const exchanges = agentExchanges(kind, workDir);
    writeRecordedSandboxes(exchanges);
    await using it = await startAgent(exchanges);
    for (const exchange of exchanges) {
      await t.test(exchange.label.replace(`${kind} agent `, ''), () => compare(it, exchange));
    }
  });
}

async function compare(it: Started, exchange: Exchange): Promise<void> {
  const answer = await it.ask(exchange);
  const { response, request } = exchange;
  if (isAlias(exchange)) {
    const plain = { ...request, path: request.path.replace(/\.json$/, '') };
    assert.equal(answer.status, 200);
    const direct = await it.ask({ request: plain });
    assert.deepEqual(differences(jsonOf(direct), jsonOf(answer)), []);
    return;
  }
  compareHead(answer, exchange);
  const text = answer.body.toString();
  if (response.json === undefined) assert.equal(text, response.text);
  else if (request.path === '/metrics/snapshot') compareNames(text, response.json);
  else assert.deepEqual(differences(inOrder(response.json), inOrder(jsonOf(answer))), []);
}

function jsonOf(answer: RawAnswer): unknown {
  return JSON.parse(answer.body.toString());
}

/** Finished tasks come in the order of a hash table in the original's v1 answers; here sorted. */
function inOrder(document: unknown): unknown {
  return JSON.parse(JSON.stringify(document), (key, value: unknown) => {
    if (key !== 'completed_tasks' || !Array.isArray(value) || value[0]?.task_id === undefined) {
      return value;
    }
    const name = (each: unknown): string =>
      JSON.stringify([Object(each).framework_id, Object(each).task_id]);
    return value.sort((a, b) => (name(a) < name(b) ? -1 : 1));
  });
}

/** The same metrics in the same order, each written as a double. */
function compareNames(ours: string, recorded: unknown): void {
  assert.deepEqual(Object.keys(JSON.parse(ours)), Object.keys(Object(recorded)));
  for (const [shown] of ours.matchAll(/:-?\d[\d.e-]*/g)) assert.match(shown, /[.e]/);
}

test('what belongs to resource providers is refused by its name', async () => {
  await using it = await startAgent(agentExchanges('idle', '/opt/app/a'));
  const headers = { 'Content-Type': 'application/json' };
  const post = async (path: string, body: unknown): Promise<string> => {
    const answer = await it.ask({ request: { method: 'POST', path, headers, body } });
    return `${answer.status} ${answer.body}`;
  };
  const info = { type: 'org.apache.mesos.rp.local.storage', name: 'disks' };
  for (const path of ['/api/v1/resource_provider', '/slave(1)/api/v1/resource_provider']) {
    const refused = '501 Resource providers are not supported by this agent';
    assert.equal(await post(path, { type: 'GET_HEALTH' }), refused);
    assert.equal((await it.ask({ request: { method: 'GET', path, headers } })).status, 405);
  }
  for (const [type, field, given] of [
    ['ADD_RESOURCE_PROVIDER_CONFIG', 'add_resource_provider_config', { info }],
    ['UPDATE_RESOURCE_PROVIDER_CONFIG', 'update_resource_provider_config', { info }],
    ['REMOVE_RESOURCE_PROVIDER_CONFIG', 'remove_resource_provider_config', info],
    [
      'MARK_RESOURCE_PROVIDER_GONE',
      'mark_resource_provider_gone',
      { resource_provider_id: { value: 'x' } },
    ],
  ] as const) {
    const said = await post('/api/v1', { type, [field]: given });
    const refused = type.endsWith('_CONFIG')
      ? '500 Missing required flag --resource_provider_config_dir'
      : `501 Call ${type} is not supported by this agent`;
    assert.equal(said, refused);
  }
  for (const field of ['add_resource_provider_config', 'update_resource_provider_config']) {
    const given = { info: { ...info, id: { value: 'x' } } };
    const said = await post('/api/v1', { type: field.toUpperCase(), [field]: given });
    const fault = `Expecting '${field}.info.id' to be unset`;
    assert.equal(said, `400 Failed to validate agent::Call: ${fault}`);
    const type = 'org.example.storage';
    const other = { type: field.toUpperCase(), [field]: { info: { type, name: 'disks' } } };
    assert.equal(
      await post('/api/v1', other),
      `400 Failed to validate resource provider config with type '${type}' and name 'disks': Unknown local resource provider type '${type}'`,
    );
  }
});
