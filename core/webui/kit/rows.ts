/** What a table does with its rows: filter, sort, cut into pages. Pure. */

export type Cell = string | number | undefined;

/** Case does not matter; a row matches when one of its values has every word of the filter. */
export function filterRows<R>(
  rows: readonly R[],
  filter: string,
  valuesOf: (row: R) => readonly Cell[],
): readonly R[] {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return rows;
  return rows.filter((row) => {
    const values = valuesOf(row).map((value) => String(value ?? '').toLowerCase());
    return words.every((word) => values.some((value) => value.includes(word)));
  });
}

const COLLATOR = new Intl.Collator('en', { numeric: true, sensitivity: 'base' });

/** Numbers by size, texts as people sort them, what is absent last in either direction. */
export function compareCells(left: Cell, right: Cell): number {
  if (typeof left === 'number' && typeof right === 'number') return left - right;
  return COLLATOR.compare(String(left), String(right));
}

export function sortRows<R>(
  rows: readonly R[],
  cellOf: (row: R) => Cell,
  direction: 'up' | 'down',
): readonly R[] {
  const sign = direction === 'up' ? 1 : -1;
  return rows
    .map((row) => ({ row, value: cellOf(row) }))
    .sort((a, b) => {
      if (a.value === undefined || b.value === undefined) {
        return Number(a.value === undefined) - Number(b.value === undefined);
      }
      return sign * compareCells(a.value, b.value);
    })
    .map(({ row }) => row);
}

export const PAGE_ROWS = 50;
const PAGE_LINKS_MAX = 5;

export interface Page<R> {
  readonly rows: readonly R[];
  /** From 1; within what there is. */
  readonly number: number;
  readonly count: number;
  /** Numbers to offer, at most five, around the shown one. */
  readonly links: readonly number[];
}

export function pageOf<R>(rows: readonly R[], wanted: number, pageRows: number): Page<R> {
  const count = Math.max(1, Math.ceil(rows.length / pageRows));
  const number = Math.min(Math.max(1, wanted), count);
  const first = Math.max(1, Math.min(number - 2, count - PAGE_LINKS_MAX + 1));
  const length = Math.min(PAGE_LINKS_MAX, count);
  return {
    rows: rows.slice((number - 1) * pageRows, number * pageRows),
    number,
    count,
    links: Array.from({ length }, (_, at) => first + at),
  };
}
