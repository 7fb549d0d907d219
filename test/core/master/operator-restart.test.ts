/** What operators changed is still so after the master was started again. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLog } from '../../../core/base/log.ts';
import { Metrics } from '../../../core/base/metrics.ts';
import { SeededRandom } from '../../../core/base/random.ts';
import { createMaster, type Master } from '../../../core/master/master.ts';
import type { OperatorRequest } from '../../../core/master/operator/requests.ts';
import { DEFAULT_MASTER_OPTIONS } from '../../../core/master/options.ts';
import { LoopbackNetwork } from '../../../core/net/loopback.ts';
import { MemoryStorage } from '../../../core/storage/memory.ts';
import { SimulatedClock } from '../../../core/testing/clock.ts';
import { encodeMessage } from '../../../core/wire/codec.ts';
import { AGENT_CAPABILITIES, resources } from './machine-builder.ts';

const MACHINE = { hostname: 'm1', ip: '10.9.9.9' };
const UNAVAILABILITY = { start: { nanoseconds: 1e18 }, duration: { nanoseconds: 1e9 } };
const SCHEDULE = { windows: [{ machine_ids: [MACHINE], unavailability: UNAVAILABILITY }] };

interface Run {
  readonly master: Master;
  stop(): Promise<void>;
}

async function start(
  storage: MemoryStorage,
  seed: number,
  agents: readonly string[],
): Promise<Run> {
  const network = new LoopbackNetwork();
  const transport = network.createTransport('10.0.0.1', 5050);
  const master = createMaster(
    { ...DEFAULT_MASTER_OPTIONS, weights: new Map([['flag', seed]]) },
    {
      clock: new SimulatedClock(),
      random: new SeededRandom(seed),
      log: silentLog,
      transport,
      storage,
      metrics: new Metrics(),
    },
  );
  await master.start();
  for (const [at, hostname] of agents.entries()) {
    const agent = network.createTransport(`10.0.1.${at + 1}`, 5051);
    agent.register('slave(1)', () => {});
    const name = 'mesos.internal.RegisterSlaveMessage';
    const slave = { hostname, port: 5051, resources: resources('cpus:4;mem:4096') };
    const message = { slave, version: '1.12.0', agent_capabilities: AGENT_CAPABILITIES };
    agent.send({
      from: { id: 'slave(1)', ip: agent.ip, port: agent.port },
      to: { id: 'master', ip: '10.0.0.1', port: 5050 },
      name,
      body: encodeMessage(name, message),
    });
    for (let step = 0; step < 5; step += 1) await new Promise((resolve) => setImmediate(resolve));
  }
  return { master, stop: () => master.stop() };
}

test('quota, weights, maintenance, drains and gone agents survive a restart of the master', async () => {
  const storage = new MemoryStorage();
  const first = await start(storage, 1, ['a1', 'a2', 'a3']);
  const [drained = '', deactivated = '', gone = ''] = [...first.master.state.agents.keys()];
  assert.notEqual(gone, '', 'three agents registered');
  const requests: readonly OperatorRequest[] = [
    {
      kind: 'update-quota',
      configs: [
        { role: 'web', guarantees: { cpus: { value: 1 } }, limits: { cpus: { value: 2 } } },
      ],
      isForced: true,
    },
    { kind: 'update-weights', infos: [{ role: 'web', weight: 2.5 }] },
    { kind: 'update-schedule', schedule: SCHEDULE },
    { kind: 'start-maintenance', machines: [MACHINE] },
    {
      kind: 'drain-agent',
      agent: drained,
      maxGracePeriod: { nanoseconds: 5e9 },
      markGone: undefined,
    },
    { kind: 'deactivate-agent', agent: deactivated },
    { kind: 'mark-agent-gone', agent: gone },
  ];
  for (const request of requests) {
    assert.deepEqual(await first.master.operate(request), { status: 200 }, request.kind);
  }
  await new Promise((resolve) => setImmediate(resolve));
  await first.stop();
  const after = await first.master.operate({ kind: 'deactivate-agent', agent: drained });
  assert.equal(after.status, 503);

  const second = await start(storage, 2, []);
  const { state } = second.master;
  assert.deepEqual(
    [...state.quotas.values()].map(({ role, limits }) => [role, limits?.['cpus']]),
    [['web', { value: 2 }]],
  );
  // Those of the first start's flag were stored; the second's are ignored.
  assert.deepEqual(
    [...state.weights],
    [
      ['flag', 1],
      ['web', 2.5],
    ],
  );
  assert.equal(JSON.stringify(state.schedules), JSON.stringify([SCHEDULE]));
  assert.deepEqual(
    [...state.machines.values()].map(({ id, mode }) => [id.hostname, mode]),
    [['m1', 'DOWN']],
  );
  const known = [...state.recoveredAgents.values()].map((agent) => [
    agent.id,
    agent.deactivated,
    agent.drainInfo?.state,
    agent.drainInfo?.config.max_grace_period?.nanoseconds,
  ]);
  assert.deepEqual(known, [
    [drained, true, 'DRAINED', 5e9],
    [deactivated, true, undefined, undefined],
  ]);
  assert.deepEqual([...state.goneAgents.keys()], [gone]);
  const away = await second.master.operate({ kind: 'reactivate-agent', agent: drained });
  assert.deepEqual(away, { status: 409, text: 'Agent removed while processing the call' });
  await second.stop();

  const third = await start(storage, 3, []);
  const back = [...third.master.state.recoveredAgents.values()].find(({ id }) => id === drained);
  assert.deepEqual([back?.deactivated ?? false, back?.drainInfo], [false, undefined]);
  await third.stop();
});
