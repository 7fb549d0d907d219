/** The observer as a service: the tasks of one machine over HTTP. */
import type { FastifyInstance } from 'fastify';
import type { Clock } from '../../../core/base/clock.ts';
import { describeError } from '../../../core/base/errors.ts';
import type { LifecycleState, Service } from '../../../core/base/lifecycle.ts';
import type { Log } from '../../../core/base/log.ts';
import { createHttpServer, type HttpServer } from '../../../core/net/http-server.ts';
import type { HttpClient } from '../../../core/net/ports.ts';
import { declareFiles } from './file-routes.ts';
import { declareJson } from './json-routes.ts';
import type { ObserverOptions } from './options.ts';
import { declarePages } from './page-routes.ts';
import { TaskList } from './task-list.ts';

export interface ObserverPorts {
  readonly clock: Clock;
  readonly log: Log;
  /** For the agent. */
  readonly http: HttpClient;
}

export class Observer implements Service {
  readonly tasks: TaskList;
  private readonly http: HttpServer;
  private readonly startedAt: number;
  private readonly clock: Clock;
  private state: LifecycleState = 'new';

  constructor(options: ObserverOptions, { clock, log, http }: ObserverPorts) {
    this.clock = clock;
    this.startedAt = clock.now();
    this.tasks = new TaskList(options.tasks, { clock, log, http });
    this.http = createHttpServer({
      ...{ ip: options.ip, port: options.port, log },
      onNotFound: (_request, reply) => reply.code(404).type('text/plain').send('Not found'),
      onError: (error, request, reply) => {
        log.error({ error: describeError(error), url: request.url }, 'request failed');
        return reply.code(500).type('text/plain').send('Internal error');
      },
    });
    declareJson(this.app, this.tasks);
    declarePages(this.app, this.tasks);
    declareFiles(this.app, this.tasks);
    this.declareVars();
  }

  get app(): FastifyInstance {
    return this.http.app;
  }

  get address(): { readonly ip: string; readonly port: number } {
    return this.http.address;
  }

  async start(): Promise<void> {
    this.state = 'starting';
    await this.http.listen();
    this.tasks.start();
    this.state = 'running';
  }

  async stop(): Promise<void> {
    if (this.state === 'stopped') return;
    this.tasks.stop();
    await this.http.close();
    this.state = 'stopped';
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  private declareVars(): void {
    this.app.get('/health', (_request, reply) => reply.type('text/plain').send('ok'));
    this.app.get('/vars', (_request, reply) => {
      const lines = Object.entries(this.vars()).map(([name, value]) => `${name} ${value}\n`);
      return reply.type('text/plain').send(lines.join(''));
    });
    this.app.get('/vars.json', () => this.vars());
  }

  private vars(): Readonly<Record<string, number>> {
    const all = this.tasks.all();
    const active = all.filter(({ isActive }) => isActive).length;
    return {
      'observer.active_tasks': active,
      'observer.finished_tasks': all.length - active,
      'observer.uptime_secs': Math.floor((this.clock.now() - this.startedAt) / 1_000),
    };
  }
}
