/** What makes a task invalid, for the client and for the executor (spec aurora, sections 3.1 and 3.2). */
import { isSet, listAt, mapsAt, textAt } from './fields.ts';
import type { DataMap } from './pystachio/plain.ts';

const PROCESS_NAME = /^[^./][^/]*$/;
const PREFIX = 'Task is invalid: ';
const PLAN = 'Task has invalid plan: ';

/** The first thing that is wrong: names first, then the regular and the final plan. */
export function taskProblem(task: DataMap): string | undefined {
  const problem = nameProblem(task) ?? planProblem(task, false) ?? planProblem(task, true);
  return problem === undefined ? undefined : `${PREFIX}${problem}`;
}

function nameProblem(task: DataMap): string | undefined {
  const names = mapsAt(task, 'processes').map((each) => textAt(each, 'name'));
  const bad = names.find((name) => !PROCESS_NAME.test(name));
  if (bad !== undefined) return `Task has invalid process: Invalid process name: ${bad}`;
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice === undefined) return undefined;
  return `Task has invalid process: process name ${twice} is not unique`;
}

function planProblem(task: DataMap, isFinal: boolean): string | undefined {
  const processes = new Map(
    mapsAt(task, 'processes').map((each) => [textAt(each, 'name'), each] as const),
  );
  const planned = [...processes].filter(([, each]) => isSet(each, 'final') === isFinal);
  const after = new Map<string, Set<string>>(planned.map(([name]) => [name, new Set()]));
  for (const constraint of mapsAt(task, 'constraints')) {
    const order = listAt(constraint, 'order').map(String);
    const isKnown = order.every((name) => processes.has(name));
    const inPlan = order.filter((name) => after.has(name)).length;
    if (!isKnown || order.length === 0 || (inPlan > 0 && inPlan < order.length)) {
      return `${PLAN}Invalid process dependencies!`;
    }
    if (inPlan === 0) continue;
    for (const [at, name] of order.entries()) {
      const before = order[at - 1];
      if (before === undefined) continue;
      const problem = dependencyProblem(processes, name, before);
      if (problem !== undefined) return `${PLAN}${problem}`;
      after.get(name)?.add(before);
    }
  }
  return hasCycle(after) ? `${PLAN}Cycles detected in the task schedule!` : undefined;
}

function dependencyProblem(
  processes: ReadonlyMap<string, DataMap>,
  name: string,
  before: string,
): string | undefined {
  const is = (process: string, attribute: string): boolean => {
    const found = processes.get(process);
    return found !== undefined && isSet(found, attribute);
  };
  if (is(before, 'daemon')) return `Process ${name} may not depend upon daemon process ${before}`;
  if (is(before, 'ephemeral') && !is(name, 'ephemeral')) {
    return `Non-ephemeral process ${name} may not depend upon ephemeral process ${before}`;
  }
  return undefined;
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
