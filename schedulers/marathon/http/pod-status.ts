/** What `/v2/pods/...::status` shows of pods, their instances and containers (spec model, section 9). */
import type { Instant } from '../../../core/base/clock.ts';
import type { JsonObject } from '../../../core/wire/json-text.ts';
import type { MarathonState, RunningDeployment } from '../machine/state.ts';
import { plain } from '../model/app-json.ts';
import {
  type Instance,
  type InstanceTask,
  isActive,
  isTerminal,
  roleOf,
  shownState,
} from '../model/instance.ts';
import type { PathId } from '../model/path-id.ts';
import { type Pod, type PodContainer, totalOf } from '../model/pod.ts';
import { podJson, resourcesJson } from '../model/pod-json.ts';
import { podIn } from '../model/root.ts';
import { isPod } from '../model/run-spec.ts';
import { formatTimestamp, parseTimestamp } from '../model/timestamp.ts';
import { localVolumesJson } from './app-info.ts';
import { terminationHistory } from './history.ts';

/** The pod, also while a deployment is still removing it. */
export function knownPod(state: MarathonState, id: PathId): Pod | undefined {
  return podIn(state.root, id) ?? stoppedPod(state, id);
}

/** Pods that are no longer wanted and whose instances are being ended. */
export function stoppedPods(state: MarathonState): Pod[] {
  return stoppedBy(state.deployments.values());
}

function stoppedPod(state: MarathonState, id: PathId): Pod | undefined {
  return stoppedBy(state.deployments.of(id)).find((pod) => pod.id === id);
}

function stoppedBy(deployments: Iterable<RunningDeployment>): Pod[] {
  const actions = [...deployments].flatMap(({ plan }) =>
    plan.steps.flatMap((step) => step.actions),
  );
  return actions.flatMap(({ kind, spec }) => (kind === 'Stop' && isPod(spec) ? [spec] : []));
}

export function podStatusJson(state: MarathonState, pod: Pod, now: Instant): JsonObject {
  const shown = state.instances
    .of(pod.id)
    .filter(({ condition, agent }) => condition !== 'Scheduled' || agent !== undefined);
  const instances = shown.map((instance) => instanceStatus(instance));
  const stable = instances.filter(({ status }) => status === 'STABLE');
  const isStopped = stoppedPod(state, pod.id) !== undefined;
  const running = stable.length >= pod.instances ? 'STABLE' : 'DEGRADED';
  const changes = shown.map(({ since }) => since);
  const statusSince = formatTimestamp(Math.max(parseTimestamp(pod.version) ?? 0, ...changes));
  return {
    id: pod.id,
    spec: podJson(pod),
    status: isStopped ? 'TERMINAL' : running,
    statusSince,
    instances: instances.map(({ json }) => json),
    terminationHistory: terminationHistory(state, pod.id),
    lastUpdated: formatTimestamp(now),
    lastChanged: statusSince,
  };
}

interface InstanceStatus {
  readonly status: string;
  readonly json: JsonObject;
}

function instanceStatus(instance: Instance): InstanceStatus {
  const pod = isPod(instance.spec) ? instance.spec : undefined;
  const containers = instance.tasks.map((task) => containerStatus(pod, instance, task));
  const isUnhealthy = containers.some(({ healthy }) => healthy === false);
  const [status, message] = stateOf(instance, isUnhealthy);
  const since = formatTimestamp(instance.since);
  const { id, agent } = instance;
  const json: JsonObject = {
    id,
    status,
    statusSince: since,
    message,
    agentHostname: agent?.host,
    agentId: agent?.agentId,
    agentRegion: agent?.region,
    agentZone: agent?.zone,
    resources: pod === undefined ? undefined : resourcesOf(pod, instance.tasks),
    networks: networksOf(instance),
    containers: containers.map((container) => container.json),
    specReference: `/v2/pods${instance.spec.id}::versions/${instance.spec.version}`,
    localVolumes: localVolumesJson(instance),
    role: roleOf(instance),
    lastUpdated: since,
    lastChanged: since,
  };
  return { status, json };
}

/** The executor's, and those of the containers that have been heard of and not ended. */
function resourcesOf(pod: Pod, tasks: readonly InstanceTask[]): JsonObject {
  const held = tasks.filter(holdsResources).map(({ container }) => container);
  const containers = pod.containers.filter(({ name }) => held.includes(name));
  const { cpus, mem, disk, gpus } = totalOf({ ...pod, containers });
  const executor = pod.executorResources;
  return resourcesJson({
    // Sums of decimal fractions come out a hair off what is meant.
    cpus: Math.round((cpus + executor.cpus) * 1_000) / 1_000,
    mem: mem + executor.mem,
    disk: disk + executor.disk,
    gpus,
  });
}

