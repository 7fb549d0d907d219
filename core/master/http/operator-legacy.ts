/** Legacy endpoints of the master that only show (spec operator-api, section 4). */
import type { FastifyRequest } from 'fastify';
import { replyJson } from '../../net/http-answers.ts';
import { replyStatus } from '../../net/http-server.ts';
import { integerIn } from '../../net/query.ts';
import { replyJsonPieces } from '../../net/sliced-answer.ts';
import { queryOf, replyMethodNotAllowed } from '../../operator/replies.ts';
import { type JsonValue, writeJson } from '../../wire/json-text.ts';
import type { MasterState } from '../state.ts';
import { pageOf, slavesDocument, type TaskQuery, tasksDocument } from '../views/documents.ts';
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
  const visible = (request: FastifyRequest): MasterState => context.visibleState(request);
  showPieces('/master/state', (request) => {
    const approvers = context.approvers(request);
    return statePieces(context.state, {
      ...{ flags: context.flags, leader: context.leader(), approvers },
    });
  });
  show('/master/state-summary', (request) => {
    const cluster = context.flags['cluster'];
    return stateSummary(visible(request), cluster, context.approvers(request));
  });
  show('/master/slaves', (request) => {
    const only = queryOf(request).get('slave_id') ?? undefined;
    return slavesDocument(context.state, only, context.approvers(request));
  });
  showPieces('/master/frameworks', (request) =>
    frameworksPieces(visible(request), queryOf(request).get('framework_id') ?? undefined),
  );
  show('/master/tasks', (request) => tasksDocument(visible(request), taskQuery(request)));
  const { roleWhitelist } = context.master.options.machine;
  show('/master/roles', (request) =>
    rolesDocument(context.state, context.approvers(request), roleWhitelist),
  );
  // These answer on any master.
  context.server.app.all('/master/flags', (request, reply) => {
    if (context.hasAuthorizer && request.method !== 'GET') {
      return replyMethodNotAllowed(reply, ['GET'], request.method);
    }
    if (!context.approvers(request).approved('view_flags')) return replyStatus(reply, 403);
    return replyJson(request, reply, writeJson({ flags: context.flags }));
  });
  context.server.app.all('/allocator/offer_constraints_debug', (request, reply) =>
    replyJson(request, reply, writeJson(constraintsDocument(context, request))),
  );
  context.server.app.all('/registrar(1)/registry', (request, reply) =>
    replyJson(
      request,
      reply,
      writeJson(context.master.hasState ? registryDocument(context.state) : {}),
    ),
  );
}

/** Which agents the offer constraints of frameworks leave out (spec operator-api, section 6.10). */
function constraintsDocument(context: OperatorContext, request: FastifyRequest): JsonValue {
  if (!context.master.hasState) return { frameworks: {} };
  const excluded = context.master.allocator.constraintExclusions();
  const frameworks = [...context.visibleState(request).frameworks.values()].map(
    ({ id, suppressedRoles }) => {
      const roles = Object.fromEntries(excluded.get(id) ?? []);
      const entry = {
        suppressed_roles: [...suppressedRoles],
        excluded_by_attribute_constraints: roles,
      };
      return [id, entry] as const;
    },
  );
  return { frameworks: Object.fromEntries(frameworks) };
}

function taskQuery(request: FastifyRequest): TaskQuery {
  const query = queryOf(request);
  const limit = integerIn(query.get('limit')) ?? TASKS_LIMIT;
  const offset = integerIn(query.get('offset')) ?? 0;
  return {
    ...pageOf(offset, limit),
    isAscending: query.get('order') === 'asc',
    frameworkId: query.get('framework_id') ?? undefined,
    taskId: query.get('task_id') ?? undefined,
  };
}
