/**
 * Calls to the leading scheduler of a cluster in binary Thrift over HTTP (spec aurora-client, sections 1.2 and 1.3).
 * Who leads is asked again after every failure; a follower's redirect is followed. All waiting is bounded.
 */
import { sleep } from '../../../core/base/clock.ts';
import { minutes, seconds } from '../../../core/base/duration.ts';
import { ClusterError, describeError } from '../../../core/base/errors.ts';
import type { HttpResponse } from '../../../core/net/ports.ts';
import { decodeAnswer, encodeCall, MESSAGE_MAX_BYTES } from '../thrift/messages.ts';
import type { MethodName } from '../thrift/schema.ts';
import type { MethodArgs, Response } from '../thrift/types.ts';
import type { Cluster } from './clusters.ts';
import { CommandFailure, EXIT } from './failure.ts';
import { loginFor } from './netrc.ts';
import { type ClientPorts, readText } from './ports.ts';

const BINARY = 'application/vnd.apache.thrift.binary';
const CONNECT_LIMIT_MS = minutes(1);
const RPC_LIMIT_MS = minutes(10);
const RETRY_MS = seconds(5);
const CONNECT_RETRY_MS = seconds(1);
const ANSWER_LIMIT_MS = minutes(1);
const REDIRECTS_MAX = 5;
const MEMBER_PREFIX = 'member_';

/** What must not happen twice when an answer got lost. */
const ONCE: ReadonlySet<MethodName> = new Set([
  'createJob',
  'addInstances',
  'startCronJob',
  'restartShards',
] as const);

export interface SchedulerClientOptions {
  readonly userAgent: string;
  readonly bypassesLeaderRedirect: boolean;
}

/** A failure that may go away. */
class Transient extends Error {
  /** The scheduler may have carried out the call. */
  readonly mayBeDone: boolean;

  constructor(message: string, mayBeDone: boolean, cause?: unknown) {
    super(message, { cause });
    this.mayBeDone = mayBeDone;
  }
}

export class SchedulerClient {
  readonly cluster: Cluster;
  private readonly ports: ClientPorts;
  private readonly options: SchedulerClientOptions;
  private leader: string | undefined;
  private seqid = 0;

  constructor(cluster: Cluster, ports: ClientPorts, options: SchedulerClientOptions) {
    const { authMechanism } = cluster;
    if (authMechanism !== 'UNAUTHENTICATED' && authMechanism !== 'BASIC') {
      const message = `auth_mechanism ${authMechanism} of cluster ${cluster.name} is not supported`;
      throw new CommandFailure(EXIT.auth, message);
    }
    this.cluster = cluster;
    this.ports = ports;
    this.options = options;
  }

  /** What links for people begin with. */
  async pageUrl(): Promise<string> {
    return withoutSlash(this.cluster.proxyUrl ?? (await this.leaderUrl()));
  }

  /** Asks until somebody leads, for a minute. */
  async leaderUrl(): Promise<string> {
    const { clock } = this.ports;
    const until = clock.now() + CONNECT_LIMIT_MS;
    for (;;) {
      try {
        this.leader ??= await this.findLeader();
        return this.leader;
      } catch (thrown) {
        if (!(thrown instanceof Transient)) throw thrown;
        if (clock.now() + CONNECT_RETRY_MS > until) {
          throw new CommandFailure(EXIT.network, thrown.message, thrown);
        }
        await sleep(clock, CONNECT_RETRY_MS);
      }
    }
  }

  /** Repeats what failed for a reason that may pass; gives the scheduler's answer, whatever its code is. */
  async call<M extends MethodName>(method: M, args: MethodArgs[M]): Promise<Response> {
    const { clock } = this.ports;
    const until = clock.now() + RPC_LIMIT_MS;
    for (;;) {
      const outcome = await this.attempt(method, args);
      if ('responseCode' in outcome && outcome.responseCode !== 'ERROR_TRANSIENT') return outcome;
      const isOver = clock.now() + RETRY_MS > until;
      if ('responseCode' in outcome) {
        if (isOver) return outcome;
      } else {
        this.leader = undefined;
        if (isOver || (outcome.mayBeDone && ONCE.has(method))) {
          const message = `Error connecting to scheduler: ${outcome.message}`;
          throw new CommandFailure(EXIT.network, message, outcome);
        }
      }
      await sleep(clock, RETRY_MS);
    }
  }

  private async attempt<M extends MethodName>(
    method: M,
    args: MethodArgs[M],
  ): Promise<Response | Transient> {
    const url = await this.leaderUrl();
    this.seqid += 1;
    const body = encodeCall('binary', { method, seqid: this.seqid, args });
    try {
      const bytes = await this.post(url, body);
      const answer = decodeAnswer('binary', method, Buffer.from(bytes));
      if (!answer.ok) return new Transient(`malformed answer: ${answer.error}`, true);
      if (answer.value.kind === 'reply') return answer.value.response;
      const { message = 'unknown error' } = answer.value.exception;
      throw new CommandFailure(EXIT.apiError, `The scheduler refuses ${method}: ${message}`);
    } catch (thrown) {
      if (thrown instanceof Transient) return thrown;
      throw thrown;
    }
  }

