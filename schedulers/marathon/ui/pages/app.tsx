/** One app: what can be done with it, and its parts as tabs. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { Confirm } from '../../../../core/webui/kit/dialog.tsx';
import { pretty } from '../../../../core/webui/kit/format.ts';
import type { Json } from '../../../../core/webui/kit/reading.ts';
import { goTo, Tabs } from '../../../../core/webui/kit/router.tsx';
import { AppEditor } from '../app-editor.tsx';
import { type AppRow, definitionOf, statusOf } from '../model.ts';
import { appHref, groupHref, HealthBar, isFirstTab, StatusText } from '../parts.tsx';
import { ScaleDialog } from '../scale-dialog.tsx';
import { act, type ClusterData, pathOf } from '../source.ts';
import { GroupPath } from './apps.tsx';
import { InstancesTab } from './instances.tsx';
import { useApp } from './use-app.ts';
import { VersionsTab, versionsOfApp } from './versions.tsx';
import { WhyTab } from './why.tsx';

export interface AppPageProps {
  readonly data: ClusterData;
  readonly id: string;
  readonly tab: string;
}

/** The app's full document, read again after every event. */
export function AppPage({ data, id, tab }: AppPageProps): JSX.Element {
  const { app, isMissing } = useApp(id);
  if (isMissing) {
    return (
      <p class="alert error" role="alert">
        App '{id}' does not exist
      </p>
    );
  }
  if (app === undefined) return <p class="quiet">Loading…</p>;
  const status = statusOf(app, data.queue.get(id));
  const group = id.slice(0, id.lastIndexOf('/')) || '/';
  return (
    <>
      <GroupPath group={group} />
      <header class="title">
        <h1>{id}</h1>
        <StatusText status={status} />
        <HealthBar {...app} />
        <span class="quiet">
          {app.running} of {app.instances} instances
        </span>
      </header>
      <AppActions app={app} />
      <Tabs
        tabs={[
          {
            title: 'Instances',
            hash: appHref(id, 'instances'),
            count: app.tasks.length,
            covers: isFirstTab,
          },
          { title: 'Configuration', hash: appHref(id, 'configuration') },
          { title: 'Versions', hash: appHref(id, 'versions') },
          { title: 'Why not running', hash: appHref(id, 'why') },
        ]}
      />
      {tab === 'instances' && <InstancesTab app={app} />}
      {tab === 'configuration' && <Configuration definition={definitionOf(app.json)} />}
      {tab === 'versions' && <VersionsTab of={versionsOfApp(app)} />}
      {tab === 'why' && <WhyTab app={app} entry={data.queue.get(id)} />}
    </>
  );
}

export function Configuration({ definition }: { readonly definition: Json }): JSX.Element {
  return (
    <section class="card">
      <pre class="document">{pretty(definition)}</pre>
    </section>
  );
}

type Open = 'scale' | 'edit' | 'restart' | 'suspend' | 'destroy' | 'delay';

function AppActions({ app }: { readonly app: AppRow }): JSX.Element {
  const [open, setOpen] = useState<Open | undefined>(undefined);
  const close = (): void => setOpen(undefined);
  const path = `/apps${pathOf(app.id)}`;
  const button = (name: Open, title: string, kind?: string): JSX.Element => (
    <button type="button" class={kind} onClick={() => setOpen(name)}>
      {title}
    </button>
  );
  return (
    <div class="actions">
      {button('scale', 'Scale', 'primary')}
      {button('edit', 'Edit')}
      {button('restart', 'Restart')}
      {button('suspend', 'Suspend')}
      <button
        type="button"
        onClick={() =>
          act('The delay was reset.', `/queue${pathOf(app.id)}/delay`, { method: 'DELETE' })
        }
      >
        Reset delay
      </button>
      {button('destroy', 'Destroy', 'danger')}
      {open === 'scale' && (
        <ScaleDialog
          spec={app}
          scale={(instances) =>
            act(`${app.id} is scaled to ${instances}.`, path, {
              method: 'PUT',
              body: { instances },
            })
          }
          onClose={close}
        />
      )}
      {open === 'edit' && (
        <AppEditor
          before={definitionOf(app.json)}
          suggested={definitionOf(app.json)}
          onClose={close}
        />
      )}
      {open === 'restart' && (
        <Confirm
          title={`Restart ${app.id}?`}
          text="All its instances are replaced, as many at a time as its upgrade strategy allows."
          action="Restart"
          onConfirm={() => act(`${app.id} restarts.`, `${path}/restart`, { method: 'POST' })}
          onClose={close}
        />
      )}
      {open === 'suspend' && (
        <Confirm
          title={`Suspend ${app.id}?`}
          text="It is scaled to 0 instances; its definition stays."
          action="Suspend"
          onConfirm={() =>
            act(`${app.id} is suspended.`, path, { method: 'PUT', body: { instances: 0 } })
          }
          onClose={close}
        />
      )}
      {open === 'destroy' && (
        <Confirm
          title={`Destroy ${app.id}?`}
          text="Its instances are killed and its definition is removed. This cannot be undone."
          action="Destroy"
          onConfirm={async () => {
            const isDone = await act(`${app.id} is being destroyed.`, path, { method: 'DELETE' });
            if (isDone) goTo(groupHref(app.id.slice(0, app.id.lastIndexOf('/')) || '/'));
          }}
          onClose={close}
        />
      )}
    </div>
  );
}
