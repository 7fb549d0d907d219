/**
 * The executor driver: one stream of events, calls one after another, unacknowledged tasks and
 * updates presented again at each subscription (spec executor-api, sections 2 to 4 and 10).
 */
import { background } from '../base/background.ts';
import { type Clock, type Instant, sleep, type Timer } from '../base/clock.ts';
import { type DurationMs, minutes } from '../base/duration.ts';
import { ClusterError, describeError } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import { formatUuid, parseUuid, type Random } from '../base/random.ts';
import type { HttpClient, HttpResponse } from '../net/ports.ts';
import { decodeMessage, encodeMessage } from '../wire/codec.ts';
import { fromJson, parseJson, toJson } from '../wire/json.ts';
import { RecordDecoder } from '../wire/recordio.ts';
import type { Call, Event } from '../wire/types/mesos.v1.executor.ts';
import type { TaskInfo, TaskStatus } from '../wire/types/mesos.v1.ts';
import type { Executor, ExecutorCallbacks, ExecutorOptions, ExecutorStatus } from './types.ts';

const CALL = 'mesos.v1.executor.Call';
const EVENT = 'mesos.v1.executor.Event';
const RETRY_MS: DurationMs = 1_000;
const HEARTBEAT_MS = minutes(30);
const CALL_TIMEOUT_MS: DurationMs = 10_000;
const STOP_LIMIT_MS: DurationMs = 5_000;
/** Calls that may wait for a slow agent; beyond it messages are dropped, updates are kept anyway. */
const CALL_QUEUE_MAX = 10_000;

export interface ExecutorPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly http: HttpClient;
  readonly log: Log;
  /** Kills the process and its group; called when SHUTDOWN's grace period is over. */
  readonly die: () => void;
}

export function createExecutor(
  options: ExecutorOptions,
  callbacks: ExecutorCallbacks,
  ports: ExecutorPorts,
): Executor {
  return new ExecutorDriver(options, callbacks, ports);
}

class ExecutorDriver implements Executor {
  readonly ended: Promise<void>;
  private readonly options: ExecutorOptions;
  private readonly callbacks: ExecutorCallbacks;
  private readonly ports: ExecutorPorts;
  private readonly tasks = new Map<string, TaskInfo>();
  private readonly updates = new Map<string, TaskStatus>();
  private readonly calls: Call[] = [];
  private isSending = false;
  private subscriptions = 0;
  private isConnected = false;
  private isEnded = false;
  private readonly stopping = new AbortController();
  private end: () => void = () => {};
  private heartbeat: Timer | undefined;
  private onFirst: () => void = () => {};
  private onIdle: () => void = () => {};

  constructor(options: ExecutorOptions, callbacks: ExecutorCallbacks, ports: ExecutorPorts) {
    this.options = options;
    this.callbacks = callbacks;
    this.ports = ports;
    this.ended = new Promise((resolve) => {
      this.end = resolve;
    });
  }

  get isSubscribed(): boolean {
    return this.isConnected;
  }

  /** Resolves at the first subscription, or when the executor ended without one. */
  async start(): Promise<void> {
    background(this.ports.log, this.keepSubscribed(), 'the stream of the executor');
    const subscribed = new Promise<void>((resolve) => {
      this.onFirst = resolve;
    });
    await Promise.race([subscribed, this.ended]);
  }

  async stop(limitMs: DurationMs = STOP_LIMIT_MS): Promise<void> {
    if (this.isEnded) return;
    if (this.updates.size > 0 && this.isConnected) {
      const idle = new Promise<void>((resolve) => {
        this.onIdle = resolve;
      });
      await Promise.race([idle, sleep(this.ports.clock, limitMs, this.stopping.signal)]);
    }
    this.finish();
  }

