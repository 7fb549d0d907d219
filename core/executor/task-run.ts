/**
 * One task in a hosted executor, from start to terminal update: the machine behind the command
 * executor and each task of the default executor (spec executor-api, sections 12, 13, 16).
 *
 * Its whole state is one JSON value, written to disk by the launcher, so that a new launcher goes
 * on where a dead one stopped.
 */
import type { Instant } from '../base/clock.ts';
import type { DurationMs } from '../base/duration.ts';
import type { Random } from '../base/random.ts';
import type {
  CheckStatusInfo,
  NetworkInfo,
  TaskState,
  TaskStatusReason,
} from '../wire/types/mesos.v1.ts';
import type { HostedTask, HostedUpdate } from './hosted.ts';
import { describeStatus, exitCodeOf, NO_PROCESS, type WaitStatus } from './wait-status.ts';

export type ProbeKind = 'health' | 'check';

/** What came of one run of a probe; `undefined` values mean it could not be completed. */
export type ProbeResult =
  | { readonly type: 'COMMAND'; readonly exitCode: number | undefined }
  | { readonly type: 'HTTP'; readonly statusCode: number | undefined }
  | { readonly type: 'TCP'; readonly succeeded: boolean | undefined };

export type RunEffect =
  | { readonly kind: 'update'; readonly update: HostedUpdate }
  | { readonly kind: 'spawn' }
  /** To the whole tree of the task's processes; `graceMs` goes with SIGTERM. */
  | {
      readonly kind: 'signal';
      readonly signal: 'SIGTERM' | 'SIGKILL';
      readonly graceMs: DurationMs;
    }
  | { readonly kind: 'probe'; readonly probe: ProbeKind }
  /** The terminal update has been given. */
  | { readonly kind: 'ended'; readonly state: TaskState; readonly byHealth: boolean };

export type HostedKind = 'command' | 'group' | 'docker';

export interface RunOptions {
  readonly kind: HostedKind;
  readonly sendsKilling: boolean;
}

type Phase = 'new' | 'starting' | 'running' | 'killing' | 'ended';

interface Kill {
  readonly since: Instant;
  readonly cause: 'request' | 'health' | 'completion';
  /** When SIGKILL follows; undefined once it was sent. */
  deadline: Instant | undefined;
}

interface ProbeState {
  /** When the next run starts; undefined while one runs. */
  nextAt: Instant | undefined;
}

export interface RunState {
  phase: Phase;
  pid: number | undefined;
  launchedAt: Instant;
  kill: Kill | undefined;
  completionAt: Instant | undefined;
  health: (ProbeState & { failures: number; everHealthy: boolean }) | undefined;
  check: ProbeState | undefined;
  /** Of a container with a network of its own. */
  networkInfos?: readonly NetworkInfo[] | undefined;
  /** The newest update's content, which probe updates repeat. */
  last: Pick<HostedUpdate, 'state' | 'message' | 'reason' | 'healthy' | 'checkStatus'> | undefined;
}

export function newRunState(): RunState {
  return {
    phase: 'new',
    pid: undefined,
    launchedAt: 0,
    kill: undefined,
    completionAt: undefined,
    health: undefined,
    check: undefined,
    last: undefined,
  };
}

/** What the engine says of a container that has started. */
export interface StartedContainer {
  /** Undefined when it has ended already. */
  readonly pid: number | undefined;
  readonly data: string;
  readonly networkInfos: readonly NetworkInfo[];
}

interface StatusFields {
  readonly state: TaskState;
  readonly data?: string;
  readonly message?: string;
  readonly reason?: TaskStatusReason;
  readonly healthy?: boolean;
  readonly checkStatus?: CheckStatusInfo;
}

const WORDS: Readonly<Record<HostedKind, { readonly subject: string; readonly unknown: string }>> =
  {
    command: { subject: 'Command', unknown: 'Failed to get exit status for Command' },
    group: { subject: 'Command', unknown: 'Command terminated with unknown status' },
    docker: { subject: 'Container', unknown: 'Failed to get exit status of container' },
  };

export class TaskRun {
  readonly task: HostedTask;
  readonly state: RunState;
  private readonly options: RunOptions;
  private readonly random: Random;
  private effects: RunEffect[] = [];

  constructor(task: HostedTask, state: RunState, options: RunOptions, random: Random) {
    this.task = task;
    this.state = state;
    this.options = options;
    this.random = random;
  }

  get isEnded(): boolean {
    return this.state.phase === 'ended';
  }

