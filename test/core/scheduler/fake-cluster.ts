/**
 * A `FakeMaster` with agents: it offers what is free, runs what is accepted, and answers
 * reconciliation, in virtual time. Enough of a cluster to test schedulers against.
 */
import type { Clock } from '../../../core/base/clock.ts';
import type { Call } from '../../../core/wire/types/mesos.v1.scheduler.ts';
import type { Offer, TaskInfo, TaskState, TaskStatus } from '../../../core/wire/types/mesos.v1.ts';
import { FakeMaster } from './fake-master.ts';

export interface FakeAgent {
  readonly id: string;
  readonly cpus: number;
  readonly mem: number;
}

export interface LaunchedTask {
  readonly info: TaskInfo;
  readonly launchedAt: number;
  state: TaskState;
}

export class FakeCluster extends FakeMaster {
  /** Every task that ever reached an agent, in order. */
  readonly launched: LaunchedTask[] = [];
  /** What becomes of a task; undefined keeps it running until `end`. */
  plan: (info: TaskInfo) => { readonly afterMs: number; readonly state: TaskState } | undefined =
    () => ({ afterMs: 10, state: 'TASK_FINISHED' });
  /** ACCEPT calls that get lost on their way: the tasks never exist. */
  losesLaunches = false;
  private readonly clock: Clock;
  private readonly agents: readonly FakeAgent[];
  private readonly offered = new Map<string, string>();
  private isSuppressed = false;
  /** Updates not yet acknowledged, per task: only the first is sent, as agents do. */
  private readonly unacknowledged = new Map<string, TaskStatus[]>();
  private offerCount = 0;
  private statusCount = 0;

  constructor(clock: Clock, agents: readonly FakeAgent[]) {
    super();
    this.clock = clock;
    this.agents = agents;
    this.onCall = (call) => this.take(call);
  }

  alive(): readonly LaunchedTask[] {
    return this.launched.filter((task) => !isTerminal(task.state));
  }

  get suppressed(): boolean {
    return this.isSuppressed;
  }

  /** Reports a state of a task. */
  report(taskId: string, state: TaskState, more: Partial<TaskStatus> = {}): void {
    const task = this.launched.find((each) => each.info.task_id.value === taskId);
    if (task === undefined || isTerminal(task.state)) return;
    task.state = state;
    this.statusCount += 1;
    const number = this.statusCount;
    const uuid = Uint8Array.from({ length: 16 }, (_, index) => (number >> (8 * (index % 4))) & 255);
    const queue = this.unacknowledged.get(taskId) ?? [];
    this.unacknowledged.set(taskId, queue);
    queue.push({
      task_id: { value: taskId },
      agent_id: task.info.agent_id,
      state,
      source: 'SOURCE_EXECUTOR',
      uuid,
      ...more,
    });
    if (queue.length === 1) this.sendFirst(taskId);
    if (isTerminal(state)) this.offerSoon();
  }

  private take(call: Call): void {
    switch (call.type) {
      case 'SUBSCRIBE':
        this.offered.clear();
        this.isSuppressed = (call.subscribe?.suppressed_roles ?? []).length > 0;
        this.offerSoon();
        this.clock.setTimer(5, () => {
          for (const taskId of this.unacknowledged.keys()) this.sendFirst(taskId);
        });
        return;
      case 'ACKNOWLEDGE':
        this.acknowledged(call.acknowledge?.task_id.value ?? '', call.acknowledge?.uuid);
        return;
      case 'REVIVE':
        this.isSuppressed = false;
        this.offerSoon();
        return;
      case 'SUPPRESS':
        this.isSuppressed = true;
        return;
      case 'DECLINE':
        for (const id of call.decline?.offer_ids ?? []) this.offered.delete(id.value);
        this.clock.setTimer(5_000, () => this.offerSoon());
        return;
      case 'ACCEPT':
        this.accept(call);
        return;
      case 'KILL':
        this.report(call.kill?.task_id.value ?? '', 'TASK_KILLED');
        return;
      case 'RECONCILE':
        this.reconcile(call);
        return;
      default:
    }
  }

