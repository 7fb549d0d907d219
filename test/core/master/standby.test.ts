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
import { MemoryStorage } from '../../../core/storage/memory.ts';
import { SimulatedClock } from '../../../core/testing/clock.ts';
import type { MasterInfo } from '../../../core/wire/types/mesos.v1.ts';
import { FakeElection } from './fake-election.ts';

interface Recorded {
  readonly label: string;
  readonly request: {
    readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'HEAD';
    readonly path: string;
    readonly headers: Readonly<Record<string, string | number>>;
    readonly body?: unknown;
  };
  readonly response?: {
    readonly status: number;
    readonly headers: Readonly<Record<string, string>>;
    readonly text?: string;
  };
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
  const api = registerMasterOperatorApi({ master, server, clock, log: silentLog });
  await server.app.ready();
  await master.start();
  election.tell(leader);
  return {
    server,
    async end() {
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
    const { server, end } = await startStandby(leader);
    try {
      for (const { label, request, response } of recorded) {
        if (!label.startsWith(name) || response === undefined) continue;
        if (OURS.some((path) => path.test(request.path))) continue;
        await t.test(label, async () => {
          const { 'Content-Length': _, ...headers } = request.headers;
          const { body } = request;
          const answer = await server.app.inject({
            method: request.method,
            url: request.path,
            headers: Object.fromEntries(Object.entries(headers).map(([k, v]) => [k, String(v)])),
            ...(body === undefined
              ? {}
              : { payload: typeof body === 'string' ? body : JSON.stringify(body) }),
          });
          assert.equal(answer.statusCode, response.status, answer.body);
          // What answers on any master is compared elsewhere, with its leader.
          if (response.status === 200) return;
          assert.equal(answer.headers['location'], response.headers['location']);
          assert.equal(answer.headers['content-type'], response.headers['content-type']);
          if (response.text !== undefined) assert.equal(answer.body, response.text);
        });
      }
    } finally {
      await end();
    }
  });
}
