/**
 * The operator endpoints of the master, legacy and v1 (spec operator-api, sections 2 to 9). Handlers
 * check and render; what they show is read from the machine's state, what they change goes to it as
 * an input. `registerMasterOperatorApi` is called by the composition before the
 * server listens; the master may start later.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import { registerFiles } from '../../files/endpoints.ts';
import { VirtualFiles } from '../../files/virtual-files.ts';
import type { HttpServer } from '../../net/http-server.ts';
import { LoggingLevel, registerGlobals, systemMetrics } from '../../operator/globals.ts';
import { GLOBAL_HELP } from '../../operator/help.ts';
import { replyEmpty, replyText } from '../../operator/replies.ts';
import type { MasterInfo } from '../../wire/types/mesos.v1.ts';
import type { Master } from '../master.ts';
import { registerOperationMetrics } from '../operation-metrics.ts';
import type { MasterState } from '../state.ts';
import { EventStreams } from './event-streams.ts';
import { landingPage } from './landing-page.ts';
import { MASTER_HELP, registerLegacyReads } from './operator-legacy.ts';
import { registerMutations } from './operator-mutations.ts';
import { registerOperatorV1 } from './operator-v1.ts';

export interface MasterOperatorOptions {
  readonly master: Master;
  readonly server: HttpServer;
  readonly clock: Clock;
  readonly log: Log;
  /** Attach the log file and the like; nothing is attached by default. */
  readonly files?: VirtualFiles;
  /** Who leads, as far as this master knows; by default itself. */
  readonly leader?: () => MasterInfo | undefined;
  /** Whether it is this master that leads; by default as soon as it has started. */
  readonly isLeading?: () => boolean;
}

export interface MasterOperatorApi {
  /** Ends event streams and timers. */
  stop(): void;
}

export function registerMasterOperatorApi(options: MasterOperatorOptions): MasterOperatorApi {
  const context = new OperatorContext(options);
  const { server } = options;
  server.app.all('/master/health', (_request, reply) => replyEmpty(reply, 200));
  server.app.all('/master/redirect', (_request, reply) => context.redirectRoot(reply));
  server.app.all('/master/redirect/:rest', (_request, reply) =>
    replyText(reply, 404, '404 Not Found.'),
  );
  server.app.all('/master', (request, reply) =>
    context.onLeader(request, reply, () =>
      reply.type('text/html').send(landingPage(context.master)),
    ),
  );
  registerLegacyReads(context);
  registerMutations(context);
  registerOperatorV1(context);
  registerFiles(server, context.files);
  registerGlobals(server, {
    metrics: context.master.metrics,
    clock: options.clock,
    logging: context.logging,
    processIds: () => context.processIds(),
    help: { ...GLOBAL_HELP, master: MASTER_HELP },
  });
  systemMetrics(context.master.metrics);
  registerOperationMetrics(context.master.metrics, () =>
    context.master.hasState ? context.state : undefined,
  );
  context.streams.start();
  return {
    stop: () => {
      context.streams.stop();
      context.logging.stop();
    },
  };
}

/** What every handler of the operator API needs. */
export class OperatorContext {
  readonly master: Master;
  readonly server: HttpServer;
  readonly clock: Clock;
  readonly log: Log;
  readonly files: VirtualFiles;
  readonly logging: LoggingLevel;
  readonly streams: EventStreams;
  private readonly leaderOf: () => MasterInfo | undefined;
  private readonly leads: () => boolean;

  constructor(options: MasterOperatorOptions) {
    this.master = options.master;
    this.server = options.server;
    this.clock = options.clock;
    this.log = options.log;
    this.files = options.files ?? new VirtualFiles();
    this.logging = new LoggingLevel(options.clock);
    this.leaderOf = options.leader ?? (() => (this.master.hasState ? this.master.info : undefined));
    this.leads = options.isLeading ?? (() => this.master.hasState);
    this.streams = new EventStreams({
      master: options.master,
      clock: options.clock,
      subscribersMax: options.master.options.maxOperatorEventStreamSubscribers,
    });
  }

  get state(): MasterState {
    return this.master.state;
  }

  get flags(): Readonly<Record<string, string>> {
    return this.master.options.flags;
  }

  leader(): MasterInfo | undefined {
    return this.leaderOf();
  }

  /** Serves on the leader; redirects, or says that there is none, elsewhere. */
  onLeader(
    request: FastifyRequest,
    reply: FastifyReply,
    serve: () => FastifyReply | Promise<FastifyReply>,
  ): FastifyReply | Promise<FastifyReply> {
    if (this.leads()) return serve();
    const leader = this.leaderOf();
    if (leader === undefined) return replyText(reply, 503, 'No leader elected');
    const location = locationOf(leader) + this.server.delegatedUrl(request.originalUrl);
    return replyEmpty(reply.header('location', location), 307);
  }

  /** `/redirect`: to the bare address, on the leader, too. */
  redirectRoot(reply: FastifyReply): FastifyReply {
    const leader = this.leaderOf();
    if (leader === undefined) return replyText(reply, 503, 'No leader elected');
    return replyEmpty(reply.header('location', locationOf(leader)), 307);
  }

  processIds(): readonly string[] {
    const agents = this.master.hasState ? this.state.agents.values() : [];
    const observers = [...agents].map((agent) => `slave-observer(${agent.observer})`);
    return [
      'master',
      'files',
      'system',
      'metrics',
      'allocator',
      'help',
      'profiler',
      'version',
      'logging',
      'registrar(1)',
      '__processes__',
      ...observers,
    ];
  }
}

function locationOf(leader: MasterInfo): string {
  return `//${leader.hostname ?? leader.address?.ip ?? ''}:${leader.port ?? 5050}`;
}
