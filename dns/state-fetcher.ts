/** Fetches the leader's `/state` from a list of masters (spec mesos-dns, section 6.1). */
import type { Clock } from '../core/base/clock.ts';
import type { DurationMs } from '../core/base/duration.ts';
import { describeError } from '../core/base/errors.ts';
import type { Log } from '../core/base/log.ts';
import { err, ok, type Result } from '../core/base/result.ts';
import type { HttpClient } from '../core/net/ports.ts';
import { type ClusterState, type HostPort, parseHostPort } from './cluster-state.ts';
import { type MasterAccess, originUrl } from './master-access.ts';
import { addressOfLeader } from './records.ts';
import { readStateDocument } from './state-document.ts';

export interface FetchedState {
  readonly state: ClusterState;
  /** `master@ip:port` */
  readonly leader: string;
  /** Where the document came from. */
  readonly origin: HostPort;
}

export interface StateFetcherOptions {
  readonly timeoutMs: DurationMs;
  readonly access: MasterAccess;
  readonly signal: AbortSignal;
}

export interface FetcherPorts {
  readonly clock: Clock;
  readonly http: HttpClient;
  readonly log: Log;
}

const REDIRECTS_MAX = 5;
/** A state document of a million tasks is about this long. */
const STATE_BYTES_MAX = 1024 ** 3;

export class StateFetcher {
  private readonly clock: Clock;
  private readonly http: HttpClient;
  private readonly log: Log;
  private readonly options: StateFetcherOptions;

  constructor(ports: FetcherPorts, options: StateFetcherOptions) {
    this.clock = ports.clock;
    this.http = ports.http;
    this.log = ports.log;
    this.options = options;
  }

  /** Tries the masters in order; the first good document wins, else the last error. */
  async fetch(masters: readonly string[]): Promise<Result<FetchedState>> {
    let failure = 'no masters given to fetch state.json';
    for (const text of masters) {
      const master = parseHostPort(text);
      if (master === undefined) continue;
      const fetched = await this.fetchVia(master);
      if (fetched.ok) return fetched;
      failure = fetched.error;
      this.log.debug({ master: text, error: failure }, 'cannot fetch the state');
    }
    return err(failure);
  }

  /** Asks one master; when another one leads, asks that one, on the same port. */
  private async fetchVia(master: HostPort): Promise<Result<FetchedState>> {
    const first = await this.fetchFrom(master);
    if (!first.ok) return first;
    const { state } = first.value;
    if (state.leader === undefined) {
      return err('fetched state does not contain leader information');
    }
    const leader = addressOfLeader(state.leader);
    if (leader === undefined || leader.host === first.value.origin.host) {
      return ok({ ...first.value, leader: state.leader });
    }
    const second = await this.fetchFrom({ host: leader.host, port: master.port });
    if (!second.ok) return second;
    if (second.value.state.leader === undefined) return err('empty master');
    return ok({ ...second.value, leader: second.value.state.leader });
  }

  private async fetchFrom(
    master: HostPort,
  ): Promise<Result<{ readonly state: ClusterState; readonly origin: HostPort }>> {
    try {
      let url = new URL(`${originUrl(this.options.access.scheme, master)}/master/state`);
      for (let hop = 0; hop <= REDIRECTS_MAX; hop += 1) {
        const answer = await this.get(url);
        if (answer.location === undefined) {
          const state = readStateDocument(JSON.parse(answer.text));
          const origin = parseHostPort(url.host) ?? defaultOrigin(url);
          return state.ok ? ok({ state: state.value, origin }) : state;
        }
        url = new URL(answer.location, url);
      }
      return err('too many redirects');
    } catch (thrown) {
      return err(describeError(thrown));
    }
  }

  private async get(url: URL): Promise<{ text: string; location: string | undefined }> {
    const { timeoutMs, access, signal } = this.options;
    const overdue = new AbortController();
    const timer = this.clock.setTimer(timeoutMs, () => {
      overdue.abort(new Error(`no complete answer within ${timeoutMs} ms`));
    });
    try {
      const response = await this.http.request({
        method: 'GET',
        url: url.href,
        headers: {
          ...(await access.headers()),
          'user-agent': 'Mesos-DNS',
          'content-type': 'application/json',
        },
        headTimeoutMs: timeoutMs,
        signal: AbortSignal.any([signal, overdue.signal]),
      });
      const location = response.headers['location'];
      if (response.status >= 300 && response.status < 400 && location !== undefined) {
        response.cancel();
        return { text: '', location };
      }
      return { text: await response.text(STATE_BYTES_MAX), location: undefined };
    } finally {
      timer.cancel();
    }
  }
}

/** A URL leaves out the usual port of its scheme. */
function defaultOrigin(url: URL): HostPort {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  return { host, port: url.protocol === 'https:' ? 443 : 80 };
}
