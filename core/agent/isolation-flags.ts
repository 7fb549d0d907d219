/** Flags of the Mesos containerizer and its isolators (spec flags-and-metrics, section 5). */
import { minutes, seconds } from '../base/duration.ts';
import { flag, optionalFlag } from '../base/flags.ts';

export const ISOLATION_FLAGS = {
  isolation: flag('string', 'posix/cpu,posix/mem', {
    help: 'What containers are isolated by, with commas between; see containerizer/README.md.',
  }),
  default_container_info: optionalFlag('json', {
    help: 'ContainerInfo, as JSON, of executors that come without one; of type MESOS.',
  }),
  launcher: optionalFlag('string', {
    help: 'linux (freezer cgroups, namespaces) or posix; linux where root and the host allow it.',
  }),
  cgroups_hierarchy: flag('path', '/sys/fs/cgroup', { help: 'Where cgroups are mounted.' }),
  cgroups_root: flag('string', 'mesos', { help: 'Name of the cgroup all containers are in.' }),
  cgroups_enable_cfs: flag('bool', false, {
    help: 'Containers get no more processor time than they asked for.',
  }),
  cgroups_limit_swap: flag('bool', false, { help: 'The memory limit counts swap too.' }),
  cgroups_cpu_enable_pids_and_tids_count: flag('bool', false, {
    help: 'Statistics count processes and threads.',
  }),
  cgroups_net_cls_primary_handle: optionalFlag('string', {
    help: 'cgroups/net_cls gives each container a handle with these upper 16 bits, as 0xAAAA.',
  }),
  cgroups_net_cls_secondary_handles: optionalFlag('string', {
    help: 'First and last of the lower 16 bits of these handles; all but 0 unless it is given.',
  }),
  perf_events: optionalFlag('string', {
    help: 'Events that cgroups/perf_event samples with `perf stat`, with commas between.',
  }),
  perf_interval: flag('duration', minutes(1), { help: 'How often perf events are sampled.' }),
  perf_duration: flag('duration', seconds(10), {
    help: 'For how long they are sampled; not longer than the interval.',
  }),
  cgroups_destroy_timeout: flag('duration', minutes(1), {
    help: 'How long removing the cgroups of a container is tried.',
  }),
  revocable_cpu_low_priority: flag('bool', true, {
    help: 'Containers with revocable cpus get a hundredth of the shares.',
  }),
  systemd_enable_support: flag('bool', true, {
    help: 'Containers are also in the hierarchy of systemd, where it runs.',
  }),
  enforce_container_disk_quota: flag('bool', false, {
    help: 'disk/du ends containers that take more of the disk than they asked for.',
  }),
  container_disk_watch_interval: flag('duration', seconds(15), {
    help: 'How often disk/du measures each container.',
  }),
  effective_capabilities: optionalFlag('json', {
    aliases: ['allowed_capabilities'],
    help: 'Capabilities of containers that name none, and the most that they may name.',
  }),
  bounding_capabilities: optionalFlag('json', {
    help: 'Capabilities that containers can get at most by any means.',
  }),
  container_ports_watch_interval: flag('duration', seconds(30), {
    help: 'How often network/ports looks at the ports of each container.',
  }),
  check_agent_port_range_only: flag('bool', false, {
    help: "network/ports cares for ports among the agent's resources only.",
  }),
  enforce_container_ports: flag('bool', false, {
    help: 'network/ports ends containers that listen on ports they do not have.',
  }),
  container_ports_isolated_range: optionalFlag('string', {
    help: 'network/ports cares for these ports only, as [begin-end].',
  }),
  disallow_sharing_agent_pid_namespace: flag('bool', false, {
    help: "Containers may not ask for the agent's pid namespace.",
  }),
  disallow_sharing_agent_ipc_namespace: flag('bool', false, {
    help: "Containers may not ask for the agent's IPC namespace.",
  }),
  default_container_shm_size: optionalFlag('bytes', {
    help: 'Size of /dev/shm of containers with an IPC namespace of their own.',
  }),
  allowed_devices: optionalFlag('json', {
    help: 'Devices that containers with cgroups/devices may use beside the usual ones, as JSON.',
  }),
  network_cni_plugins_dir: optionalFlag('string', {
    help: 'Where the plugins of CNI are, with colons between directories.',
  }),
  network_cni_config_dir: optionalFlag('path', {
    help: 'Has a file for each network that containers can join.',
  }),
  network_cni_root_dir_persist: flag('bool', false, {
    help: 'Networks of containers are written down in the work directory, which outlives a reboot.',
  }),
  network_cni_metrics: flag('bool', true, {
    help: 'Statistics tell what containers receive and send in networks of their own.',
  }),
  docker_volume_checkpoint_dir: flag('path', '/var/run/mesos/isolators/docker/volume', {
    help: 'Where docker/volume writes down which containers have which volumes.',
  }),
  docker_volume_chown: flag('bool', false, {
    help: "Volumes of Docker's drivers are given to the user of the container, without what is in them.",
  }),
  host_path_volume_force_creation: optionalFlag('string', {
    help: 'Directories of the host, with colons between, below which volumes are made when missing.',
  }),
} as const;
