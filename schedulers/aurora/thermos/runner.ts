/**
 * `thermos-runner`: runs the processes of one task (spec thermos, section 4). Acts for `RunnerMachine`: its stream,
 * coordinators, signals. It outlives the executor; started again on the same stream it goes on where it died.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { type FSWatcher, mkdirSync, readFileSync, renameSync, watch, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { assert, unreachable } from '../../../core/base/assert.ts';
import { type Clock, type Instant, SystemClock, type Timer } from '../../../core/base/clock.ts';
import { seconds } from '../../../core/base/duration.ts';
import { describeError, errorCode } from '../../../core/base/errors.ts';
import { type ThermosTask, taskFromJson } from '../config/task-instance.ts';
import type { ProcessStatus, RunnerHeader } from '../thrift/types.ts';
import { CheckpointPaths, isTaskId, logDirectory } from './checkpoint-paths.ts';
import { CheckpointReader, CheckpointWriter } from './checkpoint-stream.ts';
import { COORDINATOR, type CoordinatorOrder } from './coordinator.ts';
import { type RunnerEffect, type RunnerInput, RunnerMachine } from './machine/runner-machine.ts';
import { RunnerState } from './machine/runner-state.ts';
import { isProcessEnd, isTaskEnd } from './machine/states.ts';
import { RUNNER_EXIT } from './machine/task-report.ts';
import { ownProgram } from './own-program.ts';
import {
  descendants,
  hasWords,
  listProcesses,
  membersOf,
  processesAtHome,
  processOf,
  type SystemProcess,
  signalProcess,
} from './process-list.ts';
import { logSettings } from './process-log.ts';
import { RUNNER, type RunnerOptions, readRunnerOptions } from './runner-options.ts';
import { findUser, ownUser, type SystemUser } from './users.ts';

/** Streams are looked at when they change; and so often in case that nobody tells. */
const POLL_MS = seconds(5);
/** Looks for processes that begin while the others are being killed. */
const KILL_ROUNDS_MAX = 10;

/** Resolves with the exit code (spec thermos, section 4). */
export async function main(argv: readonly string[]): Promise<number> {
  const options = readRunnerOptions(argv);
  if (!options.ok) return refuse(options.error, RUNNER_EXIT.internalError);
  const { taskId, thermosJson, setuid } = options.value;
  if (!isTaskId(taskId)) return refuse(`'${taskId}' is no id`, RUNNER_EXIT.internalError);
  const json = readFileSync(thermosJson, 'utf8');
  const task = taskFromJson(json);
  if (!task.ok) return refuse(task.error, RUNNER_EXIT.invalidTask);
  const user = setuid === undefined ? ownUser() : findUser(setuid);
  if (user === undefined) return refuse(`unknown user '${setuid}'`, RUNNER_EXIT.unknownUser);
  try {
    const work = { task: task.value, json, user };
    return await new Runner(options.value, work, new SystemClock()).run();
  } catch (thrown) {
    return refuse(describeError(thrown), RUNNER_EXIT.internalError);
  }
}

function refuse(sentence: string, code: number): number {
  process.stderr.write(`${RUNNER}: ${sentence}\n`);
  return code;
}

interface RunnerWork {
  readonly task: ThermosTask;
  readonly json: string;
  readonly user: SystemUser;
}

class Runner {
  private readonly options: RunnerOptions;
  private readonly work: RunnerWork;
  private readonly clock: Clock;
  private readonly paths: CheckpointPaths;
  private readonly stream: CheckpointWriter;
  private readonly machine: RunnerMachine;
  private readonly readers = new Map<string, CheckpointReader>();
  /** Coordinators that this runner has started, by process; of the latest run. */
  private readonly children = new Map<string, ChildProcess>();
  private readonly finished = Promise.withResolvers<number>();
  private wake: { readonly at: Instant; readonly timer: Timer } | undefined;
  private poll: Timer | undefined;
  private watcher: FSWatcher | undefined;
  private isEnded = false;

  constructor(options: RunnerOptions, work: RunnerWork, clock: Clock) {
    this.options = options;
    this.work = work;
    this.clock = clock;
    this.paths = new CheckpointPaths(options.checkpointRoot);
    this.stream = new CheckpointWriter(this.paths.runner(options.taskId), 0);
    const state = new RunnerState();
    for (const record of this.stream.records) {
      const applied = state.apply(record);
      assert(applied.ok, `the stream of ${options.taskId}: ${applied.ok ? '' : applied.error}`);
    }
    const identity = { pid: process.pid, uid: work.user.uid };
    this.machine = new RunnerMachine(work.task, identity, state);
  }

