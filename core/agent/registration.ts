/**
 * How the agent finds and keeps its master (spec libprocess, section 4).
 *
 *   disconnected --Slave(Re)registered--> running --no ping, leader lost, ping(connected=false)-->
 *   disconnected
 */
import { validateId } from '../base/id-rules.ts';
import { frameworkId, taskId } from '../base/ids.ts';
import { parseUuid } from '../base/random.ts';
import type { Upid } from '../net/ports.ts';
import { hasRefinedReservation } from '../resources/kinds.ts';
import { toPreReservationRefinement } from '../resources/refinement.ts';
import { UNKNOWN_FIELDS } from '../wire/codec.ts';
import type {
  ArchiveFramework,
  MasterSlaveConnection,
  SlaveRegisteredMessage,
  SlaveReregisteredMessage,
} from '../wire/types/mesos.internal.ts';
import type {
  AgentInfo,
  AgentInfoCapability,
  ExecutorInfo,
  FrameworkInfo,
  MasterInfo,
  Resource,
  Task,
} from '../wire/types/mesos.v1.ts';
import { formatUpid } from '../wire/upid.ts';
import { mustAuthenticate, startAnew } from './authentication.ts';
import { checkpointAgent } from './checkpoint/effects.ts';
import type { AgentContext } from './context.ts';
import { sameUpid } from './masters.ts';
import { AGENT_VERSION } from './options.ts';
import { agentIdOf, findTask } from './state.ts';
import { partitionState, sendAgentUpdate, taskOf } from './tasks.ts';

const REGISTER_DEADLINE = 'register';
const PING_DEADLINE = 'ping';
const NEEDS_AGENT_UPDATE =
  'Agent state changed on restart, but the detected master lacks the AGENT_UPDATE capability. Refusing to connect.';
const REGISTER_RETRY_MAX_MS = 60_000;

export function masterDetected(
  context: AgentContext,
  pid: Upid | undefined,
  info: MasterInfo | undefined,
): void {
  const { state } = context;
  state.master = pid;
  if (context.isReconfigured && info !== undefined && !canUpdateAgents(info)) {
    context.emit({ kind: 'exit', failure: NEEDS_AGENT_UPDATE });
    return;
  }
  if (state.status === 'recovering' || state.status === 'terminating') return;
  context.log('info', pid === undefined ? 'no leading master' : 'master detected', {
    master: pid === undefined ? undefined : formatUpid(pid),
  });
  disconnect(context);
}

function canUpdateAgents(info: MasterInfo): boolean {
  return (info.capabilities ?? []).some((each) => each.type === 'AGENT_UPDATE');
}

/** Starts over with the master that is known; called when recovery is done, too. */
export function disconnect(context: AgentContext): void {
  const { state } = context;
  state.status = 'disconnected';
  context.updates.pause();
  context.operationUpdates.pause();
  context.deadlines.clear(PING_DEADLINE);
  context.deadlines.clear(REGISTER_DEADLINE);
  context.registrationAttempts = 0;
  startAnew(context);
  if (state.master === undefined) return;
  context.emit({ kind: 'link', to: state.master });
  const waitMs = context.options.registrationBackoffFactorMs * context.random.float();
  context.deadlines.set(REGISTER_DEADLINE, context.now + waitMs);
}

/** A deadline of the registration has come; false when `key` is none. */
export function registrationWoke(context: AgentContext, key: string): boolean {
  if (key === REGISTER_DEADLINE) {
    register(context);
    return true;
  }
  if (key !== PING_DEADLINE) return false;
  if (context.state.status === 'running') {
    context.log('warn', 'no pings from the master, registering again');
    disconnect(context);
  }
  return true;
}

