/** Roles with their quotas, hosts in and out of service, tiers. */
import type { ResourceAggregate } from '../../thrift/types.ts';
import { ACCEPTED } from './job-lookup.ts';
import { asked, problem, type RestRoute, resultOf, showing } from './route.ts';
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
    run: (request) =>
      showing(
        request,
        { method: 'getRoleSummary', args: {} },
        'roleSummaryResult',
        ({ summaries }) => ({ roles: summaries }),
      ),
  },
  {
    id: 'getQuota',
    method: 'GET',
    path: '/v1/roles/{role}/quota',
    summary: 'The quota of a role, and what it uses.',
    answer: { status: 200, schema: struct('GetQuotaResult') },
    run: (request) => {
      const args = { ownerRole: request.part('role') };
      return showing(request, { method: 'getQuota', args }, 'getQuotaResult');
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
      const hosts = { hostNames: [request.part('host')] };
      const call = { method: 'maintenanceStatus', args: { hosts } } as const;
      const found = await resultOf(request, call, 'maintenanceStatusResult');
      if (!found.ok) return found.error;
      const [status] = found.value.statuses;
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
    run: (request) =>
      showing(request, { method: 'getTierConfigs', args: {} }, 'getTierConfigResult'),
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
