/**
 * The executor made up for a task with a command, and what hosted executors are told about a task
 * (spec executor-api, sections 7.1, 12 and 16).
 */
import type { DurationMs } from '../base/duration.ts';
import type {
  HostedCommand,
  HostedHealthCheck,
  HostedProbe,
  HostedTask,
} from '../executor/hosted.ts';
import { scalarResource } from '../resources/parse.ts';
import { allocate } from '../resources/select.ts';
import type {
  CheckInfo,
  CommandInfo,
  ContainerInfo,
  ExecutorInfo,
  HealthCheck,
  TaskInfo,
} from '../wire/types/mesos.v1.ts';

const COMMAND_EXECUTOR_CPUS = 0.1;
const COMMAND_EXECUTOR_MEM_MB = 32;
const REAP_MARGIN_NANOSECONDS = 2_000_000_000;
export const DEFAULT_KILL_GRACE_MS: DurationMs = 3_000;

export interface CommandExecutorFlags {
  readonly launcherDir: string;
  /** Only told where the task has an image. */
  readonly sandboxDirectory: string;
  /** Undefined does not switch. */
  readonly user: string | undefined;
}

export function commandExecutorFor(
  task: TaskInfo,
  frameworkId: string,
  flags: CommandExecutorFlags,
): ExecutorInfo {
  const { command, container, labels, discovery, kill_policy } = task;
  const grace = kill_policy?.grace_period?.nanoseconds;
  const role = task.resources?.[0]?.allocation_info?.role;
  const overhead = [
    scalarResource('cpus', COMMAND_EXECUTOR_CPUS),
    scalarResource('mem', COMMAND_EXECUTOR_MEM_MB),
  ];
  return {
    executor_id: { value: task.task_id.value },
    framework_id: { value: frameworkId },
    command: {
      shell: false,
      value: `${flags.launcherDir}/mesos-executor`,
      arguments: argumentsFor(task, flags),
      uris: command?.uris,
      environment: command?.environment,
      user: command?.user,
    },
    container,
    name: `Command Executor (Task: ${task.task_id.value}) (Command: ${describeCommand(command)})`,
    source: task.task_id.value,
    labels,
    discovery,
    resources: role === undefined ? overhead : [...allocate(overhead, role)],
    shutdown_grace_period:
      grace === undefined ? undefined : { nanoseconds: grace + REAP_MARGIN_NANOSECONDS },
  };
}

function argumentsFor(
  { container }: TaskInfo,
  { launcherDir, sandboxDirectory, user }: CommandExecutorFlags,
): readonly string[] {
  const words = ['mesos-executor', `--launcher_dir=${launcherDir}`];
  if (container?.mesos?.image === undefined) return words;
  const switched = user === undefined ? [] : [`--user=${user}`];
  return [...words, ...switched, `--sandbox_directory=${sandboxDirectory}`];
}

/** `sh -c 'sleep 1000'`, `[prog, a, b]`. */
export function describeCommand(command: CommandInfo | undefined): string {
  if (command?.shell === false) {
    if (command.value === undefined) return 'NO EXECUTABLE';
    return `[${[command.value, ...(command.arguments ?? [])].join(', ')}]`;
  }
  const value = command?.value;
  if (value === undefined) return 'NO COMMAND';
  return `sh -c '${value.length > 15 ? `${value.slice(0, 12)}...` : value}'`;
}

/** Variables of a CommandInfo; secrets need an isolator and are skipped. */
export function variablesOf(command: CommandInfo | undefined): Record<string, string> {
  const variables: Record<string, string> = {};
  for (const { name, value, type } of command?.environment?.variables ?? []) {
    if (type !== 'SECRET') variables[name] = value ?? '';
  }
  return variables;
}

export interface HostedTaskPlace {
  /** The executor's environment; the task's own variables win over it. */
  readonly environment: Readonly<Record<string, string>>;
  readonly nestedId?: string | undefined;
  readonly sandbox?: string | undefined;
  /** Address of the container, told to tasks of groups. */
  readonly containerIp?: string | undefined;
}

