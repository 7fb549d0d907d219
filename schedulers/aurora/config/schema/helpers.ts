/** The functions that configurations build tasks with (spec aurora, section 2.7). */

import { Module } from '../interpreter/modules.ts';
import { NativeFunction } from '../interpreter/native.ts';
import {
  type CallArguments,
  type Calls,
  isTruthy,
  PyDict,
  PyList,
  raised,
  type Value,
} from '../interpreter/values.ts';
import { interpolate } from '../pystachio/interpolate.ts';
import { ListObject, type SchemaObject, StructObject } from '../pystachio/objects.ts';
import { jsonOf } from '../pystachio/plain.ts';
import { CONSTRAINT, GB, PROCESS, RESOURCES, TASK } from './structs.ts';

const NO_KEYWORDS: ReadonlyMap<string, Value> = new Map();

function made(keywords: Readonly<Record<string, Value>>): CallArguments {
  return { positional: [], keywords: new Map(Object.entries(keywords)) };
}

/** A list with one constraint, so that results can be added. */
function order({ positional }: CallArguments, calls: Calls): PyList {
  const names = positional.map((each): Value => {
    if (typeof each === 'string') return each;
    const name =
      each instanceof StructObject && each.type === PROCESS ? each.field('name') : undefined;
    if (name !== undefined) return name;
    throw raised('ValueError', `Unknown value for process order: ${calls.text(each)}`);
  });
  return new PyList([CONSTRAINT.construct(made({ order: new PyList(names) }), calls)]);
}

function sequential(task: StructObject, calls: Calls): StructObject {
  if (elementsOf(task, 'constraints').length > 0) {
    throw raised(
      'ValueError',
      'Cannot turn a Task with existing constraints into a SequentialTask!',
    );
  }
  const processes = elementsOf(task, 'processes');
  if (processes.length === 0) return task;
  return task.call(
    made({ constraints: order({ positional: processes, keywords: NO_KEYWORDS }, calls) }),
    calls,
  );
}

function simple({ positional, keywords }: CallArguments, calls: Calls): StructObject {
  const [name = keywords.get('name') ?? null, cmdline = keywords.get('command') ?? null] =
    positional;
  const process = PROCESS.construct(made({ name, cmdline }), calls);
  const resources = RESOURCES.construct(made({ cpu: 1, ram: GB, disk: GB }), calls);
  return TASK.construct(made({ name, processes: new PyList([process]), resources }), calls);
}

function elementsOf(task: StructObject, name: string): readonly StructObject[] {
  const field = task.field(name);
  const items = field instanceof ListObject ? field.iterate() : [];
  return items.filter((each) => each instanceof StructObject);
}

function tasksOf({ positional }: CallArguments): readonly StructObject[] {
  return positional.map((each) => {
    if (each instanceof StructObject && each.type.isA(TASK)) return each;
    throw raised('TypeError', 'only tasks can be combined');
  });
}

/** Those that are the same after interpolation are one; the first of them stays where it is. */
function withoutTwins(objects: readonly SchemaObject[], calls: Calls): readonly SchemaObject[] {
  const seen = new Set<string>();
  return objects.filter((each) => {
    const text = jsonOf(interpolate(each, [], calls).data);
    if (seen.has(text)) return false;
    seen.add(text);
    return true;
  });
}

interface Merging {
  readonly resources: (one: number, other: number) => number;
  readonly wait: (one: number, other: number) => number;
  readonly between: (tasks: readonly StructObject[], calls: Calls) => readonly Value[];
}

function merge(args: CallArguments, how: Merging, calls: Calls): StructObject {
  const tasks = tasksOf(args);
  const last = tasks.at(-1);
  if (last === undefined) return TASK.construct({ positional: [], keywords: args.keywords }, calls);
  const processes = withoutTwins(
    tasks.flatMap((each) => elementsOf(each, 'processes')),
    calls,
  );
  const ownConstraints = withoutTwins(
    tasks.flatMap((each) => elementsOf(each, 'constraints')),
    calls,
  );
  const constraints = [...ownConstraints, ...how.between(tasks, calls)];
  const waits = tasks.map((each) => numberOf(each.field('finalization_wait'), calls));
  const wait = waits.reduce(how.wait, 0);
  const fields = {
    processes: new PyList([...processes]),
    constraints: new PyList(constraints),
    finalization_wait: BigInt(wait),
    resources: mergedResources(tasks, how, calls),
  };
  const merged = last.call(made(fields), calls);
  return merged.call({ positional: [], keywords: args.keywords }, calls);
}

function numberOf(object: SchemaObject | undefined, calls: Calls): number {
  const data = object === undefined ? 0n : interpolate(object, [], calls).data;
  if (typeof data === 'bigint' || typeof data === 'number') return Number(data);
  throw raised('ValueError', `${jsonOf(data)} is not a number yet and cannot be combined`);
}

