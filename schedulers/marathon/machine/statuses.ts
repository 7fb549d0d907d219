/**
 * Task statuses (spec marathon-behaviour, section 5). A status is acknowledged as the last effect of
 * its turn, so after what it means has been stored; statuses are delivered at least once, and one
 * that says nothing new changes nothing.
 */
import type { NetworkInfo, TaskStatus } from '../../../core/wire/types/mesos.v1.ts';
import { isRunByMarathon } from '../model/app.ts';
import { sameValue } from '../model/equality.ts';
import {
  type Condition,
  conditionOfStatus,
  conditionOfTasks,
  type Instance,
  type InstanceTask,
  instanceIdOf,
  isTerminal,
  specIdOfInstance,
  startedAtOf,
  type TaskNetwork,
} from '../model/instance.ts';
import { healthChecksOf, isPod } from '../model/run-spec.ts';
import { marathonEvent, statusUpdateEvent } from './events.ts';
import { recordHealth, tellChangedHealth } from './health.ts';
import {
  afterTaskEnded,
  decommission,
  delayKey,
  delayRule,
  delaysLaunches,
  retire,
  unreachableTimes,
} from './instances.ts';
import { MESSAGE_MAX, recordTaskFailure } from './task-failures.ts';
import type { Turn } from './turn.ts';
import { handleUnreachable } from './unreachable.ts';

export function handleStatus(turn: Turn, status: TaskStatus): void {
  const id = instanceIdOf(status.task_id.value);
  const instance = id === undefined ? undefined : turn.state.instances.get(id);
  const task = instance === undefined ? undefined : currentTask(instance, status);
  const condition = conditionOfStatus(status);
  if (instance === undefined) handleUnknown(turn, status, condition);
  else if (task !== undefined) applyStatus(turn, instance, task, status);
  else if (needsKill(condition)) kill(turn, status);
  if (status.uuid !== undefined) turn.act({ kind: 'acknowledge', status });
}

/** A scheduled instance has no live task: what still reports under its last id is a leftover. */
function currentTask(instance: Instance, status: TaskStatus): InstanceTask | undefined {
  if (instance.condition === 'Scheduled') return undefined;
  return instance.tasks.find(({ id }) => id === status.task_id.value);
}

function needsKill(condition: Condition): boolean {
  return !isTerminal(condition) && condition !== 'Killing' && condition !== 'Unreachable';
}

function kill(turn: Turn, status: TaskStatus): void {
  turn.act({ kind: 'kill', taskId: status.task_id.value, agentId: status.agent_id?.value });
}

function handleUnknown(turn: Turn, status: TaskStatus, condition: Condition): void {
  if (needsKill(condition)) {
    kill(turn, status);
    return;
  }
  const id = instanceIdOf(status.task_id.value);
  turn.publish(
    marathonEvent('unknown_instance_terminated_event', turn.now, {
      instanceId: id ?? status.task_id.value,
      runSpecId: id === undefined ? undefined : specIdOfInstance(id),
      condition,
    }),
  );
}

function applyStatus(
  turn: Turn,
  instance: Instance,
  before: InstanceTask,
  status: TaskStatus,
): void {
  // Its container has ended; the rest of the pod lives on.
  if (isTerminal(before.condition)) return;
  const task = taskAfter(turn, before, status);
  const tasks = instance.tasks.map((each) => (each === before ? task : each));
  const reported = conditionOfTasks(tasks);
  const condition = reported === 'Unreachable' ? lostCondition(turn, instance, status) : reported;
  const isNews = condition !== instance.condition || !sameValue(task, before);
  if (!isNews) {
    believeAgentCheck(turn, instance, status, { onlyFirst: true });
    return;
  }
  const since = condition === instance.condition ? instance.since : sinceOf(turn, status);
  const updated: Instance = { ...instance, condition, since, tasks };
  const isFirstRunning = startedAtOf(instance) === undefined && startedAtOf(updated) !== undefined;
  if (isFirstRunning) turn.state.tokens.giveBack();
  turn.publish(statusUpdateEvent(updated, task, turn.now));
  turn.putInstance(updated);
  // Of apps the checks tell.
  if (isPod(updated.spec)) {
    tellChangedHealth(turn, updated, turn.state.health.isHealthy(instance));
  }
  updateDelay(turn, updated, status);
  const { state, message } = status;
  if (FAILURES.includes(task.condition)) {
    recordTaskFailure(turn, updated, { taskId: task.id, state, message });
  }
  if (!isTerminal(condition)) believeAgentCheck(turn, updated, status, { onlyFirst: false });
  if (isTerminal(condition)) afterTaskEnded(turn, updated);
  else if (reported === 'Unreachable') handleUnreachable(turn, updated);
  else if (updated.goal === 'Decommissioned') decommission(turn, updated);
  else if (updated.goal === 'Stopped') retire(turn, updated);
}

