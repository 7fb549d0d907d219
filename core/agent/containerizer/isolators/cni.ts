/**
 * `network/cni`: networks of a container's own, made by the operator's plugins (spec agent-runtime,
 * section 8.4). Containers that name none use the host's, nested ones their root's.
 */
import { err, ok, type Result } from '../../../base/result.ts';
import { toJsonValue } from '../../../wire/json.ts';
import { type JsonObject, writeJson } from '../../../wire/json-text.ts';
import type { NetworkInfo } from '../../../wire/types/mesos.v1.ts';
import type { InterfacePlan } from '../cni/network-plan.ts';
import { type CniNetwork, type CniNetworks, isObject } from '../cni/networks.ts';
import type { CniOptions } from '../cni/options.ts';
import type { IsolatedContainer, Isolator } from '../isolator.ts';
import type { PlanPart } from '../plan.ts';
import { quote, targetLine } from './mount-lines.ts';

/** In the configuration's `args`; ours alone. */
const ARGUMENT = 'org.apache.mesos';

export function cniIsolator(options: CniOptions | undefined, networks: CniNetworks): Isolator {
  return {
    name: 'network/cni',
    prepare: (container) => prepare(container, options, networks),
  };
}

function prepare(
  container: IsolatedContainer,
  options: CniOptions | undefined,
  networks: CniNetworks,
): Result<PlanPart> {
  const interfaces: InterfacePlan[] = [];
  for (const info of container.containerInfo?.network_infos ?? []) {
    const { name } = info;
    if (name === undefined) continue;
    const network = networks.find(name);
    if (!network.ok) return network;
    if (options === undefined) return err(`Unknown CNI network '${name}'`);
    if (interfaces.some((each) => each.network === name)) {
      return err(`Attempted to join CNI network '${name}' multiple times`);
    }
    const config = configOf(network.value, info);
    if (!config.ok) return config;
    const dns = options.dns.byNetwork.get(name) ?? options.dns.others;
    interfaces.push({
      name: `eth${interfaces.length}`,
      network: name,
      plugin: network.value.plugin,
      config: writeJson(config.value),
      info,
      ...(dns === undefined ? {} : { dns }),
    });
  }
  if (options === undefined || interfaces.length === 0) return ok({});
  const { id } = container;
  const directory = `${options.root}/${id}`;
  const hostname = container.containerInfo?.hostname ?? id.slice(id.lastIndexOf('.') + 1);
  const { pluginsPath } = options;
  return ok({
    namespaces: ['mount', 'net', 'uts'],
    network: { containerId: id, directory, pluginsPath, hostname, interfaces },
    setup: fileLines(container, directory),
    // What it listens on has to be an address that the plugin gives.
    environment: { LIBPROCESS_IP: '0.0.0.0' },
  });
}

/** The operator's configuration with what the container has asked for. */
function configOf({ config, path }: CniNetwork, info: NetworkInfo): Result<JsonObject> {
  const args = config['args'] ?? {};
  if (!isObject(args)) {
    return err(`Invalid 'args' found in CNI network configuration file '${path}': it is no object`);
  }
  if (ARGUMENT in args) {
    return err(
      `'${ARGUMENT}' in 'args' should not be set in CNI network configuration file. It is reserved by Mesos`,
    );
  }
  const network_info = toJsonValue('mesos.v1.NetworkInfo', info);
  return ok({ ...config, args: { ...args, [ARGUMENT]: { network_info } } });
}

/** Lines that give the container its name and its own files about names. */
function fileLines(container: IsolatedContainer, directory: string): readonly string[] {
  const from = (file: string): string => quote(`${directory}/${file}`);
  const target = (file: string): string => targetLine(container, `/etc/${file}`);
  const bind = (file: string): string => `mount -n --bind ${from(file)} "$to"`;
  const missing = "Mount point '/etc/hosts' does not exist on the host filesystem";
  return [
    target('hosts'),
    `[ -e "$to" ] || { echo "${missing}" >&2; exit 1; }`,
    bind('hosts'),
    // The name can be had without the file, which not every host has.
    target('hostname'),
    `if [ -e "$to" ]; then ${bind('hostname')}; fi`,
    target('resolv.conf'),
    `if [ -e ${from('resolv.conf')} ] && [ -e "$to" ]; then ${bind('resolv.conf')}; fi`,
    `hostname -F ${from('hostname')}`,
  ];
}
