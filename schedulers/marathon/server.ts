/** Marathon as a service: machine, shell, subscription and HTTP, put together from options and ports. */
import type { FastifyInstance } from 'fastify';
import { background } from '../../core/base/background.ts';
import type { Clock } from '../../core/base/clock.ts';
import type { DurationMs } from '../../core/base/duration.ts';
import { describeError } from '../../core/base/errors.ts';
import type { LifecycleState, Service } from '../../core/base/lifecycle.ts';
import type { LevelledLog, Log } from '../../core/base/log.ts';
import type { Random } from '../../core/base/random.ts';
import { masterAddress } from '../../core/election/master-address.ts';
import type { LeaderDetector } from '../../core/election/ports.ts';
import { createHttpServer, type HttpServer } from '../../core/net/http-server.ts';
import type { HttpClient } from '../../core/net/ports.ts';
import type { Storage } from '../../core/storage/ports.ts';
import { loadPages } from '../../core/webui/pages.ts';
import type { FrameworkInfo } from '../../core/wire/types/mesos.v1.ts';
import { DurableQueue } from '../kit/durable-queue.ts';
import { EventHub } from '../kit/event-hub.ts';
import { FrameworkIdStore } from '../kit/framework-id.ts';
import { proxyToLeader } from '../kit/leader-proxy.ts';
import type { Leadership } from '../kit/leadership.ts';
import { Listeners } from '../kit/listeners.ts';
import { type FrameworkHandlers, FrameworkSubscription } from '../kit/subscription.ts';
import { ArtifactResolver } from './artifacts/resolve.ts';
import { type ConnectTcp, NetworkProber } from './health/prober.ts';
import { AccessControl } from './http/access.ts';
import type { Api } from './http/api.ts';
import { HttpCallbacks } from './http/callbacks.ts';
import { EventPublisher } from './http/events.ts';
import { sendProblem, sendProxyFailure } from './http/problems.ts';
import { answerNotFound, declareRoutes } from './http/routes.ts';
import { MarathonMachine } from './machine/marathon-machine.ts';
import { MasterQuotas } from './master-quotas.ts';
import { MarathonMetrics } from './metrics.ts';
import { MetricsReporter } from './metrics-reporter.ts';
import { roleOf } from './model/instance.ts';
import type { MarathonOptions } from './options.ts';
import type { LoadedPlugins } from './plugins/load.ts';
import { MarathonShell } from './shell.ts';
import { carryOutOrder } from './store/backup.ts';

export interface MarathonPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly http: HttpClient;
  readonly storage: Storage;
  /** How far apart writes of a busy service begin; without it each follows the one before at once. */
  readonly writeIntervalMs?: DurationMs;
  readonly log: Log;
  /** The same log, when its level may be changed over HTTP. */
  readonly levels?: LevelledLog | undefined;
  /** Takes any certificate: for health checks, and for a leader where that was asked for. */
  readonly carelessHttp?: HttpClient | undefined;
  readonly detector?: LeaderDetector | undefined;
  /** Among several processes; without it this one leads from its start. */
  readonly leadership?: Leadership | undefined;
  /** Loaded before; their part of the machine's work included here. */
  readonly plugins?: LoadedPlugins | undefined;
  /** For TCP health checks; real sockets by default. */
  readonly connectTcp?: ConnectTcp;
}

export interface Marathon extends Service {
  /** The HTTP interface, for tests that need no socket. */
  readonly app: FastifyInstance;
  /** Where it listens; the real port after the start. */
  readonly address: { readonly ip: string; readonly port: number };
  readonly scheme: 'http' | 'https';
  readonly isSubscribed: boolean;
  /** Answers requests by itself; others pass them on to the one that does. */
  readonly isLeading: boolean;
  readonly frameworkId: string | undefined;
  /** The machine, for printouts and tests. */
  readonly machine: MarathonMachine;
  /** Resolves with the reason when Marathon cannot go on; the process should end then. */
  readonly failure: Promise<unknown>;
  /** Loads and subscribes, or contends, without listening, for the simulator and tests. */
  startWithoutSocket(): Promise<void>;
}

