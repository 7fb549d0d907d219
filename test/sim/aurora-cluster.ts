/**
 * The cluster as Aurora sees it, in little: agents that offer what they have, run tasks, report them until somebody
 * acknowledges, crash, and are cut off. Decided by a seed, under virtual time.
 */
import { type Random, randomInteger } from '../../core/base/random.ts';
import type { SimulatedClock } from '../../core/testing/clock.ts';
import type { Offer, TaskInfo, TaskState, TaskStatus } from '../../core/wire/types/mesos.v1.ts';

/** What the scheduler's life hears. */
export interface ClusterListener {
  offers(offers: readonly Offer[]): void;
  rescinded(offerId: string): void;
  update(status: TaskStatus): void;
}

interface RunningTask {
  readonly id: string;
  readonly cpus: number;
  readonly mem: number;
  state: TaskState;
}

interface Unacknowledged {
  readonly status: TaskStatus;
}

interface Free {
  readonly cpus: number;
  readonly mem: number;
}

export class Agent {
  readonly name: string;
  readonly tasks = new Map<string, RunningTask>();
  readonly unacknowledged = new Map<string, Unacknowledged>();
  /** What lies in offers; what is freed meanwhile comes in another one. */
  readonly offers = new Map<string, Free>();
  isCut = false;

  constructor(name: string) {
    this.name = name;
  }
}

const CPUS = 8;
const MEM = 8_192;
const RESEND_MS = 10_000;
const START_MAX_MS = 3_000;

export class AuroraCluster {
  readonly agents: readonly Agent[];
  private readonly clock: SimulatedClock;
  private readonly random: Random;
  /** Whether a task with this configuration fails soon after its start. */
  private readonly fails: (info: TaskInfo) => boolean;
  private readonly isAware: boolean;
  private listener: ClusterListener | undefined;
  private lastNumber = 0;
  startCount = 0;

  constructor(
    options: { readonly agentCount: number; readonly isAware: boolean },
    ports: { readonly clock: SimulatedClock; readonly random: Random },
    fails: (info: TaskInfo) => boolean,
  ) {
    this.agents = Array.from({ length: options.agentCount }, (_, at) => new Agent(`h${at + 1}`));
    this.isAware = options.isAware;
    this.clock = ports.clock;
    this.random = ports.random;
    this.fails = fails;
  }

  /** A new life of the scheduler; everything unacknowledged is told again. */
  subscribe(listener: ClusterListener): void {
    this.listener = listener;
    for (const agent of this.agents) {
      for (const { status } of [...agent.unacknowledged.values()]) this.tell(agent, status);
      this.offerSoon(agent);
    }
  }

  /** Offers to somebody who is gone are taken back. */
  disconnect(): void {
    this.listener = undefined;
    for (const agent of this.agents) agent.offers.clear();
  }

  accept(offerId: string, tasks: readonly TaskInfo[]): void {
    const agent = this.takeBack(offerId);
    if (agent === undefined || agent.isCut) {
      // The offer is gone: the master says so of each task.
      for (const task of tasks) this.report(undefined, task.task_id.value, 'TASK_LOST');
      return;
    }
    for (const info of tasks) this.launch(agent, info);
    this.offerSoon(agent);
  }

  decline(offerId: string): void {
    const agent = this.takeBack(offerId);
    if (agent !== undefined) this.offerSoon(agent, 5_000);
  }

  kill(taskId: string): void {
    const agent = this.agentOf(taskId);
    if (agent?.isCut === true) return;
    if (agent === undefined) this.report(undefined, taskId, 'TASK_LOST');
    else this.later(1_000, () => this.end(taskId, 'TASK_KILLED'));
  }

  acknowledge(status: TaskStatus): void {
    for (const agent of this.agents) {
      const known = agent.unacknowledged.get(status.task_id.value);
      if (known?.status.uuid === status.uuid) agent.unacknowledged.delete(status.task_id.value);
    }
  }

  /** Answers about each task that is asked about. */
  reconcile(taskIds: readonly string[]): void {
    for (const id of taskIds) {
      const agent = this.agentOf(id);
      const state = agent?.isCut === true ? this.stateOfCut : agent?.tasks.get(id)?.state;
      this.report(undefined, id, state ?? 'TASK_LOST');
    }
  }

  /** Tells of all tasks on agents that are there. */
  reconcileAll(): void {
    for (const { isCut, tasks } of this.agents) {
      if (isCut) continue;
      for (const { id, state } of tasks.values()) this.report(undefined, id, state);
    }
  }

  crash(agent: Agent): void {
    for (const id of [...agent.tasks.keys()]) this.end(id, 'TASK_LOST');
  }

