/**
 * Many agents behind one transport, `slave(N)@ip:port`: they register, answer pings, and run tasks that
 * exist only as statuses. Messages are encoded and decoded as real ones, so a master on sockets or
 * on the loopback sees no difference. Nothing is sent again: for benchmarks without faults.
 */
import { randomUUID } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Envelope, MessageTransport, Upid } from '../../core/net/ports.ts';
import { decodeMessage, encodeMessage, type MessageName } from '../../core/wire/codec.ts';
import type {
  AgentInfo,
  AgentInfoCapability,
  FrameworkInfo,
  Resource,
  Task,
  TaskInfo,
} from '../../core/wire/types/mesos.v1.ts';
import type { MessageTypes } from '../../core/wire/types/messages.ts';

export const AGENT_RESOURCES: readonly Resource[] = [
  { name: 'cpus', type: 'SCALAR', scalar: { value: 16 } },
  { name: 'mem', type: 'SCALAR', scalar: { value: 65_536 } },
  { name: 'disk', type: 'SCALAR', scalar: { value: 1_000_000 } },
  { name: 'ports', type: 'RANGES', ranges: { range: [{ begin: 31_000, end: 32_000 }] } },
];

/** So many send before what they have sent leaves. */
const AGENTS_PER_TURN = 100;

const VERSION = '1.11.0';
const CAPABILITIES: readonly AgentInfoCapability[] = [
  { type: 'MULTI_ROLE' },
  { type: 'HIERARCHICAL_ROLE' },
  { type: 'RESERVATION_REFINEMENT' },
  { type: 'RESIZE_VOLUME' },
  { type: 'AGENT_DRAINING' },
  { type: 'TASK_RESOURCE_LIMITS' },
];

/** What a task of a benchmark asks for. */
export const TASK_RESOURCES: readonly Resource[] = [
  { name: 'cpus', type: 'SCALAR', scalar: { value: 0.1 }, allocation_info: { role: 'bench' } },
  { name: 'mem', type: 'SCALAR', scalar: { value: 32 }, allocation_info: { role: 'bench' } },
];

/** A task that an agent reports; `states` are those it went through. */
export function reportedTask(
  id: string,
  where: { readonly agent: string; readonly framework: string; readonly host: number },
  states: readonly Task['state'][],
): Task {
  const container = randomUUID();
  const statuses = states.map((state, at) => ({
    task_id: { value: id },
    state,
    source: 'SOURCE_EXECUTOR' as const,
    agent_id: { value: where.agent },
    executor_id: { value: id },
    timestamp: 1_700_000_000.123 + at,
    uuid: new Uint8Array(16),
    container_status: {
      container_id: { value: container },
      network_infos: [
        {
          ip_addresses: [
            {
              protocol: 'IPv4' as const,
              ip_address: `10.1.${where.host >> 8}.${where.host & 255}`,
            },
          ],
        },
      ],
    },
  }));
  return {
    name: `task-${id}`,
    task_id: { value: id },
    framework_id: { value: where.framework },
    agent_id: { value: where.agent },
    state: states.at(-1) ?? 'TASK_STAGING',
    resources: TASK_RESOURCES,
    statuses,
  };
}

interface SimulatedAgent {
  readonly number: number;
  readonly actor: string;
  id: string | undefined;
}

export class SimulatedAgents {
  private readonly transport: MessageTransport;
  private readonly master: Upid;
  private readonly agents: SimulatedAgent[] = [];
  private registered = Promise.withResolvers<void>();
  private awaitedCount = 0;
  /** Tasks whose TASK_RUNNING was acknowledged. */
  acknowledgedCount = 0;
  launchedCount = 0;
  /** Kills that were asked for. */
  killCount = 0;
  /** Whether they are carried out. */
  carriesOutKills = false;
  onAcknowledged: () => void = () => {};

  constructor(transport: MessageTransport, master: Omit<Upid, 'id'>, count: number) {
    this.transport = transport;
    this.master = { ...master, id: 'master' };
    for (let number = 0; number < count; number += 1) {
      const agent: SimulatedAgent = { number, actor: `slave(${number + 1})`, id: undefined };
      this.agents.push(agent);
      transport.register(agent.actor, (envelope) => this.receive(agent, envelope));
    }
  }

  get ids(): readonly string[] {
    return this.agents.map((agent) => agent.id ?? '');
  }

  /** Resolves when all are registered. */
  register(): Promise<void> {
    this.expectAll();
    for (const agent of this.agents) {
      this.send(agent, 'mesos.internal.RegisterSlaveMessage', {
        slave: this.info(agent),
        version: VERSION,
        agent_capabilities: CAPABILITIES,
      });
    }
    return this.registered.promise;
  }

