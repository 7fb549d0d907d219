/** `thermos-executor`: runs one task of Aurora under an agent, ours or an original one (spec thermos, section 5). */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { background } from '../../../core/base/background.ts';
import { seconds } from '../../../core/base/duration.ts';
import { err, ok, type Result } from '../../../core/base/result.ts';
import type {
  Executor,
  ExecutorCallbacks,
  ExecutorPorts,
  TaskInfo,
  TaskState,
} from '../../../core/executor/index.ts';
import { createZooKeeperClient } from '../../../core/net/zookeeper/open.ts';
import { jsonOf } from '../config/pystachio/plain.ts';
import { readTaskInstance, type TaskInstance } from '../config/task-instance.ts';
import { decodeStruct } from '../thrift/messages.ts';
import type { AssignedTask, Container } from '../thrift/types.ts';
import { Announcer, announcedPath, memberJson } from './announcer.ts';
import { DiskLimit } from './disk-usage.ts';
import type { ThermosExecutorOptions } from './executor-options.ts';
import { type ImageLaunch, imageCommand, imageRoot } from './filesystem-image.ts';
import { healthCheckerOf } from './health-checker.ts';
import { askToEnd, SIGNAL_TIMEOUT_MS } from './http-lifecycle.ts';
import type { TaskReport } from './machine/task-report.ts';
import { RunnerProcess } from './runner-process.ts';
import { createSandbox, hasImage } from './sandbox.ts';
import type { StatusSource } from './status-source.ts';
import {
  ASSUMED_HEALTHY,
  type ExecutionSteps,
  INITIALIZING,
  TaskExecution,
} from './task-execution.ts';
import { findUser, ownUser } from './users.ts';

/** An executor that nobody gives a task ends. */
const TASK_WAIT_MS = seconds(10);
/** How long the last status may be under way. */
const LAST_STATUS_MS = seconds(5);
const TASK_FILE = 'task.json';

export interface ThermosPorts extends ExecutorPorts {
  readonly env: Readonly<Record<string, string | undefined>>;
}

interface Work {
  readonly assigned: AssignedTask;
  readonly instance: TaskInstance;
}

export class ThermosExecutor {
  /** For the driver, which is made with them. */
  readonly callbacks: ExecutorCallbacks;
  /** Resolves when nothing is left to do. */
  readonly done: Promise<void>;
  private readonly options: ThermosExecutorOptions;
  private readonly ports: ThermosPorts;
  private readonly driver: () => Executor;
  private readonly finished = Promise.withResolvers<void>();
  private taskId: string | undefined;
  private execution: TaskExecution | undefined;

  constructor(options: ThermosExecutorOptions, ports: ThermosPorts, driver: () => Executor) {
    this.options = options;
    this.ports = ports;
    this.driver = driver;
    this.done = this.finished.promise;
    this.callbacks = {
      subscribed: ({ isResubscription }) => {
        if (!isResubscription) ports.clock.setTimer(TASK_WAIT_MS, () => this.endIdle());
      },
      launch: (task) => this.launch(task),
      kill: () => this.execution?.end('Instructed to kill task.'),
      shutdown: () => {
        this.execution?.end('Told to shut down executor.');
        if (this.taskId === undefined) this.finished.resolve();
      },
    };
  }

  private endIdle(): void {
    if (this.taskId !== undefined) return;
    this.ports.log.error({}, 'no task has come');
    this.finished.resolve();
  }

  private launch(task: TaskInfo): void {
    const taskId = task.task_id.value;
    if (this.taskId !== undefined) {
      const message = `Task already running on this executor: ${this.taskId}`;
      this.update(taskId, { state: 'LOST', message });
      return;
    }
    this.taskId = taskId;
    background(this.ports.log, this.run(taskId, task), 'running the task');
  }

  private async run(taskId: string, task: TaskInfo): Promise<void> {
    try {
      const work = workOf(task);
      if (!work.ok) {
        this.ports.log.error({ error: work.error }, 'the task cannot be read');
        this.update(taskId, INITIALIZING);
        this.update(taskId, { state: 'FAILED', message: 'Could not deserialize task.' });
      } else await this.execute(taskId, work.value);
    } finally {
      await this.driver().stop(LAST_STATUS_MS);
      this.finished.resolve();
    }
  }

  private async execute(taskId: string, work: Work): Promise<void> {
    const steps = new AuroraTask(work, this.options, this.ports);
    this.execution = new TaskExecution(steps, {
      clock: this.ports.clock,
      tell: (report) => this.update(taskId, report),
      stopLimitMs: this.options.stopTimeoutMs,
    });
    await this.execution.run();
  }

  private update(taskId: string, { state, message }: TaskReport): void {
    this.ports.log.info({ taskId, state, message }, 'status of the task');
    this.driver().update({ taskId, state: STATES[state], message });
  }
}

const STATES: Readonly<Record<TaskReport['state'], TaskState>> = {
  STARTING: 'TASK_STARTING',
  RUNNING: 'TASK_RUNNING',
  FINISHED: 'TASK_FINISHED',
  FAILED: 'TASK_FAILED',
  KILLED: 'TASK_KILLED',
  LOST: 'TASK_LOST',
};

