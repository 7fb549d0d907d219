/** All routes over a machine in memory, with bodies as bytes as the real server gives them. */
import Fastify, { type FastifyInstance } from 'fastify';
import { SimulatedClock } from '../../../../core/testing/clock.ts';
import { declareRoutes } from '../../../../schedulers/aurora/http/routes.ts';
import { guardBy, OPEN } from '../../../../schedulers/aurora/http/security/guard.ts';
import type { ShiroRealm } from '../../../../schedulers/aurora/http/security/shiro.ts';
import { VarsHistory } from '../../../../schedulers/aurora/vars-history.ts';
import { SchedulerTester } from '../machine/scheduler-tester.ts';

const HOUR = { intervalMs: 1_000, keptMs: 3_600_000 };

export interface ServedRoutes {
  readonly app: FastifyInstance;
  readonly it: SchedulerTester;
  /** What was counted of refusals. */
  readonly counted: readonly string[];
}

export function serveRoutes(
  options: {
    readonly realm?: ShiroRealm;
    readonly origin?: string;
    readonly quit?: () => void;
    readonly it?: SchedulerTester;
    readonly history?: VarsHistory;
  } = {},
): ServedRoutes {
  const it = options.it ?? new SchedulerTester();
  const app = Fastify();
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  const counted: string[] = [];
  const count = (name: string): number => counted.push(name);
  const guard = options.realm === undefined ? OPEN : guardBy(options.realm, count);
  let level: 'debug' | 'info' | 'warn' | 'error' | 'silent' = 'info';
  declareRoutes(app, {
    api: {
      call: async (call, user) => guard.refusal(call, user) ?? it.call(call, user),
      serverInfo: { clusterName: 'devcluster', statsUrlPrefix: '' },
      guard,
    },
    machine: it.machine,
    leader: { status: 'leading', leader: undefined },
    origin: options.origin,
    cronZone: 'GMT',
    now: () => it.now,
    vars: () => new Map(),
    history: options.history ?? new VarsHistory(HOUR, new SimulatedClock(), () => new Map()),
    diagnostics: {
      levels: { level: () => level, setLevel: (wanted) => (level = wanted ?? 'info') },
      services: () => [{ name: 'scheduler', state: 'ACTIVE' }],
      activeResources: () => ['TCPServerWrap', 'Timeout', 'Timeout'],
      quit: options.quit,
    },
  });
  return { app, it, counted };
}
