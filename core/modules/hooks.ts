/**
 * All hooks of a daemon as one (spec ha-and-security, section 12). They run in the order of
 * `--hooks`, each sees what the one before made; one that throws is told of and left out that time.
 */
import type {
  AgentInfo,
  ExecutorInfo,
  FrameworkInfo,
  TaskInfo,
  TaskStatus,
} from '../wire/types/mesos.v1.ts';
import type { Hook } from './types.ts';

export interface NamedHook {
  readonly name: string;
  readonly hook: Hook;
}

type Points = { readonly [Point in keyof Hook]-?: NonNullable<Hook[Point]> };

export type HookFailed = (hook: string, point: keyof Hook, thrown: unknown) => void;

export class Hooks {
  private readonly hooks: readonly NamedHook[];
  private readonly failed: HookFailed;

  constructor(hooks: readonly NamedHook[], failed: HookFailed) {
    this.hooks = hooks;
    this.failed = failed;
  }

  /** At the master, before the task goes to the agent. */
  masterLaunchTask(task: TaskInfo, framework: FrameworkInfo, agent: AgentInfo): TaskInfo {
    const labelled = this.fold(task, 'masterLaunchTaskLabelDecorator', (hook, each) => {
      const labels = hook(each, framework, agent);
      return labels === undefined ? undefined : { ...each, labels };
    });
    return this.fold(labelled, 'masterLaunchTaskResourceDecorator', (hook, each) => {
      const resources = hook(each, agent.resources ?? []);
      return resources === undefined ? undefined : { ...each, resources };
    });
  }

  masterSlaveLost(agent: AgentInfo): void {
    this.each('masterSlaveLostHook', (hook) => hook(agent));
  }

  slaveRunTask(
    task: TaskInfo,
    executor: ExecutorInfo,
    framework: FrameworkInfo,
    agent: AgentInfo,
  ): TaskInfo {
    return this.fold(task, 'slaveRunTaskLabelDecorator', (hook, each) => {
      const labels = hook(each, executor, framework, agent);
      return labels === undefined ? undefined : { ...each, labels };
    });
  }

  slaveExecutorEnvironment(executor: ExecutorInfo): ExecutorInfo {
    return this.fold(executor, 'slaveExecutorEnvironmentDecorator', (hook, each) => {
      const environment = hook(each);
      return environment === undefined
        ? undefined
        : { ...each, command: { ...each.command, environment } };
    });
  }

  slavePostFetch(containerId: string, directory: string): void {
    this.each('slavePostFetchHook', (hook) => hook(containerId, directory));
  }

  slaveRemoveExecutor(framework: FrameworkInfo, executor: ExecutorInfo): void {
    this.each('slaveRemoveExecutorHook', (hook) => hook(framework, executor));
  }

  slaveTaskStatus(frameworkId: string, status: TaskStatus): TaskStatus {
    return this.fold(status, 'slaveTaskStatusDecorator', (hook, each) => {
      const changed = hook(frameworkId, each);
      if (changed === undefined) return undefined;
      const { labels = each.labels, container_status = each.container_status } = changed;
      return { ...each, labels, container_status };
    });
  }

  slaveInfo(agent: AgentInfo): AgentInfo {
    const supplied = this.fold(agent, 'slaveResourcesDecorator', (hook, each) => {
      const resources = hook(each);
      return resources === undefined ? undefined : { ...each, resources };
    });
    return this.fold(supplied, 'slaveAttributesDecorator', (hook, each) => {
      const attributes = hook(each);
      return attributes === undefined ? undefined : { ...each, attributes };
    });
  }

  private fold<Value, Point extends keyof Hook>(
    value: Value,
    point: Point,
    change: (hook: Points[Point], value: Value) => Value | undefined,
  ): Value {
    let current = value;
    this.each(point, (hook) => {
      current = change(hook, current) ?? current;
    });
    return current;
  }

  private each<Point extends keyof Hook>(point: Point, call: (hook: Points[Point]) => void): void {
    for (const { name, hook } of this.hooks) {
      const method = hook[point];
      if (method === undefined) continue;
      try {
        call(method.bind(hook) as Points[Point]);
      } catch (thrown) {
        this.failed(name, point, thrown);
      }
    }
  }
}

export const NO_HOOKS = new Hooks([], () => {});
