/**
 * A framework that always wants more: it fills every offer with tasks of one size, all its life.
 * While not busy it suppresses its role; it may be crashed and started again.
 */
import { type Random, randomInteger } from '../../core/base/random.ts';
import { scalarOf } from '../../core/resources/select.ts';
import { MASTER, type SimulatedCluster } from '../../core/testing/cluster.ts';
import type { SimulatedProcess } from '../../core/testing/network.ts';
import { SchedulerLink } from '../../core/testing/scheduler-link.ts';
import type { Call, Event } from '../../core/wire/types/mesos.v1.scheduler.ts';
import type { Offer, Resource, TaskInfo } from '../../core/wire/types/mesos.v1.ts';

export interface SharingOptions {
  readonly name: string;
  readonly role: string;
  readonly cluster: SimulatedCluster;
  readonly random: Random;
  readonly task: { readonly cpus: number; readonly mem: number };
  readonly taskSeconds: readonly [least: number, most: number];
}

const RESUBSCRIBE_MS = 1_000;
const FAILOVER_TIMEOUT_SECONDS = 86_400;

export class SharingFramework {
  readonly options: SharingOptions;
  frameworkId: string | undefined;
  launchedCount = 0;
  readonly refusals: string[] = [];
  private readonly live = new Set<string>();
  private process: SimulatedProcess | undefined;
  private link: SchedulerLink | undefined;
  private isSubscribed = false;
  private isBusy = true;

  constructor(options: SharingOptions) {
    this.options = options;
  }

  get isRunning(): boolean {
    return this.process?.isAlive === true;
  }

  start(): void {
    this.process = this.options.cluster.network.start(this.options.name);
    this.connect();
  }

  crash(): void {
    this.options.cluster.network.crash(this.options.name);
    this.link = undefined;
    this.isSubscribed = false;
  }

  setBusy(isBusy: boolean): void {
    if (this.isBusy === isBusy) return;
    this.isBusy = isBusy;
    this.call(isBusy ? { type: 'REVIVE' } : { type: 'SUPPRESS' });
  }

  killSome(probability: number): void {
    for (const id of this.live) {
      if (this.options.random.float() > probability) continue;
      this.call({ type: 'KILL', kill: { task_id: { value: id } } });
    }
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
  }

  private subscribeCall(): Call {
    const { name, role } = this.options;
    const id = this.frameworkId === undefined ? undefined : { value: this.frameworkId };
    const info = {
      user: 'root',
      name,
      id,
      roles: [role],
      failover_timeout: FAILOVER_TIMEOUT_SECONDS,
      checkpoint: true,
      capabilities: [{ type: 'MULTI_ROLE' as const }, { type: 'PARTITION_AWARE' as const }],
    };
    const suppressed = this.isBusy ? {} : { suppressed_roles: [role] };
    return {
      type: 'SUBSCRIBE',
      framework_id: id,
      subscribe: { framework_info: info, ...suppressed },
    };
  }

  private receive(event: Event): void {
    switch (event.type) {
      case 'SUBSCRIBED':
        this.isSubscribed = true;
        this.frameworkId = event.subscribed?.framework_id.value;
        // What was said while the connection was broken was not heard.
        this.call(this.isBusy ? { type: 'REVIVE' } : { type: 'SUPPRESS' });
        return;
      case 'OFFERS':
        for (const offer of event.offers?.offers ?? []) this.use(offer);
        return;
      case 'UPDATE':
        this.update(event);
        return;
      case 'ERROR':
        throw new Error(`framework ${this.options.name} was refused: ${event.error?.message}`);
      default:
        return;
    }
  }

  private use(offer: Offer): void {
    const { cpus, mem } = this.options.task;
    const resources = offer.resources ?? [];
    const count = Math.floor(
      Math.min(scalarOf(resources, 'cpus') / cpus, scalarOf(resources, 'mem') / mem),
    );
    if (!this.isBusy || count === 0) {
      const decline = { offer_ids: [offer.id], filters: { refuse_seconds: 1 } };
      this.call({ type: 'DECLINE', decline });
      return;
    }
    const tasks = Array.from({ length: count }, () => this.newTask(offer));
    this.call({
      type: 'ACCEPT',
      accept: {
        offer_ids: [offer.id],
        operations: [{ type: 'LAUNCH', launch: { task_infos: tasks } }],
        filters: { refuse_seconds: 0 },
      },
    });
  }

  private newTask(offer: Offer): TaskInfo {
    const { name, role, random, task, taskSeconds } = this.options;
    const [least, most] = taskSeconds;
    const id = `${name}-${this.launchedCount++}`;
    this.live.add(id);
    const scalar = (kind: string, value: number): Resource => ({
      name: kind,
      type: 'SCALAR',
      scalar: { value },
      allocation_info: { role },
    });
    return {
      name: id,
      task_id: { value: id },
      agent_id: offer.agent_id,
      resources: [scalar('cpus', task.cpus), scalar('mem', task.mem)],
      command: { value: `task ${id}; sleep ${least + randomInteger(random, most - least)}` },
    };
  }

  private update(event: Event): void {
    const status = event.update?.status;
    if (status === undefined) return;
    const isOver = !['TASK_STAGING', 'TASK_STARTING', 'TASK_RUNNING', 'TASK_KILLING'].includes(
      status.state,
    );
    if (isOver) this.live.delete(status.task_id.value);
    const { agent_id, task_id, uuid } = status;
    if (uuid === undefined || agent_id === undefined) return;
    this.call({ type: 'ACKNOWLEDGE', acknowledge: { agent_id, task_id, uuid } });
  }

  private call(call: Call): void {
    if (!this.isSubscribed || this.frameworkId === undefined) return;
    this.link?.call({ ...call, framework_id: { value: this.frameworkId } });
  }
}
