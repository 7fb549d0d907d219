/** Pods as the API writes them: nested, in the member order of its model. */
import { double, type JsonObject } from '../../../core/wire/json-text.ts';
import {
  limitsJson,
  networkJson,
  nonEmpty,
  nonEmptyObject,
  plain,
  plainObject,
} from './app-json.ts';
import type { Pod, PodContainer, PodEndpoint, PodResources, PodVolume } from './pod.ts';

export function podJson(pod: Pod): JsonObject {
  return {
    id: pod.id,
    labels: plainObject(pod.labels),
    version: pod.version,
    user: pod.user,
    environment: nonEmptyObject(pod.environment),
    containers: pod.containers.map(containerJson),
    secrets: nonEmptyObject(pod.secrets),
    volumes: nonEmpty(pod.volumes.map(volumeJson)),
    networks: pod.networks.map(networkJson),
    scaling: { kind: 'fixed', instances: pod.instances },
    scheduling: schedulingJson(pod),
    executorResources: {
      cpus: double(pod.executorResources.cpus),
      mem: double(pod.executorResources.mem),
      disk: double(pod.executorResources.disk),
    },
    role: pod.role,
    linuxInfo: plain(pod.linuxInfo),
    legacySharedCgroups: pod.legacySharedCgroups,
  };
}

function schedulingJson(pod: Pod): JsonObject {
  return {
    backoff: {
      backoff: double(pod.backoffSeconds),
      backoffFactor: double(pod.backoffFactor),
      maxLaunchDelay: double(pod.maxLaunchDelaySeconds),
    },
    upgrade: {
      minimumHealthCapacity: double(pod.upgradeStrategy.minimumHealthCapacity),
      maximumOverCapacity: double(pod.upgradeStrategy.maximumOverCapacity),
    },
    placement: {
      constraints: pod.constraints.map(([fieldName, operator, value]) => ({
        fieldName,
        operator,
        value,
      })),
      acceptedResourceRoles: [...(pod.acceptedResourceRoles ?? [])],
    },
    killSelection: pod.killSelection,
    unreachableStrategy: plain(pod.unreachableStrategy),
  };
}

function containerJson(container: PodContainer): JsonObject {
  return {
    name: container.name,
    exec: plain(container.exec),
    resources: resourcesJson(container.resources),
    resourceLimits: limitsJson(container.resourceLimits),
    endpoints: nonEmpty(container.endpoints.map(endpointJson)),
    image:
      container.image === undefined
        ? undefined
        : { ...plainObject(container.image), labels: nonEmptyObject(container.image.labels) },
    environment: nonEmptyObject(container.environment),
    user: container.user,
    healthCheck: plain(container.healthCheck),
    check: plain(container.check),
    volumeMounts: nonEmpty(container.volumeMounts.map(plainObject)),
    artifacts: nonEmpty(container.artifacts.map(plainObject)),
    labels: nonEmptyObject(container.labels),
    lifecycle: plain(container.lifecycle),
    tty: container.tty,
    linuxInfo: plain(container.linuxInfo),
  };
}

export function resourcesJson({ cpus, mem, disk, gpus }: PodResources): JsonObject {
  return { cpus: double(cpus), mem: double(mem), disk: double(disk), gpus };
}

function endpointJson(endpoint: PodEndpoint): JsonObject {
  return {
    name: endpoint.name,
    containerPort: endpoint.containerPort,
    hostPort: endpoint.hostPort,
    protocol: nonEmpty(endpoint.protocol),
    labels: nonEmptyObject(endpoint.labels),
    networkNames: nonEmpty(endpoint.networkNames),
  };
}

function volumeJson(volume: PodVolume): JsonObject {
  return plainObject(volume);
}
