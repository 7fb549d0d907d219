/** Chronos as a service: the shell and its HTTP server, put together from options and ports. */
import type { FastifyInstance } from 'fastify';
import { background } from '../../core/base/background.ts';
import { describeError } from '../../core/base/errors.ts';
import type { LifecycleState, Service } from '../../core/base/lifecycle.ts';
import { createHttpServer, type HttpServer } from '../../core/net/http-server.ts';
import { writeJson } from '../../core/wire/json-text.ts';
import { problemAnswers } from '../kit/http-kit.ts';
import { proxyToLeader } from '../kit/leader-proxy.ts';
import type { Leadership } from '../kit/leadership.ts';
import { Listeners } from '../kit/listeners.ts';
import { GraphiteReporter } from './graphite.ts';
import { guard } from './http/access.ts';
import { renderProblem, sendProxyFailure } from './http/answers.ts';
import type { ChronosApi } from './http/api.ts';
import { addJobRoutes } from './http/job-routes.ts';
import { JobTexts } from './http/job-texts.ts';
import { addLoggingRoutes } from './http/logging.ts';
import { addPageDataRoutes, addPages } from './http/page-routes.ts';
import { timeRoutes } from './http/route-timers.ts';
import { addRunRoutes } from './http/run-routes.ts';
import { addRootRoutes, addViewRoutes } from './http/view-routes.ts';
import { LogLevels } from './log-levels.ts';
import type { Mailer } from './mail.ts';
import { ChronosMetrics } from './metrics.ts';
import { Notifier } from './notifier.ts';
import type { CompiledChronosOptions } from './options.ts';
import { ChronosShell, type ShellPorts } from './shell.ts';

export interface ChronosPorts extends ShellPorts {
  /** Among several processes; without it this one leads from its start. */
  readonly leadership?: Leadership | undefined;
  /** Sends mail, where the options ask for it. */
  readonly mailer?: Mailer | undefined;
  /** Of `log`; without it `/logging` changes nothing that is written. */
  readonly logLevels?: LogLevels | undefined;
}

export interface Chronos extends Service {
  /** The HTTP interface, for tests that need no socket. */
  readonly app: FastifyInstance;
  /** Where it listens; the real port after the start. */
  readonly address: { readonly ip: string; readonly port: number };
  readonly isSubscribed: boolean;
  readonly frameworkId: string | undefined;
  /** Resolves with the reason when Chronos cannot go on; the process should end then. */
  readonly failure: Promise<unknown>;
  /** Loads and subscribes, or contends, without listening, for the simulator and tests. */
  startWithoutSocket(): Promise<void>;
}

/** Storage and HTTP client stay the caller's: they are not closed by `stop`. */
export function createChronos(options: CompiledChronosOptions, ports: ChronosPorts): Chronos {
  return new ChronosServer(options, ports);
}

class ChronosServer implements Chronos {
  readonly failure: Promise<unknown>;
  private readonly shell: ChronosShell;
  private readonly http: HttpServer;
  private readonly listeners: Listeners;
  private readonly notifier: Notifier;
  private readonly reporter: GraphiteReporter | undefined;
  private readonly options: CompiledChronosOptions;
  private readonly ports: ChronosPorts;
  private readonly fail: (why: unknown) => void;
  private isLeading: boolean;
  private state: LifecycleState = 'new';

  constructor(options: CompiledChronosOptions, ports: ChronosPorts) {
    const failed = Promise.withResolvers<unknown>();
    this.failure = failed.promise;
    this.options = options;
    this.ports = ports;
    this.isLeading = ports.leadership === undefined;
    this.fail = (why) => {
      ports.log.error({ error: describeError(why) }, 'Chronos cannot go on');
      failed.resolve(why);
    };
    const metrics = new ChronosMetrics();
    this.notifier = new Notifier(options.notifications, ports);
    this.shell = new ChronosShell(options, ports, {
      metrics,
      notifier: this.notifier,
      onFailure: this.fail,
    });
    metrics.watch(this.shell.machine.state);
    const { graphite } = options;
    if (graphite !== undefined) {
      const document = (): unknown => JSON.parse(writeJson(metrics.document(ports.clock.now())));
      this.reporter = new GraphiteReporter(graphite, ports, document);
    }
    this.http = this.createHttp(options, ports, {
      state: this.shell.machine.state,
      metrics,
      texts: new JobTexts(),
      jobDefaults: options.jobDefaults,
      ignoresEpsilon: options.ignoresEpsilon,
      now: () => ports.clock.now(),
      isSubscribed: () => this.shell.isSubscribed,
      sandboxUrl: (agentId, executorId) => this.shell.sandboxUrl(agentId, executorId),
      leader: () => this.self,
      command: (command) => this.shell.command(command),
    });
    this.listeners = new Listeners(this.http, options);
  }