  /** With so many running tasks each; resolves when the master has taken all agents back. */
  async reregister(framework: FrameworkInfo, taskCount: number): Promise<void> {
    this.expectAll();
    for (const [at, agent] of this.agents.entries()) {
      this.sendReregistration(agent, framework, taskCount);
      // Agents are machines of their own: the master need not wait until the last one has written its message.
      if (at % AGENTS_PER_TURN === 0) await nextTurn();
    }
    await this.registered.promise;
  }

  private expectAll(): void {
    this.registered = Promise.withResolvers<void>();
    this.awaitedCount = this.agents.length;
  }

  private sendReregistration(
    agent: SimulatedAgent,
    framework: FrameworkInfo,
    taskCount: number,
  ): void {
    const where = {
      agent: agent.id ?? '',
      framework: framework.id?.value ?? '',
      host: agent.number,
    };
    this.send(agent, 'mesos.internal.ReregisterSlaveMessage', {
      slave: this.info(agent),
      version: VERSION,
      agent_capabilities: CAPABILITIES,
      frameworks: [framework],
      tasks: Array.from({ length: taskCount }, (_, at) =>
        reportedTask(`task-${agent.number}-${at}`, where, ['TASK_STARTING', 'TASK_RUNNING']),
      ),
    });
  }

  private info(agent: SimulatedAgent): AgentInfo {
    return {
      hostname: `agent-${agent.number}.example`,
      port: this.transport.port,
      resources: AGENT_RESOURCES,
      attributes: [{ name: 'rack', type: 'TEXT', text: { value: `r${agent.number % 50}` } }],
      ...(agent.id === undefined ? {} : { id: { value: agent.id } }),
    };
  }

  private receive(agent: SimulatedAgent, envelope: Envelope): void {
    switch (envelope.name) {
      case 'mesos.internal.PingSlaveMessage':
        this.send(agent, 'mesos.internal.PongSlaveMessage', {}, envelope.from);
        return;
      case 'mesos.internal.SlaveRegisteredMessage': {
        const message = read('mesos.internal.SlaveRegisteredMessage', envelope);
        agent.id = message.slave_id.value;
        this.oneMore();
        return;
      }
      case 'mesos.internal.SlaveReregisteredMessage':
        this.oneMore();
        return;
      case 'mesos.internal.RunTaskMessage': {
        const message = read('mesos.internal.RunTaskMessage', envelope);
        const framework = message.framework.id?.value ?? '';
        this.launchedCount += 1;
        this.update(agent, framework, message.task.task_id, 'TASK_RUNNING');
        return;
      }
      case 'mesos.internal.KillTaskMessage': {
        const message = read('mesos.internal.KillTaskMessage', envelope);
        this.killCount += 1;
        if (!this.carriesOutKills) return;
        this.update(agent, message.framework_id.value ?? '', message.task_id, 'TASK_KILLED');
        return;
      }
      case 'mesos.internal.StatusUpdateAcknowledgementMessage':
        read('mesos.internal.StatusUpdateAcknowledgementMessage', envelope);
        this.acknowledgedCount += 1;
        this.onAcknowledged();
        return;
      default:
        return;
    }
  }

  private oneMore(): void {
    this.awaitedCount -= 1;
    if (this.awaitedCount === 0) this.registered.resolve();
  }

  /** The first task of an agent that re-registered with tasks ends. */
  finishTask(number: number, framework: string): void {
    const agent = this.agents[number];
    if (agent === undefined) throw new Error(`there is no agent ${number}`);
    this.update(agent, framework, { value: `task-${number}-0` }, 'TASK_FINISHED');
  }

  private update(
    agent: SimulatedAgent,
    framework: string,
    taskId: TaskInfo['task_id'],
    state: Task['state'],
  ): void {
    const uuid = Buffer.from(randomUUID().replaceAll('-', ''), 'hex');
    const timestamp = Date.now() / 1000;
    this.send(agent, 'mesos.internal.StatusUpdateMessage', {
      update: {
        framework_id: { value: framework },
        slave_id: { value: agent.id ?? '' },
        executor_id: taskId,
        timestamp,
        uuid,
        latest_state: state,
        status: {
          task_id: taskId,
          state,
          source: 'SOURCE_EXECUTOR',
          agent_id: { value: agent.id ?? '' },
          executor_id: taskId,
          timestamp,
          uuid,
        },
      },
      pid: `${agent.actor}@${this.transport.ip}:${this.transport.port}`,
    });
  }

  private send<N extends MessageName>(
    agent: SimulatedAgent,
    name: N,
    message: MessageTypes[N],
    to: Upid = this.master,
  ): void {
    const from: Upid = { id: agent.actor, ip: this.transport.ip, port: this.transport.port };
    this.transport.send({ from, to, name, body: encodeMessage(name, message) });
  }
}

function read<N extends MessageName>(name: N, envelope: Envelope): MessageTypes[N] {
  const decoded = decodeMessage(name, envelope.body);
  if (!decoded.ok) throw new Error(`${name}: ${decoded.error}`);
  return decoded.value;
}
