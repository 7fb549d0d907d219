/**
 * Scalars are kept as whole thousandths while they are added and compared, so that sums never
 * drift (spec scheduler-api, section 20, rule 1).
 */

/** Whole thousandths. */
export type Milli = number;

/** Rounds half away from zero. */
export function toMilli(value: number): Milli {
  const scaled = value * 1000;
  return scaled < 0 ? -Math.round(-scaled) : Math.round(scaled);
}

/** The double the original gives for so many thousandths: whole part plus remainder. */
export function fromMilli(milli: Milli): number {
  const rest = milli % 1000;
  return (milli - rest) / 1000 + rest / 1000;
}

export function addScalars(left: number, right: number): number {
  return fromMilli(toMilli(left) + toMilli(right));
}

/** At most three decimals. */
export function formatScalar(value: number): string {
  return String(fromMilli(toMilli(value)));
}
