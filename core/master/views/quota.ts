/** Weights and quota (spec operator-api, sections 4.7 and 4.8). */
import { toJsonValue } from '../../wire/json.ts';
import { double, type JsonValue } from '../../wire/json-text.ts';
import type { QuotaConfig, QuotaStatus } from '../../wire/types/mesos.v1.quota.ts';
import type { Resource, WeightInfo } from '../../wire/types/mesos.v1.ts';
import type { MasterState } from '../state.ts';

export function weightInfos(state: MasterState): readonly WeightInfo[] {
  return [...state.weights].map(([role, weight]) => ({ role, weight }));
}

/** A bare array. */
export function weightsDocument(state: MasterState): JsonValue {
  return [...state.weights].map(([role, weight]) => ({ role, weight: double(weight) }));
}

export function quotaStatus(state: MasterState): QuotaStatus {
  const configs = [...state.quotas.values()];
  return { infos: configs.map(quotaInfo), configs };
}

function quotaInfo(config: QuotaConfig): NonNullable<QuotaStatus['infos']>[number] {
  const amounts = Object.entries(config.guarantees ?? {});
  const guarantee = amounts.map(([name, scalar]): Resource => ({ name, type: 'SCALAR', scalar }));
  return { role: config.role, guarantee };
}

/** `{}` when nothing is set. */
export function quotaDocument(state: MasterState): JsonValue {
  return toJsonValue('mesos.v1.quota.QuotaStatus', quotaStatus(state));
}
