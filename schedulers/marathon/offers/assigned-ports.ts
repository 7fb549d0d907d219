/**
 * Ports of tasks with networks of their own, once an offer has given them numbers: mappings of apps
 * and endpoints of pods alike (spec marathon-behaviour, section 4.5).
 */
import type {
  NetworkInfo,
  NetworkInfoPortMapping,
  Port,
} from '../../../core/wire/types/mesos.v1.ts';
import type { Network, PortMapping } from '../model/app.ts';
import type { PodEndpoint } from '../model/pod.ts';
import { labelsOf } from './mesos-labels.ts';

export interface AssignedPort {
  readonly name?: string | undefined;
  /** 0 or absent: the same as on the host. */
  readonly containerPort?: number | undefined;
  /** Absent: none on the host. */
  readonly hostPort?: number | undefined;
  readonly protocols: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  /** Networks it belongs to; empty = all. */
  readonly networkNames: readonly string[];
}

type HostPorts = readonly (number | undefined)[];

export function assignedMappings(
  mappings: readonly PortMapping[],
  hostPorts: HostPorts,
): AssignedPort[] {
  return mappings.map((mapping, index) => ({
    name: mapping.name,
    containerPort: mapping.containerPort,
    hostPort: hostPorts[index],
    protocols: mapping.protocol.split(','),
    labels: mapping.labels,
    networkNames: mapping.networkNames ?? [],
  }));
}

export function assignedEndpoints(
  endpoints: readonly PodEndpoint[],
  hostPorts: HostPorts,
): AssignedPort[] {
  return endpoints.map((endpoint, index) => ({
    name: endpoint.name,
    containerPort: endpoint.containerPort,
    hostPort: hostPorts[index],
    protocols: endpoint.protocol.length === 0 ? ['tcp'] : endpoint.protocol,
    labels: endpoint.labels,
    networkNames: endpoint.networkNames,
  }));
}

/** The port inside of the container. */
export function portInside({ containerPort = 0, hostPort = 0 }: AssignedPort): number {
  return containerPort === 0 ? hostPort : containerPort;
}

export function portMappingsOf(ports: readonly AssignedPort[]): NetworkInfoPortMapping[] {
  return ports.flatMap((port) => {
    const hostPort = port.hostPort;
    if (hostPort === undefined) return [];
    return port.protocols.map((protocol) => ({
      host_port: hostPort,
      container_port: portInside(port),
      protocol,
    }));
  });
}

/** What the agent has to set up; nothing for the host's network. */
export function networkInfosOf(
  networks: readonly Network[],
  ports: readonly AssignedPort[],
  bridgeName: string,
): NetworkInfo[] {
  const own = networks.filter(({ mode }) => mode !== 'host');
  return own.map((network) => {
    const name = network.mode === 'container/bridge' ? bridgeName : network.name;
    const mine = ports.filter(
      ({ networkNames }) =>
        networkNames.length === 0 || name === undefined || networkNames.includes(name),
    );
    return {
      name,
      ip_addresses: [{}],
      labels: labelsOf(network.labels ?? {}),
      port_mappings: portMappingsOf(mine),
    };
  });
}

/** One entry per protocol, and per network where the port is not on the host. */
export function discoveryPortsOf(
  networks: readonly Network[],
  ports: readonly AssignedPort[],
): Port[] {
  const known = networks.flatMap(({ name }) => (name === undefined ? [] : [name]));
  return ports.flatMap((port) => {
    const { name, hostPort, labels, networkNames } = port;
    return port.protocols.flatMap((protocol): readonly Port[] => {
      if (hostPort !== undefined) {
        const scoped = labelsOf({ ...labels, 'network-scope': 'host' });
        return [{ number: hostPort, name, protocol, labels: scoped }];
      }
      return (networkNames.length > 0 ? networkNames : known).map((network) => ({
        number: port.containerPort ?? 0,
        name,
        protocol,
        labels: labelsOf({
          ...labels,
          'network-scope': 'container',
          'network-name': network,
        }),
      }));
    });
  });
}