  private async post(base: string, body: Uint8Array): Promise<Uint8Array> {
    let target = `${withoutSlash(base)}/api`;
    for (let left = REDIRECTS_MAX; left >= 0; left -= 1) {
      const response = await this.send(target, body);
      const location = response.headers['location'];
      if (isRedirect(response.status) && location !== undefined) {
        response.cancel();
        target = new URL(location, target).href;
        continue;
      }
      if (response.status !== 200) {
        await response.text(MESSAGE_MAX_BYTES).catch(describeError);
        throw refusalOf(response, target);
      }
      this.leader = new URL(target).origin;
      return await readBody(response, target);
    }
    throw new Transient(`${base} redirects more than ${REDIRECTS_MAX} times`, false);
  }

  private async send(url: string, body: Uint8Array): Promise<HttpResponse> {
    const { host, hostname } = new URL(url);
    try {
      return await this.ports.http.request({
        method: 'POST',
        url,
        headers: {
          'content-type': BINARY,
          accept: BINARY,
          'user-agent': this.options.userAgent,
          ...(this.options.bypassesLeaderRedirect ? { 'bypass-leader-redirect': 'true' } : {}),
          ...this.credentials(hostname),
        },
        body,
        headTimeoutMs: ANSWER_LIMIT_MS,
      });
    } catch (thrown) {
      throw new Transient(`${host}: ${describeError(thrown)}`, !neverSent(thrown), thrown);
    }
  }

  private credentials(host: string): Readonly<Record<string, string>> {
    const path = this.ports.surroundings.environment('NETRC') ?? `${this.ports.home}/.netrc`;
    const text = readText(this.ports, path);
    const login = text === undefined ? undefined : loginFor(text, host);
    if (login === undefined) return {};
    const token = Buffer.from(`${login.user}:${login.password}`).toString('base64');
    return { authorization: `Basic ${token}` };
  }

  private async findLeader(): Promise<string> {
    const { name, zk, schedulerZkPath, schedulerUri } = this.cluster;
    if (zk.length > 0 && schedulerZkPath !== undefined) {
      const nodes = await this.members(schedulerZkPath);
      const url = nodes.map(urlOfMember).find((each) => each !== undefined);
      if (url === undefined) throw new Transient(`No schedulers detected in ${name}!`, false);
      return url;
    }
    if (schedulerUri !== undefined && URL.canParse(schedulerUri)) return withoutSlash(schedulerUri);
    const message = `cluster ${name} needs zk with scheduler_zk_path, or scheduler_uri`;
    throw new CommandFailure(EXIT.invalidConfiguration, message);
  }

  private async members(path: string): Promise<readonly string[]> {
    try {
      return await this.ports.members(this.cluster.zk, path, MEMBER_PREFIX);
    } catch (thrown) {
      if (thrown instanceof ClusterError && thrown.code === 'ZK_NO_NODE') return [];
      throw new Transient(describeError(thrown), false, thrown);
    }
  }
}

async function readBody(response: HttpResponse, target: string): Promise<Uint8Array> {
  try {
    return await response.bytes(MESSAGE_MAX_BYTES);
  } catch (thrown) {
    throw new Transient(`${target}: ${describeError(thrown)}`, true, thrown);
  }
}

function refusalOf({ status }: HttpResponse, target: string): Error {
  if (status === 401 || status === 403) {
    const message = `Unable to authenticate: ${target} answers ${status}`;
    return new CommandFailure(EXIT.auth, message);
  }
  // Nobody leads: nothing has been done.
  return new Transient(`${target} answers ${status}`, status !== 503);
}

function isRedirect(status: number): boolean {
  return status === 301 || status === 302 || status === 307 || status === 308;
}

/** No connection was made. */
function neverSent(thrown: unknown): boolean {
  const text = describeError(thrown) + describeError(thrown instanceof Error ? thrown.cause : '');
  return /ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|ConnectTimeout|CONNECT_TIMEOUT/.test(
    text,
  );
}

/** The endpoint that a member of the server set announces: `https` before `http`. */
export function urlOfMember(text: string): string | undefined {
  const member = parseRecord(text);
  const endpoints = recordIn(member, 'additionalEndpoints');
  for (const scheme of ['https', 'http']) {
    const { host, port } = recordIn(endpoints, scheme);
    if (typeof host === 'string' && typeof port === 'number') return `${scheme}://${host}:${port}`;
  }
  return undefined;
}

function parseRecord(text: string): Readonly<Record<string, unknown>> {
  try {
    return recordIn({ document: JSON.parse(text) }, 'document');
  } catch {
    // A member that cannot be understood announces nothing; the others may.
    return {};
  }
}

function recordIn(
  of: Readonly<Record<string, unknown>>,
  name: string,
): Readonly<Record<string, unknown>> {
  const value = of[name];
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

function withoutSlash(url: string): string {
  return url.replace(/\/+$/, '');
}
