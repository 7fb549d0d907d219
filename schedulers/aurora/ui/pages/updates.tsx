/** Updates of all jobs: those under way, and those that have ended. */
import type { JSX } from 'preact';
import { type Column, DataTable } from '../../../../core/webui/kit/data-table.tsx';
import { durationText } from '../../../../core/webui/kit/format.ts';
import { hashOf } from '../../../../core/webui/kit/route.ts';
import { replaceBy } from '../../../../core/webui/kit/router.tsx';
import { Time } from '../../../../core/webui/kit/times.tsx';
import { useSource } from '../../../../core/webui/kit/use-source.ts';
import { jobHref } from '../address.ts';
import { readUpdates } from '../api.ts';
import { keyText, type ListView, wordsOf } from '../model.ts';
import { Shown, StatusText } from '../parts.tsx';
import { isUnderWay, type UpdateRow } from '../updates.ts';

const PACE_MS = 2_000;
/** Lists of thousands are asked for less often. */
const LARGE_COUNT = 1_000;
const LARGE_PACE_MS = 10_000;
const paceOf = ({ total }: ListView<UpdateRow>): number =>
  total > LARGE_COUNT ? LARGE_PACE_MS : PACE_MS;

export function UpdatesPage({ status }: { readonly status: string }): JSX.Element {
  const source = useSource('updates', readUpdates, paceOf);
  return (
    <Shown source={source} what="updates">
      {({ rows }) => {
        const statuses = [...new Set(rows.map((row) => row.status))].sort();
        const shown = status === '' ? rows : rows.filter((row) => row.status === status);
        return (
          <>
            <div class="actions">
              <label>
                Status
                <select
                  value={status}
                  onChange={({ currentTarget: { value } }) =>
                    replaceBy(hashOf(['updates'], value === '' ? {} : { status: value }))
                  }
                >
                  <option value="">all</option>
                  {statuses.map((each) => (
                    <option key={each} value={each}>
                      {wordsOf(each)}
                    </option>
                  ))}
                </select>
              </label>
            </div>
            <UpdateTable
              title="Under way"
              rows={shown.filter((row) => isUnderWay(row.status))}
              empty="No update is under way."
            />
            <UpdateTable
              title="Ended"
              rows={shown.filter((row) => !isUnderWay(row.status))}
              empty="No update has ended."
            />
          </>
        );
      }}
    </Shown>
  );
}

export interface UpdateTableProps {
  readonly title: string;
  readonly rows: readonly UpdateRow[];
  readonly empty: string;
  /** Where all are of one job. */
  readonly isOfOneJob?: boolean;
}

export function UpdateTable({ title, rows, empty, isOfOneJob }: UpdateTableProps): JSX.Element {
  return (
    <DataTable
      title={title}
      rows={rows}
      columns={isOfOneJob === true ? COLUMNS : [JOB_COLUMN, ...COLUMNS]}
      keyOf={({ key, id }) => `${keyText(key)} ${id}`}
      empty={empty}
    />
  );
}

const JOB_COLUMN: Column<UpdateRow> = {
  title: 'Job',
  value: ({ key }) => keyText(key),
  show: ({ key }) => <a href={jobHref(key)}>{keyText(key)}</a>,
};

const COLUMNS: readonly Column<UpdateRow>[] = [
  {
    title: 'Update',
    value: ({ id }) => id,
    show: ({ key, id }) => (
      <a href={jobHref(key, 'update', id)} title={id}>
        <code>{id.slice(0, 8)}</code>
      </a>
    ),
  },
  {
    title: 'Status',
    value: ({ status }) => wordsOf(status),
    show: ({ status }) => <StatusText status={status} />,
  },
  { title: 'By', value: ({ user }) => user },
  {
    title: 'Started',
    value: ({ createdAt }) => createdAt,
    show: ({ createdAt }) => <Time at={createdAt} />,
  },
  {
    title: 'Last change',
    value: ({ modifiedAt }) => modifiedAt,
    show: ({ modifiedAt }) => <Time at={modifiedAt} />,
  },
  {
    title: 'Took',
    value: ({ status, createdAt, modifiedAt }) =>
      isUnderWay(status) ? undefined : modifiedAt - createdAt,
    show: ({ status, createdAt, modifiedAt }) =>
      isUnderWay(status) ? '-' : durationText(modifiedAt - createdAt),
    isNumber: true,
  },
];
