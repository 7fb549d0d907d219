/**
 * The isolated side of one container: its own plan and those of its tasks, the process that keeps
 * its namespaces, what is watched. All of it stands in the container's record.
 */
import type { NetworkInfo } from '../../wire/types/mesos.v1.ts';
import type { IsolationPlan, NamespacePlan, WatchPlan } from '../containerizer/plan.ts';
import type { ContainerLimitation, ContainerSpec, ContainerUpdate } from '../launcher-port.ts';
import { type AttachmentsRecord, ContainerAttachments } from './container-attachments.ts';
import type { Held, Processes, ProcessIdentity, SpawnIsolation } from './ports.ts';

/** Among the names of tasks, which are never empty. */
const CONTAINER = '';

export interface IsolationRecord extends AttachmentsRecord {
  /** Keeps the namespaces. */
  holder?: ProcessIdentity;
  /** By task. */
  tasks: Record<string, IsolationPlan>;
  /** By task: keep namespaces of one task alone. */
  holders?: Record<string, ProcessIdentity>;
  /** Instead of the plan's. */
  watches?: readonly WatchPlan[];
}

export interface IsolationHandlers {
  onChanged(): void;
  onLimitation(limitation: ContainerLimitation): void;
  onTaskLimitation(taskId: string, limitation: ContainerLimitation): void;
  onDiskMeasured(path: string, bytes: number): void;
  onUpdateFailed?(message: string): void;
}

export class ContainerIsolation {
  private readonly spec: Pick<ContainerSpec, 'id' | 'isolation' | 'kind'>;
  private readonly record: IsolationRecord;
  private readonly processes: Processes;
  private readonly handlers: IsolationHandlers;
  private readonly attachments: ContainerAttachments;
  private readonly outer: (() => SpawnIsolation | undefined) | undefined;

  constructor(
    spec: Pick<ContainerSpec, 'id' | 'isolation' | 'kind'>,
    record: IsolationRecord,
    ports: {
      readonly processes: Processes;
      readonly handlers: IsolationHandlers;
      /** Of a container inside of another one: where that is. */
      readonly outer?: () => SpawnIsolation | undefined;
    },
  ) {
    this.spec = spec;
    this.record = record;
    this.processes = ports.processes;
    this.handlers = ports.handlers;
    this.outer = ports.outer;
    this.attachments = new ContainerAttachments(record, ports.processes, () =>
      this.handlers.onChanged(),
    );
  }

  /** What the container, or a task of it, has joined; undefined: the host's network. */
  networksOf(taskId: string): readonly NetworkInfo[] | undefined {
    const { networks } = this.record;
    return networks?.[taskId] ?? networks?.[CONTAINER];
  }

  /** `done` gets a sentence when it cannot be made; at once when there is nothing to wait for. */
  make(done: (failure: string | undefined) => void): void {
    const { isolation: plan } = this.spec;
    const { isolation } = this.processes;
    if (plan === undefined) {
      done(undefined);
      return;
    }
    const refusal = isolation === undefined ? 'containers cannot be isolated here' : undefined;
    const failure = refusal ?? isolation?.make(plan);
    if (failure !== undefined) {
      done(failure);
      return;
    }
    this.attachments.attach(CONTAINER, plan, (unattached) => {
      if (unattached === undefined) this.hold(plan, done);
      else done(unattached);
    });
  }

  private hold(plan: IsolationPlan, done: (failure: string | undefined) => void): void {
    const { hold } = this.processes;
    if (plan.namespaces === undefined || this.sharesNamespaces(plan)) {
      this.watch();
      done(undefined);
      return;
    }
    if (hold === undefined) {
      done('namespaces cannot be made here');
      return;
    }
    const outer = this.outer?.();
    const keep = (held: Held): void => {
      if (held.ok) this.record.holder = held.holder;
      this.handlers.onChanged();
      if (held.ok) this.watch();
      done(held.ok ? undefined : held.message);
    };
    const whole = withNamespaces(this.located(plan, CONTAINER), outer?.plan.namespaces);
    hold.call(this.processes, whole, keep, outer?.holder);
  }

