/** A framework that launches one thing once, and writes down everything it is told about it. */
import type { SimulatedCluster } from '../../core/testing/cluster.ts';
import { MASTER } from '../../core/testing/cluster.ts';
import type { SimulatedProcess } from '../../core/testing/network.ts';
import { SchedulerLink } from '../../core/testing/scheduler-link.ts';
import type { Call, Event } from '../../core/wire/types/mesos.v1.scheduler.ts';
import type {
  ExecutorInfo,
  Offer,
  OfferOperation,
  Resource,
  TaskInfo,
  TaskStatus,
} from '../../core/wire/types/mesos.v1.ts';

export type MatrixTask = 'finishes' | 'fails' | 'killed' | 'group' | 'executor';

export const TERMINAL: ReadonlySet<string> = new Set([
  'TASK_FINISHED',
  'TASK_FAILED',
  'TASK_KILLED',
  'TASK_LOST',
  'TASK_ERROR',
  'TASK_DROPPED',
  'TASK_GONE',
]);

const COMMANDS: Readonly<Record<MatrixTask, string>> = {
  finishes: 'sleep 1; exit 0',
  fails: 'sleep 1; exit 7',
  killed: 'sleep infinity',
  group: 'sleep 1; exit 0',
  executor: '',
};
const NAME = 'framework';

export class MatrixFramework {
  readonly statuses: TaskStatus[] = [];
  frameworkId = '';
  private readonly process: SimulatedProcess;
  private readonly task: MatrixTask;
  private readonly link: SchedulerLink;
  private readonly onLaunch: () => void;
  private agentId = '';
  private hasLaunched = false;

  constructor(
    cluster: SimulatedCluster,
    what: {
      readonly task: MatrixTask;
      readonly checkpoint: boolean;
      readonly onLaunch: () => void;
    },
  ) {
    this.task = what.task;
    this.onLaunch = what.onLaunch;
    this.process = cluster.network.start(NAME);
    this.link = new SchedulerLink(
      {
        network: cluster.network,
        process: this.process,
        masterName: MASTER,
        master: () => cluster.master,
        onEvent: (event) => this.receive(event),
        onBroken: () => {},
        onRefused: (call, status, text) => {
          throw new Error(`${call.type} was refused: ${status} ${text}`);
        },
      },
      {
        type: 'SUBSCRIBE',
        subscribe: {
          framework_info: {
            user: 'root',
            name: NAME,
            roles: ['sim'],
            checkpoint: what.checkpoint,
            capabilities: [{ type: 'MULTI_ROLE' }],
          },
        },
      },
    );
    this.every(10_000, () => this.reconcile());
  }

  get taskIds(): readonly string[] {
    return this.task === 'group' ? ['t1', 't2'] : ['t1'];
  }

  get isOver(): boolean {
    return this.taskIds.every((id) => this.endsOf(id).length > 0);
  }

  endsOf(id: string): readonly TaskStatus[] {
    return this.statuses.filter((each) => each.task_id.value === id && TERMINAL.has(each.state));
  }

  history(): string {
    return this.statuses
      .map(({ task_id, state, source, reason, message }) =>
        [task_id.value, state, source, reason, message].join(' '),
      )
      .join('\n  ');
  }

  private receive(event: Event): void {
    if (event.type === 'SUBSCRIBED') this.frameworkId = event.subscribed?.framework_id.value ?? '';
    for (const offer of event.offers?.offers ?? []) this.useOffer(offer);
    if (event.update !== undefined) this.update(event.update.status);
  }

  private useOffer(offer: Offer): void {
    const refuse = { filters: { refuse_seconds: 86_400 } };
    if (this.hasLaunched) {
      this.call({ type: 'DECLINE', decline: { offer_ids: [offer.id], ...refuse } });
      return;
    }
    this.hasLaunched = true;
    this.agentId = offer.agent_id.value;
    this.onLaunch();
    const operations = [this.launch(offer)];
    this.call({ type: 'ACCEPT', accept: { offer_ids: [offer.id], operations, ...refuse } });
  }

  private launch(offer: Offer): OfferOperation {
    const tasks = this.taskIds.map((id) => this.taskInfo(offer, id));
    if (this.task !== 'group') return { type: 'LAUNCH', launch: { task_infos: tasks } };
    const executor: ExecutorInfo = {
      type: 'DEFAULT',
      executor_id: { value: 'default' },
      framework_id: { value: this.frameworkId },
      resources: [scalar('cpus', 0.1), scalar('mem', 32), scalar('disk', 32)],
    };
    return { type: 'LAUNCH_GROUP', launch_group: { executor, task_group: { tasks } } };
  }

  private taskInfo(offer: Offer, id: string): TaskInfo {
    const info: TaskInfo = {
      name: id,
      task_id: { value: id },
      agent_id: offer.agent_id,
      resources: [scalar('cpus', 1), scalar('mem', 64)],
    };
    if (this.task !== 'executor') {
      return { ...info, command: { value: `task ${id}; ${COMMANDS[this.task]}` } };
    }
    const executor: ExecutorInfo = {
      type: 'CUSTOM',
      executor_id: { value: 'custom' },
      framework_id: { value: this.frameworkId },
      resources: [scalar('cpus', 0.1), scalar('mem', 32)],
      command: { value: 'task custom-executor; sleep infinity' },
    };
    return { ...info, executor };
  }

  private update(status: TaskStatus): void {
    this.statuses.push(status);
    if (status.state === 'TASK_RUNNING' && this.task === 'killed') {
      this.process.clock.setTimer(500, () => this.kill());
    }
    if (status.uuid === undefined || status.agent_id === undefined) return;
    const { agent_id, task_id, uuid } = status;
    this.call({ type: 'ACKNOWLEDGE', acknowledge: { agent_id, task_id, uuid } });
  }

  /** A kill may die with the agent: a framework repeats it. */
  private kill(): void {
    if (this.isOver) return;
    this.call({ type: 'KILL', kill: { task_id: { value: 't1' } } });
    this.process.clock.setTimer(5_000, () => this.kill());
  }

  private reconcile(): void {
    if (this.isOver || !this.hasLaunched) return;
    const tasks = this.taskIds.map((value) => ({
      task_id: { value },
      agent_id: { value: this.agentId },
    }));
    this.call({ type: 'RECONCILE', reconcile: { tasks } });
  }

  private call(call: Call): void {
    this.link.call({ ...call, framework_id: { value: this.frameworkId } });
  }

  private every(intervalMs: number, act: () => void): void {
    this.process.clock.setTimer(intervalMs, () => {
      act();
      this.every(intervalMs, act);
    });
  }
}

function scalar(name: string, value: number): Resource {
  const allocation_info = { role: 'sim' };
  return { name, type: 'SCALAR', scalar: { value }, allocation_info };
}
