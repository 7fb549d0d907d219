/** What a master answers that does not lead, against recordings of an original one. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { silentLog } from '../../../core/base/log.ts';
import { Metrics } from '../../../core/base/metrics.ts';
import { SeededRandom } from '../../../core/base/random.ts';
import { registerMasterOperatorApi } from '../../../core/master/http/operator.ts';
import { registerSchedulerApi } from '../../../core/master/http/scheduler-api.ts';
import { createMaster } from '../../../core/master/master.ts';
import { DEFAULT_MASTER_OPTIONS } from '../../../core/master/options.ts';
import { createHttpServer } from '../../../core/net/http-server.ts';
import { LoopbackNetwork } from '../../../core/net/loopback.ts';
import { UNLIMITED } from '../../../core/operator/request-pace.ts';
import { MemoryStorage } from '../../../core/storage/memory.ts';
import { SimulatedClock } from '../../../core/testing/clock.ts';
import type { Pages } from '../../../core/webui/pages.ts';
import type { MasterInfo } from '../../../core/wire/types/mesos.v1.ts';
import { ask, compareHead, type RawAnswer } from '../operator/raw-http.ts';
import { differences, type Exchange } from '../operator/recordings.ts';
import { FakeElection } from './fake-election.ts';

interface Response extends Omit<Exchange['response'], 'headers'> {
  readonly headers: Exchange['response']['headers'];
  /** Only some of many metrics. */
  readonly json_excerpt?: Readonly<Record<string, number>>;
}

interface Recorded extends Pick<Exchange, 'label' | 'request'> {
  readonly response?: Response;
}

const LEADER: MasterInfo = {
  id: '3cf7577a-33bb-497f-96fc-659599ea5419',
  ip: 16_777_343,
  port: 5_252,
  pid: 'master@127.0.0.1:5252',
  hostname: 'm1.example',
  address: { hostname: 'm1.example', ip: '127.0.0.1', port: 5_252 },
};

/** The recorded master was started without its pages. */
async function startStandby(leader: MasterInfo | undefined, pages?: Pages) {
  const election = new FakeElection();
  const clock = new SimulatedClock();
  const server = createHttpServer({ ip: '127.0.0.1', port: 0, log: silentLog, delegate: 'master' });
  const transport = new LoopbackNetwork().createTransport('127.0.0.1', 5_253);
  const master = createMaster(
    { ...DEFAULT_MASTER_OPTIONS, flags: { zk: 'zk://10.0.0.9:2181/mesos' } },
    {
      clock,
      random: new SeededRandom(1),
      log: silentLog,
      transport,
      storage: new MemoryStorage(),
      metrics: new Metrics(),
      election,
    },
  );
  const delegatedUrl = (url: string): string => server.delegatedUrl(url);
  registerSchedulerApi(server.app, { master, delegatedUrl });
  const settings = { metricsPace: UNLIMITED };
  const common = { master, server, clock, log: silentLog };
  const api = registerMasterOperatorApi({ ...common, settings, pages });
  const { port } = await server.listen();
  await master.start();
  election.tell(leader);
  return {
    election,
    answerTo: (request: Exchange['request']) => ask(port, { request }, () => clock.advance(50)),
    // Also after a failure: an open server would keep the process alive for ever.
    async [Symbol.asyncDispose]() {
      api.stop();
      await master.stop();
      transport.stop();
      await server.close();
    },
  };
}

function read(file: string): readonly Recorded[] {
  return JSON.parse(readFileSync(new URL(`../../wire/golden/${file}`, import.meta.url), 'utf8'));
}

const recorded = read('ha-standby.json');
const failover = read('ha-failover.json');

function compareAnswer(answer: RawAnswer, path: string, response: Response): void {
  const text = answer.body.toString();
  if (path === '/help') {
    // The page is our own; its text is compared with those of a leader.
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.find(([header]) => header === 'Content-Type')?.[1], 'text/html');
    return;
  }
  compareHead(answer, { response });
  if (path === '/__processes__') compareProcesses(text, response.json);
  else if (path === '/logging/toggle') assert.equal(text, `${response.json}\n`);
  else if (response.json === '(left out)') assert.doesNotThrow(() => JSON.parse(text));
  else if (response.json !== undefined) {
    assert.deepEqual(differences(response.json, JSON.parse(text)), []);
  } else if (response.text !== undefined) assert.equal(text, response.text);
}

