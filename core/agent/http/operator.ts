/**
 * The operator endpoints of the agent, legacy and v1 (spec operator-api, sections 5, 6 and 10).
 * `registerAgentOperatorApi` is called by the composition before the server listens; as long as the
 * agent has no state, or recovers it, documents are answered 503.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Approvers } from '../../auth/authorizer.ts';
import type { RequestGuard } from '../../auth/http-guard.ts';
import type { Clock } from '../../base/clock.ts';
import type { Metrics } from '../../base/metrics.ts';
import { registerFiles } from '../../files/endpoints.ts';
import { VirtualFiles } from '../../files/virtual-files.ts';
import { replyJson } from '../../net/http-answers.ts';
import { type HttpServer, replyStatus } from '../../net/http-server.ts';
import type { MessageTransport } from '../../net/ports.ts';
import {
  LoggingLevel,
  type OperatorSettings,
  registerGlobals,
  systemMetrics,
} from '../../operator/globals.ts';
import { queryOf, replyEmpty, replyMethodNotAllowed, replyText } from '../../operator/replies.ts';
import { RequestPace } from '../../operator/request-pace.ts';
import { type JsonValue, writeJson } from '../../wire/json-text.ts';
import { AGENT_ACTOR, type Agent } from '../agent.ts';
import { mayViewContainer } from '../authorization.ts';
import { processUsage } from '../process-usage.ts';
import { NO_GUARD } from '../security.ts';
import type { AgentState } from '../state.ts';
import {
  containerModel,
  executorsMatching,
  statisticsModel,
  statisticsOf,
  type UsageReaders,
} from '../views/containers.ts';
import { agentStateDocument } from '../views/state.ts';
import { AGENT_HELP } from './help-texts.ts';
import { registerAgentV1 } from './operator-v1.ts';
import { agentProcesses } from './processes.ts';
import { SandboxFiles } from './sandbox-files.ts';

export interface AgentOperatorOptions {
  readonly settings?: OperatorSettings | undefined;
  readonly agent: Agent;
  readonly server: HttpServer;
  readonly metrics: Metrics;
  readonly clock: Clock;
  /** Tells the announced address. */
  readonly transport: Pick<MessageTransport, 'ip' | 'port'>;
  /** Attach the log file and the like; sandboxes are attached here. */
  readonly files?: VirtualFiles;
  /** Knows who asks; without it everybody may see and do everything. */
  readonly guard?: RequestGuard | undefined;
}

export interface AgentOperatorApi {
  stop(): void;
}

const PREFIX = `/${AGENT_ACTOR}`;

/** Read only as soon as there is an authorizer. */
const ONLY_SHOWN: ReadonlySet<string> = new Set(
  ['flags', 'monitor/statistics', 'containers', 'containerizer/debug'].map(
    (route) => `${PREFIX}/${route}`,
  ),
);

export function registerAgentOperatorApi(options: AgentOperatorOptions): AgentOperatorApi {
  const { server, agent, metrics, clock } = options;
  const context = new AgentOperatorContext(options);
  const { app } = server;
  app.all(`${PREFIX}/health`, (_request, reply) => replyEmpty(reply, 200));
  // Asking an authorizer about anything else than a GET fails.
  app.addHook('onRequest', (request, reply, done) => {
    const isRefused = context.guard.hasAuthorizer && request.method !== 'GET';
    if (isRefused && ONLY_SHOWN.has(request.routeOptions.url ?? '')) {
      replyMethodNotAllowed(reply, ['GET'], request.method);
    } else done();
  });
  app.all(`${PREFIX}/flags`, (request, reply) => {
    if (!context.approvers(request).approved('view_flags')) return replyStatus(reply, 403);
    return replyJson(request, reply, writeJson({ flags: agent.options.flags }));
  });
  const show = (
    route: string,
    document: (state: AgentState, request: FastifyRequest) => JsonValue,
  ): void => {
    app.all(`${PREFIX}${route}`, (request, reply) =>
      context.recovered(reply, (state) =>
        replyJson(request, reply, writeJson(document(state, request))),
      ),
    );
  };
  show('/state', (state, request) => {
    const approvers = context.approvers(request);
    return agentStateDocument(state, context.stateContext(approvers));
  });
  show('/containerizer/debug', () => ({ pending: [] }));
  app.all(`${PREFIX}/monitor/statistics`, (request, reply) =>
    context.statisticsPace.serve(reply, () =>
      context.recovered(reply, (state) =>
        replyJson(
          request,
          reply,
          writeJson(statisticsDocument(context, state, context.approvers(request))),
        ),
      ),
    ),
  );
  registerContainers(context);
  registerAgentV1(context);
  registerFiles(server, context.files, (request) => context.approvers(request));
  registerGlobals(server, {
    metrics,
    clock,
    logging: context.logging,
    pace: context.pace,
    processIds: () => agentProcesses(context),
    help: AGENT_HELP,
  });
  systemMetrics(metrics);
  return { stop: () => context.stop() };
}

