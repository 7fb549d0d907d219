/**
 * Where the state of the cluster comes from (spec mesos-dns, section 6). First the leader's
 * `/state`, as the original does; then its operator event stream, from which every change arrives
 * within milliseconds. `/state` is still read every `refreshSeconds`, for what events do not tell.
 */
import { background } from '../core/base/background.ts';
import type { Clock, Instant, Timer } from '../core/base/clock.ts';
import { type DurationMs, seconds } from '../core/base/duration.ts';
import { describeError } from '../core/base/errors.ts';
import type { Log } from '../core/base/log.ts';
import { err, ok, type Result } from '../core/base/result.ts';
import type { HttpClient } from '../core/net/ports.ts';
import { RecordDecoder } from '../core/wire/recordio.ts';
import type { ClusterState, HostPort } from './cluster-state.ts';
import type { GoLog } from './go-log.ts';
import { type MasterAccess, originUrl } from './master-access.ts';
import { type ClusterChange, heartbeatSecondsOf, readOperatorEvent } from './operator-events.ts';
import { StateFetcher } from './state-fetcher.ts';

export interface ClusterSourceOptions {
  /** `host:port` each, in the order of the configuration; `setMasters` changes them. */
  readonly masters: readonly string[];
  readonly refreshMs: DurationMs;
  readonly stateTimeoutMs: DurationMs;
  readonly access: MasterAccess;
}

/** How far what is known can be trusted. */
export interface SourceStanding {
  /** When a master was last heard: a good document, an event or a heartbeat. */
  readonly heardAt: Instant | undefined;
  readonly isFollowing: boolean;
  /** Documents that could not be had, or not be used. */
  readonly failureCount: number;
  /** No stream, and the last document could not be had: what is served may be old. */
  readonly isStale: boolean;
}

/** Hears of the cluster; calls never overlap with one another. */
export interface ClusterListener {
  /** A good state document; `isStreaming` when newer changes have come by the stream. */
  onState(state: ClusterState, leader: string, isStreaming: boolean): void;
  onChange(change: ClusterChange): void;
  /** Time to look up host names again. */
  onRefresh(): void;
}

/** Pause before the first retries; it doubles up to the refresh time. */
const RETRY_MS: DurationMs = 500;
/** A stream silent for this many heartbeats is dead. */
const HEARTBEATS_MISSED_MAX = 3;
const HEARTBEAT_DEFAULT_S = 15;
/** Waits for more frameworks before asking for their addresses. */
const GATHER_MS: DurationMs = 200;

export class ClusterSource {
  private readonly clock: Clock;
  private readonly http: HttpClient;
  private readonly log: Log;
  private readonly lines: GoLog;
  private readonly options: ClusterSourceOptions;
  private readonly listener: ClusterListener;
  private readonly fetcher: StateFetcher;
  private readonly stopping = new AbortController();
  private timer: Timer | undefined;
  private gathering: Timer | undefined;
  private stream: AbortController | undefined;
  private isReloading = false;
  private isReloadWanted = false;
  private failureCount = 0;
  private failureTotal = 0;
  private heardAt: Instant | undefined;
  private masters: readonly string[];

  constructor(
    ports: {
      readonly clock: Clock;
      readonly http: HttpClient;
      readonly log: Log;
      readonly lines: GoLog;
    },
    options: ClusterSourceOptions,
    listener: ClusterListener,
  ) {
    this.clock = ports.clock;
    this.http = ports.http;
    this.log = ports.log;
    this.lines = ports.lines;
    this.options = options;
    this.masters = options.masters;
    this.listener = listener;
    this.fetcher = new StateFetcher(ports, {
      timeoutMs: options.stateTimeoutMs,
      access: options.access,
      signal: this.stopping.signal,
    });
  }

  get standing(): SourceStanding {
    const isFollowing = this.stream !== undefined;
    return {
      heardAt: this.heardAt,
      isFollowing,
      failureCount: this.failureTotal,
      isStale: !isFollowing && this.failureCount > 0,
    };
  }

  start(): void {
    this.reloadNow();
  }

  stop(): void {
    this.stopping.abort(new Error('stopping'));
    this.stream?.abort(new Error('stopping'));
    this.timer?.cancel();
    this.gathering?.cancel();
  }

  /** What a detector has found: when another one leads, everything is read again there, at once. */
  setMasters(masters: readonly string[]): void {
    const isSameLeader = masters[0] !== '' && masters[0] === this.masters[0];
    this.masters = masters;
    if (isSameLeader && this.stream !== undefined) return;
    this.stream?.abort(new Error('the masters have changed'));
    this.isReloadWanted = this.isReloading;
    this.reloadNow();
  }

