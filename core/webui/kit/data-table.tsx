/** A list: filter box, headers that sort, fifty rows a page (spec cli-and-webui, section 7.3). */
import type { JSX } from 'preact';
import { useEffect, useMemo, useState } from 'preact/hooks';
import { type Cell, filterRows, PAGE_ROWS, pageOf, sortRows } from './rows.ts';

export interface Column<R> {
  readonly title: string;
  /** What is filtered and sorted by; undefined counts as absent. */
  readonly value: (row: R) => Cell;
  /** What is shown; the value by default, `-` when absent. */
  readonly show?: (row: R) => JSX.Element | string;
  readonly isNumber?: boolean;
}

export interface DataTableProps<R> {
  readonly title: string;
  readonly rows: readonly R[];
  readonly columns: readonly Column<R>[];
  readonly keyOf: (row: R) => string;
  /** Said when there are no rows. */
  readonly empty?: string;
  /** Title of the column that sorts at first. */
  readonly sortedBy?: string | undefined;
  readonly direction?: Direction;
  /** Rows that stand out, by a class name. */
  readonly classOf?: (row: R) => string | undefined;
}

type Direction = 'up' | 'down';

export function DataTable<R>(props: DataTableProps<R>): JSX.Element {
  const { title, rows, columns, keyOf, classOf } = props;
  const [filter, setFilter] = useState('');
  const [sortedBy, setSortedBy] = useState(props.sortedBy);
  const [direction, setDirection] = useState<Direction>(props.direction ?? 'up');
  const [wanted, setWanted] = useState(1);
  const shown = useMemo(() => {
    const found = filterRows(rows, filter, (row) => columns.map(({ value }) => value(row)));
    const column = columns.find((each) => each.title === sortedBy);
    return column === undefined ? found : sortRows(found, column.value, direction);
  }, [rows, columns, filter, sortedBy, direction]);
  const page = pageOf(shown, wanted, PAGE_ROWS);
  const sort = (column: string): void => {
    setDirection(sortedBy === column && direction === 'up' ? 'down' : 'up');
    setSortedBy(column);
  };
  const heading = (
    <header class="table-head">
      <h2>
        {title} <span class="count">{rows.length}</span>
      </h2>
      {rows.length > 0 && (
        <input
          type="search"
          placeholder="Find..."
          aria-label={`Find in ${title}`}
          value={filter}
          onInput={({ currentTarget }) => {
            setFilter(currentTarget.value);
            setWanted(1);
          }}
        />
      )}
    </header>
  );
  if (rows.length === 0) {
    return (
      <section class="table">
        {heading}
        <p class="quiet">{props.empty ?? `No ${title.toLowerCase()}.`}</p>
      </section>
    );
  }
  return (
    <section class="table">
      {heading}
      <div class="scroll">
        <table>
          <thead>
            <tr>
              {columns.map((column) => (
                <th
                  key={column.title}
                  scope="col"
                  class={column.isNumber === true ? 'number' : undefined}
                  aria-sort={ariaSort(sortedBy === column.title ? direction : undefined)}
                >
                  <button type="button" onClick={() => sort(column.title)}>
                    {column.title}
                  </button>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {page.rows.map((row) => (
              <tr key={keyOf(row)} class={classOf?.(row)}>
                {columns.map((column) => (
                  <td key={column.title} class={column.isNumber === true ? 'number' : undefined}>
                    {column.show?.(row) ?? String(column.value(row) ?? '-')}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {shown.length === 0 && <p class="quiet">Nothing matches “{filter}”.</p>}
      {page.count > 1 && <Pager page={page} total={shown.length} onPage={setWanted} />}
    </section>
  );
}

function ariaSort(direction: Direction | undefined): 'ascending' | 'descending' | undefined {
  if (direction === undefined) return undefined;
  return direction === 'up' ? 'ascending' : 'descending';
}

interface PagerProps {
  readonly page: {
    readonly number: number;
    readonly count: number;
    readonly links: readonly number[];
  };
  readonly total: number;
  readonly onPage: (number: number) => void;
}

function Pager({ page, total, onPage }: PagerProps): JSX.Element {
  const link = (number: number, text: string, name: string): JSX.Element => (
    <button
      type="button"
      key={text}
      aria-label={name}
      aria-current={number === page.number ? 'page' : undefined}
      disabled={number === page.number}
      onClick={() => onPage(number)}
    >
      {text}
    </button>
  );
  return (
    <nav class="pager" aria-label="Pages">
      {link(1, '«', 'First page')}
      {page.links.map((number) => link(number, String(number), `Page ${number}`))}
      {link(page.count, '»', 'Last page')}
      <span class="quiet">{total} rows</span>
    </nav>
  );
}

/** A short form of an id with a button that copies all of it. */
export function CopyableId({
  id,
  short,
  href,
}: {
  readonly id: string;
  readonly short: string;
  readonly href?: string | undefined;
}): JSX.Element {
  const [isCopied, setCopied] = useState(false);
  useEffect(() => {
    if (!isCopied) return;
    const timer = setTimeout(() => setCopied(false), 2_000);
    return () => clearTimeout(timer);
  }, [isCopied]);
  const copy = (): void => {
    navigator.clipboard.writeText(id).then(
      () => setCopied(true),
      () => undefined,
    );
  };
  return (
    <span class="id">
      {href === undefined ? (
        <span title={id}>{short}</span>
      ) : (
        <a href={href} title={id}>
          {short}
        </a>
      )}
      <button type="button" class="copy" title={isCopied ? 'Copied!' : 'Copy ID'} onClick={copy}>
        <span class="hidden">Copy ID {id}</span>
      </button>
    </span>
  );
}