  async run(): Promise<number> {
    if (isTaskEnd(this.machine.state.taskState)) {
      this.moveToFinished();
      return RUNNER_EXIT.taskHasEnded;
    }
    this.writeTask();
    // Before the header is written: whoever has read it may send signals.
    process.on('SIGUSR1', () => this.input({ kind: 'kill' }));
    process.on('SIGUSR2', () => this.input({ kind: 'lose' }));
    // An error would end the runner: the streams are looked at from time to time, too.
    this.watcher = watch(this.paths.checkpoints(this.options.taskId), () => this.collect());
    this.watcher.on('error', () => this.watcher?.close());
    this.input({ kind: 'started', header: this.header() });
    this.look();
    return await this.finished.promise;
  }

  private header(): RunnerHeader {
    const { sandbox, hostname, ports, taskId } = this.options;
    const { user } = this.work;
    return {
      task_id: taskId,
      launch_time_ms: Math.round(this.clock.now()),
      sandbox,
      hostname,
      user: user.name,
      ports,
      log_dir: this.logDir(),
      uid: user.uid,
    };
  }

  private logDir(): string {
    return this.machine.state.header?.log_dir ?? join(this.options.sandbox, '.logs');
  }

  private input(input: RunnerInput): void {
    if (this.isEnded) return;
    try {
      const effects = this.machine.handle(input, this.clock.now());
      for (const effect of effects) this.act(effect);
    } catch (thrown) {
      // A stream that cannot be written: whoever comes next finds what is there.
      this.finish(refuse(describeError(thrown), RUNNER_EXIT.internalError));
    }
  }

  private act(effect: RunnerEffect): void {
    switch (effect.kind) {
      case 'record':
        this.stream.append(effect.record);
        break;
      case 'launch':
        this.launch(effect);
        break;
      case 'terminate':
        this.terminate(effect.processes);
        break;
      case 'kill-all':
        this.killAll(effect.processes);
        break;
      case 'kill-process':
        this.killProcess(effect.status);
        break;
      case 'wake':
        this.wakeAt(effect.at);
        break;
      case 'ended':
        this.moveToFinished();
        this.finish(0);
        break;
      default:
        unreachable(effect);
    }
  }

  private launch({ process: name, run, seq }: Extract<RunnerEffect, { kind: 'launch' }>): void {
    const { taskId, sandbox, isChrooted, image, keepsEnvironment, log } = this.options;
    const found = this.work.task.processes.find((each) => each.name === name);
    assert(found !== undefined, `task ${taskId} has no process ${name}`);
    const order: CoordinatorOrder = {
      stream: this.paths.coordinator(taskId, name),
      process: name,
      seq,
      cmdline: found.cmdline,
      sandbox,
      logDirectory: logDirectory(this.logDir(), name, run),
      log: logSettings(found.logger, log),
      user: this.work.user,
      isChrooted,
      image,
      keepsEnvironment,
    };
    const [program = '', ...words] = ownProgram();
    const child = spawn(program, [...words, COORDINATOR, taskId, name, String(run)], {
      detached: true,
      stdio: ['pipe', 'inherit', 'inherit'],
    });
    this.children.set(name, child);
    // A coordinator that ends at once reads nothing.
    child.stdin?.on('error', () => {});
    child.stdin?.end(JSON.stringify(order));
    child.once('error', (thrown) => {
      process.stderr.write(`${RUNNER}: ${describeError(thrown)}\n`);
      this.coordinatorEnded(name, child);
    });
    child.once('exit', () => this.coordinatorEnded(name, child));
  }

  private coordinatorEnded(name: string, child: ChildProcess): void {
    this.read(name);
    if (this.children.get(name) !== child) return;
    this.children.delete(name);
    const latest = this.machine.state.latest(name);
    if (latest === undefined || isProcessEnd(latest.state)) return;
    if (latest.state !== 'WAITING' && this.hasCoordinator(latest)) return;
    this.input({ kind: 'coordinator-gone', process: name });
  }

  /** What all coordinators have written, in time. */
  private collect(): void {
    for (const name of this.machine.state.processes.keys()) this.read(name);
  }

  private read(name: string): void {
    if (this.isEnded) return;
    const { taskId } = this.options;
    const path = this.paths.coordinator(taskId, name);
    const reader = this.readers.get(name) ?? new CheckpointReader(path);
    this.readers.set(name, reader);
    const records = reader.read();
    if (!records.ok) process.stderr.write(`${RUNNER}: ${path}: ${records.error}\n`);
    for (const record of records.ok ? records.value : []) {
      if (!('process_status' in record)) continue;
      this.input({ kind: 'process', status: record.process_status });
    }
  }

