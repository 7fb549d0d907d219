/**
 * Tasks per second through a master: ACCEPT, RunTaskMessage, TASK_RUNNING, UPDATE, ACKNOWLEDGE and its
 * relay to the agent. Once all in this process on one core, everything encoded and decoded at both
 * ends; once with the master as a process of its own, over its sockets.
 */
import { SystemClock } from '../../core/base/clock.ts';
import { silentLog } from '../../core/base/log.ts';
import { Metrics } from '../../core/base/metrics.ts';
import { SystemRandom } from '../../core/base/random.ts';
import { createMaster, type Master } from '../../core/master/master.ts';
import { DEFAULT_MASTER_OPTIONS } from '../../core/master/options.ts';
import { createHttpServer } from '../../core/net/http-server.ts';
import { createLibprocess } from '../../core/net/libprocess.ts';
import { LoopbackNetwork } from '../../core/net/loopback.ts';
import { MemoryStorage } from '../../core/storage/memory.ts';
import { decodeMessage, encodeMessage } from '../../core/wire/codec.ts';
import type { Call, Event } from '../../core/wire/types/mesos.v1.scheduler.ts';
import type { FrameworkInfo, Offer, TaskInfo } from '../../core/wire/types/mesos.v1.ts';
import { BenchFramework, REFUSE, startMaster, within } from './cluster.ts';
import type { Benchmark, Figure } from './figures.ts';
import { cpuSeconds } from './measure.ts';
import { SimulatedAgents } from './simulated-agents.ts';

const AGENTS = 100;
/** One ACCEPT launches so many, as a busy framework does. */
const TASKS_PER_OFFER = 100;
const TASKS = AGENTS * TASKS_PER_OFFER;
const PATIENCE_MS = 120_000;

export const schedulingBenchmark: Benchmark = {
  name: 'scheduling',
  what: `${TASKS} tasks on ${AGENTS} simulated agents, from ACCEPT to acknowledged`,
  run: async () => [...(await inProcess()), ...(await overSockets())],
};

async function inProcess(): Promise<readonly Figure[]> {
  const network = new LoopbackNetwork();
  const masterTransport = network.createTransport('10.0.0.1', 5050);
  const master = createMaster(DEFAULT_MASTER_OPTIONS, {
    clock: new SystemClock(),
    random: new SystemRandom(),
    log: silentLog,
    transport: masterTransport,
    storage: new MemoryStorage(),
    metrics: new Metrics(),
  });
  await master.start();
  const agents = new SimulatedAgents(
    network.createTransport('10.0.0.2', 5051),
    masterTransport,
    AGENTS,
  );
  await within(PATIENCE_MS, 'registration of all agents', agents.register());
  const framework = new DirectFramework(master);
  const offers = await within(PATIENCE_MS, 'an offer of each agent', framework.offers(AGENTS));
  const done = allAcknowledged(agents);
  const start = performance.now();
  for (const offer of offers) framework.launch(offer, tasksFor(offer));
  await within(PATIENCE_MS, 'acknowledgement of all tasks', done);
  const wallSeconds = (performance.now() - start) / 1000;
  await master.stop();
  return [
    {
      name: 'scheduling: accept to acknowledged, all in one process',
      value: TASKS / wallSeconds,
      unit: 'tasks/s',
      target: { bound: 'at least', value: 3_000 },
    },
  ];
}

async function overSockets(): Promise<readonly Figure[]> {
  const master = await startMaster();
  const http = createHttpServer({ ip: '127.0.0.1', port: 0, log: silentLog });
  await http.listen();
  const transport = createLibprocess({ http, log: silentLog });
  await transport.start();
  const agents = new SimulatedAgents(transport, { ip: '127.0.0.1', port: master.port }, AGENTS);
  const framework = new BenchFramework(`127.0.0.1:${master.port}`);
  try {
    await within(PATIENCE_MS, 'registration of all agents', agents.register());
    await framework.scheduler.start();
    const offers: Offer[] = [];
    while (offers.length < AGENTS) {
      offers.push(await within(PATIENCE_MS, 'an offer of each agent', framework.nextOffer()));
    }
    const done = allAcknowledged(agents);
    const [start, cpuBefore] = [performance.now(), cpuSeconds(master.pid)];
    await Promise.all(
      offers.map((offer) => framework.scheduler.launch([offer.id], tasksFor(offer), REFUSE)),
    );
    await within(PATIENCE_MS, 'acknowledgement of all tasks', done);
    const wallSeconds = (performance.now() - start) / 1000;
    return [
      {
        name: 'scheduling: over sockets, per processor second of the master',
        value: TASKS / (cpuSeconds(master.pid) - cpuBefore),
        unit: 'tasks/cpu-s',
        target: { bound: 'at least', value: 3_000 },
      },
      { name: 'scheduling: over sockets', value: TASKS / wallSeconds, unit: 'tasks/s' },
    ];
  } finally {
    await framework.stop();
    await transport.stop();
    await http.close();
    await master.stop();
  }
}

