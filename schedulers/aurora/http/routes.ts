/** Everything the scheduler answers, in the order in which requests meet it. */
import type { FastifyInstance } from 'fastify';
import { loadPages } from '../../../core/webui/pages.ts';
import type { AuroraMachine } from '../machine/aurora-machine.ts';
import type { VarsHistory } from '../vars-history.ts';
import { type ApiPorts, declareApi } from './api.ts';
import { declareApiBeta } from './api-beta.ts';
import { allowOrigin } from './cors.ts';
import { type DiagnosticsPorts, declareDiagnostics } from './diagnostics.ts';
import { declareEndpoints } from './endpoints.ts';
import { declareGraphs } from './graphs.ts';
import { declareInspection } from './inspection.ts';
import { declareLeaderHealth, type LeaderView, redirectToLeader } from './leader-redirect.ts';
import { declareMname } from './mname.ts';
import { declarePages } from './pages.ts';
import { declareRest } from './rest/rest.ts';

export interface RoutePorts {
  readonly api: ApiPorts;
  readonly machine: AuroraMachine;
  readonly leader: LeaderView;
  /** The one other origin whose pages may call. */
  readonly origin: string | undefined;
  readonly cronZone: string;
  readonly now: () => number;
  readonly vars: () => ReadonlyMap<string, number>;
  readonly history: VarsHistory;
  readonly diagnostics: DiagnosticsPorts;
}

export function declareRoutes(app: FastifyInstance, ports: RoutePorts): void {
  const { api, machine, now, vars } = ports;
  if (ports.origin !== undefined) allowOrigin(app, ports.origin);
  redirectToLeader(app, ports.leader);
  api.guard.protect(app);
  declareLeaderHealth(app, ports.leader);
  declareApi(app, api);
  declareApiBeta(app, api);
  declareRest(app, {
    call: api.call,
    clusterName: api.serverInfo.clusterName,
    cronZone: ports.cronZone,
    now,
    userOf: (request) => api.guard.userOf(request),
  });
  declarePages(app, loadPages('aurora'));
  declareEndpoints(app, { machine, now, vars });
  declareInspection(app, machine);
  declareMname(app, machine);
  declareGraphs(app, ports.history);
  declareDiagnostics(app, ports.diagnostics);
}