  /** To be started; whether it was, its launcher knows. */
  get isStarting(): boolean {
    return this.state.phase === 'starting';
  }

  get isKilling(): boolean {
    return this.state.kill !== undefined;
  }

  /** The next moment `woke` is wanted. */
  nextWake(): Instant | undefined {
    const { kill, completionAt, health, check, phase } = this.state;
    if (phase === 'ended' || phase === 'new') return undefined;
    const all = [kill?.deadline, completionAt, health?.nextAt, check?.nextAt];
    return all.reduce((a, b) => (a === undefined ? b : b === undefined ? a : Math.min(a, b)));
  }

  launch(now: Instant): readonly RunEffect[] {
    if (this.state.phase !== 'new') return [];
    this.state.phase = 'starting';
    this.state.launchedAt = now;
    this.update({ state: 'TASK_STARTING' }, now);
    if (this.options.kind === 'docker') this.limitCompletion(now);
    this.effects.push({ kind: 'spawn' });
    return this.take();
  }

  /** Its container, or another of its group, could not be made: it ends without a process. */
  giveUp(now: Instant): readonly RunEffect[] {
    if (this.state.phase !== 'new') return [];
    const { refusal } = this.task;
    this.update({ state: 'TASK_STARTING' }, now);
    const state = refusal === undefined ? 'TASK_KILLED' : 'TASK_FAILED';
    this.update(refusal === undefined ? { state } : { state, message: refusal }, now);
    this.state.phase = 'ended';
    this.effects.push({ kind: 'ended', state, byHealth: false });
    return this.take();
  }

  /** The Docker container has started: only now its task runs. */
  started(container: StartedContainer, now: Instant): readonly RunEffect[] {
    const { phase } = this.state;
    if (phase !== 'starting' && phase !== 'killing') return [];
    if (this.state.pid !== undefined) return [];
    this.state.pid = container.pid;
    this.state.networkInfos = container.networkInfos;
    // Nobody wants to hear that a killed task runs.
    if (phase === 'killing') return [];
    this.state.phase = 'running';
    this.update({ state: 'TASK_RUNNING', data: container.data }, now);
    this.startChecks(now);
    return this.take();
  }

  /** It could not be run at all. */
  failed(message: string, now: Instant): readonly RunEffect[] {
    if (this.state.phase === 'ended' || this.state.phase === 'new') return [];
    this.finish({ state: 'TASK_FAILED', message }, now);
    return this.take();
  }

  /** The process exists, or could not be made: then it counts as one that exited with status 1. */
  spawned(pid: number | undefined, now: Instant): readonly RunEffect[] {
    const { phase } = this.state;
    if (phase !== 'starting' && phase !== 'killing') return [];
    this.state.pid = pid;
    if (phase === 'starting') this.becomeRunning(now);
    if (pid === undefined) {
      this.end(1 << 8, now);
      return this.take();
    }
    // The signal went to it when it was born.
    if (phase === 'killing') return this.take();
    this.limitCompletion(now);
    this.startChecks(now);
    return this.take();
  }

  private becomeRunning(now: Instant): void {
    this.state.phase = 'running';
    // In the record of an older launcher it stands only now.
    if (this.state.last === undefined) this.update({ state: 'TASK_STARTING' }, now);
    this.update({ state: 'TASK_RUNNING' }, now);
  }

  private limitCompletion(now: Instant): void {
    const { maxCompletionMs } = this.task;
    if (maxCompletionMs > 0) this.state.completionAt = now + maxCompletionMs;
  }

  private startChecks(now: Instant): void {
    const { healthCheck, check } = this.task;
    if (healthCheck !== undefined) {
      this.state.health = { nextAt: now + healthCheck.delayMs, failures: 0, everHealthy: false };
    }
    if (check !== undefined) this.state.check = { nextAt: now + check.delayMs };
  }

  exited(status: WaitStatus, now: Instant): readonly RunEffect[] {
    if (this.state.phase === 'ended' || this.state.phase === 'new') return [];
    if (this.state.phase === 'starting' && this.options.kind !== 'docker') this.becomeRunning(now);
    this.end(status, now);
    return this.take();
  }

