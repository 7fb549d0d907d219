/**
 * Quotas of top-level roles (spec operator-api, sections 4.8 and 8.6; spec allocator, section 11).
 * Offers that stand in the way of a new quota are taken back, as far as the master can tell.
 */
import {
  addQuantities,
  containsQuantities,
  type Quantities,
  quantitiesOfScalars,
  subtractQuantities,
} from '../../resources/quantities.ts';
import { quantitiesOf } from '../../resources/select.ts';
import type { QuotaConfig, QuotaRequest } from '../../wire/types/mesos.v1.quota.ts';
import type { ValueScalar } from '../../wire/types/mesos.v1.ts';
import type { MasterContext } from '../context.ts';
import { rescindOffer, rescindOffersOf } from '../offers.ts';
import type { RegistryOperation } from '../registry.ts';
import type { Permit } from './permissions.ts';
import { validateQuotaConfig, validateQuotaRequest } from './quota-rules.ts';
import { afterWrite, DONE, type OperatorAnswer, type Outcome, refuse } from './requests.ts';
import {
  capacityOf,
  consumedBy,
  formatQuantities,
  isInSubtree,
  isOnWhitelist,
  isWithinLimits,
  offeredTo,
} from './roles.ts';

/** POST /quota and SET_QUOTA: amounts that are guarantee and limit at once. */
export function setQuota(context: MasterContext, request: QuotaRequest, permit: Permit): Outcome {
  const prefix = 'Failed to validate set quota request: ';
  const invalid = validateQuotaRequest(request);
  if (invalid !== undefined) return refuse(400, `${prefix}${invalid}`);
  const role = request.role ?? '';
  if (!isOnWhitelist(context, role)) return refuse(400, `${prefix}Unknown role '${role}'`);
  if (context.state.quotas.has(role)) {
    return refuse(400, `${prefix}Cannot set quota for role '${role}' which already has quota`);
  }
  if (role.includes('/')) {
    return refuse(400, `Setting quota on nested role '${role}' is not supported yet`);
  }
  const denied = permit();
  if (denied !== undefined) return denied;
  const amounts: Record<string, ValueScalar> = {};
  for (const { name, scalar } of request.guarantee ?? []) {
    if (scalar !== undefined) amounts[name] = scalar;
  }
  const config: QuotaConfig = { role, guarantees: amounts, limits: amounts };
  if (request.force !== true) {
    const over = findOvercommit(context, [config]);
    if (over !== undefined) {
      const text = `Quota guarantees overcommit the cluster (use 'force' to bypass this check): Total quota guarantees '${over.guaranteed}' exceed cluster capacity '${over.capacity}'`;
      return refuse(409, text);
    }
  }
  return afterWrite(context, [{ kind: 'set-quota', quota: config }], () => {
    applyConfig(context, config);
    rescindForNewQuota(context, config);
    return DONE;
  });
}

/** DELETE /quota/<role> and REMOVE_QUOTA. */
export function removeQuota(
  context: MasterContext,
  role: string,
  path: string | undefined,
  permit: Permit,
): Outcome {
  const where = path === undefined ? '' : ` for path '${path}'`;
  if (!isOnWhitelist(context, role)) {
    const text = `Failed to validate remove quota request${where}: Unknown role '${role}'`;
    return refuse(400, text);
  }
  if (!context.state.quotas.has(role)) {
    return refuse(400, `Failed to remove quota${where}: Role '${role}' has no quota set`);
  }
  const denied = permit();
  if (denied !== undefined) return denied;
  return afterWrite(context, [{ kind: 'remove-quota', role }], () => {
    applyConfig(context, { role });
    return DONE;
  });
}

/** UPDATE_QUOTA: all configs or none. */
export function updateQuota(
  context: MasterContext,
  configs: readonly QuotaConfig[],
  isForced: boolean,
  permit: Permit,
): Outcome {
  const refused =
    refuseConfigs(context, configs) ??
    (isForced ? undefined : refuseAmounts(context, configs)) ??
    permit();
  if (refused !== undefined) return refused;
  const operations = configs.map(
    (config): RegistryOperation =>
      isDefault(config)
        ? { kind: 'remove-quota', role: config.role }
        : { kind: 'set-quota', quota: config },
  );
  return afterWrite(context, operations, () => {
    for (const config of configs) applyConfig(context, config);
    for (const config of configs) rescindForUpdate(context, config);
    return DONE;
  });
}