/** Tasks without resources have none of each. */
function mergedResources(tasks: readonly StructObject[], how: Merging, calls: Calls): StructObject {
  const all = tasks.flatMap((each) => {
    const field = each.field('resources');
    return field instanceof StructObject ? [field] : [];
  });
  const total = (name: string): number =>
    all.map((each) => numberOf(each.field(name), calls)).reduce(how.resources, 0);
  const [ram, disk, gpu] = ['ram', 'disk', 'gpu'].map((name) => BigInt(Math.trunc(total(name))));
  return RESOURCES.construct(
    made({ cpu: total('cpu'), ram: ram ?? 0n, disk: disk ?? 0n, gpu: gpu ?? 0n }),
    calls,
  );
}

const sum = (one: number, other: number): number => one + other;
const larger = (one: number, other: number): number => Math.max(one, other);

const COMBINE: Merging = { resources: sum, wait: larger, between: () => [] };

/** Every process of a task comes before every process of the next one. */
const CONCAT: Merging = {
  resources: larger,
  wait: sum,
  between: (tasks, calls) => {
    const constraints: Value[] = [];
    for (const [at, before] of tasks.slice(0, -1).entries()) {
      const after = tasks[at + 1];
      const names = (task: StructObject | undefined): readonly string[] =>
        task === undefined
          ? []
          : elementsOf(task, 'processes').map((each) => processName(each, calls));
      for (const first of names(before)) {
        for (const second of names(after)) {
          if (first === second) continue;
          const pair = new PyList([first, second]);
          constraints.push(CONSTRAINT.construct(made({ order: pair }), calls));
        }
      }
    }
    return constraints;
  },
};

function processName(process: StructObject, calls: Calls): string {
  const name = process.field('name');
  return name === undefined ? '' : calls.text(name);
}

function options(dashes: (name: string) => string): (args: CallArguments, calls: Calls) => string {
  return ({ positional, keywords }, calls) => {
    const parts: string[] = [];
    const add = (name: string, value: Value): void => {
      parts.push(`${dashes(name)}${name}`);
      if (isTruthy(value)) parts.push(calls.text(value));
    };
    for (const each of positional) {
      if (each instanceof PyDict) {
        for (const [key, value] of each.entries.values()) add(calls.text(key), value);
      } else add(calls.text(each), false);
    }
    for (const [name, value] of keywords) add(name, value);
    return parts.join(' ');
  };
}

const ORDER = new NativeFunction('order', order);
const SEQUENTIAL_TASK = new NativeFunction('SequentialTask', (args, calls) =>
  sequential(TASK.construct(args, calls), calls),
);
const SIMPLE_TASK = new NativeFunction('SimpleTask', simple);
const COMBINE_TASKS = new NativeFunction('combine_tasks', (args, calls) =>
  merge(args, COMBINE, calls),
);
const CONCAT_TASKS = new NativeFunction('concat_tasks', (args, calls) =>
  merge(args, CONCAT, calls),
);
const JAVA = new NativeFunction(
  'java_options',
  options(() => '-'),
);
const PYTHON = new NativeFunction(
  'python_options',
  options((name) => (name.length === 1 ? '-' : '--')),
);

function resourcesFunction(name: string, how: Merging): NativeFunction {
  return new NativeFunction(name, ({ positional }, calls) => {
    const tasks = positional.map((resources) => TASK.construct(made({ resources }), calls));
    return mergedResources(tasks, how, calls);
  });
}

const TASKS = new Module('Tasks', [
  ['SIMPLE_CPU', 1],
  ['SIMPLE_RAM', GB],
  ['SIMPLE_DISK', GB],
  ['simple', SIMPLE_TASK],
  ['combine', COMBINE_TASKS],
  ['concat', CONCAT_TASKS],
  [
    'sequential',
    new NativeFunction('sequential', ({ positional: [task] }, calls) => {
      if (task instanceof StructObject && task.type.isA(TASK)) return sequential(task, calls);
      throw raised('TypeError', 'Tasks.sequential needs a task');
    }),
  ],
]);

export const HELPERS: ReadonlyMap<string, Value> = new Map<string, Value>([
  ['order', ORDER],
  ['SequentialTask', SEQUENTIAL_TASK],
  ['SimpleTask', SIMPLE_TASK],
  ['combine_tasks', COMBINE_TASKS],
  ['concat_tasks', CONCAT_TASKS],
  ['java_options', JAVA],
  ['python_options', PYTHON],
  ['Tasks', TASKS],
  ['Processes', new Module('Processes', [['order', ORDER]])],
  [
    'Options',
    new Module('Options', [
      ['java', JAVA],
      ['python', PYTHON],
    ]),
  ],
  [
    'Units',
    new Module('Units', [
      ['resources_sum', resourcesFunction('resources_sum', COMBINE)],
      ['resources_max', resourcesFunction('resources_max', CONCAT)],
    ]),
  ],
]);