/** What every handler of the agent's operator API needs. */
export class AgentOperatorContext {
  readonly agent: Agent;
  readonly server: HttpServer;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly files: VirtualFiles;
  readonly logging: LoggingLevel;
  readonly pace: RequestPace;
  /** Of `/monitor/statistics`. */
  readonly statisticsPace: RequestPace;
  readonly usage: UsageReaders;
  readonly guard: RequestGuard;
  private readonly transport: Pick<MessageTransport, 'ip' | 'port'>;

  constructor(options: AgentOperatorOptions) {
    this.agent = options.agent;
    this.server = options.server;
    this.clock = options.clock;
    this.metrics = options.metrics;
    this.guard = options.guard ?? NO_GUARD;
    this.transport = options.transport;
    this.usage = { process: processUsage, container: (id) => options.agent.usage(id) };
    this.logging = new LoggingLevel(options.clock, options.settings?.onVerbosity);
    this.pace = new RequestPace(options.clock, options.settings?.metricsPace);
    this.statisticsPace = new RequestPace(options.clock);
    this.files = options.files ?? new VirtualFiles();
    this.files.addSource(new SandboxFiles(options.agent));
  }

  stop(): void {
    this.logging.stop();
    this.pace.stop();
    this.statisticsPace.stop();
  }

  /** Answers from the state, or 503 as long as there is none. */
  recovered<T extends FastifyReply | Promise<FastifyReply>>(
    reply: FastifyReply,
    serve: (state: AgentState) => T,
  ): T | FastifyReply {
    const { state } = this.agent;
    if (state === undefined || state.status === 'recovering') {
      return replyText(reply, 503, 'Agent has not finished recovery');
    }
    return serve(state);
  }

  /** What who asks may see and do. */
  approvers(request: FastifyRequest): Approvers {
    return this.guard.approvers(request);
  }

  stateContext(approvers: Approvers): Parameters<typeof agentStateDocument>[1] {
    const master = this.agent.state?.master;
    return {
      pid: `${AGENT_ACTOR}@${this.transport.ip}:${this.transport.port}`,
      masterHostname: master === undefined ? undefined : hostnameOf(master.ip),
      flags: this.agent.options.flags,
      capabilities: this.agent.options.capabilities.map(({ type }) => type ?? 'UNKNOWN'),
      approvers,
    };
  }
}

/** The original looks the address up; only the name everybody knows is given here. */
function hostnameOf(ip: string): string {
  return ip.startsWith('127.') ? 'localhost' : ip;
}

function statisticsDocument(
  context: AgentOperatorContext,
  state: AgentState,
  approvers: Approvers,
): JsonValue {
  const all = { containerId: undefined, frameworkId: undefined, executorId: undefined };
  const models: JsonValue[] = [];
  for (const executor of executorsMatching(state, all)) {
    if (!mayViewContainer(approvers, state, executor)) continue;
    const statistics = statisticsOf(executor, context.usage, context.clock.now());
    if (statistics !== undefined) models.push(statisticsModel(executor, statistics));
  }
  return models;
}

function registerContainers(context: AgentOperatorContext): void {
  context.server.app.all(`${PREFIX}/containers`, (request, reply) =>
    context.recovered(reply, (state) => {
      const query = queryOf(request);
      const wanted = {
        containerId: query.get('container_id') ?? undefined,
        frameworkId: query.get('framework_id') ?? undefined,
        executorId: query.get('executor_id') ?? undefined,
      };
      const { containerId, frameworkId, executorId } = wanted;
      const isMixed = containerId !== undefined && (frameworkId ?? executorId) !== undefined;
      if (isMixed || (executorId !== undefined && frameworkId === undefined)) {
        const text =
          'Supported query parameters are container_id only, framework_id only, or executor_id and framework_id only';
        return replyText(reply, 400, text);
      }
      const approvers = context.approvers(request);
      const models = executorsMatching(state, wanted)
        .filter((executor) => mayViewContainer(approvers, state, executor))
        .map((executor) =>
          containerModel(executor, statisticsOf(executor, context.usage, context.clock.now())),
        );
      return replyJson(request, reply, writeJson(models));
    }),
  );
}
