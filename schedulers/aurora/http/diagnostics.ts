/** The process itself: its log, its threads, its end (spec aurora-scheduler, section 10). */
import type { FastifyInstance, FastifyReply } from 'fastify';
import { escapeHtml } from '../../../core/base/html.ts';
import type { LogLevel } from '../../../core/base/log.ts';
import { bodyOf } from '../../../core/net/http-server.ts';
import { htmlPage } from './html.ts';

export interface LevelPort {
  level(): LogLevel;
  setLevel(level: LogLevel | undefined): void;
}

export interface DiagnosticsPorts {
  /** Of the log of this process; undefined where it is somebody else's. */
  readonly levels: LevelPort | undefined;
  readonly services: () => readonly { readonly name: string; readonly state: string }[];
  /** What the event loop waits for, by kind. */
  readonly activeResources: () => readonly string[];
  /** Ends the process; undefined where others live in it. */
  readonly quit: (() => void) | undefined;
}

/** The original's levels, and what they are here. */
const LEVEL_OF: ReadonlyMap<string, LogLevel | undefined> = new Map([
  ['OFF', 'silent'],
  ['ERROR', 'error'],
  ['WARN', 'warn'],
  ['INFO', 'info'],
  ['DEBUG', 'debug'],
  ['TRACE', 'debug'],
  ['ALL', 'debug'],
  ['INHERIT', undefined],
]);

const ROOT = 'ROOT';

export function declareDiagnostics(app: FastifyInstance, ports: DiagnosticsPorts): void {
  app.get('/services', () => ports.services());
  app.get('/threads', (_request, reply) => text(reply, threads(ports)));
  // There is one thread, which waits for none other.
  app.get('/contention', (_request, reply) => text(reply, ''));
  const { levels, quit } = ports;
  for (const path of quit === undefined ? [] : ['/quitquitquit', '/abortabortabort']) {
    app.post(path, (_request, reply) => {
      reply.raw.once('finish', () => quit?.());
      return text(reply, 'Notifying quit listener.');
    });
  }
  if (levels === undefined) return;
  app.get('/logconfig', (_request, reply) => logPage(reply, levels, undefined));
  app.post('/logconfig', (request, reply) => {
    const form = new URLSearchParams(bodyOf(request).toString('utf8'));
    const [logger, level] = [form.get('logger'), form.get('level')];
    if (logger === null || level === null) return logPage(reply, levels, undefined);
    if (logger !== ROOT || !LEVEL_OF.has(level)) {
      return reply
        .code(400)
        .type('text/plain')
        .send(`There is no logger ${logger} of level ${level}`);
    }
    levels.setLevel(LEVEL_OF.get(level));
    return logPage(reply, levels, `${logger} level changed to ${level}`);
  });
}

function text(reply: FastifyReply, body: string): FastifyReply {
  return reply.type('text/plain').send(body);
}

function threads({ activeResources }: DiagnosticsPorts): string {
  const kinds = Map.groupBy(activeResources(), (kind) => kind);
  const lines = [...kinds].map(([kind, all]) => `  waits for ${all.length} ${kind}`).sort();
  return `Name: main\nState: RUNNABLE\n${lines.join('\n')}\n`;
}

function logPage(
  reply: FastifyReply,
  levels: LevelPort,
  changed: string | undefined,
): FastifyReply {
  const options = [...LEVEL_OF.keys()].map((each) => `<option>${each}</option>`).join('');
  const form = `<form method="post"><input type="hidden" name="logger" value="${ROOT}">
<label>${ROOT}: ${levels.level().toUpperCase()} <select name="level">${options}</select></label> <input type="submit" value="Apply"></form>`;
  const told = changed === undefined ? '' : `<p>${escapeHtml(changed)}</p>\n`;
  return reply.type('text/html; charset=utf-8').send(htmlPage('Log configuration', told + form));
}
