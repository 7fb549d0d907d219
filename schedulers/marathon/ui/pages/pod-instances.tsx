/** Instances of a pod with their containers: where, how well, since when; killed one by one or several. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { type Column, DataTable } from '../../../../core/webui/kit/data-table.tsx';
import { Confirm } from '../../../../core/webui/kit/dialog.tsx';
import { hashOf } from '../../../../core/webui/kit/route.ts';
import { Time } from '../../../../core/webui/kit/times.tsx';
import { killed, useChosen } from '../chosen.tsx';
import { HealthDot } from '../parts.tsx';
import type { ContainerRow, PodInstanceRow, PodRow } from '../pod-model.ts';
import { act, pathOf } from '../source.ts';

const STATUS_KINDS: Readonly<Record<string, string>> = {
  STABLE: 'good',
  DEGRADED: 'bad',
  STAGING: 'warn',
  PENDING: 'warn',
};

export function PodInstancesTab({ pod }: { readonly pod: PodRow }): JSX.Element {
  const chosen = useChosen(pod.pods);
  const [isKilling, setKilling] = useState(false);
  const alive = chosen.ids;
  const columns: readonly Column<PodInstanceRow>[] = [
    chosen.column,
    { title: 'ID', value: ({ id }) => id },
    {
      title: 'Status',
      value: ({ status }) => status,
      show: ({ status, message }) => (
        <span class={`status ${STATUS_KINDS[status] ?? 'quiet'}`} title={message}>
          {status}
        </span>
      ),
    },
    {
      title: 'Containers',
      value: ({ containers }) => containers.map(({ name }) => name).join(' '),
      show: (instance) => <Containers pod={pod} instance={instance} />,
    },
    { title: 'Host', value: ({ host }) => host },
    { title: 'Version', value: ({ version }) => version },
    { title: 'Since', value: ({ since }) => since, show: ({ since }) => <Time at={since} /> },
  ];
  const kill = (): void => {
    void act(killed(alive.length), `/pods${pathOf(pod.id)}::instances`, {
      method: 'DELETE',
      body: alive,
    });
    chosen.clear();
  };
  return (
    <>
      <div class="actions">
        <button type="button" disabled={alive.length === 0} onClick={() => setKilling(true)}>
          Kill
        </button>
      </div>
      <DataTable
        title="Instances"
        rows={pod.pods}
        columns={columns}
        keyOf={({ id }) => id}
        sortedBy="Since"
        direction="down"
        empty="No instance is placed on an agent."
      />
      {isKilling && (
        <Confirm
          title={`Kill ${alive.length} of ${pod.id}?`}
          text="Others take their place."
          action="Kill"
          onConfirm={kill}
          onClose={() => setKilling(false)}
        />
      )}
    </>
  );
}

interface ContainersProps {
  readonly pod: PodRow;
  readonly instance: PodInstanceRow;
}

function Containers({ pod, instance }: ContainersProps): JSX.Element {
  return (
    <ul class="choices">
      {instance.containers.map((container) => (
        <li key={container.id}>
          <a href={hashOf(['pod', pod.id, 'instances', container.id])}>{container.name}</a>{' '}
          {container.state}
          {container.health === 'unknown' ? '' : ' '}
          {container.health === 'unknown' ? '' : <HealthDot health={container.health} />}{' '}
          <ContainerEndpoints host={instance.host} container={container} />
        </li>
      ))}
    </ul>
  );
}

export function ContainerEndpoints({
  host,
  container,
}: {
  readonly host: string;
  readonly container: ContainerRow;
}): JSX.Element {
  return (
    <>
      {container.endpoints.map(({ name, port }) => (
        <span key={name}>
          {port === undefined ? (
            name
          ) : (
            <a href={`http://${host}:${port}`} target="_blank" rel="noreferrer">
              {name}:{port}
            </a>
          )}{' '}
        </span>
      ))}
    </>
  );
}
