/** Weights of roles (spec operator-api, section 4.7; spec allocator, section 12). */
import { validateRole } from '../../resources/roles.ts';
import type { WeightInfo } from '../../wire/types/mesos.v1.ts';
import type { MasterContext } from '../context.ts';
import { rescindOffer } from '../offers.ts';
import type { Permit } from './permissions.ts';
import { afterWrite, DONE, type Outcome, refuse } from './requests.ts';
import { isOnWhitelist } from './roles.ts';

export function updateWeights(
  context: MasterContext,
  infos: readonly WeightInfo[],
  permit: Permit,
): Outcome {
  const weights: (readonly [role: string, weight: number])[] = [];
  for (const info of infos) {
    const role = (info.role ?? '').trim();
    const invalid = refuseWeight(context, role, info.weight);
    if (invalid !== undefined) {
      return refuse(400, `Failed to validate update weights request JSON${invalid}`);
    }
    weights.push([role, info.weight]);
  }
  const denied = permit();
  if (denied !== undefined) return denied;
  const operations = weights.map(
    ([role, weight]) => ({ kind: 'set-weight', role, weight }) as const,
  );
  return afterWrite(context, operations, () => {
    const { state, allocator, now } = context;
    for (const [role, weight] of weights) {
      state.weights.set(role, weight);
      allocator.updateWeight(role, weight, now);
    }
    // What is on offer was shared by the old weights.
    if (weights.some(([role]) => state.roles.has(role))) {
      for (const record of [...state.offers.values()]) rescindOffer(context, record);
    }
    return DONE;
  });
}

function refuseWeight(context: MasterContext, role: string, weight: number): string | undefined {
  const why = validateRole(role);
  if (why !== undefined) return `: Invalid role '${role}': ${why}`;
  if (!isOnWhitelist(context, role)) return `: Unknown role '${role}'`;
  if (weight > 0) return undefined;
  return ` for role '${role}': Invalid weight '${weight}': Weights must be positive`;
}
