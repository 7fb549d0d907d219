/** Ping, metrics, info, leader and the start page (spec marathon-rest, sections 8 and 10). */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from '../../../core/base/clock.ts';
import type { LevelledLog, Log } from '../../../core/base/log.ts';
import type { Pages } from '../../../core/webui/pages.ts';
import { writeJson } from '../../../core/wire/json-text.ts';
import type { MarathonMetrics } from '../metrics.ts';
import { plain, plainObject } from '../model/app-json.ts';
import type { MarathonOptions } from '../options.ts';
import type { LoadedPlugins } from '../plugins/load.ts';
import { readBackupUri, storeOrder } from '../store/backup.ts';
import { type Api, declare, query, sendJson } from './api.ts';
import { declareHelp } from './help.ts';
import { declareLogging } from './logging.ts';
import { declarePages } from './pages.ts';
import { sendProblem } from './problems.ts';

export const VERSION = '1.12.0';

/** Members of `marathon_config`; a value stands for a setting that has no flag here. */
const MARATHON_CONFIG: Readonly<Record<string, unknown>> = {
  access_control_allow_origin: undefined,
  checkpoint: undefined,
  decline_offer_duration: undefined,
  default_network_name: undefined,
  env_vars_prefix: undefined,
  executor: undefined,
  failover_timeout: undefined,
  features: undefined,
  framework_name: undefined,
  ha: undefined,
  hostname: undefined,
  launch_token: undefined,
  launch_token_refresh_interval: undefined,
  leader_proxy_connection_timeout_ms: 5_000,
  leader_proxy_read_timeout_ms: 10_000,
  local_port_max: undefined,
  local_port_min: undefined,
  master: undefined,
  max_instances_per_offer: undefined,
  mesos_bridge_name: undefined,
  mesos_heartbeat_failure_threshold: 5,
  mesos_heartbeat_interval: 15_000,
  mesos_leader_ui_url: undefined,
  mesos_role: undefined,
  mesos_user: undefined,
  new_group_enforce_role: undefined,
  min_revive_offers_interval: undefined,
  offer_matching_timeout: undefined,
  on_elected_prepare_timeout: 180_000,
  reconciliation_initial_delay: undefined,
  reconciliation_interval: undefined,
  scale_apps_initial_delay: undefined,
  scale_apps_interval: undefined,
  store_cache: true,
  task_launch_confirm_timeout: undefined,
  task_launch_timeout: undefined,
  task_lost_expunge_initial_delay: undefined,
  task_lost_expunge_interval: undefined,
  task_reservation_timeout: undefined,
  webui_url: undefined,
  maintenance_mode: undefined,
};

const ZOOKEEPER_CONFIG: Readonly<Record<string, unknown>> = {
  zk: undefined,
  zk_compression: true,
  zk_compression_threshold: 65_536,
  zk_connection_timeout: 10_000,
  zk_max_node_size: 1_024_000,
  zk_max_versions: 50,
  zk_session_timeout: 10_000,
  zk_timeout: 10_000,
};

export interface SystemContext {
  readonly api: Api;
  readonly options: MarathonOptions;
  readonly metrics: MarathonMetrics;
  /** `hostname:port` of this process. */
  readonly self: () => string;
  /** How others reach this process. */
  readonly scheme: () => 'http' | 'https';
  readonly httpsPort: () => number | undefined;
  readonly frameworkId: () => string | undefined;
  readonly abdicate: () => void;
  readonly pages: Pages;
  readonly plugins: LoadedPlugins | undefined;
  readonly log: Log;
  /** Absent where the log's level is not ours to change. */
  readonly levels: LevelledLog | undefined;
  readonly clock: Clock;
  /** Address of the leading master's pages, once it has told. */
  readonly masterUrl: () => string | undefined;
}

export function declareSystem(app: FastifyInstance, context: SystemContext): void {
  declarePages(app, context.pages);
  declareHelp(app);
  if (context.levels !== undefined) declareLogging(app, context.levels, context.clock);
  declare(app, '/ping', { GET: ping });
  declare(app, '/metrics', {
    GET: (_request, reply) => sendJson(reply, 200, plain(context.metrics.snapshot()) ?? {}),
  });
  // Flags as they are in effect; secrets are not among them.
  declare(app, '/config', {
    GET: (_request, reply) => sendJson(reply, 200, plainObject(context.options.shownFlags)),
  });
  declare(app, '/metrics/prometheus', {
    GET: async (_request, reply) => {
      if (!context.options.servesPrometheus) {
        return sendProblem(reply, { status: 404, message: 'Prometheus reporter is disabled' });
      }
      return reply
        .type('text/plain; version=0.0.4; charset=utf-8')
        .send(await context.metrics.prometheus());
    },
  });
  declare(app, '/v2/info', { GET: (_request, reply) => sendInfo(context, reply) });
  declare(app, '/v2/leader', {
    GET: (_request, reply) => sendJson(reply, 200, { leader: context.self() }),
    DELETE: (request, reply) => abdicate(context, request, reply),
  });
}

/** A backup and a restore are the next leader's first work. */
async function abdicate(
  { api, abdicate: end }: SystemContext,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<unknown> {
  const [backup, restore] = [query(request, 'backup'), query(request, 'restore')];
  for (const text of [backup, restore]) {
    const uri = text === undefined ? undefined : readBackupUri(text);
    if (uri?.ok === false) return sendProblem(reply, { status: 422, message: uri.error });
  }
  if (backup !== undefined || restore !== undefined) {
    await api.shell.write([storeOrder({ backup, restore })]);
  }
  end();
  return sendJson(reply, 200, { message: 'Leadership abdicated' });
}

function ping(request: FastifyRequest, reply: FastifyReply): unknown {
  const accept = request.headers.accept ?? '*/*';
  if (/\*\/\*|text\/\*|text\/plain/.test(accept)) return reply.type('text/plain').send('pong');
  if (accept.includes('application/json')) return reply.type('application/json').send('"pong"');
  if (accept.includes('text/html')) return reply.type('text/html').send('pong');
  return reply.code(204).send();
}

/** This one document writes `null` for what is not set. Its members are the original's and no
 * other: typed clients refuse a name they do not know. */
function sendInfo(context: SystemContext, reply: FastifyReply): unknown {
  const { options, self, frameworkId, masterUrl } = context;
  const known: Readonly<Record<string, unknown>> = {
    ...options.shownFlags,
    mesos_leader_ui_url: options.shownFlags['mesos_leader_ui_url'] ?? masterUrl(),
  };
  const shown = (defaults: Readonly<Record<string, unknown>>): object =>
    Object.fromEntries(
      Object.entries(defaults).map(([name, value]) => [name, known[name] ?? value ?? null]),
    );
  const info = {
    name: options.frameworkName,
    version: VERSION,
    buildref: 'orrery',
    elected: true,
    leader: self(),
    frameworkId: frameworkId() ?? null,
    marathon_config: shown(MARATHON_CONFIG),
    zookeeper_config: shown(ZOOKEEPER_CONFIG),
    http_config: { http_port: options.http.port, https_port: context.httpsPort() ?? 8_443 },
  };
  return reply.type('application/json').send(writeJson(plain(info) ?? null));
}
