/**
 * The Mesos containerizer with a real launcher and real isolation, without an agent. Cgroups go
 * into a root of their own, so that nothing else on the machine is touched.
 */

import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmdirSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { hostedTaskOf } from '../../../core/agent/command-info.ts';
import { compileIsolation } from '../../../core/agent/containerizer/compile-isolation.ts';
import {
  isolationHost,
  kernelFiles,
  launcherSettings,
  netClsHandles,
  prepareHost,
} from '../../../core/agent/containerizer/isolation-host.ts';
import type { IsolationOptions } from '../../../core/agent/containerizer/isolation-options.ts';
import { MesosContainerizer } from '../../../core/agent/containerizer/mesos.ts';
import type {
  ContainerConfig,
  ContainerizerEvent,
  TaskLaunch,
} from '../../../core/agent/containerizer/port.ts';
import type { Provisioner } from '../../../core/agent/containerizer/provisioner/port.ts';
import { containerPlans } from '../../../core/agent/containers/plans.ts';
import type {
  ContainerEvent,
  ContainerIo,
  ContainerLauncher,
} from '../../../core/agent/containers/port.ts';
import { AGENT_FLAGS } from '../../../core/agent/flags.ts';
import { LauncherClient } from '../../../core/agent/launcher/client.ts';
import { SystemClock, sleep } from '../../../core/base/clock.ts';
import { parseFlags } from '../../../core/base/flags.ts';
import { silentLog } from '../../../core/base/log.ts';
import type { UserIds } from '../../../core/executor/hosted.ts';
import { parseResourceText } from '../../../core/resources/parse.ts';
import type { ContainerInfo, Resource, TaskInfo } from '../../../core/wire/types/mesos.v1.ts';

export const clock = new SystemClock();
const PATH = '/usr/sbin:/usr/bin:/sbin:/bin';
/** Only a failing test waits so long; a busy machine may need most of it to start a launcher. */
const PATIENCE_MS = 120_000;

export interface BenchTask {
  readonly command: string;
  readonly resources?: string;
  readonly info?: Partial<TaskInfo>;
  readonly user?: UserIds;
}

export interface BenchExtras {
  /** Without it containers have no images; `workDir` is the bench's folder. */
  readonly provision?: (workDir: string) => Provisioner;
  readonly volumeDirectory?: (resource: Resource) => string | undefined;
}

export interface BenchContainer {
  readonly command: string;
  readonly info?: ContainerInfo;
  readonly resources?: string;
  readonly user?: UserIds;
  readonly isSession?: boolean;
  readonly io?: ContainerIo;
}

export class IsolationBench {
  readonly folder: string;
  readonly options: IsolationOptions;
  readonly events: ContainerizerEvent[] = [];
  /** About containers without an executor. */
  readonly containerEvents: ContainerEvent[] = [];
  /** What starts those. */
  containers: ContainerLauncher | undefined;
  it: MesosContainerizer;

  private readonly extras: BenchExtras;

  private constructor(folder: string, options: IsolationOptions, extras: BenchExtras) {
    this.folder = folder;
    this.options = options;
    this.extras = extras;
    this.it = this.connect();
  }

  static async start(
    t: TestContext,
    flags: readonly string[],
    extras: BenchExtras = {},
  ): Promise<IsolationBench> {
    const folder = mkdtempSync(join(tmpdir(), 'isolation-'));
    chmodSync(folder, 0o755);
    const root = `orrery-test-${process.pid}-${folder.slice(-6)}`;
    const options = optionsOf([`--cgroups_root=${root}`, ...flags]);
    prepareHost(options);
    const bench = new IsolationBench(folder, options, extras);
    t.after(async () => {
      await bench.it.stop({ killTasks: true });
      // The launcher may still write what its last containers came to.
      rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
      for (const name of ['freezer', ...options.subsystems]) removeIfThere(bench.cgroupRoot(name));
    });
    await bench.it.recover((event) => bench.heard(event));
    return bench;
  }

  /** The agent's end of the launcher goes, and another one comes. */
  async restart(): Promise<void> {
    await this.it.stop({ killTasks: false });
    this.events.length = 0;
    this.it = this.connect();
    await this.it.recover((event) => this.heard(event));
  }

  get launcherPid(): number {
    return Number(readFileSync(join(this.folder, 'launcher', 'pid'), 'utf8'));
  }

  cgroupRoot(subsystem: string): string {
    const { hierarchy, root } = this.options.cgroups;
    return `${hierarchy}/${subsystem}/${root}`;
  }

  /** Text of a file of a container's cgroup, without the line's end. */
  cgroup(subsystem: string, id: string, file: string): string {
    return readFileSync(`${this.cgroupRoot(subsystem)}/${id}/${file}`, 'utf8').trim();
  }

  hasCgroup(subsystem: string, id: string): boolean {
    return existsSync(`${this.cgroupRoot(subsystem)}/${id}`);
  }

  sandbox(id: string): string {
    return join(this.folder, id);
  }

