/**
 * Legacy endpoints of the master that change something (spec operator-api, sections 4.7 to 4.11).
 * Bodies become requests to the machine; its answer is the reply.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { frameworkId } from '../../base/ids.ts';
import { ok, type Result } from '../../base/result.ts';
import { replyJson } from '../../net/http-answers.ts';
import { bodyOf, replyStatus } from '../../net/http-server.ts';
import { replyEmpty, replyMethodNotAllowed, replyText } from '../../operator/replies.ts';
import { fromJson } from '../../wire/json.ts';
import { writeJson } from '../../wire/json-text.ts';
import type { Resource } from '../../wire/types/mesos.v1.ts';
import type { OperatorRequest } from '../operator/requests.ts';
import type { MasterState } from '../state.ts';
import { maintenanceScheduleDocument, maintenanceStatusDocument } from '../views/maintenance.ts';
import { quotaDocument, weightsDocument } from '../views/quota.ts';
import { decodeForm, messagesIn, objectIn } from './bodies.ts';
import type { OperatorContext } from './operator.ts';

type Handler = (
  request: FastifyRequest,
  reply: FastifyReply,
) => FastifyReply | Promise<FastifyReply>;

export function registerMutations(context: OperatorContext): void {
  const serve = (route: string, methods: Readonly<Record<string, Handler>>): void => {
    const allowed = Object.keys(methods);
    context.server.app.all(route, (request, reply) =>
      context.onLeader(request, reply, () => {
        const handler = methods[request.method];
        if (handler === undefined) return replyMethodNotAllowed(reply, allowed, request.method);
        return handler(request, reply);
      }),
    );
  };
  /** Turns the body into a request; a text refuses it. */
  const change =
    (read: (body: string, request: FastifyRequest) => Result<OperatorRequest>): Handler =>
    (request, reply) => {
      const wanted = read(bodyOf(request).toString('utf8'), request);
      return wanted.ok
        ? perform(context, { request, reply }, wanted.value)
        : replyText(reply, 400, wanted.error);
    };
  const show =
    (document: (state: MasterState) => string): Handler =>
    (request, reply) =>
      replyJson(request, reply, document(context.visibleState(request)));

  const teardown: Handler = (request, reply) => tearDown(context, request, reply);
  serve('/master/teardown', { POST: teardown });
  serve('/master/shutdown', { POST: teardown });
  serve('/master/weights', {
    GET: show((state) => writeJson(weightsDocument(state))),
    PUT: change(readWeights),
  });
  const quota = {
    GET: show((state) => writeJson(quotaDocument(state))),
    POST: change(readQuota),
    DELETE: change((_body, request) =>
      readQuotaPath(context.server.delegatedUrl(request.originalUrl)),
    ),
  };
  serve('/master/quota', quota);
  serve('/master/quota/*', quota);
  for (const endpoint of ENDPOINTS) {
    serve(`/master/${endpoint.route}`, {
      POST: change((body) => readResources(endpoint, body)),
    });
  }
  for (const [route, kind] of [
    ['machine/down', 'start-maintenance'],
    ['machine/up', 'stop-maintenance'],
  ] as const) {
    serve(`/master/${route}`, { POST: change((body) => readMachines(kind, body)) });
  }
  serve('/master/maintenance/status', {
    GET: show((state) => writeJson(maintenanceStatusDocument(state, context.master.allocator))),
  });
  serve('/master/maintenance/schedule', {
    GET: show((state) => writeJson(maintenanceScheduleDocument(state))),
    POST: change(readSchedule),
  });
}

