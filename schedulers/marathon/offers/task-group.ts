/**
 * The task group of a pod's instance: one default executor that holds network, ports and sandbox,
 * and one task per container below it (spec marathon-behaviour, sections 4.5 and 4.6).
 */
import type {
  CommandInfo,
  ContainerInfo,
  DiscoveryInfo,
  EnvironmentVariable,
  ExecutorInfo,
  HealthCheck,
  Image,
  Offer,
  Secret,
  TaskGroupInfo,
  TaskInfo,
  Volume,
} from '../../../core/wire/types/mesos.v1.ts';
import { executorIdOf, type InstanceId } from '../model/instance.ts';
import { hostNameForm } from '../model/path-id.ts';
import type { Pod, PodCommand, PodContainer, PodImage, PodVolumeMount } from '../model/pod.ts';
import {
  type AssignedPort,
  assignedEndpoints,
  discoveryPortsOf,
  networkInfosOf,
  portInside,
} from './assigned-ports.ts';
import { linuxInfoOf } from './linux-info.ts';
import type { Match } from './match.ts';
import { labelsOf } from './mesos-labels.ts';
import { podEnvironment } from './pod-environment.ts';
import { secretReference } from './secrets.ts';
import { killPolicy, limitsOf, urisOf } from './task-info.ts';

export interface TaskGroupContext {
  readonly pod: Pod;
  readonly instanceId: InstanceId;
  /** Per container. */
  readonly taskIds: readonly string[];
  readonly offer: Offer;
  readonly match: Match;
  readonly bridgeName: string;
  readonly envVarsPrefix: string;
}

/** One container with what the offer has given it. */
export interface AssignedContainer {
  readonly container: PodContainer;
  readonly taskId: string;
  readonly ports: readonly AssignedPort[];
}

/** The executor and its tasks. */
export function launchGroup(context: TaskGroupContext): {
  readonly executor: ExecutorInfo;
  readonly group: TaskGroupInfo;
} {
  const { pod, match } = context;
  const containers = pod.containers.map((container, index): AssignedContainer => {
    const hostPorts = match.tasks[index]?.hostPorts ?? [];
    return {
      container,
      taskId: context.taskIds[index] ?? '',
      ports: assignedEndpoints(container.endpoints, hostPorts),
    };
  });
  const ports = containers.flatMap((each) => each.ports);
  const tasks = containers.map((each, index): TaskInfo => {
    const task = taskOf(context, each, ports);
    return { ...task, resources: match.tasks[index]?.resources ?? [] };
  });
  return { executor: executorOf(context, ports), group: { tasks } };
}

function executorOf(context: TaskGroupContext, ports: readonly AssignedPort[]): ExecutorInfo {
  const { pod, instanceId, offer, match, bridgeName } = context;
  const networkInfos = networkInfosOf(pod.networks, ports, bridgeName);
  const sharesCgroups = pod.legacySharedCgroups;
  const linuxInfo = linuxInfoOf(pod.linuxInfo, { sharesCgroups });
  return {
    type: 'DEFAULT',
    executor_id: { value: executorIdOf(instanceId) },
    framework_id: offer.framework_id,
    resources: match.executorResources,
    labels: labelsOf(pod.labels),
    container: {
      type: 'MESOS',
      ...(networkInfos.length === 0 ? {} : { network_infos: networkInfos }),
      ...(linuxInfo === undefined ? {} : { linux_info: linuxInfo }),
    },
  };
}

function taskOf(
  context: TaskGroupContext,
  assigned: AssignedContainer,
  allPorts: readonly AssignedPort[],
): Omit<TaskInfo, 'resources'> {
  const { pod, offer } = context;
  const { container, taskId, ports } = assigned;
  return {
    name: container.name,
    task_id: { value: taskId },
    agent_id: offer.agent_id,
    command: commandOf(pod, container, podEnvironment(context, assigned, allPorts)),
    container: containerOf(pod, container),
    health_check: healthCheckOf(pod, container, ports),
    check: checkOf(pod, container, ports),
    kill_policy: killPolicy(container.lifecycle?.killGracePeriodSeconds),
    labels: labelsOf(container.labels),
    discovery: discoveryOf(pod, ports),
    limits: limitsOf(container.resourceLimits),
  };
}

function discoveryOf(pod: Pod, ports: readonly AssignedPort[]): DiscoveryInfo {
  const name = hostNameForm(pod.id);
  return { visibility: 'FRAMEWORK', name, ports: { ports: discoveryPortsOf(pod.networks, ports) } };
}

function commandOf(
  pod: Pod,
  container: PodContainer,
  variables: readonly EnvironmentVariable[],
): CommandInfo {
  const uris = urisOf(container.artifacts);
  const common = {
    environment: { variables },
    user: container.user ?? pod.user,
    ...(uris.length > 0 ? { uris } : {}),
  };
  const exec = container.exec;
  if (exec === undefined) return { shell: false, ...common };
  const { shell, argv = [] } = exec.command;
  if (shell !== undefined) return { shell: true, value: shell, ...common };
  // Without an image there is no entry point that the arguments could belong to.
  const hasOwnProgram = exec.overrideEntrypoint === true || container.image === undefined;
  return {
    shell: false,
    ...(hasOwnProgram ? { value: argv[0] } : {}),
    arguments: argv,
    ...common,
  };
}

