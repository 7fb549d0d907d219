/**
 * The master's flags: original names, old names as aliases, original defaults (spec
 * flags-and-metrics, sections 3 and 4). Flags of features this master does not have are known, so
 * that they are refused with a sentence (`compile-options.ts`) and never ignored.
 */

import { hours, minutes, seconds } from '../base/duration.ts';
import { type FlagValues, flag, optionalFlag } from '../base/flags.ts';

export const MASTER_FLAGS = {
  // Network and process.
  ip: optionalFlag('string', { help: 'IP address to listen on.' }),
  port: flag('int', 5_050, { help: 'Port to listen on.' }),
  advertise_ip: optionalFlag('string', { help: 'IP address told to others.' }),
  advertise_port: optionalFlag('int', { help: 'Port told to others.' }),
  ip_discovery_command: optionalFlag('string', { help: 'Command that prints the IP address.' }),
  ip6: optionalFlag('string', {
    help: 'Accepted when it is an IPv6 address; nothing listens there.',
  }),
  ip6_discovery_command: optionalFlag('string', { help: 'Command that prints that address.' }),
  hostname: optionalFlag('string', { help: 'Host name told to others.' }),
  hostname_lookup: flag('bool', true, {
    help: 'Look up the host name of the IP address; without it the address is the host name.',
  }),
  work_dir: optionalFlag('path', { help: 'Directory of the registry.' }),
  cluster: optionalFlag('string', { help: 'Name of the cluster, shown in the web interface.' }),
  logging_level: flag('string', 'INFO', { help: 'INFO, WARNING or ERROR.' }),
  quiet: flag('bool', false, { help: 'Log nothing to stderr.' }),
  logbufsecs: flag('int', 0, { help: 'Accepted; lines are written at once.' }),
  initialize_driver_logging: flag('bool', true, { help: 'Accepted; there is no driver inside.' }),
  log_dir: optionalFlag('path', { help: 'Directory of log files, beside stderr.' }),
  external_log_file: optionalFlag('path', {
    help: 'File written by others that is shown as the log.',
  }),
  memory_profiling: flag('bool', false, { help: 'Not supported.' }),
  domain: optionalFlag('json', { help: 'Fault domain of this master, as JSON.' }),
  webui_dir: flag('path', '/usr/local/share/mesos/webui', { help: 'Accepted for scripts.' }),

  // Registry and election.
  registry: flag('string', 'replicated_log', {
    help: 'Where the registry is kept: replicated_log (in work_dir; with --zk on ZooKeeper) or in_memory.',
  }),
  registry_fetch_timeout: flag('duration', minutes(1), { help: 'Limit of reading the registry.' }),
  registry_store_timeout: flag('duration', seconds(20), { help: 'Limit of a registry write.' }),
  registry_strict: flag('bool', false, { help: 'Only false is supported.' }),
  registry_gc_interval: flag('duration', minutes(15), {
    help: 'How often departed agents are forgotten.',
  }),
  registry_max_agent_age: flag('duration', hours(24 * 14), {
    help: 'How long departed agents are remembered.',
  }),
  registry_max_agent_count: flag('int', 102_400, {
    help: 'How many departed agents are remembered.',
  }),
  log_auto_initialize: flag('bool', true, { help: 'Only true is supported.' }),
  quorum: optionalFlag('int', {
    help: 'Needed with --zk, as ever; ZooKeeper keeps the registry, so it changes nothing.',
  }),
  zk: optionalFlag('string', {
    help: 'Where several masters elect their leader: zk://[user:password@]host:port,.../path.',
  }),
  zk_session_timeout: flag('duration', seconds(10), {
    help: 'Time without ZooKeeper after which a master loses its leadership; used with --zk only.',
  }),
  master_contender: optionalFlag('string', { help: 'Not supported.' }),
  master_detector: optionalFlag('string', { help: 'Not supported.' }),

  // Agents.
  agent_reregister_timeout: flag('duration', minutes(10), {
    aliases: ['slave_reregister_timeout'],
    help: 'How long a disconnected agent may stay away; at least 10mins.',
  }),
  recovery_agent_removal_limit: flag('string', '100%', {
    aliases: ['recovery_slave_removal_limit'],
    help: 'Ends the master when more agents than this do not come back after its start.',
  }),
  agent_removal_rate_limit: optionalFlag('string', {
    aliases: ['slave_removal_rate_limit', 'slave_removal_rate'],
    help: 'At most so many agents are marked unreachable in a time, as in 1/10mins.',
  }),
  agent_ping_timeout: flag('duration', seconds(15), {
    aliases: ['slave_ping_timeout'],
    help: 'How long an agent may take to answer a ping; 1secs to 15mins.',
  }),
  max_agent_ping_timeouts: flag('int', 5, {
    aliases: ['max_slave_ping_timeouts'],
    help: 'Unanswered pings that make an agent unreachable.',
  }),
  max_executors_per_agent: optionalFlag('int', {
    aliases: ['max_executors_per_slave'],
    help: 'Not supported.',
  }),
  require_agent_domain: flag('bool', false, { help: 'Refuse agents without a fault domain.' }),
  whitelist: optionalFlag('path', {
    help: 'File with the host names whose agents are offered, one a line, read every 5secs; * is all.',
  }),

  // Frameworks.
  root_submissions: flag('bool', true, { help: 'May frameworks run as root?' }),
  roles: optionalFlag('string', { help: 'The only roles that may be used (deprecated).' }),
  max_completed_frameworks: flag('int', 50, { help: 'Completed frameworks remembered.' }),
  max_completed_tasks_per_framework: flag('int', 1_000, { help: 'Completed tasks remembered.' }),
  max_unreachable_tasks_per_framework: flag('int', 1_000, {
    help: 'Tasks on unreachable agents remembered.',
  }),
  max_operator_event_stream_subscribers: flag('int', 1_000, { help: 'Operator event streams.' }),
  publish_per_framework_metrics: flag('bool', true, { help: 'Metrics for each framework.' }),
  offer_constraints_re2_max_mem: flag('bytes', 4_096, { help: 'Accepted for scripts.' }),
  offer_constraints_re2_max_program_size: flag('int', 100, {
    help: 'Size limit of regular expressions in offer constraints.',
  }),

  // Allocation.
  offer_timeout: optionalFlag('duration', { help: 'Take back offers not answered in time.' }),
  allocation_interval: flag('duration', seconds(1), { help: 'Longest wait for an allocation.' }),
  allocator: flag('string', 'hierarchical', {
    help: 'hierarchical, also HierarchicalDRF, or a module of kind Allocator.',
  }),
  allocator_agent_recovery_factor: flag('double', 0.8, {
    help: 'With quotas: agents that must be back before anything is offered after a start.',
  }),
  allocator_recovery_timeout: flag('duration', minutes(10), { help: 'Limit of that wait.' }),
  role_sorter: flag('string', 'drf', { aliases: ['user_sorter'], help: 'drf or random.' }),
  framework_sorter: flag('string', 'drf', { help: 'drf or random.' }),
  fair_sharing_excluded_resource_names: optionalFlag('string', {
    help: 'Resources that do not count for fairness.',
  }),
  filter_gpu_resources: flag('bool', true, {
    help: 'Offer agents with gpus to GPU_RESOURCES frameworks only.',
  }),
  min_allocatable_resources: flag('string', 'cpus:0.01|mem:32', {
    help: 'The least that is offered: sets separated by |.',
  }),
  weights: optionalFlag('string', { help: 'role=weight,role=weight (deprecated).' }),

  // Security.
  authenticate_frameworks: flag('bool', false, {
    aliases: ['authenticate'],
    help: 'Frameworks of the classic driver must authenticate; needs --credentials.',
  }),
  authenticate_agents: flag('bool', false, {
    aliases: ['authenticate_slaves'],
    help: 'Agents must authenticate; needs --credentials.',
  }),
  authenticate_http_frameworks: flag('bool', false, {
    help: 'HTTP frameworks must authenticate; needs --http_framework_authenticators.',
  }),
  authenticate_http_readonly: flag('bool', false, {
    help: 'Requests that only show must be authenticated.',
  }),
  authenticate_http_readwrite: flag('bool', false, {
    aliases: ['authenticate_http'],
    help: 'Requests that change something must be authenticated.',
  }),
  authentication_v0_timeout: flag('duration', seconds(15), {
    help: 'How long an agent or framework may take to authenticate.',
  }),
  authenticators: flag('string', 'crammd5', { help: 'Only crammd5.' }),
  http_authenticators: flag('string', 'basic', { help: 'How operators authenticate: basic.' }),
  http_framework_authenticators: optionalFlag('string', {
    help: 'How HTTP frameworks authenticate: basic.',
  }),
  credentials: optionalFlag('path', {
    aliases: ['credential'],
    help: 'File of principals and secrets: {"credentials":[{"principal":"p","secret":"s"}]}.',
  }),
  authorizers: flag('string', 'local', { help: 'Only local.' }),
  acls: optionalFlag('json', { help: 'Who may do what, as JSON or a file of it.' }),
  firewall_rules: optionalFlag('json', {
    help: 'Endpoints nobody reaches: {"disabled_endpoints":{"paths":["/files/browse"]}}.',
  }),
  rate_limits: optionalFlag('json', {
    help: 'Messages per second of classic drivers, by principal, as JSON or a file of it.',
  }),
  modules: optionalFlag('json', {
    help: 'Modules to load, as JSON: {"libraries": [{"file": ..., "modules": [{"name": ...}]}]}.',
  }),
  modules_dir: optionalFlag('path', {
    help: 'Folder of JSON files with modules to load, instead of --modules.',
  }),
  hooks: optionalFlag('string', { help: 'Modules of kind Hook, in the order they run.' }),
} as const;

export type MasterFlagValues = FlagValues<typeof MASTER_FLAGS>;
