/**
 * Health checks and readiness checks (spec marathon-behaviour, section 6). The machine says which
 * probe is due; the shell connects and reports; here is decided what a result means.
 */
import type { Instant } from '../../../core/base/clock.ts';
import { seconds } from '../../../core/base/duration.ts';
import {
  type App,
  type AppHealthCheck,
  isRunByMarathon,
  type ReadinessCheck,
  usesHostNetworking,
} from '../model/app.ts';
import { type Instance, startedAtOf } from '../model/instance.ts';
import type { PathId } from '../model/path-id.ts';
import { healthChecksOf, isApp, type RunSpec, readinessChecksOf } from '../model/run-spec.ts';
import type { Version } from '../model/timestamp.ts';
import { type ProbeKey, type ProbeTarget, probeUrl } from './effects.ts';
import { failedHealthCheckEvent, marathonEvent } from './events.ts';
import type { CheckResult, ReadinessResult } from './health-book.ts';
import { requestKill } from './instances.ts';
import { recordTaskFailure } from './task-failures.ts';
import type { Turn } from './turn.ts';

/** The first run of a check comes at the latest after this time. */
const FIRST_RUN_MAX_MS = seconds(5);

export interface ProbeOutcome {
  readonly succeeded: boolean;
  /** Why it failed: a status line or the text of an error. */
  readonly cause?: string | undefined;
  readonly response?:
    | { readonly status: number; readonly contentType: string; readonly body: string }
    | undefined;
}

/** When each check of each running version is due next. */
export class ProbeSchedule {
  private readonly due = new Map<string, { app: App; index: number; at: Instant }>();
  private readonly inFlight = new Set<string>();

  get inFlightCount(): number {
    return this.inFlight.size;
  }

  /** Begins the checks of a version that is not known yet. */
  ensure(app: RunSpec, now: Instant): void {
    if (!isApp(app)) return;
    app.healthChecks.forEach((check, index) => {
      const key = scheduleKey(app.id, app.version, index);
      if (!isRunByMarathon(check) || this.due.has(key)) return;
      const firstMs = Math.min(seconds(check.intervalSeconds), FIRST_RUN_MAX_MS);
      this.due.set(key, { app, index, at: now + firstMs });
    });
  }

  forget(id: PathId): void {
    for (const [key, { app }] of this.due) if (app.id === id) this.due.delete(key);
  }

  hasVersions(id: PathId): boolean {
    return [...this.due.values()].some(({ app }) => app.id === id);
  }

  start(key: ProbeKey): boolean {
    const name = `${key.purpose} ${key.taskId} ${key.index}`;
    if (this.inFlight.has(name)) return false;
    this.inFlight.add(name);
    return true;
  }

  finish(key: ProbeKey): void {
    this.inFlight.delete(`${key.purpose} ${key.taskId} ${key.index}`);
  }

  /** Takes the checks that are due and sets their next time. */
  takeDue(now: Instant): readonly { readonly app: App; readonly index: number }[] {
    const taken: { readonly app: App; readonly index: number }[] = [];
    for (const [key, entry] of this.due) {
      if (entry.at > now) continue;
      taken.push(entry);
      const intervalMs = seconds(entry.app.healthChecks[entry.index]?.intervalSeconds ?? 60);
      this.due.set(key, { ...entry, at: now + Math.max(intervalMs, 1) });
    }
    return taken;
  }

  nextAt(): Instant | undefined {
    let next: Instant | undefined;
    for (const { at } of this.due.values()) next = Math.min(next ?? at, at);
    return next;
  }

  drop(app: App): void {
    for (let index = 0; index < app.healthChecks.length; index += 1) {
      this.due.delete(scheduleKey(app.id, app.version, index));
    }
  }
}

function scheduleKey(id: PathId, version: Version, index: number): string {
  return `${id} ${version} ${index}`;
}

/** Sends the probes that are due. */
export function runProbes(turn: Turn, schedule: ProbeSchedule): void {
  for (const { app, index } of schedule.takeDue(turn.now)) {
    const instances = turn.state.instances
      .of(app.id)
      .filter((instance) => instance.spec.version === app.version);
    // The version runs no more: its checks end with it.
    if (instances.length === 0 && turn.state.spec(app.id)?.version !== app.version) {
      schedule.drop(app);
    }
    for (const instance of instances) probe(turn, schedule, instance, index);
  }
  const at = schedule.nextAt();
  if (at !== undefined) turn.act({ kind: 'wake', at });
}

