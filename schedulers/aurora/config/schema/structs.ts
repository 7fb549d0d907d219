/** The structs of a configuration with their defaults (spec aurora, section 3), as data. */
import { Budget } from '../interpreter/budget.ts';
import { textOf } from '../interpreter/text-of.ts';
import { type Calls, PyDict, PyList, raised, type Value } from '../interpreter/values.ts';
import type { StructObject } from '../pystachio/objects.ts';
import { BOOLEAN, FLOAT, INTEGER, ScalarType, STRING } from '../pystachio/scalar-type.ts';
import type { SchemaType } from '../pystachio/schema-type.ts';
import {
  type Attribute,
  ChoiceType,
  ListType,
  MapType,
  STRUCT,
  StructType,
} from '../pystachio/types.ts';

/** For values of ours, which are small. */
export function unlimitedCalls(): Calls {
  const none = Number.POSITIVE_INFINITY;
  const limits = { stepsMax: none, elementsMax: none, charactersMax: none, depthMax: 500 };
  const calls: Calls = {
    budget: new Budget(limits),
    call: () => {
      throw raised('RuntimeError', 'nothing can be called here');
    },
    text: (value) => textOf(value, calls),
  };
  return calls;
}

function required(type: SchemaType): Attribute {
  return { type, isRequired: true, otherwise: undefined };
}

function optional(type: SchemaType): Attribute {
  return { type, isRequired: false, otherwise: undefined };
}

function or(type: SchemaType, value: Value): Attribute {
  const made = type.accept(value, unlimitedCalls());
  if (!made.ok) throw raised('ValueError', made.error);
  return { type, isRequired: false, otherwise: made.value };
}

function struct(name: string, attributes: Readonly<Record<string, Attribute>>): StructType {
  return new StructType(name, new Map(Object.entries(attributes)), STRUCT);
}

/** A value of a struct of ours, from its attributes. */
export function made(type: StructType, fields: Readonly<Record<string, Value>> = {}): StructObject {
  const keywords = new Map(Object.entries(fields));
  return type.construct({ positional: [], keywords }, unlimitedCalls());
}

export const KB = 1024n;
export const MB = KB * 1024n;
export const GB = MB * 1024n;
export const TB = GB * 1024n;

export const ROTATE_POLICY = struct('RotatePolicy', {
  log_size: or(INTEGER, 100n * MB),
  backups: or(INTEGER, 5n),
});

export const LOGGER = struct('Logger', {
  destination: or(
    new ScalarType('Enum', 'LoggerDestination', ['file', 'console', 'both', 'none']),
    'file',
  ),
  mode: or(new ScalarType('Enum', 'LoggerMode', ['standard', 'rotate']), 'standard'),
  rotate: optional(ROTATE_POLICY),
});

export const RESOURCES = struct('Resources', {
  cpu: required(FLOAT),
  ram: required(INTEGER),
  disk: required(INTEGER),
  gpu: or(INTEGER, 0n),
});

export const CONSTRAINT = struct('Constraint', { order: optional(new ListType(STRING)) });

export const PROCESS = struct('Process', {
  name: required(STRING),
  cmdline: required(STRING),
  resources: optional(RESOURCES),
  max_failures: or(INTEGER, 1n),
  daemon: or(BOOLEAN, false),
  ephemeral: or(BOOLEAN, false),
  min_duration: or(INTEGER, 5n),
  final: or(BOOLEAN, false),
  logger: optional(LOGGER),
});

export const TASK = struct('Task', {
  name: or(STRING, '{{processes[0].name}}'),
  processes: optional(new ListType(PROCESS)),
  constraints: or(new ListType(CONSTRAINT), new PyList([])),
  resources: optional(RESOURCES),
  max_failures: or(INTEGER, 1n),
  max_concurrency: or(INTEGER, 0n),
  finalization_wait: or(INTEGER, 30n),
  user: optional(STRING),
});

export const HTTP_HEALTH_CHECKER = struct('HttpHealthChecker', {
  endpoint: or(STRING, '/health'),
  expected_response: or(STRING, 'ok'),
  expected_response_code: or(INTEGER, 0n),
});

