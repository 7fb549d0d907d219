/** `thermos run` and `simplerun`: a task without a cluster. */
import { mkdirSync } from 'node:fs';
import type { Arguments, OptionRow } from '../../client/arguments.ts';
import { localTime } from '../../client/time-text.ts';
import { PyDict, PyList, type Value } from '../../config/interpreter/values.ts';
import { loadText } from '../../config/loader.ts';
import { StructObject } from '../../config/pystachio/objects.ts';
import { PROCESS, RESOURCES, TASK } from '../../config/schema/structs.ts';
import { isTaskId } from '../checkpoint-paths.ts';
import { DEFAULT_LOG } from '../process-log.ts';
import {
  bindingsOf,
  boundTo,
  CONFIG,
  type ConfiguredTask,
  configuredTask,
  ENVIRONMENT,
  expectValid,
  PORT,
  portsOf,
  resolvedTask,
  TASK_OPTIONS,
} from './task-config.ts';
import { type ThermosCommand, ThermosFailure, type ThermosWorld } from './world.ts';

const MEMORY_BYTES = 256n * 1024n ** 2n;
const PORT_REFERENCE = /^thermos\.ports\[([^\]]+)\]$/;

const USER: OptionRow = {
  ...{ name: '--user', kind: 'text', metavar: 'USER' },
  help: 'run as this user.  if not $USER, must have setuid privilege.',
};
const TASK_ID: OptionRow = {
  ...{ name: '--task_id', kind: 'text', metavar: 'STRING' },
  help: 'The id to which this task should be bound, synthesized from the task name if none provided.',
};
const DAEMON: OptionRow = {
  ...{ name: '--daemon', kind: 'flag' },
  help: 'fork and daemonize the thermos runner.',
};

export const RUN: ThermosCommand = {
  name: 'run',
  help: 'Run a thermos task.',
  options: [
    ...TASK_OPTIONS,
    ...[USER, TASK_ID, DAEMON],
    {
      ...{ name: '--enable_chroot', kind: 'flag' },
      help: 'chroot tasks to the sandbox before executing them, requires root privileges.',
    },
    {
      ...{ name: '--sandbox', kind: 'text', metavar: 'PATH' },
      ...{ otherwise: '/var/lib/thermos/sandbox', help: 'The sandbox in which to run the task.' },
    },
  ],
  positionals: [CONFIG],
  run: (world, args, root) => {
    const task = configuredTask(world, args);
    return reallyRun(world, args, { task, root, sandbox: args.text('--sandbox') });
  },
};

export const SIMPLE_RUN: ThermosCommand = {
  name: 'simplerun',
  help: 'Run a simple command line as a thermos task.',
  options: [
    ...[USER, TASK_ID, DAEMON, PORT, ENVIRONMENT],
    {
      ...{ name: '--name', kind: 'text', metavar: 'STRING', otherwise: 'simple' },
      help: 'The name to give this task.',
    },
  ],
  positionals: [{ name: 'commandline', isRest: true, help: 'What to run' }],
  run: async (world, args, root) => {
    const cmdline = args.texts('commandline').join(' ');
    world.print(`Running command: '${cmdline}'`);
    const task = simpleTask(world, args.text('--name'), cmdline);
    const bindings = bindingsOf(args);
    return await reallyRun(world, args, {
      task: { ...task, task: boundTo(task.task, bindings) },
      ...{ root, sandbox: world.newSandbox() },
    });
  },
};

function simpleTask(world: ThermosWorld, name: string, cmdline: string): ConfiguredTask {
  const loaded = loadText('<simplerun>', '', { surroundings: world.surroundings });
  if (!loaded.ok) throw new ThermosFailure(loaded.error);
  const { calls } = loaded.value;
  const make = (type: Value, attributes: readonly (readonly [string, Value])[]): Value =>
    calls.call(type, { positional: [], keywords: new Map(attributes) });
  const task = make(TASK, [
    ['name', name],
    [
      'resources',
      make(RESOURCES, [
        ['cpu', 1],
        ['ram', MEMORY_BYTES],
        ['disk', 0n],
      ]),
    ],
    [
      'processes',
      new PyList([
        make(PROCESS, [
          ['name', name],
          ['cmdline', cmdline],
        ]),
      ]),
    ],
  ]);
  if (!(task instanceof StructObject)) throw new ThermosFailure('the task is no task');
  return { task, calls };
}

interface Running {
  readonly task: ConfiguredTask;
  readonly root: string;
  readonly sandbox: string;
}

async function reallyRun(
  world: ThermosWorld,
  args: Arguments,
  { task, root, sandbox }: Running,
): Promise<number> {
  const ports = portsOf(args);
  const named = resolvedTask(task);
  const missing = named.unbound.flatMap((each) => {
    const port = PORT_REFERENCE.exec(each)?.[1];
    return port === undefined || ports.has(port) ? [] : [port];
  });
  if (missing.length > 0) {
    throw new ThermosFailure(`ERROR!  Unbound ports: ${[...new Set(missing)].join(' ')}`);
  }
  const ownUser = world.surroundings.userName();
  const user = args.optional('--user') ?? ownUser;
  const name = String(named.data.get('name') ?? 'task');
  const taskId = args.optional('--task_id') ?? taskIdAt(name, world.clock.now());
  if (!isTaskId(taskId)) throw new ThermosFailure(`'${taskId}' is no id of a task`);
  const { json } = expectValid({
    ...task,
    task: boundTo(task.task, [runTimeNames({ taskId, ports, user })]),
  });
  if (world.isHome(sandbox)) {
    throw new ThermosFailure(
      `ERROR!  ${sandbox} is the home of others, who would end with the task`,
    );
  }
  mkdirSync(sandbox, { recursive: true });
  const isDaemon = args.has('--daemon');
  if (isDaemon) world.print('Daemonizing and starting runner.');
  return await world.runTask({
    ...{ json, isDaemon },
    options: {
      ...{ sandbox, taskId, ports, checkpointRoot: root, hostname: world.hostname },
      setuid: user === ownUser ? undefined : user,
      isChrooted: args.has('--enable_chroot'),
      image: undefined,
      keepsEnvironment: false,
      log: DEFAULT_LOG,
    },
  });
}

interface RunTimeNames {
  readonly taskId: string;
  readonly ports: ReadonlyMap<string, number>;
  readonly user: string;
}

function runTimeNames({ taskId, ports, user }: RunTimeNames): PyDict {
  const numbers = [...ports].map(([name, port]): [Value, Value] => [name, BigInt(port)]);
  const thermos = PyDict.from([
    ['task_id', taskId],
    ['user', user],
    ['ports', PyDict.from(numbers)],
  ]);
  return PyDict.from([['thermos', thermos]]);
}

/** `name-20261121-010203.000456`, local time. */
function taskIdAt(name: string, ms: number): string {
  const stamp = localTime(ms).replaceAll(/[-:]/g, '').replace(' ', '-');
  const fraction = String(Math.floor((ms % 1_000) * 1_000)).padStart(6, '0');
  return `${name}-${stamp}.${fraction}`;
}