function probe(turn: Turn, schedule: ProbeSchedule, instance: Instance, index: number): void {
  const check = healthChecksOf(instance.spec)[index];
  const [task] = instance.tasks;
  if (instance.condition !== 'Running' || check === undefined || task === undefined) return;
  if (schedule.inFlightCount >= turn.settings.healthChecksConcurrentMax) return;
  const target = healthTarget(instance, check);
  if (target === undefined) return;
  const key: ProbeKey = {
    purpose: 'health',
    instanceId: instance.id,
    taskId: task.id,
    index,
  };
  if (schedule.start(key)) turn.act({ kind: 'probe', key, target });
}

function healthTarget(instance: Instance, check: AppHealthCheck): ProbeTarget | undefined {
  const address = addressOf(instance, check.portIndex ?? 0, check.port);
  if (address === undefined) return undefined;
  const kinds = { HTTP: 'http', HTTPS: 'https', TCP: 'tcp' } as const;
  const { protocol } = check;
  if (protocol !== 'HTTP' && protocol !== 'HTTPS' && protocol !== 'TCP') return undefined;
  return {
    kind: kinds[protocol],
    ...address,
    path: check.path ?? '/',
    timeoutMs: seconds(check.timeoutSeconds),
  };
}

/** Where the instance is reached: its own address in a container network, else the agent's. */
function addressOf(
  instance: Instance,
  portIndex: number,
  explicit: number | undefined,
): { readonly host: string; readonly port: number } | undefined {
  const host = instance.agent?.host;
  const [task] = instance.tasks;
  const { spec } = instance;
  if (host === undefined || task === undefined || !isApp(spec)) return undefined;
  if (usesHostNetworking(spec)) {
    const port = explicit ?? task.hostPorts[portIndex];
    return port === undefined ? undefined : { host, port };
  }
  const mappings = spec.container?.portMappings ?? [];
  const mapping = mappings[portIndex];
  if (explicit === undefined && mapping?.hostPort !== undefined) {
    const position = mappings.slice(0, portIndex).filter((each) => each.hostPort !== undefined);
    const port = task.hostPorts[position.length];
    return port === undefined ? undefined : { host, port };
  }
  const address = task.ipAddresses[0]?.ipAddress;
  const port = explicit ?? mapping?.containerPort;
  return address === undefined || port === undefined ? undefined : { host: address, port };
}

/** Readiness probes of instances that a deployment waits for. */
export function runReadiness(turn: Turn, instances: readonly Instance[]): void {
  for (const instance of instances) {
    const check = readinessChecksOf(instance.spec)[0];
    const book = turn.state.health;
    if (check === undefined || instance.condition !== 'Running') continue;
    const [task] = instance.tasks;
    if (task === undefined || book.readiness(instance)?.ready === true) continue;
    const at = book.nextReadinessAt(instance);
    if (at === undefined) continue;
    if (at > turn.now) {
      turn.act({ kind: 'wake', at });
      continue;
    }
    const target = readinessTarget(instance, check);
    if (target === undefined) continue;
    book.startReadiness(instance);
    const { id } = instance;
    const key: ProbeKey = { purpose: 'readiness', instanceId: id, taskId: task.id, index: 0 };
    turn.act({ kind: 'probe', key, target });
  }
}

function readinessTarget(instance: Instance, check: ReadinessCheck): ProbeTarget | undefined {
  const { spec } = instance;
  if (!isApp(spec)) return undefined;
  const names = usesHostNetworking(spec)
    ? (spec.portDefinitions ?? []).map(({ name }) => name)
    : (spec.container?.portMappings ?? []).map(({ name }) => name);
  const index = names.indexOf(check.portName);
  const address = index === -1 ? undefined : addressOf(instance, index, undefined);
  if (address === undefined) return undefined;
  return {
    kind: check.protocol === 'HTTPS' ? 'https' : 'http',
    ...address,
    path: check.path,
    timeoutMs: seconds(check.timeoutSeconds),
  };
}

/** A probe has come back. */
export function handleProbe(turn: Turn, key: ProbeKey, outcome: ProbeOutcome): void {
  const instance = turn.state.instances.get(key.instanceId);
  if (instance === undefined || instance.tasks[0]?.id !== key.taskId) return;
  if (key.purpose === 'health') {
    recordHealth(turn, instance, key.index, outcome.succeeded, outcome.cause);
    return;
  }
  const check = readinessChecksOf(instance.spec)[key.index];
  if (check === undefined) return;
  const { response } = outcome;
  const ready = response !== undefined && check.httpStatusCodesForReady.includes(response.status);
  const shown = response ?? noAnswer(readinessTarget(instance, check), outcome.cause);
  const result: ReadinessResult = {
    name: check.name,
    taskId: key.taskId,
    ready,
    lastResponse: check.preserveLastResponse ? shown : undefined,
  };
  const nextAt = turn.now + seconds(check.intervalSeconds);
  turn.state.health.recordReadiness(instance, result, nextAt);
  turn.touch(instance.spec.id);
}