  /** Empty while the file is not there yet. */
  output(id: string, file = 'stdout'): string {
    const path = join(this.sandbox(id), file);
    return existsSync(path) ? readFileSync(path, 'utf8') : '';
  }

  /** Whether the file has been written. */
  has(id: string, file: string): boolean {
    const path = join(this.sandbox(id), file);
    return existsSync(path) && readFileSync(path, 'utf8') !== '';
  }

  /** What the launch of a container failed with. */
  async failed(id: string): Promise<string> {
    return await this.until(`the failure of ${id}`, () => {
      for (const event of this.events) {
        if (event.kind === 'launch-failed' && event.containerId === id) return event.message;
      }
      return undefined;
    });
  }

  lines(id: string, file: string): number {
    return this.has(id, file) ? this.output(id, file).trim().split('\n').length : 0;
  }

  /** A command task that has started. */
  async run(id: string, task: BenchTask): Promise<number> {
    this.launch(id, task);
    const running = await this.updated(id, 'TASK_RUNNING');
    assert.ok(running.pid !== undefined, this.describe());
    return running.pid;
  }

  launch(id: string, task: BenchTask): void {
    mkdirSync(this.sandbox(id), { recursive: true });
    chmodSync(this.sandbox(id), 0o777);
    const info = this.infoOf(id, task);
    // As the agent does: tasks come when the container is there.
    this.onStarted(id, () => this.it.run(id, [this.taskLaunch(id, info)]));
    this.it.launch(this.configOf(id, task, info));
  }

  private readonly starting = new Map<string, () => void>();

  private onStarted(id: string, act: () => void): void {
    this.starting.set(id, act);
  }

  private heard(event: ContainerizerEvent): void {
    this.events.push(event);
    if (event.kind !== 'started') return;
    this.starting.get(event.containerId)?.();
    this.starting.delete(event.containerId);
  }

  /** A group executor with one group; nested ids are `n-<task>`. */
  async runGroup(
    id: string,
    tasks: Readonly<Record<string, BenchTask>>,
    info: BenchTask['info'] = {},
  ): Promise<void> {
    mkdirSync(this.sandbox(id), { recursive: true });
    const { taskInfo: _task, ...config } = this.configOf(
      id,
      { command: '' },
      this.infoOf(id, { command: '', info }),
    );
    const requests = resources('cpus:1;mem:512');
    this.it.launch({ ...config, spec: { ...config.spec, kind: 'group' }, requests });
    const launches = Object.entries(tasks).map(([name, task]) => {
      const sandbox = join(this.sandbox(id), name);
      mkdirSync(sandbox);
      const launch = this.taskLaunch(name, this.infoOf(name, task), `n-${name}`);
      return { ...launch, hosted: { ...launch.hosted, sandbox } };
    });
    this.it.run(id, launches);
    for (const name of Object.keys(tasks)) await this.updated(name, 'TASK_STARTING');
  }

  /** An executor that is a process of its own. */
  runProcess(id: string, task: BenchTask): void {
    mkdirSync(this.sandbox(id), { recursive: true });
    const info = this.infoOf(id, task);
    const { taskInfo: _task, ...config } = this.configOf(id, task, info);
    const { command } = this.taskLaunch(id, info).hosted;
    this.it.launch({ ...config, spec: { ...config.spec, kind: 'process', command } });
  }

  /** A container without an executor: `root` or `root.nested`; resolves when it has started. */
  async plain(id: string, wanted: BenchContainer): Promise<number> {
    const { command, info, user, isSession = false, io = 'files' } = wanted;
    const [root = id, ...nested] = id.split('.');
    const sandbox = join(this.sandbox(root), ...nested.flatMap((each) => ['containers', each]));
    mkdirSync(sandbox, { recursive: true });
    const planned = containerPlans(this.options, { volumeDirectory: () => undefined })({
      ...{ id, sandbox, parentSandbox: this.sandbox(root), command: undefined, user, isSession },
      ...{ containerInfo: info, requests: resources(wanted.resources ?? ''), limits: {} },
    });
    assert.ok(planned.ok, planned.ok ? '' : planned.error);
    const { plan, environment } = planned.value;
    const hosted = { shell: true, value: command, arguments: [], environment };
    this.containers?.request({
      kind: 'plain-launch',
      spec: {
        ...{ id, sandbox, io, isSession, command: hosted, baseEnvironment: { PATH } },
        workingDirectory: isSession ? this.sandbox(root) : sandbox,
        ...(user === undefined ? {} : { user }),
        ...(plan === undefined ? {} : { isolation: plan }),
        note: { resources: [] },
      },
    });
    const { pid } = await this.containerEvent(id, 'plain-started');
    assert.ok(pid !== undefined);
    return pid;
  }

  async containerEvent<K extends ContainerEvent['kind']>(
    id: string,
    kind: K,
  ): Promise<Extract<ContainerEvent, { readonly kind: K }>> {
    const isIt = (event: ContainerEvent): event is Extract<ContainerEvent, { readonly kind: K }> =>
      event.kind === kind && 'id' in event && event.id === id;
    return await this.until(`${kind} of ${id}`, () => this.containerEvents.find(isIt));
  }