export const SHELL_HEALTH_CHECKER = struct('ShellHealthChecker', {
  shell_command: required(STRING),
});

export const HEALTH_CHECKER_CONFIG = struct('HealthCheckerConfig', {
  http: optional(HTTP_HEALTH_CHECKER),
  shell: optional(SHELL_HEALTH_CHECKER),
});

export const DEFAULT_HEALTH_CHECKER = made(HEALTH_CHECKER_CONFIG, {
  http: made(HTTP_HEALTH_CHECKER),
});

export const HEALTH_CHECK_CONFIG = struct('HealthCheckConfig', {
  health_checker: or(HEALTH_CHECKER_CONFIG, DEFAULT_HEALTH_CHECKER),
  initial_interval_secs: or(FLOAT, 15),
  interval_secs: or(FLOAT, 10),
  max_consecutive_failures: or(INTEGER, 0n),
  min_consecutive_successes: or(INTEGER, 1n),
  timeout_secs: or(FLOAT, 1),
});

export const HTTP_LIFECYCLE_CONFIG = struct('HttpLifecycleConfig', {
  port: or(STRING, 'health'),
  graceful_shutdown_endpoint: or(STRING, '/quitquitquit'),
  shutdown_endpoint: or(STRING, '/abortabortabort'),
  graceful_shutdown_wait_secs: or(INTEGER, 5n),
  shutdown_wait_secs: or(INTEGER, 5n),
});

export const LIFECYCLE_CONFIG = struct('LifecycleConfig', {
  http: optional(HTTP_LIFECYCLE_CONFIG),
});

export const DISABLE_LIFECYCLE = made(LIFECYCLE_CONFIG);
export const DEFAULT_LIFECYCLE_CONFIG = made(LIFECYCLE_CONFIG, {
  http: made(HTTP_LIFECYCLE_CONFIG),
});

export const ANNOUNCER = struct('Announcer', {
  primary_port: or(STRING, 'http'),
  portmap: or(new MapType(STRING, STRING), PyDict.from([['aurora', '{{primary_port}}']])),
  zk_path: optional(STRING),
});

export const QUEUE_UPDATE_STRATEGY = struct('QueueUpdateStrategy', { batch_size: or(INTEGER, 1n) });

export const BATCH_UPDATE_STRATEGY = struct('BatchUpdateStrategy', {
  batch_size: or(INTEGER, 1n),
  autopause_after_batch: or(BOOLEAN, false),
});

export const VARIABLE_BATCH_UPDATE_STRATEGY = struct('VariableBatchUpdateStrategy', {
  batch_sizes: required(new ListType(INTEGER)),
  autopause_after_batch: or(BOOLEAN, false),
});

/** Once they are plain their attributes tell them apart: `update-settings.ts`. */
export const UPDATE_STRATEGY = new ChoiceType('UpdateStrategy', [
  QUEUE_UPDATE_STRATEGY,
  BATCH_UPDATE_STRATEGY,
  VARIABLE_BATCH_UPDATE_STRATEGY,
]);

export const UPDATE_CONFIG = struct('UpdateConfig', {
  batch_size: or(INTEGER, 1n),
  watch_secs: or(INTEGER, 45n),
  max_per_shard_failures: or(INTEGER, 0n),
  max_total_failures: or(INTEGER, 0n),
  rollback_on_failure: or(BOOLEAN, true),
  wait_for_batch_completion: or(BOOLEAN, false),
  pulse_interval_secs: optional(INTEGER),
  sla_aware: or(BOOLEAN, false),
  update_strategy: optional(UPDATE_STRATEGY),
});

export const PARAMETER = struct('Parameter', { name: required(STRING), value: required(STRING) });

export const DOCKER = struct('Docker', {
  image: required(STRING),
  parameters: or(new ListType(PARAMETER), new PyList([])),
});

export const CONTAINER = struct('Container', { docker: optional(DOCKER) });

export const APPC_IMAGE = struct('AppcImage', {
  name: required(STRING),
  image_id: required(STRING),
});

export const DOCKER_IMAGE = struct('DockerImage', {
  name: required(STRING),
  tag: required(STRING),
});

