/**
 * The books of tasks: live ones stand at their framework and their agent, unreachable and completed ones at their
 * framework. Every change goes through here, so that lists, sums and counts stay in step.
 */
import { assert } from '../base/assert.ts';
import { type AgentId, type FrameworkId, type TaskId, taskId } from '../base/ids.ts';
import { isTerminal } from '../base/terminal-states.ts';
import { sumOfRepeated } from '../resources/arithmetic.ts';
import type { Resource, Task, TaskState } from '../wire/types/mesos.v1.ts';
import { inner, removeInner } from './nested-maps.ts';
import type { Agent, Framework, TaskRecord } from './records.ts';
import { TasksByAgent } from './tasks-by-agent.ts';
import { addUsed, removeUsed } from './usage.ts';

/** Whose tasks they are. */
interface Owners {
  readonly agents: ReadonlyMap<AgentId, Agent>;
  readonly frameworks: ReadonlyMap<FrameworkId, Framework>;
}

export class TaskBooks {
  /** Live tasks (those in `framework.tasks`) and unreachable ones by state. */
  readonly counts = new Map<TaskState, number>();
  /** What stands in the frameworks' lists of unreachable tasks. */
  readonly unreachableByAgent = new TasksByAgent();
  private readonly owners: Owners;
  private readonly maxCompleted: number;

  /** `maxCompleted` is how many each framework remembers. */
  constructor(owners: Owners, maxCompleted: number) {
    this.owners = owners;
    this.maxCompleted = maxCompleted;
  }

  add(framework: Framework, agent: Agent, task: Task): TaskRecord {
    const record = this.record(framework, agent, task);
    if (record.usesResources) addUsed(framework, agent, task.resources ?? []);
    return record;
  }

  /** Many at once: what they use is added up first. */
  addAll(framework: Framework, agent: Agent, tasks: readonly Task[]): void {
    const used: (readonly Resource[])[] = [];
    for (const task of tasks) {
      const { usesResources } = this.record(framework, agent, task);
      if (usesResources) used.push(task.resources ?? []);
    }
    addUsed(framework, agent, sumOfRepeated(used));
  }

  private record(framework: Framework, agent: Agent, task: Task): TaskRecord {
    const id = taskId(task.task_id.value);
    assert(!framework.tasks.has(id), `task ${id} of framework ${framework.id} is known already`);
    const usesResources = !isTerminal(task.state) && task.state !== 'TASK_UNREACHABLE';
    const record: TaskRecord = {
      framework: framework.id,
      agent: agent.id,
      id,
      task,
      usesResources,
    };
    framework.tasks.set(id, record);
    framework.revisions.tasks += 1;
    inner(agent.tasks, framework.id).set(id, record);
    this.count(task.state, 1);
    return record;
  }

  /** Replaces the task's text; resources are released by `release`, not here. */
  replace(record: TaskRecord, task: Task): void {
    if (record.task.state !== task.state) {
      this.count(record.task.state, -1);
      this.count(task.state, 1);
    }
    record.task = task;
    const framework = this.owners.frameworks.get(record.framework);
    if (framework !== undefined) framework.revisions.tasks += 1;
  }

  /** Stops counting its resources as used; gives false when that happened before. */
  release(record: TaskRecord): boolean {
    if (!record.usesResources) return false;
    record.usesResources = false;
    const framework = this.owners.frameworks.get(record.framework);
    const agent = this.owners.agents.get(record.agent);
    if (framework !== undefined && agent !== undefined) {
      removeUsed(framework, agent, record.task.resources ?? []);
    }
    return true;
  }

  /** Takes it from the live tasks; `to` says which list remembers it. */
  remove(record: TaskRecord, to: 'completed' | 'unreachable' | 'nowhere'): void {
    assert(!record.usesResources, `task ${record.id} is removed while it uses resources`);
    const framework = this.owners.frameworks.get(record.framework);
    const agent = this.owners.agents.get(record.agent);
    framework?.tasks.delete(record.id);
    if (agent !== undefined) removeInner(agent.tasks, record.framework, record.id);
    const killed = agent?.killedTasks.get(record.framework);
    killed?.delete(record.id);
    if (killed?.size === 0) agent?.killedTasks.delete(record.framework);
    this.count(record.task.state, -1);
    if (framework === undefined) return;
    framework.revisions.tasks += 1;
    if (to === 'completed') this.addCompleted(framework, record.task);
    if (to === 'unreachable') this.addUnreachable(framework, record.task);
  }

  addUnreachable(framework: Framework, task: Task): void {
    this.countUnreachable(task, 1);
    framework.revisions.unreachable += 1;
    this.unreachableByAgent.set(framework.id, task);
    const pushedOut = framework.unreachableTasks.set(taskId(task.task_id.value), task);
    if (pushedOut === undefined) return;
    this.countUnreachable(pushedOut, -1);
    this.unreachableByAgent.delete(framework.id, pushedOut);
  }

  /** Tasks of frameworks that are not partition-aware are lost there, not unreachable. */
  private countUnreachable(task: Task, by: number): void {
    if (task.state === 'TASK_UNREACHABLE') this.count(task.state, by);
  }

  removeUnreachable(framework: Framework, id: TaskId): Task | undefined {
    const task = framework.unreachableTasks.get(id);
    if (task === undefined) return undefined;
    framework.unreachableTasks.delete(id);
    framework.revisions.unreachable += 1;
    this.countUnreachable(task, -1);
    this.unreachableByAgent.delete(framework.id, task);
    return task;
  }

  addCompleted(framework: Framework, task: Task): void {
    framework.completedTasks.push(task);
    framework.revisions.completed += 1;
    if (framework.completedTasks.length > this.maxCompleted) framework.completedTasks.shift();
  }

  /** The task came back with its agent. */
  forgetCompleted(framework: Framework, id: TaskId): void {
    const at = framework.completedTasks.findLastIndex((task) => task.task_id.value === id);
    if (at === -1) return;
    framework.completedTasks.splice(at, 1);
    framework.revisions.completed += 1;
  }

  private count(state: TaskState, by: number): void {
    this.counts.set(state, (this.counts.get(state) ?? 0) + by);
  }
}