export interface Asked {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

/** Waits until the change is durable. */
export async function perform(
  context: OperatorContext,
  { request, reply }: Asked,
  wanted: OperatorRequest,
): Promise<FastifyReply> {
  const principal = context.principalOf(request);
  const named = wanted.kind === 'change-resources' ? { ...wanted, principal } : wanted;
  const { status, text } = await context.master.operate(named, principal);
  return text === undefined ? replyEmpty(reply, status) : replyText(reply, status, text);
}

function tearDown(
  context: OperatorContext,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const form = decodeForm(bodyOf(request).toString('utf8'));
  if (!form.ok) return replyText(reply, 400, form.error);
  const id = form.value.get('frameworkId');
  if (id === undefined) return replyText(reply, 400, missing('frameworkId'));
  return endFramework(context, { request, reply }, id);
}

/** `/teardown` and TEARDOWN. */
export function endFramework(
  context: OperatorContext,
  { request, reply }: Asked,
  id: string,
): FastifyReply {
  const framework = context.state.frameworks.get(frameworkId(id));
  if (framework === undefined) {
    return replyText(reply, 400, 'No framework found with specified ID');
  }
  const approvers = context.approvers(request);
  if (!approvers.approved('teardown_frameworks', framework.info.principal)) {
    return replyStatus(reply, 403);
  }
  context.master.teardown(framework.id);
  return replyEmpty(reply, 200);
}

function missing(parameter: string): string {
  return `Missing '${parameter}' query parameter in the request body`;
}

function readWeights(body: string): Result<OperatorRequest> {
  const infos = messagesIn('mesos.v1.WeightInfo', body);
  if (infos.ok) return ok({ kind: 'update-weights', infos: infos.value });
  const { isJson, text } = infos.error;
  const what = isJson
    ? 'convert weights JSON array to protobuf'
    : 'parse update weights request JSON';
  return refused(`Failed to ${what} '${body}': ${text}`);
}

function readQuota(body: string): Result<OperatorRequest> {
  const tree = objectIn(body);
  if (!tree.ok) return refused(`Failed to parse set quota request JSON '${body}': ${tree.error}`);
  const request = fromJson('mesos.v1.quota.QuotaRequest', tree.value);
  if (request.ok) return ok({ kind: 'set-quota', request: request.value });
  return refused(`Failed to validate set quota request JSON '${body}': ${request.error}`);
}

/** `/master/quota/<role>`; the role may have slashes itself. */
function readQuotaPath(url: string): Result<OperatorRequest> {
  const path = url.split('?', 1)[0] ?? '';
  const [, , ...role] = path.split('/').filter((token) => token !== '');
  if (role.length > 0) return ok({ kind: 'remove-quota', role: decodePath(role.join('/')), path });
  return refused(
    `Failed to parse remove quota request for path '${path}': expected 3 tokens, found 2 tokens`,
  );
}

function decodePath(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function readMachines(
  kind: 'start-maintenance' | 'stop-maintenance',
  body: string,
): Result<OperatorRequest> {
  const machines = messagesIn('mesos.v1.MachineID', body);
  return machines.ok ? ok({ kind, machines: machines.value }) : refused(machines.error.text);
}

function readSchedule(body: string): Result<OperatorRequest> {
  const tree = objectIn(body);
  if (!tree.ok) return tree;
  const schedule = fromJson('mesos.v1.maintenance.Schedule', tree.value);
  return schedule.ok ? ok({ kind: 'update-schedule', schedule: schedule.value }) : schedule;
}

interface ResourceEndpoint {
  readonly route: string;
  readonly field: 'resources' | 'volumes';
  /** The first words of its parse errors; the original has two spellings. */
  readonly error: string;
  readonly optional?: 'source';
  readonly operation: (
    resources: readonly Resource[],
    source: readonly Resource[],
  ) => Extract<OperatorRequest, { kind: 'change-resources' }>['operation'];
}

const ENDPOINTS: readonly ResourceEndpoint[] = [
  {
    route: 'reserve',
    field: 'resources',
    error: 'Error parsing',
    optional: 'source',
    operation: (resources, source) => ({ type: 'RESERVE', reserve: { source, resources } }),
  },
  {
    route: 'unreserve',
    field: 'resources',
    error: 'Error in parsing',
    operation: (resources) => ({ type: 'UNRESERVE', unreserve: { resources } }),
  },
  {
    route: 'create-volumes',
    field: 'volumes',
    error: 'Error in parsing',
    operation: (volumes) => ({ type: 'CREATE', create: { volumes } }),
  },
  {
    route: 'destroy-volumes',
    field: 'volumes',
    error: 'Error in parsing',
    operation: (volumes) => ({ type: 'DESTROY', destroy: { volumes } }),
  },
];

function readResources(endpoint: ResourceEndpoint, body: string): Result<OperatorRequest> {
  const form = decodeForm(body);
  if (!form.ok) return form;
  const agent = form.value.get('slaveId');
  if (agent === undefined) return refused(missing('slaveId'));
  if (!form.value.has(endpoint.field)) return refused(missing(endpoint.field));
  const list = (field: string): Result<readonly Resource[]> => {
    const read = messagesIn('mesos.v1.Resource', form.value.get(field) ?? '[]');
    if (read.ok) return read;
    const text = `${endpoint.error} '${field}' query parameter in the request body: ${read.error.text}`;
    return refused(text);
  };
  const source = endpoint.optional === undefined ? ok([]) : list(endpoint.optional);
  if (!source.ok) return source;
  const resources = list(endpoint.field);
  if (!resources.ok) return resources;
  const operation = endpoint.operation(resources.value, source.value);
  return ok({ kind: 'change-resources', agent, operation, principal: undefined });
}

function refused(text: string): { readonly ok: false; readonly error: string } {
  return { ok: false, error: text };
}
