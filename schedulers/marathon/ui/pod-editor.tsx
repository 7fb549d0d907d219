/** Creates or changes a pod: as a form or as JSON, with the difference shown before it is sent. */
import type { JSX } from 'preact';
import { showNotice } from '../../../core/webui/kit/alerts.tsx';
import {
  DefinitionDialog,
  type UpdateDefinition,
} from '../../../core/webui/kit/definition-dialog.tsx';
import {
  type Json,
  numberOrNone,
  recordIn,
  recordsIn,
  textIn,
} from '../../../core/webui/kit/reading.ts';
import { requestJson } from '../../../core/webui/kit/requests.ts';
import { goTo } from '../../../core/webui/kit/router.tsx';
import { podHref } from './parts.tsx';
import {
  type ContainerFields,
  containerFields,
  withContainerFields,
  withInstances,
} from './pod-model.ts';
import { API, pathOf, poller } from './source.ts';
import { TextField } from './text-field.tsx';

export interface PodEditorProps {
  /** The definition that is changed; undefined for a new pod. */
  readonly before: Json | undefined;
  readonly suggested: Json;
  readonly onClose: () => void;
}

export function PodEditor({ before, suggested, onClose }: PodEditorProps): JSX.Element {
  const isNew = before === undefined;
  const send = async (definition: Json): Promise<void> => {
    const id = textIn(definition, 'id');
    if (isNew) await requestJson(`${API}/pods`, { method: 'POST', body: definition });
    else {
      const path = `${API}/pods${pathOf(textIn(before, 'id'))}`;
      await requestJson(path, { method: 'PUT', body: definition });
    }
    showNotice(isNew ? `${id} was created.` : `${id} is being changed.`);
    poller.refresh();
    goTo(podHref(id.startsWith('/') ? id : `/${id}`));
  };
  return (
    <DefinitionDialog
      title={isNew ? 'New pod' : `Edit ${textIn(before, 'id')}`}
      action={isNew ? 'Create pod' : 'Change pod'}
      before={before}
      suggested={suggested}
      send={send}
      onClose={onClose}
      form={(definition, update) => (
        <PodForm definition={definition} isNew={isNew} update={update} />
      )}
    />
  );
}

interface PodFormProps {
  readonly definition: Json;
  readonly isNew: boolean;
  readonly update: UpdateDefinition;
}

function PodForm({ definition, isNew, update }: PodFormProps): JSX.Element {
  const containers = recordsIn(definition, 'containers');
  const setContainers = (change: (known: readonly Json[]) => readonly Json[]): void =>
    update((current) => ({ ...current, containers: change(recordsIn(current, 'containers')) }));
  return (
    <>
      <TextField
        title="ID"
        shown={textIn(definition, 'id')}
        isReadOnly={!isNew}
        enter={(id) => update((current) => ({ ...current, id }))}
      />
      <TextField
        title="Instances"
        shown={String(numberOrNone(recordIn(definition, 'scaling'), 'instances') ?? 1)}
        enter={(text) => update((current) => withInstances(current, Number(text)))}
      />
      {containers.map((container, index) => (
        <ContainerForm
          // Not the name: it changes while it is typed.
          key={index}
          container={container}
          enter={(fields) =>
            setContainers((known) =>
              known.map((each, at) =>
                at === index
                  ? withContainerFields(each, { ...containerFields(each), ...fields })
                  : each,
              ),
            )
          }
          remove={
            containers.length === 1
              ? undefined
              : () => setContainers((known) => known.filter((_, at) => at !== index))
          }
        />
      ))}
      <div class="actions">
        <button
          type="button"
          onClick={() =>
            setContainers((known) => [
              ...known,
              { name: `container-${known.length + 1}`, resources: { cpus: 0.1, mem: 32 } },
            ])
          }
        >
          Add container
        </button>
      </div>
    </>
  );
}

interface ContainerFormProps {
  readonly container: Json;
  readonly enter: (fields: Partial<ContainerFields>) => void;
  /** Undefined for the only container. */
  readonly remove: (() => void) | undefined;
}

function ContainerForm({ container, enter, remove }: ContainerFormProps): JSX.Element {
  const fields = containerFields(container);
  const field = (title: string, key: keyof ContainerFields, isArea = false): JSX.Element => (
    <TextField
      title={title}
      shown={fields[key]}
      isArea={isArea}
      enter={(text) => enter({ [key]: text })}
    />
  );
  return (
    <fieldset>
      <legend>Container {fields.name}</legend>
      <div class="row">
        {field('Name', 'name')}
        {field('CPUs', 'cpus')}
        {field('Memory (MiB)', 'mem')}
      </div>
      {field('Command', 'command', true)}
      {field('Docker image', 'image')}
      {remove !== undefined && (
        <button type="button" onClick={remove}>
          Remove container
        </button>
      )}
    </fieldset>
  );
}