/** Authenticates first where there is a credential; called again when that is done. */
export function register(context: AgentContext): void {
  const { state, options, random } = context;
  if (state.status !== 'disconnected' || state.master === undefined) return;
  if (mustAuthenticate(context)) return;
  if (agentIdOf(state) === undefined) {
    context.sendToMaster({
      name: 'mesos.internal.RegisterSlaveMessage',
      value: { slave: wireInfo(state.info), ...announcement(context) },
    });
  } else {
    context.sendToMaster({
      name: 'mesos.internal.ReregisterSlaveMessage',
      value: {
        slave: wireInfo(state.info),
        ...announcement(context),
        ...inventory(context),
      },
    });
  }
  context.registrationAttempts += 1;
  const factor = options.registrationBackoffFactorMs * 2 ** context.registrationAttempts;
  const delayMs = random.float() * Math.min(factor, REGISTER_RETRY_MAX_MS);
  context.deadlines.set(REGISTER_DEADLINE, context.now + delayMs);
}

function announcement(context: AgentContext): {
  readonly checkpointed_resources: readonly Resource[];
  readonly version: string;
  readonly agent_capabilities: readonly AgentInfoCapability[];
  readonly resource_version_uuid: { readonly value: Uint8Array };
} {
  return {
    checkpointed_resources: compatible(context.state.checkpointedResources),
    version: AGENT_VERSION,
    agent_capabilities: context.options.capabilities,
    resource_version_uuid: { value: parseUuid(context.state.resourceVersion) },
  };
}

/** `SlaveInfo.checkpoint` (field 7) does not exist in v1; masters want it true. */
const CHECKPOINT_FIELD = Uint8Array.of(0x38, 0x01);

function wireInfo(info: AgentInfo): AgentInfo {
  const resources = toPreReservationRefinement(info.resources ?? []);
  return Object.assign({ ...info, resources }, { [UNKNOWN_FIELDS]: [CHECKPOINT_FIELD] });
}

/** The old form where it can be said, which every master reads. */
function compatible(resources: readonly Resource[]): readonly Resource[] {
  return resources.some(hasRefinedReservation) ? resources : toPreReservationRefinement(resources);
}

interface Inventory {
  readonly frameworks: readonly FrameworkInfo[];
  readonly executor_infos: readonly ExecutorInfo[];
  readonly tasks: readonly Task[];
  readonly completed_frameworks: readonly ArchiveFramework[];
}

/** Frameworks, executors and tasks as a master that has forgotten everything must learn them. */
function inventory(context: AgentContext): Inventory {
  const { frameworks, completedFrameworks } = context.state;
  const executorInfos: ExecutorInfo[] = [];
  const tasks: Task[] = [];
  for (const framework of frameworks.values()) {
    for (const executor of framework.executors.values()) {
      if (!executor.isCommandExecutor && executor.status !== 'terminated') {
        const resources = compatible(executor.info.resources ?? []);
        executorInfos.push({ ...executor.info, resources });
      }
      for (const info of executor.queuedTasks.values()) {
        tasks.push(taskOf(info, framework, executor, 'TASK_STAGING'));
      }
      tasks.push(...executor.launchedTasks.values(), ...executor.terminatedTasks.values());
    }
  }
  return {
    frameworks: [...frameworks.values()].map((framework) => framework.info),
    executor_infos: executorInfos,
    tasks: tasks.map((task) => ({ ...task, resources: compatible(task.resources ?? []) })),
    completed_frameworks: completedFrameworks.map((framework) => ({
      framework_info: framework.info,
      pid: framework.pid === undefined ? undefined : formatUpid(framework.pid),
      tasks: framework.completedExecutors.flatMap((executor) => [
        ...executor.terminatedTasks.values(),
        ...executor.completedTasks,
      ]),
    })),
  };
}

export function registered(
  context: AgentContext,
  from: Upid,
  message: SlaveRegisteredMessage,
): void {
  const { state } = context;
  if (!sameUpid(from, state.master)) return;
  if (state.status !== 'disconnected' && state.status !== 'running') return;
  const known = agentIdOf(state);
  const given = message.slave_id.value;
  const fault = validateId(given);
  if (fault !== undefined) {
    context.log('warn', 'registration ignored: the id cannot name a directory', { fault });
    return;
  }
  if (known !== undefined && known !== given) {
    const failure = `Registered but got wrong id: ${given} (expected: ${known}). Committing suicide`;
    context.emit({ kind: 'exit', failure });
    return;
  }
  if (state.status === 'disconnected') {
    if (known === undefined) {
      state.info = { ...state.info, id: { value: given } };
      checkpointAgent(context);
    }
    state.registeredAt = context.now;
    becomeRunning(context, message.connection);
    context.log('info', 'registered with the master', { agentId: given });
  }
  sendAgentState(context);
}