  /** A KILL; a later one may only shorten the time left (command executor), or is ignored (group). */
  kill(graceMs: DurationMs | undefined, now: Instant): readonly RunEffect[] {
    const grace = graceMs ?? this.task.killGraceMs;
    if (this.state.phase === 'ended' || this.state.phase === 'new') return [];
    const { kill } = this.state;
    if (kill === undefined) {
      this.startKill('request', grace, now);
      return this.take();
    }
    if (this.options.kind === 'docker') {
      // The engine may not have done it: it is asked again.
      this.effects.push({ kind: 'signal', signal: 'SIGTERM', graceMs: grace });
      return this.take();
    }
    if (this.options.kind === 'group' || kill.deadline === undefined) return [];
    const deadline = kill.since + grace;
    if (deadline < kill.deadline) kill.deadline = deadline;
    this.escalate(now);
    return this.take();
  }

  woke(now: Instant): readonly RunEffect[] {
    const { state } = this;
    if (state.phase === 'ended' || state.phase === 'new') return [];
    if (state.completionAt !== undefined && now >= state.completionAt) {
      this.startKill('completion', 0, now);
    }
    this.escalate(now);
    this.startProbe('health', state.health, now);
    this.startProbe('check', state.check, now);
    return this.take();
  }

  probed(kind: ProbeKind, result: ProbeResult, now: Instant): readonly RunEffect[] {
    if (this.state.phase !== 'running') return [];
    if (kind === 'health') this.healthChecked(result, now);
    else this.checked(result, now);
    return this.take();
  }

  /** A probe that gives no information, for instance because it was itself killed. */
  probeSkipped(kind: ProbeKind, now: Instant): void {
    const probe = kind === 'health' ? this.task.healthCheck : this.task.check;
    const running = kind === 'health' ? this.state.health : this.state.check;
    if (running !== undefined && probe !== undefined) running.nextAt = now + probe.intervalMs;
  }

  /** What its dead launcher had decided and may not have done any more: it is done again. */
  resumeKill(now: Instant): readonly RunEffect[] {
    const { kill, phase } = this.state;
    if (kill === undefined || phase !== 'killing') return [];
    const { deadline } = kill;
    const graceMs = deadline === undefined ? 0 : Math.max(0, deadline - now);
    const signal = deadline === undefined ? 'SIGKILL' : 'SIGTERM';
    this.effects.push({ kind: 'signal', signal, graceMs });
    return this.take();
  }

  resumeProbes(now: Instant): void {
    for (const kind of ['health', 'check'] as const) {
      const state = kind === 'health' ? this.state.health : this.state.check;
      if (state !== undefined && state.nextAt === undefined) this.probeSkipped(kind, now);
    }
  }

  private startKill(cause: Kill['cause'], graceMs: DurationMs, now: Instant): void {
    if (this.state.kill !== undefined) return;
    this.state.phase = 'killing';
    this.state.completionAt = undefined;
    this.state.health = undefined;
    this.state.check = undefined;
    // Docker's engine kills by itself when the grace period is over.
    const deadline = this.options.kind === 'docker' ? undefined : now + graceMs;
    this.state.kill = { since: now, cause, deadline };
    if (this.options.sendsKilling && cause !== 'completion') {
      this.update({ state: 'TASK_KILLING' }, now);
    }
    this.effects.push({ kind: 'signal', signal: 'SIGTERM', graceMs });
    this.escalate(now);
  }

  private escalate(now: Instant): void {
    const { kill } = this.state;
    if (kill?.deadline === undefined || now < kill.deadline) return;
    kill.deadline = undefined;
    this.effects.push({ kind: 'signal', signal: 'SIGKILL', graceMs: 0 });
  }

  private startProbe(probe: ProbeKind, running: ProbeState | undefined, now: Instant): void {
    if (running?.nextAt === undefined || now < running.nextAt) return;
    running.nextAt = undefined;
    this.effects.push({ kind: 'probe', probe });
  }

  private healthChecked(result: ProbeResult, now: Instant): void {
    const { health } = this.state;
    const { healthCheck } = this.task;
    if (health === undefined || healthCheck === undefined) return;
    health.nextAt = now + healthCheck.intervalMs;
    const reason = 'REASON_TASK_HEALTH_CHECK_STATUS_UPDATED';
    if (isHealthy(result)) {
      const changed = !health.everHealthy || health.failures > 0;
      health.everHealthy = true;
      health.failures = 0;
      if (changed) this.repeat({ healthy: true, reason }, now);
      return;
    }
    const inGrace = now < this.state.launchedAt + healthCheck.gracePeriodMs;
    if (!health.everHealthy && health.failures === 0 && inGrace) return;
    health.failures += 1;
    this.repeat({ healthy: false, reason }, now);
    if (health.failures >= healthCheck.consecutiveFailures) {
      this.startKill('health', this.task.killGraceMs, now);
    }
  }

