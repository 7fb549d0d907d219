/** Tiers: how tasks may be treated (spec aurora-scheduler, section 5). */
import type { TaskConfig } from '../thrift/types.ts';

export interface Tier {
  readonly isPreemptible: boolean;
  readonly isRevocable: boolean;
}

const OTHERWISE: Tier = { isPreemptible: true, isRevocable: false };

export class Tiers {
  readonly defaultName: string;
  readonly byName: ReadonlyMap<string, Tier>;

  /** `defaultName` has to be one of them. */
  constructor(defaultName: string, byName: ReadonlyMap<string, Tier>) {
    this.defaultName = defaultName;
    this.byName = byName;
  }

  /** Of a checked configuration; one whose tier has gone from the file is treated as the default. */
  of(config: TaskConfig): Tier {
    return (
      this.byName.get(config.tier ?? this.defaultName) ??
      this.byName.get(this.defaultName) ??
      OTHERWISE
    );
  }

  /** Charged to the quota, and checked for SLA. */
  isProduction(config: TaskConfig): boolean {
    return isProductionTier(this.of(config));
  }
}

export function isProductionTier(tier: Tier): boolean {
  return !tier.isPreemptible && !tier.isRevocable;
}

export const BUILT_IN_TIERS: Tiers = new Tiers(
  'preemptible',
  new Map([
    ['preferred', { isPreemptible: false, isRevocable: false }],
    ['preemptible', { isPreemptible: true, isRevocable: false }],
    ['revocable', { isPreemptible: true, isRevocable: true }],
  ]),
);
