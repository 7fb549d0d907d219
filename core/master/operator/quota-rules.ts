/** Rules for quotas with the original's texts (spec operator-api, sections 4.8 and 8.6). */
import { containsQuantities, quantitiesOfScalars } from '../../resources/quantities.ts';
import { toPostReservationRefinement } from '../../resources/refinement.ts';
import { validateRole } from '../../resources/roles.ts';
import { validateResources } from '../../resources/validate.ts';
import type { QuotaConfig, QuotaRequest } from '../../wire/types/mesos.v1.quota.ts';
import type { ValueScalar } from '../../wire/types/mesos.v1.ts';
import { validateQuantity } from '../validation/framework.ts';

/** One exabyte in megabytes: the most memory or disk a quota may name. */
const MEGABYTES_MAX = 1024 ** 4;
const AMOUNT_MAX = 1000 ** 4;

/** The request of the legacy endpoint: scalars that are guarantee and limit at once. */
export function validateQuotaRequest(request: QuotaRequest): string | undefined {
  const given = request.guarantee ?? [];
  const invalid = validateResources(given);
  if (invalid !== undefined) return `QuotaInfo with invalid resource: ${invalid}`;
  if (request.role === undefined) return 'QuotaInfo must specify a role';
  const why = validateRole(request.role);
  if (why !== undefined) return `QuotaInfo with invalid role: ${why}`;
  if (given.length === 0) return "QuotaInfo with empty 'guarantee'";
  const guarantee = toPostReservationRefinement(given);
  const names = new Set<string>();
  for (const resource of guarantee) {
    if ((resource.reservations ?? []).length > 0) {
      return 'QuotaInfo must not contain any ReservationInfo';
    }
    if (resource.disk !== undefined) return 'QuotaInfo must not contain DiskInfo';
    if (resource.revocable !== undefined) return 'QuotaInfo must not contain RevocableInfo';
    if (resource.type !== 'SCALAR') return 'QuotaInfo must not include non-scalar resources';
    if (names.has(resource.name)) {
      return `QuotaInfo contains duplicate resource name '${resource.name}'`;
    }
    names.add(resource.name);
  }
  return undefined;
}

type Amounts = Readonly<Record<string, ValueScalar>> | undefined;

/** One config of UPDATE_QUOTA. */
export function validateQuotaConfig(config: QuotaConfig): string | undefined {
  const role = validateRole(config.role);
  if (role !== undefined) return `Invalid 'QuotaConfig.role': ${role}`;
  return (
    prefixed("Invalid 'QuotaConfig.guarantees': ", tooLarge(config.guarantees)) ??
    prefixed("Invalid 'QuotaConfig.limits': ", tooLarge(config.limits)) ??
    validateAmounts('guarantee', config.guarantees) ??
    validateAmounts('limit', config.limits) ??
    validateWithin(config)
  );
}

function tooLarge(amounts: Amounts): string | undefined {
  for (const [name, { value }] of Object.entries(amounts ?? {})) {
    const isSize = name === 'mem' || name === 'disk';
    const max = isSize ? MEGABYTES_MAX : AMOUNT_MAX;
    if (value <= max || Number.isNaN(value)) continue;
    const unit = isSize ? 'exabyte' : 'trillion';
    return `{'${name}': ${value}} is invalid: values greater than 1 ${unit} (${max}) are not supported`;
  }
  return undefined;
}

function validateAmounts(what: string, amounts: Amounts): string | undefined {
  for (const [name, { value }] of Object.entries(amounts ?? {})) {
    const why = validateQuantity(value);
    if (why !== undefined) return `Invalid ${what} configuration {'${name}': ${value}}: ${why}`;
  }
  return undefined;
}

function validateWithin({ guarantees, limits }: QuotaConfig): string | undefined {
  const asked = quantitiesOfScalars(guarantees);
  const limited = quantitiesOfScalars(limits);
  const bounded = new Map([...asked].filter(([name]) => limited.has(name)));
  if (containsQuantities(limited, bounded)) return undefined;
  return `'QuotaConfig.guarantees' ${formatAmounts(guarantees)} is not contained within the 'QuotaConfig.limits' ${formatAmounts(limits)}`;
}

/** `{ cpus: 20, mem: 40 }` */
function formatAmounts(amounts: Amounts): string {
  const entries = Object.entries(amounts ?? {});
  return `{ ${entries.map(([name, { value }]) => `${name}: ${value}`).join(', ')} }`;
}

function prefixed(prefix: string, why: string | undefined): string | undefined {
  return why === undefined ? undefined : `${prefix}${why}`;
}