function stateOf(
  { condition }: Instance,
  isUnhealthy: boolean,
): readonly [status: string, message?: string] {
  switch (condition) {
    case 'Scheduled':
    case 'Provisioned':
      return ['PENDING'];
    case 'Staging':
    case 'Starting':
      return ['STAGING'];
    case 'Unreachable':
    case 'UnreachableInactive':
      return ['DEGRADED', 'pod instance has become unreachable'];
    case 'Running':
      return isUnhealthy ? ['DEGRADED', 'at least one container is not healthy'] : ['STABLE'];
    default:
      return ['TERMINAL'];
  }
}

/** All containers are on the same networks: each network once, with all its addresses. */
function networksOf({ tasks }: Instance): JsonObject[] {
  const merged = new Map<string | undefined, Set<string>>();
  for (const { name, addresses } of tasks.flatMap(({ networks = [] }) => networks)) {
    const known = merged.get(name) ?? new Set();
    for (const address of addresses) known.add(address);
    merged.set(name, known);
  }
  return [...merged].map(([name, addresses]) => ({ name, addresses: [...addresses] }));
}

interface ContainerStatus {
  /** Undefined without a health check, and before the container has run. */
  readonly healthy: boolean | undefined;
  readonly json: JsonObject;
}

function containerStatus(
  pod: Pod | undefined,
  instance: Instance,
  task: InstanceTask,
): ContainerStatus {
  const spec = pod?.containers.find(({ name }) => name === task.container);
  const hasRun = !['Provisioned', 'Staging', 'Starting'].includes(task.condition);
  const healthy = spec?.healthCheck !== undefined && hasRun ? task.healthy === true : undefined;
  const since = formatTimestamp(task.since);
  const isOver = isTerminal(task.condition);
  const json: JsonObject = {
    name: task.container ?? task.id,
    status: shownState(instance, task),
    statusSince: since,
    conditions: healthy === undefined ? [] : [healthCondition(healthy, task, since)],
    containerId: task.id,
    endpoints: spec === undefined || !isActive(task.condition) ? [] : endpointsOf(spec, task),
    resources:
      spec === undefined || !holdsResources(task) ? undefined : resourcesJson(spec.resources),
    termination: isOver ? terminationOf(task) : undefined,
    lastUpdated: since,
    lastChanged: since,
  };
  return { healthy, json };
}

function healthCondition(healthy: boolean, task: InstanceTask, since: string): JsonObject {
  const word = task.healthy === undefined ? 'unreported' : 'reported';
  return {
    name: 'healthy',
    value: String(healthy),
    reason: `health-${word}-by-mesos`,
    lastChanged: since,
    lastUpdated: since,
  };
}

function holdsResources({ condition }: InstanceTask): boolean {
  return condition !== 'Provisioned' && isActive(condition);
}

/** Those with a port of the host stand first, the one whose health is checked last. */
function endpointsOf(container: PodContainer, task: InstanceTask): JsonObject[] {
  const { endpoints, healthCheck } = container;
  const checked = healthCheck?.http?.endpoint ?? healthCheck?.tcp?.endpoint;
  const open = endpoints.filter(({ hostPort }) => hostPort !== undefined);
  const shown = [
    ...open.map(({ name }, index) => ({ name, allocatedHostPort: task.hostPorts[index] })),
    ...endpoints.filter(({ hostPort }) => hostPort === undefined).map(({ name }) => ({ name })),
  ];
  return [
    ...shown.filter(({ name }) => name !== checked),
    ...shown
      .filter(({ name }) => name === checked)
      .map((endpoint) => ({ ...endpoint, healthy: task.healthy })),
  ];
}

/** The exit code is known only from the text of the last status. */
function terminationOf({ message = '' }: InstanceTask): JsonObject {
  const code = /exited with status (\d+)/.exec(message)?.[1];
  return { exitCode: code === undefined ? undefined : Number(code), message };
}

/** An instance as the answer to its kill shows it. */
export function killedInstanceJson(instance: Instance, healthy: boolean | undefined): JsonObject {
  const { id, agent, spec } = instance;
  const activeSince = instance.tasks.flatMap(({ startedAt }) => startedAt ?? [])[0];
  return {
    instanceId: id,
    state: {
      condition: instance.condition,
      since: formatTimestamp(instance.since),
      activeSince: activeSince === undefined ? undefined : formatTimestamp(activeSince),
      healthy,
      goal: instance.goal,
    },
    agentInfo:
      agent === undefined
        ? undefined
        : {
            host: agent.host,
            agentId: agent.agentId,
            region: agent.region,
            zone: agent.zone,
            attributes: agent.attributes.map((attribute) => plain(attribute) ?? null),
          },
    runSpecVersion: spec.version,
    unreachableStrategy: plain(spec.unreachableStrategy),
  };
}
