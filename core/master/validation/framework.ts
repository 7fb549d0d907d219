/**
 * Refusals of SUBSCRIBE and UPDATE_FRAMEWORK, in the order and with the texts of spec
 * scheduler-api, section 6.2 (rows 1 to 13). Each gives the text, or undefined when all is well.
 */

import { compileConstraints } from '../../allocator/offer-constraints.ts';
import { validateId } from '../../base/id-rules.ts';
import { frameworkId } from '../../base/ids.ts';
import { validateRole } from '../../resources/roles.ts';
import type { OfferConstraints } from '../../wire/types/mesos.v1.scheduler.ts';
import type { FrameworkInfo, OfferFilters } from '../../wire/types/mesos.v1.ts';
import type { MasterContext } from '../context.ts';
import { isMultiRole, rolesOf } from '../framework-info.ts';

/** Thousandths must fit an int64; larger amounts abort the original, so they are refused. */
const QUANTITY_MAX = 9.2e15;

/** Seconds whose nanoseconds fit an int64. */
const SECONDS_MAX = 9_223_372_036;

/** Rows 1 to 10. */
export function refuseFrameworkInfo(
  context: MasterContext,
  info: FrameworkInfo,
): string | undefined {
  return (
    validateFrameworkInfo(info) ??
    validateWhitelist(context, info) ??
    validateUser(context, info) ??
    (info.id !== undefined && isCompleted(context, info.id.value)
      ? 'Framework has been removed'
      : undefined)
  );
}

/** Rows 1 to 7: what is wrong wherever it comes from. */
export function validateFrameworkInfo(info: FrameworkInfo): string | undefined {
  return (
    validateRoles(info) ??
    (info.id === undefined ? undefined : validateId(info.id.value)) ??
    validateOfferFilters(info) ??
    validateFailoverTimeout(info)
  );
}

function isCompleted(context: MasterContext, id: string): boolean {
  return context.state.completedFrameworks.has(frameworkId(id));
}

function validateRoles(info: FrameworkInfo): string | undefined {
  const isMulti = isMultiRole(info);
  const roles = info.roles ?? [];
  if (isMulti && info.role !== undefined) {
    return "'FrameworkInfo.role' must not be set when the framework is MULTI_ROLE capable";
  }
  if (!isMulti && roles.length > 0) {
    return "'FrameworkInfo.roles' must not be set when the framework is not MULTI_ROLE capable";
  }
  const duplicates = roles.filter((role, at) => roles.indexOf(role) !== at);
  if (duplicates.length > 0) {
    return `'FrameworkInfo.roles' contains duplicate items: ${formatSet(new Set(duplicates))}`;
  }
  for (const role of roles) {
    const why = validateRole(role);
    if (why !== undefined) return `'FrameworkInfo.roles' contains invalid role: ${why}`;
  }
  if (isMulti || info.role === undefined) return undefined;
  const why = validateRole(info.role);
  return why === undefined ? undefined : `'FrameworkInfo.role' is not a valid role: ${why}`;
}

function validateOfferFilters(info: FrameworkInfo): string | undefined {
  for (const filters of Object.values(info.offer_filters ?? {})) {
    const why = validateOfferFilter(filters);
    if (why !== undefined) return why;
  }
  return undefined;
}

function validateOfferFilter(filters: OfferFilters): string | undefined {
  for (const { quantities = {} } of filters.min_allocatable_resources?.quantities ?? []) {
    const entries = Object.entries(quantities);
    if (entries.length === 0) return 'Resource quantities must contain at least one quantity';
    for (const [name, { value }] of entries) {
      const why = validateQuantity(value);
      if (why !== undefined) return `Invalid resource quantity for '${name}': ${why}`;
    }
  }
  return undefined;
}

/** An amount an operator or framework names. */
export function validateQuantity(value: number): string | undefined {
  if (Number.isNaN(value)) return 'NaN not supported';
  if (!Number.isFinite(value)) return 'Infinite values not supported';
  if (value !== 0 && Math.abs(value) < 2.2250738585072014e-308) {
    return 'Subnormal values not supported';
  }
  if (value < 0) return 'Negative values not supported';
  return value > QUANTITY_MAX ? `Values above ${QUANTITY_MAX} not supported` : undefined;
}

function validateFailoverTimeout(info: FrameworkInfo): string | undefined {
  const seconds = info.failover_timeout ?? 0;
  if (Math.abs(seconds) <= SECONDS_MAX) return undefined;
  return `The framework failover_timeout (${formatLikeC(seconds)}) is invalid`;
}

/** `1e+300`, as the original prints doubles. */
function formatLikeC(value: number): string {
  return Number.isFinite(value) ? String(value) : String(value).toLowerCase().replace('inity', '');
}

function validateWhitelist(context: MasterContext, info: FrameworkInfo): string | undefined {
  const whitelist = context.options.roleWhitelist;
  if (whitelist === undefined) return undefined;
  const foreign = [...rolesOf(info)].filter((role) => role !== '*' && !whitelist.has(role));
  if (foreign.length === 0) return undefined;
  return `Roles ${formatSet(foreign)} are not present in the master's --roles`;
}

function validateUser(context: MasterContext, info: FrameworkInfo): string | undefined {
  if (info.user !== 'root' || context.options.rootSubmissions) return undefined;
  return "User 'root' is not allowed to run frameworks without --root_submissions set";
}

/** Rows 11 to 13. */
export function refuseRolesAndConstraints(
  context: MasterContext,
  info: FrameworkInfo,
  given: {
    readonly suppressed_roles?: readonly string[] | undefined;
    readonly offer_constraints?: OfferConstraints | undefined;
  },
): string | undefined {
  const roles = rolesOf(info);
  const foreign = (given.suppressed_roles ?? []).filter((role) => !roles.has(role));
  if (foreign.length > 0) {
    return `Suppressed roles ${formatSet(foreign)} are not contained in the set of roles`;
  }
  const constraints = given.offer_constraints;
  for (const role of Object.keys(constraints?.role_constraints ?? {})) {
    if (roles.has(role)) continue;
    // The missing blank is the original's.
    return `Offer constraints specify \`role_constraints\` for a role '${role}'not contained in the set of roles`;
  }
  if (constraints === undefined) return undefined;
  const programSizeMax = context.options.offerConstraintsRe2MaxProgramSize;
  const compiled = compileConstraints(constraints, { programSizeMax });
  return compiled.ok ? undefined : `Offer constraints are not valid: ${compiled.error}`;
}

/** What UPDATE_FRAMEWORK may not change (spec scheduler-api, section 14.9). */
export function refuseImmutableChange(
  before: FrameworkInfo,
  after: FrameworkInfo,
): string | undefined {
  if (before.principal !== after.principal) {
    return "Changing framework's principal is not allowed.";
  }
  if (before.user !== after.user) {
    return `Updating 'FrameworkInfo.user' is unsupported; attempted to update from '${before.user}' to '${after.user}'`;
  }
  const [from, to] = [before.checkpoint ?? false, after.checkpoint ?? false];
  if (from !== to) {
    return `Updating 'FrameworkInfo.checkpoint' is unsupported; attempted to update from '${from}' to '${to}'`;
  }
  return undefined;
}

/** `{ a, b }` */
export function formatSet(items: Iterable<string>): string {
  return `{ ${[...items].join(', ')} }`;
}
