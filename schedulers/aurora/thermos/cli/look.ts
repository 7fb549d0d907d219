/** `thermos status`, `read` and `inspect`: what there is to see, without touching it. */
import { existsSync, statSync } from 'node:fs';
import { userInfo } from 'node:os';
import { structText } from '../../client/thrift-text.ts';
import type { ProcessStatus } from '../../thrift/types.ts';
import { CheckpointPaths } from '../checkpoint-paths.ts';
import { CheckpointReader, readRunnerState } from '../checkpoint-stream.ts';
import { RunnerState } from '../machine/runner-state.ts';
import { userNameOf } from '../users.ts';
import { prettyText } from './pretty-text.ts';
import { CONFIG, configuredTask, resolvedTask, TASK_OPTIONS } from './task-config.ts';
import { matchingTasks, patternsOf } from './task-patterns.ts';
import { clockText, NOT_FOUND, type ThermosCommand, ThermosFailure } from './world.ts';

const CORRUPT = 'heckpoint stream CORRUPT or outdated format';

export const STATUS: ThermosCommand = {
  name: 'status',
  help: 'Get the status of task(s).',
  options: [
    {
      ...{ name: '--verbosity', kind: 'integer', otherwise: '0' },
      help: 'Display more verbosity',
    },
    {
      ...{ name: '--only', kind: 'text', choices: ['active', 'finished'] },
      help: 'Display only tasks of this type.',
    },
  ],
  positionals: [
    { name: 'pattern', isRest: true, isOptional: true, help: 'Names of tasks, or patterns' },
  ],
  run: async (world, args, root) => {
    const paths = new CheckpointPaths(root);
    const only = args.optional('--only');
    const patterns = patternsOf(args.has('pattern') ? args.texts('pattern') : ['.*']);
    let count = 0;
    for (const kind of ['active', 'finished'] as const) {
      const tasks = only === undefined || only === kind ? matchingTasks(paths, kind, patterns) : [];
      if (tasks.length === 0) continue;
      world.print(`${kind === 'active' ? 'Active' : 'Finished'} tasks:`);
      for (const taskId of tasks) {
        for (const line of statusLines(paths, taskId, args.integer('--verbosity'))) {
          world.print(line);
        }
      }
      world.print('');
      count += tasks.length;
    }
    if (count > 0) return 0;
    world.print('No tasks found.');
    return NOT_FOUND;
  },
};

function statusLines(paths: CheckpointPaths, taskId: string, verbosity: number): readonly string[] {
  const first = `  ${taskId.padEnd(20)} [owner: ${ownerOf(paths.runner(taskId)).padStart(8)}]`;
  if (verbosity <= 0) return [first];
  const state = readRunnerState(paths.runner(taskId));
  const header = state?.header;
  if (state === undefined || header === undefined) return [`${first} - c${CORRUPT}`];
  const launched = clockText(header.launch_time_ms ?? 0).padStart(25);
  const task = (state.taskState ?? 'Unknown').padStart(8);
  return [
    `${first}  state: ${task} start: ${launched}`,
    ...(verbosity > 1
      ? [`    user: ${header.user ?? ''} ports: ${portsText(header.ports, ' -> ') ?? 'None'}`]
      : []),
    ...(verbosity > 1 ? [`    sandbox: ${header.sandbox ?? ''}`] : []),
    ...(verbosity > 2 ? processTable(state) : []),
  ];
}

function processTable(state: RunnerState): readonly string[] {
  const rows = [...state.processes].map(([name, runs]) => {
    const last = runs.at(-1);
    return `      - ${name} runs: ${runs.length} last: pid=${last?.pid ?? 'None'}, ${endText(last)}`;
  });
  return ['    process table:', ...rows, ''];
}

function endText(run: ProcessStatus | undefined): string {
  const finish = run?.stop_time === undefined ? 'None' : clockText(run.stop_time * 1_000);
  return `rc=${run?.return_code ?? ''}, finish:${finish}, state:${run?.state ?? 'Unknown'}`;
}

function portsText(ports: ReadonlyMap<string, number> | undefined, to: string): string | undefined {
  if (ports === undefined || ports.size === 0) return undefined;
  return [...ports].map(([name, port]) => `${name}${to}${port}`).join(' ');
}

function ownerOf(path: string): string {
  let uid: number;
  try {
    ({ uid } = statSync(path));
  } catch {
    // A task that has been announced, but whose runner has not come yet.
    return userInfo().username;
  }
  return userNameOf(uid) ?? `uid:${uid}`;
}

export const READ: ThermosCommand = {
  name: 'read',
  help: 'Replay a thermos checkpoint.',
  options: [
    {
      ...{ name: '--simple', kind: 'flag' },
      help: 'Only print the checkpoint records, do not replay them.',
    },
  ],
  positionals: [{ name: 'checkpoint', help: 'File of the stream' }],
  run: async (world, args) => {
    const path = args.text('checkpoint');
    if (!existsSync(path)) throw new ThermosFailure(`Could not find ${path}`);
    const records = new CheckpointReader(path).read();
    if (!records.ok) {
      world.print(`Failed to recover from ${path}: ${records.error}`);
      return 0;
    }
    const state = new RunnerState();
    for (const record of records.value) {
      if (args.has('--simple')) world.print(`CKPT: ${structText('RunnerCkpt', record)}`);
      else if (!state.apply(record).ok) break;
    }
    if (args.has('--simple')) return 0;
    for (const line of replayLines(state)) world.print(line);
    return 0;
  },
};

function replayLines(state: RunnerState): readonly string[] {
  const { header } = state;
  if (header === undefined) return [`C${CORRUPT}`];
  const ports = portsText(header.ports, '->');
  return [
    'Recovered Task Header:',
    `  id:      ${header.task_id ?? ''}`,
    `  user:    ${header.user ?? ''}`,
    `  host:    ${header.hostname ?? ''}`,
    `  sandbox: ${header.sandbox ?? ''}`,
    ...(ports === undefined ? [] : [`  ports:   ${ports}`]),
    'Recovered Task States:',
    ...state.statuses.map(({ timestamp_ms = 0, runner_pid, state: at }) => {
      return `  ${clockText(timestamp_ms)} [pid: ${runner_pid ?? 'None'}] => ${at ?? ''}`;
    }),
    'Recovered Processes:',
    ...[...state.processes].flatMap(([name, runs]) => [
      `  ${name}   runs: ${runs.length}`,
      ...runs
        .map(
          (run, at) => `    ${String(at).padStart(2)}: pid=${run.pid ?? 'None'}, ${endText(run)}`,
        )
        .reverse(),
    ]),
  ];
}

export const INSPECT: ThermosCommand = {
  name: 'inspect',
  help: 'Inspect a thermos config and display the evaluated task',
  options: TASK_OPTIONS,
  positionals: [CONFIG],
  run: async (world, args) => {
    world.print(prettyText(resolvedTask(configuredTask(world, args)).data));
    return 0;
  },
};
