/** An agent's machine with files in memory, a scripted master, and effects as words. */
import assert from 'node:assert/strict';
import { readCheckpoint } from '../../../core/agent/checkpoint/read.ts';
import type { ContainerizerEvent } from '../../../core/agent/containerizer/port.ts';
import type { AgentEffect, AgentInput, IncomingMessage } from '../../../core/agent/effects.ts';
import type { LauncherContainer } from '../../../core/agent/launcher-port.ts';
import { AgentMachine } from '../../../core/agent/machine.ts';
import { MemoryFiles } from '../../../core/agent/memory-files.ts';
import { AGENT_DEFAULTS, type AgentOptions } from '../../../core/agent/options.ts';
import { frameworkId } from '../../../core/base/ids.ts';
import { parseUuid, SeededRandom } from '../../../core/base/random.ts';
import type { HostedUpdate } from '../../../core/executor/hosted.ts';
import type { Upid } from '../../../core/net/ports.ts';
import { parseResourceText } from '../../../core/resources/parse.ts';
import { allocate } from '../../../core/resources/select.ts';
import type {
  FrameworkInfo,
  Resource,
  TaskInfo,
  TaskState,
} from '../../../core/wire/types/mesos.v1.ts';

export const MASTER: Upid = { id: 'master', ip: '10.0.0.1', port: 5050 };
export const AGENT_ID = 'M-S0';
export const FRAMEWORK_ID = 'F';
const SELF: Upid = { id: 'slave(1)', ip: '10.0.0.2', port: 5051 };

export function resources(text: string): readonly Resource[] {
  const parsed = parseResourceText(text);
  assert.ok(parsed.ok);
  return parsed.value;
}

export interface AgentKitOptions extends Partial<AgentOptions> {
  readonly files?: MemoryFiles;
  readonly containers?: readonly LauncherContainer[];
  readonly bootId?: string;
  readonly seed?: number;
}

export interface FrameworkSpec {
  readonly checkpoint?: boolean;
  readonly capabilities?: FrameworkInfo['capabilities'];
}

export function framework(spec: FrameworkSpec = {}): FrameworkInfo {
  return {
    user: 'root',
    name: 'tests',
    id: { value: FRAMEWORK_ID },
    checkpoint: spec.checkpoint ?? true,
    roles: ['*'],
    capabilities: spec.capabilities ?? [
      { type: 'PARTITION_AWARE' },
      { type: 'TASK_KILLING_STATE' },
    ],
  };
}

export function commandTask(id: string, extra: Partial<TaskInfo> = {}): TaskInfo {
  return {
    name: id,
    task_id: { value: id },
    agent_id: { value: AGENT_ID },
    resources: allocate(resources('cpus:0.1;mem:32'), '*'),
    command: { value: 'sleep 1000' },
    ...extra,
  };
}

export function customTask(id: string, executor = 'e1'): TaskInfo {
  const { command: _command, ...rest } = commandTask(id);
  return {
    ...rest,
    executor: {
      type: 'CUSTOM',
      executor_id: { value: executor },
      framework_id: { value: FRAMEWORK_ID },
      command: { value: './executor' },
      resources: allocate(resources('cpus:0.1;mem:32'), '*'),
    },
  };
}

/** Of all kits: the kit of an agent that starts anew must not name updates as the old one did. */
let uuidCount = 0;

export class AgentKit {
  readonly files: MemoryFiles;
  readonly machine: AgentMachine;
  now = 1_000_000;
  /** Effects since the last look, without file work. */
  private effects: AgentEffect[] = [];

  constructor(options: AgentKitOptions = {}) {
    const { files, containers = [], bootId = 'boot-1', seed = 1, ...rest } = options;
    this.files = files ?? new MemoryFiles();
    const complete: AgentOptions = {
      ...AGENT_DEFAULTS,
      master: '10.0.0.1:5050',
      hostname: 'agent1',
      workDir: '/work-dir',
      runtimeDir: '/run',
      resources: resources('cpus:4;mem:4096;ports:[31000-32000]'),
      ...rest,
    };
    this.machine = new AgentMachine(complete, {
      random: new SeededRandom(seed),
      self: SELF,
      now: this.now,
    });
    const checkpoint = readCheckpoint(this.files);
    this.input({ kind: 'recovered', checkpoint, containers, bootId });
  }

  input(input: AgentInput): this {
    for (const effect of this.machine.handle(input, this.now)) this.perform(effect);
    return this;
  }

  private perform(effect: AgentEffect): void {
    switch (effect.kind) {
      case 'write':
        this.files.write(effect.path, effect.bytes, true);
        break;
      case 'append':
        this.files.append(effect.path, effect.bytes, false);
        break;
      case 'symlink':
        this.files.symlink(effect.path, effect.target);
        break;
      case 'make-directory':
        this.files.makeDirectory(effect.path);
        break;
      case 'remove':
        if (effect.keepsRoot === true) this.files.empty(effect.path);
        else this.files.remove(effect.path);
        break;
      default:
        this.effects.push(effect);
    }
  }

  advance(ms: number): this {
    this.now += ms;
    return this.input({ kind: 'woke' });
  }

  message(message: IncomingMessage, from: Upid = MASTER): this {
    return this.input({ kind: 'message', from, message });
  }

