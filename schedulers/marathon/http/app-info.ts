/** Apps with counts and tasks, as responses show them (spec marathon-rest, section 2; model, 10). */
import type { Instant } from '../../../core/base/clock.ts';
import { double, type JsonObject, RawJson, writeJson } from '../../../core/wire/json-text.ts';
import type { MarathonState, TaskFailure } from '../machine/state.ts';
import { type App, servicePortsOf } from '../model/app.ts';
import { appJson, plain, plainObject } from '../model/app-json.ts';
import {
  type Instance,
  type InstanceTask,
  isActive,
  isOutdated,
  roleOf,
  shownState,
  startedAtOf,
} from '../model/instance.ts';
import { isPod } from '../model/run-spec.ts';
import { formatTimestamp } from '../model/timestamp.ts';

export type Embed =
  | 'counts'
  | 'deployments'
  | 'tasks'
  | 'lastTaskFailure'
  | 'readiness'
  | 'taskStats';

const EMBEDS: ReadonlyMap<string, readonly Embed[]> = new Map(
  Object.entries<readonly Embed[]>({
    tasks: ['tasks', 'deployments'],
    counts: ['counts'],
    deployments: ['deployments'],
    readiness: ['readiness'],
    lastTaskFailure: ['lastTaskFailure'],
    failures: ['tasks', 'lastTaskFailure', 'deployments'],
    taskStats: ['taskStats'],
  }),
);

/** What the `embed` parameters ask for; unknown ones are ignored. */
export function parseEmbeds(values: readonly string[], prefixes: readonly string[]): Set<Embed> {
  const found = new Set<Embed>();
  for (const value of values) {
    const prefix = prefixes.find((each) => value.startsWith(each)) ?? '';
    for (const embed of EMBEDS.get(value.slice(prefix.length)) ?? []) found.add(embed);
  }
  return found;
}

/** An app with what is asked for. The text of its definition is made once: lists are long, and apps never change. */
export function appInfoJson(
  state: MarathonState,
  app: App,
  embeds: ReadonlySet<Embed>,
  now: Instant,
): RawJson {
  const definition = definitionText(app);
  const rest = writeJson(embeddedJson(state, app, embeds, now));
  const text = rest === '{}' ? definition : `${definition.slice(0, -1)},${rest.slice(1)}`;
  return new RawJson(text);
}

const definitions = new WeakMap<App, string>();

/** The app as JSON text, without what is asked for beside it. */
export function definitionText(app: App): string {
  const known = definitions.get(app);
  if (known !== undefined) return known;
  const text = writeJson(appJson(app, { versionInfo: true }));
  definitions.set(app, text);
  return text;
}

function embeddedJson(
  state: MarathonState,
  app: App,
  embeds: ReadonlySet<Embed>,
  now: Instant,
): JsonObject {
  const instances = embeds.size === 0 ? [] : state.instances.of(app.id);
  const failure = state.failures.get(app.id);
  return {
    ...(embeds.has('counts') ? countsJson(state, instances) : {}),
    ...(embeds.has('deployments')
      ? { deployments: state.deployments.of(app.id).map(({ plan }) => ({ id: plan.id })) }
      : {}),
    ...(embeds.has('readiness') ? { readinessCheckResults: readinessJson(state, instances) } : {}),
    ...(embeds.has('tasks')
      ? { tasks: instances.flatMap((instance) => taskJson(state, instance)) }
      : {}),
    ...(embeds.has('lastTaskFailure') && failure !== undefined
      ? { lastTaskFailure: failureJson(failure) }
      : {}),
    ...(embeds.has('taskStats') ? { tasksStats: taskStatsJson(state, app, instances, now) } : {}),
  };
}

interface Counts {
  readonly staged: number;
  readonly running: number;
  readonly healthy: number;
  readonly unhealthy: number;
}

function countsOf(state: MarathonState, instances: readonly Instance[]): Counts {
  let [staged, running, healthy, unhealthy] = [0, 0, 0, 0];
  for (const instance of instances) {
    if (!hasTask(instance)) continue;
    const mesosState = instance.tasks[0]?.state;
    if (mesosState === undefined || mesosState === 'TASK_STAGING') staged += 1;
    if (mesosState === 'TASK_RUNNING') running += 1;
    const health = state.health.isHealthy(instance);
    if (health === true) healthy += 1;
    if (health === false) unhealthy += 1;
  }
  return { staged, running, healthy, unhealthy };
}

function countsJson(state: MarathonState, instances: readonly Instance[]): JsonObject {
  const { staged, running, healthy, unhealthy } = countsOf(state, instances);
  return {
    tasksStaged: staged,
    tasksRunning: running,
    tasksHealthy: healthy,
    tasksUnhealthy: unhealthy,
  };
}