  update(given: ExecutorStatus): Uint8Array {
    const { taskId, ...rest } = given;
    const uuid = given.uuid ?? parseUuid(this.ports.random.uuid());
    const status: TaskStatus = {
      timestamp: this.ports.clock.now() / 1000,
      ...rest,
      task_id: { value: taskId },
      source: 'SOURCE_EXECUTOR',
      executor_id: { value: this.options.executorId },
      uuid,
    };
    this.updates.set(formatUuid(uuid), status);
    // While disconnected it waits for the next subscription, which carries it.
    if (this.isConnected) this.call({ ...this.ids(), type: 'UPDATE', update: { status } });
    return uuid;
  }

  sendMessage(data: Uint8Array): void {
    if (!this.isConnected || this.calls.length >= CALL_QUEUE_MAX) return;
    this.call({ ...this.ids(), type: 'MESSAGE', message: { data } });
  }

  private ids(): Pick<Call, 'executor_id' | 'framework_id'> {
    const { executorId, frameworkId } = this.options;
    return { executor_id: { value: executorId }, framework_id: { value: frameworkId } };
  }

  private async keepSubscribed(): Promise<void> {
    const { clock, random, log } = this.ports;
    let lostAt: Instant | undefined;
    while (!this.isEnded) {
      const outcome = await this.subscribeOnce().catch((thrown: unknown) => thrown);
      if (this.isEnded) return;
      const isRefused = outcome instanceof ClusterError && outcome.code === 'SUBSCRIBE_REFUSED';
      const wasConnected = this.isConnected;
      this.disconnected();
      log.warn(
        { why: outcome === undefined ? 'the stream ended' : describeError(outcome) },
        'not subscribed with the agent',
      );
      if (wasConnected || lostAt === undefined) lostAt = clock.now();
      const { checkpoint, recoveryTimeoutMs, subscriptionBackoffMaxMs } = this.options;
      const mayRetry = this.subscriptions === 0 || checkpoint;
      const isLate = this.subscriptions > 0 && clock.now() - lostAt >= recoveryTimeoutMs;
      if (!mayRetry || isLate || isRefused) {
        this.shutdown();
        return;
      }
      const maxMs = this.subscriptions === 0 ? RETRY_MS : subscriptionBackoffMaxMs;
      await sleep(clock, maxMs * random.float(), this.stopping.signal).catch(() => {});
    }
  }

  /** Reads one stream to its end; gives why it could not be had. */
  private async subscribeOnce(): Promise<string | undefined> {
    const call: Call = {
      ...this.ids(),
      type: 'SUBSCRIBE',
      subscribe: {
        unacknowledged_tasks: [...this.tasks.values()],
        unacknowledged_updates: [...this.updates.values()].map((status) => ({ status })),
      },
    };
    const response = await this.post(call);
    if (response.status !== 200) {
      const text = await response.text();
      if (response.status === 503 || response.status === 404) return text;
      throw new ClusterError('SUBSCRIBE_REFUSED', `${response.status} ${text}`, {
        retriable: false,
      });
    }
    const decoder = new RecordDecoder();
    for await (const chunk of response.body) {
      for (const record of decoder.push(chunk)) this.received(record);
      if (this.isEnded) return undefined;
    }
    return undefined;
  }

  private received(record: Uint8Array): void {
    const event = this.decode(record);
    if (event !== undefined) this.dispatch(event);
  }

  private decode(record: Uint8Array): Event | undefined {
    if (this.options.encoding === 'protobuf') {
      const decoded = decodeMessage(EVENT, record);
      return decoded.ok ? decoded.value : undefined;
    }
    const tree = parseJson(new TextDecoder().decode(record));
    const event = tree.ok ? fromJson(EVENT, tree.value) : tree;
    if (event.ok) return event.value;
    this.ports.log.warn({ error: event.error }, 'event cannot be read');
    return undefined;
  }

