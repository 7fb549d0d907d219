/** `--containerizers` and the flags of Docker's, checked (spec flags-and-metrics, section 5). */
import { err, ok, type Result } from '../../base/result.ts';
import { fromJson } from '../../wire/json.ts';
import type { ContainerDNSInfo } from '../../wire/types/mesos.internal.ts';
import type { AgentFlagValues } from '../flags.ts';
import type { DockerOptions } from './docker/options.ts';
import type { ExternalOptions } from './external/external.ts';

export type ContainerizerName = 'mesos' | 'docker' | 'external';

export interface ContainerizerChoice {
  /** In the order in which they are tried. */
  readonly names: readonly ContainerizerName[];
  readonly docker: DockerOptions;
  /** With `external` only, which stands alone. */
  readonly external?: ExternalOptions;
}

const NAMES: ReadonlySet<string> = new Set<ContainerizerName>(['mesos', 'docker', 'external']);

export function compileContainerizers(flags: AgentFlagValues): Result<ContainerizerChoice> {
  const names: ContainerizerName[] = [];
  for (const name of flags.containerizers.split(',')) {
    if (!isName(name)) return err(`Unknown or unsupported containerizer: ${name}`);
    if (!names.includes(name)) names.push(name);
  }
  const external = compileExternal(names, flags);
  if (!external.ok) return external;
  const dns = compileDns(flags.default_container_dns);
  if (!dns.ok) return dns;
  return ok({
    names,
    ...(external.value === undefined ? {} : { external: external.value }),
    docker: {
      docker: flags.docker,
      host: hostOf(flags.docker_socket),
      removeDelayMs: flags.docker_remove_delay,
      killOrphans: flags.docker_kill_orphans,
      stopTimeoutMs: flags.docker_stop_timeout,
      config: flags.docker_config,
      mappedDirectory: flags.sandbox_directory,
      enableCfs: flags.cgroups_enable_cfs,
      cgroupsHierarchy: flags.cgroups_hierarchy,
      defaultDns: dns.value,
    },
  });
}

function compileExternal(
  names: readonly ContainerizerName[],
  flags: AgentFlagValues,
): Result<ExternalOptions | undefined> {
  const path = flags.containerizer_path;
  if (!names.includes('external')) {
    if (path === undefined) return ok(undefined);
    return err("Flag 'containerizer_path' is for --containerizers=external");
  }
  if (names.length > 1) return err("Containerizer 'external' cannot be combined with others");
  if (path === undefined) {
    return err('Cannot create external containerizer: `--containerizer_path` is not set');
  }
  const { default_container_image: defaultImage, hadoop_home: hadoopHome } = flags;
  return ok({ path, defaultImage, hadoopHome });
}

function isName(name: string): name is ContainerizerName {
  return NAMES.has(name);
}

/** A path is a Unix socket; anything with a scheme is left as it is. */
function hostOf(socket: string): string {
  return socket.includes('://') ? socket : `unix://${socket}`;
}

function compileDns(tree: unknown): Result<ContainerDNSInfo | undefined> {
  if (tree === undefined) return ok(undefined);
  const parsed = fromJson('mesos.internal.ContainerDNSInfo', tree);
  if (!parsed.ok) return err(`Failed to load flag 'default_container_dns': ${parsed.error}`);
  return parsed;
}