function allAcknowledged(agents: SimulatedAgents): Promise<void> {
  return new Promise((resolve) => {
    agents.onAcknowledged = () => {
      if (agents.acknowledgedCount === TASKS) resolve();
    };
  });
}

function tasksFor(offer: Offer): readonly TaskInfo[] {
  return Array.from({ length: TASKS_PER_OFFER }, (_, at) => ({
    name: 'bench',
    task_id: { value: `${offer.agent_id.value}-${at}` },
    agent_id: offer.agent_id,
    command: { value: 'sleep 1000' },
    resources: [
      { name: 'cpus', type: 'SCALAR', scalar: { value: 0.1 } },
      { name: 'mem', type: 'SCALAR', scalar: { value: 32 } },
    ],
  }));
}

/** A framework without sockets: every call and event is encoded and decoded as on the wire. */
class DirectFramework {
  private readonly master: Master;
  private readonly streamId: string;
  private frameworkId = '';
  private readonly received: Offer[] = [];
  private onOffers = (): void => {};

  constructor(master: Master) {
    this.master = master;
    const info: FrameworkInfo = {
      user: 'root',
      name: 'bench',
      roles: ['bench'],
      capabilities: [{ type: 'MULTI_ROLE' }],
    };
    const call: Call = { type: 'SUBSCRIBE', subscribe: { framework_info: info } };
    const connection = { send: (event: Event) => this.receive(event), close: () => {} };
    this.streamId = master.subscribe(call, connection);
  }

  async offers(count: number): Promise<readonly Offer[]> {
    if (this.received.length < count) {
      await new Promise<void>((resolve) => {
        this.onOffers = () => {
          if (this.received.length >= count) resolve();
        };
      });
    }
    return this.received;
  }

  launch(offer: Offer, tasks: readonly TaskInfo[]): void {
    const operation = { type: 'LAUNCH' as const, launch: { task_infos: tasks } };
    const accept = { offer_ids: [offer.id], operations: [operation], filters: REFUSE };
    this.call({ type: 'ACCEPT', accept });
  }

  private receive(event: Event): void {
    const bytes = encodeMessage('mesos.v1.scheduler.Event', event);
    setImmediate(() => {
      const decoded = decodeMessage('mesos.v1.scheduler.Event', bytes);
      if (decoded.ok) this.handle(decoded.value);
    });
  }

  private handle(event: Event): void {
    if (event.subscribed !== undefined) this.frameworkId = event.subscribed.framework_id.value;
    if (event.offers !== undefined) {
      this.received.push(...(event.offers.offers ?? []));
      this.onOffers();
    }
    const status = event.update?.status;
    if (status?.uuid === undefined || status.agent_id === undefined) return;
    const { task_id, agent_id, uuid } = status;
    this.call({ type: 'ACKNOWLEDGE', acknowledge: { task_id, agent_id, uuid } });
  }

  private call(call: Call): void {
    const bytes = encodeMessage('mesos.v1.scheduler.Call', {
      ...call,
      framework_id: { value: this.frameworkId },
    });
    const decoded = decodeMessage('mesos.v1.scheduler.Call', bytes);
    if (!decoded.ok) throw new Error(decoded.error);
    const origin = { principal: undefined, streamId: this.streamId };
    const refusal = this.master.call(decoded.value, origin);
    if (refusal !== undefined) throw new Error(refusal.text);
  }
}
