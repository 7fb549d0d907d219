/**
 * Why a group of tasks is pending: of all offers that were refused, the reasons of the one that came nearest
 * (spec aurora-scheduler, section 4.3). Forgotten after a while without a try.
 */
import type { Instant } from '../../../core/base/clock.ts';
import type { DurationMs } from '../../../core/base/duration.ts';
import { totalScore, type Veto } from './veto.ts';

export const NEAREST_FIT_KEPT_MS: DurationMs = 600_000;

interface Fit {
  readonly vetoes: readonly Veto[];
  readonly score: number;
  readonly at: Instant;
}

export class NearestFits {
  private readonly fits = new Map<string, Fit>();

  /** @param group the key of tasks with the same configuration */
  vetoed(group: string, vetoes: readonly Veto[], now: Instant): void {
    const score = totalScore(vetoes);
    const known = this.fits.get(group);
    if (known !== undefined && known.score < score && !isOld(known, now)) {
      this.fits.set(group, { ...known, at: now });
      return;
    }
    this.fits.set(group, { vetoes, score, at: now });
  }

  forget(group: string): void {
    this.fits.delete(group);
  }

  /** Empty when no offer was refused. */
  reasons(group: string, now: Instant): readonly string[] {
    const fit = this.fits.get(group);
    if (fit === undefined || isOld(fit, now)) return [];
    return fit.vetoes.map((veto) => veto.reason);
  }

  sweep(now: Instant): void {
    for (const [group, fit] of this.fits) {
      if (isOld(fit, now)) this.fits.delete(group);
    }
  }
}

function isOld(fit: Fit, now: Instant): boolean {
  return now - fit.at >= NEAREST_FIT_KEPT_MS;
}
