/** What all handlers of the machine share for one agent: state, deadlines, updates, effects. */
import type { Instant } from '../base/clock.ts';
import { Deadlines } from '../base/deadlines.ts';
import { executorId, frameworkId, taskId } from '../base/ids.ts';
import { parseUuid, type Random } from '../base/random.ts';
import { type Hooks, NO_HOOKS } from '../modules/hooks.ts';
import type { Upid } from '../net/ports.ts';
import type { StatusUpdate } from '../wire/types/mesos.internal.ts';
import { formatUpid } from '../wire/upid.ts';
import { encodeRecord } from './checkpoint/records.ts';
import type { AgentEffect, OutgoingMessage } from './effects.ts';
import { GarbageCollector } from './gc.ts';
import { OperationUpdates } from './operation-updates.ts';
import type { AgentOptions } from './options.ts';
import { type AgentState, agentIdOf, findTask, replaceTask } from './state.ts';
import { StatusUpdates } from './status-updates.ts';

/** Counts of the machine's life; metrics read them. */
export interface AgentCounts {
  readonly tasks: Record<'finished' | 'failed' | 'killed' | 'lost' | 'gone', number>;
  executorsTerminated: number;
  executorsPreempted: number;
  validStatusUpdates: number;
  invalidStatusUpdates: number;
  validFrameworkMessages: number;
  invalidFrameworkMessages: number;
  containerLaunchErrors: number;
  recoveryErrors: number;
  executorDirectoryMaxAgeMs: number;
}

/** What the machine is made with besides its state. */
export interface MachinePorts {
  readonly random: Random;
  /** The agent's own address, as announced. */
  readonly self: Upid;
  readonly now: Instant;
  readonly hooks?: Hooks;
}

export class AgentContext {
  readonly state: AgentState;
  readonly options: AgentOptions;
  readonly hooks: Hooks;
  readonly random: Random;
  readonly self: Upid;
  readonly deadlines = new Deadlines();
  readonly updates: StatusUpdates;
  readonly operationUpdates: OperationUpdates;
  readonly gc: GarbageCollector;
  readonly counts: AgentCounts = {
    tasks: { finished: 0, failed: 0, killed: 0, lost: 0, gone: 0 },
    executorsTerminated: 0,
    executorsPreempted: 0,
    validStatusUpdates: 0,
    invalidStatusUpdates: 0,
    validFrameworkMessages: 0,
    invalidFrameworkMessages: 0,
    containerLaunchErrors: 0,
    recoveryErrors: 0,
    executorDirectoryMaxAgeMs: 0,
  };
  /** Of the input that is being handled. */
  now: Instant;
  /** Attempts to register since the master was detected. */
  registrationAttempts = 0;
  /** Whether it has changed since its first registration under this id. */
  isReconfigured = false;
  /** Attempts are numbered through; `maxMs` is the upper end of the present one's time. */
  authentication: {
    readonly attempt: number;
    readonly state: 'none' | 'running' | 'done';
    readonly maxMs: number;
  } = { attempt: 0, state: 'none', maxMs: 0 };
  private effects: AgentEffect[] = [];

  constructor(state: AgentState, options: AgentOptions, ports: MachinePorts) {
    this.state = state;
    this.options = options;
    this.random = ports.random;
    this.self = ports.self;
    this.now = ports.now;
    this.hooks = ports.hooks ?? NO_HOOKS;
    this.updates = new StatusUpdates(this.deadlines, {
      append: (path, record) =>
        this.emit({
          kind: 'append',
          path,
          bytes: encodeRecord('mesos.internal.StatusUpdateRecord', record),
        }),
      forward: (update) => this.forward(update),
    });
    this.operationUpdates = new OperationUpdates(this.deadlines, (value) =>
      this.sendToMaster({ name: 'mesos.internal.UpdateOperationStatusMessage', value }),
    );
    this.gc = new GarbageCollector(options);
  }

  /** The agent's id; asked only after the first registration. */
  get agentId(): string {
    return agentIdOf(this.state) ?? '';
  }

  emit(effect: AgentEffect): void {
    this.effects.push(effect);
  }

  takeEffects(): readonly AgentEffect[] {
    const taken = this.effects;
    this.effects = [];
    return taken;
  }

  send(to: Upid, message: OutgoingMessage): void {
    this.emit({ kind: 'send', to, message });
  }

  /** Dropped when there is no master: everything of value is repeated at registration. */
  sendToMaster(message: OutgoingMessage): void {
    if (this.state.master !== undefined) this.send(this.state.master, message);
  }

  log(level: 'info' | 'warn' | 'error', text: string, fields: Record<string, unknown> = {}): void {
    this.emit({ kind: 'log', level, text, fields });
  }

  newUuid(): Uint8Array {
    return parseUuid(this.random.uuid());
  }

  /** Seconds, as the wire has them. */
  get timestamp(): number {
    return this.now / 1000;
  }

  private forward(update: StatusUpdate): void {
    const framework = this.state.frameworks.get(frameworkId(update.framework_id.value));
    const id = taskId(update.status.task_id.value);
    let latest = update.status.state;
    // Updates name their executor, except those of tasks that never got one.
    const name = update.executor_id?.value;
    const executor = name === undefined ? undefined : framework?.executors.get(executorId(name));
    const task = executor === undefined ? undefined : findTask(executor, id);
    if (executor !== undefined && task !== undefined) {
      latest = task.state;
      replaceTask(executor, {
        ...task,
        status_update_state: update.status.state,
        status_update_uuid: update.uuid,
      });
    }
    this.sendToMaster({
      name: 'mesos.internal.StatusUpdateMessage',
      value: { update: { ...update, latest_state: latest }, pid: formatUpid(this.self) },
    });
  }
}
