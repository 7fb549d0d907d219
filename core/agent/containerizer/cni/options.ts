/** Flags of `network/cni`, checked (spec agent-runtime, section 8.4). */
import { resolve } from 'node:path';
import { err, ok, type Result } from '../../../base/result.ts';
import { fromJson } from '../../../wire/json.ts';
import type { NetworkDns } from './network-plan.ts';
import type { CniDirectories } from './networks.ts';

export interface CniFlagValues {
  readonly work_dir: string;
  readonly runtime_dir: string | undefined;
  readonly network_cni_plugins_dir: string | undefined;
  readonly network_cni_config_dir: string | undefined;
  readonly network_cni_root_dir_persist: boolean;
  readonly default_container_dns: unknown;
}

export interface CniOptions extends CniDirectories {
  /** Has a directory for each container. */
  readonly root: string;
  readonly dns: CniDefaultDns;
}

export interface CniDefaultDns {
  readonly byNetwork: ReadonlyMap<string, NetworkDns>;
  /** Of all other networks. */
  readonly others: NetworkDns | undefined;
}

export interface CniHost {
  readonly isRoot: boolean;
  isDirectory(path: string): boolean;
}

/** Undefined without any of the flags: containers can use the host's network only. */
export function compileCni(flags: CniFlagValues, host: CniHost): Result<CniOptions | undefined> {
  const { network_cni_plugins_dir: pluginsPath, network_cni_config_dir: configDir } = flags;
  const dns = compileDns(flags.default_container_dns);
  if (!dns.ok) return dns;
  if ((pluginsPath ?? '') === '' && (configDir ?? '') === '') return ok(undefined);
  if (pluginsPath === undefined || pluginsPath === '') {
    return err("Missing required '--network_cni_plugins_dir' flag");
  }
  if (configDir === undefined || configDir === '') {
    return err("Missing required '--network_cni_config_dir' flag");
  }
  if (!host.isRoot) return err("The 'network/cni' isolator requires root permissions");
  if (!host.isDirectory(configDir)) {
    return err(`The CNI network configuration directory '${configDir}' does not exist`);
  }
  const workDir = resolve(flags.work_dir);
  const runtimeDir = resolve(flags.runtime_dir ?? `${workDir}/runtime`);
  const base = flags.network_cni_root_dir_persist ? workDir : runtimeDir;
  return ok({
    configDir,
    pluginsPath,
    root: `${base}/isolators/network/cni`,
    dns: dns.value,
  });
}

export function compileDns(tree: unknown): Result<CniDefaultDns> {
  const byNetwork = new Map<string, NetworkDns>();
  let others: NetworkDns | undefined;
  if (tree === undefined) return ok({ byNetwork, others });
  const parsed = fromJson('mesos.internal.ContainerDNSInfo', tree);
  if (!parsed.ok) return err(`Failed to load flag 'default_container_dns': ${parsed.error}`);
  for (const { network_mode: mode, network_name: name, dns } of parsed.value.mesos ?? []) {
    if (mode !== 'CNI') {
      return err(`Flag 'default_container_dns' has 'mesos' entries with the mode CNI only`);
    }
    if (name === undefined) others = dns;
    else byNetwork.set(name, dns);
  }
  return ok({ byNetwork, others });
}