  /** After the death of a launcher; false when what the container needs has gone. */
  adopt(): boolean {
    const { isolation: plan } = this.spec;
    if (plan === undefined) return true;
    const { holder } = this.record;
    if (plan.namespaces !== undefined && !this.sharesNamespaces(plan)) {
      const isHeld = holder !== undefined && this.processes.adopt(holder, () => {});
      if (!isHeld) return false;
    }
    this.watch();
    return true;
  }

  addTasks(tasks: Readonly<Record<string, IsolationPlan>>): void {
    Object.assign(this.record.tasks, tasks);
  }

  /** `done` gets a sentence when the task cannot be isolated; at once when there is nothing to wait for. */
  makeTask(taskId: string, done: (failure: string | undefined) => void): void {
    const plan = this.record.tasks[taskId];
    const failure = this.makeTaskCgroups(taskId, plan);
    const isHeld = plan?.namespaces?.isOwn !== true || this.holdersOf(taskId) !== undefined;
    if (failure !== undefined || plan === undefined || isHeld) {
      done(failure);
      return;
    }
    this.attachments.attach(taskId, plan, (unattached) => {
      if (unattached === undefined) this.holdTask(taskId, plan, done);
      else done(unattached);
    });
  }

  private holdTask(
    taskId: string,
    plan: IsolationPlan,
    done: (failure: string | undefined) => void,
  ): void {
    const { hold } = this.processes;
    if (hold === undefined) {
      done('namespaces cannot be made here');
      return;
    }
    const keep = (held: Held): void => {
      if (held.ok) {
        this.record.holders = { ...this.record.holders, [taskId]: held.holder };
        this.handlers.onChanged();
      }
      done(held.ok ? undefined : held.message);
    };
    const inner = withNamespaces(plan, this.spec.isolation?.namespaces);
    hold.call(this.processes, this.located(inner, taskId), keep, this.record.holder);
  }

  private holdersOf(taskId: string): ProcessIdentity | undefined {
    return this.record.holders?.[taskId];
  }

  private makeTaskCgroups(taskId: string, plan: IsolationPlan | undefined): string | undefined {
    if (plan === undefined) return undefined;
    const failure = this.processes.isolation?.make(plan);
    const watched = this.watchIdOf(taskId);
    if (failure === undefined && plan.watches.length > 0) {
      this.processes.isolation?.watch(watched, plan.watches, {
        onLimitation: (limitation) => this.handlers.onTaskLimitation(taskId, limitation),
        onDiskMeasured: () => {},
      });
    }
    return failure;
  }

  /** Of the container itself. */
  place(): SpawnIsolation | undefined {
    return this.placeOf(CONTAINER);
  }

  placeOf(taskId: string): SpawnIsolation | undefined {
    const outer = this.outer?.();
    const plan = this.record.tasks[taskId] ?? this.spec.isolation ?? outer?.plan;
    if (plan === undefined) return undefined;
    const holder = this.holdersOf(taskId) ?? this.record.holder ?? outer?.holder;
    if (holder === undefined) return { plan };
    const around = this.spec.isolation?.namespaces ?? outer?.plan.namespaces;
    const inside = withNamespaces(plan, around);
    const whole = withNamespaces(inside, outer?.plan.namespaces);
    return { plan: this.located(whole, taskId), holder };
  }

  /** Whatever the task has left behind. */
  taskEnded(taskId: string): void {
    const { isolation } = this.processes;
    const plan = this.record.tasks[taskId];
    isolation?.unwatch(this.watchIdOf(taskId));
    this.release(taskId);
    if (plan !== undefined) {
      isolation?.destroy(plan, () => this.attachments.detach(taskId, plan, () => {}));
    } else if (this.isForOneTask) this.kill();
  }

  killTask(taskId: string): void {
    const plan = this.record.tasks[taskId];
    if (plan !== undefined) this.processes.isolation?.kill(plan);
    else if (this.isForOneTask) this.kill();
  }

  /** Everything in the container, nested ones included. */
  kill(): void {
    const { isolation: plan } = this.spec;
    if (plan !== undefined) this.processes.isolation?.kill(plan);
  }

  update({ writes, watches }: ContainerUpdate): void {
    const failure = this.processes.isolation?.write(writes);
    if (failure !== undefined) this.handlers.onUpdateFailed?.(failure);
    this.record.watches = watches;
    this.watch();
    this.handlers.onChanged();
  }

