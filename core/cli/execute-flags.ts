/** Flags of `mesos-execute` and what they ask for (spec cli-and-webui, section 2.2). */
import { type FlagValues, flag, optionalFlag } from '../base/flags.ts';
import { err, ok, type Result } from '../base/result.ts';
import { type Resources, sum } from '../resources/arithmetic.ts';
import { parseResources } from '../resources/parse-flag.ts';
import { refuseMaster } from '../scheduler/index.ts';
import { fromJson } from '../wire/json.ts';
import type {
  CommandInfo,
  ContainerInfo,
  FrameworkInfoCapabilityType,
  TaskInfo,
} from '../wire/types/mesos.v1.ts';
import { compileContainer, compileGroupContainer } from './execute-container.ts';

function unsupported(help: string): ReturnType<typeof optionalFlag<'string'>> {
  return optionalFlag('string', { help: `${help} (not supported yet)` });
}

export const EXECUTE_FLAGS = {
  master: optionalFlag('string', { help: 'Mesos master (e.g., IP:PORT or zk://host:port/path)' }),
  name: optionalFlag('string', { help: 'Name and id of the task' }),
  command: optionalFlag('string', { help: 'Shell command to launch' }),
  shell: flag('bool', true, { help: 'Whether the command is a shell command or an executable' }),
  env: optionalFlag('json', { help: 'Environment of the command: JSON object, or a file' }),
  resources: flag('string', 'cpus:1;mem:128', { help: 'Resources to request for the command' }),
  role: flag('string', '*', { help: 'Role to use when registering' }),
  task: optionalFlag('json', { help: 'JSON-formatted TaskInfo, or a file' }),
  task_group: optionalFlag('json', { help: 'JSON-formatted TaskGroupInfo, or a file' }),
  checkpoint: flag('bool', false, { help: 'Enable checkpointing for the framework' }),
  framework_capabilities: optionalFlag('string', { help: 'Comma-separated capabilities' }),
  partition_aware: flag('bool', true, { help: 'Enable partition-awareness for the framework' }),
  kill_after: optionalFlag('duration', { help: 'Kill the task so long after it has started' }),
  principal: optionalFlag('string', { help: 'The principal to use for authentication' }),
  secret: optionalFlag('string', { help: 'The secret to use for authentication' }),
  content_type: flag('string', 'protobuf', { help: 'protobuf or json' }),
  containerizer: flag('string', 'mesos', { help: 'Containerizer of the command: mesos or docker' }),
  docker_image: optionalFlag('string', { help: 'Docker image of the container' }),
  appc_image: optionalFlag('string', { help: 'Appc image of the container' }),
  networks: optionalFlag('string', { help: 'Comma-separated networks to join; docker allows one' }),
  volumes: optionalFlag('json', { help: 'JSON array of Volume, or a file' }),
  tty: flag('bool', false, { help: 'Give the command a terminal' }),
  effective_capabilities: optionalFlag('json', { help: 'JSON CapabilityInfo, or a file' }),
  bounding_capabilities: optionalFlag('json', { help: 'JSON CapabilityInfo, or a file' }),
  rlimits: optionalFlag('json', { help: 'JSON RLimitInfo, or a file' }),
  package: unsupported('Package to upload to HDFS'),
  hadoop: unsupported('Path of the hadoop script'),
  hdfs: unsupported('Address of the HDFS namenode'),
  overwrite: unsupported('Overwrite the package in HDFS'),
  help: flag('bool', false, { help: 'Prints this help message' }),
  version: flag('bool', false, { help: 'Show version and exit' }),
} as const;

export type ExecuteFlags = FlagValues<typeof EXECUTE_FLAGS>;

/** One task, or several as a group; `agent_id` is filled in when an offer is taken. */
export type Work =
  | { readonly kind: 'task'; readonly task: TaskInfo }
  | {
      readonly kind: 'group';
      readonly tasks: readonly TaskInfo[];
      /** Of their executor. */
      readonly container: ContainerInfo | undefined;
    };

export interface ExecuteOptions {
  readonly master: string;
  readonly work: Work;
  /** All that an offer must have, without reservations. */
  readonly needs: Resources;
  readonly role: string;
  readonly checkpoint: boolean;
  readonly capabilities: readonly FrameworkInfoCapabilityType[];
  readonly killAfterMs: number | undefined;
  readonly credential: { readonly principal: string; readonly secret: string } | undefined;
  readonly principal: string | undefined;
  readonly encoding: 'json' | 'protobuf';
}

/** What the default executor of a group uses for itself. */
export const GROUP_EXECUTOR_RESOURCES = 'cpus:0.1;mem:32;disk:32';

const CAPABILITIES: readonly FrameworkInfoCapabilityType[] = [
  'REVOCABLE_RESOURCES',
  'TASK_KILLING_STATE',
  'GPU_RESOURCES',
  'SHARED_RESOURCES',
  'PARTITION_AWARE',
  'MULTI_ROLE',
  'RESERVATION_REFINEMENT',
  'REGION_AWARE',
];

const UNSUPPORTED: readonly (keyof ExecuteFlags)[] = ['package', 'hadoop', 'hdfs', 'overwrite'];

/** What describes a command that is given by flags alone. */
const OF_COMMANDS: readonly (keyof ExecuteFlags)[] = [
  'name',
  'command',
  'env',
  'appc_image',
  'docker_image',
  'volumes',
];

/** They belong to a command, too; the original leaves them out without a word. */
const ALSO_OF_COMMANDS: readonly (keyof ExecuteFlags)[] = [
  'effective_capabilities',
  'bounding_capabilities',
  'rlimits',
];

