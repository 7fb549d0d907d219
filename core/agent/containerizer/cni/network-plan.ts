/**
 * The networks that one container joins, as data: made by the agent, written down and carried out by
 * the launcher (spec agent-runtime, section 8.4).
 */
import type { NetworkInfo } from '../../../wire/types/mesos.v1.ts';

export interface NetworkPlan {
  /** As plugins are told it: `root` or `root.nested`. */
  readonly containerId: string;
  /** `<root of all>/<container id>`; everything that is written down lies below. */
  readonly directory: string;
  /** `CNI_PATH`. */
  readonly pluginsPath: string;
  readonly hostname: string;
  readonly interfaces: readonly InterfacePlan[];
}

export interface InterfacePlan {
  /** Its name in the container: `eth0`. */
  readonly name: string;
  readonly network: string;
  /** Absolute path of the plugin. */
  readonly plugin: string;
  /** JSON for the plugin's standard input. */
  readonly config: string;
  /** As the container asked for it. */
  readonly info: NetworkInfo;
  /** Where the plugin names no servers. */
  readonly dns?: NetworkDns;
}

export interface NetworkDns {
  readonly nameservers?: readonly string[] | undefined;
  readonly domain?: string | undefined;
  readonly search?: readonly string[] | undefined;
  readonly options?: readonly string[] | undefined;
}

/** Where the network namespace is kept. */
export function namespacePathOf(directory: string): string {
  return `${directory}/ns`;
}

export function networkPathOf(directory: string, network: string): string {
  return `${directory}/${network}`;
}

export function configPathOf(directory: string, network: string): string {
  return `${networkPathOf(directory, network)}/network.conf`;
}

export function interfacePathOf(directory: string, network: string, name: string): string {
  return `${networkPathOf(directory, network)}/${name}`;
}