  get app(): FastifyInstance {
    return this.http.app;
  }

  get address(): { readonly ip: string; readonly port: number } {
    return this.listeners.address;
  }

  get isSubscribed(): boolean {
    return this.shell.isSubscribed;
  }

  get frameworkId(): string | undefined {
    return this.shell.frameworkId;
  }

  async start(): Promise<void> {
    this.state = 'starting';
    try {
      const { leadership } = this.ports;
      if (leadership === undefined) await this.shell.load();
      // Nothing is launched before the port is ours: it may belong to another Chronos.
      await this.listeners.listen();
      this.reporter?.start();
      if (leadership === undefined) await this.shell.subscribe();
      else this.contend(leadership);
      this.state = 'running';
    } catch (thrown) {
      this.state = 'failed';
      this.reporter?.stop();
      await this.listeners.close();
      throw thrown;
    }
  }

  async startWithoutSocket(): Promise<void> {
    this.state = 'starting';
    const { leadership } = this.ports;
    if (leadership === undefined) {
      await this.shell.load();
      await this.shell.subscribe();
    } else this.contend(leadership);
    this.state = 'running';
  }

  async stop(): Promise<void> {
    if (this.state === 'stopped' || this.state === 'stopping') return;
    this.state = 'stopping';
    this.reporter?.stop();
    await this.listeners.close();
    await this.shell.stop();
    await this.notifier.stop();
    await this.ports.leadership?.stop();
    this.state = 'stopped';
  }

  /** `hostname:port` of this process. */
  private get self(): string {
    return `${this.options.hostname}:${this.address.port}`;
  }

  /** Nothing is read before the election: the state may be another's until then. */
  private contend(leadership: Leadership): void {
    leadership.start(this.self, {
      onElected: () => background(this.ports.log, this.lead(), 'take up the leadership'),
      onLost: (why) => {
        this.isLeading = false;
        this.shell.halt();
        this.fail(why);
      },
    });
  }

  private async lead(): Promise<void> {
    try {
      await this.shell.load();
      await this.shell.subscribe();
      this.isLeading = true;
    } catch (thrown) {
      this.fail(thrown);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  private createHttp(
    options: CompiledChronosOptions,
    ports: ChronosPorts,
    api: ChronosApi,
  ): HttpServer {
    const problems = problemAnswers({
      render: renderProblem,
      onInternal: (thrown, request) => {
        const fields = { url: request.url, error: describeError(thrown) };
        ports.log.error(fields, 'a request has failed');
      },
    });
    const http = createHttpServer({
      ip: options.httpAddress,
      port: options.httpPort,
      compresses: options.compresses,
      log: ports.log,
      onNotFound: problems.onNotFound,
      onError: problems.onError,
    });
    const { leadership } = ports;
    if (leadership !== undefined) {
      proxyToLeader(
        http.app,
        {
          isLeading: () => this.isLeading,
          leader: () => leadership.leader,
          scheme: () => this.listeners.scheme,
          self: () => this.self,
          viaHeader: 'x-chronos-via',
          isRedirected: () => false,
          answer: sendProxyFailure,
        },
        ports,
      );
    }
    problems.watch(http.app);
    guard(http.app, { credentials: options.httpCredentials, realm: options.httpRealm });
    timeRoutes(http.app, api.metrics, api.now);
    for (const prefix of ['/scheduler', '/v1/scheduler']) {
      addJobRoutes(http.app, prefix, api);
      addViewRoutes(http.app, prefix, api);
      addRunRoutes(http.app, prefix, api);
      addPageDataRoutes(http.app, prefix, api);
    }
    addRootRoutes(http.app, api);
    addPages(http.app);
    addLoggingRoutes(http.app, ports.logLevels ?? new LogLevels());
    return http;
  }
}
