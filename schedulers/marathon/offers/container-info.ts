/** The container of a task; none for host networking without an image (spec as task-info). */
import type { ContainerInfo, Image, Secret, Volume } from '../../../core/wire/types/mesos.v1.ts';
import type { App, Container } from '../model/app.ts';
import { assignedMappings, networkInfosOf, portMappingsOf } from './assigned-ports.ts';
import { linuxInfoOf } from './linux-info.ts';
import { labelsOf } from './mesos-labels.ts';
import { secretReference } from './secrets.ts';
import { volumesOf } from './volume-infos.ts';

type HostPorts = readonly (number | undefined)[];

export function containerInfo(
  app: App,
  hostPorts: HostPorts,
  taskId: string,
  bridgeName: string,
): ContainerInfo | undefined {
  const container = app.container;
  if (container === undefined) {
    return app.tty === true ? { type: 'MESOS', tty_info: {} } : undefined;
  }
  const volumes = volumesOf(app);
  if (container.type === 'DOCKER')
    return dockerContainer(app, container, hostPorts, taskId, volumes);
  const ports = assignedMappings(container.portMappings ?? [], hostPorts);
  const linuxInfo = linuxInfoOf(container.linuxInfo);
  const image = mesosImage(app, container);
  return {
    type: 'MESOS',
    volumes,
    network_infos: networkInfosOf(app.networks, ports, bridgeName),
    mesos: image === undefined ? {} : { image },
    ...(app.tty === true ? { tty_info: {} } : {}),
    ...(linuxInfo === undefined ? {} : { linux_info: linuxInfo }),
  };
}

function mesosImage(app: App, { docker, appc }: Container): Image | undefined {
  if (docker !== undefined) {
    return {
      type: 'DOCKER',
      docker: { name: docker.image, ...pullConfigOf(app) },
      cached: !docker.forcePullImage,
    };
  }
  if (appc === undefined) return undefined;
  const { image: name, id, forcePullImage } = appc;
  const labels = labelsOf(appc.labels);
  return {
    type: 'APPC',
    appc: {
      name,
      ...(id === undefined ? {} : { id }),
      ...(labels === undefined ? {} : { labels }),
    },
    cached: !forcePullImage,
  };
}

/** How the registry is asked for the image: a secret, by reference. */
function pullConfigOf({ container, secrets }: App): { readonly config?: Secret } {
  const secret = container?.docker?.pullConfig?.secret;
  return secret === undefined ? {} : { config: secretReference(secrets, secret) };
}

const DOCKER_NETWORKS = {
  host: 'HOST',
  'container/bridge': 'BRIDGE',
  container: 'USER',
} as const;

function dockerContainer(
  app: App,
  container: Container,
  hostPorts: HostPorts,
  taskId: string,
  volumes: readonly Volume[],
): ContainerInfo {
  const docker = container.docker;
  const network = app.networks[0] ?? { mode: 'host' as const };
  const mappings = portMappingsOf(assignedMappings(container.portMappings ?? [], hostPorts));
  return {
    type: 'DOCKER',
    volumes,
    docker: {
      image: docker?.image ?? '',
      network: DOCKER_NETWORKS[network.mode],
      port_mappings: mappings,
      privileged: docker?.privileged ?? false,
      force_pull_image: docker?.forcePullImage ?? false,
      parameters: [
        ...(docker?.parameters ?? []),
        { key: 'label', value: `MESOS_TASK_ID=${taskId}` },
      ],
    },
    ...(network.mode === 'container'
      ? { network_infos: [{ name: network.name, labels: labelsOf(network.labels ?? {}) }] }
      : {}),
  };
}