/** What is shown in place of a response that never came, in the original's words. */
function noAnswer(
  target: ProbeTarget | undefined,
  cause: string | undefined,
): ReadinessResult['lastResponse'] {
  const url = target === undefined ? '' : probeUrl(target);
  const body = `Marathon could not query ${url}: ${cause ?? ''}`;
  return { status: 504, contentType: 'text/plain', body };
}

/** One more result of a check, be it Marathon's own or the agent's. */
export function recordHealth(
  turn: Turn,
  instance: Instance,
  index: number,
  succeeded: boolean,
  cause: string | undefined,
): void {
  const { state, now } = turn;
  const check = healthChecksOf(instance.spec)[index];
  if (check === undefined) return;
  const before = state.health.results(instance)[index];
  const wasHealthy = state.health.isHealthy(instance);
  const after = succeeded
    ? successAfter(before, now)
    : failureAfter(turn, instance, check, before, cause);
  if (after === undefined) return;
  state.health.record(instance, index, after);
  const { id: instanceId, spec } = instance;
  if (before?.alive !== after.alive) {
    const members = { appId: spec.id, instanceId, version: spec.version, alive: after.alive };
    turn.publish(marathonEvent('health_status_changed_event', now, members));
  }
  tellChangedHealth(turn, instance, wasHealthy);
}

/** What counts as healthy is looked at anew by deployments. */
export function tellChangedHealth(
  turn: Turn,
  instance: Instance,
  wasHealthy: boolean | undefined,
): void {
  const healthy = turn.state.health.isHealthy(instance);
  if (healthy === wasHealthy) return;
  const { id: instanceId, spec } = instance;
  turn.publish(
    marathonEvent('instance_health_changed_event', turn.now, {
      instanceId,
      runSpecId: spec.id,
      healthy: healthy ?? null,
      runSpecVersion: spec.version,
    }),
  );
  turn.touch(spec.id);
}

function successAfter(before: CheckResult | undefined, now: Instant): CheckResult {
  return {
    ...before,
    alive: true,
    consecutiveFailures: 0,
    firstSuccess: before?.firstSuccess ?? now,
    lastSuccess: now,
  };
}

/** Undefined when the failure does not count: not running, or still in the grace period. */
function failureAfter(
  turn: Turn,
  instance: Instance,
  check: AppHealthCheck,
  before: CheckResult | undefined,
  cause: string | undefined,
): CheckResult | undefined {
  if (instance.condition !== 'Running') return undefined;
  const startedAt = startedAtOf(instance) ?? instance.since;
  const graceEnd = startedAt + seconds(check.gracePeriodSeconds);
  if (before?.firstSuccess === undefined && graceEnd > turn.now) return undefined;
  const failures = before?.consecutiveFailures ?? 0;
  turn.publish(failedHealthCheckEvent(instance, check, turn.now));
  // Compared before it is counted, as the original does: 3 allowed failures kill at the 4th.
  if (check.maxConsecutiveFailures > 0 && failures >= check.maxConsecutiveFailures) {
    killUnhealthy(turn, instance, cause);
  }
  return {
    ...before,
    alive: false,
    consecutiveFailures: failures + 1,
    lastFailure: turn.now,
    lastFailureCause: cause ?? '',
  };
}

function killUnhealthy(turn: Turn, instance: Instance, cause: string | undefined): void {
  if (turn.state.kills.has(instance.id)) return;
  turn.publish(
    marathonEvent('unhealthy_instance_kill_event', turn.now, {
      appId: instance.spec.id,
      taskId: instance.tasks[0]?.id,
      instanceId: instance.id,
      version: instance.spec.version,
      reason: cause ?? 'unknown',
      host: instance.agent?.host,
      slaveId: instance.agent?.agentId,
    }),
  );
  const taskId = instance.tasks[0]?.id ?? '';
  const message = `Task was killed since health check failed. Reason: ${cause ?? 'unknown'}`;
  recordTaskFailure(turn, instance, { taskId, state: 'TASK_KILLED', message });
  turn.because({ by: 'health-check', reason: cause ?? '' }, () => requestKill(turn, instance));
}