/** In no order; the replicated log is not ours: ZooKeeper keeps the registry. */
const STORAGE = /^(log(-.*)?\(N\)|zookeeper-storage\(N\)|__executor__\(N\))$/;

function compareProcesses(ours: string, recordedList: unknown): void {
  const names = (list: unknown): readonly string[] =>
    [
      ...new Set(
        JSON.stringify(list)
          .match(/"id":"[^"]*/g)
          ?.map((each) => each.slice(6).replace(/\(\d+\)$/, '(N)')),
      ),
    ]
      .filter((id) => !STORAGE.test(id))
      .sort();
  assert.deepEqual(names(JSON.parse(ours)), names(recordedList));
}

for (const [name, leader] of [
  ['no leader known', undefined],
  ['standby', LEADER],
] as const) {
  test(`${name}: every endpoint answers as recorded`, async (t) => {
    await using it = await startStandby(leader);
    for (const { label, request, response } of recorded) {
      if (!label.startsWith(name) || response === undefined) continue;
      if (response.json_excerpt !== undefined) continue;
      await t.test(label, async () => {
        const answer = await it.answerTo(request);
        if (request.path !== '/state.json') return compareAnswer(answer, request.path, response);
        // An old name that ours still has: as the new one.
        const { status, headers } = await it.answerTo({ ...request, path: '/master/state' });
        assert.equal(answer.status, status);
        const location = (lines: RawAnswer['headers']): string | undefined =>
          lines.find(([header]) => header === 'Location')?.[1];
        assert.equal(location(answer.headers), location(headers)?.replace('state', 'state.json'));
      });
    }
  });
}

test('a standby redirects to whoever leads at the moment, as recorded during fail-overs', async (t) => {
  await using it = await startStandby(undefined);
  for (const { label, request, response } of failover) {
    const location = response?.headers?.['location'];
    if (response === undefined || location === undefined || /leader (GET|redirect)/.test(label))
      continue;
    await t.test(label, async () => {
      const [hostname = '', port = ''] = location.slice(2).split(/[:/]/);
      it.election.tell({ ...LEADER, hostname, port: Number(port) });
      compareHead(await it.answerTo(request), { response });
    });
  }
});

test('a standby serves the pages itself', async () => {
  const pages: Pages = {
    send: (path, reply) => {
      if (path === 'missing') return false;
      void reply.type('text/html').send(`the file ${path}`);
      return true;
    },
    sendIndexBelow: () => assert.fail('the master has no addresses below its own'),
  };
  await using it = await startStandby(LEADER, pages);
  const bodyAt = async (path: string): Promise<string> => {
    const answer = await it.answerTo({ method: 'GET', path, headers: {} });
    return `${answer.status} ${answer.body.toString()}`;
  };
  assert.equal(await bodyAt('/'), '200 the file index.html');
  assert.equal(await bodyAt('/master/'), '200 the file index.html');
  assert.equal(await bodyAt('/assets/a.js'), '200 the file assets/a.js');
  assert.equal(await bodyAt('/master/assets/a.js'), '200 the file assets/a.js');
});

test('the metrics of a standby are the recorded ones', async () => {
  await using it = await startStandby(LEADER);
  it.election.detector.memberCount = 3;
  const excerpt = recorded.find(({ label }) => label === 'standby metrics (excerpt)');
  assert.ok(excerpt?.response?.json_excerpt !== undefined);
  const answer = await it.answerTo(excerpt.request);
  const all = JSON.parse(answer.body.toString());
  for (const [name, value] of Object.entries(excerpt.response.json_excerpt)) {
    assert.equal(all[name], value, name);
  }
});

test('a standby shows the queue of its registrar and how many masters there are, nothing else', async () => {
  await using it = await startStandby(LEADER);
  const shown = async (): Promise<unknown> => {
    const answer = await it.answerTo({ method: 'GET', path: '/metrics/snapshot', headers: {} });
    const all: object = JSON.parse(answer.body.toString());
    return Object.fromEntries(Object.entries(all).filter(([name]) => name.startsWith('registrar')));
  };
  assert.deepEqual(await shown(), {
    'registrar/log/ensemble_size': 0,
    'registrar/log/recovered': 0,
    'registrar/queued_operations': 0,
  });
  it.election.detector.memberCount = 3;
  assert.deepEqual(await shown(), {
    'registrar/log/ensemble_size': 3,
    'registrar/log/recovered': 1,
    'registrar/queued_operations': 0,
  });
});
