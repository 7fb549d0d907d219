/** Roles with their quotas, hosts in and out of service, tiers. */
import { ok, type Result } from '../../../../core/base/result.ts';
import type { HostStatus, ResourceAggregate } from '../../thrift/types.ts';
import { ACCEPTED } from './job-lookup.ts';
import { asked, problem, type RestAnswer, type RestRequest, type RestRoute } from './route.ts';
import { listOf, record, struct } from './schemas.ts';

const AMOUNT = { type: 'number', minimum: 0 } as const;
const WHOLE = { type: 'integer', minimum: 0 } as const;
const QUOTA = record({ numCpus: AMOUNT, ramMb: WHOLE, diskMb: WHOLE });
const MODES = ['NONE', 'SCHEDULED', 'DRAINING'] as const;

export const CLUSTER_ROUTES: readonly RestRoute[] = [
  {
    id: 'listRoles',
    method: 'GET',
    path: '/v1/roles',
    summary: 'Roles with the number of their jobs.',
    answer: { status: 200, schema: record({ roles: listOf(struct('RoleSummary')) }) },
    run: async (request) => {
      const found = await asked(request, { method: 'getRoleSummary', args: {} });
      if (!found.ok) return found.error;
      const roles =
        found.value !== undefined && 'roleSummaryResult' in found.value
          ? found.value.roleSummaryResult.summaries
          : [];
      return { status: 200, body: { roles } };
    },
  },
  {
    id: 'getQuota',
    method: 'GET',
    path: '/v1/roles/{role}/quota',
    summary: 'The quota of a role, and what it uses.',
    answer: { status: 200, schema: struct('GetQuotaResult') },
    run: async (request) => {
      const args = { ownerRole: request.part('role') };
      const found = await asked(request, { method: 'getQuota', args });
      if (!found.ok) return found.error;
      const body =
        found.value !== undefined && 'getQuotaResult' in found.value
          ? found.value.getQuotaResult
          : undefined;
      return { status: 200, body };
    },
  },
  {
    id: 'setQuota',
    method: 'PUT',
    path: '/v1/roles/{role}/quota',
    summary: 'Sets what production tasks of a role may use together.',
    body: { schema: QUOTA },
    answer: { status: 202 },
    run: async (request) => {
      const args = { ownerRole: request.part('role'), quota: quotaOf(request.body) };
      const answer = await asked(request, { method: 'setQuota', args });
      return answer.ok ? ACCEPTED : answer.error;
    },
  },
  {
    id: 'getHost',
    method: 'GET',
    path: '/v1/hosts/{host}/maintenance',
    summary: 'Whether a host is in service.',
    answer: { status: 200, schema: struct('HostStatus') },
    run: async (request) => {
      const found = await hostStatuses(request);
      if (!found.ok) return found.error;
      const [status] = found.value;
      if (status === undefined) return problem(404, `There is no host ${request.part('host')}`);
      return { status: 200, body: status };
    },
  },
  {
    id: 'setHost',
    method: 'PUT',
    path: '/v1/hosts/{host}/maintenance',
    summary: 'Takes a host out of service (SCHEDULED: avoided; DRAINING: emptied) and back (NONE).',
    body: { schema: record({ mode: { type: 'string', enum: MODES } }) },
    answer: { status: 202 },
    run: async (request) => {
      const hosts = { hostNames: [request.part('host')] };
      const method = METHOD_OF.get(modeOf(request.body)) ?? 'endMaintenance';
      const answer = await asked(request, { method, args: { hosts } });
      return answer.ok ? ACCEPTED : answer.error;
    },
  },
  {
    id: 'listTiers',
    method: 'GET',
    path: '/v1/tiers',
    summary: 'The tiers that tasks may have.',
    answer: { status: 200, schema: struct('GetTierConfigResult') },
    run: async (request) => {
      const found = await asked(request, { method: 'getTierConfigs', args: {} });
      if (!found.ok) return found.error;
      const body =
        found.value !== undefined && 'getTierConfigResult' in found.value
          ? found.value.getTierConfigResult
          : undefined;
      return { status: 200, body };
    },
  },
];

const METHOD_OF: ReadonlyMap<string, 'startMaintenance' | 'drainHosts'> = new Map([
  ['SCHEDULED', 'startMaintenance'],
  ['DRAINING', 'drainHosts'],
]);

function modeOf(body: unknown): string {
  const has = typeof body === 'object' && body !== null && 'mode' in body;
  return has && typeof body.mode === 'string' ? body.mode : 'NONE';
}

function quotaOf(body: unknown): ResourceAggregate {
  const amounts = new Map(
    Object.entries(typeof body === 'object' && body !== null ? body : {}).map(([name, value]) => [
      name,
      Number(value),
    ]),
  );
  const of = (name: string): number => amounts.get(name) ?? 0;
  return {
    resources: [{ numCpus: of('numCpus') }, { ramMb: of('ramMb') }, { diskMb: of('diskMb') }],
  };
}

async function hostStatuses(
  request: RestRequest,
): Promise<Result<readonly HostStatus[], RestAnswer>> {
  const hosts = { hostNames: [request.part('host')] };
  const found = await asked(request, { method: 'maintenanceStatus', args: { hosts } });
  if (!found.ok) return found;
  return ok(
    found.value !== undefined && 'maintenanceStatusResult' in found.value
      ? found.value.maintenanceStatusResult.statuses
      : [],
  );
}
