/**
 * The agent's machine: one dispatcher over what happens, handlers by noun beside it (README.md).
 * Synchronous and without I/O; the shell carries the effects out in their order.
 */
import { unreachable } from '../base/assert.ts';
import type { Instant } from '../base/clock.ts';
import { containerId, frameworkId, taskId } from '../base/ids.ts';
import type { Upid } from '../net/ports.ts';
import type { StatusUpdateAcknowledgementMessage } from '../wire/types/mesos.internal.ts';
import type { AgentInfo } from '../wire/types/mesos.v1.ts';
import { authenticated, authenticationWoke } from './authentication.ts';
import { AgentContext, type AgentCounts, type MachinePorts } from './context.ts';
import { drain, endDrainIfDone } from './drain.ts';
import type { AgentEffect, AgentInput, IncomingMessage } from './effects.ts';
import {
  executorCall,
  pidExecutorMessage,
  pidExecutorRegistered,
  pidExecutorReregistered,
  pidExecutorUpdate,
  streamClosed,
} from './executor-calls.ts';
import { executorWoke, removeExecutorIfDone } from './executor-departure.ts';
import { launcherEvent, sandboxPrepared } from './executors.ts';
import { removeFrameworkIfIdle, shutdownFramework, updateFramework } from './frameworks.ts';
import { killTask, messageToExecutor, shutdownExecutorById } from './kill.ts';
import { runTask, runTaskGroup } from './launch.ts';
import { sameUpid } from './masters.ts';
import {
  applyAgentOperation,
  operationAcknowledged,
  reconcileOperations,
  replaceCheckpointedResources,
} from './operations.ts';
import type { AgentOptions } from './options.ts';
import { loadMeasured, oversubscriptionWoke } from './oversubscription.ts';
import { reconcileContainers, recovered, recoveryWoke } from './recovery.ts';
import {
  masterDetected,
  pinged,
  register,
  registered,
  registrationWoke,
  reregistered,
} from './registration.ts';
import { type AgentState, emptyAgentState, executorWith } from './state.ts';
import { completeTask } from './tasks.ts';

const DISK_DEADLINE = 'disk';

export class AgentMachine {
  private readonly context: AgentContext;

  constructor(options: AgentOptions, ports: MachinePorts) {
    const info: AgentInfo = {
      hostname: options.hostname,
      port: ports.self.port,
      resources: options.resources,
      attributes: options.attributes,
      domain: options.domain,
    };
    const state = emptyAgentState(info, {
      startedAt: ports.now,
      resourceVersion: ports.random.uuid(),
    });
    this.context = new AgentContext(state, options, ports);
    this.context.deadlines.set(DISK_DEADLINE, ports.now + options.diskWatchIntervalMs);
  }

  get state(): AgentState {
    return this.context.state;
  }

  get counts(): AgentCounts {
    return this.context.counts;
  }

  get removalsPending(): number {
    return this.context.gc.pendingCount;
  }

  get updateStreamCount(): number {
    return this.context.updates.streamCount;
  }

  /** When `woke` is wanted next. */
  nextWake(): Instant | undefined {
    return this.context.deadlines.next();
  }

  handle(input: AgentInput, now: Instant): readonly AgentEffect[] {
    this.context.now = now;
    this.dispatch(input);
    endDrainIfDone(this.context);
    return this.context.takeEffects();
  }

