/**
 * Tasks as the legacy endpoints of master and agent show them (spec operator-api, section 3.6).
 * Tasks are immutable and replaced as a whole, so their identity is a safe key for kept texts.
 */
import type { Instant } from '../base/clock.ts';
import { toJsonValue } from '../wire/json.ts';
import {
  double,
  formatDouble,
  type JsonObject,
  type JsonValue,
  RawJson,
  writeJson,
  writeString,
} from '../wire/json-text.ts';
import type {
  ContainerStatus,
  DiscoveryInfo,
  Labels,
  NetworkInfo,
  Resource,
  Task,
  TaskStatus,
} from '../wire/types/mesos.v1.ts';
import { resourcesModel } from './legacy-resources.ts';

export function taskModel(task: Task): RawJson {
  return new RawJson(taskText(task));
}

/**
 * The text of a task, written straight away: a master shows hundreds of thousands at once, and what
 * is kept of them is up to the caller.
 */
export function taskText(task: Task): string {
  const { resources = [] } = task;
  let text =
    `{"id":${writeString(task.task_id.value)},"name":${writeString(task.name)},` +
    `"framework_id":${writeString(task.framework_id.value)},` +
    `"executor_id":${writeString(task.executor_id?.value ?? '')},` +
    `"slave_id":${writeString(task.agent_id.value)},"state":"${task.state}",` +
    `"resources":${resourcesModel(resources).text}`;
  text += member('limits', limitsModel(task.limits));
  const role = allocationRole(resources);
  if (role !== undefined) text += `,"role":${writeString(role)}`;
  text += ',"statuses":[';
  const { statuses = [] } = task;
  // The statuses of a task name the same container, often as the same object.
  let container: ContainerStatus | undefined;
  let containerText = '';
  for (let at = 0; at < statuses.length; at += 1) {
    const status = statuses[at];
    if (status === undefined) break;
    if (status.container_status !== container) {
      container = status.container_status;
      containerText = container === undefined ? '' : containerMember(container);
    }
    text += at === 0 ? statusText(status, containerText) : `,${statusText(status, containerText)}`;
  }
  text += ']';
  if (task.user !== undefined) text += `,"user":${writeString(task.user)}`;
  if (task.labels !== undefined) text += member('labels', labelsModel(task.labels));
  if (task.discovery !== undefined) text += member('discovery', discoveryModel(task.discovery));
  if (task.container !== undefined) {
    text += member('container', toJsonValue('mesos.v1.ContainerInfo', task.container));
  }
  if (task.health_check !== undefined) {
    text += member('health_check', toJsonValue('mesos.v1.HealthCheck', task.health_check));
  }
  return `${text}}`;
}

function member(name: string, value: JsonValue | undefined): string {
  return value === undefined ? '' : `,"${name}":${writeJson(value)}`;
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

function statusText(status: TaskStatus, container: string): string {
  let text = `{"state":"${status.state}","timestamp":${formatDouble(status.timestamp ?? 0)}`;
  if (status.labels !== undefined) text += member('labels', labelsModel(status.labels));
  text += container;
  if (status.healthy !== undefined) text += `,"healthy":${status.healthy}`;
  return `${text}}`;
}

/** The process id is in the message but not in this model. */
function containerMember(status: ContainerStatus): string {
  const { container_id: id, network_infos: networks = [], cgroup_info: cgroup } = status;
  const addresses = networks.length === 1 ? plainAddresses(networks[0]) : undefined;
  if (
    id !== undefined &&
    id.parent === undefined &&
    cgroup === undefined &&
    addresses !== undefined
  ) {
    const container = `{"container_id":{"value":${writeString(id.value)}}`;
    return `,"container_status":${container},"network_infos":[{"ip_addresses":[${addresses}]}]}`;
  }
  const tree = toJsonValue('mesos.v1.ContainerStatus', status);
  const { executor_pid: _left, ...shown } = tree;
  return member('container_status', shown);
}

/** The usual case, written straight away: one network with addresses and nothing else. */
function plainAddresses(network: NetworkInfo | undefined): string | undefined {
  if (network?.ip_addresses === undefined || network.ip_addresses.length === 0) return undefined;
  const { name, groups, labels, port_mappings: ports } = network;
  if ((groups?.length ?? 0) > 0 || (ports?.length ?? 0) > 0) return undefined;
  if (name !== undefined || labels !== undefined) return undefined;
  let text = '';
  for (const { protocol, ip_address: address } of network.ip_addresses) {
    if (protocol === undefined || address === undefined) return undefined;
    const entry = `{"protocol":"${protocol}","ip_address":${writeString(address)}}`;
    text += text === '' ? entry : `,${entry}`;
  }
  return text;
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
