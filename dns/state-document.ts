/** The master's `/state` document -> `ClusterState` (spec mesos-dns, section 4.1). Pure. */
import { err, ok, type Result } from '../core/base/result.ts';
import {
  type AgentEntry,
  type ClusterState,
  expandPorts,
  type FrameworkEntry,
  type HostPort,
  newerRunning,
  parsePid,
  type RunningStatus,
  type TaskEntry,
} from './cluster-state.ts';
import { at, fieldsOf, listOf, numberOf, textOf } from './fields.ts';

const DOCKER_ADDRESS_LABEL = 'Docker.NetworkSettings.IPAddress';
const MESOS_ADDRESS_LABEL = 'MesosContainerizer.NetworkSettings.IPAddress';

/** A present but malformed pid anywhere makes the whole document unusable. */
export function readStateDocument(document: unknown): Result<ClusterState> {
  const top = fieldsOf(document);
  const agents: AgentEntry[] = [];
  for (const each of listOf(top['slaves'])) {
    const agent = fieldsOf(each);
    const address = readPid(agent['pid']);
    if (!address.ok) return address;
    const isDraining = readDraining(agent['drain_info']);
    agents.push({ id: textOf(agent['id']), address: address.value, isDraining });
  }
  const frameworks: ClusterState['frameworks'][number][] = [];
  for (const each of listOf(top['frameworks'])) {
    const framework = readFramework(each);
    if (!framework.ok) return framework;
    const { id } = framework.value;
    const tasks = listOf(at(each, 'tasks')).map((task) => readTask(task, id));
    frameworks.push({ framework: framework.value, tasks });
  }
  const leader = textOf(top['leader']);
  return ok({ leader: leader === '' ? undefined : leader, agents, frameworks });
}

function readFramework(value: unknown): Result<FrameworkEntry> {
  const framework = fieldsOf(value);
  const address = readPid(framework['pid']);
  if (!address.ok) return address;
  return ok({
    id: textOf(framework['id']),
    name: textOf(framework['name']),
    hostname: textOf(framework['hostname']),
    address: address.value,
  });
}

function readPid(value: unknown): Result<HostPort | undefined> {
  const text = textOf(value);
  if (text === '') return ok(undefined);
  const address = parsePid(text);
  return address === undefined ? err(`malformed pid '${text}'`) : ok(address);
}

function readTask(value: unknown, frameworkId: string): TaskEntry {
  const task = fieldsOf(value);
  let running: RunningStatus | undefined;
  for (const status of listOf(task['statuses'])) {
    const found = readRunningStatus(status);
    if (found !== undefined) running = newerRunning(running, found);
  }
  return {
    id: textOf(task['id']),
    name: textOf(task['name']),
    frameworkId,
    agentId: textOf(task['slave_id']),
    isRunning: task['state'] === 'TASK_RUNNING',
    ports: expandPorts(textOf(at(task, 'resources', 'ports'))),
    running,
    discovery: readDiscovery(task['discovery']),
  };
}

/** The same shape in `/state` and in the events. */
export function readRunningStatus(value: unknown): RunningStatus | undefined {
  const status = fieldsOf(value);
  if (status['state'] !== 'TASK_RUNNING') return undefined;
  const docker: string[] = [];
  const mesos: string[] = [];
  // `/state` has the labels as a list, the events as an object around a list.
  const labels = status['labels'];
  for (const label of listOf(Array.isArray(labels) ? labels : at(labels, 'labels'))) {
    const address = textOf(at(label, 'value'));
    if (at(label, 'key') === DOCKER_ADDRESS_LABEL) docker.push(address);
    if (at(label, 'key') === MESOS_ADDRESS_LABEL) mesos.push(address);
  }
  return {
    timestamp: numberOf(status['timestamp']) ?? 0,
    networkAddresses: listOf(at(status, 'container_status', 'network_infos')).flatMap(
      readNetworkInfo,
    ),
    dockerAddresses: docker,
    mesosAddresses: mesos,
    isFailing: status['healthy'] === false,
  };
}

/** The same shape in `/state` and in the events: there only while the agent is drained. */
export function readDraining(drainInfo: unknown): boolean {
  return textOf(at(drainInfo, 'state')) !== '';
}

function readNetworkInfo(info: unknown): readonly string[] {
  const addresses = listOf(at(info, 'ip_addresses'));
  if (addresses.length > 0) return addresses.map((each) => textOf(at(each, 'ip_address')));
  return [textOf(at(info, 'ip_address'))];
}

/** The same shape in `/state` and in the events. */
export function readDiscovery(value: unknown): TaskEntry['discovery'] {
  const name = textOf(at(value, 'name'));
  if (name === '') return undefined;
  const ports = listOf(at(value, 'ports', 'ports')).map((port) => ({
    number: numberOf(at(port, 'number')) ?? 0,
    protocol: textOf(at(port, 'protocol')),
    name: textOf(at(port, 'name')),
  }));
  return { name, ports };
}
