/** `aurora task run`, `ssh` and `scp`: the sandboxes of a job's instances, by ssh (spec aurora-client, section 4). */
import { describeError } from '../../../../core/base/errors.ts';
import { joinPath } from '../../config/interpreter/surroundings.ts';
import { LIVE } from '../../machine/schedule-status.ts';
import type { AssignedTask } from '../../thrift/types.ts';
import type { Arguments } from '../arguments.ts';
import type { Cluster } from '../clusters.ts';
import { type ClientContext, queryOf } from '../context.ts';
import { CommandFailure, EXIT, type ExitCode } from '../failure.ts';
import { type ClusterJobKey, type OneInstance, parseOneInstance, pathOf } from '../job-keys.ts';
import * as rows from '../option-rows.ts';
import { instancesKeyIn, type Noun, parameter, type Verb } from '../verb.ts';

const RUN: Verb = {
  name: 'run',
  help: 'Run a shell command on machines currently hosting instances of a single job',
  options: [
    {
      ...{ name: '--threads', short: '-t', kind: 'integer', otherwise: '1' },
      help: 'Number of instances at the same time',
    },
    ...[rows.SSH_USER, rows.SSH_OPTIONS, rows.EXECUTOR_SANDBOX],
  ],
  positionals: [
    rows.INSTANCES_KEY,
    { name: 'cmd', metavar: 'unix_command_line', help: 'What to run', isRest: true },
  ],
  run: runEverywhere,
};

const SSH: Verb = {
  name: 'ssh',
  help: 'Initiate an SSH session on the machine that a task instance is running on.',
  options: [
    ...[rows.SSH_USER, rows.SSH_OPTIONS, rows.EXECUTOR_SANDBOX],
    {
      ...{ name: '--tunnels', short: '-L', kind: 'list', metavar: 'PORT:NAME' },
      help: 'Add a tunnel from a local port to a port of the task by name',
    },
    {
      ...{ name: '--command', short: '-c', kind: 'text', metavar: 'unix_command_line' },
      help: 'Command to execute in place of a shell',
    },
    {
      ...{ name: '--pid-file', short: '-p', kind: 'text' },
      help: 'Write the process id of ssh to this file',
    },
  ],
  positionals: [{ ...rows.INSTANCES_KEY, metavar: 'CLUSTER/ROLE/ENV/NAME[/INSTANCE]' }],
  run: openShell,
};

const SCP: Verb = {
  name: 'scp',
  help: 'Copy files from or to the sandboxes of instances; CLUSTER/ROLE/ENV/NAME/INSTANCE:path',
  options: [
    ...[rows.SSH_USER, rows.EXECUTOR_SANDBOX],
    {
      name: '--scp-options',
      kind: 'list',
      metavar: 'scp_options',
      help: 'Further options for scp',
    },
  ],
  positionals: [
    { name: 'source', metavar: 'SRC', isMany: true, help: 'What to copy' },
    { name: 'dest', metavar: 'DST', help: 'Where to' },
  ],
  run: copy,
};

export const TASK: Noun = {
  name: 'task',
  help: 'Work with a task running in an Apache Aurora cluster',
  verbs: [RUN, SSH, SCP],
};

async function runEverywhere(context: ClientContext, args: Arguments): Promise<ExitCode> {
  const { key, instances } = instancesKeyIn(args);
  const threads = args.integer('--threads');
  if (threads <= 0) {
    throw new CommandFailure(EXIT.invalidParameter, 'Error: --threads must be positive');
  }
  const tasks = await liveTasks(context, key, instances);
  const command = args.texts('cmd').join(' ');
  const left = [...tasks];
  const work = async (): Promise<void> => {
    for (let task = left.shift(); task !== undefined; task = left.shift()) {
      const target = `${args.optional('--ssh-user') ?? key.role}@${task.slaveHost ?? ''}`;
      const remote = inSandbox(context.cluster(key.cluster), args, task, command);
      const argv = ['ssh', '-n', '-q', ...optionsIn(args, '--ssh-options'), target, remote];
      const { stdout, stderr } = await context.ports.run(argv);
      const lines = `${stdout}${stderr}`.split('\n');
      if (lines.at(-1) === '') lines.pop();
      if (lines.length > 0) {
        context.print(lines.map((line) => `${task.slaveHost}:  ${line}`).join('\n'));
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(threads, tasks.length) }, work));
  return EXIT.ok;
}

async function openShell(context: ClientContext, args: Arguments): Promise<ExitCode> {
  const { key, instances } = instancesKeyIn(args);
  if (instances === undefined && args.has('--command')) {
    const message = 'INSTANCE must be specified when --command option is given';
    throw new CommandFailure(EXIT.invalidParameter, message);
  }
  const [task] = await liveTasks(context, key, instances);
  if (task === undefined) {
    throw new CommandFailure(EXIT.invalidParameter, `Job ${pathOf(key)} not found`);
  }
  const tunnels = args.texts('--tunnels').flatMap((each) => ['-L', tunnelOf(task, each)]);
  const command = args.optional('--command') ?? 'bash';
  const argv = [
    ...['ssh', '-t', ...optionsIn(args, '--ssh-options'), ...tunnels],
    `${args.optional('--ssh-user') ?? key.role}@${task.slaveHost ?? ''}`,
    inSandbox(context.cluster(key.cluster), args, task, command),
  ];
  const pidFile = args.optional('--pid-file');
  return await context.ports.attach(argv, (pid) => {
    if (pidFile !== undefined) writePid(context, pidFile, pid);
  });
}

