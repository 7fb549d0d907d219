/**
 * A master comes back to a cluster of 10,000 agents with 100,000 tasks: from the first re-registration
 * until every agent has been taken back, over sockets. The agents' side runs in this process.
 * Then the delay from a status update of an agent until the operators' event stream tells it.
 */
import { silentLog } from '../../core/base/log.ts';
import { createHttpClient } from '../../core/net/http-client.ts';
import { createHttpServer } from '../../core/net/http-server.ts';
import { createLibprocess } from '../../core/net/libprocess.ts';
import { decodeMessage, encodeMessage } from '../../core/wire/codec.ts';
import { RecordDecoder } from '../../core/wire/recordio.ts';
import type { Event } from '../../core/wire/types/mesos.v1.master.ts';
import type { FrameworkInfo } from '../../core/wire/types/mesos.v1.ts';
import { startMaster, within } from './cluster.ts';
import type { Benchmark, Figure } from './figures.ts';
import { cpuSeconds, percentile, residentKib } from './measure.ts';
import { SimulatedAgents } from './simulated-agents.ts';

const AGENTS = 10_000;
const TASKS_PER_AGENT = 10;
const EVENTS = 500;
const PATIENCE_MS = 300_000;
const FRAMEWORK: FrameworkInfo = {
  user: 'root',
  name: 'bench',
  id: { value: 'bench-0000' },
  roles: ['bench'],
  failover_timeout: 604_800,
  capabilities: [{ type: 'MULTI_ROLE' }, { type: 'PARTITION_AWARE' }],
};

export const reregisterBenchmark: Benchmark = {
  name: 'reregister',
  what: `${AGENTS} agents with ${AGENTS * TASKS_PER_AGENT} tasks come back to a new master`,
  run: measure,
};

async function measure(): Promise<readonly Figure[]> {
  const first = await startMaster();
  let master = first;
  const http = createHttpServer({ ip: '127.0.0.1', port: 0, log: silentLog });
  await http.listen();
  const transport = createLibprocess({ http, log: silentLog });
  await transport.start();
  const agents = new SimulatedAgents(transport, { ip: '127.0.0.1', port: first.port }, AGENTS);
  try {
    const registerStart = performance.now();
    await within(PATIENCE_MS, 'registration of all agents', agents.register());
    const registerMs = performance.now() - registerStart;
    master = await first.restart();
    const [start, cpuBefore] = [performance.now(), cpuSeconds(master.pid)];
    const back = agents.reregister(FRAMEWORK, TASKS_PER_AGENT);
    await within(PATIENCE_MS, 'return of all agents', back);
    const backMs = performance.now() - start;
    const cpu = cpuSeconds(master.pid) - cpuBefore;
    const residentMb = residentKib(master.pid) / 1024;
    const delays = await eventDelays(agents, master.port);
    return [
      { name: 'register: 10,000 new agents', value: registerMs, unit: 'ms' },
      {
        name: 'reregister: 10,000 agents with 100,000 tasks',
        value: backMs,
        unit: 'ms',
        target: { bound: 'at most', value: 5_000 },
      },
      { name: 'reregister: processor time of the master', value: cpu, unit: 's' },
      { name: 'reregister: memory of the master then', value: residentMb, unit: 'MiB' },
      {
        name: 'events: update to operators stream, p50',
        value: percentile(delays, 50),
        unit: 'ms',
      },
      { name: 'events: the same, p99', value: percentile(delays, 99), unit: 'ms' },
    ];
  } finally {
    await transport.stop();
    await http.close();
    await master.stop();
  }
}

/** One update after another; each is timed until TASK_UPDATED is read from the stream. */
async function eventDelays(agents: SimulatedAgents, port: number): Promise<readonly number[]> {
  const client = createHttpClient();
  const type = 'application/x-protobuf';
  const answer = await client.request({
    method: 'POST',
    url: `http://127.0.0.1:${port}/api/v1`,
    headers: { 'Content-Type': type, Accept: type },
    body: encodeMessage('mesos.v1.master.Call', { type: 'SUBSCRIBE' }),
  });
  const events = readEvents(answer.body);
  await until(events, 'SUBSCRIBED');
  const delays: number[] = [];
  for (let at = 0; at < EVENTS; at += 1) {
    const start = performance.now();
    agents.finishTask(at, FRAMEWORK.id?.value ?? '');
    await until(events, 'TASK_UPDATED');
    delays.push(performance.now() - start);
  }
  answer.cancel();
  await client.close();
  return delays;
}

async function until(events: AsyncGenerator<Event>, type: Event['type']): Promise<void> {
  for (;;) {
    const next = await within(PATIENCE_MS, String(type), events.next());
    if (next.done === true) throw new Error('the event stream ended');
    if (next.value.type === type) return;
  }
}

async function* readEvents(body: AsyncIterable<Uint8Array>): AsyncGenerator<Event> {
  const records = new RecordDecoder();
  for await (const chunk of body) {
    for (const record of records.push(chunk)) {
      const event = decodeMessage('mesos.v1.master.Event', record);
      if (event.ok) yield event.value;
    }
  }
}
