/** Inclusive ranges of ports. */
export interface PortRange {
  readonly begin: number;
  readonly end: number;
}

export function withoutEmpty(ranges: readonly PortRange[]): readonly PortRange[] {
  return ranges.filter((range) => range.begin <= range.end);
}

/** Splits the range that holds `port`. */
export function removePort(ranges: readonly PortRange[], port: number): readonly PortRange[] {
  return withoutEmpty(
    ranges.flatMap((range) =>
      port < range.begin || port > range.end
        ? [range]
        : [
            { begin: range.begin, end: port - 1 },
            { begin: port + 1, end: range.end },
          ],
    ),
  );
}

export function portCount(ranges: readonly PortRange[]): number {
  return ranges.reduce((sum, range) => sum + range.end - range.begin + 1, 0);
}

/** The `index`-th port of the ranges put one after another; undefined behind the last. */
export function portAt(ranges: readonly PortRange[], index: number): number | undefined {
  let rest = index;
  for (const range of ranges) {
    const size = range.end - range.begin + 1;
    if (rest < size) return range.begin + rest;
    rest -= size;
  }
  return undefined;
}