  /** What the kernel has done to it by now. */
  limitation(): ContainerLimitation | undefined {
    return this.processes.isolation?.check(this.watches);
  }

  taskLimitation(taskId: string): ContainerLimitation | undefined {
    const plan = this.record.tasks[taskId];
    return plan === undefined ? undefined : this.processes.isolation?.check(plan.watches);
  }

  destroy(done: () => void): void {
    const { isolation: plan } = this.spec;
    const { isolation } = this.processes;
    isolation?.unwatch(this.spec.id);
    for (const taskId of Object.keys(this.record.tasks)) isolation?.unwatch(this.watchIdOf(taskId));
    for (const taskId of Object.keys(this.record.holders ?? {})) this.release(taskId);
    if (this.record.holder !== undefined) {
      this.processes.signalTree(this.record.holder.pid, 'SIGKILL');
    }
    if (plan === undefined || isolation === undefined) {
      done();
      return;
    }
    isolation.destroy(plan, () => this.attachments.detach(CONTAINER, plan, done));
  }

  /** Its namespaces go with their last process. */
  private release(taskId: string): void {
    const holder = this.holdersOf(taskId);
    if (holder !== undefined) this.processes.signalTree(holder.pid, 'SIGKILL');
    const { [taskId]: _released, ...others } = this.record.holders ?? {};
    if (holder !== undefined) this.record.holders = others;
  }

  /** The lines of a plan know by variables where volumes have been mounted, those around it too. */
  private located(plan: IsolationPlan, name: string): IsolationPlan {
    const { namespaces } = plan;
    const { volumes } = this.record;
    if (namespaces === undefined || volumes === undefined) return plan;
    const paths = { ...volumes[CONTAINER], ...volumes[name] };
    const setupVariables = { ...namespaces.setupVariables, ...paths };
    return { ...plan, namespaces: { ...namespaces, setupVariables } };
  }

  /** It is inside of another container and has nothing of its own to keep. */
  private sharesNamespaces(plan: IsolationPlan): boolean {
    return this.outer !== undefined && plan.namespaces?.isOwn !== true;
  }

  private get isForOneTask(): boolean {
    return this.spec.kind === 'command';
  }

  private get watches(): readonly WatchPlan[] {
    return this.record.watches ?? this.spec.isolation?.watches ?? [];
  }

  private watch(): void {
    this.processes.isolation?.watch(this.spec.id, this.watches, {
      onLimitation: (limitation) => this.handlers.onLimitation(limitation),
      onDiskMeasured: (path, bytes) => this.handlers.onDiskMeasured(path, bytes),
    });
  }

  private watchIdOf(taskId: string): string {
    return `${this.spec.id}.${taskId}`;
  }
}

/**
 * Whoever is inside enters all namespaces around it, and sees its files unless it has an image of its own. No
 * program of the host can be found among them: a mount namespace of its own is made from the host's, where the
 * lines of the container around it make the same root from the same directory, before its own mount into that.
 */
function withNamespaces(plan: IsolationPlan, outer: NamespacePlan | undefined): IsolationPlan {
  const { namespaces } = plan;
  if (outer === undefined || namespaces === outer) return plan;
  const kinds = [...new Set([...outer.kinds, ...(namespaces?.kinds ?? [])])];
  const isFromHost = namespaces?.isOwn === true && outer.rootfs !== undefined;
  const whole = { setup: [], ...namespaces, ...(isFromHost ? { isFromHost } : {}), kinds };
  if (outer.rootfs === undefined || namespaces?.rootfs !== undefined) {
    return { ...plan, namespaces: whole };
  }
  const { rootfs, workingDirectory } = outer;
  const setupVariables = { ...outer.setupVariables, ...namespaces?.setupVariables };
  const sharedTrees = [...(outer.sharedTrees ?? []), ...(namespaces?.sharedTrees ?? [])];
  const files = {
    rootfs,
    ...(sharedTrees.length === 0 ? {} : { sharedTrees }),
    ...(workingDirectory === undefined ? {} : { workingDirectory }),
    ...(Object.keys(setupVariables).length === 0 ? {} : { setupVariables }),
    setup: [...outer.setup, ...whole.setup],
  };
  return { ...plan, namespaces: { ...whole, ...files } };
}