export function hostedTaskOf(task: TaskInfo, place: HostedTaskPlace): HostedTask {
  const { nestedId, sandbox, containerIp } = place;
  const role = task.resources?.[0]?.allocation_info?.role;
  const environment = {
    ...place.environment,
    ...(sandbox === undefined ? {} : { MESOS_SANDBOX: sandbox }),
    ...(containerIp === undefined ? {} : { MESOS_CONTAINER_IP: containerIp }),
    ...variablesOf(task.command),
    ...(role === undefined ? {} : { MESOS_ALLOCATION_ROLE: role }),
  };
  const { health_check, check } = task;
  const health = health_check === undefined ? undefined : healthCheckOf(health_check, environment);
  const probe = check === undefined ? undefined : checkOf(check, environment);
  return {
    taskId: task.task_id.value,
    ...(nestedId === undefined ? {} : { nestedId }),
    ...(sandbox === undefined ? {} : { sandbox }),
    command: hostedCommandOf(task.command, environment),
    killGraceMs: millisecondsOf(task.kill_policy?.grace_period) ?? DEFAULT_KILL_GRACE_MS,
    maxCompletionMs: millisecondsOf(task.max_completion_time) ?? 0,
    ...(hasTerminal(task.container) ? { isTerminal: true } : {}),
    ...(health === undefined ? {} : { healthCheck: health }),
    ...(probe === undefined ? {} : { check: probe }),
  };
}

/** A window size that it says is not applied, as by the original. Docker makes its own. */
export function hasTerminal(container: ContainerInfo | undefined): boolean {
  return container?.tty_info !== undefined && container.type !== 'DOCKER';
}

export function hostedCommandOf(
  command: CommandInfo | undefined,
  environment: Readonly<Record<string, string>>,
): HostedCommand {
  return {
    shell: command?.shell ?? true,
    value: command?.value ?? '',
    arguments: command?.arguments ?? [],
    environment,
  };
}

export function millisecondsOf(
  duration: { readonly nanoseconds: number } | undefined,
): DurationMs | undefined {
  return duration === undefined ? undefined : duration.nanoseconds / 1e6;
}

interface Timing {
  readonly delay_seconds?: number | undefined;
  readonly interval_seconds?: number | undefined;
  readonly timeout_seconds?: number | undefined;
}

function timingOf(timing: Timing): Pick<HostedProbe, 'delayMs' | 'intervalMs' | 'timeoutMs'> {
  return {
    delayMs: (timing.delay_seconds ?? 15) * 1000,
    intervalMs: (timing.interval_seconds ?? 10) * 1000,
    timeoutMs: (timing.timeout_seconds ?? 20) * 1000,
  };
}

type Environment = Readonly<Record<string, string>>;

function probeCommand(command: CommandInfo | undefined, environment: Environment): HostedCommand {
  return hostedCommandOf(command, { ...environment, ...variablesOf(command) });
}

function healthCheckOf(
  health: HealthCheck,
  environment: Environment,
): HostedHealthCheck | undefined {
  const common = {
    ...timingOf(health),
    gracePeriodMs: (health.grace_period_seconds ?? 10) * 1000,
    consecutiveFailures: Math.max(1, health.consecutive_failures ?? 3),
  };
  // Old schedulers leave the type out; the field that is set tells it.
  const type =
    health.type ??
    (health.http !== undefined ? 'HTTP' : health.tcp !== undefined ? 'TCP' : 'COMMAND');
  if (type === 'COMMAND' && health.command !== undefined) {
    return { ...common, type, command: probeCommand(health.command, environment) };
  }
  if (type === 'HTTP' && health.http !== undefined) {
    const { scheme = 'http', port, path = '', protocol } = health.http;
    const host = protocol === 'IPv6' ? '[::1]' : '127.0.0.1';
    return { ...common, type, http: { scheme, host, port, path } };
  }
  if (type === 'TCP' && health.tcp !== undefined) {
    return { ...common, type, tcp: { port: health.tcp.port } };
  }
  return undefined;
}

function checkOf(check: CheckInfo, environment: Environment): HostedProbe | undefined {
  const common = timingOf(check);
  if (check.type === 'COMMAND' && check.command !== undefined) {
    const command = probeCommand(check.command.command, environment);
    return { ...common, type: 'COMMAND', command };
  }
  if (check.type === 'HTTP' && check.http !== undefined) {
    const { port, path = '' } = check.http;
    return { ...common, type: 'HTTP', http: { scheme: 'http', host: '127.0.0.1', port, path } };
  }
  if (check.type === 'TCP' && check.tcp !== undefined) {
    return { ...common, type: 'TCP', tcp: { port: check.tcp.port } };
  }
  return undefined;
}
