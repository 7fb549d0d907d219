/** The arithmetic of a rolling upgrade (spec marathon-behaviour, section 3). Pure. */
import type { UpgradeStrategy } from '../model/app.ts';

export interface UpgradeCounts {
  /** Instances the app is to have; above 0. */
  readonly target: number;
  /** Running instances, old and new, that pass their checks or have none. */
  readonly healthy: number;
  /** All instances, old and new, that count. */
  readonly current: number;
  /** With volumes that a successor takes over: it cannot start before the old one has stopped. */
  readonly isResident: boolean;
}

export interface UpgradeLimits {
  /** Old instances that may go before any new one is ready. */
  readonly killNow: number;
  /** Most instances alive at a time, old and new. */
  readonly maxCapacity: number;
  readonly minHealthy: number;
}

/** Products such as 100 * 0.07 come out a hair above the whole number that is meant. */
const ROUNDING = 1e-9;

export function upgradeLimits(strategy: UpgradeStrategy, counts: UpgradeCounts): UpgradeLimits {
  const { target, healthy, current, isResident } = counts;
  const minHealthy = Math.ceil(target * strategy.minimumHealthCapacity - ROUNDING);
  const capacity = Math.floor(target * (1 + strategy.maximumOverCapacity) + ROUNDING);
  // Neither below nor above the target: without one more instance nothing could ever move.
  const isStuck = minHealthy === capacity && capacity <= healthy;
  const maxCapacity = isStuck && !isResident ? capacity + 1 : capacity;
  const sacrificed = isStuck && isResident ? 1 : 0;
  const spare = Math.max(0, healthy - minHealthy + sacrificed);
  const killNow = target < current ? Math.max(current - target, spare) : spare;
  return { killNow, maxCapacity, minHealthy };
}