/** What the scheduler has put into the task. */
export function workOf({ data }: Pick<TaskInfo, 'data'>): Result<Work> {
  if (data === undefined) return err('the task has no data');
  const assigned = decodeStruct('AssignedTask', Buffer.from(data));
  if (!assigned.ok) return assigned;
  const { taskId, slaveHost, instanceId, assignedPorts, task } = assigned.value;
  const json = task.executorConfig?.data;
  if (json === undefined) return err('the task has no configuration for its executor');
  const instance = readTaskInstance(json, {
    ...{ instance: instanceId, hostname: slaveHost ?? '', taskId, ports: assignedPorts },
    ...(task.job === undefined ? {} : { job: task.job }),
  });
  return instance.ok ? ok({ assigned: assigned.value, instance: instance.value }) : instance;
}

/** The steps of a task, with real processes. */
class AuroraTask implements ExecutionSteps {
  private readonly work: Work;
  private readonly options: ThermosExecutorOptions;
  private readonly ports: ThermosPorts;
  private readonly root: string;
  private readonly sandbox: string;
  /** Undefined: processes are ours. */
  private readonly user: string | undefined;

  constructor(work: Work, options: ThermosExecutorOptions, ports: ThermosPorts) {
    this.work = work;
    this.options = options;
    this.ports = ports;
    this.root = ports.env['MESOS_SANDBOX'] ?? process.cwd();
    this.sandbox = join(this.root, 'sandbox');
    const named = options.executeAsUser ?? work.instance.role;
    this.user = options.setsUser ? named : undefined;
  }

  prepare(): ReturnType<ExecutionSteps['prepare']> {
    const { assigned, instance } = this.work;
    const problem = this.problem() ?? this.createSandbox();
    if (problem !== undefined) {
      const message = `Task initialization failed: ${problem}`;
      return { refusal: { state: 'FAILED', message } };
    }
    const thermosJson = join(this.root, TASK_FILE);
    writeFileSync(thermosJson, jsonOf(instance.data));
    const options = {
      thermosJson,
      sandbox: this.sandbox,
      checkpointRoot: join(this.root, 'checkpoints'),
      taskId: assigned.taskId,
      setuid: this.user,
      isChrooted: false,
      image: this.imageLaunch(),
      keepsEnvironment: this.options.keepsEnvironment,
      ports: instance.ports,
      hostname: assigned.slaveHost ?? '',
      log: this.options.log,
    };
    return { runner: new RunnerProcess(options, this.ports.clock) };
  }

  sources(): readonly StatusSource[] {
    const { instance } = this.work;
    const { clock, http, log } = this.ports;
    const runsAs = this.options.setsUserForHealthChecks ? this.user : undefined;
    const user = runsAs === undefined ? undefined : findUser(runsAs);
    const image = this.imageLaunch();
    const root = imageRoot(this.ports.env['MESOS_DIRECTORY'] ?? this.root);
    const words = (cmdline: string): readonly string[] | undefined =>
      image && imageCommand(image, { cmdline, user: runsAs ?? ownUser().name, root });
    const target = { sandbox: this.sandbox, ports: instance.ports, user, imageWords: words };
    const health = healthCheckerOf(instance.healthCheck, target, { clock, http }) ?? {
      report: () => ASSUMED_HEALTHY,
      stop: async () => {},
    };
    const { resources } = instance.task;
    const disk =
      resources === undefined
        ? []
        : [
            new DiskLimit(
              { directory: this.sandbox, reservedBytes: resources.diskBytes },
              { clock, log },
            ),
          ];
    return [health, ...disk, ...this.announcers()];
  }

  async askToEnd(hasEnded: () => boolean): Promise<void> {
    const { lifecycle, ports } = this.work.instance;
    const port = lifecycle === undefined ? undefined : ports.get(lifecycle.port);
    if (lifecycle === undefined || port === undefined) return;
    const { clock, http, env } = this.ports;
    const given = Number(env['AURORA_HTTP_SIGNALER_TIMEOUT_SECS']);
    const timeoutMs = given > 0 ? given * 1_000 : SIGNAL_TIMEOUT_MS;
    await askToEnd(lifecycle, port, { clock, http, hasEnded, timeoutMs });
  }

  private problem(): string | undefined {
    const { announcer } = this.options;
    if (announcer === undefined) return undefined;
    const path = announcedPath(this.work.instance, announcer);
    return path.ok ? undefined : path.error;
  }

  private get container(): Container {
    return this.work.assigned.task.container ?? { mesos: {} };
  }

  /** Of a task with a filesystem image, whose sandbox has been made. */
  private imageLaunch(): ImageLaunch | undefined {
    const { containerizer, mountPoint } = this.options.image;
    if (!hasImage(this.container) || mountPoint === undefined) return undefined;
    return { containerizer, sandbox: mountPoint };
  }

  private createSandbox(): string | undefined {
    const created = createSandbox({
      root: this.root,
      hostDirectory: this.ports.env['MESOS_DIRECTORY'],
      container: this.container,
      user: this.user,
      image: this.options.image,
    });
    return created.ok ? undefined : created.error;
  }

  private announcers(): readonly StatusSource[] {
    const { announcer } = this.options;
    const { assigned, instance } = this.work;
    if (announcer === undefined) return [];
    const json = memberJson(instance, announcer.hostname ?? assigned.slaveHost ?? '');
    const path = announcedPath(instance, announcer);
    if (json === undefined || !path.ok) return [];
    const { initialIntervalSecs, intervalSecs, maxConsecutiveFailures } = instance.healthCheck;
    const joinLimitMs = (initialIntervalSecs + maxConsecutiveFailures * intervalSecs) * 1_000;
    const { clock, random, log } = this.ports;
    const client = createZooKeeperClient(announcer.ensemble, { clock, random, log });
    return [new Announcer({ path: path.value, json, joinLimitMs }, { client, clock, log })];
  }
}