/** Checks in the order and words of the original. */
export function compileExecuteOptions(flags: ExecuteFlags): Result<ExecuteOptions> {
  const refusal = refuse(flags);
  if (refusal !== undefined) return err(refusal);
  if (flags.master === undefined) return err('Missing required option --master');
  const badMaster = refuseMaster(flags.master);
  if (badMaster !== undefined) return err(badMaster);
  const work = compileWork(flags);
  if (!work.ok) return work;
  const needs = needsOf(work.value);
  if (!needs.ok) return needs;
  const capabilities = compileCapabilities(flags);
  if (!capabilities.ok) return capabilities;
  const { principal, secret } = flags;
  return ok({
    master: flags.master,
    work: work.value,
    needs: needs.value,
    role: flags.role,
    checkpoint: flags.checkpoint,
    capabilities: capabilities.value,
    killAfterMs: flags.kill_after,
    principal,
    credential: principal === undefined || secret === undefined ? undefined : { principal, secret },
    encoding: flags.content_type === 'json' ? 'json' : 'protobuf',
  });
}

function refuse(flags: ExecuteFlags): string | undefined {
  const hasTask = flags.task !== undefined;
  const hasGroup = flags.task_group !== undefined;
  if (hasTask && hasGroup) {
    return "Either task or task group should be set but not both. Provide either '--task' OR '--task_group'";
  }
  if (hasTask || hasGroup) {
    if (OF_COMMANDS.some((each) => flags[each] !== undefined)) {
      return (
        "'--name, --command, --env, --appc_image, --docker_image, --volumes' can only be set " +
        "when both '--task' and '--task_group' are not set"
      );
    }
    if (hasTask && flags.networks !== undefined) {
      return "'--networks' can only be set when '--task' is not set";
    }
    const other = ALSO_OF_COMMANDS.find((each) => flags[each] !== undefined);
    if (other !== undefined || flags.tty || flags.containerizer !== 'mesos') {
      const name = other ?? (flags.tty ? 'tty' : 'containerizer');
      return `'--${name}' can only be set when both '--task' and '--task_group' are not set`;
    }
  }
  const asked = UNSUPPORTED.find((each) => flags[each] !== undefined);
  if (asked !== undefined) return `Flag '--${asked}' is not supported yet`;
  if (!['json', 'protobuf'].includes(flags.content_type)) {
    return `Invalid content type '${flags.content_type}'`;
  }
  if (hasTask || hasGroup) return undefined;
  if (flags.name === undefined) return 'Missing required option --name';
  if (flags.shell && flags.command === undefined) return 'Missing required option --command';
  return undefined;
}

function compileWork(flags: ExecuteFlags): Result<Work> {
  if (flags.task !== undefined) {
    const task = fromJson('mesos.v1.TaskInfo', withAgent(flags.task));
    return task.ok ? ok({ kind: 'task', task: task.value }) : task;
  }
  if (flags.task_group !== undefined) return compileGroup(flags.task_group, flags.networks);
  const resources = parseResources(flags.resources);
  if (!resources.ok) return err(`Failed to parse resources: ${resources.error}`);
  const command = compileCommand(flags);
  if (!command.ok) return command;
  const container = compileContainer(flags);
  if (!container.ok) return container;
  const name = flags.name ?? '';
  const task: TaskInfo = {
    name,
    task_id: { value: name },
    agent_id: { value: '' },
    resources: resources.value,
    command: command.value,
    ...(container.value !== undefined && { container: container.value }),
  };
  return ok({ kind: 'task', task });
}

function compileGroup(given: unknown, networks: string | undefined): Result<Work> {
  const listed = typeof given === 'object' && given !== null && 'tasks' in given ? given.tasks : [];
  const tasks: TaskInfo[] = [];
  for (const each of Array.isArray(listed) ? listed : []) {
    const task = fromJson('mesos.v1.TaskInfo', withAgent(each));
    if (!task.ok) return task;
    tasks.push(task.value);
  }
  if (tasks.length === 0) return err('The task group has no tasks');
  return ok({ kind: 'group', tasks, container: compileGroupContainer(networks) });
}

/** The agent is known only when an offer is taken, but the message requires it. */
function withAgent(task: unknown): unknown {
  if (typeof task !== 'object' || task === null || Array.isArray(task)) return task;
  return { agent_id: { value: '' }, ...task };
}

function compileCommand(flags: ExecuteFlags): Result<CommandInfo> {
  const command: CommandInfo = { shell: flags.shell, value: flags.command };
  if (flags.env === undefined) return ok(command);
  if (typeof flags.env !== 'object' || flags.env === null || Array.isArray(flags.env)) {
    return err("Failed to load '--env': expected a JSON object");
  }
  const variables = Object.entries(flags.env).map(([name, value]) => ({
    name,
    value: typeof value === 'string' ? value : JSON.stringify(value),
  }));
  return ok({ ...command, environment: { variables } });
}

function needsOf(work: Work): Result<Resources> {
  if (work.kind === 'task') return ok(work.task.resources ?? []);
  const executor = parseResources(GROUP_EXECUTOR_RESOURCES);
  if (!executor.ok) return executor;
  return ok(sum([executor.value, ...work.tasks.map((task) => task.resources ?? [])]));
}

function compileCapabilities(flags: ExecuteFlags): Result<readonly FrameworkInfoCapabilityType[]> {
  const found = new Set<FrameworkInfoCapabilityType>([
    'RESERVATION_REFINEMENT',
    'TASK_KILLING_STATE',
  ]);
  if (flags.partition_aware) found.add('PARTITION_AWARE');
  for (const name of (flags.framework_capabilities ?? '').split(',')) {
    if (name === '') continue;
    const known = CAPABILITIES.find((each) => each === name);
    if (known === undefined) return err(`'${name}' is not a known framework capability`);
    found.add(known);
  }
  return ok([...found]);
}