function writePid({ ports }: ClientContext, path: string, pid: number): void {
  try {
    ports.write(path, String(pid));
  } catch (thrown) {
    const message = `Error: could not write ${path}: ${describeError(thrown)}`;
    throw new CommandFailure(EXIT.commandFailure, message);
  }
}

function tunnelOf(task: AssignedTask, text: string): string {
  const [, port, name = ''] = /^(\d+):([^:]+)$/.exec(text) ?? [];
  if (port === undefined) {
    const message = `Could not parse tunnel: ${text}.  Must be of form PORT:NAME`;
    throw new CommandFailure(EXIT.invalidParameter, message);
  }
  const remote = task.assignedPorts.get(name);
  if (remote === undefined) {
    const message = `Task ${task.taskId} has no port named ${name}`;
    throw new CommandFailure(EXIT.invalidParameter, message);
  }
  return `${port}:${task.slaveHost ?? ''}:${remote}`;
}

async function copy(context: ClientContext, args: Arguments): Promise<ExitCode> {
  const places: string[] = [];
  for (const each of [...args.texts('source'), args.text('dest')]) {
    places.push(await placeOf(context, args, each));
  }
  return await context.ports.attach(['scp', ...optionsIn(args, '--scp-options'), ...places]);
}

/** A local path stays as it is. */
async function placeOf(context: ClientContext, args: Arguments, text: string): Promise<string> {
  const at = text.indexOf(':');
  if (at === -1) return text;
  const path = pathInSandbox(text.slice(at + 1));
  const { key, instance } = parameter(parseOneInstance(text.slice(0, at)));
  const task = await oneTask(context, { key, instance });
  const user = args.optional('--ssh-user') ?? key.role;
  const sandbox = sandboxOf(context.cluster(key.cluster), args, task);
  const whole = path.startsWith('/') ? path : `${sandbox}/${path}`;
  return `${user}@${task.slaveHost ?? ''}:${whole}`;
}

/** Without `.` and `..`. */
function pathInSandbox(path: string): string {
  const normal = joinPath('.', path);
  if (normal !== '~' && !normal.startsWith('~/')) return normal;
  const message = `Command does not support tilde expansion for path: ${path}`;
  throw new CommandFailure(EXIT.invalidParameter, message);
}

async function liveTasks(
  context: ClientContext,
  key: ClusterJobKey,
  instances: readonly number[] | undefined,
): Promise<readonly AssignedTask[]> {
  const instanceIds = instances === undefined ? {} : { instanceIds: instances };
  const query = { ...queryOf(key), ...instanceIds, statuses: [...LIVE] };
  const tasks = await context.tasks(key.cluster, query, {
    message: 'Error: could not retrieve task information for run command:',
  });
  return tasks.map(({ assignedTask }) => assignedTask);
}

async function oneTask(
  context: ClientContext,
  { key, instance }: OneInstance,
): Promise<AssignedTask> {
  const tasks = await liveTasks(context, key, [instance]);
  const [task] = tasks;
  if (task !== undefined) return task;
  const message = `Job or instance ${pathOf(key)}/${instance} not found`;
  throw new CommandFailure(EXIT.invalidParameter, message);
}

/** What the executor would know is filled in. */
function inSandbox(cluster: Cluster, args: Arguments, task: AssignedTask, command: string): string {
  const filled = command
    .replaceAll('{{thermos.task_id}}', task.taskId)
    .replaceAll('{{mesos.instance}}', String(task.instanceId))
    .replaceAll('{{mesos.hostname}}', task.slaveHost ?? '')
    .replaceAll(/\{\{thermos\.ports\[([\w\-./]+)\]\}\}/g, (whole, name: string) => {
      return String(task.assignedPorts.get(name) ?? whole);
    });
  return `cd ${sandboxOf(cluster, args, task)};${filled}`;
}

function sandboxOf(cluster: Cluster, args: Arguments, { taskId }: AssignedTask): string {
  const { name, slaveRoot, slaveRunDirectory } = cluster;
  if (slaveRoot === undefined || slaveRunDirectory === undefined) {
    const message = `Error: cluster ${name} needs slave_root and slave_run_directory for this`;
    throw new CommandFailure(EXIT.invalidConfiguration, message);
  }
  const runs = `${slaveRoot}/slaves/*/frameworks/*/executors/thermos-${taskId}/runs`;
  const sandbox = `${runs}/${slaveRunDirectory}/sandbox`;
  return args.has('--executor-sandbox') ? `${runs}/${slaveRunDirectory}` : sandbox;
}

function optionsIn(args: Arguments, name: string): readonly string[] {
  return args.texts(name).flatMap((each) => each.split(/\s+/).filter((word) => word !== ''));
}
