/**
 * Flags of the original for what this agent does not have (spec flags-and-metrics, section 5): known
 * with their types and defaults, so that scripts that state a default still work; any other value is
 * refused by name. A row of the same name in `flags.ts` takes the place of the one here.
 */
import { type FlagRow, flag, optionalFlag } from '../base/flags.ts';

const CGROUPS = { help: 'Not supported: cgroups are not used for this.' };
const MODULES = { help: 'Not supported: modules of the original cannot be loaded.' };
const PROVIDERS = { help: 'Not supported: there are no resource providers.' };
const XFS = { help: 'Not supported: XFS quotas are not used.' };
const TRAFFIC = { help: 'Not supported: traffic of tasks is not shaped.' };

export const RARE_AGENT_FLAGS = {
  // Processes and executors.
  master_detector: optionalFlag('string', MODULES),
  secret_resolver: optionalFlag('string', MODULES),
  memory_profiling: flag('bool', false, { help: 'Not supported: memory is not profiled.' }),
  agent_subsystems: optionalFlag('string', {
    aliases: ['slave_subsystems'],
    help: 'Not supported: the agent puts itself into no cgroup.',
  }),
  systemd_runtime_directory: flag('path', '/run/systemd/system', {
    help: 'Not supported: systemd is not used.',
  }),
  // Isolation.
  nvidia_gpu_devices: optionalFlag('string', CGROUPS),
  volume_gid_range: optionalFlag('string', {
    help: 'Not supported: volumes have the group of their task.',
  }),
  seccomp_config_dir: optionalFlag('path', { help: 'Not supported: seccomp is not used.' }),
  seccomp_profile_name: optionalFlag('string', { help: 'Not supported: seccomp is not used.' }),
  xfs_project_range: flag('string', '[5000-10000]', XFS),
  xfs_kill_containers: flag('bool', false, XFS),
  xfs_quota_headroom: flag('bytes', 10 * 1024 ** 2, XFS),

  // Storage of providers.
  resource_provider_config_dir: optionalFlag('path', PROVIDERS),
  csi_plugin_config_dir: optionalFlag('path', PROVIDERS),
  disk_profile_adaptor: optionalFlag('string', PROVIDERS),

  // Network.
  ephemeral_ports_per_container: flag('int', 1_024, TRAFFIC),
  eth0_name: optionalFlag('string', TRAFFIC),
  lo_name: optionalFlag('string', TRAFFIC),
  egress_rate_limit_per_container: optionalFlag('bytes', TRAFFIC),
  egress_rate_per_cpu: optionalFlag('bytes', TRAFFIC),
  minimum_egress_rate_limit: optionalFlag('bytes', TRAFFIC),
  maximum_egress_rate_limit: optionalFlag('bytes', TRAFFIC),
  egress_ceil_limit: optionalFlag('bytes', TRAFFIC),
  egress_burst: optionalFlag('bytes', TRAFFIC),
  egress_unique_flow_per_container: flag('bool', false, TRAFFIC),
  egress_flow_classifier_parent: flag('string', 'root', TRAFFIC),
  ingress_rate_limit_per_container: optionalFlag('bytes', TRAFFIC),
  ingress_rate_per_cpu: optionalFlag('bytes', TRAFFIC),
  minimum_ingress_rate_limit: optionalFlag('bytes', TRAFFIC),
  maximum_ingress_rate_limit: optionalFlag('bytes', TRAFFIC),
  ingress_ceil_limit: optionalFlag('bytes', TRAFFIC),
  ingress_burst: optionalFlag('bytes', TRAFFIC),
  ingress_isolate_existing_containers: flag('bool', true, TRAFFIC),
  network_link_speed: optionalFlag('bytes', TRAFFIC),
  network_enable_socket_statistics_summary: flag('bool', false, {
    aliases: ['network_enable_socket_statistics'],
    ...TRAFFIC,
  }),
  network_enable_socket_statistics_details: flag('bool', false, TRAFFIC),
  network_enable_snmp_statistics: flag('bool', false, TRAFFIC),
  network_enable_rate_statistics: flag('bool', false, TRAFFIC),
  network_rate_statistics_window: optionalFlag('duration', TRAFFIC),
  network_rate_statistics_interval: optionalFlag('duration', TRAFFIC),
} as const;

type Rows = Readonly<Record<string, FlagRow<unknown, unknown>>>;

/** The sentence that refuses the first rare flag with a value of its own. */
export function refuseRareFlag(
  table: Rows,
  values: Readonly<Record<string, unknown>>,
): string | undefined {
  const rare: Rows = RARE_AGENT_FLAGS;
  for (const [name, row] of Object.entries(rare)) {
    const isTakenOver = table[name] !== row;
    if (isTakenOver || values[name] === row.default) continue;
    const why = row.help.replace(/^Not supported: /, '').replace(/\.$/, '');
    return `Flag '${name}' is not supported: ${why}`;
  }
  return undefined;
}