/** Bytes one client of the event stream may leave unread, per event it may leave unread. */
const EVENT_BYTES = 4_096;

const EVENT_CLIENTS_MAX = 1_000;
const EVENT_KEEP_ALIVE_MS = 10_000;

/** When all is launched no offers are wanted; for what comes later they are asked for again so often at most. */
const RESUME_PAUSE_MS = 100;

/** Storage and HTTP client stay the caller's: they are not closed by `stop`. */
export function createMarathon(options: MarathonOptions, ports: MarathonPorts): Marathon {
  return new MarathonServer(options, ports);
}

class MarathonServer implements Marathon {
  readonly machine: MarathonMachine;
  readonly failure: Promise<unknown>;
  isLeading: boolean;
  private readonly options: MarathonOptions;
  private readonly ports: MarathonPorts;
  private readonly http: HttpServer;
  private readonly listeners: Listeners;
  private readonly hub: EventHub;
  private readonly callbacks: HttpCallbacks | undefined;
  private readonly shell: MarathonShell;
  private readonly durable: DurableQueue;
  private readonly reporters: readonly MetricsReporter[];
  private readonly fail: (why: unknown) => void;
  private subscription: FrameworkSubscription | undefined;
  private state: LifecycleState = 'new';
  /** For people; the other for requests of our own. */
  private masterUrl: string | undefined;
  private masterApiUrl: string | undefined;
  private isResubscribing = false;
  private subscribedRoles: ReadonlySet<string> = new Set();

  constructor(options: MarathonOptions, ports: MarathonPorts) {
    this.options = options;
    this.ports = ports;
    this.isLeading = ports.leadership === undefined;
    const failed = Promise.withResolvers<unknown>();
    this.failure = failed.promise;
    this.fail = (why) => {
      ports.log.error({ error: describeError(why) }, 'Marathon cannot go on');
      failed.resolve(why);
    };
    const { clock, log, storage } = ports;
    const metrics = new MarathonMetrics(options.metricsPrefix, () => clock.now());
    const plugins = ports.plugins?.machine ?? options.machine.plugins;
    // Reservations must name the one whom the master knows.
    const { principal } = options;
    const settings = { ...options.machine, plugins, principal };
    this.machine = new MarathonMachine(settings, ports.random, clock.now());
    this.hub = new EventHub(clock, {
      clientsMax: EVENT_CLIENTS_MAX,
      waitingBytesMax: options.eventsOutstandingMax * EVENT_BYTES,
      keepAliveMs: EVENT_KEEP_ALIVE_MS,
      onSent: (length) => metrics.eventStreamBytes.increment(length),
    });
    metrics.observe(this.machine.state, {
      timeouts: settings,
      streamCount: () => this.hub.clientCount,
    });
    this.reporters = options.reporters.map(
      (reporter) => new MetricsReporter(reporter, ports, () => metrics.snapshot()),
    );
    const { writeIntervalMs: intervalMs } = ports;
    const pace = intervalMs === undefined ? undefined : { clock, intervalMs };
    this.durable = new DurableQueue(storage, this.fail, pace);
    const urls = options.callbackUrls;
    this.callbacks =
      urls === undefined ? undefined : new HttpCallbacks({ ...ports, durable: this.durable }, urls);
    const { publish, isWanted } = new EventPublisher(this.hub, this.callbacks);
    this.shell = new MarathonShell(this.machine, {
      clock,
      log,
      storage,
      durable: this.durable,
      prober: new NetworkProber(ports.carelessHttp ?? ports.http, ports.connectTcp),
      metrics,
      publish,
      onFatal: this.fail,
      onWanted: (role) => {
        if (!this.subscribedRoles.has(role)) this.resubscribe();
      },
    });
    this.http = this.createHttp(metrics, {
      shell: this.shell,
      model: options.machine.model,
      publish,
      isWanted,
      access: new AccessControl(ports.plugins),
      quotas: new MasterQuotas({
        clock,
        http: ports.http,
        masterUrl: () => this.masterApiUrl,
        credential: options.credential,
      }),
      artifacts:
        options.artifacts === undefined
          ? undefined
          : new ArtifactResolver(options.artifacts, ports.http),
    });
    this.listeners = new Listeners(this.http, options);
  }