export const VOLUME = struct('Volume', {
  container_path: required(STRING),
  host_path: required(STRING),
  mode: required(new ScalarType('Enum', 'Mode', ['RO', 'RW'])),
});

export const MESOS = struct('Mesos', {
  image: optional(new ChoiceType('Image', [APPC_IMAGE, DOCKER_IMAGE])),
  volumes: or(new ListType(VOLUME), new PyList([])),
});

export const PERCENTAGE_SLA_POLICY = struct('PercentageSlaPolicy', {
  percentage: required(FLOAT),
  duration_secs: required(INTEGER),
});

export const COUNT_SLA_POLICY = struct('CountSlaPolicy', {
  count: required(INTEGER),
  duration_secs: required(INTEGER),
});

export const COORDINATOR_SLA_POLICY = struct('CoordinatorSlaPolicy', {
  coordinator_url: required(STRING),
  status_key: or(STRING, 'drain'),
});

export const PARTITION_POLICY = struct('PartitionPolicy', {
  reschedule: or(BOOLEAN, true),
  delay_secs: or(INTEGER, 0n),
});

export const METADATA = struct('Metadata', { key: required(STRING), value: required(STRING) });

export const EXECUTOR_CONFIG = struct('ExecutorConfig', {
  name: or(STRING, 'AuroraExecutor'),
  data: or(STRING, ''),
});

/** `Job` is another name for it. */
export const JOB = struct('MesosJob', {
  name: or(STRING, '{{task.name}}'),
  role: required(STRING),
  contact: optional(STRING),
  cluster: required(STRING),
  environment: required(STRING),
  instances: or(INTEGER, 1n),
  task: required(TASK),
  announce: optional(ANNOUNCER),
  tier: optional(STRING),
  cron_schedule: optional(STRING),
  cron_collision_policy: or(STRING, 'KILL_EXISTING'),
  update_config: or(UPDATE_CONFIG, made(UPDATE_CONFIG)),
  constraints: optional(new MapType(STRING, STRING)),
  service: or(BOOLEAN, false),
  max_task_failures: or(INTEGER, 1n),
  production: or(BOOLEAN, false),
  priority: or(INTEGER, 0n),
  health_check_config: or(HEALTH_CHECK_CONFIG, made(HEALTH_CHECK_CONFIG)),
  lifecycle: or(LIFECYCLE_CONFIG, DEFAULT_LIFECYCLE_CONFIG),
  task_links: optional(new MapType(STRING, STRING)),
  enable_hooks: or(BOOLEAN, false),
  container: optional(new ChoiceType('ContainerChoice', [CONTAINER, DOCKER, MESOS])),
  partition_policy: optional(PARTITION_POLICY),
  metadata: or(new ListType(METADATA), new PyList([])),
  executor_config: or(EXECUTOR_CONFIG, made(EXECUTOR_CONFIG)),
  sla_policy: optional(
    new ChoiceType('SlaPolicy', [COORDINATOR_SLA_POLICY, COUNT_SLA_POLICY, PERCENTAGE_SLA_POLICY]),
  ),
});

export const SERVICE = made(JOB, { service: true });

/** All of them, by the names that configurations use. */
export const STRUCTS: readonly StructType[] = [
  ...[ROTATE_POLICY, LOGGER, RESOURCES, CONSTRAINT, PROCESS, TASK],
  ...[HTTP_HEALTH_CHECKER, SHELL_HEALTH_CHECKER, HEALTH_CHECKER_CONFIG, HEALTH_CHECK_CONFIG],
  ...[HTTP_LIFECYCLE_CONFIG, LIFECYCLE_CONFIG, ANNOUNCER],
  ...[QUEUE_UPDATE_STRATEGY, BATCH_UPDATE_STRATEGY, VARIABLE_BATCH_UPDATE_STRATEGY, UPDATE_CONFIG],
  ...[PARAMETER, DOCKER, CONTAINER, APPC_IMAGE, DOCKER_IMAGE, VOLUME, MESOS],
  ...[PERCENTAGE_SLA_POLICY, COUNT_SLA_POLICY, COORDINATOR_SLA_POLICY, PARTITION_POLICY],
  ...[METADATA, EXECUTOR_CONFIG, JOB],
];
