/** From a file to the job that was asked for (spec aurora, sections 2.8 and 2.9). */
import { err, ok, type Result } from '../../../core/base/result.ts';
import type { BudgetLimits } from './interpreter/budget.ts';
import { Interpreter } from './interpreter/interpreter.ts';
import { fromJson } from './interpreter/json-values.ts';
import { positional } from './interpreter/native.ts';
import { ConfigError } from './interpreter/source.ts';
import { type Surroundings, textOfBytes } from './interpreter/surroundings.ts';
import {
  type Calls,
  iterate,
  PyDict,
  PyList,
  raised,
  typeName,
  type Value,
} from './interpreter/values.ts';
import { interpolate } from './pystachio/interpolate.ts';
import { bound, StructObject } from './pystachio/objects.ts';
import { isDataMap } from './pystachio/plain.ts';
import { componentsOf } from './pystachio/references.ts';
import { NAMESPACE } from './schema/namespace.ts';
import { JOB, TASK } from './schema/structs.ts';
import { withinLimits } from './within-limits.ts';

/** Stands for an environment that a job does not name. */
const MISSING = '{MISSING}';

export interface LoadOptions {
  readonly surroundings: Surroundings;
  readonly limits?: BudgetLimits;
}

export interface LoadedConfig {
  readonly jobs: readonly StructObject[];
  /** What the file printed. */
  readonly printed: readonly string[];
  /** For what is done with the jobs: it counts against the same limits. */
  readonly calls: Calls;
}

/** Unset parts match anything. */
export interface JobKeyPattern {
  readonly cluster?: string | undefined;
  readonly role?: string | undefined;
  readonly environment?: string | undefined;
  readonly name?: string | undefined;
}

/** The error is a traceback. */
export function loadFile(path: string, options: LoadOptions): Result<LoadedConfig> {
  return load(options, (interpreter) => interpreter.runFile(path));
}

export function loadText(file: string, text: string, options: LoadOptions): Result<LoadedConfig> {
  return load(options, (interpreter) => interpreter.runText(file, text));
}

/** `--read-json`: one job, or `{"jobs": [...]}`. */
export function loadJson(path: string, options: LoadOptions): Result<LoadedConfig> {
  return load(options, (interpreter) => {
    const value = fromJson(textOfFile(path, options), interpreter);
    const jobs = value instanceof PyDict ? (value.get('jobs') ?? new PyList([value])) : value;
    interpreter.globals.set('jobs', jobs);
  });
}

export interface LoadedTasks {
  readonly tasks: readonly StructObject[];
  readonly printed: readonly string[];
  readonly calls: Calls;
}

/** A `.thermos` file: the tasks that it gives to `export`. */
export function loadTasks(path: string, options: LoadOptions): Result<LoadedTasks> {
  const tasks: StructObject[] = [];
  const exporting = positional('export', [1, 1], ([task = null], calls) => {
    tasks.push(taskOf(task, calls));
    return null;
  });
  const names = new Map([...NAMESPACE, ['export', exporting] as const]);
  const loaded = load(options, (interpreter) => interpreter.runFile(path), names);
  return loaded.ok ? ok({ ...loaded.value, tasks }) : loaded;
}

/** One task as JSON. */
export function loadTaskJson(path: string, options: LoadOptions): Result<LoadedTasks> {
  const tasks: StructObject[] = [];
  const loaded = load(options, (interpreter) => {
    tasks.push(taskOf(fromJson(textOfFile(path, options), interpreter), interpreter));
  });
  return loaded.ok ? ok({ ...loaded.value, tasks }) : loaded;
}

function taskOf(value: Value, calls: Calls): StructObject {
  const made = TASK.accept(value, calls);
  if (!made.ok) throw raised('ValueError', made.error);
  if (made.value instanceof StructObject) return made.value;
  throw raised('TypeError', `a task is expected, not ${typeName(value)}`);
}

function textOfFile(path: string, { surroundings }: LoadOptions): string {
  const bytes = surroundings.read(path);
  if (bytes === undefined)
    throw raised('IOError', `[Errno 2] No such file or directory: '${path}'`);
  return textOfBytes(bytes);
}