  /** Coordinators of a runner before this one tell nobody when they end. */
  private look(): void {
    if (this.isEnded) return;
    const active = [...this.machine.state.processes].flatMap(([name, runs]) => {
      const latest = runs.at(-1);
      const isOpen = latest !== undefined && !isProcessEnd(latest.state);
      return isOpen && !this.children.has(name) ? [{ name, latest }] : [];
    });
    const gone = active.filter(({ latest }) => !this.hasCoordinator(latest));
    // After the look: what a coordinator wrote last is there now.
    this.collect();
    for (const { name, latest } of gone) {
      const isSame = this.machine.state.latest(name)?.seq === latest.seq;
      if (isSame) this.input({ kind: 'coordinator-gone', process: name });
    }
    this.poll = this.clock.setTimer(POLL_MS, () => this.look());
  }

  private hasCoordinator({ coordinator_pid: pid }: ProcessStatus): boolean {
    return pid !== undefined && hasWords(pid, [COORDINATOR, this.options.taskId]);
  }

  private terminate(processes: readonly ProcessStatus[]): void {
    const all = listProcesses();
    const below = processes.flatMap(({ pid }) => (pid === undefined ? [] : descendants(pid, all)));
    const kept = new Set(below.map((each) => each.pid));
    for (const { pid } of processes) if (pid !== undefined) signalProcess(pid, 'SIGTERM');
    for (const { pid } of this.ownProcesses()) {
      if (!kept.has(pid)) signalProcess(pid, 'SIGTERM');
    }
  }

  private killAll(processes: readonly ProcessStatus[]): void {
    for (const { process: name = '', state, coordinator_pid: pid } of processes) {
      if (state === 'WAITING') this.children.get(name)?.kill('SIGKILL');
      if (state === 'FORKED' && pid !== undefined) signalProcess(pid, 'SIGKILL');
    }
    const all = listProcesses();
    // A process may have given its children another HOME.
    let left = processes.flatMap(({ state, pid }) => {
      return state === 'RUNNING' && pid !== undefined ? descendants(pid, all) : [];
    });
    // One that is just becoming another program has no environment to show, but has its session.
    const sessions = new Set<number>();
    const ownSession = processOf(process.pid)?.session;
    for (let round = 0; round < KILL_ROUNDS_MAX; round += 1) {
      for (const { pid, session } of left) {
        signalProcess(pid, 'SIGKILL');
        if (session !== ownSession) sessions.add(session);
      }
      left = [...this.ownProcesses(), ...membersOf(sessions)];
      if (left.length === 0) return;
    }
  }

  private ownProcesses(): readonly SystemProcess[] {
    const { sandbox, image, taskId } = this.options;
    return processesAtHome(image?.sandbox ?? sandbox, taskId);
  }

  private killProcess({ pid, coordinator_pid: coordinator }: ProcessStatus): void {
    if (coordinator !== undefined && hasWords(coordinator, [COORDINATOR, this.options.taskId])) {
      signalProcess(coordinator, 'SIGKILL');
    }
    if (pid === undefined) return;
    const below = new Set(descendants(pid, listProcesses()).map((each) => each.pid));
    for (const each of this.ownProcesses()) {
      if (below.has(each.pid)) signalProcess(each.pid, 'SIGKILL');
    }
  }

  private wakeAt(at: Instant): void {
    if (this.wake !== undefined && this.wake.at <= at) return;
    this.wake?.timer.cancel();
    const timer = this.clock.setTimer(Math.max(0, at - this.clock.now()), () => {
      this.wake = undefined;
      this.input({ kind: 'woke' });
    });
    this.wake = { at, timer };
  }

  private writeTask(): void {
    const { taskId } = this.options;
    for (const kind of ['active', 'finished'] as const) {
      mkdirSync(this.paths.tasks(kind), { recursive: true });
    }
    const path = this.paths.task('active', taskId);
    // No reader may see half of it; readers skip names with a dot.
    const fresh = join(this.paths.tasks('active'), `.${taskId}`);
    writeFileSync(fresh, this.work.json);
    renameSync(fresh, path);
  }

  private moveToFinished(): void {
    const { taskId } = this.options;
    try {
      renameSync(this.paths.task('active', taskId), this.paths.task('finished', taskId));
    } catch (thrown) {
      // A runner before this one has moved it.
      if (errorCode(thrown) !== 'ENOENT') throw thrown;
    }
  }

  private finish(code: number): void {
    if (this.isEnded) return;
    this.isEnded = true;
    this.poll?.cancel();
    this.wake?.timer.cancel();
    this.watcher?.close();
    this.stream.close();
    this.finished.resolve(code);
  }
}
