/**
 * A framework for the simulation: launches tasks of random size and length on what it is offered,
 * kills some, acknowledges, reconciles, and starts again after a crash with what it had stored. It
 * keeps the history of each task as a real scheduler would see it.
 */
import { strict as assert } from 'node:assert';
import { type Random, randomInteger } from '../../core/base/random.ts';
import { scalarOf } from '../../core/resources/select.ts';
import type { SimulatedCluster } from '../../core/testing/cluster.ts';
import { MASTER } from '../../core/testing/cluster.ts';
import type { SimulatedProcess } from '../../core/testing/network.ts';
import { SchedulerLink } from '../../core/testing/scheduler-link.ts';
import type { Call, Event } from '../../core/wire/types/mesos.v1.scheduler.ts';
import type { Offer, Resource, TaskInfo, TaskStatus } from '../../core/wire/types/mesos.v1.ts';

/** What a framework writes down before it acts; survives its crashes. */
export interface TaskHistory {
  readonly id: string;
  /** The terminal state it came to. */
  end: string | undefined;
  /** Whether an update that must be acknowledged told the end. */
  isEndReliable: boolean;
  /** Every update with who sent it and why, for the report of a failure. */
  readonly updates: string[];
  agentId: string;
  killAsked: boolean;
}

export interface FrameworkOptions {
  readonly name: string;
  readonly cluster: SimulatedCluster;
  readonly random: Random;
  readonly taskCount: number;
  /** How long offers are refused while no more tasks are wanted; some seconds where it is left out. */
  readonly idleRefuseSeconds?: number;
}

const TERMINAL: ReadonlySet<string> = new Set([
  'TASK_FINISHED',
  'TASK_FAILED',
  'TASK_KILLED',
  'TASK_LOST',
  'TASK_ERROR',
  'TASK_DROPPED',
  'TASK_GONE',
  'TASK_GONE_BY_OPERATOR',
]);

const RESUBSCRIBE_MS = 1_000;
const RECONCILE_MS = 20_000;
/** Long enough for every outage of the simulation. */
const FAILOVER_TIMEOUT_SECONDS = 86_400;

export class SimulatedFramework {
  readonly tasks = new Map<string, TaskHistory>();
  frameworkId: string | undefined;
  /** While false, offers are declined and nothing is killed. */
  isBusy = true;
  /** Tasks launched in all its life, at most. */
  taskLimit: number;
  refusals: string[] = [];
  private readonly options: FrameworkOptions;
  private process: SimulatedProcess | undefined;
  private link: SchedulerLink | undefined;
  private isSubscribed = false;

  constructor(options: FrameworkOptions) {
    this.options = options;
    this.taskLimit = options.taskCount;
  }

  start(): void {
    this.process = this.options.cluster.network.start(this.options.name);
    this.connect();
    this.every(RECONCILE_MS, () => this.reconcile());
    this.every(3_000, () => this.killSome());
  }

  get isRunning(): boolean {
    return this.process?.isAlive === true;
  }

  crash(): void {
    this.options.cluster.network.crash(this.options.name);
    this.link = undefined;
    this.isSubscribed = false;
  }

  get liveTasks(): readonly TaskHistory[] {
    return [...this.tasks.values()].filter((task) => !isOver(task));
  }

  private connect(): void {
    const { process } = this;
    const { cluster } = this.options;
    if (process?.isAlive !== true) return;
    this.isSubscribed = false;
    const link = new SchedulerLink(
      {
        network: cluster.network,
        process,
        masterName: MASTER,
        master: () => cluster.master,
        onEvent: (event) => {
          if (this.link === link) this.receive(event);
        },
        onBroken: () => {
          if (this.link !== link) return;
          this.isSubscribed = false;
          process.clock.setTimer(RESUBSCRIBE_MS, () => this.connect());
        },
        onRefused: (call, status, text) => this.refusals.push(`${call.type} ${status} ${text}`),
      },
      this.subscribeCall(),
    );
    this.link = link;
    // A master that swallows the call (its connection broke unnoticed) is tried again.
    process.clock.setTimer(10_000, () => {
      if (this.link !== link || this.isSubscribed) return;
      link.close();
      this.connect();
    });
  }

