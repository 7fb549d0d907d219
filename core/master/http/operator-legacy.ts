/** Legacy endpoints of the master that only show (spec operator-api, section 4). */
import type { FastifyRequest } from 'fastify';
import { replyJson } from '../../net/http-answers.ts';
import { replyJsonPieces } from '../../net/sliced-answer.ts';
import { queryOf } from '../../operator/replies.ts';
import { type JsonValue, writeJson } from '../../wire/json-text.ts';
import { slavesDocument, type TaskQuery, tasksDocument } from '../views/documents.ts';
import { maintenanceStatusDocument } from '../views/maintenance.ts';
import { registryDocument } from '../views/registry.ts';
import { rolesDocument } from '../views/roles.ts';
import { frameworksPieces, statePieces } from '../views/state-document.ts';
import { stateSummary } from '../views/summary.ts';
import type { OperatorContext } from './operator.ts';

const TASKS_LIMIT = 100;

export function registerLegacyReads(context: OperatorContext): void {
  const show = (route: string, document: (request: FastifyRequest) => JsonValue): void => {
    context.server.app.all(route, (request, reply) =>
      context.onLeader(request, reply, () =>
        replyJson(request, reply, writeJson(document(request))),
      ),
    );
  };
  const showPieces = (
    route: string,
    pieces: (request: FastifyRequest) => Iterable<Buffer>,
  ): void => {
    context.server.app.all(route, (request, reply) =>
      context.onLeader(request, reply, () => replyJsonPieces(request, reply, pieces(request))),
    );
  };
  showPieces('/master/state', () =>
    statePieces(context.state, { flags: context.flags, leader: context.leader() }),
  );
  show('/master/state-summary', () => stateSummary(context.state, context.flags['cluster']));
  show('/master/slaves', (request) =>
    slavesDocument(context.state, queryOf(request).get('slave_id') ?? undefined),
  );
  showPieces('/master/frameworks', (request) =>
    frameworksPieces(context.state, queryOf(request).get('framework_id') ?? undefined),
  );
  show('/master/tasks', (request) => tasksDocument(context.state, taskQuery(request)));
  show('/master/roles', () => rolesDocument(context.state));
  show('/master/maintenance/status', () =>
    maintenanceStatusDocument(context.state, context.master.allocator),
  );
  // These answer on any master.
  context.server.app.all('/master/flags', (request, reply) =>
    replyJson(request, reply, writeJson({ flags: context.flags })),
  );
  context.server.app.all('/registrar(1)/registry', (request, reply) =>
    replyJson(
      request,
      reply,
      writeJson(context.master.hasState ? registryDocument(context.state) : {}),
    ),
  );
}

function taskQuery(request: FastifyRequest): TaskQuery {
  const query = queryOf(request);
  const limit = integer(query.get('limit')) ?? TASKS_LIMIT;
  const offset = integer(query.get('offset')) ?? 0;
  return {
    // The original's sum is unsigned: -1 means all, and wraps to nothing behind an offset.
    limit: limit >= 0 ? limit : offset === 0 ? Number.MAX_SAFE_INTEGER : 0,
    offset: offset >= 0 ? offset : Number.MAX_SAFE_INTEGER,
    isAscending: query.get('order') === 'asc',
    frameworkId: query.get('framework_id') ?? undefined,
    taskId: query.get('task_id') ?? undefined,
  };
}

function integer(text: string | null): number | undefined {
  return text !== null && /^-?\d+$/.test(text) ? Number(text) : undefined;
}
