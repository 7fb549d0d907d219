/** What the commands share: clusters, a client for each, answers told to people (spec aurora-client, section 1.3). */
import { assert } from '../../../core/base/assert.ts';
import { ACTIVE } from '../machine/schedule-status.ts';
import type { MethodName } from '../thrift/schema.ts';
import type {
  MethodArgs,
  Response,
  Result as ResponseResult,
  ScheduledTask,
  TaskQuery,
} from '../thrift/types.ts';
import { type Cluster, readClusters } from './clusters.ts';
import { CommandFailure, EXIT, type ExitCode } from './failure.ts';
import {
  type ClusterJobKey,
  clusterKey,
  hasWildcard,
  listText,
  matchesPattern,
} from './job-keys.ts';
import type { ClientPorts } from './ports.ts';
import { SchedulerClient, type SchedulerClientOptions } from './scheduler-client.ts';

const LOCKED = `Error: job is locked by an active update. Run 'aurora update abort' or wait for the active update to finish.`;

export interface ErrorTexts {
  /** Printed before what the scheduler says. */
  readonly message?: string;
  readonly code?: ExitCode;
}

type KeysOfUnion<T> = T extends T ? keyof T : never;
export type ResultName = KeysOfUnion<ResponseResult>;
type ResultOf<N extends ResultName> =
  Extract<ResponseResult, Readonly<Record<N, unknown>>> extends Readonly<Record<N, infer R>>
    ? R
    : never;

export class ClientContext {
  readonly ports: ClientPorts;
  private readonly options: SchedulerClientOptions;
  private readonly isVerbose: boolean;
  private readonly clients = new Map<string, SchedulerClient>();
  private known: ReadonlyMap<string, Cluster> | undefined;

  constructor(
    ports: ClientPorts,
    options: SchedulerClientOptions & { readonly isVerbose: boolean },
  ) {
    this.ports = ports;
    this.options = options;
    this.isVerbose = options.isVerbose;
  }

  get clusters(): ReadonlyMap<string, Cluster> {
    this.known ??= readClusters(this.ports);
    return this.known;
  }

  cluster(name: string): Cluster {
    const cluster = this.clusters.get(name);
    if (cluster === undefined) {
      throw new CommandFailure(EXIT.invalidParameter, `Unknown cluster: ${name}`);
    }
    return cluster;
  }

  client(cluster: string): SchedulerClient {
    const known = this.clients.get(cluster);
    if (known !== undefined) return known;
    const made = new SchedulerClient(this.cluster(cluster), this.ports, this.options);
    this.clients.set(cluster, made);
    return made;
  }

  print(text: string, indent = 0): void {
    for (const line of text.split('\n')) this.ports.print(' '.repeat(indent) + line);
  }

  complain(text: string): void {
    this.ports.complain(text);
  }

  /** Told with `--verbose` only. */
  info(text: string): void {
    if (this.isVerbose) this.ports.complain(`INFO] ${text}`);
  }

  /** The scheduler's answer when it is OK; any other ends the command. */
  async call<M extends MethodName>(
    cluster: string,
    method: M,
    args: MethodArgs[M],
    texts: ErrorTexts = {},
  ): Promise<Response> {
    const response = await this.client(cluster).call(method, args);
    this.expectOk(response, texts);
    return response;
  }

  /** One part of an answer that is OK. */
  async ask<M extends MethodName, N extends ResultName>(
    cluster: string,
    request: { readonly method: M; readonly args: MethodArgs[M]; readonly result: N },
    texts: ErrorTexts = {},
  ): Promise<ResultOf<N>> {
    const { method, args, result } = request;
    const response = await this.call(cluster, method, args, texts);
    const found = resultAt(response, result);
    if (found !== undefined) return found;
    const message = `the scheduler's answer to ${method} has no ${result}`;
    throw new CommandFailure(EXIT.apiError, message);
  }