  private dispatch(input: AgentInput): void {
    const { context } = this;
    switch (input.kind) {
      case 'recovered':
        recovered(context, input);
        break;
      case 'master':
        masterDetected(context, input.pid, input.info);
        break;
      case 'message':
        this.message(input.from, input.message);
        break;
      case 'authenticated':
        if (authenticated(context, input.attempt, input.result)) register(context);
        break;
      case 'executor-call':
        executorCall(context, input.call, input.stream);
        break;
      case 'stream-closed':
        streamClosed(context, input.stream);
        break;
      case 'launcher':
        if (input.event.kind === 'report') {
          const { containers, about } = input.event;
          reconcileContainers(context, containers, about);
        } else launcherEvent(context, input.event);
        break;
      case 'prepared':
        sandboxPrepared(context, containerId(input.containerId), input.result);
        break;
      case 'disk-usage':
        this.collectGarbage(input.used);
        break;
      case 'load':
        loadMeasured(context, input.load);
        break;
      case 'retired':
        context.gc.schedule(input.path, context.now);
        break;
      case 'woke':
        this.woke();
        break;
      case 'shut-down':
        this.shutDown('unregister');
        break;
      default:
        unreachable(input);
    }
  }

  private message(from: Upid, message: IncomingMessage): void {
    const { context } = this;
    switch (message.name) {
      case 'mesos.internal.SlaveRegisteredMessage':
        registered(context, from, message.value);
        break;
      case 'mesos.internal.SlaveReregisteredMessage':
        reregistered(context, from, message.value);
        break;
      case 'mesos.internal.PingSlaveMessage':
        pinged(context, from, message.value.connected);
        break;
      case 'mesos.internal.RunTaskMessage':
        runTask(context, from, message.value);
        break;
      case 'mesos.internal.RunTaskGroupMessage':
        runTaskGroup(context, from, message.value);
        break;
      case 'mesos.internal.UpdateFrameworkMessage':
        updateFramework(context, message.value);
        break;
      case 'mesos.internal.CheckpointResourcesMessage':
        replaceCheckpointedResources(context, message.value.resources ?? []);
        break;
      case 'mesos.internal.ApplyOperationMessage':
        applyAgentOperation(context, message.value);
        break;
      case 'mesos.internal.ReconcileOperationsMessage':
        reconcileOperations(context, message.value);
        break;
      case 'mesos.internal.AcknowledgeOperationStatusMessage':
        operationAcknowledged(context, message.value);
        break;
      case 'mesos.internal.FrameworkToExecutorMessage': {
        const { framework_id, executor_id, data } = message.value;
        const ids = { frameworkId: framework_id.value, executorId: executor_id.value };
        messageToExecutor(context, ids, data);
        break;
      }
      case 'mesos.internal.RegisterExecutorMessage':
        pidExecutorRegistered(context, from, message.value);
        break;
      case 'mesos.internal.ReregisterExecutorMessage':
        pidExecutorReregistered(context, from, message.value);
        break;
      case 'mesos.internal.StatusUpdateMessage':
        pidExecutorUpdate(context, from, message.value);
        break;
      case 'mesos.internal.ExecutorToFrameworkMessage':
        pidExecutorMessage(context, message.value);
        break;
      case 'mesos.internal.StatusUpdateAcknowledgementMessage':
        // Drivers older than the master's relay of acknowledgements send theirs to the agent itself. A master's
        // must be the leading one's: another may not know yet of a terminal update that this would forget.
        if (from.id.startsWith('master')) this.orderOfMaster(from, message);
        else this.acknowledged(message.value);
        break;
      default:
        this.orderOfMaster(from, message);
        break;
    }
  }

  /** What only the leading master may order. */
  private orderOfMaster(from: Upid, message: IncomingMessage): void {
    const { context } = this;
    const { state } = context;
    if (!sameUpid(from, state.master)) {
      context.log('warn', 'message ignored: it is not from the leading master', {
        message: message.name,
      });
      return;
    }
    const isRegistered = state.status === 'running' || state.status === 'terminating';
    switch (message.name) {
      case 'mesos.internal.KillTaskMessage': {
        if (state.status === 'recovering' || state.status === 'terminating') return;
        const { framework_id, task_id, kill_policy } = message.value;
        const ids = { frameworkId: framework_id.value, taskId: task_id.value };
        killTask(context, ids, kill_policy);
        break;
      }
      case 'mesos.internal.ShutdownFrameworkMessage':
        if (!isRegistered) return;
        shutdownFramework(context, frameworkId(message.value.framework_id.value));
        break;
      case 'mesos.internal.ShutdownExecutorMessage': {
        if (!isRegistered) return;
        const { framework_id, executor_id } = message.value;
        shutdownExecutorById(context, framework_id?.value, executor_id?.value);
        break;
      }
      case 'mesos.internal.ShutdownMessage':
        context.log('warn', 'the master ordered a shutdown', { message: message.value.message });
        this.shutDown('quietly');
        break;
      case 'mesos.internal.StatusUpdateAcknowledgementMessage':
        this.acknowledged(message.value);
        break;
      case 'mesos.internal.DrainSlaveMessage':
        drain(context, message.value.config);
        break;
      default:
    }
  }

