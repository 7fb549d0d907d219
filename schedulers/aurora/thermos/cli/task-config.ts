/** From a `.thermos` file, or JSON, to the one task that is meant (spec aurora, section 2; spec thermos, section 7). */
import type { Result } from '../../../../core/base/result.ts';
import type { Arguments, OptionRow, PositionalRow } from '../../client/arguments.ts';
import { PyDict } from '../../config/interpreter/values.ts';
import { bindingOf, type LoadedTasks, loadTaskJson, loadTasks } from '../../config/loader.ts';
import { interpolate } from '../../config/pystachio/interpolate.ts';
import { bound, StructObject } from '../../config/pystachio/objects.ts';
import { type DataMap, isDataMap, jsonOf } from '../../config/pystachio/plain.ts';
import { taskProblem } from '../../config/task-checks.ts';
import { ThermosFailure, type ThermosWorld } from './world.ts';

export const CONFIG: PositionalRow = { name: 'config', help: 'File that exports the task' };

export const PORT: OptionRow = {
  ...{ name: '--port', short: '-P', kind: 'list', metavar: 'NAME:PORT' },
  help: 'bind named PORT to NAME.',
};

export const ENVIRONMENT: OptionRow = {
  ...{ name: '--environment', short: '-E', kind: 'list', metavar: 'NAME=VALUE' },
  help: 'bind the configuration environment variable NAME to VALUE.',
};

export const TASK_OPTIONS: readonly OptionRow[] = [
  {
    ...{ name: '--task', kind: 'text', metavar: 'TASKNAME' },
    help: 'The task of the file; needed only when it exports several.',
  },
  { name: '--json', kind: 'flag', help: 'Read the source file in json format.' },
  PORT,
  ENVIRONMENT,
];

/** A task whose references may still be open. */
export interface ConfiguredTask {
  readonly task: StructObject;
  readonly calls: LoadedTasks['calls'];
}

export interface ResolvedTask {
  readonly data: DataMap;
  readonly json: string;
  readonly unbound: readonly string[];
  readonly problems: readonly string[];
}

/** The task of the file that the options name, with what they bind. */
export function configuredTask(world: ThermosWorld, args: Arguments): ConfiguredTask {
  const { surroundings } = world;
  const load = args.has('--json') ? loadTaskJson : loadTasks;
  const { tasks, calls, printed } = taken(load(args.text('config'), { surroundings }));
  for (const line of printed) world.print(line);
  const bindings = bindingsOf(args);
  const all = tasks.map((each) => boundTo(each, bindings));
  const [first] = all;
  if (first === undefined) throw new ThermosFailure('No tasks specified!');
  const wanted = args.optional('--task');
  if (wanted === undefined) {
    if (all.length === 1) return { task: first, calls };
    throw new ThermosFailure('Multiple tasks in config but no task name specified!');
  }
  const found = all.find((each) => resolvedTask({ task: each, calls }).data.get('name') === wanted);
  if (found === undefined) throw new ThermosFailure(`Could not find task ${wanted}!`);
  return { task: found, calls };
}

export function bindingsOf(args: Arguments): readonly PyDict[] {
  return args.texts('--environment').map((text) => PyDict.from([taken(bindingOf(text))]));
}

export function boundTo(task: StructObject, bindings: readonly PyDict[]): StructObject {
  let made = task;
  for (const each of bindings) {
    const names = [...each.entries.values()].map(([key, value]) => [String(key), value] as const);
    const next = bound(made, new Map(names));
    if (next instanceof StructObject) made = next;
  }
  return made;
}

export function resolvedTask({ task, calls }: ConfiguredTask): ResolvedTask {
  const { data, unbound, problems } = interpolate(task, [], calls);
  if (!isDataMap(data)) throw new ThermosFailure('the task is no task');
  return { data, json: jsonOf(data), unbound, problems };
}

/** Complete and without contradictions, or it ends the command. */
export function expectValid(task: ConfiguredTask): ResolvedTask {
  const resolved = resolvedTask(task);
  const problem = resolved.problems[0] ?? taskProblem(resolved.data);
  if (problem !== undefined) throw new ThermosFailure(problem, 1);
  return resolved;
}

export function portsOf(args: Arguments): ReadonlyMap<string, number> {
  const ports = new Map<string, number>();
  for (const text of args.texts('--port')) {
    const [, name, port] = /^([^:]+):(\d{1,5})$/.exec(text) ?? [];
    if (name === undefined) throw new ThermosFailure(`--port is not NAME:PORT: ${text}`);
    ports.set(name, Number(port));
  }
  return ports;
}

function taken<T>(result: Result<T>): T {
  if (result.ok) return result.value;
  throw new ThermosFailure(result.error, 1);
}