function containerOf(pod: Pod, container: PodContainer): ContainerInfo | undefined {
  const volumes = container.volumeMounts.flatMap((mount) => volumeOf(pod, mount));
  const linuxInfo = linuxInfoOf(container.linuxInfo, {
    // Own limits need an own group of processes; without them the pod's setting holds.
    ...(container.resourceLimits === undefined ? {} : { sharesCgroups: false }),
  });
  const image = container.image;
  const given = {
    ...(volumes.length === 0 ? {} : { volumes }),
    ...(image === undefined
      ? {}
      : {
          mesos: {
            image: {
              ...imageOf(pod, image),
              ...(image.forcePull === undefined ? {} : { cached: !image.forcePull }),
            },
          },
        }),
    ...(container.tty === true ? { tty_info: {} } : {}),
    ...(linuxInfo === undefined ? {} : { linux_info: linuxInfo }),
  };
  return Object.keys(given).length === 0 ? undefined : { type: 'MESOS', ...given };
}

/** Without these no AppC image is found; the pod may say others. */
const APPC_LABELS = { os: 'linux', arch: 'amd64' };

function imageOf(pod: Pod, image: PodImage): Image {
  if (image.kind === 'APPC') {
    const labels = labelsOf({ ...APPC_LABELS, ...image.labels });
    return { type: 'APPC', appc: { name: image.id, labels } };
  }
  return { type: 'DOCKER', docker: { name: image.id, ...pullConfigOf(pod, image) } };
}

function pullConfigOf(pod: Pod, { pullConfig }: PodImage): { readonly config?: Secret } {
  return pullConfig === undefined
    ? {}
    : { config: secretReference(pod.secrets, pullConfig.secret) };
}

/** Ephemeral volumes are directories of the pod's sandbox, so containers that mount one share it. */
function volumeOf(pod: Pod, mount: PodVolumeMount): Volume[] {
  const volume = pod.volumes.find(({ name }) => name === mount.name);
  const mode = mount.readOnly === true ? 'RO' : 'RW';
  const container_path = mount.mountPath;
  if (volume === undefined) return [];
  if (volume.secret !== undefined) {
    const secret = secretReference(pod.secrets, volume.secret);
    return [{ mode, container_path, source: { type: 'SECRET', secret } }];
  }
  if (volume.host !== undefined) return [{ mode, container_path, host_path: volume.host }];
  const path = volume.persistent === undefined ? `volumes/${volume.name}` : volume.name;
  const source = { type: 'SANDBOX_PATH', sandbox_path: { type: 'PARENT', path } } as const;
  return [{ mode, container_path, source }];
}

function agentCommand(command: PodCommand): CommandInfo {
  const { shell, argv = [] } = command;
  if (shell !== undefined) return { shell: true, value: shell };
  return { shell: false, value: argv[0], arguments: argv };
}

function portOf(pod: Pod, ports: readonly AssignedPort[], endpoint: string): number {
  const port = ports.find(({ name }) => name === endpoint);
  if (port === undefined) return 0;
  const onHost = pod.networks.every(({ mode }) => mode === 'host');
  return onHost ? (port.hostPort ?? 0) : portInside(port);
}

function healthCheckOf(
  pod: Pod,
  { healthCheck: check }: PodContainer,
  ports: readonly AssignedPort[],
): HealthCheck | undefined {
  if (check === undefined) return undefined;
  const timings = {
    delay_seconds: check.delaySeconds,
    interval_seconds: check.intervalSeconds,
    timeout_seconds: check.timeoutSeconds,
    consecutive_failures: check.maxConsecutiveFailures,
    grace_period_seconds: check.gracePeriodSeconds,
  };
  if (check.exec !== undefined) {
    return { ...timings, type: 'COMMAND', command: agentCommand(check.exec.command) };
  }
  if (check.tcp !== undefined) {
    return { ...timings, type: 'TCP', tcp: { port: portOf(pod, ports, check.tcp.endpoint) } };
  }
  const { endpoint = '', path = '/', scheme = 'HTTP' } = check.http ?? {};
  const port = portOf(pod, ports, endpoint);
  return { ...timings, type: 'HTTP', http: { scheme: scheme.toLowerCase(), port, path } };
}

function checkOf(
  pod: Pod,
  { check }: PodContainer,
  ports: readonly AssignedPort[],
): TaskInfo['check'] {
  if (check === undefined) return undefined;
  const timings = {
    delay_seconds: check.delaySeconds,
    interval_seconds: check.intervalSeconds,
    timeout_seconds: check.timeoutSeconds,
  };
  if (check.exec !== undefined) {
    const command = { command: agentCommand(check.exec.command) };
    return { ...timings, type: 'COMMAND', command };
  }
  if (check.tcp !== undefined) {
    return { ...timings, type: 'TCP', tcp: { port: portOf(pod, ports, check.tcp.endpoint) } };
  }
  const { endpoint = '', path } = check.http ?? {};
  return { ...timings, type: 'HTTP', http: { port: portOf(pod, ports, endpoint), path } };
}
