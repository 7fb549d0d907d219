/** What the pages show, read from the API's documents. Pure. */
import {
  type Json,
  numberIn,
  recordIn,
  recordsIn,
  textIn,
  textOrNone,
} from '../../../core/webui/kit/reading.ts';

export interface InstanceRow {
  readonly id: string;
  readonly appId: string;
  readonly host: string;
  readonly agentId: string;
  readonly ports: readonly number[];
  readonly addresses: readonly string[];
  readonly state: string;
  readonly health: 'healthy' | 'unhealthy' | 'unknown';
  readonly version: string;
  readonly stagedAt: number | undefined;
  readonly startedAt: number | undefined;
}

const timeIn = (json: Json, key: string): number | undefined => {
  const text = textOrNone(json, key);
  return text === undefined ? undefined : Date.parse(text);
};

export function instanceRow(json: Json): InstanceRow {
  const results = recordsIn(json, 'healthCheckResults');
  const ports = json['ports'];
  return {
    id: textIn(json, 'id'),
    appId: textIn(json, 'appId'),
    host: textIn(json, 'host'),
    agentId: textIn(json, 'slaveId'),
    ports: Array.isArray(ports) ? ports.filter((port) => typeof port === 'number') : [],
    addresses: recordsIn(json, 'ipAddresses').map((each) => textIn(each, 'ipAddress')),
    state: textIn(json, 'state').replace(/^TASK_/, ''),
    health: healthOf(results),
    version: textIn(json, 'version'),
    stagedAt: timeIn(json, 'stagedAt'),
    startedAt: timeIn(json, 'startedAt'),
  };
}

function healthOf(results: readonly Json[]): InstanceRow['health'] {
  if (results.length === 0) return 'unknown';
  return results.every((result) => result['alive'] === true) ? 'healthy' : 'unhealthy';
}

export interface Failure {
  readonly state: string;
  readonly message: string;
  readonly host: string;
  readonly taskId: string;
  readonly version: string;
  readonly at: number | undefined;
}

export type AppStatus = 'Deploying' | 'Delayed' | 'Waiting' | 'Suspended' | 'Unhealthy' | 'Running';

/** What the list shows of apps and pods alike. */
export interface ListedSpec {
  readonly kind: 'app' | 'pod';
  readonly id: string;
  readonly cpus: number;
  /** MB. */
  readonly mem: number;
  readonly instances: number;
  readonly staged: number;
  readonly running: number;
  readonly healthy: number;
  readonly unhealthy: number;
  readonly labels: readonly (readonly [name: string, value: string])[];
  readonly deployments: readonly string[];
}

export interface AppRow extends ListedSpec {
  readonly kind: 'app';
  readonly json: Json;
  readonly version: string;
  readonly tasks: readonly InstanceRow[];
  readonly lastFailure: Failure | undefined;
}

export function appRow(json: Json): AppRow {
  const failure =
    json['lastTaskFailure'] === undefined ? undefined : recordIn(json, 'lastTaskFailure');
  return {
    kind: 'app',
    json,
    id: textIn(json, 'id'),
    cpus: numberIn(json, 'cpus'),
    mem: numberIn(json, 'mem'),
    instances: numberIn(json, 'instances'),
    staged: numberIn(json, 'tasksStaged'),
    running: numberIn(json, 'tasksRunning'),
    healthy: numberIn(json, 'tasksHealthy'),
    unhealthy: numberIn(json, 'tasksUnhealthy'),
    labels: Object.entries(recordIn(json, 'labels')).map(([name, value]) => [name, String(value)]),
    version: textIn(json, 'version'),
    deployments: recordsIn(json, 'deployments').map((each) => textIn(each, 'id')),
    tasks: recordsIn(json, 'tasks').map(instanceRow),
    lastFailure:
      failure === undefined
        ? undefined
        : {
            state: textIn(failure, 'state').replace(/^TASK_/, ''),
            message: textIn(failure, 'message'),
            host: textIn(failure, 'host'),
            taskId: textIn(failure, 'taskId'),
            version: textIn(failure, 'version'),
            at: timeIn(failure, 'timestamp'),
          },
  };
}

export interface QueueEntry {
  readonly id: string;
  readonly count: number;
  readonly role: string;
  readonly isBackedOff: boolean;
  readonly secondsLeft: number;
  readonly since: number | undefined;
  readonly processed: number;
  readonly unused: number;
  readonly rejects: readonly {
    readonly reason: string;
    readonly declined: number;
    readonly processed: number;
  }[];
}

export function queueEntry(json: Json): QueueEntry {
  const delay = recordIn(json, 'delay');
  const summary = recordIn(json, 'processedOffersSummary');
  const spec = json['app'] === undefined ? recordIn(json, 'pod') : recordIn(json, 'app');
  return {
    id: textIn(spec, 'id'),
    count: numberIn(json, 'count'),
    role: textIn(json, 'role'),
    isBackedOff: delay['overdue'] === false,
    secondsLeft: numberIn(delay, 'timeLeftSeconds'),
    since: timeIn(json, 'since'),
    processed: numberIn(summary, 'processedOffersCount'),
    unused: numberIn(summary, 'unusedOffersCount'),
    rejects: recordsIn(summary, 'rejectSummaryLastOffers').map((each) => ({
      reason: textIn(each, 'reason'),
      declined: numberIn(each, 'declined'),
      processed: numberIn(each, 'processed'),
    })),
  };
}