  private subscribeCall(): Call {
    const id = this.frameworkId === undefined ? undefined : { value: this.frameworkId };
    return {
      type: 'SUBSCRIBE',
      framework_id: id,
      subscribe: {
        framework_info: {
          user: 'root',
          name: this.options.name,
          id,
          roles: ['sim'],
          failover_timeout: FAILOVER_TIMEOUT_SECONDS,
          checkpoint: true,
          capabilities: [{ type: 'MULTI_ROLE' }, { type: 'PARTITION_AWARE' }],
        },
      },
    };
  }

  private receive(event: Event): void {
    switch (event.type) {
      case 'SUBSCRIBED':
        this.isSubscribed = true;
        this.frameworkId = event.subscribed?.framework_id.value;
        this.reconcile();
        return;
      case 'OFFERS':
        for (const offer of event.offers?.offers ?? []) this.useOffer(offer);
        return;
      case 'UPDATE':
        if (event.update !== undefined) this.update(event.update.status);
        return;
      case 'ERROR':
        assert.fail(`framework ${this.options.name} was refused: ${event.error?.message}`);
        return;
      default:
        return;
    }
  }

  private useOffer(offer: Offer): void {
    const tasks: TaskInfo[] = [];
    let cpus = scalarOf(offer.resources ?? [], 'cpus');
    let mem = scalarOf(offer.resources ?? [], 'mem');
    while (this.isBusy && this.tasks.size < this.taskLimit && this.chance(0.7)) {
      const wantedCpus = (1 + randomInteger(this.options.random, 10)) / 10;
      const wantedMem = 32 * (1 + randomInteger(this.options.random, 4));
      if (wantedCpus > cpus || wantedMem > mem) break;
      cpus = Math.round((cpus - wantedCpus) * 1000) / 1000;
      mem -= wantedMem;
      tasks.push(this.newTask(offer, wantedCpus, wantedMem));
    }
    if (tasks.length === 0) {
      const seconds = this.refuseSeconds();
      this.call({
        type: 'DECLINE',
        decline: { offer_ids: [offer.id], filters: { refuse_seconds: seconds } },
      });
      return;
    }
    this.call({
      type: 'ACCEPT',
      accept: {
        offer_ids: [offer.id],
        operations: [{ type: 'LAUNCH', launch: { task_infos: tasks } }],
        filters: { refuse_seconds: 1 },
      },
    });
  }

  private refuseSeconds(): number {
    if (!this.isBusy) return 3_600;
    const { idleRefuseSeconds } = this.options;
    const isIdle = this.tasks.size >= this.taskLimit;
    if (isIdle && idleRefuseSeconds !== undefined) return idleRefuseSeconds;
    return randomInteger(this.options.random, 10);
  }

  private newTask(offer: Offer, cpus: number, mem: number): TaskInfo {
    const id = `${this.options.name}-task-${this.tasks.size}`;
    const agentId = offer.agent_id.value;
    this.tasks.set(id, {
      id,
      end: undefined,
      isEndReliable: false,
      updates: [],
      agentId,
      killAsked: false,
    });
    const seconds = randomInteger(this.options.random, 60);
    const code = this.chance(0.2) ? 1 : 0;
    const allocation = { role: offer.allocation_info?.role ?? 'sim' };
    const scalar = (name: string, value: number): Resource => ({
      name,
      type: 'SCALAR',
      scalar: { value },
      allocation_info: allocation,
    });
    return {
      name: id,
      task_id: { value: id },
      agent_id: offer.agent_id,
      resources: [scalar('cpus', cpus), scalar('mem', mem)],
      // The name of the task is part of the script, so that processes can be told apart.
      command: { value: `task ${id}; sleep ${seconds}; exit ${code}` },
    };
  }

