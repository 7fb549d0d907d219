/** An engine of straw with its clients, and a Docker launcher over it, in virtual time. */
import {
  DockerContainer,
  type DockerContainerPorts,
} from '../../../../../core/agent/containerizer/docker/container.ts';
import type {
  CommandOptions,
  Inspection,
} from '../../../../../core/agent/containerizer/docker/engine.ts';
import {
  type DockerSpec,
  isDockerSpec,
} from '../../../../../core/agent/containerizer/docker/spec.ts';
import { LauncherCore } from '../../../../../core/agent/launcher/core.ts';
import type {
  ContainerPorts,
  LauncherDisk,
  Processes,
} from '../../../../../core/agent/launcher/ports.ts';
import type { LauncherEvent } from '../../../../../core/agent/launcher-port.ts';
import { sleep } from '../../../../../core/base/clock.ts';
import { SeededRandom } from '../../../../../core/base/random.ts';
import { err, ok, type Result } from '../../../../../core/base/result.ts';
import type { HostedTask } from '../../../../../core/executor/hosted.ts';
import { exitedWith, type WaitStatus } from '../../../../../core/executor/wait-status.ts';
import { SimulatedClock } from '../../../../../core/testing/index.ts';

const PID = 4_242;
const PULL_MS = 1_000;
const CLIENT_PID = 77;
const INSPECT_LIMIT_MS = 5_000;
const STOP_LIMIT_MS = 30_000;

export class StrawMachine {
  readonly clock = new SimulatedClock();
  /** What the engine was asked, and what was done to processes. */
  readonly asked: string[] = [];
  readonly events: string[] = [];
  readonly records = new Map<string, string>();
  image: 'there' | 'pulled' | 'refused' = 'there';
  engine: 'well' | 'hangs' | 'dead' = 'well';
  container: 'none' | 'running' | 'ended' = 'none';
  /** Of the container; a client ends with it too. */
  exitCode = 0;
  /** What the client ends with at once instead of making a container. */
  refusal: number | undefined;
  isProcessAlive = false;
  /** What a container does when it is asked to stop. */
  diesOfStop = true;
  core: LauncherCore;
  /** Handed over when its executor is ready. */
  private task = TASK;
  /** Timers of a launcher end with it. */
  private launcherClock = this.clock.forProcess();
  private clientExit: ((status: WaitStatus) => void) | undefined;

  constructor() {
    this.core = this.newLauncher();
    this.core.attach((event) => this.heard(event));
  }

  /** The launcher dies; the next one reads what lies on disk. An agent that is there connects again. */
  async replaceLauncher({ withAgent = true } = {}): Promise<void> {
    this.core.close();
    this.core = this.newLauncher();
    this.core.recover();
    if (withAgent) this.core.attach((event) => this.heard(event));
    await this.clock.settle();
  }

  async launch(task: Partial<HostedTask> = {}, more: Partial<DockerSpec> = {}): Promise<void> {
    this.task = { ...TASK, ...task };
    this.core.handle({ kind: 'launch', spec: { ...SPEC, ...more } });
    await this.clock.settle();
  }

  async launchAndRun(
    task: Partial<HostedTask> = {},
    more: Partial<DockerSpec> = {},
  ): Promise<void> {
    await this.launch(task, more);
    await this.clock.advance(1_000);
    this.take();
    this.asked.length = 0;
  }

  /** The container's process ends, the engine notices, so does the client. */
  containerEnds(exitCode: number): void {
    this.container = 'ended';
    this.isProcessAlive = false;
    this.exitCode = exitCode;
    this.clientEnds(exitedWith(exitCode));
  }

  clientEnds(status: WaitStatus): void {
    const { clientExit } = this;
    this.clientExit = undefined;
    clientExit?.(status);
  }

  /** Events since the last call; every update is acknowledged. */
  take(): readonly string[] {
    return this.events.splice(0);
  }

  private heard(event: LauncherEvent): void {
    switch (event.kind) {
      case 'update': {
        const { taskId, uuid, state, message, reason } = event.update;
        const why = [message, reason].filter((each) => each !== undefined).join(', ');
        this.events.push(why === '' ? state : `${state}: ${why}`);
        this.core.handle({ kind: 'acknowledge', containerId: event.containerId, taskId, uuid });
        break;
      }
      case 'exited':
        this.events.push(`exited ${event.status}`);
        break;
      case 'launch-failed':
        this.events.push(`launch failed: ${event.message}`);
        break;
      case 'image-pulled':
        this.events.push(`pulled within ${event.ms} ms`);
        break;
      case 'started':
        this.events.push('started');
        this.core.handle({ kind: 'run', containerId: event.containerId, tasks: [this.task] });
        break;
      default:
    }
  }