/** It counts no longer from the start where its time has passed before it was heard of. */
function lostCondition(turn: Turn, instance: Instance, status: TaskStatus): Condition {
  const { condition, goal } = instance;
  if (condition === 'Unreachable' || condition === 'UnreachableInactive') return condition;
  const times = unreachableTimes({ ...instance, since: sinceOf(turn, status) });
  const isOver = goal === 'Running' && times !== undefined && times.inactiveAt <= turn.now;
  return isOver ? 'UnreachableInactive' : 'Unreachable';
}

/**
 * The health flag of a status is a result of the agent's check. After a restart the book is empty:
 * then a status that repeats what is stored still tells the health.
 */
function believeAgentCheck(
  turn: Turn,
  instance: Instance,
  status: TaskStatus,
  { onlyFirst }: { readonly onlyFirst: boolean },
): void {
  const index = healthChecksOf(instance.spec).findIndex((check) => !isRunByMarathon(check));
  if (index === -1 || status.healthy === undefined) return;
  if (onlyFirst && turn.state.health.results(instance)[index] !== undefined) return;
  recordHealth(turn, instance, index, status.healthy, status.message);
}

function sinceOf(turn: Turn, status: TaskStatus): number {
  const unreachable = status.unreachable_time;
  return unreachable === undefined ? turn.now : Math.floor(unreachable.nanoseconds / 1e6);
}

function taskAfter(turn: Turn, before: InstanceTask, status: TaskStatus): InstanceTask {
  const condition = conditionOfStatus(status);
  const isRunning = status.state === 'TASK_RUNNING';
  const infos = status.container_status?.network_infos ?? [];
  const addresses = ipAddresses(infos);
  const message = status.message?.slice(0, MESSAGE_MAX);
  return {
    ...before,
    condition,
    since: condition === before.condition ? before.since : sinceOf(turn, status),
    startedAt: before.startedAt ?? (isRunning ? startOf(turn, status) : undefined),
    state: status.state,
    // Answers to reconciliation repeat the state; their text would only replace a better one.
    message: status.reason === 'REASON_RECONCILIATION' ? before.message : message,
    ipAddresses: addresses.length > 0 ? addresses : before.ipAddresses,
    networks: addresses.length > 0 ? networksOf(infos) : before.networks,
    healthy: status.healthy ?? before.healthy,
    checkStatus: status.check_status ?? before.checkStatus,
  };
}

function startOf(turn: Turn, status: TaskStatus): number {
  return status.timestamp === undefined ? turn.now : Math.floor(status.timestamp * 1_000);
}

function networksOf(infos: readonly NetworkInfo[]): readonly TaskNetwork[] {
  return infos.map(({ name, ip_addresses = [] }) => ({
    name,
    addresses: ip_addresses.flatMap(({ ip_address }) => ip_address ?? []),
  }));
}

function ipAddresses(infos: readonly NetworkInfo[]): InstanceTask['ipAddresses'] {
  return infos.flatMap(({ ip_addresses = [] }) =>
    ip_addresses.flatMap(({ ip_address: ipAddress, protocol = 'IPv4' }) =>
      ipAddress === undefined ? [] : [{ ipAddress, protocol }],
    ),
  );
}

function updateDelay(turn: Turn, instance: Instance, status: TaskStatus): void {
  const key = delayKey(instance.spec);
  const { delays } = turn.state;
  if (status.reason === 'REASON_AGENT_DRAINING' && isTerminal(instance.condition)) {
    delays.reset(key);
  } else if (delaysLaunches(instance.condition)) {
    delays.failed(key, delayRule(instance.spec), turn.now);
  } else if (['Staging', 'Starting', 'Running'].includes(instance.condition)) {
    delays.rebase(key, turn.now);
  }
}

const FAILURES: readonly Condition[] = [
  'Failed',
  'Error',
  'Dropped',
  'Gone',
  'Unknown',
  'Unreachable',
];