function load(
  options: LoadOptions,
  run: (interpreter: Interpreter) => void,
  names: ReadonlyMap<string, Value> = NAMESPACE,
): Result<LoadedConfig> {
  const { surroundings, limits } = options;
  const common = { surroundings, names };
  const interpreter = new Interpreter(limits === undefined ? common : { ...common, limits });
  try {
    run(interpreter);
    const jobs = interpreter.guarded(() => jobsOf(interpreter.globals.get('jobs'), interpreter));
    return ok({ jobs, printed: interpreter.printed, calls: interpreter });
  } catch (thrown) {
    if (thrown instanceof ConfigError) return err(`${thrown.summary}\n${thrown.describe()}`);
    throw thrown;
  }
}

function jobsOf(value: Value | undefined, calls: Calls): readonly StructObject[] {
  if (value === undefined) return [];
  return iterate(value).map((each) => {
    const made = JOB.accept(each, calls);
    if (!made.ok) throw raised('ValueError', made.error);
    if (made.value instanceof StructObject) return made.value;
    throw raised('TypeError', `a job is expected in jobs, not ${typeName(each)}`);
  });
}

/** `--bind profile.package=x` as what `bind` takes: dotted names and bracketed keys make dictionaries. */
export function bindingOf(text: string): Result<readonly [name: string, value: Value]> {
  const at = text.indexOf('=');
  if (at === -1) return err('Binding parameter must be formatted name=value');
  const address = text.slice(0, at);
  const [first, ...rest] = componentsOf(address) ?? [];
  if (first?.kind !== 'name') {
    return err(`Could not parse binding parameter ${text}: Badly formed address ${address}`);
  }
  const value = rest.reduceRight<Value>(
    (inner, each) => PyDict.from([[each.kind === 'name' ? each.name : each.index, inner]]),
    text.slice(at + 1),
  );
  return ok([first.name, value]);
}

export function bindJob(
  job: StructObject,
  bindings: readonly (readonly [string, Value])[],
): StructObject {
  let made = job;
  for (const [name, value] of bindings) {
    const next = bound(made, new Map([[name, value]]));
    if (next instanceof StructObject) made = next;
  }
  return made;
}

interface Keyed {
  readonly job: StructObject;
  readonly cluster: string;
  readonly role: string;
  readonly environment: string;
  readonly name: string;
}

/** May reach the limits of the file. */
export function jobKeyOf(job: StructObject, calls: Calls): Keyed {
  const { data } = interpolate(job, [], calls);
  const part = (name: string): string => {
    const found = isDataMap(data) ? data.get(name) : undefined;
    return typeof found === 'string' ? found : '';
  };
  const [cluster, role, environment, name] = [
    part('cluster'),
    part('role'),
    part('environment'),
    part('name'),
  ];
  return { job, cluster, role, environment, name };
}

/** The one job of that key. */
export function pickJob(
  { jobs, calls }: LoadedConfig,
  pattern: JobKeyPattern,
): Result<StructObject> {
  if (jobs.length === 0) return err('No job defined in this config!');
  if (pattern.name === undefined && jobs.length > 1) {
    return err('Configuration has multiple jobs but no job name specified!');
  }
  const read = withinLimits(() => jobs.map((each) => jobKeyOf(each, calls)));
  if (!read.ok) return read;
  const keyed = read.value;
  const matching = keyed.filter(
    (each) =>
      (pattern.name === undefined || each.name === pattern.name) &&
      (pattern.cluster === undefined || each.cluster === pattern.cluster) &&
      (pattern.role === undefined || each.role === pattern.role) &&
      (pattern.environment === undefined || each.environment === pattern.environment),
  );
  const shown = keyed.map((each) =>
    each.environment === '' ? { ...each, environment: MISSING } : each,
  );
  const candidates = ['Candidates are:', ...shown.map((each) => `  ${keyText(each)}`)];
  if (matching.length > 1) {
    const text = 'Multiple jobs match, please disambiguate by specifying a job key.';
    return err([text, ...candidates].join('\n'));
  }
  const found = matching[0]?.job;
  if (found !== undefined) return ok(found);
  const wanted = [pattern.cluster, pattern.role, pattern.environment, pattern.name].map(
    (each) => each ?? '*',
  );
  const without = shown
    .filter((each) => each.environment === MISSING)
    .map((each) => `Job ${keyText(each)} in configuration file doesn't specify an environment`);
  return err([`Could not find job ${wanted.join('/')}`, ...without, ...candidates].join('\n'));
}

export function keyText(key: Omit<Keyed, 'job'>): string {
  return [key.cluster, key.role, key.environment, key.name].join('/');
}