  private dispatch(event: Event): void {
    const { callbacks } = this;
    switch (event.type) {
      case 'SUBSCRIBED':
        this.subscribed(event);
        break;
      case 'LAUNCH':
        if (event.launch === undefined) break;
        this.keepTask(event.launch.task);
        callbacks.launch?.(event.launch.task);
        break;
      case 'LAUNCH_GROUP': {
        const tasks = event.launch_group?.task_group.tasks ?? [];
        for (const task of tasks) this.keepTask(task);
        callbacks.launchGroup?.(tasks);
        break;
      }
      case 'KILL':
        if (event.kill === undefined) break;
        callbacks.kill?.(event.kill.task_id.value, event.kill.kill_policy);
        break;
      case 'ACKNOWLEDGED':
        if (event.acknowledged === undefined) break;
        this.acknowledged(event.acknowledged.task_id.value, event.acknowledged.uuid);
        break;
      case 'MESSAGE':
        if (event.message !== undefined) callbacks.message?.(event.message.data);
        break;
      case 'SHUTDOWN':
        this.shutdown();
        break;
      default:
    }
  }

  private subscribed(event: Event): void {
    const { subscribed } = event;
    if (subscribed === undefined) return;
    this.isConnected = true;
    this.subscriptions += 1;
    this.beat();
    this.callbacks.subscribed?.({
      executor: subscribed.executor_info,
      framework: subscribed.framework_info,
      agent: subscribed.agent_info,
      containerId: subscribed.container_id?.value,
      isResubscription: this.subscriptions > 1,
    });
    this.onFirst();
  }

  private keepTask(task: TaskInfo): void {
    this.tasks.set(task.task_id.value, task);
  }

  private acknowledged(taskId: string, uuid: Uint8Array): void {
    this.updates.delete(formatUuid(uuid));
    this.tasks.delete(taskId);
    this.callbacks.acknowledged?.(taskId, uuid);
    if (this.updates.size === 0) this.onIdle();
  }

  private disconnected(): void {
    this.heartbeat?.cancel();
    this.calls.length = 0;
    if (!this.isConnected) return;
    this.isConnected = false;
    this.callbacks.disconnected?.();
  }

  private shutdown(): void {
    if (this.isEnded) return;
    const { clock, die } = this.ports;
    const timer = clock.setTimer(this.options.shutdownGraceMs, die);
    void this.ended.then(() => timer.cancel());
    this.callbacks.shutdown?.();
    background(this.ports.log, this.stop(this.options.shutdownGraceMs), 'ending the executor');
  }

  private finish(): void {
    if (this.isEnded) return;
    this.isEnded = true;
    this.isConnected = false;
    this.heartbeat?.cancel();
    this.stopping.abort(new Error('the executor has ended'));
    this.end();
  }

  private beat(): void {
    this.heartbeat?.cancel();
    this.heartbeat = this.ports.clock.setTimer(HEARTBEAT_MS, () => {
      this.call({ ...this.ids(), type: 'HEARTBEAT' });
      this.beat();
    });
  }

  private call(call: Call): void {
    this.calls.push(call);
    if (!this.isSending) background(this.ports.log, this.sendCalls(), 'sending calls');
  }

  /** One at a time, so that the agent gets updates in their order. */
  private async sendCalls(): Promise<void> {
    this.isSending = true;
    try {
      for (let next = this.calls.shift(); next !== undefined; next = this.calls.shift()) {
        const response = await this.post(next, CALL_TIMEOUT_MS);
        const text = await response.text();
        if (response.status !== 202) {
          const { status } = response;
          this.ports.log.warn({ type: next.type, status, text }, 'call refused by the agent');
        }
      }
    } finally {
      this.isSending = false;
    }
  }

  private post(call: Call, headTimeoutMs?: DurationMs): Promise<HttpResponse> {
    const { agent, agentActor, authenticationToken, encoding } = this.options;
    const type = encoding === 'protobuf' ? 'application/x-protobuf' : 'application/json';
    const token = authenticationToken;
    return this.ports.http.request({
      method: 'POST',
      url: `http://${agent}/${agentActor}/api/v1/executor`,
      headers: {
        'content-type': type,
        accept: type,
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      body: encoding === 'protobuf' ? encodeMessage(CALL, call) : toJson(CALL, call),
      signal: this.stopping.signal,
      ...(headTimeoutMs === undefined ? {} : { headTimeoutMs }),
    });
  }
}
