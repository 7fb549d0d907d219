/**
 * The external containerizer of 0.19 to 0.25: a program of the operator makes the containers
 * (spec agent-runtime, section 10). Executors register by themselves, also those of command tasks.
 */
import { background } from '../../../base/background.ts';
import { type Clock, sleep } from '../../../base/clock.ts';
import type { DurationMs } from '../../../base/duration.ts';
import { ClusterError } from '../../../base/errors.ts';
import type { Log } from '../../../base/log.ts';
import { UNKNOWN_STATUS } from '../../../executor/wait-status.ts';
import { decodeMessage, encodeMessage, type MessageName } from '../../../wire/codec.ts';
import type { ContainerStatus, ResourceStatistics } from '../../../wire/types/mesos.v1.ts';
import type { MessageTypes } from '../../../wire/types/messages.ts';
import { DEFAULT_PATH } from '../../environment.ts';
import type {
  ContainerConfig,
  Containerizer,
  ContainerizerEvent,
  ContainerResources,
  LaunchAnswer,
} from '../port.ts';
import { type ExternalCommand, type ExternalProgram, unframe } from './program.ts';

export interface ExternalOptions {
  /** `--containerizer_path`. */
  readonly path: string;
  /** `--default_container_image`. */
  readonly defaultImage: string | undefined;
  readonly hadoopHome: string | undefined;
}

export interface ExternalPorts {
  readonly program: ExternalProgram;
  readonly clock: Clock;
  readonly log: Log;
  readonly workDir: string;
  readonly launcherDir: string;
}

interface Known {
  readonly directory: string | undefined;
  /** Commands about a container wait until its launch has returned. */
  readonly launched: Promise<boolean>;
  usage: ResourceStatistics | undefined;
  isAsked: boolean;
}

/** A program that hangs does not keep the agent from ending. */
const STOP_LIMIT_MS: DurationMs = 4_500;
const PREFIX = 'mesos.internal.containerizer';

export class ExternalContainerizer implements Containerizer {
  readonly name = 'external';
  private readonly options: ExternalOptions;
  private readonly ports: ExternalPorts;
  private readonly known = new Map<string, Known>();
  private onEvent: (event: ContainerizerEvent) => void = () => {};

  constructor(options: ExternalOptions, ports: ExternalPorts) {
    this.options = options;
    this.ports = ports;
  }

  async recover(onEvent: (event: ContainerizerEvent) => void): Promise<void> {
    this.onEvent = onEvent;
    const recovered = await this.command('recover', undefined);
    if (!recovered.ok) throw failure(recovered.error);
    const listed = await this.command('containers', undefined);
    if (!listed.ok) throw failure(listed.error);
    const message = unframe(listed.value);
    if (!message.ok) throw failure(message.error);
    const decoded = decodeMessage(`${PREFIX}.Containers`, message.value);
    if (!decoded.ok) throw failure(decoded.error);
    const ids = (decoded.value.containers ?? []).map(({ value }) => value);
    for (const id of ids) {
      this.add(id, undefined, Promise.resolve(true));
      this.go(this.wait(id));
    }
    const containers = ids.map((id) => ({
      id,
      kind: 'process' as const,
      frameworkId: '',
      executorId: '',
      sandbox: '',
      taskIds: [],
      updates: [],
    }));
    onEvent({ kind: 'report', containers });
  }

  launch(config: ContainerConfig): LaunchAnswer {
    const { id, kind } = config.spec;
    if (kind === 'group') return 'not-supported';
    if (this.known.has(id)) return 'already-launched';
    const { promise, resolve } = Promise.withResolvers<boolean>();
    this.add(id, config.spec.sandbox, promise);
    this.go(this.start(config, resolve));
    return 'launched';
  }

  /** Executors are talked to by the agent; there is nothing to hand over here. */
  run(): void {}

  kill(): void {}

  acknowledge(): void {}

  shutdown(): void {}

  update(containerId: string, { requests }: ContainerResources): void {
    const container_id = { value: containerId };
    this.go(this.tell(containerId, 'update', { container_id, resources: requests }));
  }

  /** What the program said when it was last asked; it is asked again meanwhile. */
  usage(containerId: string): ResourceStatistics | undefined {
    const known = this.known.get(containerId);
    if (known === undefined) return undefined;
    if (!known.isAsked) this.go(this.askUsage(containerId, known));
    return known.usage;
  }

  status(_containerId: string): ContainerStatus | undefined {
    return undefined;
  }

  destroy(containerId: string): void {
    this.go(this.tell(containerId, 'destroy', { container_id: { value: containerId } }));
  }

  forget(containerId: string): void {
    this.known.delete(containerId);
  }

  containers(): readonly string[] {
    return [...this.known.keys()];
  }