  get app(): FastifyInstance {
    return this.http.app;
  }

  get address(): { readonly ip: string; readonly port: number } {
    return this.listeners.address;
  }

  get scheme(): 'http' | 'https' {
    return this.listeners.scheme;
  }

  get isSubscribed(): boolean {
    return this.subscription?.isSubscribed === true;
  }

  get frameworkId(): string | undefined {
    return this.subscription?.frameworkId;
  }

  async start(): Promise<void> {
    this.state = 'starting';
    try {
      if (this.ports.leadership === undefined) await this.load();
      await this.listeners.listen();
      if (this.ports.leadership === undefined) await this.subscribe();
      else this.contend(this.ports.leadership);
      for (const reporter of this.reporters) reporter.start();
      this.state = 'running';
    } catch (thrown) {
      this.state = 'failed';
      await this.listeners.close();
      throw thrown;
    }
  }

  /** Nothing is read before the election: the state may be another's until then. */
  private contend(leadership: Leadership): void {
    leadership.start(this.self, {
      onElected: () => background(this.ports.log, this.lead(), 'take up the leadership'),
      onLost: (why) => {
        this.isLeading = false;
        this.shell.stop();
        this.fail(why);
      },
    });
  }

  private async lead(): Promise<void> {
    const limitMs = this.options.electedPrepareMs;
    const timer = this.ports.clock.setTimer(limitMs, () => {
      this.fail(new Error(`the state was not read within ${limitMs} ms of the election`));
    });
    try {
      await this.load();
      await this.subscribe();
      this.isLeading = true;
    } catch (thrown) {
      this.fail(thrown);
    } finally {
      timer.cancel();
    }
  }

  /** `hostname:port` of this process. */
  private get self(): string {
    return `${this.options.hostname}:${this.address.port}`;
  }

  async startWithoutSocket(): Promise<void> {
    this.state = 'starting';
    const { leadership } = this.ports;
    if (leadership === undefined) {
      await this.load();
      await this.subscribe();
    } else this.contend(leadership);
    this.state = 'running';
  }