/** Scheduled instances have no task yet, or one that has ended; with a reservation it is shown. */
export function hasTask({ tasks, condition, reservation }: Instance): boolean {
  return tasks.length > 0 && (condition !== 'Scheduled' || reservation !== undefined);
}

export function localVolumesJson({ spec, reservation }: Instance): JsonObject[] {
  return (reservation?.volumes ?? []).map(({ containerPath, uuid, persistenceId }) => ({
    runSpecId: spec.id,
    containerPath,
    uuid,
    persistenceId,
  }));
}

/** The tasks of an instance; nothing for one that has none. */
export function taskJson(
  state: MarathonState,
  instance: Instance,
  options: { readonly withServicePorts?: boolean } = {},
): JsonObject[] {
  if (!hasTask(instance)) return [];
  const results = state.health.results(instance);
  const { spec } = instance;
  const active = isActive(instance.condition);
  const servicePorts =
    options.withServicePorts === true && !isPod(spec) ? servicePortsOf(spec) : [];
  return instance.tasks.map(
    (task): JsonObject => ({
      appId: spec.id,
      healthCheckResults: results.flatMap((result) =>
        result === undefined ? [] : [healthResultJson(instance, result)],
      ),
      checkResult: checkResultJson(task),
      host: instance.agent?.host ?? '',
      id: task.id,
      ipAddresses: task.ipAddresses.map(plainObject),
      ports: active ? task.hostPorts : [],
      servicePorts,
      slaveId: instance.agent?.agentId,
      state: shownState(instance, task),
      stagedAt: active ? formatTimestamp(task.stagedAt) : undefined,
      startedAt:
        !active || task.startedAt === undefined ? undefined : formatTimestamp(task.startedAt),
      version: active ? spec.version : undefined,
      localVolumes: localVolumesJson(instance),
      region: instance.agent?.region,
      zone: instance.agent?.zone,
      role: roleOf(instance),
    }),
  );
}

type HealthResult = NonNullable<ReturnType<MarathonState['health']['results']>[number]>;

function healthResultJson(instance: Instance, result: HealthResult): JsonObject {
  const at = (instant: Instant | undefined): string | undefined =>
    instant === undefined ? undefined : formatTimestamp(instant);
  return {
    alive: result.alive,
    consecutiveFailures: result.consecutiveFailures,
    firstSuccess: at(result.firstSuccess),
    lastFailure: at(result.lastFailure),
    lastSuccess: at(result.lastSuccess),
    lastFailureCause: result.lastFailureCause,
    instanceId: instance.id,
  };
}

function checkResultJson(task: InstanceTask): JsonObject | undefined {
  const status = task.checkStatus;
  if (status === undefined) return undefined;
  return {
    http: status.http === undefined ? undefined : { statusCode: status.http.status_code },
    tcp: status.tcp === undefined ? undefined : { succeeded: status.tcp.succeeded },
    command: status.command === undefined ? undefined : { exitCode: status.command.exit_code },
  };
}

function failureJson(failure: TaskFailure): JsonObject {
  return plainObject(failure);
}

function readinessJson(state: MarathonState, instances: readonly Instance[]): JsonObject[] {
  return instances.flatMap((instance) => {
    const result = state.health.readiness(instance);
    return result === undefined ? [] : [plainObject(result)];
  });
}

function taskStatsJson(
  state: MarathonState,
  app: App,
  instances: readonly Instance[],
  now: Instant,
): JsonObject {
  const tasks = instances.filter(hasTask);
  const scaledAt = app.versionInfo.lastScalingAt;
  const groups = {
    startedAfterLastScaling: tasks.filter(
      ({ tasks: [task] }) => formatTimestamp(task?.stagedAt ?? 0) >= scaledAt,
    ),
    withLatestConfig: tasks.filter((instance) => !isOutdated(instance, app)),
    withOutdatedConfig: tasks.filter((instance) => isOutdated(instance, app)),
    totalSummary: tasks,
  };
  return Object.fromEntries(
    Object.entries(groups)
      .filter(([, group]) => group.length > 0)
      .map(([name, group]) => [name, statsJson(state, group, now)]),
  );
}

function statsJson(state: MarathonState, group: readonly Instance[], now: Instant): JsonObject {
  const ages = group
    .flatMap((instance) => startedAtOf(instance) ?? [])
    .map((startedAt) => (now - startedAt) / 1_000)
    .sort((a, b) => a - b);
  const average = ages.reduce((sum, age) => sum + age, 0) / ages.length;
  const median = ages[Math.floor(ages.length / 2)] ?? 0;
  const lifeTime =
    ages.length === 0
      ? undefined
      : { averageSeconds: double(average), medianSeconds: double(median) };
  return { stats: { counts: plain(countsOf(state, group)), lifeTime } };
}
