/**
 * Who calls, and whether they may: basic authentication, permissions by call and job (spec aurora-scheduler, section
 * 10.1). Whoever only reads needs no name; a wrong one is refused in any case.
 */
import { timingSafeEqual } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { invalid, refused } from '../../machine/answers.ts';
import type { MachineCall } from '../../machine/calls.ts';
import { isValidKey, keyText } from '../../machine/job-key.ts';
import type { MethodName } from '../../thrift/schema.ts';
import type { JobKey, Response } from '../../thrift/types.ts';
import { isPermitted, type ShiroRealm, type ShiroUser } from './shiro.ts';

/** With authentication off, everybody is this. */
export const UNSECURE = 'UNSECURE';

const CHALLENGE = 'BASIC realm="Apache Aurora Scheduler"';
const PROTECTED: readonly string[] = ['/api', '/apibeta', '/v1'];

export interface ApiGuard {
  /** Must be called before the routes are declared. */
  protect(app: FastifyInstance): void;
  userOf(request: FastifyRequest): string;
  /** Nobody may make this call without a name. */
  mustLogin(method: MethodName, request: FastifyRequest): boolean;
  challenge(reply: FastifyReply): FastifyReply;
  /** Undefined when the user may. */
  refusal(call: MachineCall, user: string): Response | undefined;
}

export const OPEN: ApiGuard = {
  protect: () => undefined,
  userOf: () => UNSECURE,
  mustLogin: () => false,
  challenge,
  refusal: () => undefined,
};

/** @param count told of each refusal, by the name that the original's figures have for it */
export function guardBy(realm: ShiroRealm, count: (name: string) => void): ApiGuard {
  const userOf = (request: FastifyRequest): string => nameOf(request) ?? '';
  return {
    protect: (app) => protect(app, realm),
    userOf,
    mustLogin: (method, request) => domainOf(method) !== 'read' && userOf(request) === '',
    challenge,
    refusal: (call, user) => {
      const refusal = refusalOf(call, realm.get(user));
      if (refusal?.responseCode === 'AUTH_FAILED') count('shiro_authorization_failures');
      else if (refusal !== undefined) count('shiro_bad_requests');
      return refusal;
    },
  };
}

function protect(app: FastifyInstance, realm: ShiroRealm): void {
  app.addHook('onRequest', async (request, reply) => {
    const path = (request.raw.url ?? '/').split('?')[0] ?? '/';
    const area = PROTECTED.find((each) => path === each || path.startsWith(`${each}/`));
    if (area === undefined) return undefined;
    const given = credentialsOf(request);
    if (given === undefined) {
      const isRead = request.method === 'GET' || request.method === 'HEAD';
      return area === '/v1' && !isRead ? challenge(reply) : undefined;
    }
    const user = realm.get(given.name);
    // The comparison is made for unknown names, too, so that its time tells nothing.
    const isRight = isEqual(given.password, user?.password ?? '');
    return user !== undefined && isRight ? undefined : challenge(reply);
  });
}

function challenge(reply: FastifyReply): FastifyReply {
  return reply.code(401).header('www-authenticate', CHALLENGE).type('text/plain').send('');
}

interface Credentials {
  readonly name: string;
  readonly password: string;
}

function credentialsOf({ headers }: FastifyRequest): Credentials | undefined {
  const given = /^Basic\s+(\S+)$/i.exec(headers.authorization ?? '')?.[1];
  if (given === undefined) return undefined;
  const text = Buffer.from(given, 'base64').toString();
  const colon = text.indexOf(':');
  if (colon === -1) return { name: text, password: '' };
  return { name: text.slice(0, colon), password: text.slice(colon + 1) };
}

function nameOf(request: FastifyRequest): string | undefined {
  return credentialsOf(request)?.name;
}

/** Takes the same time wherever the texts differ. */
function isEqual(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}

const MANAGER: ReadonlySet<string> = new Set<MethodName>([
  ...(['createJob', 'scheduleCronJob', 'descheduleCronJob', 'startCronJob'] as const),
  ...(['restartShards', 'killTasks', 'addInstances', 'replaceCronTemplate'] as const),
  ...(['startJobUpdate', 'pauseJobUpdate', 'resumeJobUpdate', 'abortJobUpdate'] as const),
  ...(['rollbackJobUpdate', 'pulseJobUpdate'] as const),
]);

function domainOf(method: MethodName): 'read' | 'manager' | 'admin' {
  if (MANAGER.has(method)) return 'manager';
  return method.startsWith('get') || method === 'populateJobConfig' ? 'read' : 'admin';
}

function refusalOf(call: MachineCall, user: ShiroUser | undefined): Response | undefined {
  const { method } = call;
  const domain = domainOf(method);
  if (domain === 'read') return undefined;
  const name = user?.name ?? 'null';
  const may = (permission: string): boolean => user !== undefined && isPermitted(user, permission);
  if (domain === 'admin') {
    const permission = `thrift.AuroraAdmin:${method}`;
    if (may(permission)) return undefined;
    return refused('AUTH_FAILED', `Subject ${name} lacks permission ${permission}`);
  }
  // Whoever may do it with every job needs no job in the request.
  const all = `thrift.AuroraSchedulerManager:${method}`;
  if (may(all)) return undefined;
  const key = jobOf(call);
  if (!isValidKey(key)) return invalid('Missing or invalid job key from request.');
  const permission = `${all}:${keyText(key).replaceAll('/', ':')}`;
  if (may(permission)) return undefined;
  return refused('AUTH_FAILED', `Subject ${name} is not permitted to ${permission}.`);
}

function jobOf(call: MachineCall): JobKey | undefined {
  switch (call.method) {
    case 'createJob':
    case 'scheduleCronJob':
      return call.args.description?.key;
    case 'replaceCronTemplate':
      return call.args.config?.key;
    case 'descheduleCronJob':
    case 'startCronJob':
    case 'restartShards':
    case 'killTasks':
      return call.args.job;
    case 'addInstances':
      return call.args.key?.jobKey;
    case 'startJobUpdate':
      return call.args.request?.taskConfig?.job;
    case 'pauseJobUpdate':
    case 'resumeJobUpdate':
    case 'abortJobUpdate':
    case 'rollbackJobUpdate':
    case 'pulseJobUpdate':
      return call.args.key?.job;
    default:
      return undefined;
  }
}