  /** What a session or a terminal has written. */
  shown(id: string): string {
    return this.containerEvents
      .map((event) => (event.kind === 'plain-output' && event.id === id ? event.data : ''))
      .map((data) => Buffer.from(data, 'base64').toString('utf8'))
      .join('');
  }

  configOf(id: string, task: BenchTask, taskInfo: TaskInfo): ContainerConfig {
    const { container, limits } = taskInfo;
    return {
      spec: {
        id,
        kind: 'command',
        frameworkId: 'f',
        executorId: id,
        sandbox: this.sandbox(id),
        ...(task.user === undefined ? {} : { user: task.user }),
        sendsKilling: true,
        shutdownGraceMs: 5_000,
        recoveryTimeoutMs: 60_000,
      },
      executorInfo: { executor_id: { value: id } },
      taskInfo,
      ...(container === undefined ? {} : { containerInfo: container }),
      environment: { PATH },
      requests: taskInfo.resources ?? [],
      limits: { cpus: limits?.['cpus']?.value, mem: limits?.['mem']?.value },
    };
  }

  infoOf(id: string, task: BenchTask): TaskInfo {
    return {
      name: id,
      task_id: { value: id },
      agent_id: { value: 'a' },
      resources: resources(task.resources ?? 'cpus:0.1;mem:64'),
      command: { value: task.command },
      ...task.info,
    };
  }

  taskLaunch(id: string, info: TaskInfo, nestedId?: string): TaskLaunch {
    const { shell = true, value = '', arguments: words = [] } = info.command ?? {};
    const command = { shell, value, arguments: words, environment: { PATH } };
    const nested = nestedId === undefined ? {} : { nestedId };
    const { check, healthCheck } = hostedTaskOf(info, { environment: { PATH } });
    const probed = {
      ...(check === undefined ? {} : { check }),
      ...(healthCheck === undefined ? {} : { healthCheck }),
    };
    return {
      hosted: { taskId: id, command, killGraceMs: 300, maxCompletionMs: 0, ...nested, ...probed },
      info,
    };
  }

  async updated(id: string, state: string) {
    return await this.until(`${state} of ${id}`, () => {
      for (const event of this.events) {
        if (event.kind !== 'update') continue;
        if (event.update.taskId === id && event.update.state === state) return event.update;
      }
      return undefined;
    });
  }

  /** All updates of a command task so far: its container ends with the last. */
  acknowledge(id: string): void {
    for (const event of this.events) {
      const told = event.kind === 'report' ? event.containers : [];
      const updates = told.flatMap((each) => (each.id === id ? each.updates : []));
      if (event.kind === 'update' && event.containerId === id) updates.push(event.update);
      for (const { taskId, uuid } of updates) this.it.acknowledge(id, taskId, uuid);
    }
  }

  async exited(id: string): Promise<Extract<ContainerizerEvent, { kind: 'exited' }>> {
    return await this.until(`the end of ${id}`, () => {
      for (const event of this.events) {
        if (event.kind === 'exited' && event.containerId === id) return event;
      }
      return undefined;
    });
  }

  async until<T>(what: string, look: () => T | undefined): Promise<T> {
    const endsAt = clock.now() + PATIENCE_MS;
    for (;;) {
      const found = look();
      if (found !== undefined) return found;
      assert.ok(clock.now() < endsAt, `waited too long for ${what}\n${this.describe()}`);
      await sleep(clock, 10);
    }
  }

  private describe(): string {
    return JSON.stringify(this.events.slice(-8));
  }

  private connect(): MesosContainerizer {
    const settings = launcherSettings(this.options);
    const client = new LauncherClient(this.folder, { clock, log: silentLog, settings });
    client.onContainerEvent((event) => this.containerEvents.push(event));
    this.containers = client;
    return new MesosContainerizer(client, {
      isolation: this.options,
      volumeDirectory: this.extras.volumeDirectory ?? (() => undefined),
      files: kernelFiles,
      netCls: netClsHandles(this.options),
      provisioner: this.extras.provision?.(this.folder),
    });
  }
}

export function optionsOf(flags: readonly string[]): IsolationOptions {
  const parsed = parseFlags(AGENT_FLAGS, {
    argv: ['--master=127.0.0.1:1', '--work_dir=/nowhere', ...flags],
    env: {},
    envPrefix: 'MESOS_',
    style: 'equals',
  });
  assert.ok(parsed.ok, parsed.ok ? '' : parsed.error);
  const options = compileIsolation(parsed.value, isolationHost, { agentPorts: [] });
  assert.ok(options.ok, options.ok ? '' : options.error);
  return options.value;
}

export function resources(text: string): readonly Resource[] {
  const parsed = parseResourceText(text);
  assert.ok(parsed.ok);
  return parsed.value;
}

/** A zombie that nobody reaps counts as dead. */
export function isAlive(pid: number): boolean {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return false;
  }
}

function removeIfThere(path: string): void {
  try {
    rmdirSync(path);
  } catch {
    // It was never made, or the test failed and left something in it.
  }
}