  private update(status: TaskStatus): void {
    const id = status.task_id.value;
    const task = this.tasks.get(id);
    assert.ok(task !== undefined, `an update for a task nobody launched: ${id}`);
    task.updates.push(describeStatus(status));
    takeDown(task, status);
    if (status.uuid === undefined || status.agent_id === undefined) return;
    this.call({
      type: 'ACKNOWLEDGE',
      acknowledge: { agent_id: status.agent_id, task_id: status.task_id, uuid: status.uuid },
    });
  }

  private killSome(): void {
    if (!this.isBusy) return;
    for (const task of this.liveTasks) {
      if (!this.chance(0.03)) continue;
      task.killAsked = true;
      this.call({ type: 'KILL', kill: { task_id: { value: task.id } } });
    }
  }

  reconcile(): void {
    const tasks = this.liveTasks.map((task) => ({
      task_id: { value: task.id },
      agent_id: { value: task.agentId },
    }));
    if (tasks.length > 0) this.call({ type: 'RECONCILE', reconcile: { tasks } });
  }

  private call(call: Call): void {
    if (!this.isSubscribed || this.frameworkId === undefined) return;
    this.link?.call({ ...call, framework_id: { value: this.frameworkId } });
  }

  private every(intervalMs: number, action: () => void): void {
    this.process?.clock.setTimer(intervalMs, () => {
      action();
      this.every(intervalMs, action);
    });
  }

  private chance(probability: number): boolean {
    return this.options.random.float() < probability;
  }
}

export function isOver(task: TaskHistory): boolean {
  return task.end !== undefined;
}

/** What the master says of all tasks of an agent that goes. */
const AGENT_LEFT: ReadonlySet<string> = new Set([
  'REASON_AGENT_DISCONNECTED',
  'REASON_AGENT_REMOVED',
  'REASON_AGENT_REMOVED_BY_OPERATOR',
]);

/** Ends of tasks that never ran: which of them is told depends on who noticed first. */
const NEVER_RAN: ReadonlySet<string> = new Set(['TASK_GONE', 'TASK_DROPPED']);

/**
 * A task comes to one end. Three things are no contradiction: reliable updates (those with a uuid) that
 * arrive late, after the master has told the end without one; the return of an agent that the
 * master took for replaced (LOST), because agents that come back are admitted again; and an agent that goes before
 * it has the acknowledgement of the end, because the master still counts the task among those it takes along.
 */
function takeDown(task: TaskHistory, status: TaskStatus): void {
  const { state } = status;
  const isReliable = status.uuid !== undefined;
  if (task.isEndReliable && !isReliable && AGENT_LEFT.has(status.reason ?? '')) return;
  if (!TERMINAL.has(state)) {
    const isLate = !task.isEndReliable || state === 'TASK_UNKNOWN';
    if (task.end === 'TASK_LOST') task.end = undefined;
    else assert.ok(task.end === undefined || isLate, `went on after its end: ${historyOf(task)}`);
    return;
  }
  const isSame =
    task.end === undefined ||
    task.end === state ||
    task.end === 'TASK_LOST' ||
    (NEVER_RAN.has(task.end) && NEVER_RAN.has(state));
  assert.ok(isSame, `came to a second end: ${historyOf(task)}`);
  task.end = state;
  task.isEndReliable ||= isReliable;
}

function historyOf(task: TaskHistory): string {
  return `${task.id}\n  ${task.updates.join('\n  ')}`;
}

function describeStatus(status: TaskStatus): string {
  const uuid =
    status.uuid === undefined ? 'no uuid' : Buffer.from(status.uuid).toString('hex', 0, 4);
  const { state, source, reason, message } = status;
  return `${state} ${source ?? ''} ${reason ?? ''} '${message ?? ''}' ${uuid}`;
}
