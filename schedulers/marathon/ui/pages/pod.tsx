/** One pod: what can be done with it, and its parts as tabs. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { Confirm } from '../../../../core/webui/kit/dialog.tsx';
import { goTo, Tabs } from '../../../../core/webui/kit/router.tsx';
import { statusOf } from '../model.ts';
import { groupHref, HealthBar, isFirstTab, podHref, StatusText } from '../parts.tsx';
import { PodEditor } from '../pod-editor.tsx';
import { type PodRow, podDefinitionOf, withInstances } from '../pod-model.ts';
import { ScaleDialog } from '../scale-dialog.tsx';
import { act, type ClusterData, pathOf } from '../source.ts';
import { Configuration } from './app.tsx';
import { GroupPath } from './apps.tsx';
import { PodInstancesTab } from './pod-instances.tsx';
import { VersionsTab, versionsOfPod } from './versions.tsx';
import { WhyTab } from './why.tsx';

export interface PodPageProps {
  readonly data: ClusterData;
  readonly id: string;
  readonly tab: string;
}

export function PodPage({ data, id, tab }: PodPageProps): JSX.Element {
  const pod = data.pods.find((each) => each.id === id);
  if (pod === undefined) {
    return (
      <p class="alert error" role="alert">
        Pod '{id}' does not exist
      </p>
    );
  }
  return (
    <>
      <GroupPath group={groupOf(id)} />
      <header class="title">
        <h1>{id}</h1>
        <span class="label">pod</span>
        <StatusText status={statusOf(pod, data.queue.get(id))} />
        <HealthBar {...pod} />
        <span class="quiet">
          {pod.running} of {pod.instances} instances
        </span>
      </header>
      <PodActions pod={pod} />
      <Tabs
        tabs={[
          {
            title: 'Instances',
            hash: podHref(id, 'instances'),
            count: pod.pods.length,
            covers: isFirstTab,
          },
          { title: 'Configuration', hash: podHref(id, 'configuration') },
          { title: 'Versions', hash: podHref(id, 'versions') },
          { title: 'Why not running', hash: podHref(id, 'why') },
        ]}
      />
      {tab === 'instances' && <PodInstancesTab pod={pod} />}
      {tab === 'configuration' && <Configuration definition={podDefinitionOf(pod.spec)} />}
      {tab === 'versions' && <VersionsTab of={versionsOfPod(pod)} />}
      {tab === 'why' && <WhyTab app={pod} entry={data.queue.get(id)} />}
    </>
  );
}

function groupOf(id: string): string {
  return id.slice(0, id.lastIndexOf('/')) || '/';
}

type Open = 'scale' | 'edit' | 'suspend' | 'destroy';

function PodActions({ pod }: { readonly pod: PodRow }): JSX.Element {
  const [open, setOpen] = useState<Open | undefined>(undefined);
  const close = (): void => setOpen(undefined);
  const path = `/pods${pathOf(pod.id)}`;
  const definition = podDefinitionOf(pod.spec);
  const button = (name: Open, title: string, kind?: string): JSX.Element => (
    <button type="button" class={kind} onClick={() => setOpen(name)}>
      {title}
    </button>
  );
  const scale = (instances: number, said: string): Promise<boolean> =>
    act(said, path, { method: 'PUT', body: withInstances(definition, instances) });
  return (
    <div class="actions">
      {button('scale', 'Scale', 'primary')}
      {button('edit', 'Edit')}
      {button('suspend', 'Suspend')}
      <button
        type="button"
        onClick={() =>
          act('The delay was reset.', `/queue${pathOf(pod.id)}/delay`, { method: 'DELETE' })
        }
      >
        Reset delay
      </button>
      {button('destroy', 'Destroy', 'danger')}
      {open === 'scale' && (
        <ScaleDialog
          spec={pod}
          scale={(instances) => scale(instances, `${pod.id} is scaled to ${instances}.`)}
          onClose={close}
        />
      )}
      {open === 'edit' && <PodEditor before={definition} suggested={definition} onClose={close} />}
      {open === 'suspend' && (
        <Confirm
          title={`Suspend ${pod.id}?`}
          text="It is scaled to 0 instances; its definition stays."
          action="Suspend"
          onConfirm={() => scale(0, `${pod.id} is suspended.`)}
          onClose={close}
        />
      )}
      {open === 'destroy' && (
        <Confirm
          title={`Destroy ${pod.id}?`}
          text="Its instances are killed and its definition is removed. This cannot be undone."
          action="Destroy"
          onConfirm={async () => {
            const isDone = await act(`${pod.id} is being destroyed.`, path, { method: 'DELETE' });
            if (isDone) goTo(groupHref(groupOf(pod.id)));
          }}
          onClose={close}
        />
      )}
    </div>
  );
}