  /** Detects the master, registers, and forgets what was done for it. */
  registered(): this {
    this.input({ kind: 'master', pid: MASTER });
    this.advance(1_000);
    const isNew = this.machine.state.info.id === undefined;
    const value = { slave_id: { value: AGENT_ID } };
    this.message(
      isNew
        ? { name: 'mesos.internal.SlaveRegisteredMessage', value }
        : { name: 'mesos.internal.SlaveReregisteredMessage', value },
    );
    this.took();
    return this;
  }

  run(task: TaskInfo, spec: FrameworkSpec & { readonly launchExecutor?: boolean } = {}): this {
    return this.message({
      name: 'mesos.internal.RunTaskMessage',
      value: {
        framework: framework(spec),
        task,
        pid: '@0.0.0.0:0',
        launch_executor: spec.launchExecutor ?? true,
        resource_version_uuids: this.resourceVersions(),
      },
    });
  }

  /** A group for the new default executor `pod`. */
  runGroup(tasks: readonly TaskInfo[], executorResources: readonly Resource[]): this {
    return this.message({
      name: 'mesos.internal.RunTaskGroupMessage',
      value: {
        framework: framework(),
        executor: {
          type: 'DEFAULT',
          executor_id: { value: 'pod' },
          framework_id: { value: FRAMEWORK_ID },
          resources: executorResources,
        },
        task_group: { tasks },
        launch_executor: true,
        resource_version_uuids: this.resourceVersions(),
      },
    });
  }

  private resourceVersions() {
    return [{ uuid: { value: parseUuid(this.machine.state.resourceVersion) } }];
  }

  /** The sandbox of the only, or the named executor is made. */
  prepared(executor?: string): this {
    const containerId = this.containerOf(executor);
    return this.input({ kind: 'prepared', containerId, result: { ok: true, user: undefined } });
  }

  started(executor?: string): this {
    return this.launcher({ kind: 'started', containerId: this.containerOf(executor) });
  }

  launcher(event: ContainerizerEvent): this {
    return this.input({ kind: 'launcher', event });
  }

  hostedUpdate(taskId: string, state: TaskState, extra: Partial<HostedUpdate> = {}): this {
    uuidCount += 1;
    const number = String(uuidCount).padStart(12, '0');
    const uuid = `00000000-0000-4000-8000-${number}`;
    const update = { taskId, state, timestamp: this.now / 1000, uuid, ...extra };
    return this.launcher({ kind: 'update', containerId: this.containerOf(taskId), update });
  }

  kill(taskId: string): this {
    return this.message({
      name: 'mesos.internal.KillTaskMessage',
      value: { framework_id: { value: FRAMEWORK_ID }, task_id: { value: taskId } },
    });
  }

  /** Acknowledges the last update that was sent to the master for this task. */
  acknowledge(taskId: string, uuid: Uint8Array, from?: Upid): this {
    const value = {
      slave_id: { value: AGENT_ID },
      framework_id: { value: FRAMEWORK_ID },
      task_id: { value: taskId },
      uuid,
    };
    return this.message({ name: 'mesos.internal.StatusUpdateAcknowledgementMessage', value }, from);
  }

  containerOf(executor?: string): string {
    const all = [...this.machine.state.containers.values()];
    const found = executor === undefined ? all[0] : all.find((each) => each.id === executor);
    assert.ok(found, `no executor ${executor}`);
    return found.containerId;
  }

  effectsTaken(): readonly AgentEffect[] {
    const taken = this.effects;
    this.effects = [];
    return taken;
  }

  /** What was done since the last look, as words; logs and links are left out. */
  took(): readonly string[] {
    return this.effectsTaken().flatMap((effect) => wordsOf(effect));
  }

  /** Brings a command task to TASK_RUNNING and acknowledges its updates. */
  runningTask(id: string, spec: FrameworkSpec = {}): this {
    this.run(commandTask(id), spec).prepared(id).started(id);
    for (const state of ['TASK_STARTING', 'TASK_RUNNING'] as const) {
      this.hostedUpdate(id, state, { pid: 100 });
      this.acknowledgeHead(id);
    }
    this.took();
    return this;
  }

  acknowledgeHead(id: string, from?: Upid): this {
    const framework = this.machine.state.frameworks.get(frameworkId(FRAMEWORK_ID));
    for (const executor of framework?.executors.values() ?? []) {
      for (const task of [
        ...executor.launchedTasks.values(),
        ...executor.terminatedTasks.values(),
      ]) {
        if (task.task_id.value !== id || task.status_update_uuid === undefined) continue;
        return this.acknowledge(id, task.status_update_uuid, from);
      }
    }
    return this;
  }
}

function wordsOf(effect: AgentEffect): readonly string[] {
  switch (effect.kind) {
    case 'log':
    case 'link':
    case 'measure-disk':
    case 'update-container':
      return [];
    case 'send': {
      const { name, value } = effect.message;
      const short = name.replace('mesos.internal.', '');
      if (name !== 'mesos.internal.StatusUpdateMessage') return [short];
      const { status } = value.update;
      const reason = status.reason?.replace('REASON_', '');
      const parts = [status.task_id.value, status.state, reason, status.message];
      return [parts.filter((part) => part !== undefined).join(' | ')];
    }
    case 'run':
      return [`run ${effect.tasks.map(({ hosted }) => hosted.taskId).join(',')}`];
    case 'kill':
      return [`kill ${effect.taskId} ${effect.graceMs ?? 'own grace'}`];
    case 'event':
      return [`event ${effect.event.type}`];
    case 'acknowledge':
      return [`acknowledge ${effect.taskId}`];
    case 'exit':
      return [`exit ${effect.failure ?? ''}`.trim()];
    default:
      return [effect.kind];
  }
}
