/**
 * What a process that does not lead does with requests, and how it tells who leads (spec aurora-scheduler,
 * section 10).
 */
import type { FastifyInstance } from 'fastify';
import { escapeHtml } from '../../../core/base/html.ts';
import type { LeaderStatus } from '../leading.ts';
import type { Endpoint } from '../server-set.ts';

export interface LeaderView {
  readonly status: LeaderStatus;
  readonly leader: Endpoint | undefined;
}

/** Whoever sends it wants this process. */
export const BYPASS_HEADER = 'bypass-leader-redirect';

const ONLY_LEADER: readonly string[] = [
  ...['/agents', '/api', '/apibeta', '/cron', '/maintenance', '/mname', '/offers'],
  ...['/pendingtasks', '/quotas', '/slaves', '/state', '/tiers', '/utilization', '/v1'],
  ...['/assets/scheduler', '/scheduler', '/updates'],
];

/** The pages ask the leader: a browser would not let those of another scheduler do so. */
const START_PAGE = '/';

const NO_LEADER_PAGE = `<!DOCTYPE html>
<html><head><title>No Leader Found</title></head>
<body><h1>No Leader Found</h1><p>There is no leading scheduler. Try again in a moment.</p></body></html>
`;

/** Must be added before all other hooks and routes. */
export function redirectToLeader(app: FastifyInstance, view: LeaderView): void {
  app.addHook('onRequest', async (request, reply) => {
    const url = request.raw.url ?? START_PAGE;
    const { leader } = view;
    if (view.status === 'leading' || request.headers[BYPASS_HEADER] !== undefined) return undefined;
    if (url === START_PAGE && leader !== undefined) {
      return reply.type('text/html; charset=utf-8').send(startPage(leader));
    }
    if (!isForLeader(url)) return undefined;
    if (leader === undefined) {
      return reply.code(503).type('text/html; charset=utf-8').send(NO_LEADER_PAGE);
    }
    return reply.code(307).header('location', `http://${leader.host}:${leader.port}${url}`).send();
  });
}

/** Answered here, as monitors expect it, and sent on by whoever looks at it. */
function startPage({ host, port }: Endpoint): string {
  const url = escapeHtml(`http://${host}:${port}${START_PAGE}`);
  return `<!DOCTYPE html>
<html><head><title>Aurora</title><meta http-equiv="refresh" content="0; url=${url}"></head>
<body><p>The leading scheduler is at <a href="${url}">${url}</a>.</p></body></html>
`;
}

function isForLeader(url: string): boolean {
  const path = url.split('?')[0] ?? '/';
  return ONLY_LEADER.some((prefix) => path === prefix || path.startsWith(`${prefix}/`));
}

const HEALTH: { readonly [status in LeaderStatus]: readonly [code: number, text: string] } = {
  leading: [200, 'This is the leading scheduler.'],
  'not-leading': [503, 'Another instance is the leading scheduler.'],
  'no-leader': [502, 'There is no leading scheduler or the leader is unknown.'],
};

/** For load balancers, which tell the leader from the others by it. */
export function declareLeaderHealth(app: FastifyInstance, view: LeaderView): void {
  const codes = Object.values(HEALTH).map(([code, text]) => `${code}: ${text}`);
  app.get('/leaderhealth', (_request, reply) => {
    const [code, text] = HEALTH[view.status];
    const help = [
      'This endpoint can indicate to a load balancer which among a group of schedulers is leading.',
      `The response codes are:\n${codes.join('\n')}`,
    ];
    const body = [`Current status: ${text}`, ...help].join('\n\n');
    return reply.code(code).type('text/plain').send(body);
  });
}