  private checked(result: ProbeResult, now: Instant): void {
    const { check } = this.state;
    if (check === undefined || this.task.check === undefined) return;
    check.nextAt = now + this.task.check.intervalMs;
    const checkStatus = checkStatusOf(result);
    if (JSON.stringify(checkStatus) === JSON.stringify(this.state.last?.checkStatus)) return;
    this.repeat({ checkStatus, reason: 'REASON_TASK_CHECK_STATUS_UPDATED' }, now);
  }

  private end(status: WaitStatus, now: Instant): void {
    this.finish(this.terminalFields(status), now);
  }

  private finish(fields: StatusFields, now: Instant): void {
    const { kill } = this.state;
    this.update(fields, now);
    this.state.phase = 'ended';
    this.state.health = undefined;
    this.state.check = undefined;
    this.state.completionAt = undefined;
    this.effects.push({ kind: 'ended', state: fields.state, byHealth: kill?.cause === 'health' });
  }

  private terminalFields(status: WaitStatus): StatusFields {
    const { kill } = this.state;
    const healthy = kill?.cause === 'health' ? { healthy: false } : {};
    const words = WORDS[this.options.kind];
    if (status === NO_PROCESS && this.options.kind === 'group') {
      // As the answer 404 to a wait for the task's container (spec executor-api, section 13).
      if (kill !== undefined) return { state: 'TASK_KILLED', ...healthy };
      const message = "Unable to retrieve command's termination information";
      return { state: 'TASK_FAILED', message, ...healthy };
    }
    if (status < 0) {
      return { state: 'TASK_FAILED', message: words.unknown, ...healthy };
    }
    const message = `${words.subject} ${describeStatus(status)}`;
    if (kill?.cause === 'completion') {
      return { state: 'TASK_FAILED', reason: 'REASON_MAX_COMPLETION_TIME_REACHED', message };
    }
    if (kill !== undefined) return { state: 'TASK_KILLED', message, ...healthy };
    return { state: exitCodeOf(status) === 0 ? 'TASK_FINISHED' : 'TASK_FAILED', message };
  }

  /** A status from scratch; a configured check shows as an empty result. */
  private update(fields: StatusFields, now: Instant): void {
    const { check } = this.task;
    const empty = check === undefined ? {} : { checkStatus: emptyCheckStatus(check.type) };
    this.emit({ ...empty, ...fields }, now);
  }

  /** The last status again, with something new about it. */
  private repeat(fields: Omit<StatusFields, 'state'>, now: Instant): void {
    const { last } = this.state;
    if (last === undefined) return;
    this.emit({ ...last, ...fields }, now);
  }

  private emit(fields: StatusFields, now: Instant): void {
    const { data: _data, ...last } = fields;
    this.state.last = last;
    const { nestedId, taskId } = this.task;
    const { networkInfos } = this.state;
    this.effects.push({
      kind: 'update',
      update: {
        taskId,
        ...fields,
        timestamp: now / 1000,
        uuid: this.random.uuid(),
        ...(nestedId === undefined ? {} : { nestedId }),
        ...(this.state.pid === undefined ? {} : { pid: this.state.pid }),
        ...(networkInfos === undefined ? {} : { networkInfos }),
      },
    });
  }

  private take(): readonly RunEffect[] {
    const taken = this.effects;
    this.effects = [];
    return taken;
  }
}

function isHealthy(result: ProbeResult): boolean {
  switch (result.type) {
    case 'COMMAND':
      return result.exitCode === 0;
    case 'HTTP':
      return result.statusCode !== undefined && result.statusCode >= 200 && result.statusCode < 400;
    case 'TCP':
      return result.succeeded === true;
  }
}

function emptyCheckStatus(type: ProbeResult['type']): CheckStatusInfo {
  if (type === 'COMMAND') return { type, command: {} };
  return type === 'HTTP' ? { type, http: {} } : { type, tcp: {} };
}

function checkStatusOf(result: ProbeResult): CheckStatusInfo {
  switch (result.type) {
    case 'COMMAND':
      return result.exitCode === undefined
        ? emptyCheckStatus('COMMAND')
        : { type: 'COMMAND', command: { exit_code: result.exitCode } };
    case 'HTTP':
      return result.statusCode === undefined
        ? emptyCheckStatus('HTTP')
        : { type: 'HTTP', http: { status_code: result.statusCode } };
    case 'TCP':
      return result.succeeded === undefined
        ? emptyCheckStatus('TCP')
        : { type: 'TCP', tcp: { succeeded: result.succeeded } };
  }
}