  private acknowledged(message: StatusUpdateAcknowledgementMessage): void {
    const { context } = this;
    const id = frameworkId(message.framework_id.value);
    const task = taskId(message.task_id.value);
    if (message.uuid.length !== 16) return;
    const result = context.updates.acknowledge(id, task, message.uuid, context.now);
    if (result.kind === 'ignored') {
      context.log('warn', 'unexpected acknowledgement', { taskId: task, why: result.why });
      return;
    }
    const framework = context.state.frameworks.get(id);
    if (!result.isClosed || framework === undefined) return;
    const executor = executorWith(framework, task, (each) => each.terminatedTasks.has(task));
    if (executor !== undefined) {
      completeTask(executor, task);
      removeExecutorIfDone(context, framework, executor);
    }
    removeFrameworkIfIdle(context, framework);
  }

  private woke(): void {
    const { context } = this;
    for (const key of context.deadlines.due(context.now)) {
      const isHandled =
        context.updates.woke(key, context.now) ||
        context.operationUpdates.woke(key, context.now) ||
        registrationWoke(context, key) ||
        authenticationWoke(context, key) ||
        executorWoke(context, key) ||
        recoveryWoke(context, key) ||
        oversubscriptionWoke(context, key);
      if (isHandled || key !== DISK_DEADLINE) continue;
      context.emit({ kind: 'measure-disk' });
      const next = context.now + context.options.diskWatchIntervalMs;
      context.deadlines.set(DISK_DEADLINE, next);
    }
  }

  private collectGarbage(used: number): void {
    const { context } = this;
    context.counts.executorDirectoryMaxAgeMs = context.gc.maxAllowedAgeMs(used);
    for (const path of context.gc.due(used, context.now)) context.emit({ kind: 'remove', path });
  }

  private shutDown(how: 'unregister' | 'quietly'): void {
    const { context } = this;
    const { state } = context;
    if (state.status === 'terminating') return;
    if (how === 'unregister' && state.info.id !== undefined) {
      context.sendToMaster({
        name: 'mesos.internal.UnregisterSlaveMessage',
        value: { slave_id: state.info.id },
      });
    }
    state.status = 'terminating';
    for (const id of [...state.frameworks.keys()]) shutdownFramework(context, id);
    if (state.frameworks.size === 0) context.emit({ kind: 'exit', failure: undefined });
  }

  /** A stable printout for tests. */
  describe(): string {
    const { state } = this.context;
    const lines = [`agent ${state.info.id?.value ?? '-'} ${state.status}`];
    for (const framework of state.frameworks.values()) {
      lines.push(`  framework ${framework.id} ${framework.status}`);
      for (const executor of framework.executors.values()) {
        lines.push(`    executor ${executor.id} ${executor.kind} ${executor.status}`);
        for (const id of executor.queuedTasks.keys()) lines.push(`      queued ${id}`);
        for (const task of executor.launchedTasks.values()) {
          lines.push(`      ${task.task_id.value} ${task.state}`);
        }
        for (const task of executor.terminatedTasks.values()) {
          lines.push(`      ${task.task_id.value} ${task.state} (unacknowledged)`);
        }
      }
    }
    return lines.join('\n');
  }
}
