/** The graph of jobs: cycles, states, and its two text forms (spec chronos, 4.2.13, 4.2.14, 6). */
import { lastOutcome } from './job.ts';
import { type ChronosState, parentsOf } from './state.ts';

/** Whether the job would be its own ancestor with these parents, hidden jobs counted. */
export function closesCycle(
  state: ChronosState,
  name: string,
  parents: readonly string[],
): boolean {
  const seen = new Set<string>();
  const open = [...parents];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (next === name) return true;
    if (seen.has(next)) continue;
    seen.add(next);
    const entry = state.stored(next);
    if (entry !== undefined) open.push(...parentsOf(entry.job));
  }
  return false;
}

/** `idle`, `queued` or `<n> running` (section 5.5). */
export function jobStateText(state: ChronosState, name: string): string {
  const tasks = state.tasksOfJob(name);
  const runningCount = tasks.filter((task) => task.isConfirmed).length;
  if (runningCount > 0) return `${runningCount} running`;
  return tasks.length > 0 || state.queue.has(name) ? 'queued' : 'idle';
}

export function graphCsv(state: ChronosState): string {
  const nodes: string[] = [];
  const links: string[] = [];
  for (const { job } of state.shownJobs()) {
    nodes.push(`node,${job.name},${lastOutcome(job)},${jobStateText(state, job.name)}\n`);
    for (const parent of parentsOf(job)) links.push(`link,${parent},${job.name}\n`);
  }
  return [...nodes, ...links].join('');
}

export function graphDot(state: ChronosState): string {
  const numbers = new Map<string, number>();
  for (const { job } of state.shownJobs()) numbers.set(job.name, numbers.size + 1);
  const lines = [...numbers].map(([name, number]) => `  ${number} [ label="${name}" ];\n`);
  for (const { job } of state.shownJobs()) {
    for (const parent of parentsOf(job)) {
      lines.push(`  ${numbers.get(parent)} -> ${numbers.get(job.name)};\n`);
    }
  }
  return `digraph G {\n${lines.join('')}}\n`;
}
