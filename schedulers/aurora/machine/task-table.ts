/** All stored tasks, by id, by job, by host and by status. `put` and `remove` keep the indexes in step. */
import type { JobKey, ScheduledTask, ScheduleStatus, TaskQuery } from '../thrift/types.ts';
import { keyText } from './job-key.ts';
import { ACTIVE } from './schedule-status.ts';

/** Role, environment and name of a task's job. */
export function jobOf(task: ScheduledTask): JobKey {
  return task.assignedTask.task.job ?? { role: '', environment: '', name: '' };
}

export function idOf(task: ScheduledTask): string {
  return task.assignedTask.taskId;
}

export function isActive(task: ScheduledTask): boolean {
  return ACTIVE.has(task.status);
}

type Index = Map<string, Set<string>>;

export class TaskTable {
  private readonly tasks = new Map<string, ScheduledTask>();
  private readonly byJob: Index = new Map();
  private readonly byHost: Index = new Map();
  private readonly byStatus: Index = new Map();

  get size(): number {
    return this.tasks.size;
  }

  get(id: string): ScheduledTask | undefined {
    return this.tasks.get(id);
  }

  all(): Iterable<ScheduledTask> {
    return this.tasks.values();
  }

  /** Keys (`role/environment/name`) of the jobs that have any task. */
  jobs(): Iterable<string> {
    return this.byJob.keys();
  }

  put(task: ScheduledTask): void {
    const id = idOf(task);
    const before = this.tasks.get(id);
    // Where it stays, it keeps its place: lists are in the order in which the tasks came.
    if (before !== undefined) this.unindex(before, task);
    this.tasks.set(id, task);
    for (const [index, key] of this.places(task)) add(index, key, id);
  }

  remove(id: string): void {
    const task = this.tasks.get(id);
    if (task === undefined) return;
    this.unindex(task);
    this.tasks.delete(id);
  }

  ofJob(key: string): readonly ScheduledTask[] {
    return this.found(this.byJob.get(key));
  }

  activeOf(key: string): readonly ScheduledTask[] {
    return this.ofJob(key).filter(isActive);
  }

  /** By the name of the host; tasks that have ended there are still there. */
  onHost(host: string): readonly ScheduledTask[] {
    return this.found(this.byHost.get(host));
  }

  withStatus(status: ScheduleStatus): readonly ScheduledTask[] {
    return this.found(this.byStatus.get(status));
  }

  countOf(status: ScheduleStatus): number {
    return this.byStatus.get(status)?.size ?? 0;
  }

  /** Criteria are joined by and; empty sets and a blank role do not count (spec aurora-scheduler, section 1.2). */
  query(query: TaskQuery): readonly ScheduledTask[] {
    const matches = matcher(query);
    const found = this.candidates(query).filter(matches);
    const from = query.offset !== undefined && query.offset > 0 ? query.offset : 0;
    const to = query.limit !== undefined && query.limit > 0 ? from + query.limit : undefined;
    return from === 0 && to === undefined ? found : found.slice(from, to);
  }

  /** The smallest set that an index gives for the query. */
  private candidates(query: TaskQuery): readonly ScheduledTask[] {
    const { taskIds, jobKeys, slaveHosts, role, environment, jobName } = query;
    if (isGiven(taskIds)) return this.found(new Set(taskIds));
    if (isGiven(jobKeys)) {
      return [...new Set(jobKeys.map(keyText))].flatMap((key) => this.ofJob(key));
    }
    if (isRole(role) && environment !== undefined && jobName !== undefined) {
      return this.ofJob(keyText({ role, environment, name: jobName }));
    }
    if (isGiven(slaveHosts)) return [...new Set(slaveHosts)].flatMap((host) => this.onHost(host));
    if (isGiven(query.statuses)) {
      return [...new Set(query.statuses)].flatMap((status) => this.withStatus(status));
    }
    return [...this.tasks.values()];
  }

  private found(ids: Iterable<string> | undefined): readonly ScheduledTask[] {
    const found: ScheduledTask[] = [];
    for (const id of ids ?? []) {
      const task = this.tasks.get(id);
      if (task !== undefined) found.push(task);
    }
    return found;
  }

  private places(task: ScheduledTask): readonly (readonly [Index, string])[] {
    const host = task.assignedTask.slaveHost;
    return [
      [this.byJob, keyText(jobOf(task))],
      [this.byStatus, task.status],
      ...(host === undefined ? [] : [[this.byHost, host] as const]),
    ];
  }

  private unindex(task: ScheduledTask, next?: ScheduledTask): void {
    const kept = next === undefined ? [] : this.places(next);
    for (const [index, key] of this.places(task)) {
      if (kept.some(([other, place]) => other === index && place === key)) continue;
      const ids = index.get(key);
      ids?.delete(idOf(task));
      if (ids?.size === 0) index.delete(key);
    }
  }
}

function add(index: Index, key: string, id: string): void {
  const ids = index.get(key);
  if (ids === undefined) index.set(key, new Set([id]));
  else ids.add(id);
}

function isGiven<T>(values: readonly T[] | undefined): values is readonly T[] {
  return values !== undefined && values.length > 0;
}

/** Other texts that are blank are what no job has: a query with them must not find, or prune, all there is. */
function isRole(role: string | undefined): role is string {
  return role !== undefined && role.trim() !== '';
}

/** Whether a task meets every criterion that is given. */
export function matcher(query: TaskQuery): (task: ScheduledTask) => boolean {
  const keys = isGiven(query.jobKeys) ? new Set(query.jobKeys.map(keyText)) : undefined;
  const isOneOf = <T>(values: readonly T[] | undefined, value: T | undefined): boolean =>
    !isGiven(values) || (value !== undefined && values.includes(value));
  const isSame = (wanted: string | undefined, text: string): boolean =>
    wanted === undefined || wanted === text;
  return (task) => {
    const { taskId, slaveHost, instanceId } = task.assignedTask;
    const job = jobOf(task);
    return (
      (!isRole(query.role) || query.role === job.role) &&
      isSame(query.environment, job.environment) &&
      isSame(query.jobName, job.name) &&
      isOneOf(query.taskIds, taskId) &&
      isOneOf(query.statuses, task.status) &&
      isOneOf(query.instanceIds, instanceId) &&
      isOneOf(query.slaveHosts, slaveHost) &&
      (keys === undefined || keys.has(keyText(job)))
    );
  };
}