  async stop(): Promise<void> {
    if (this.state === 'stopped' || this.state === 'stopping') return;
    this.state = 'stopping';
    for (const reporter of this.reporters) reporter.stop();
    this.hub.close();
    await this.listeners.close();
    await this.durable.flush();
    this.shell.stop();
    await this.subscription?.stop();
    await this.ports.leadership?.stop();
    this.state = 'stopped';
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  private async load(): Promise<void> {
    await carryOutOrder(this.ports.storage);
    await this.callbacks?.load();
    await this.shell.recover();
  }

  private createHttp(metrics: MarathonMetrics, api: Api): HttpServer {
    const { options, ports } = this;
    const server = createHttpServer({
      ...options.http,
      log: ports.log,
      compresses: options.compresses,
      onNotFound: answerNotFound,
      onError: (error, request, reply) => {
        ports.log.error({ error: describeError(error), url: request.url }, 'request failed');
        return sendProblem(reply, { status: 500, message: describeError(error) });
      },
    });
    const { leadership } = ports;
    const careless = ports.carelessHttp ?? ports.http;
    if (leadership !== undefined) {
      proxyToLeader(
        server.app,
        {
          isLeading: () => this.isLeading,
          leader: () => leadership.leader,
          scheme: () => this.scheme,
          self: () => this.self,
          viaHeader: 'x-marathon-via',
          isRedirected: (path) => path === '/v2/events',
          answer: sendProxyFailure,
        },
        { clock: ports.clock, http: options.ignoresLeaderCertificate ? careless : ports.http },
      );
    }
    const context = {
      api,
      options,
      metrics,
      self: () => this.self,
      scheme: () => this.scheme,
      httpsPort: () => this.listeners.httpsPort,
      frameworkId: () => this.frameworkId,
      pages: loadPages('marathon'),
      plugins: ports.plugins,
      log: ports.log,
      levels: ports.levels,
      clock: ports.clock,
      masterUrl: () => this.masterUrl,
      abdicate: () => {
        ports.clock.setTimer(ABDICATION_MS, () => this.fail(new Error('leadership abdicated')));
      },
    };
    declareRoutes(server.app, context, { hub: this.hub, callbacks: this.callbacks });
    return server;
  }

  private async subscribe(): Promise<void> {
    const { options, ports } = this;
    this.subscription = new FrameworkSubscription(
      {
        master: options.master,
        framework: this.frameworkInfo(),
        credential: options.credential,
        // A fifth of the work that JSON is, for both sides.
        encoding: 'protobuf',
        minReviveIntervalMs: options.minReviveIntervalMs,
        reviveRepeats: 1,
        resumePauseMs: Math.min(options.minReviveIntervalMs, RESUME_PAUSE_MS),
        suppresses: options.suppressesOffers,
        reconciliationIntervalMs: options.reconciliationIntervalMs,
      },
      this.handlers(),
      {
        ...ports,
        durable: this.durable,
        frameworkIds: new FrameworkIdStore('marathon/'),
      },
    );
    this.shell.attach(this.subscription);
    // What was wanted before there was a subscription to tell.
    for (const role of this.machine.state.wantedRoles) this.subscription.wantOffers(role, true);
    await this.subscription.start();
  }

  /** The shell's, which also learn where the master's pages are. */
  private handlers(): FrameworkHandlers {
    const handlers = this.shell.handlers();
    return {
      ...handlers,
      subscribed: (subscription) => {
        const { masterInfo } = subscription;
        const host = masterInfo?.hostname ?? masterInfo?.address?.hostname;
        this.masterApiUrl =
          masterInfo === undefined ? undefined : `http://${masterAddress(masterInfo)}/`;
        if (host !== undefined) this.masterUrl = `http://${host}:${masterInfo?.port ?? 5050}/`;
        handlers.subscribed(subscription);
      },
    };
  }

  /** Offers of a role come only to frameworks subscribed with it: subscribe again, as ourselves. */
  private resubscribe(): void {
    if (this.isResubscribing || this.state !== 'running') return;
    this.isResubscribing = true;
    const work = async (): Promise<void> => {
      await this.subscription?.stop();
      this.shell.handlers().disconnected();
      this.isResubscribing = false;
      if (this.state === 'running') await this.subscribe();
    };
    background(this.ports.log, work(), 'subscribe with more roles');
  }

  private frameworkInfo(): FrameworkInfo {
    const { options, machine } = this;
    const roles = new Set([options.mesosRole]);
    for (const { role } of machine.state.root.specs.values()) roles.add(role);
    for (const { role } of machine.state.orphans.values()) roles.add(role);
    for (const instance of machine.state.instances.all()) roles.add(roleOf(instance));
    this.subscribedRoles = roles;
    const { features } = options.machine.model;
    return {
      user: options.mesosUser,
      name: options.frameworkName,
      roles: [...roles],
      failover_timeout: options.failoverTimeoutSeconds,
      checkpoint: options.checkpoint,
      hostname: options.hostname,
      webui_url: options.webuiUrl ?? `${this.scheme}://${options.hostname}:${this.address.port}`,
      principal: options.principal,
      capabilities: [
        { type: 'PARTITION_AWARE' },
        { type: 'REGION_AWARE' },
        { type: 'MULTI_ROLE' },
        ...(features.has('task_killing') ? [{ type: 'TASK_KILLING_STATE' as const }] : []),
        ...(features.has('gpu_resources') ? [{ type: 'GPU_RESOURCES' as const }] : []),
      ],
    };
  }
}

/** The answer must get out before the process ends. */
const ABDICATION_MS = 500;