  expectOk(
    response: Response,
    { message = 'Command failure:', code = EXIT.apiError }: ErrorTexts,
  ): void {
    const said = messageOf(response);
    if (response.responseCode === 'OK') {
      if (said !== '') this.info(said);
      return;
    }
    this.complain(message);
    this.complain(`\t${said}`);
    if (response.responseCode === 'JOB_UPDATING_ERROR') this.complain(`\t${LOCKED}`);
    throw new CommandFailure(response.responseCode === 'AUTH_FAILED' ? EXIT.auth : code);
  }

  /** Without what the executors get. */
  async tasks(
    cluster: string,
    query: TaskQuery,
    texts: ErrorTexts = {},
  ): Promise<readonly ScheduledTask[]> {
    const request = { method: 'getTasksWithoutConfigs', args: { query } } as const;
    const { tasks } = await this.ask(
      cluster,
      { ...request, result: 'scheduleStatusResult' },
      texts,
    );
    return tasks;
  }

  activeTasks(key: ClusterJobKey, texts: ErrorTexts = {}): Promise<readonly ScheduledTask[]> {
    return this.tasks(key.cluster, { ...queryOf(key), statuses: [...ACTIVE] }, texts);
  }

  /** `--strict`: the instances have to exist. */
  async expectInstances(key: ClusterJobKey, instances: readonly number[]): Promise<void> {
    const tasks = await this.activeTasks(key, { code: EXIT.invalidParameter });
    const active = new Set(tasks.map((each) => each.assignedTask.instanceId));
    const unknown = instances.filter((each) => !active.has(each));
    if (unknown.length === 0) return;
    const message = `Invalid instance parameter: ${listText(unknown)}`;
    throw new CommandFailure(EXIT.invalidParameter, message);
  }

  /** Jobs of a pattern; a key without wildcards stands for itself. */
  async jobsMatching(pattern: ClusterJobKey): Promise<readonly ClusterJobKey[]> {
    const { cluster, role, environment, name } = pattern;
    if (![cluster, role, environment, name].some(hasWildcard)) return [pattern];
    const clusters = hasWildcard(cluster)
      ? [...this.clusters.keys()].filter((each) => matchesPattern(each, cluster))
      : [cluster];
    const found: ClusterJobKey[] = [];
    for (const each of clusters) {
      const ownerRole = hasWildcard(role) ? '' : role;
      const { configs } = await this.ask(
        each,
        { method: 'getJobs', args: { ownerRole }, result: 'getJobsResult' },
        { code: EXIT.commandFailure },
      );
      for (const { key } of configs) if (key !== undefined) found.push(clusterKey(each, key));
    }
    return found.filter(
      (each) =>
        matchesPattern(each.role, role) &&
        matchesPattern(each.environment, environment) &&
        matchesPattern(each.name, name),
    );
  }

  async jobPage(key: ClusterJobKey): Promise<string> {
    return await this.schedulerPage(key.cluster, [key.role, key.environment, key.name]);
  }

  async schedulerPage(cluster: string, parts: readonly string[]): Promise<string> {
    return [await this.client(cluster).pageUrl(), 'scheduler', ...parts].join('/');
  }

  async openBrowser(url: string): Promise<void> {
    const program = this.ports.surroundings.environment('BROWSER') ?? 'xdg-open';
    const { code } = await this.ports
      .run([program, url])
      .catch((thrown: unknown) => ({ code: String(thrown) }));
    if (code !== 0) this.complain(`Could not open a browser; the page is ${url}`);
  }
}

export function queryOf(key: ClusterJobKey): TaskQuery {
  const { role, environment, name } = key;
  return { jobKeys: [{ role, environment, name }] };
}

/** All that the scheduler says. */
export function messageOf({ details }: Response): string {
  return details.map(({ message }) => message ?? 'Unknown error').join(', ');
}

export function resultAt<N extends ResultName>(
  { result }: Response,
  name: N,
): ResultOf<N> | undefined {
  const entries: Readonly<Partial<Record<ResultName, unknown>>> = result ?? {};
  const found = entries[name];
  assert(found === undefined || typeof found === 'object', `${name} is no struct`);
  return found as ResultOf<N> | undefined;
}
