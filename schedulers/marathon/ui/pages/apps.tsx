/** The list: groups and apps of a group, or everything that a filter finds. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { type Column, DataTable } from '../../../../core/webui/kit/data-table.tsx';
import { Breadcrumb } from '../../../../core/webui/kit/router.tsx';
import { AppEditor } from '../app-editor.tsx';
import { appEntry, type ListEntry, type ListedSpec, listGroup, statusOf } from '../model.ts';
import {
  appHref,
  cpusText,
  groupHref,
  HealthBar,
  memText,
  podHref,
  StatusText,
} from '../parts.tsx';
import { PodEditor } from '../pod-editor.tsx';
import { suggestedPod } from '../pod-model.ts';
import type { ClusterData } from '../source.ts';

const columns: readonly Column<ListEntry>[] = [
  {
    title: 'Name',
    value: ({ name }) => name,
    show: (entry) =>
      entry.kind === 'group' ? (
        <a href={groupHref(entry.id)}>{entry.name}/</a>
      ) : entry.kind === 'pod' ? (
        <>
          <a href={podHref(entry.id)}>{entry.name}</a> <span class="label">pod</span>
        </>
      ) : (
        <a href={appHref(entry.id)}>{entry.name}</a>
      ),
  },
  {
    title: 'Labels',
    value: ({ labels }) => labels.map(([name, value]) => `${name}:${value}`).join(' '),
    show: ({ labels }) => (
      <>
        {labels.map(([name, value]) => (
          <span key={name} class="label">
            {name}
            {value === '' ? '' : `: ${value}`}
          </span>
        ))}
      </>
    ),
  },
  { title: 'CPU', value: ({ cpus }) => cpus, show: ({ cpus }) => cpusText(cpus), isNumber: true },
  { title: 'Memory', value: ({ mem }) => mem, show: ({ mem }) => memText(mem), isNumber: true },
  {
    title: 'Status',
    value: ({ status }) => status,
    show: (entry) => <StatusText status={entry.status} />,
  },
  {
    title: 'Running Instances',
    value: ({ running }) => running,
    show: ({ running, instances }) => `${running} of ${instances}`,
    isNumber: true,
  },
  { title: 'Health', value: (entry) => entry.healthy, show: (entry) => <HealthBar {...entry} /> },
];

export function AppsPage({
  data,
  group,
}: {
  readonly data: ClusterData;
  readonly group: string;
}): JSX.Element {
  const [creating, setCreating] = useState<'app' | 'pod' | undefined>(undefined);
  const [isFlat, setFlat] = useState(false);
  const specs: readonly ListedSpec[] = [...data.apps, ...data.pods];
  const status = (app: ListedSpec) => statusOf(app, data.queue.get(app.id));
  const prefix = group === '/' ? '/' : `${group}/`;
  const rows = isFlat
    ? specs
        .filter(({ id }) => id.startsWith(prefix))
        .map((app) => appEntry(app, app.id, status(app)))
    : listGroup(specs, group, status);
  return (
    <>
      <GroupPath group={group} />
      <div class="actions">
        <button type="button" class="primary" onClick={() => setCreating('app')}>
          Create application
        </button>
        <button type="button" onClick={() => setCreating('pod')}>
          Create pod
        </button>
        <label>
          <input
            type="checkbox"
            checked={isFlat}
            onChange={({ currentTarget }) => setFlat(currentTarget.checked)}
          />{' '}
          Show all below
        </label>
      </div>
      <DataTable
        title="Applications"
        rows={rows}
        columns={columns}
        keyOf={({ kind, id }) => `${kind} ${id}`}
        sortedBy={isFlat ? 'Name' : undefined}
        empty="No applications yet. Create one, or POST its JSON to /v2/apps."
      />
      {creating === 'app' && (
        <AppEditor
          before={undefined}
          suggested={{ id: prefix, cmd: '', cpus: 0.1, mem: 128, instances: 1 }}
          onClose={() => setCreating(undefined)}
        />
      )}
      {creating === 'pod' && (
        <PodEditor
          before={undefined}
          suggested={suggestedPod(prefix)}
          onClose={() => setCreating(undefined)}
        />
      )}
    </>
  );
}

/** Every level of a group's id is a link. */
export function GroupPath({ group }: { readonly group: string }): JSX.Element {
  const parts = group.split('/').filter(Boolean);
  return (
    <Breadcrumb>
      <a href={groupHref('/')}>Applications</a>
      {parts.map((part, at) => {
        const id = `/${parts.slice(0, at + 1).join('/')}`;
        return (
          <span key={id}>
            {' / '}
            <a href={groupHref(id)}>{part}</a>
          </span>
        );
      })}
    </Breadcrumb>
  );
}