function refuseConfigs(
  context: MasterContext,
  configs: readonly QuotaConfig[],
): OperatorAnswer | undefined {
  for (const config of configs) {
    const { role } = config;
    if (!isOnWhitelist(context, role)) {
      return refuse(400, `Invalid QuotaConfig: '${role}' is not on the roles whitelist`);
    }
    if (role.includes('/')) {
      return refuse(400, `Updating quota on nested role '${role}' is not supported yet`);
    }
    const why = validateQuotaConfig(config);
    if (why !== undefined) return refuse(400, `Invalid QuotaConfig: ${why}`);
  }
  return undefined;
}

/** What `force` bypasses. */
function refuseAmounts(
  context: MasterContext,
  configs: readonly QuotaConfig[],
): OperatorAnswer | undefined {
  for (const { role, limits } of configs) {
    const limited = quantitiesOfScalars(limits);
    const consumed = consumedBy(context.state, role);
    if (isWithinLimits(consumed, limited)) continue;
    const text = `Invalid QuotaConfig: Role '${role}' is already consuming '${formatQuantities(consumed)}'; this is more than the requested limits '${formatQuantities(limited)}' (use 'force' flag to bypass this check)`;
    return refuse(400, text);
  }
  const over = findOvercommit(context, configs);
  if (over === undefined) return undefined;
  const text = `Invalid QuotaConfig: total quota guarantees '${over.guaranteed}' exceed cluster capacity '${over.capacity}' (use 'force' flag to bypass this check)`;
  return refuse(400, text);
}

/** The texts of both sides when the guarantees would exceed what all agents have. */
function findOvercommit(
  context: MasterContext,
  changes: readonly QuotaConfig[],
): { readonly guaranteed: string; readonly capacity: string } | undefined {
  const quotas = new Map(context.state.quotas);
  for (const config of changes) quotas.set(config.role, config);
  let total: Quantities = new Map();
  for (const { guarantees } of quotas.values()) {
    total = addQuantities(total, quantitiesOfScalars(guarantees));
  }
  const capacity = capacityOf(context.state);
  if (containsQuantities(capacity, total)) return undefined;
  return { guaranteed: formatQuantities(total), capacity: formatQuantities(capacity) };
}

function isDefault({ guarantees, limits }: QuotaConfig): boolean {
  return Object.keys(guarantees ?? {}).length === 0 && Object.keys(limits ?? {}).length === 0;
}

function applyConfig(context: MasterContext, config: QuotaConfig): void {
  const { state, allocator, now } = context;
  if (isDefault(config)) state.quotas.delete(config.role);
  else state.quotas.set(config.role, config);
  allocator.updateQuota(config, now);
}

/** Agent by agent, until the guarantee is covered and every framework of the role gets a chance. */
function rescindForNewQuota(context: MasterContext, config: QuotaConfig): void {
  const { state } = context;
  const members = [...(state.roles.get(config.role) ?? [])];
  const hungry = members.filter(({ state: status }) => status === 'active').length;
  const guarantees = quantitiesOfScalars(config.guarantees);
  let rescinded: Quantities = new Map();
  let visited = 0;
  for (const agent of state.agents.values()) {
    if (containsQuantities(rescinded, guarantees) && visited >= hungry) return;
    if (!agent.active || agent.offers.size === 0) continue;
    rescinded = addQuantities(rescinded, quantitiesOf(agent.offeredResources));
    rescindOffersOf(context, agent);
    visited += 1;
  }
}

/** Offers of the role until it fits its limits, then offers of others until the guarantee fits. */
function rescindForUpdate(context: MasterContext, { role, guarantees, limits }: QuotaConfig): void {
  const { state } = context;
  const limited = quantitiesOfScalars(limits);
  const guaranteed = quantitiesOfScalars(guarantees);
  let held = addQuantities(consumedBy(state, role), offeredTo(state, role));
  for (const record of [...state.offers.values()]) {
    if (isWithinLimits(held, limited)) break;
    if (!isInSubtree(record.role, role)) continue;
    held = subtractQuantities(held, quantitiesOf(record.offer.resources ?? []));
    rescindOffer(context, record);
  }
  for (const record of [...state.offers.values()]) {
    if (containsQuantities(held, guaranteed)) return;
    if (isInSubtree(record.role, role)) continue;
    held = addQuantities(held, quantitiesOf(record.offer.resources ?? []));
    rescindOffer(context, record);
  }
}
