/** One row of the plain interface: what it takes, what it answers, and how. */
import { assert } from '../../../../core/base/assert.ts';
import type { Result } from '../../../../core/base/result.ts';
import type { MachineCall } from '../../machine/calls.ts';
import type { Result as CallResult, JobKey, Response, ResponseCode } from '../../thrift/types.ts';
import type { JsonSchema } from './schemas.ts';

/** Most that a list gives at a time, and what it gives without `limit`. */
export const PAGE_MAX = 10_000;
export const PAGE_SIZE = 1_000;

export interface RestPorts {
  readonly call: (call: MachineCall, user: string) => Promise<Response>;
  readonly clusterName: string;
  /** Of cron schedules. */
  readonly cronZone: string;
  readonly now: () => number;
}

export interface RestRequest {
  readonly ports: RestPorts;
  readonly user: string;
  /** The part `{name}` of the path. */
  part(name: string): string;
  query(name: string): string | undefined;
  readonly body: unknown;
}

export interface RestAnswer {
  readonly status: number;
  readonly body?: unknown;
  readonly location?: string;
}

export interface QueryParameter {
  readonly description: string;
  readonly schema: JsonSchema;
}

export interface RestRoute {
  readonly id: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** With `{names}`. */
  readonly path: string;
  readonly summary: string;
  readonly query?: Readonly<Record<string, QueryParameter>>;
  readonly body?: { readonly schema: JsonSchema; readonly isOptional?: boolean };
  readonly answer: { readonly status: number; readonly schema?: JsonSchema };
  readonly run: (request: RestRequest) => Promise<RestAnswer>;
}

export function problem(status: number, message: string): RestAnswer {
  return { status, body: { message } };
}

/** `role`, `environment` and `name` of the path. */
export function keyOf(request: RestRequest): JobKey {
  return {
    role: request.part('role'),
    environment: request.part('environment'),
    name: request.part('name'),
  };
}

export function pathOf({ role, environment, name }: JobKey): string {
  return `/v1/jobs/${[role, environment, name].map(encodeURIComponent).join('/')}`;
}

const STATUS_OF: Readonly<Record<Exclude<ResponseCode, 'OK'>, number>> = {
  INVALID_REQUEST: 422,
  ERROR: 400,
  WARNING: 409,
  AUTH_FAILED: 403,
  JOB_UPDATING_ERROR: 409,
  ERROR_TRANSIENT: 503,
};

/** A result of the machine, or the answer to its refusal. */
export async function asked(
  { ports, user }: RestRequest,
  call: MachineCall,
): Promise<Result<CallResult | undefined, RestAnswer>> {
  const { responseCode, result, details } = await ports.call(call, user);
  if (responseCode === 'OK') return { ok: true, value: result };
  const message = details.map((each) => each.message).join('\n');
  return { ok: false, error: problem(STATUS_OF[responseCode], message || responseCode) };
}

type ResultName = CallResult extends infer Each
  ? Each extends unknown
    ? keyof Each
    : never
  : never;
type ResultNamed<N extends ResultName> = Extract<CallResult, Readonly<Record<N, unknown>>>[N];

/** The one result that the call has; an answer without it is the machine's fault. */
export async function resultOf<N extends ResultName>(
  request: RestRequest,
  call: MachineCall,
  name: N,
): Promise<Result<ResultNamed<N>, RestAnswer>> {
  const answer = await asked(request, call);
  if (!answer.ok) return answer;
  const { value } = answer;
  assert(value !== undefined && hasResult(value, name), `${call.method} gave no ${name}`);
  return { ok: true, value: value[name] };
}

function hasResult<N extends ResultName>(
  value: CallResult,
  name: N,
): value is Extract<CallResult, Readonly<Record<N, unknown>>> {
  return name in value;
}

/** 200 with the result of the call, as it is or as `show` makes it. */
export async function showing<N extends ResultName>(
  request: RestRequest,
  call: MachineCall,
  name: N,
  show: (result: ResultNamed<N>) => unknown = (result) => result,
): Promise<RestAnswer> {
  const found = await resultOf(request, call, name);
  return found.ok ? { status: 200, body: show(found.value) } : found.error;
}

/** The text of the body, if there is one. */
export function messageOf({ body }: RestRequest): { readonly message?: string } {
  const has = typeof body === 'object' && body !== null && 'message' in body;
  return has && typeof body.message === 'string' ? { message: body.message } : {};
}

/** What a list gives of all it has. */
export function page<T>(request: RestRequest, all: readonly T[]): readonly T[] {
  const offset = Number(request.query('offset') ?? 0);
  const limit = Number(request.query('limit') ?? PAGE_SIZE);
  return all.slice(offset, offset + limit);
}

export const PAGED: Readonly<Record<string, QueryParameter>> = {
  offset: { description: 'How many to leave out.', schema: { type: 'integer', minimum: 0 } },
  limit: {
    description: `How many to give at most; ${PAGE_SIZE} without it.`,
    schema: { type: 'integer', minimum: 1, maximum: PAGE_MAX },
  },
};

export function inQuery(description: string, schema: JsonSchema): QueryParameter {
  return { description, schema };
}
