/** The container of a task; none for host networking without an image (spec as task-info). */
import type { ContainerInfo, NetworkInfo, Volume } from '../../../core/wire/types/mesos.v1.ts';
import type { App, AppVolume, Container, Network } from '../model/app.ts';
import { labelsOf } from './task-info.ts';

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
  const volumes = container.volumes.flatMap(hostVolume);
  if (container.type === 'DOCKER')
    return dockerContainer(app, container, hostPorts, taskId, volumes);
  const networks = app.networks.filter(({ mode }) => mode !== 'host');
  const image = container.docker;
  return {
    type: 'MESOS',
    volumes,
    network_infos: networks.map((network) =>
      networkInfo(network, container, hostPorts, bridgeName),
    ),
    mesos:
      image === undefined
        ? {}
        : {
            image: {
              type: 'DOCKER',
              docker: { name: image.image },
              cached: !image.forcePullImage,
            },
          },
    ...(app.tty === true ? { tty_info: {} } : {}),
  };
}

function hostVolume(volume: AppVolume): Volume[] {
  if (volume.hostPath === undefined || volume.containerPath === undefined) return [];
  return [
    {
      mode: volume.mode ?? 'RO',
      container_path: volume.containerPath,
      host_path: volume.hostPath,
    },
  ];
}

function networkInfo(
  network: Network,
  container: Container,
  hostPorts: HostPorts,
  bridgeName: string,
): NetworkInfo {
  const name = network.mode === 'container/bridge' ? bridgeName : network.name;
  const mappings = (container.portMappings ?? []).flatMap((mapping, index) => {
    const hostPort = hostPorts[index];
    const elsewhere =
      mapping.networkNames !== undefined &&
      mapping.networkNames.length > 0 &&
      name !== undefined &&
      !mapping.networkNames.includes(name);
    if (hostPort === undefined || elsewhere) return [];
    return mapping.protocol.split(',').map((protocol) => ({
      host_port: hostPort,
      container_port: mapping.containerPort === 0 ? hostPort : mapping.containerPort,
      protocol,
    }));
  });
  return {
    name,
    ip_addresses: [{}],
    labels: labelsOf(network.labels ?? {}),
    port_mappings: mappings,
  };
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
  const mappings = (container.portMappings ?? []).flatMap((mapping, index) => {
    const hostPort = hostPorts[index];
    if (hostPort === undefined) return [];
    return mapping.protocol.split(',').map((protocol) => ({
      host_port: hostPort,
      container_port: mapping.containerPort === 0 ? hostPort : mapping.containerPort,
      protocol,
    }));
  });
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
