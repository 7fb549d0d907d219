/**
 * Whether a healthy instance may be taken away now, by the policy of its job (spec aurora-scheduler, section 8).
 * Whom a coordinator has to be asked about is said; asking is for the shell.
 */
import type { Instant } from '../../../core/base/clock.ts';

export type SlaPolicy =
  | { readonly kind: 'percentage'; readonly percentage: number; readonly durationSecs: number }
  | { readonly kind: 'count'; readonly count: number; readonly durationSecs: number }
  | { readonly kind: 'coordinator'; readonly url: string; readonly statusKey: string };

export interface KillQuestion {
  readonly policy: SlaPolicy;
  readonly isProduction: boolean;
  /** Active instances of the job, the one in question included. */
  readonly activeCount: number;
  /** Of the others: since when each is RUNNING; those that are not have no entry. */
  readonly othersRunningSince: readonly Instant[];
}

export interface KillRule {
  /** `-sla_aware_kill_non_prod` */
  readonly checksNonProduction: boolean;
  /** `-min_required_instances_for_sla_check` */
  readonly instancesMin: number;
}

export type KillAnswer =
  | { readonly kind: 'permitted' }
  | { readonly kind: 'refused' }
  | { readonly kind: 'ask'; readonly url: string; readonly statusKey: string };

const PERMITTED: KillAnswer = { kind: 'permitted' };

export function mayKill(question: KillQuestion, rule: KillRule, now: Instant): KillAnswer {
  const { policy, activeCount } = question;
  if (!question.isProduction && !rule.checksNonProduction) return PERMITTED;
  if (policy.kind === 'coordinator') {
    return { kind: 'ask', url: policy.url, statusKey: policy.statusKey };
  }
  if (activeCount < rule.instancesMin) return PERMITTED;
  const since = now - policy.durationSecs * 1_000;
  const upCount = question.othersRunningSince.filter((running) => running <= since).length;
  return upCount >= neededCount(policy, activeCount) ? PERMITTED : { kind: 'refused' };
}

/** A policy that would never let one go is read as one that lets a single one go. */
function neededCount(
  policy: Exclude<SlaPolicy, { kind: 'coordinator' }>,
  activeCount: number,
): number {
  const asked =
    policy.kind === 'count' ? policy.count : Math.ceil((activeCount * policy.percentage) / 100);
  return Math.min(asked, activeCount - 1);
}
