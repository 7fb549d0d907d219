/**
 * Tasks as the legacy endpoints of master and agent show them (spec operator-api, section 3.6).
 * Tasks are immutable and replaced as a whole, so the text of each is made once.
 */
import type { Instant } from '../base/clock.ts';
import { toJsonValue } from '../wire/json.ts';
import { double, type JsonObject, type JsonValue, RawJson, writeJson } from '../wire/json-text.ts';
import type { DiscoveryInfo, Labels, Resource, Task, TaskStatus } from '../wire/types/mesos.v1.ts';
import { resourcesModel } from './legacy-resources.ts';

const taskTexts = new WeakMap<Task, RawJson>();

export function taskModel(task: Task): RawJson {
  const known = taskTexts.get(task);
  if (known !== undefined) return known;
  const text = new RawJson(writeJson(taskTree(task)));
  taskTexts.set(task, text);
  return text;
}

function taskTree(task: Task): JsonObject {
  return {
    id: task.task_id.value,
    name: task.name,
    framework_id: task.framework_id.value,
    executor_id: task.executor_id?.value ?? '',
    slave_id: task.agent_id.value,
    state: task.state,
    resources: resourcesModel(task.resources ?? []),
    limits: limitsModel(task.limits),
    role: allocationRole(task.resources),
    statuses: (task.statuses ?? []).map(statusModel),
    user: task.user,
    labels: labelsModel(task.labels),
    discovery: discoveryModel(task.discovery),
    container:
      task.container === undefined
        ? undefined
        : toJsonValue('mesos.v1.ContainerInfo', task.container),
    health_check:
      task.health_check === undefined
        ? undefined
        : toJsonValue('mesos.v1.HealthCheck', task.health_check),
  };
}

function limitsModel(limits: Task['limits']): JsonObject | undefined {
  if (limits === undefined || Object.keys(limits).length === 0) return undefined;
  const entries = Object.entries(limits).map(([name, { value }]) => [name, double(value)] as const);
  return Object.fromEntries(entries);
}

/** The role resources were allocated to; undefined when there are none. */
export function allocationRole(resources: readonly Resource[] | undefined): string | undefined {
  return resources?.[0]?.allocation_info?.role;
}

function statusModel(status: TaskStatus): JsonObject {
  return {
    state: status.state,
    timestamp: double(status.timestamp ?? 0),
    labels: labelsModel(status.labels),
    container_status: containerStatusModel(status),
    healthy: status.healthy,
  };
}

function containerStatusModel(status: TaskStatus): JsonObject | undefined {
  if (status.container_status === undefined) return undefined;
  const tree = toJsonValue('mesos.v1.ContainerStatus', status.container_status);
  // The process id is in the message but not in this model.
  const { executor_pid: _left, ...shown } = tree;
  return shown;
}

export function labelsModel(labels: Labels | undefined): JsonValue | undefined {
  if (labels === undefined) return undefined;
  return (labels.labels ?? []).map((label) => ({ key: label.key, value: label.value }));
}

export function discoveryModel(discovery: DiscoveryInfo | undefined): JsonObject | undefined {
  return discovery === undefined ? undefined : toJsonValue('mesos.v1.DiscoveryInfo', discovery);
}

/** Epoch seconds as a double. */
export function secondsOf(instant: Instant): JsonValue {
  return double(instant / 1000);
}
