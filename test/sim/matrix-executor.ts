/**
 * A custom executor on a simulated machine: subscribes, runs each task for a second, repeats what is
 * not acknowledged, comes back to a restarted agent, and ends with its last task.
 */
import type { Agent } from '../../core/agent/agent.ts';
import type { ExecutorStream } from '../../core/agent/state.ts';
import type { Clock } from '../../core/base/clock.ts';
import { parseUuid, type Random } from '../../core/base/random.ts';
import type { Call, CallUpdate, Event } from '../../core/wire/types/mesos.v1.executor.ts';
import type { TaskInfo } from '../../core/wire/types/mesos.v1.ts';

const LATENCY_MS = 0.5;
const RETRY_MS = 200;
const TASK_MS = 1_000;

export interface ExecutorHost {
  readonly clock: Clock;
  readonly random: Random;
  readonly frameworkId: string;
  readonly executorId: string;
  /** The agent that runs now. */
  agent(): Agent | undefined;
  isAlive(): boolean;
  /** A task was handed over. */
  onTask(taskId: string): void;
  exit(): void;
}

export class MatrixExecutor {
  private readonly host: ExecutorHost;
  private readonly tasks = new Map<string, TaskInfo>();
  private readonly unacknowledged = new Map<string, CallUpdate>();
  private readonly over = new Set<string>();
  private connectedTo: Agent | undefined;

  constructor(host: ExecutorHost) {
    this.host = host;
    this.connect();
  }

  private connect(): void {
    if (!this.host.isAlive()) return;
    const agent = this.host.agent();
    if (agent !== undefined && agent !== this.connectedTo) {
      this.connectedTo = agent;
      const stream: ExecutorStream = {
        send: (event) => this.later(() => this.receive(agent, event)),
        close: () => {
          if (this.connectedTo === agent) this.connectedTo = undefined;
        },
      };
      this.call(
        {
          type: 'SUBSCRIBE',
          subscribe: {
            unacknowledged_tasks: [...this.tasks.values()],
            unacknowledged_updates: [...this.unacknowledged.values()],
          },
        },
        stream,
      );
    }
    this.host.clock.setTimer(RETRY_MS, () => this.connect());
  }

  private receive(agent: Agent, event: Event): void {
    if (agent !== this.connectedTo || agent !== this.host.agent()) return;
    if (event.type === 'LAUNCH' && event.launch !== undefined) this.launch(event.launch.task);
    if (event.type === 'ACKNOWLEDGED' && event.acknowledged !== undefined) {
      this.unacknowledged.delete(event.acknowledged.uuid.toString());
      this.tasks.delete(event.acknowledged.task_id.value);
      if (this.over.size > 0 && this.unacknowledged.size === 0) this.host.exit();
    }
    if (event.type === 'SHUTDOWN') this.host.exit();
    if (event.type === 'KILL' && event.kill !== undefined) {
      this.end(event.kill.task_id.value, 'TASK_KILLED');
    }
  }

  private launch(task: TaskInfo): void {
    const id = task.task_id.value;
    if (this.tasks.has(id)) throw new Error(`task ${id} was given to its executor twice`);
    this.tasks.set(id, task);
    this.host.onTask(id);
    this.update(id, 'TASK_RUNNING');
    this.host.clock.setTimer(TASK_MS, () => this.end(id, 'TASK_FINISHED'));
  }

  private end(id: string, state: 'TASK_FINISHED' | 'TASK_KILLED'): void {
    if (!this.host.isAlive() || this.over.has(id)) return;
    this.over.add(id);
    this.update(id, state);
  }

  private update(id: string, state: 'TASK_RUNNING' | 'TASK_FINISHED' | 'TASK_KILLED'): void {
    const uuid = parseUuid(this.host.random.uuid());
    const update: CallUpdate = {
      status: {
        task_id: { value: id },
        state,
        source: 'SOURCE_EXECUTOR',
        uuid,
        executor_id: { value: this.host.executorId },
        timestamp: this.host.clock.now() / 1_000,
      },
    };
    this.unacknowledged.set(uuid.toString(), update);
    this.call({ type: 'UPDATE', update });
  }

  private call(call: Partial<Call>, stream?: ExecutorStream): void {
    const { frameworkId, executorId } = this.host;
    const agent = this.connectedTo;
    const whole: Call = {
      framework_id: { value: frameworkId },
      executor_id: { value: executorId },
      ...call,
    };
    this.later(() => {
      if (agent === this.host.agent()) agent?.executorCall(whole, stream);
    });
  }

  private later(act: () => void): void {
    this.host.clock.setTimer(LATENCY_MS, () => {
      if (this.host.isAlive()) act();
    });
  }
}
