/** Rows of a table that were ticked, for what is done with several at once. */
import { useState } from 'preact/hooks';
import type { Column } from '../../../core/webui/kit/data-table.tsx';

interface Chosen<Row> {
  /** Ids of those that are still there. */
  readonly ids: readonly string[];
  /** With a box per row. */
  readonly column: Column<Row>;
  clear(): void;
}

export function useChosen<Row extends { readonly id: string }>(rows: readonly Row[]): Chosen<Row> {
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const toggle = (id: string): void => {
    const next = new Set(chosen);
    if (!next.delete(id)) next.add(id);
    setChosen(next);
  };
  return {
    ids: rows.filter(({ id }) => chosen.has(id)).map(({ id }) => id),
    column: {
      title: '',
      value: () => undefined,
      show: ({ id }) => (
        <input
          type="checkbox"
          aria-label={`Choose ${id}`}
          checked={chosen.has(id)}
          onChange={() => toggle(id)}
        />
      ),
    },
    clear: () => setChosen(new Set()),
  };
}

/** The sentence for a kill of so many. */
export function killed(count: number): string {
  return count === 1 ? 'One instance is killed.' : `${count} instances are killed.`;
}
