/** A task as the observer's documents show it (spec thermos, section 6). Pure. */

import type { RunnerState } from '../thermos/machine/runner-state.ts';
import type { ProcessStatus } from '../thrift/types.ts';

export interface ResourceUse {
  readonly cpu: number;
  readonly ram: number;
  readonly user: number;
  readonly system: number;
  readonly rss: number;
  readonly vms: number;
  readonly nice: number;
  readonly status: string;
  readonly threads: number;
  readonly disk: number;
}

export const NO_USE: ResourceUse = {
  ...{ cpu: 0, ram: 0, user: 0, system: 0, rss: 0, vms: 0, nice: 0 },
  ...{ status: '', threads: 0, disk: 0 },
};

export interface ObservedTask {
  readonly taskId: string;
  readonly isActive: boolean;
  readonly state: RunnerState;
  /** The task's JSON; empty when it cannot be read. */
  readonly task: Readonly<Record<string, unknown>>;
  readonly use: ResourceUse;
  readonly useOf: (process: string) => ResourceUse | undefined;
}

const GROUPS = ['waiting', 'running', 'success', 'failed', 'killed'] as const;
type Group = (typeof GROUPS)[number];

const GROUP_OF: Readonly<Record<NonNullable<ProcessStatus['state']>, Group>> = {
  WAITING: 'waiting',
  FORKED: 'waiting',
  RUNNING: 'running',
  SUCCESS: 'success',
  FAILED: 'failed',
  KILLED: 'killed',
  LOST: 'killed',
};

export function launchSecs({ state }: ObservedTask): number {
  return (state.header?.launch_time_ms ?? 0) / 1_000;
}

/** What rows and documents have in common. */
export function headOf(task: ObservedTask): Readonly<Record<string, unknown>> {
  const { taskId, state } = task;
  const latest = state.statuses.at(-1);
  return {
    task_id: taskId,
    name: task.task['name'] ?? '',
    launch_timestamp: launchSecs(task),
    state: latest?.state ?? 'ACTIVE',
    state_timestamp: (latest?.timestamp_ms ?? 0) / 1_000,
    ports: Object.fromEntries(state.header?.ports ?? []),
  };
}

export function rowOf(task: ObservedTask): Readonly<Record<string, unknown>> {
  return { ...headOf(task), role: task.state.header?.user ?? '', ...task.use };
}

export function documentOf(task: ObservedTask): Readonly<Record<string, unknown>> {
  return {
    ...headOf(task),
    user: task.state.header?.user ?? '',
    resource_consumption: task.use,
    processes: namesByGroup(task),
    task: task.task,
  };
}

function namesByGroup({ state }: ObservedTask): Readonly<Record<Group, readonly string[]>> {
  const names: Record<Group, string[]> = {
    ...{ waiting: [], running: [], success: [], failed: [], killed: [] },
  };
  for (const [name, runs] of state.processes) {
    const latest = runs.at(-1)?.state;
    if (latest !== undefined) names[GROUP_OF[latest]].push(name);
  }
  return names;
}

/** The processes themselves in place of their names. */
export function processesOf(task: ObservedTask): Readonly<Record<string, unknown>> {
  const names = namesByGroup(task);
  return Object.fromEntries(
    GROUPS.map((group) => [group, names[group].map((name) => processOf(task, name, undefined))]),
  );
}

/** The latest run by default; empty for a process or a run that is not there. */
export function processOf(
  task: ObservedTask,
  name: string,
  run: number | undefined,
): Readonly<Record<string, unknown>> {
  const runs = task.state.runs(name);
  const at = run ?? runs.length - 1;
  const found = runs[at];
  if (found === undefined) return {};
  const use = found.state === 'RUNNING' ? task.useOf(name) : undefined;
  return {
    process_name: name,
    process_run: at,
    state: found.state,
    ...(found.start_time === undefined ? {} : { start_time: found.start_time * 1_000 }),
    ...(found.stop_time === undefined ? {} : { stop_time: found.stop_time * 1_000 }),
    ...(use === undefined ? {} : { used: { cpu: use.cpu, ram: use.ram, disk: use.disk } }),
  };
}
