/**
 * The environment of a pod's container (spec marathon-behaviour, section 4.6): the pod's variables,
 * the container's over them, and over both what is known only here.
 */
import type { EnvironmentVariable } from '../../../core/wire/types/mesos.v1.ts';
import { executorIdOf } from '../model/instance.ts';
import type { AssignedPort } from './assigned-ports.ts';
import { doubleText, escapeName, labelVariables } from './environment.ts';
import { secretVariables } from './secrets.ts';
import type { AssignedContainer, TaskGroupContext } from './task-group.ts';

export function podEnvironment(
  context: TaskGroupContext,
  { container, taskId }: AssignedContainer,
  allPorts: readonly AssignedPort[],
): readonly EnvironmentVariable[] {
  const { pod, instanceId, offer } = context;
  const { cpus, mem, disk, gpus } = container.resources;
  const variables = new Map<string, string>();
  for (const given of [pod.environment, container.environment]) {
    for (const [name, value] of Object.entries(given)) {
      if (typeof value === 'string') variables.set(name, value);
      else variables.delete(name);
    }
  }
  const known: readonly (readonly [string, string])[] = [
    ['HOST', offer.hostname],
    ['MESOS_TASK_ID', taskId],
    ['MESOS_EXECUTOR_ID', executorIdOf(instanceId)],
    ['MARATHON_APP_ID', pod.id],
    ['MARATHON_APP_VERSION', pod.version],
    ['MARATHON_CONTAINER_ID', container.name],
    ['MARATHON_CONTAINER_RESOURCE_CPUS', doubleText(cpus)],
    ['MARATHON_CONTAINER_RESOURCE_MEM', doubleText(mem)],
    ['MARATHON_CONTAINER_RESOURCE_DISK', doubleText(disk)],
    ['MARATHON_CONTAINER_RESOURCE_GPUS', String(gpus)],
    ...labelVariables({ ...pod.labels, ...container.labels }),
    ...allPorts.flatMap((port) => endpointVariables(context, port)),
  ];
  for (const [name, value] of known) variables.set(name, value);
  const secrets = secretVariables(pod.secrets, pod.environment, container.environment).filter(
    ({ name }) => !variables.has(name),
  );
  return [...[...variables].map(([name, value]) => ({ name, value })), ...secrets];
}

/** Every container knows the endpoints of all. */
function endpointVariables(
  { pod, envVarsPrefix }: TaskGroupContext,
  { name = '', hostPort, containerPort }: AssignedPort,
): readonly (readonly [string, string])[] {
  const prefix = envVarsPrefix.toUpperCase();
  const escaped = escapeName(name);
  const onHost = pod.networks.every(({ mode }) => mode === 'host');
  const rows: readonly (readonly [string, number | undefined])[] = [
    ['ENDPOINT', onHost ? hostPort : containerPort],
    ['EP_HOST', hostPort],
    ['EP_CONTAINER', containerPort],
  ];
  return rows.flatMap(([kind, port]) =>
    port === undefined ? [] : [[`${prefix}${kind}_${escaped}`, String(port)] as const],
  );
}