  /** A master tells those who know partitions that tasks are unreachable, others that they are lost. */
  cut(agent: Agent): void {
    agent.isCut = true;
    for (const id of agent.offers.keys()) this.later(200, () => this.listener?.rescinded(id));
    agent.offers.clear();
    for (const id of agent.tasks.keys()) this.report(undefined, id, this.stateOfCut);
  }

  heal(agent: Agent): void {
    if (!agent.isCut) return;
    agent.isCut = false;
    // What was called lost the master kills, and says nothing.
    if (!this.isAware) agent.tasks.clear();
    for (const [id, { state }] of agent.tasks) this.report(agent, id, state);
    this.offerSoon(agent);
  }

  endTask(taskId: string, state: TaskState): void {
    this.end(taskId, state);
  }

  runningIds(): readonly string[] {
    return this.agents.flatMap(({ tasks }) => [...tasks.keys()]);
  }

  private launch(agent: Agent, info: TaskInfo): void {
    const of = (name: string): number =>
      [...(info.resources ?? []), ...(info.executor?.resources ?? [])]
        .filter((each) => each.name === name)
        .reduce((sum, { scalar }) => sum + (scalar?.value ?? 0), 0);
    const task: RunningTask = {
      id: info.task_id.value,
      cpus: of('cpus'),
      mem: of('mem'),
      state: 'TASK_STAGING',
    };
    agent.tasks.set(task.id, task);
    this.startCount += 1;
    this.later(START_MAX_MS, () => {
      if (!agent.tasks.has(task.id)) return;
      task.state = 'TASK_RUNNING';
      this.report(agent, task.id, 'TASK_RUNNING');
      if (this.fails(info)) this.later(2_000, () => this.end(task.id, 'TASK_FAILED'));
    });
  }

  private end(taskId: string, state: TaskState): void {
    const agent = this.agentOf(taskId);
    if (agent === undefined) return;
    agent.tasks.delete(taskId);
    this.report(agent, taskId, state);
    this.offerSoon(agent);
  }

  private agentOf(taskId: string): Agent | undefined {
    return this.agents.find(({ tasks }) => tasks.has(taskId));
  }

  /** An agent's own updates are sent again until they are acknowledged; the master's are said once. */
  private report(agent: Agent | undefined, taskId: string, state: TaskState): void {
    const base = { task_id: { value: taskId }, state };
    if (agent === undefined) {
      this.later(200, () => this.listener?.update(base));
      return;
    }
    const status = { ...base, agent_id: { value: agent.name }, uuid: this.random.bytes(16) };
    agent.unacknowledged.set(taskId, { status });
    this.tell(agent, status);
  }

  private tell(agent: Agent, status: TaskStatus): void {
    const id = status.task_id.value;
    this.later(200, () => {
      if (agent.unacknowledged.get(id)?.status !== status) return;
      // Some are lost, some come twice.
      const luck = randomInteger(this.random, 10);
      if (!agent.isCut && luck > 0) this.listener?.update(status);
      if (!agent.isCut && luck === 1) this.listener?.update(status);
    });
    this.clock.setTimer(RESEND_MS, () => {
      if (agent.unacknowledged.get(id)?.status === status) this.tell(agent, status);
    });
  }

  private get stateOfCut(): TaskState {
    return this.isAware ? 'TASK_UNREACHABLE' : 'TASK_LOST';
  }

  private takeBack(offerId: string): Agent | undefined {
    return this.agents.find(({ offers }) => offers.delete(offerId));
  }

  private offerSoon(agent: Agent, delayMs = 100): void {
    this.later(delayMs, () => {
      if (agent.isCut || this.listener === undefined) return;
      const used = [...agent.tasks.values(), ...agent.offers.values()];
      const cpus = CPUS - used.reduce((sum, each) => sum + each.cpus, 0);
      const mem = MEM - used.reduce((sum, each) => sum + each.mem, 0);
      if (cpus < 0.1) return;
      this.lastNumber += 1;
      const id = `o${this.lastNumber}`;
      agent.offers.set(id, { cpus, mem });
      this.listener.offers([offerOf(agent, id, { cpus, mem })]);
    });
  }

  private later(maxMs: number, act: () => void): void {
    this.clock.setTimer(1 + randomInteger(this.random, maxMs), act);
  }
}

function offerOf({ name }: Agent, id: string, { cpus, mem }: Free): Offer {
  const scalar = (resource: string, value: number) => ({
    name: resource,
    type: 'SCALAR' as const,
    scalar: { value },
  });
  return {
    id: { value: id },
    framework_id: { value: 'f1' },
    agent_id: { value: name },
    hostname: name,
    resources: [
      scalar('cpus', Math.round(cpus * 1_000) / 1_000),
      scalar('mem', mem),
      scalar('disk', 100_000),
      { name: 'ports', type: 'RANGES', ranges: { range: [{ begin: 31_000, end: 32_000 }] } },
    ],
    attributes: [{ name: 'host', type: 'TEXT', text: { value: name } }],
  };
}
