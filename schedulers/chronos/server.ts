/** Chronos as a service: the shell and its HTTP server, put together from options and ports. */
import type { FastifyInstance } from 'fastify';
import { describeError } from '../../core/base/errors.ts';
import type { LifecycleState, Service } from '../../core/base/lifecycle.ts';
import { createHttpServer, type HttpServer } from '../../core/net/http-server.ts';
import { problemAnswers } from '../kit/http-kit.ts';
import { guard } from './http/access.ts';
import { renderProblem } from './http/answers.ts';
import type { ChronosApi } from './http/api.ts';
import { addJobRoutes } from './http/job-routes.ts';
import { JobTexts } from './http/job-texts.ts';
import { addRootRoutes, addViewRoutes } from './http/view-routes.ts';
import { ChronosMetrics } from './metrics.ts';
import { Notifier } from './notifier.ts';
import type { CompiledChronosOptions } from './options.ts';
import { ChronosShell, type ShellPorts } from './shell.ts';

export type ChronosPorts = ShellPorts;

export interface Chronos extends Service {
  /** The HTTP interface, for tests that need no socket. */
  readonly app: FastifyInstance;
  /** Where it listens; the real port after the start. */
  readonly address: { readonly ip: string; readonly port: number };
  readonly isSubscribed: boolean;
  readonly frameworkId: string | undefined;
  /** Resolves with the reason when Chronos cannot go on; the process should end then. */
  readonly failure: Promise<unknown>;
  /** Loads and subscribes without listening, for the simulator and tests. */
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
  private state: LifecycleState = 'new';

  constructor(options: CompiledChronosOptions, ports: ChronosPorts) {
    const failed = Promise.withResolvers<unknown>();
    this.failure = failed.promise;
    const metrics = new ChronosMetrics();
    const notifier = new Notifier(options.notifications, ports.http, ports.log);
    this.shell = new ChronosShell(options, ports, {
      metrics,
      notifier,
      onFailure: (why) => {
        ports.log.error({ error: describeError(why) }, 'Chronos cannot go on');
        failed.resolve(why);
      },
    });
    metrics.watch(this.shell.machine.state);
    this.http = this.createHttp(options, ports, {
      state: this.shell.machine.state,
      metrics,
      texts: new JobTexts(),
      jobDefaults: options.jobDefaults,
      now: () => ports.clock.now(),
      leader: () => `${options.hostname}:${this.address.port}`,
      command: (command) => this.shell.command(command),
    });
  }

  get app(): FastifyInstance {
    return this.http.app;
  }

  get address(): { readonly ip: string; readonly port: number } {
    return this.http.address;
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
      await this.shell.load();
      // Nothing is launched before the port is ours: it may belong to another Chronos.
      await this.http.listen();
      await this.shell.subscribe();
      this.state = 'running';
    } catch (thrown) {
      this.state = 'failed';
      await this.http.close();
      throw thrown;
    }
  }

  async startWithoutSocket(): Promise<void> {
    this.state = 'starting';
    await this.shell.load();
    await this.shell.subscribe();
    this.state = 'running';
  }

  async stop(): Promise<void> {
    if (this.state === 'stopped' || this.state === 'stopping') return;
    this.state = 'stopping';
    await this.http.close();
    await this.shell.stop();
    this.state = 'stopped';
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
      log: ports.log,
      onNotFound: problems.onNotFound,
      onError: problems.onError,
    });
    problems.watch(http.app);
    guard(http.app, { credentials: options.httpCredentials, realm: options.httpRealm });
    for (const prefix of ['/scheduler', '/v1/scheduler']) {
      addJobRoutes(http.app, prefix, api);
      addViewRoutes(http.app, prefix, api);
    }
    addRootRoutes(http.app, api);
    return http;
  }
}
