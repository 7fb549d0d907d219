/** The page at `/logging`: shows the level of the log and changes it (spec chronos, section 4.3). */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { LOG_LEVELS, type LogLevels, ROOT_LOGGER } from '../log-levels.ts';
import { sendText } from './answers.ts';

export function addLoggingRoutes(app: FastifyInstance, levels: LogLevels): void {
  const page = (reply: FastifyReply) =>
    reply.type('text/html; charset=utf-8').send(renderLevels(levels));
  app.get('/logging', (_request, reply) => page(reply));
  app.post('/logging', (request, reply) => {
    const form = formOf(request);
    const logger = form.get('logger') ?? '';
    const level = LOG_LEVELS.find((each) => each === form.get('level'));
    if (logger !== ROOT_LOGGER) {
      return sendText(reply.code(400), `There is no logger '${logger}', only ${ROOT_LOGGER}\n`);
    }
    if (level === undefined) {
      return sendText(reply.code(400), `The level is not one of ${LOG_LEVELS.join(', ')}\n`);
    }
    levels.set(level);
    return page(reply);
  });
}

/** The body of a form; what stands in the query counts as well. */
function formOf(request: FastifyRequest): URLSearchParams {
  const query = request.url.split('?')[1] ?? '';
  const body = Buffer.isBuffer(request.body) ? request.body.toString() : '';
  return new URLSearchParams(`${body}&${query}`);
}

function renderLevels(levels: LogLevels): string {
  const options = LOG_LEVELS.map(
    (level) => `<option${level === levels.level ? ' selected' : ''}>${level}</option>`,
  );
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Logging</title>
<style>body { font: 15px system-ui, sans-serif; margin: 2rem; color-scheme: light dark; }</style></head>
<body>
<h1>Logging</h1>
<form method="post" action="logging">
<label>${ROOT_LOGGER} <input type="hidden" name="logger" value="${ROOT_LOGGER}">
<select name="level">${options.join('')}</select></label>
<button>Set</button>
</form>
</body>
</html>
`;
}
