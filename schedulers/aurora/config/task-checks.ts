/** What makes a task invalid, for the client and for the executor (spec aurora, sections 3.1 and 3.2). */
import { isSet, listAt, mapsAt, textAt } from './fields.ts';
import type { DataMap } from './pystachio/plain.ts';

const PROCESS_NAME = /^[^./][^/]*$/;
const PREFIX = 'Task is invalid: ';

/** The first thing that is wrong. */
export function taskProblem(task: DataMap): string | undefined {
  const problem = processProblem(task) ?? constraintProblem(task);
  return problem === undefined ? undefined : `${PREFIX}${problem}`;
}

function processProblem(task: DataMap): string | undefined {
  const names = mapsAt(task, 'processes').map((each) => textAt(each, 'name'));
  const bad = names.find((name) => !PROCESS_NAME.test(name));
  if (bad !== undefined) return `process name '${bad}' is invalid`;
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  return twice === undefined ? undefined : `process name '${twice}' is not unique`;
}

function constraintProblem(task: DataMap): string | undefined {
  const processes = mapsAt(task, 'processes');
  const isFinal = new Map(processes.map((each) => [textAt(each, 'name'), isSet(each, 'final')]));
  const after = new Map<string, Set<string>>([...isFinal.keys()].map((name) => [name, new Set()]));
  for (const constraint of mapsAt(task, 'constraints')) {
    const order = listAt(constraint, 'order').map(String);
    const unknown = order.find((name) => !isFinal.has(name));
    if (unknown !== undefined) return `constraint names the unknown process '${unknown}'`;
    if (new Set(order.map((name) => isFinal.get(name))).size > 1)
      return 'Invalid process dependencies!';
    for (const [at, name] of order.entries()) {
      const before = order[at - 1];
      if (before !== undefined) after.get(name)?.add(before);
    }
  }
  return hasCycle(after) ? 'Cycles detected in the task schedule!' : undefined;
}

/** Takes away what has no predecessors left until nothing changes. */
function hasCycle(after: ReadonlyMap<string, ReadonlySet<string>>): boolean {
  const followers = new Map<string, string[]>();
  const open = new Map<string, number>();
  for (const [name, before] of after) {
    open.set(name, before.size);
    for (const each of before) followers.set(each, [...(followers.get(each) ?? []), name]);
  }
  const ready = [...open].filter(([, count]) => count === 0).map(([name]) => name);
  let taken = 0;
  for (let name = ready.pop(); name !== undefined; name = ready.pop()) {
    taken += 1;
    for (const each of followers.get(name) ?? []) {
      const left = (open.get(each) ?? 0) - 1;
      open.set(each, left);
      if (left === 0) ready.push(each);
    }
  }
  return taken < after.size;
}
