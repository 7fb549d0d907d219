/**
 * The operator endpoints against recordings of an original master: status, headers, and bodies with
 * their keys in order, after times and figures of the machine are masked. What is not compared is
 * listed below with its reason, so that the list cannot grow by accident.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLog } from '../../../core/base/log.ts';
import { Metrics } from '../../../core/base/metrics.ts';
import { SeededRandom } from '../../../core/base/random.ts';
import { registerMasterOperatorApi } from '../../../core/master/http/operator.ts';
import { createMaster, type Master } from '../../../core/master/master.ts';
import { DEFAULT_MASTER_OPTIONS } from '../../../core/master/options.ts';
import { createHttpServer, type HttpServer } from '../../../core/net/http-server.ts';
import { SimulatedClock } from '../../../core/testing/clock.ts';
import { SimulatedNetwork } from '../../../core/testing/network.ts';
import { SimulatedDisk } from '../../../core/testing/storage.ts';
import { encodeMessage } from '../../../core/wire/codec.ts';
import { differences, type Exchange, exchangesOf } from '../operator/recordings.ts';

/** Recorded requests whose answer differs here, by what stands behind `empty master`, with the reason. */
const NOT_COMPARED: Readonly<Record<string, string>> = {
  'GET /state.json': 'old names are served',
  'GET /master/state.json': 'old names are served',
  'GET /tasks.json': 'old names are served',
  'GET /roles.json': 'old names are served',
  'GET /help': 'our pages are our own',
  'GET /__processes__': 'other parts than the original',
  'GET /metrics/snapshot': 'compared by name below',
  'GET /metrics/snapshot?timeout=5secs': 'compared by name below',
};

interface Cluster extends AsyncDisposable {
  readonly master: Master;
  readonly server: HttpServer;
  readonly clock: SimulatedClock;
}

async function startCluster(exchanges: readonly Exchange[]): Promise<Cluster> {
  const state = exchanges.find(({ request }) => request.path === '/state')?.response.json;
  const recorded = state as { id: string; flags: Record<string, string>; pid: string };
  const port = Number(recorded.pid.split(':')[1]);
  const clock = new SimulatedClock();
  const random = new SeededRandom(1);
  const network = new SimulatedNetwork({ clock });
  const process = network.start('master', { ip: '127.0.0.1', port });
  const server = createHttpServer({ ip: '127.0.0.1', port: 0, log: silentLog, delegate: 'master' });
  const master = createMaster(
    { ...DEFAULT_MASTER_OPTIONS, hostname: 'localhost', cluster: 'golden', flags: recorded.flags },
    {
      clock: process.clock,
      // The id is the recorded one, so that bodies can be compared as they are.
      random: Object.assign(random, { uuid: () => recorded.id }),
      log: silentLog,
      transport: process.transport,
      storage: new SimulatedDisk({ clock, random }).open(),
      metrics: new Metrics(),
    },
  );
  const started = master.start();
  await clock.advance(100);
  await started;
  const api = registerMasterOperatorApi({ master, server, clock: process.clock, log: silentLog });
  await server.app.ready();
  if (exchanges[0]?.label.startsWith('idle') === true) await registerAgent(network, clock);
  return {
    master,
    server,
    clock,
    async [Symbol.asyncDispose]() {
      api.stop();
      const stopped = master.stop();
      await clock.advance(100);
      await stopped;
      await server.close();
    },
  };
}

const CAPABILITIES = [
  'MULTI_ROLE',
  'HIERARCHICAL_ROLE',
  'RESERVATION_REFINEMENT',
  'RESOURCE_PROVIDER',
  'RESIZE_VOLUME',
  'AGENT_OPERATION_FEEDBACK',
  'AGENT_DRAINING',
  'TASK_RESOURCE_LIMITS',
] as const;

async function registerAgent(network: SimulatedNetwork, clock: SimulatedClock): Promise<void> {
  const agent = network.start('agent', { ip: '127.0.0.1', port: 15_051 });
  agent.transport.register('slave(1)', () => {});
  const scalar = (name: string, value: number) =>
    ({ name, type: 'SCALAR', scalar: { value }, role: '*' }) as const;
  const master = network.process('master');
  agent.transport.send({
    from: { id: 'slave(1)', ip: agent.ip, port: agent.port },
    to: { id: 'master', ip: master.ip, port: master.port },
    name: 'mesos.internal.RegisterSlaveMessage',
    body: encodeMessage('mesos.internal.RegisterSlaveMessage', {
      slave: {
        hostname: 'agent1.example',
        port: 15_051,
        resources: [
          scalar('cpus', 4),
          scalar('mem', 4096),
          scalar('disk', 8192),
          { name: 'ports', type: 'RANGES', ranges: { range: [{ begin: 31000, end: 32000 }] } },
        ],
        attributes: [
          { name: 'rack', type: 'TEXT', text: { value: 'r1' } },
          { name: 'zone', type: 'TEXT', text: { value: 'eu' } },
        ],
      },
      version: '1.12.0',
      agent_capabilities: CAPABILITIES.map((type) => ({ type })),
    }),
  });
  await clock.advance(50);
}

