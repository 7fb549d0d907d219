/** Whether a job may have its SLA policy (spec aurora-scheduler, section 2.6, last rows). */
import type { SlaPolicy } from '../thrift/types.ts';
import type { ConfigurationRules } from './settings.ts';
import type { Tier } from './tiers.ts';

export interface SlaPolicyContext {
  readonly tierName: string;
  readonly tier: Tier;
  readonly instanceCount: number;
  readonly rules: ConfigurationRules;
}

export function slaRefusal(
  policy: SlaPolicy | undefined,
  context: SlaPolicyContext,
): string | undefined {
  if (policy === undefined) return undefined;
  const { tierName, tier, instanceCount, rules } = context;
  if ((tier.isPreemptible || tier.isRevocable) && !rules.slaHoldsForAllTiers) {
    return `Tier '${tierName}' does not support SlaPolicy.`;
  }
  if ('coordinatorSlaPolicy' in policy) return undefined;
  if (instanceCount < rules.slaInstancesMin) {
    return `Job with fewer than ${rules.slaInstancesMin} instances cannot have Percentage/Count SlaPolicy.`;
  }
  const { maximum, text, kind, durationSecs } = limitsOf(policy, instanceCount);
  if (maximum !== undefined) {
    return `Current ${kind}SlaPolicy: ${text} will not allow any instances to be killed. Must be less than ${maximum}.`;
  }
  if (durationSecs > rules.slaDurationMaxSecs) {
    return `${kind}SlaPolicy: durationSecs=${durationSecs} must be less than cluster-wide maximum of ${rules.slaDurationMaxSecs} secs.`;
  }
  return undefined;
}

/** `maximum` is there when the policy would never let an instance go. */
function limitsOf(
  policy: Exclude<SlaPolicy, { coordinatorSlaPolicy: unknown }>,
  instanceCount: number,
): {
  readonly kind: string;
  readonly text: string;
  readonly durationSecs: number;
  readonly maximum: string | undefined;
} {
  if ('countSlaPolicy' in policy) {
    const { count, durationSecs } = policy.countSlaPolicy;
    const maximum = count >= instanceCount ? `instanceCount=${instanceCount}` : undefined;
    return { kind: 'Count', text: `count=${count}`, durationSecs, maximum };
  }
  const { percentage, durationSecs } = policy.percentageSlaPolicy;
  const most = ((instanceCount - 1) / instanceCount) * 100;
  const maximum = percentage > most ? most.toFixed(6) : undefined;
  return { kind: 'Percentage', text: `percentage=${percentage.toFixed(6)}`, durationSecs, maximum };
}
