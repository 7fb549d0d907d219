/**
 * The agent's flags: original names, old names as aliases, original defaults (spec
 * flags-and-metrics, sections 3 and 5). Flags of features this agent does not have are known, so
 * that they are refused with a sentence (`compile-options.ts`) and never ignored.
 */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hours, minutes, seconds } from '../base/duration.ts';
import { type FlagValues, flag, optionalFlag, requiredFlag } from '../base/flags.ts';
import { IMAGE_FLAGS } from './image-flags.ts';
import { ISOLATION_FLAGS } from './isolation-flags.ts';
import { RARE_AGENT_FLAGS } from './rare-flags.ts';

export const AGENT_FLAGS = {
  ...RARE_AGENT_FLAGS,
  ...ISOLATION_FLAGS,
  ...IMAGE_FLAGS,

  // Network and process.
  master: optionalFlag('string', {
    help: 'The master: host:port, or zk://[user:password@]host:port,.../path.',
  }),
  ip: optionalFlag('string', { help: 'IP address to listen on.' }),
  port: flag('int', 5_051, { help: 'Port to listen on.' }),
  advertise_ip: optionalFlag('string', { help: 'IP address told to others.' }),
  advertise_port: optionalFlag('int', { help: 'Port told to others.' }),
  ip_discovery_command: optionalFlag('string', { help: 'Command that prints the IP address.' }),
  ip6: optionalFlag('string', {
    help: "IPv6 address told of containers in the host's network; nothing listens there.",
  }),
  ip6_discovery_command: optionalFlag('string', { help: 'Command that prints that address.' }),
  hostname: optionalFlag('string', { help: 'Host name told to others.' }),
  hostname_lookup: flag('bool', true, {
    help: 'Look up the host name of the IP address; without it the address is the host name.',
  }),
  work_dir: requiredFlag('path', { help: 'Directory of sandboxes and checkpoints.' }),
  http_heartbeat_interval: flag('duration', seconds(30), {
    help: 'Time between heartbeats on the streams of attached containers.',
  }),
  runtime_dir: optionalFlag('path', {
    help: 'Where networks of containers are written down; else in the work directory.',
  }),
  launcher_dir: flag('path', '/usr/local/libexec/mesos', {
    help: 'Shown in executor commands; nothing is started from it.',
  }),
  logging_level: flag('string', 'INFO', { help: 'INFO, WARNING or ERROR.' }),
  quiet: flag('bool', false, { help: 'Log nothing to stderr.' }),
  logbufsecs: flag('int', 0, { help: 'Accepted; lines are written at once.' }),
  initialize_driver_logging: flag('bool', true, { help: 'Accepted; there is no driver inside.' }),
  log_dir: optionalFlag('path', { help: 'Directory of log files, beside stderr.' }),
  external_log_file: optionalFlag('path', {
    help: 'File written by others that is shown as the log.',
  }),
  domain: optionalFlag('json', { help: 'Fault domain of this agent, as JSON.' }),
  zk_session_timeout: flag('duration', seconds(10), {
    help: 'Time without ZooKeeper after which no master is known; used with zk:// only.',
  }),

  // What is offered.
  resources: flag('string', '', {
    help: 'Like cpus:4;mem:2048;ports:[31000-32000], or a JSON array; the rest is detected.',
  }),
  attributes: flag('string', '', { help: 'Like rack:r1;zone:eu.' }),
  default_role: flag('string', '*', { help: 'Role of resources given without one.' }),

  // Containers and executors.
  containerizers: flag('string', 'mesos', {
    help: 'mesos, docker, or both with a comma between them: tried in this order; external alone.',
  }),
  containerizer_path: optionalFlag('path', { help: 'The program of --containerizers=external.' }),
  default_container_image: optionalFlag('string', {
    help: 'Told to the program of --containerizers=external.',
  }),
  switch_user: flag('bool', true, { help: 'Run tasks as the user who submitted them.' }),
  executor_registration_timeout: flag('duration', minutes(1), {
    help: 'How long an executor may take to register.',
  }),
  executor_reregistration_timeout: flag('duration', seconds(2), {
    help: 'How long executors may take to come back after a restart; at most 15secs.',
  }),
  executor_reregistration_retry_interval: optionalFlag('duration', {
    help: 'How often driver executors are asked to come back; once without it.',
  }),
  executor_shutdown_grace_period: flag('duration', seconds(5), {
    help: 'Time between asking an executor to end and killing it.',
  }),
  executor_environment_variables: optionalFlag('json', {
    help: 'Environment of executors, a JSON object of strings.',
  }),
  http_command_executor: flag('bool', false, {
    help: 'Kill policies of kill calls reach command tasks.',
  }),
  frameworks_home: flag('path', '', { help: 'Prefix of relative URIs.' }),
  fetcher_stall_timeout: flag('duration', minutes(1), { help: 'Silence that ends a download.' }),
  fetcher_cache_size: flag('bytes', 2 * 1024 ** 3, {
    help: 'Most that cached files of URIs take.',
  }),
  fetcher_cache_dir: flag('path', join(tmpdir(), 'mesos', 'fetch'), {
    help: 'Where URIs with cache are kept until the agent starts anew.',
  }),
  max_completed_executors_per_framework: flag('int', 150, {
    help: 'Completed executors remembered.',
  }),
  hadoop_home: optionalFlag('path', {
    help: 'Where bin/hadoop is, for URIs of other schemes; else hadoop is looked for on the path.',
  }),
  container_logger: optionalFlag('string', {
    help: 'org_apache_mesos_LogrotateContainerLogger keeps output files small; see --modules.',
  }),
  docker: flag('string', 'docker', { help: "Docker's client program." }),
  docker_socket: flag('path', '/var/run/docker.sock', {
    help: 'Unix socket of the Docker engine; tcp://... is taken too.',
  }),
  docker_remove_delay: flag('duration', hours(6), {
    help: 'How long ended Docker containers are kept.',
  }),
  docker_kill_orphans: flag('bool', true, {
    help: 'Remove Docker containers with our names that nobody owns, at the start.',
  }),
  docker_mesos_image: optionalFlag('string', { help: 'Not supported.' }),
  docker_config: optionalFlag('json', {
    help: 'Credentials of registries, in the form of a config.json of Docker.',
  }),
  docker_stop_timeout: flag('duration', 0, {
    help: 'Time between SIGTERM and SIGKILL when a Docker container is destroyed.',
  }),
  default_container_dns: optionalFlag('json', {
    help: 'DNS of containers that join a network of CNI, or a bridge or user network of Docker.',
  }),
  resource_estimator: optionalFlag('string', {
    help: 'org_apache_mesos_FixedResourceEstimator offers its resources as revocable; see --modules.',
  }),
  qos_controller: optionalFlag('string', {
    help: 'org_apache_mesos_LoadQoSController ends what is revocable above a load; see --modules.',
  }),
  qos_correction_interval_min: flag('duration', 0, {
    help: 'How long the controller waits after each look; a second at least.',
  }),
  oversubscribed_resources_interval: flag('duration', seconds(15), {
    help: 'How often the estimator is asked.',
  }),
  agent_features: optionalFlag('json', {
    help: 'What the agent says it can do, as JSON; all but RESIZE_VOLUME is needed.',
  }),

  // Registration and recovery.
  registration_backoff_factor: flag('duration', seconds(1), {
    help: 'First wait before registering, at random; it doubles up to 1mins.',
  }),
  recover: flag('string', 'reconnect', {
    help: 'reconnect to living executors after a restart, or cleanup: end them and exit.',
  }),
  recovery_timeout: flag('duration', minutes(15), {
    help: 'How long tasks go on without an agent.',
  }),
  reconfiguration_policy: flag('string', 'equal', {
    help: 'equal or additive: changes allowed while keeping the agent id.',
  }),
  strict: flag('bool', true, { help: 'Unreadable checkpoints end the start.' }),
  checkpoint: optionalFlag('bool', { help: 'Only true: frameworks decide.' }),
  resource_monitoring_interval: optionalFlag('duration', { help: 'Accepted; on demand.' }),

  // Garbage.
  gc_delay: flag('duration', hours(24 * 7), { help: 'How long sandboxes are kept.' }),
  gc_disk_headroom: flag('double', 0.1, { help: 'Part of the disk kept free, 0 to 1.' }),
  disk_watch_interval: flag('duration', minutes(1), { help: 'How often the disk is looked at.' }),
  gc_non_executor_container_sandboxes: flag('bool', false, {
    help: 'Remove sandboxes of nested and standalone containers after --gc_delay, too.',
  }),

  // Security.
  credential: optionalFlag('path', {
    help: 'File of what the agent proves to the master: {"principal":"p","secret":"s"}.',
  }),
  authenticatee: flag('string', 'crammd5', { help: 'Only crammd5.' }),
  authentication_backoff_factor: flag('duration', seconds(1), {
    help: 'With --credential: half of what the first attempt may take above the minimum.',
  }),
  authentication_timeout_min: flag('duration', seconds(5), {
    help: 'With --credential: the shortest time an attempt is given.',
  }),
  authentication_timeout_max: flag('duration', minutes(1), {
    help: 'With --credential: the longest time an attempt is given.',
  }),
  http_credentials: optionalFlag('path', {
    help: 'File of principals and secrets of operators, as JSON.',
  }),
  http_authenticators: optionalFlag('string', { help: 'How operators authenticate: basic.' }),
  authenticate_http_readonly: flag('bool', false, {
    help: 'Requests that only show must be authenticated.',
  }),
  authenticate_http_readwrite: flag('bool', false, {
    help: 'Requests that change something must be authenticated.',
  }),
  authenticate_http_executors: flag('bool', false, {
    help: 'Executors must show their token; needs --jwt_secret_key.',
  }),
  http_executor_domain_sockets: flag('bool', false, {
    help: 'Executors may connect to a Unix socket.',
  }),
  domain_socket_location: optionalFlag('path', {
    help: 'Where that socket is; agent.sock in the runtime directory unless it is given.',
  }),
  jwt_secret_key: optionalFlag('path', {
    aliases: ['executor_secret_key'],
    help: 'File of the key that signs the tokens of executors.',
  }),
  authorizer: flag('string', 'local', { help: 'Only local.' }),
  acls: optionalFlag('json', { help: 'Who may do what, as JSON or a file of it.' }),
  firewall_rules: optionalFlag('json', {
    help: 'Endpoints nobody reaches: {"disabled_endpoints":{"paths":["/files/browse"]}}.',
  }),
  modules: optionalFlag('json', {
    help: 'Modules to load, as JSON: {"libraries": [{"file": ..., "modules": [{"name": ...}]}]}.',
  }),
  modules_dir: optionalFlag('path', {
    help: 'Folder of JSON files with modules to load, instead of --modules.',
  }),
  hooks: optionalFlag('string', { help: 'Modules of kind Hook, in the order they run.' }),
} as const;

export type AgentFlagValues = FlagValues<typeof AGENT_FLAGS>;
