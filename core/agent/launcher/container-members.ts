/** What a container's processes are called, where they run and with what: its executor's and its tasks'. */
import type { HostedCommand, HostedTask } from '../../executor/hosted.ts';
import type { ContainerIsolation } from './container-isolation.ts';
import type { ContainerProcesses } from './container-processes.ts';
import type { ContainerRecord } from './container-record.ts';
import type { SpawnIsolation, SpawnSpec } from './ports.ts';

/** The key of a custom executor's own process among the task ids (which are never empty). */
export const EXECUTOR = '';

export class ContainerMembers {
  private readonly record: ContainerRecord;
  private readonly isolation: ContainerIsolation;
  private readonly processes: ContainerProcesses;

  constructor(
    record: ContainerRecord,
    isolation: ContainerIsolation,
    processes: ContainerProcesses,
  ) {
    this.record = record;
    this.isolation = isolation;
    this.processes = processes;
  }

  /** The complete environment of the executor or of one of a group's tasks. */
  environmentOf(nestedId: string | undefined): Readonly<Record<string, string>> | undefined {
    const { spec } = this.record;
    if (nestedId !== undefined) return this.nested(nestedId)?.command.environment;
    if (spec.kind === 'command') return this.tasks[0]?.command.environment;
    return spec.command?.environment;
  }

  placeOf(nestedId: string | undefined): SpawnIsolation | undefined {
    if (nestedId !== undefined) {
      return this.isolation.placeOf(this.taskIdOf(nestedId) ?? EXECUTOR);
    }
    const only = this.record.spec.kind === 'command' ? this.processes.keys[0] : EXECUTOR;
    return this.isolation.placeOf(only ?? EXECUTOR);
  }

  taskIdOf(nestedId: string): string | undefined {
    return this.nested(nestedId)?.taskId;
  }

  /** Of the container that is the task's or the executor's. */
  idOf(key: string): string {
    const { id } = this.record.spec;
    const nestedId = this.task(key)?.nestedId;
    return nestedId === undefined ? id : `${id}.${nestedId}`;
  }

  cwdOf(key: string): string {
    return this.task(key)?.sandbox ?? this.record.spec.sandbox;
  }

  /** Where the task's processes run; the executor's without one. */
  place(task?: HostedTask): Omit<SpawnSpec, 'command'> {
    const { spec } = this.record;
    const { logs } = spec;
    const user = task?.user ?? spec.user;
    const isolation = this.isolation.placeOf(task?.taskId ?? EXECUTOR);
    return {
      cwd: task?.sandbox ?? spec.sandbox,
      ...(user === undefined ? {} : { user }),
      ...(isolation === undefined ? {} : { isolation }),
      ...(logs === undefined ? {} : { logs }),
    };
  }

  spawnSpec(command: HostedCommand, isTerminal: boolean | undefined, task?: HostedTask): SpawnSpec {
    const terminal = isTerminal === true ? { terminal: this.idOf(task?.taskId ?? EXECUTOR) } : {};
    return { ...this.place(task), command, ...terminal };
  }

  private get tasks(): readonly HostedTask[] {
    return this.record.hosted?.tasks.map(({ task }) => task) ?? [];
  }

  private nested(nestedId: string): HostedTask | undefined {
    return this.tasks.find((task) => task.nestedId === nestedId);
  }

  private task(key: string): HostedTask | undefined {
    return this.tasks.find(({ taskId }) => taskId === key);
  }
}
