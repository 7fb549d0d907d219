/** Quota of roles, as the master tells it, against what one more instance wants. */

/** Scalars by name; a name that is absent from a limit is not limited. */
export type Amounts = Readonly<Record<string, number>>;

export interface RoleQuota {
  readonly role: string;
  readonly guarantee: Amounts;
  readonly limit: Amounts;
  /** What is allocated or reserved to the role and the roles below it. */
  readonly consumed: Amounts;
}

/** One limit that leaves no room for one more instance. */
export interface QuotaShortage {
  readonly role: string;
  readonly resource: string;
  readonly limit: number;
  readonly consumed: number;
  readonly wanted: number;
}

/** Reads the body of the master's `/roles`; undefined when it tells no limits (Mesos before 1.9). */
export function readRoleQuotas(document: unknown): readonly RoleQuota[] | undefined {
  const roles = memberOf(document, 'roles');
  if (!Array.isArray(roles)) return undefined;
  const quotas: RoleQuota[] = [];
  for (const each of roles) {
    const role = memberOf(each, 'name');
    const quota = memberOf(each, 'quota');
    const limit = memberOf(quota, 'limit');
    if (typeof role !== 'string' || limit === undefined) return undefined;
    quotas.push({
      role,
      guarantee: amountsIn(memberOf(quota, 'guarantee')),
      limit: amountsIn(limit),
      consumed: amountsIn(memberOf(quota, 'consumed')),
    });
  }
  return quotas;
}

/** Those of the role and of the roles above it that have a quota: all of them bind. */
export function quotasFor(role: string, quotas: readonly RoleQuota[]): readonly RoleQuota[] {
  return quotas.filter(
    ({ role: name, guarantee, limit }) =>
      (name === role || role.startsWith(`${name}/`)) &&
      Object.keys(guarantee).length + Object.keys(limit).length > 0,
  );
}

export function shortagesOf(wanted: Amounts, quotas: readonly RoleQuota[]): QuotaShortage[] {
  return quotas.flatMap(({ role, limit, consumed }) =>
    Object.entries(limit).flatMap(([resource, max]) => {
      const needed = rounded(wanted[resource] ?? 0);
      const used = consumed[resource] ?? 0;
      if (needed === 0 || rounded(used + needed) <= max) return [];
      return [{ role, resource, limit: max, consumed: used, wanted: needed }];
    }),
  );
}

/** Three decimals, as the master counts. */
function rounded(amount: number): number {
  return Math.round(amount * 1_000) / 1_000;
}

function amountsIn(value: unknown): Amounts {
  if (typeof value !== 'object' || value === null) return {};
  return Object.fromEntries(
    Object.entries(value).filter(
      (entry): entry is [string, number] => typeof entry[1] === 'number',
    ),
  );
}

function memberOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  return Object.entries(value).find(([key]) => key === name)?.[1];
}