  private newLauncher(): LauncherCore {
    this.launcherClock.stop();
    this.launcherClock = this.clock.forProcess();
    const clock = this.launcherClock;
    const disk: LauncherDisk = {
      save: (id, value) => this.records.set(id, JSON.stringify(value)),
      remove: (id) => this.records.delete(id),
      load: () => ({
        values: [...this.records.values()].map((each) => JSON.parse(each)),
        damaged: 0,
      }),
    };
    const withDocker = (ports: ContainerPorts): DockerContainerPorts => ({
      ...ports,
      clock,
      engineOf: () => this.commands(),
      probeInNamespace: async () => undefined,
      identify: (pid) => ({ pid, startTime: '1' }),
      isAlive: () => this.isProcessAlive,
      killContained: (_, engineId) => {
        this.asked.push(`SIGKILL in ${engineId}`);
        this.isProcessAlive = false;
        return true;
      },
    });
    return new LauncherCore({
      clock,
      random: new SeededRandom(1),
      processes: this.processes(),
      disk,
      kinds: {
        create: (spec, ports) => {
          if (!isDockerSpec(spec)) throw new Error('a spec without Docker');
          return DockerContainer.create(spec, withDocker(ports));
        },
        restore: (record, ports) => DockerContainer.restore(record, withDocker(ports)),
      },
    });
  }

  private processes(): Processes {
    return {
      spawn: ({ command }, onExit) => {
        this.asked.push(command.arguments.slice(3, 4).join(' '));
        this.clientExit = onExit;
        if (this.refusal !== undefined) {
          const code = this.refusal;
          this.clock.setTimer(10, () => this.clientEnds(exitedWith(code)));
        } else {
          this.container = 'running';
          this.isProcessAlive = true;
        }
        return { pid: CLIENT_PID, startTime: '1' };
      },
      adopt: (_, onExit) => {
        if (this.clientExit === undefined) return false;
        this.clientExit = onExit;
        return true;
      },
      endOf: () => -1,
      findIn: () => undefined,
      signalTree: (pid, signal) => this.asked.push(`${signal} ${pid}`),
      sweep: () => {},
      probe: async () => undefined,
    };
  }

  private commands(): ReturnType<DockerContainerPorts['engineOf']> {
    const clock = this.launcherClock;
    return {
      hasImage: async () => this.image === 'there',
      pull: async (image) => {
        this.asked.push(`pull ${image}`);
        await sleep(clock, PULL_MS);
        return this.image === 'refused' ? err(`no ${image}`) : ok('');
      },
      inspect: (_, options) => this.inspect(options),
      kill: async () => ok(''),
      stop: (_, graceMs, options) => this.stop(graceMs, options),
    };
  }

  private async inspect({ signal }: CommandOptions = {}): Promise<Inspection> {
    this.asked.push('inspect');
    if (this.engine === 'hangs') await sleep(this.clock, INSPECT_LIMIT_MS, signal).catch(() => {});
    if (this.engine !== 'well') return { kind: 'failed', message: 'no answer' };
    if (this.container === 'none') return { kind: 'missing' };
    const isRunning = this.container === 'running';
    const container = {
      id: 'e1',
      name: '/mesos-c1',
      isStarted: true,
      isRunning,
      pid: isRunning ? PID : undefined,
      exitCode: this.exitCode,
      ipAddress: undefined,
      ip6Address: undefined,
      output: '[]',
    };
    return { kind: 'found', container };
  }

  private async stop(
    graceMs: number,
    { signal, limitMs = graceMs + STOP_LIMIT_MS }: CommandOptions = {},
  ): Promise<Result<string>> {
    this.asked.push(`stop ${graceMs}`);
    if (this.engine === 'hangs') await sleep(this.clock, limitMs, signal).catch(() => {});
    if (this.engine !== 'well') return err('no answer');
    if (!this.diesOfStop) await sleep(this.clock, graceMs, signal).catch(() => {});
    if (signal?.aborted !== true) this.containerEnds(this.diesOfStop ? 143 : 137);
    return ok('');
  }
}

const TASK: HostedTask = {
  taskId: 't1',
  command: { shell: true, value: 'sleep 1000', arguments: [], environment: {} },
  killGraceMs: 3_000,
  maxCompletionMs: 0,
};

const SPEC: DockerSpec = {
  id: 'c1',
  kind: 'command',
  frameworkId: 'f',
  executorId: 't1',
  sandbox: '/sandbox',
  sendsKilling: true,
  shutdownGraceMs: 5_000,
  recoveryTimeoutMs: 900_000,
  docker: {
    docker: 'docker',
    host: 'unix:///socket',
    name: 'mesos-c1',
    image: 'busybox:latest',
    forcePull: false,
    runArguments: ['run', '--name', 'mesos-c1', 'busybox:latest'],
    environment: {},
    isHostNetwork: true,
    stopTimeoutMs: 0,
  },
};