export function statusOf(app: ListedSpec, queued: QueueEntry | undefined): AppStatus {
  if (queued?.isBackedOff === true) return 'Delayed';
  if (queued !== undefined && app.deployments.length > 0 && queued.unused > 0) return 'Waiting';
  if (app.deployments.length > 0) return 'Deploying';
  if (app.instances === 0 && app.running === 0) return 'Suspended';
  if (queued !== undefined) return 'Waiting';
  return app.unhealthy > 0 ? 'Unhealthy' : 'Running';
}

export interface DeploymentRow {
  readonly id: string;
  readonly version: string;
  readonly affected: readonly string[];
  readonly step: number;
  readonly steps: number;
  readonly actions: readonly { readonly action: string; readonly id: string }[];
  readonly plan: readonly (readonly { readonly action: string; readonly id: string }[])[];
}

export function deploymentRow(json: Json): DeploymentRow {
  const actionsIn = (each: Json, key: string) =>
    recordsIn(each, key).map((action) => ({
      action: textIn(action, 'action'),
      id: textIn(action, 'app') || textIn(action, 'pod'),
    }));
  const ids = (key: string): readonly string[] => {
    const value = json[key];
    return Array.isArray(value) ? value.map(String) : [];
  };
  return {
    id: textIn(json, 'id'),
    version: textIn(json, 'version'),
    affected: [...ids('affectedApps'), ...ids('affectedPods')],
    step: numberIn(json, 'currentStep'),
    steps: numberIn(json, 'totalSteps'),
    actions: actionsIn(json, 'currentActions'),
    plan: recordsIn(json, 'steps').map((step) => actionsIn(step, 'actions')),
  };
}

/** A line of the list: an app or pod, or a group with everything below it. */
export interface ListEntry {
  readonly kind: 'app' | 'pod' | 'group';
  readonly id: string;
  readonly name: string;
  readonly cpus: number;
  readonly mem: number;
  readonly instances: number;
  readonly staged: number;
  readonly running: number;
  readonly healthy: number;
  readonly unhealthy: number;
  readonly status: string;
  readonly labels: readonly (readonly [string, string])[];
  /** Apps below, for a group. */
  readonly apps: number;
}

/** What is directly in a group; groups come first. `group` is `/` or `/a/b`. */
export function listGroup(
  apps: readonly ListedSpec[],
  group: string,
  statuses: (app: ListedSpec) => AppStatus,
): readonly ListEntry[] {
  const prefix = group === '/' ? '/' : `${group}/`;
  const groups = new Map<string, ListedSpec[]>();
  const entries: ListEntry[] = [];
  for (const app of apps) {
    if (!app.id.startsWith(prefix)) continue;
    const [name = '', ...below] = app.id.slice(prefix.length).split('/');
    if (below.length === 0) entries.push(appEntry(app, name, statuses(app)));
    else groups.set(name, [...(groups.get(name) ?? []), app]);
  }
  const folders = [...groups].map(([name, members]) =>
    groupEntry(prefix + name, name, members, statuses),
  );
  return [...folders, ...entries];
}

export function appEntry(app: ListedSpec, name: string, status: AppStatus): ListEntry {
  const { id, instances, staged, running, healthy, unhealthy, labels } = app;
  const counts = { instances, staged, running, healthy, unhealthy };
  const { cpus, mem } = app;
  return {
    ...{ kind: app.kind, id, name, status, labels, apps: 1 },
    ...counts,
    cpus: cpus * instances,
    mem: mem * instances,
  };
}

function groupEntry(
  id: string,
  name: string,
  members: readonly ListedSpec[],
  statuses: (app: ListedSpec) => AppStatus,
): ListEntry {
  const sum = (amount: (app: ListedSpec) => number): number =>
    members.reduce((total, app) => total + amount(app), 0);
  const found = new Set(members.map(statuses));
  const status = ORDER.find((each) => found.has(each)) ?? 'Running';
  return {
    ...{ kind: 'group', id, name, status, labels: [], apps: members.length },
    cpus: sum((app) => app.cpus * app.instances),
    mem: sum((app) => app.mem * app.instances),
    instances: sum((app) => app.instances),
    staged: sum((app) => app.staged),
    running: sum((app) => app.running),
    healthy: sum((app) => app.healthy),
    unhealthy: sum((app) => app.unhealthy),
  };
}

/** A group shows the state of the app that needs attention most. */
const ORDER: readonly AppStatus[] = [
  ...(['Unhealthy', 'Delayed', 'Waiting', 'Deploying', 'Running', 'Suspended'] as const),
];

/** Members that an app shows but that are no part of its definition. */
const SHOWN_ONLY: ReadonlySet<string> = new Set([
  ...['tasksStaged', 'tasksRunning', 'tasksHealthy', 'tasksUnhealthy', 'deployments', 'tasks'],
  ...['lastTaskFailure', 'version', 'versionInfo', 'readinessCheckResults', 'tasksStats'],
]);

/** The part of an app's document that can be sent back. */
export function definitionOf(app: Json): Json {
  return Object.fromEntries(Object.entries(app).filter(([name]) => !SHOWN_ONLY.has(name)));
}
