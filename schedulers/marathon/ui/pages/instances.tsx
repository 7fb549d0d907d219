/** Instances of an app: where, how well, since when; killed one by one or several. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { type Column, DataTable } from '../../../../core/webui/kit/data-table.tsx';
import { Confirm } from '../../../../core/webui/kit/dialog.tsx';
import { hashOf } from '../../../../core/webui/kit/route.ts';
import { Time } from '../../../../core/webui/kit/times.tsx';
import { killed, useChosen } from '../chosen.tsx';
import type { AppRow, InstanceRow } from '../model.ts';
import { HealthDot } from '../parts.tsx';
import { act } from '../source.ts';

export function InstancesTab({ app }: { readonly app: AppRow }): JSX.Element {
  const chosen = useChosen(app.tasks);
  const [killing, setKilling] = useState<'kill' | 'scale' | undefined>(undefined);
  const alive = chosen.ids;
  const columns: readonly Column<InstanceRow>[] = [
    chosen.column,
    {
      title: 'ID',
      value: ({ id }) => id,
      show: ({ id }) => <a href={hashOf(['app', app.id, 'instances', id])}>{id}</a>,
    },
    {
      title: 'Endpoints',
      value: ({ host, ports }) => `${host} ${ports.join(' ')}`,
      show: (row) => <Endpoints row={row} />,
    },
    {
      title: 'Health',
      value: ({ health }) => health,
      show: ({ health }) => <HealthDot health={health} />,
    },
    { title: 'Status', value: ({ state }) => state },
    { title: 'Version', value: ({ version }) => version },
    {
      title: 'Started',
      value: ({ startedAt, stagedAt }) => startedAt ?? stagedAt,
      show: ({ startedAt, stagedAt }) => <Time at={startedAt ?? stagedAt} />,
    },
  ];
  const kill = (isScaled: boolean): void => {
    const query = isScaled ? '?scale=true' : '';
    void act(killed(alive.length), `/tasks/delete${query}`, {
      method: 'POST',
      body: { ids: alive },
    });
    chosen.clear();
  };
  return (
    <>
      {app.lastFailure !== undefined && (
        <section class="card">
          <h2>Last failure</h2>
          <p>
            <span class="bad">{app.lastFailure.state}</span> on {app.lastFailure.host}{' '}
            <Time at={app.lastFailure.at} />: {app.lastFailure.message}{' '}
            <a href={hashOf(['app', app.id, 'instances', app.lastFailure.taskId])}>its sandbox</a>
          </p>
        </section>
      )}
      <div class="actions">
        <button type="button" disabled={alive.length === 0} onClick={() => setKilling('kill')}>
          Kill
        </button>
        <button type="button" disabled={alive.length === 0} onClick={() => setKilling('scale')}>
          Kill and scale down
        </button>
      </div>
      <DataTable
        title="Instances"
        rows={app.tasks}
        columns={columns}
        keyOf={({ id }) => id}
        sortedBy="Started"
        direction="down"
      />
      {killing !== undefined && (
        <Confirm
          title={`Kill ${alive.length} of ${app.id}?`}
          text={
            killing === 'kill'
              ? 'Others take their place.'
              : `The app then has ${Math.max(0, app.instances - alive.length)} instances.`
          }
          action={killing === 'kill' ? 'Kill' : 'Kill and scale down'}
          onConfirm={() => kill(killing === 'scale')}
          onClose={() => setKilling(undefined)}
        />
      )}
    </>
  );
}

export function Endpoints({ row }: { readonly row: InstanceRow }): JSX.Element {
  if (row.ports.length === 0) return <>{row.addresses.join(', ') || row.host}</>;
  return (
    <>
      {row.ports.map((port) => (
        <span key={port}>
          <a href={`http://${row.host}:${port}`} target="_blank" rel="noreferrer">
            {row.host}:{port}
          </a>{' '}
        </span>
      ))}
    </>
  );
}
