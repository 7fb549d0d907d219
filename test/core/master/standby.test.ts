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
import type { MasterInfo } from '../../../core/wire/types/mesos.v1.ts';
import { ask, compareHead } from '../operator/raw-http.ts';
import type { Exchange } from '../operator/recordings.ts';
import { FakeElection } from './fake-election.ts';

interface Recorded extends Pick<Exchange, 'label' | 'request'> {
  readonly response?: Exchange['response'];
}

const LEADER: MasterInfo = {
  id: '3cf7577a-33bb-497f-96fc-659599ea5419',
  ip: 16_777_343,
  port: 5_252,
  pid: 'master@127.0.0.1:5252',
  hostname: 'm1.example',
  address: { hostname: 'm1.example', ip: '127.0.0.1', port: 5_252 },
};

/** Ours has a page there, and old names with `.json`; the recorded master had neither. */
const OURS = [/^\/$/, /^\/master$/, /^\/state\.json$/];

async function startStandby(leader: MasterInfo | undefined) {
  const election = new FakeElection();
  const clock = new SimulatedClock();
  const server = createHttpServer({ ip: '127.0.0.1', port: 0, log: silentLog, delegate: 'master' });
  const transport = new LoopbackNetwork().createTransport('127.0.0.1', 5_253);
  const master = createMaster(DEFAULT_MASTER_OPTIONS, {
    clock,
    random: new SeededRandom(1),
    log: silentLog,
    transport,
    storage: new MemoryStorage(),
    metrics: new Metrics(),
    election,
  });
  const delegatedUrl = (url: string): string => server.delegatedUrl(url);
  registerSchedulerApi(server.app, { master, delegatedUrl });
  const settings = { metricsPace: UNLIMITED };
  const api = registerMasterOperatorApi({ master, server, clock, log: silentLog, settings });
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

const recorded: readonly Recorded[] = JSON.parse(
  readFileSync(new URL('../../wire/golden/ha-standby.json', import.meta.url), 'utf8'),
);

for (const [name, leader] of [
  ['no leader known', undefined],
  ['standby', LEADER],
] as const) {
  test(`${name}: every endpoint answers as recorded`, async (t) => {
    await using it = await startStandby(leader);
    for (const { label, request, response } of recorded) {
      if (!label.startsWith(name) || response === undefined) continue;
      if (OURS.some((path) => path.test(request.path))) continue;
      await t.test(label, async () => {
        const answer = await it.answerTo(request);
        // The text of help and the ids of parts are compared elsewhere.
        if (response.status !== 200) compareHead(answer, { response });
        else assert.equal(answer.status, 200);
        if (response.status === 200) return;
        if (response.text !== undefined) assert.equal(answer.body.toString(), response.text);
      });
    }
  });
}

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
