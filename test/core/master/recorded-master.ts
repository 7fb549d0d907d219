/** A master in the state in which an original was recorded, behind a real socket. */
import assert from 'node:assert/strict';
import { silentLog } from '../../../core/base/log.ts';
import { Metrics } from '../../../core/base/metrics.ts';
import { SeededRandom } from '../../../core/base/random.ts';
import { registerMasterOperatorApi } from '../../../core/master/http/operator.ts';
import { createMaster, type Master } from '../../../core/master/master.ts';
import {
  type CompiledMasterOptions,
  DEFAULT_MASTER_OPTIONS,
} from '../../../core/master/options.ts';
import { createHttpServer } from '../../../core/net/http-server.ts';
import { SimulatedClock } from '../../../core/testing/clock.ts';
import { SimulatedNetwork } from '../../../core/testing/network.ts';
import { SimulatedDisk } from '../../../core/testing/storage.ts';
import { encodeMessage, UNKNOWN_FIELDS } from '../../../core/wire/codec.ts';
import type { AgentInfo } from '../../../core/wire/types/mesos.v1.ts';
import { ask, type RawAnswer } from '../operator/raw-http.ts';
import type { Exchange } from '../operator/recordings.ts';
import { AGENT_CAPABILITIES } from './machine-builder.ts';

export interface RecordedMaster extends AsyncDisposable {
  readonly master: Master;
  /** Where it listens. */
  readonly port: number;
  ask(exchange: Pick<Exchange, 'request'>): Promise<RawAnswer>;
  advance(): Promise<void>;
}

interface RecordedState {
  readonly id: string;
  readonly flags: Readonly<Record<string, string>>;
  readonly pid: string;
  readonly slaves: readonly unknown[];
}

/** `recorded` is what `/state` showed: its ids are taken over, so that bodies can be compared. */
export async function startRecordedMaster(
  recorded: RecordedState,
  options: Partial<CompiledMasterOptions> = {},
): Promise<RecordedMaster> {
  const port = Number(recorded.pid.split(':')[1]);
  const clock = new SimulatedClock();
  const random = new SeededRandom(1);
  const network = new SimulatedNetwork({ clock });
  const process = network.start('master', { ip: '127.0.0.1', port });
  const server = createHttpServer({ ip: '127.0.0.1', port: 0, log: silentLog, delegate: 'master' });
  const master = createMaster(
    {
      ...DEFAULT_MASTER_OPTIONS,
      hostname: 'localhost',
      cluster: 'golden',
      flags: recorded.flags,
      ...options,
    },
    {
      clock: process.clock,
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
  const { port: bound } = await server.listen();
  if (recorded.slaves.length > 0) await registerAgent(network, clock);
  return {
    master,
    port: bound,
    ask: (exchange) => ask(bound, exchange, () => clock.advance(10)),
    advance: () => clock.advance(50),
    async [Symbol.asyncDispose]() {
      api.stop();
      const stopped = master.stop();
      await clock.advance(100);
      await stopped;
      await server.close();
    },
  };
}

async function registerAgent(network: SimulatedNetwork, clock: SimulatedClock): Promise<void> {
  const agent = network.start('agent', { ip: '127.0.0.1', port: 15_051 });
  const master = network.process('master');
  const from = { id: 'slave(1)', ip: agent.ip, port: agent.port };
  const to = { id: 'master', ip: master.ip, port: master.port };
  const send = (name: 'mesos.internal.PongSlaveMessage', observer: string): void =>
    agent.transport.send({
      from,
      to: { ...to, id: observer },
      name,
      body: encodeMessage(name, {}),
    });
  // Alive as long as the test lasts.
  agent.transport.register('slave(1)', (envelope) => {
    if (envelope.name === 'mesos.internal.PingSlaveMessage') {
      send('mesos.internal.PongSlaveMessage', envelope.from.id);
    }
  });
  const scalar = (name: string, value: number) =>
    ({ name, type: 'SCALAR', scalar: { value }, role: '*' }) as const;
  const name = 'mesos.internal.RegisterSlaveMessage';
  const body = encodeMessage(name, {
    slave: withCheckpoint({
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
    }),
    version: '1.12.0',
    agent_capabilities: AGENT_CAPABILITIES,
  });
  agent.transport.send({ from, to, name, body });
  await clock.advance(50);
}

/** `SlaveInfo.checkpoint`, which only the old message has and every agent sends. */
function withCheckpoint(info: AgentInfo): AgentInfo {
  return Object.assign(info, { [UNKNOWN_FIELDS]: [Uint8Array.of(0x38, 0x01)] });
}

export function recordedState(exchanges: readonly Exchange[]): RecordedState {
  const json = exchanges.find(({ request }) => request.path === '/state')?.response.json;
  assert.ok(json !== undefined);
  return json as RecordedState;
}
