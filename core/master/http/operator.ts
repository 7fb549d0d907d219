/**
 * The operator endpoints of the master, legacy and v1 (spec operator-api, sections 2 to 9). Handlers
 * check and render; what they show is read from the machine's state, what they change goes to it as
 * an input. `registerMasterOperatorApi` is called by the composition before the
 * server listens; the master may start later.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { APPROVES_ALL, type Approvers } from '../../auth/authorizer.ts';
import type { RequestGuard } from '../../auth/http-guard.ts';
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import { registerFiles } from '../../files/endpoints.ts';
import { VirtualFiles } from '../../files/virtual-files.ts';
import type { HttpServer } from '../../net/http-server.ts';
import {
  LoggingLevel,
  type OperatorSettings,
  registerGlobals,
  systemMetrics,
} from '../../operator/globals.ts';
import { replyEmpty } from '../../operator/replies.ts';
import { RequestPace } from '../../operator/request-pace.ts';
import type { Pages } from '../../webui/pages.ts';
import type { MasterInfo } from '../../wire/types/mesos.v1.ts';
import type { Master } from '../master.ts';
import { registerOperationMetrics } from '../operation-metrics.ts';
import type { MasterState } from '../state.ts';
import { visibleState } from '../views/visible.ts';
import { answerElsewhere, answerRedirect } from './elsewhere.ts';
import { EventStreams } from './event-streams.ts';
import { MASTER_HELP } from './help-texts.ts';
import { registerLegacyReads } from './operator-legacy.ts';
import { registerMutations } from './operator-mutations.ts';
import { registerOperatorV1 } from './operator-v1.ts';
import { registerPages } from './pages.ts';
import { masterProcesses } from './processes.ts';
import { keepStateWarm } from './warm-state.ts';

export interface MasterOperatorOptions {
  readonly settings?: OperatorSettings | undefined;
  readonly master: Master;
  readonly server: HttpServer;
  readonly clock: Clock;
  readonly log: Log;
  /** Attach the log file and the like; nothing is attached by default. */
  readonly files?: VirtualFiles;
  /** The web interface; without it `/` is 404, as of an original without its files. */
  readonly pages?: Pages | undefined;
  /** Knows who asks; without it everybody may see and do everything. */
  readonly guard?: RequestGuard | undefined;
}

export interface MasterOperatorApi {
  /** Ends event streams and timers. */
  stop(): void;
}

export function registerMasterOperatorApi(options: MasterOperatorOptions): MasterOperatorApi {
  const context = new OperatorContext(options);
  const { server } = options;
  server.app.all('/master/health', (_request, reply) => replyEmpty(reply, 200));
  for (const route of ['/master/redirect', '/master/redirect/:rest']) {
    server.app.all(route, (request, reply) => answerRedirect(request, reply, context.leader()));
  }
  if (options.pages !== undefined) registerPages(server, options.pages);
  registerLegacyReads(context);
  registerMutations(context);
  registerOperatorV1(context);
  registerFiles(server, context.files, (request) => context.approvers(request));
  registerGlobals(server, {
    metrics: context.master.metrics,
    clock: options.clock,
    logging: context.logging,
    pace: context.pace,
    processIds: () => masterProcesses(context),
    help: MASTER_HELP,
  });
  systemMetrics(context.master.metrics);
  registerOperationMetrics(context.master.metrics, () =>
    context.master.hasState ? context.state : undefined,
  );
  context.streams.start();
  const stopWarming = keepStateWarm(context);
  return {
    stop: () => {
      stopWarming();
      context.streams.stop();
      context.logging.stop();
      context.pace.stop();
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
  readonly pace: RequestPace;
  readonly streams: EventStreams;
  private readonly guard: RequestGuard | undefined;

  constructor(options: MasterOperatorOptions) {
    this.master = options.master;
    this.server = options.server;
    this.clock = options.clock;
    this.log = options.log;
    this.guard = options.guard;
    this.files = options.files ?? new VirtualFiles();
    this.logging = new LoggingLevel(options.clock, options.settings?.onVerbosity);
    this.pace = new RequestPace(options.clock, options.settings?.metricsPace);
    this.streams = new EventStreams({
      master: options.master,
      clock: options.clock,
      log: options.log,
      subscribersMax: options.master.options.maxOperatorEventStreamSubscribers,
    });
  }

  get state(): MasterState {
    return this.master.state;
  }

  get flags(): Readonly<Record<string, string>> {
    return this.master.options.flags;
  }

  /** What who asks may see and do. */
  approvers(request: FastifyRequest): Approvers {
    return this.guard?.approvers(request) ?? APPROVES_ALL;
  }

  /** The state with what who asks may see of it. */
  visibleState(request: FastifyRequest): MasterState {
    return visibleState(this.state, this.approvers(request));
  }

  /** The name of who asks, when that is known. */
  principalOf(request: FastifyRequest): string | undefined {
    return this.guard?.principalOf(request)?.value;
  }

  get hasAuthorizer(): boolean {
    return this.guard?.hasAuthorizer === true;
  }

  leader(): MasterInfo | undefined {
    return this.master.leader;
  }

  /** Serves on the leader; redirects, or says that there is none, elsewhere. */
  onLeader(
    request: FastifyRequest,
    reply: FastifyReply,
    serve: () => FastifyReply | Promise<FastifyReply>,
  ): FastifyReply | Promise<FastifyReply> {
    if (this.master.isLeading) return serve();
    return answerElsewhere(reply, this.leader(), this.server.delegatedUrl(request.originalUrl));
  }
}
