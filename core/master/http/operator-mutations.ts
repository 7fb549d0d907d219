/**
 * Legacy endpoints of the master that change something (spec operator-api, sections 4.7 to 4.11).
 * What the machine cannot do yet is refused by name, never accepted and forgotten.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { replyJson } from '../../net/http-answers.ts';
import { formOf, replyEmpty, replyMethodNotAllowed, replyText } from '../../operator/replies.ts';
import { writeJson } from '../../wire/json-text.ts';
import { quotaDocument, weightsDocument } from '../views/quota.ts';
import type { OperatorContext } from './operator.ts';

type Handler = (
  request: FastifyRequest,
  reply: FastifyReply,
) => FastifyReply | Promise<FastifyReply>;

export function registerMutations(context: OperatorContext): void {
  const { app } = context.server;
  const serve = (route: string, methods: Readonly<Record<string, Handler>>): void => {
    const allowed = Object.keys(methods);
    app.all(route, (request, reply) =>
      context.onLeader(request, reply, () => {
        const handler = methods[request.method];
        if (handler === undefined) return replyMethodNotAllowed(reply, allowed, request.method);
        return handler(request, reply);
      }),
    );
  };
  const teardown: Handler = (request, reply) => tearDown(context, request, reply);
  serve('/master/teardown', { POST: teardown });
  serve('/master/shutdown', { POST: teardown });
  serve('/master/weights', {
    GET: (request, reply) => replyJson(request, reply, writeJson(weightsDocument(context.state))),
    PUT: notYet('PUT /weights'),
  });
  serve('/master/quota', {
    GET: (request, reply) => replyJson(request, reply, writeJson(quotaDocument(context.state))),
    POST: notYet('POST /quota'),
    DELETE: notYet('DELETE /quota'),
  });
  for (const [route, field] of [
    ['reserve', 'resources'],
    ['unreserve', 'resources'],
    ['create-volumes', 'volumes'],
    ['destroy-volumes', 'volumes'],
  ] as const) {
    serve(`/master/${route}`, {
      POST: (request, reply) => changeResources(context, { route, field }, request, reply),
    });
  }
  for (const route of ['machine/down', 'machine/up']) {
    serve(`/master/${route}`, { POST: notYet(`POST /${route}`) });
  }
  app.post('/master/maintenance/schedule', (request, reply) =>
    context.onLeader(request, reply, () => notYet('POST /maintenance/schedule')(request, reply)),
  );
}

/** An explicit refusal: the caller must not believe that anything happened. */
export function notImplemented(reply: FastifyReply, what: string): FastifyReply {
  return replyText(reply, 501, `${what} is not implemented by this master yet`);
}

function notYet(what: string): Handler {
  return (_request, reply) => notImplemented(reply, what);
}

function tearDown(
  context: OperatorContext,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const id = formOf(request).get('frameworkId');
  if (id === null) {
    return replyText(reply, 400, "Missing 'frameworkId' query parameter in the request body");
  }
  if (!context.master.teardown(id)) {
    return replyText(reply, 400, 'No framework found with specified ID');
  }
  return replyEmpty(reply, 200);
}

function changeResources(
  context: OperatorContext,
  endpoint: { readonly route: string; readonly field: string },
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const form = formOf(request);
  const agent = form.get('slaveId');
  for (const name of ['slaveId', endpoint.field]) {
    if (form.get(name) !== null) continue;
    return replyText(reply, 400, `Missing '${name}' query parameter in the request body`);
  }
  const isKnown = [...context.state.agents.keys()].some((id) => id === agent);
  if (!isKnown) return replyText(reply, 400, 'No agent found with specified ID');
  return notImplemented(reply, `POST /${endpoint.route}`);
}