async function replay(
  { server, clock }: Pick<Cluster, 'server' | 'clock'>,
  { request }: Exchange,
): Promise<Awaited<ReturnType<HttpServer['app']['inject']>>> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers)) {
    if (name !== 'Content-Length') headers[name] = String(value);
  }
  const { body } = request;
  const answer = server.app.inject({
    method: request.method,
    url: request.path,
    headers,
    ...(body === undefined
      ? {}
      : { payload: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  // Changes are answered when the simulated disk has them.
  let isDone = false;
  const done = answer.finally(() => {
    isDone = true;
  });
  for (let step = 0; !isDone && step < 1000; step += 1) {
    await new Promise((resolve) => setImmediate(resolve));
    if (step % 10 === 9) await clock.advance(10);
  }
  return done;
}

/** The requests to the master, keyed without the kind of cluster. */
function masterExchanges(file: string): readonly (readonly [string, Exchange])[] {
  return exchangesOf(file)
    .filter(({ label }) => !label.split(' ').includes('agent'))
    .map((exchange) => [exchange.label.replace(/^\w+ (master )?/, ''), exchange] as const);
}

function compare(
  answer: Awaited<ReturnType<HttpServer['app']['inject']>>,
  exchange: Exchange,
): void {
  const { response } = exchange;
  assert.equal(answer.statusCode, response.status, answer.body);
  for (const name of ['content-type', 'allow', 'location', 'content-encoding']) {
    // The charset that fastify adds is taken away on the way to the socket.
    const ours = answer.headers[name]?.toString();
    const plain = ours === 'application/json; charset=utf-8' ? 'application/json' : ours;
    assert.equal(plain, response.headers[name], name);
  }
  if (response.json === undefined) {
    if (!exchange.label.includes('jsonp')) assert.equal(answer.body, response.text);
    return;
  }
  const ours: unknown = JSON.parse(answer.body);
  assert.deepEqual(differences(response.json, ours), []);
}

for (const file of ['operator-empty.json', 'operator-idle.json']) {
  test(`the master answers the requests of ${file} as recorded`, async (t) => {
    const exchanges = masterExchanges(file);
    await using cluster = await startCluster(exchangesOf(file));
    const labels = exchanges.map(([label]) => label);
    const stale = Object.keys(NOT_COMPARED).filter((label) => !labels.includes(label));
    assert.deepEqual(stale, [], 'exceptions that no recording has');
    for (const [label, exchange] of exchanges) {
      const answer = await replay(cluster, exchange);
      if (NOT_COMPARED[label] !== undefined) continue;
      await t.test(label, () => compare(answer, exchange));
    }
  });
}

/** Requests of a cluster with tasks that change something, and those that show what was changed. */
test('the master answers the changes of operator-busy.json as recorded', async (t) => {
  const file = 'operator-busy.json';
  await using cluster = await startCluster(exchangesOf('operator-idle.json'));
  const CHANGED =
    /^(POST|PUT|DELETE|maintenance|v1 (?!GET_|LIST|NOPE|SUBSCRIBE|READ)|v1 GET_(QUOTA|WEIGHTS|MAIN)|GET .(quota|weights|maintenance))/;
  const exchanges = masterExchanges(file).filter(([label]) => CHANGED.test(label));
  assert.ok(exchanges.length > 35, `${exchanges.length} exchanges`);
  for (const [label, exchange] of exchanges) {
    if (exchange.request.path === '/state') continue;
    const answer = await replay(cluster, exchange);
    await t.test(label, () => compare(answer, exchange));
  }
});

test('doubles keep their fraction where the recorded text has one', async () => {
  const exchanges = exchangesOf('operator-idle.json');
  await using cluster = await startCluster(exchanges);
  const exchange = exchanges.find(({ request }) => request.path === '/state?jsonp=cb');
  assert.ok(exchange !== undefined);
  const answer = await replay(cluster, exchange);
  const forms = (text: string): Map<string, string> => {
    const found = new Map<string, string>();
    for (const [, key = '', number = ''] of text.matchAll(/"(\w+)":(-?\d[\d.eE+-]*)/g)) {
      found.set(key, number.includes('.') ? 'double' : 'integer');
    }
    return found;
  };
  assert.deepEqual(forms(answer.body), forms(exchange.response.text ?? ''));
});

test('every recorded metric of a master is there', async () => {
  const exchanges = exchangesOf('operator-idle.json');
  await using cluster = await startCluster(exchanges);
  const recorded = exchanges.find(({ request }) => request.path === '/metrics/snapshot');
  const names = Object.keys(recorded?.response.json as object).filter(
    // Percentiles need two samples in a window; a young master has none.
    (name) => !/_ms(\/|$)/.test(name),
  );
  const ours = cluster.master.metrics.snapshot();
  assert.deepEqual(
    names.filter((name) => !(name in ours)),
    [],
  );
});