  /** What is known does not fit what is told: start over with a fresh state. */
  resync(): void {
    this.stream?.abort(new Error('starting over'));
  }

  /** Asks for a state document soon, for what the events do not tell. */
  requestState(): void {
    if (this.gathering !== undefined || this.stopping.signal.aborted) return;
    this.gathering = this.clock.setTimer(GATHER_MS, () => {
      this.gathering = undefined;
      this.reloadNow();
    });
  }

  private reloadNow(): void {
    if (this.isReloading || this.stopping.signal.aborted) return;
    this.isReloading = true;
    this.timer?.cancel();
    background(this.log, this.reload(), 'reload the state of the cluster');
  }

  private async reload(): Promise<void> {
    const fetched = await this.fetcher.fetch(this.masters);
    this.isReloading = false;
    if (this.stopping.signal.aborted) return;
    if (this.isReloadWanted) {
      this.isReloadWanted = false;
      this.reloadNow();
      return;
    }
    if (!fetched.ok) {
      this.failureCount += 1;
      this.failureTotal += 1;
      this.lines.error(
        `Warning: Error generating records: ${fetched.error}; keeping old DNS state`,
      );
      const pauseMs = RETRY_MS * 2 ** Math.min(this.failureCount - 1, 20);
      this.scheduleReload(Math.min(pauseMs, this.options.refreshMs));
      return;
    }
    this.failureCount = 0;
    this.heardAt = this.clock.now();
    const { state, leader, origin } = fetched.value;
    this.listener.onState(state, leader, this.stream !== undefined);
    this.scheduleReload(this.options.refreshMs);
    if (this.stream === undefined) this.openStream(origin);
  }

  private scheduleReload(delayMs: DurationMs): void {
    this.timer?.cancel();
    if (this.stopping.signal.aborted) return;
    this.timer = this.clock.setTimer(delayMs, () => {
      if (this.stream === undefined) {
        this.reloadNow();
        return;
      }
      this.listener.onRefresh();
      // Events do not tell which agents have become unreachable or gone, nor which are being drained.
      this.reloadNow();
    });
  }

  private openStream(origin: HostPort): void {
    const stream = new AbortController();
    this.stream = stream;
    const following = this.follow(origin, stream).then((outcome) => {
      if (this.stream === stream) this.stream = undefined;
      stream.abort(new Error('ended'));
      if (this.stopping.signal.aborted) return;
      if (!outcome.ok) {
        this.log.debug({ error: outcome.error }, 'no operator event stream, polling');
        return;
      }
      this.log.info({ why: outcome.value }, 'the operator event stream ended, reloading');
      this.scheduleReload(RETRY_MS);
    });
    background(this.log, following, 'follow the operator event stream');
  }

  /** Follows until the stream ends; an error means that there was none. */
  private async follow(origin: HostPort, stream: AbortController): Promise<Result<string>> {
    let heartbeatMs: DurationMs = seconds(HEARTBEAT_DEFAULT_S);
    let watch: Timer | undefined;
    let isSubscribed = false;
    const expectMore = (): void => {
      this.heardAt = this.clock.now();
      watch?.cancel();
      watch = this.clock.setTimer(heartbeatMs * HEARTBEATS_MISSED_MAX, () => {
        stream.abort(new Error('no heartbeat'));
      });
    };
    const { access } = this.options;
    try {
      const response = await this.http.request({
        method: 'POST',
        url: `${originUrl(access.scheme, origin)}/api/v1`,
        headers: {
          ...(await access.headers()),
          'content-type': 'application/json',
          accept: 'application/json',
        },
        body: '{"type":"SUBSCRIBE"}',
        headTimeoutMs: this.options.stateTimeoutMs,
        signal: stream.signal,
      });
      if (response.status !== 200) {
        response.cancel();
        return err(`status ${response.status}`);
      }
      const decoder = new RecordDecoder();
      expectMore();
      for await (const chunk of response.body) {
        expectMore();
        for (const record of decoder.push(chunk)) {
          const event: unknown = JSON.parse(Buffer.from(record).toString());
          const everyS = heartbeatSecondsOf(event);
          if (everyS !== undefined && everyS > 0) heartbeatMs = seconds(everyS);
          const change = readOperatorEvent(event);
          isSubscribed ||= change?.kind === 'snapshot';
          if (change !== undefined && isSubscribed && !stream.signal.aborted) {
            this.listener.onChange(change);
          }
        }
      }
      return ok('closed by the master');
    } catch (thrown) {
      return isSubscribed ? ok(describeError(thrown)) : err(describeError(thrown));
    } finally {
      watch?.cancel();
    }
  }
}