export function reregistered(
  context: AgentContext,
  from: Upid,
  message: SlaveReregisteredMessage,
): void {
  const { state } = context;
  if (!sameUpid(from, state.master)) return;
  if (state.status !== 'disconnected' && state.status !== 'running') return;
  const given = message.slave_id.value;
  if (agentIdOf(state) !== given) {
    const expected = agentIdOf(state) ?? '';
    const failure = `Re-registered but got wrong id: ${given} (expected: ${expected})`;
    context.emit({ kind: 'exit', failure });
    return;
  }
  if (state.status === 'disconnected') {
    state.reregisteredAt = context.now;
    becomeRunning(context, message.connection);
    context.log('info', 'reregistered with the master', { agentId: given });
  }
  sendAgentState(context);
  for (const { framework_id, framework, statuses } of message.reconciliations ?? []) {
    const known = state.frameworks.get(frameworkId(framework_id.value));
    for (const status of statuses ?? []) {
      const id = taskId(status.task_id.value);
      if (known !== undefined && hasTask(known.executors.values(), id)) continue;
      reportUnknownTask(context, framework_id.value, known?.info ?? framework, id);
    }
  }
}

function hasTask(
  executors: Iterable<Parameters<typeof findTask>[0]>,
  id: ReturnType<typeof taskId>,
): boolean {
  for (const executor of executors) {
    if (executor.queuedTasks.has(id) || findTask(executor, id) !== undefined) return true;
  }
  return false;
}

/** The master believes in a task that is not here. */
function reportUnknownTask(
  context: AgentContext,
  framework: string,
  info: FrameworkInfo | undefined,
  id: ReturnType<typeof taskId>,
): void {
  const unknown = info ?? { user: '', name: '' };
  sendAgentUpdate(
    context,
    {
      id: frameworkId(framework),
      info: unknown,
      pid: undefined,
      status: 'running',
      executors: new Map(),
      completedExecutors: [],
    },
    id,
    {
      state: partitionState({ info: unknown }, 'TASK_DROPPED'),
      reason: 'REASON_RECONCILIATION',
      message: 'Reconciliation: task unknown to the agent',
    },
  );
}

function becomeRunning(context: AgentContext, connection: MasterSlaveConnection | undefined): void {
  const { state } = context;
  state.status = 'running';
  const timeoutSeconds = connection?.total_ping_timeout_seconds;
  if (timeoutSeconds !== undefined) state.pingTimeoutMs = timeoutSeconds * 1000;
  context.deadlines.clear(REGISTER_DEADLINE);
  context.deadlines.set(PING_DEADLINE, context.now + state.pingTimeoutMs);
  context.updates.resume(context.now);
  context.operationUpdates.resume(context.now);
}

export function sendAgentState(context: AgentContext): void {
  const { oversubscribedResources: oversubscribed_resources } = context.state;
  context.sendToMaster({
    name: 'mesos.internal.UpdateSlaveMessage',
    value: {
      slave_id: { value: context.agentId },
      update_oversubscribed_resources: oversubscribed_resources !== undefined,
      oversubscribed_resources,
      operations: { operations: [...context.state.operations.values()] },
      resource_version_uuid: { value: parseUuid(context.state.resourceVersion) },
      resource_providers: {},
    },
  });
}

export function pinged(context: AgentContext, from: Upid, isConnected: boolean): void {
  const { state } = context;
  context.send(from, { name: 'mesos.internal.PongSlaveMessage', value: {} });
  if (state.status !== 'running') return;
  context.deadlines.set(PING_DEADLINE, context.now + state.pingTimeoutMs);
  if (!isConnected) {
    context.log('warn', 'the master believes this agent disconnected, registering again');
    disconnect(context);
  }
}
