/** Hosts out of service: avoided, being emptied, empty; and the way there and back. */
import type { JSX } from 'preact';
import { type Column, DataTable } from '../../../../core/webui/kit/data-table.tsx';
import { useSource } from '../../../../core/webui/kit/use-source.ts';
import { type Action, Actions } from '../actions.tsx';
import { type HostMode, readHosts, setHost } from '../api.ts';
import type { HostRow } from '../model.ts';
import { Shown, StatusText } from '../parts.tsx';

const PACE_MS = 2_000;

export function HostsPage(): JSX.Element {
  const source = useSource('hosts', readHosts, PACE_MS);
  return (
    <>
      <div class="title">
        <h1>Hosts</h1>
      </div>
      <div class="actions">
        <Actions
          actions={[beginning('SCHEDULED'), beginning('DRAINING')]}
          onDone={source.refresh}
        />
      </div>
      <Shown source={source} what="the hosts">
        {(hosts) => (
          <DataTable
            title="Out of service"
            rows={hosts}
            columns={columns(source.refresh)}
            keyOf={({ host }) => host}
            sortedBy="Host"
            empty="All hosts are in service."
          />
        )}
      </Shown>
    </>
  );
}

const TEXTS = {
  SCHEDULED: ['Avoid', 'New tasks go elsewhere as long as there is room; what runs there stays.'],
  DRAINING: ['Drain', 'Its tasks move to other hosts, and no new ones come.'],
  NONE: ['Return', 'It gets tasks again.'],
} as const;

function beginning(mode: HostMode): Action {
  const [verb, text] = TEXTS[mode];
  return {
    ...{ verb, text, about: 'a host' },
    input: { label: 'Name of the host', type: 'text', value: '' },
    run: (host) => setHost(host, mode),
    done: 'The scheduler has been told.',
  };
}

function changing(host: string, mode: HostMode): Action {
  const [verb, text] = TEXTS[mode];
  return {
    ...{ verb, text, about: host },
    run: () => setHost(host, mode),
    done: `The scheduler has been told about ${host}.`,
  };
}

function columns(onDone: () => void): readonly Column<HostRow>[] {
  return [
    { title: 'Host', value: ({ host }) => host },
    { title: 'State', value: ({ mode }) => mode, show: ({ mode }) => <StatusText status={mode} /> },
    { title: 'Tasks to move', value: ({ leaving }) => leaving, isNumber: true },
    {
      title: 'Actions',
      value: () => undefined,
      show: ({ host, mode }) => (
        <span class="row-actions">
          <Actions
            actions={[
              ...(mode === 'SCHEDULED' ? [changing(host, 'DRAINING')] : []),
              changing(host, 'NONE'),
            ]}
            onDone={onDone}
          />
        </span>
      ),
    },
  ];
}
