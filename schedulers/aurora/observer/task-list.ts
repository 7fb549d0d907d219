/** The tasks of a machine, read again at intervals (spec thermos, section 6). */
import { readFileSync } from 'node:fs';
import { background } from '../../../core/base/background.ts';
import { type Clock, type Instant, sleep } from '../../../core/base/clock.ts';
import { describeError } from '../../../core/base/errors.ts';
import type { Log } from '../../../core/base/log.ts';
import type { HttpClient } from '../../../core/net/ports.ts';
import { CheckpointPaths, type TaskKind, tasksIn } from '../thermos/checkpoint-paths.ts';
import { CheckpointReader } from '../thermos/checkpoint-stream.ts';
import { diskUsage } from '../thermos/disk-usage.ts';
import { RunnerState } from '../thermos/machine/runner-state.ts';
import { isTaskEnd } from '../thermos/machine/states.ts';
import { descendants, listProcesses, type SystemProcess } from '../thermos/process-list.ts';
import { type AgentDisksOptions, readAgentDisks } from './agent-disks.ts';
import { launchSecs, NO_USE, type ObservedTask, type ResourceUse } from './observed-task.ts';
import { checkpointRoots } from './task-roots.ts';

/** Of tasks that have ended; the oldest are not shown beyond it. */
export const FINISHED_MAX = 10_000;
const TICKS_PER_SECOND = 100;

export interface TaskListOptions {
  readonly mesosRoot: string;
  readonly pollingIntervalMs: number;
  readonly processIntervalMs: number;
  readonly diskIntervalMs: number;
  readonly samplesResources: boolean;
  /** Asked in place of measuring. */
  readonly agentDisks: AgentDisksOptions | undefined;
}

export interface TaskListPorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly http: HttpClient;
}

interface Sample {
  readonly at: Instant;
  readonly ticks: number;
  readonly use: ResourceUse;
}

interface Followed {
  readonly taskId: string;
  readonly paths: CheckpointPaths;
  kind: TaskKind;
  readonly reader: CheckpointReader;
  readonly state: RunnerState;
  task: Readonly<Record<string, unknown>> | undefined;
  readonly samples: Map<string, Sample>;
  diskBytes: number;
}

export class TaskList {
  private readonly options: TaskListOptions;
  private readonly clock: Clock;
  private readonly log: Log;
  private readonly http: HttpClient;
  private readonly followed = new Map<string, Followed>();
  private readonly stopping = new AbortController();

  constructor(options: TaskListOptions, { clock, log, http }: TaskListPorts) {
    this.options = options;
    this.clock = clock;
    this.log = log;
    this.http = http;
  }

  start(): void {
    const { options } = this;
    this.repeat('reading the tasks', options.pollingIntervalMs, () => this.refresh());
    if (!options.samplesResources) return;
    this.repeat('sampling processes', options.processIntervalMs, () => this.sample());
    this.repeat('measuring disks', options.diskIntervalMs, () => this.measure());
  }

  stop(): void {
    this.stopping.abort(new Error('the observer ends'));
  }

  /** Newest first. */
  all(): readonly ObservedTask[] {
    const tasks = [...this.followed.values()].map((each) => observed(each));
    return tasks.sort((a, b) => launchSecs(b) - launchSecs(a));
  }

  find(taskId: string): ObservedTask | undefined {
    const found = this.followed.get(taskId);
    return found === undefined ? undefined : observed(found);
  }

  refresh(): void {
    const seen = new Map<string, readonly [CheckpointPaths, TaskKind]>();
    for (const root of checkpointRoots(this.options.mesosRoot)) {
      const paths = new CheckpointPaths(root);
      for (const kind of ['active', 'finished'] as const) {
        for (const taskId of tasksIn(paths, kind)) seen.set(taskId, [paths, kind]);
      }
    }
    for (const taskId of this.followed.keys()) if (!seen.has(taskId)) this.followed.delete(taskId);
    for (const [taskId, [paths, kind]] of seen) this.follow(taskId, paths, kind);
    this.dropOldest();
  }

  private follow(taskId: string, paths: CheckpointPaths, kind: TaskKind): void {
    const known = this.followed.get(taskId) ?? {
      ...{ taskId, paths, kind, state: new RunnerState(), task: undefined, diskBytes: 0 },
      reader: new CheckpointReader(paths.runner(taskId)),
      samples: new Map(),
    };
    known.kind = kind;
    if (isTaskEnd(known.state.taskState)) return;
    const records = known.reader.read();
    if (!records.ok) {
      this.log.warn({ taskId, error: records.error }, 'a checkpoint stream cannot be read');
      return;
    }
    for (const record of records.value) known.state.apply(record);
    known.task ??= readTask(paths.task(kind, taskId));
    this.followed.set(taskId, known);
  }