  async stop({ killTasks }: { readonly killTasks: boolean }): Promise<void> {
    if (!killTasks) return;
    const ids = [...this.known.keys()];
    const destroyed = ids.map((id) => this.tell(id, 'destroy', { container_id: { value: id } }));
    const limit = new AbortController();
    const timeout = sleep(this.ports.clock, STOP_LIMIT_MS, limit.signal).catch(() => {});
    await Promise.race([Promise.all(destroyed), timeout]);
    limit.abort();
  }

  private add(id: string, directory: string | undefined, launched: Promise<boolean>): void {
    this.known.set(id, { directory, launched, usage: undefined, isAsked: false });
  }

  private async start(config: ContainerConfig, launched: (ok: boolean) => void): Promise<void> {
    const { spec, taskInfo, executorInfo, environment } = config;
    const { MESOS_SLAVE_ID = '', MESOS_SLAVE_PID = '', MESOS_CHECKPOINT } = environment;
    const { defaultImage } = this.options;
    const user = taskInfo?.command?.user ?? executorInfo.command?.user;
    const message: MessageTypes[`${typeof PREFIX}.Launch`] = {
      container_id: { value: spec.id },
      task_info: taskInfo,
      executor_info: executorInfo,
      directory: spec.sandbox,
      user,
      slave_id: { value: MESOS_SLAVE_ID },
      slave_pid: MESOS_SLAVE_PID,
      checkpoint: MESOS_CHECKPOINT === '1',
    };
    const image = defaultImage === undefined ? {} : { MESOS_DEFAULT_CONTAINER_IMAGE: defaultImage };
    const input = encodeMessage(`${PREFIX}.Launch`, message);
    const done = await this.command('launch', spec.id, input, { ...environment, ...image });
    launched(done.ok);
    if (!done.ok) {
      this.known.delete(spec.id);
      this.onEvent({ kind: 'launch-failed', containerId: spec.id, message: done.error });
      return;
    }
    this.onEvent({ kind: 'started', containerId: spec.id });
    await this.wait(spec.id);
  }

  /** Blocks until the container has ended. */
  private async wait(id: string): Promise<void> {
    const input = encodeMessage(`${PREFIX}.Wait`, { container_id: { value: id } });
    const done = await this.command('wait', id, input);
    if (!this.known.has(id)) return;
    const termination = done.ok ? decode(`${PREFIX}.Termination`, done.value) : done;
    if (!termination.ok) this.complain(id, termination.error);
    const status = termination.ok ? (termination.value.status ?? UNKNOWN_STATUS) : UNKNOWN_STATUS;
    this.onEvent({ kind: 'exited', containerId: id, status });
  }

  private async askUsage(id: string, known: Known): Promise<void> {
    known.isAsked = true;
    const input = encodeMessage(`${PREFIX}.Usage`, { container_id: { value: id } });
    if (await known.launched) {
      const done = await this.command('usage', id, input);
      const usage = done.ok ? decode('mesos.v1.ResourceStatistics', done.value) : done;
      if (usage.ok) known.usage = usage.value;
      else this.complain(id, usage.error);
    }
    known.isAsked = false;
  }

  private async tell(
    id: string,
    command: 'destroy' | 'update',
    value: MessageTypes[`${typeof PREFIX}.Update`],
  ): Promise<void> {
    const known = this.known.get(id);
    if (known === undefined || !(await known.launched)) return;
    const input =
      command === 'update'
        ? encodeMessage(`${PREFIX}.Update`, value)
        : encodeMessage(`${PREFIX}.Destroy`, { container_id: value.container_id });
    const done = await this.command(command, id, input);
    if (!done.ok) this.complain(id, done.error);
  }

  private command(
    command: ExternalCommand,
    id: string | undefined,
    input?: Uint8Array,
    more: Readonly<Record<string, string>> = {},
  ): ReturnType<ExternalProgram> {
    const { hadoopHome } = this.options;
    const { workDir, launcherDir } = this.ports;
    const directory = id === undefined ? undefined : this.known.get(id)?.directory;
    return this.ports.program({
      command,
      ...(input === undefined ? {} : { input }),
      ...(directory === undefined ? {} : { directory }),
      environment: {
        PATH: process.env['PATH'] ?? DEFAULT_PATH,
        ...more,
        MESOS_LIBEXEC_DIRECTORY: launcherDir,
        MESOS_WORK_DIRECTORY: workDir,
        ...(hadoopHome === undefined ? {} : { HADOOP_HOME: hadoopHome }),
      },
    });
  }

  private complain(containerId: string, error: string): void {
    this.ports.log.warn({ containerId, error }, 'external containerizer failed');
  }

  private go(work: Promise<void>): void {
    background(this.ports.log, work, 'a command of the external containerizer');
  }
}

function decode<N extends MessageName>(
  name: N,
  printed: Uint8Array,
): ReturnType<typeof decodeMessage<N>> {
  const message = unframe(printed);
  return message.ok ? decodeMessage(name, message.value) : message;
}

function failure(why: string): ClusterError {
  const message = `Failed to create a containerizer: Could not recover ExternalContainerizer: ${why}`;
  return new ClusterError('EXTERNAL', message, { retriable: false });
}