  private sendFirst(taskId: string): void {
    const status = this.unacknowledged.get(taskId)?.[0];
    if (status !== undefined) this.send({ type: 'UPDATE', update: { status } });
  }

  private acknowledged(taskId: string, uuid: Uint8Array | undefined): void {
    const queue = this.unacknowledged.get(taskId) ?? [];
    if (String(queue[0]?.uuid) !== String(uuid)) return;
    queue.shift();
    if (queue.length === 0) this.unacknowledged.delete(taskId);
    else this.sendFirst(taskId);
  }

  private accept(call: Call): void {
    const ids = call.accept?.offer_ids ?? [];
    const tasks = (call.accept?.operations ?? []).flatMap((each) => each.launch?.task_infos ?? []);
    const isValid = ids.every((id) => this.offered.delete(id.value));
    if (this.losesLaunches) return;
    for (const info of tasks) {
      if (isValid) this.start(info);
      else this.tell(info.task_id.value, 'TASK_LOST', 'REASON_INVALID_OFFERS');
    }
    if (tasks.length === 0) this.offerSoon();
  }

  private start(info: TaskInfo): void {
    this.launched.push({ info, launchedAt: this.clock.now(), state: 'TASK_STAGING' });
    const id = info.task_id.value;
    this.clock.setTimer(1, () => this.report(id, 'TASK_RUNNING'));
    const end = this.plan(info);
    if (end !== undefined) this.clock.setTimer(1 + end.afterMs, () => this.report(id, end.state));
  }

  private reconcile(call: Call): void {
    const asked = call.reconcile?.tasks ?? [];
    for (const { task_id } of asked) {
      const task = this.launched.find((each) => each.info.task_id.value === task_id.value);
      const isPending = this.unacknowledged.has(task_id.value);
      const isKnown = task !== undefined && (isPending || !isTerminal(task.state));
      this.tell(task_id.value, isKnown ? task.state : 'TASK_LOST', 'REASON_RECONCILIATION');
    }
    if (asked.length > 0) return;
    for (const task of this.alive()) {
      this.tell(task.info.task_id.value, task.state, 'REASON_RECONCILIATION');
    }
  }

  /** A status made by the master: without uuid. */
  private tell(id: string, state: TaskState, reason: NonNullable<TaskStatus['reason']>): void {
    const task = this.launched.find((each) => each.info.task_id.value === id);
    const agent = task === undefined ? {} : { agent_id: task.info.agent_id };
    const status = { task_id: { value: id }, state, reason, ...agent };
    this.send({ type: 'UPDATE', update: { status: { ...status, source: 'SOURCE_MASTER' } } });
  }

  private offerSoon(): void {
    this.clock.setTimer(1, () => {
      if (this.isSuppressed || !this.isConnected) return;
      const offers = this.agents.flatMap((agent) => this.offerOf(agent));
      if (offers.length > 0) this.send({ type: 'OFFERS', offers: { offers } });
    });
  }

  private offerOf(agent: FakeAgent): readonly Offer[] {
    if ([...this.offered.values()].includes(agent.id)) return [];
    const running = this.alive().filter((task) => task.info.agent_id.value === agent.id);
    const used = (name: string) =>
      running
        .flatMap((task) => task.info.resources ?? [])
        .filter((resource) => resource.name === name)
        .reduce((sum, resource) => sum + (resource.scalar?.value ?? 0), 0);
    const free = { cpus: agent.cpus - used('cpus'), mem: agent.mem - used('mem'), disk: 100_000 };
    if (free.cpus < 0.01) return [];
    this.offerCount += 1;
    const id = `O${this.offerCount}`;
    this.offered.set(id, agent.id);
    return [
      {
        id: { value: id },
        framework_id: { value: this.frameworkId },
        agent_id: { value: agent.id },
        hostname: `${agent.id}.example`,
        resources: Object.entries(free).map(([name, value]) => ({
          name,
          type: 'SCALAR',
          role: '*',
          scalar: { value },
        })),
      },
    ];
  }
}

function isTerminal(state: TaskState): boolean {
  return !['TASK_STAGING', 'TASK_STARTING', 'TASK_RUNNING', 'TASK_KILLING'].includes(state);
}