  private dropOldest(): void {
    const finished = this.all().filter(({ isActive }) => !isActive);
    for (const { taskId } of finished.slice(FINISHED_MAX)) this.followed.delete(taskId);
  }

  private sample(): void {
    const all = listProcesses();
    const now = this.clock.now();
    for (const { kind, state, samples } of this.followed.values()) {
      if (kind === 'finished') samples.clear();
      for (const [name, runs] of kind === 'finished' ? [] : state.processes) {
        const latest = runs.at(-1);
        const pid = latest?.state === 'RUNNING' ? latest.pid : undefined;
        if (pid === undefined) samples.delete(name);
        else samples.set(name, sampled(descendants(pid, all), now, samples.get(name)));
      }
    }
  }

  async measure(): Promise<void> {
    const { agentDisks } = this.options;
    if (agentDisks !== undefined) {
      const bytes = await readAgentDisks(this.http, agentDisks);
      for (const each of this.followed.values()) {
        each.diskBytes = bytes.get(`thermos-${each.taskId}`) ?? each.diskBytes;
      }
      return;
    }
    for (const each of [...this.followed.values()]) {
      const { sandbox } = each.state.header ?? {};
      if (each.kind === 'finished' || sandbox === undefined) continue;
      each.diskBytes = await diskUsage(sandbox);
    }
  }

  private repeat(what: string, everyMs: number, act: () => void | Promise<void>): void {
    const { signal } = this.stopping;
    const loop = async (): Promise<void> => {
      while (!signal.aborted) {
        try {
          await act();
        } catch (thrown) {
          // One look that fails must not be the last one.
          this.log.warn({ error: describeError(thrown) }, `failed: ${what}`);
        }
        await sleep(this.clock, everyMs, signal).catch(() => {
          // The observer ends.
        });
      }
    };
    background(this.log, loop(), what);
  }
}

function readTask(path: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const read: unknown = JSON.parse(readFileSync(path, 'utf8'));
    return typeof read === 'object' && read !== null ? { ...read } : undefined;
  } catch {
    // It moves when the task ends; the next look finds it.
    return undefined;
  }
}

function observed(each: Followed): ObservedTask {
  const { taskId, kind, state, task = {}, samples, diskBytes } = each;
  const use = total([...samples.values()].map((sample) => sample.use));
  return {
    taskId,
    isActive: kind === 'active',
    state,
    task,
    use: { ...use, disk: diskBytes },
    useOf: (process) => samples.get(process)?.use,
  };
}

function sampled(
  processes: readonly SystemProcess[],
  at: Instant,
  before: Sample | undefined,
): Sample {
  const sum = (of: (each: SystemProcess) => number): number =>
    processes.reduce((total, each) => total + of(each), 0);
  const user = sum(({ userTicks }) => userTicks) / TICKS_PER_SECOND;
  const system = sum(({ systemTicks }) => systemTicks) / TICKS_PER_SECOND;
  const rss = sum(({ residentBytes }) => residentBytes);
  const ticks = (user + system) * TICKS_PER_SECOND;
  const elapsed = before === undefined ? 0 : (at - before.at) / 1_000;
  const spent = before === undefined ? 0 : Math.max(0, ticks - before.ticks) / TICKS_PER_SECOND;
  const use: ResourceUse = {
    ...{ cpu: elapsed > 0 ? spent / elapsed : 0, ram: rss, user, system, rss },
    vms: sum(({ virtualBytes }) => virtualBytes),
    nice: processes[0]?.nice ?? 0,
    status: STATUSES.get(processes[0]?.state ?? '') ?? '',
    threads: sum(({ threads }) => threads),
    disk: 0,
  };
  return { at, ticks, use };
}

const STATUSES: ReadonlyMap<string, string> = new Map([
  ['R', 'running'],
  ['S', 'sleeping'],
  ['D', 'disk-sleep'],
  ['T', 'stopped'],
  ['t', 'tracing-stop'],
  ['Z', 'zombie'],
  ['I', 'idle'],
]);

function total(uses: readonly ResourceUse[]): ResourceUse {
  return uses.reduce((sum, each) => {
    return {
      cpu: sum.cpu + each.cpu,
      ram: sum.ram + each.ram,
      user: sum.user + each.user,
      system: sum.system + each.system,
      rss: sum.rss + each.rss,
      vms: sum.vms + each.vms,
      nice: each.nice,
      status: each.status,
      threads: sum.threads + each.threads,
      disk: 0,
    };
  }, NO_USE);
}
