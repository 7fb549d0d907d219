/** Messages of drivers by principal: how many have come, how many have had their turn. */

export interface MessageCount {
  readonly received: number;
  readonly processed: number;
}

/** Principals that are remembered; the longest unheard is forgotten first. */
const PRINCIPALS_MAX = 10_000;

export class DriverMessages {
  private readonly counts = new Map<string, { received: number; processed: number }>();

  count(principal: string | undefined, what: keyof MessageCount): void {
    if (principal === undefined) return;
    const count = this.counts.get(principal) ?? { received: 0, processed: 0 };
    count[what] += 1;
    this.counts.delete(principal);
    this.counts.set(principal, count);
    if (this.counts.size <= PRINCIPALS_MAX) return;
    for (const oldest of this.counts.keys()) {
      this.counts.delete(oldest);
      return;
    }
  }

  of(principal: string): MessageCount {
    return this.counts.get(principal) ?? { received: 0, processed: 0 };
  }
}
