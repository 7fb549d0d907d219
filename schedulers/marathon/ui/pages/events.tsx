/** What happens, as it happens; the newest 500 since the page was opened. */
import type { JSX } from 'preact';
import { type Column, DataTable } from '../../../../core/webui/kit/data-table.tsx';
import { pretty } from '../../../../core/webui/kit/format.ts';
import { Time } from '../../../../core/webui/kit/times.tsx';
import { events, isLive, type SeenEvent } from '../source.ts';

const COLUMNS: readonly Column<SeenEvent>[] = [
  { title: 'Time', value: ({ at }) => at, show: ({ at }) => <Time at={at} /> },
  { title: 'Event', value: ({ type }) => type },
  { title: 'About', value: ({ about }) => about },
  {
    title: 'Content',
    value: ({ json }) => JSON.stringify(json),
    show: ({ json, type }) => (
      <details>
        <summary>
          {String(json['taskStatus'] ?? json['condition'] ?? json['reason'] ?? type)}
        </summary>
        <pre>{pretty(json)}</pre>
      </details>
    ),
  },
];

export function EventsPage(): JSX.Element {
  return (
    <>
      <p class={isLive.value ? 'good' : 'warn'} role="status">
        {isLive.value ? 'Live' : 'Not connected; connecting again…'}
      </p>
      <DataTable
        title="Events"
        rows={events.value}
        columns={COLUMNS}
        keyOf={({ number }) => String(number)}
        empty="Nothing has happened since this page was opened."
      />
    </>
  );
}
