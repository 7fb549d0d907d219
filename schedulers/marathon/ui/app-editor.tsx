/** Creates or changes an app: as a form or as JSON, with the difference shown before it is sent. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { showNotice } from '../../../core/webui/kit/alerts.tsx';
import {
  DefinitionDialog,
  type UpdateDefinition,
} from '../../../core/webui/kit/definition-dialog.tsx';
import { type Json, textIn } from '../../../core/webui/kit/reading.ts';
import { requestJson } from '../../../core/webui/kit/requests.ts';
import { goTo } from '../../../core/webui/kit/router.tsx';
import { type FormFields, formOf, withForm } from './app-form.ts';
import { HEALTH_CHECKS, portsKind, VOLUMES } from './form-rows.ts';
import { appHref } from './parts.tsx';
import { RowFields } from './row-fields.tsx';
import { API, pathOf, poller } from './source.ts';
import { TextField } from './text-field.tsx';

export interface AppEditorProps {
  /** The definition that is changed; undefined for a new app. */
  readonly before: Json | undefined;
  readonly suggested: Json;
  readonly onClose: () => void;
}

export function AppEditor({ before, suggested, onClose }: AppEditorProps): JSX.Element {
  const [isForced, setForced] = useState(false);
  const isNew = before === undefined;
  const send = async (definition: Json): Promise<void> => {
    const query = isForced ? 'force=true' : '';
    const id = textIn(definition, 'id');
    if (isNew) await requestJson(`${API}/apps?${query}`, { method: 'POST', body: definition });
    else {
      const path = `${API}/apps${pathOf(textIn(before, 'id'))}?partialUpdate=false&${query}`;
      await requestJson(path, { method: 'PUT', body: definition });
    }
    showNotice(isNew ? `${id} was created.` : `${id} is being changed.`);
    poller.refresh();
    goTo(appHref(id.startsWith('/') ? id : `/${id}`));
  };
  return (
    <DefinitionDialog
      title={isNew ? 'New application' : `Edit ${textIn(before, 'id')}`}
      action={isNew ? 'Create application' : 'Change application'}
      before={before}
      suggested={suggested}
      send={send}
      onClose={onClose}
      form={(definition, update) => (
        <AppForm definition={definition} isNew={isNew} update={update} />
      )}
    >
      <label>
        <input
          type="checkbox"
          checked={isForced}
          onChange={({ currentTarget }) => setForced(currentTarget.checked)}
        />{' '}
        Force: cancel a deployment that is under way
      </label>
    </DefinitionDialog>
  );
}

interface AppFormProps {
  readonly definition: Json;
  readonly isNew: boolean;
  readonly update: UpdateDefinition;
}

function AppForm({ definition, isNew, update }: AppFormProps): JSX.Element {
  const form = formOf(definition);
  const set = (changed: Partial<FormFields>): void =>
    update((current) => withForm(current, { ...formOf(current), ...changed }));
  const field = (title: string, key: keyof FormFields, isReadOnly = false): JSX.Element => (
    <TextField
      title={title}
      shown={form[key]}
      isReadOnly={isReadOnly}
      enter={(text) => set({ [key]: text })}
    />
  );
  const area = (title: string, key: keyof FormFields): JSX.Element => (
    <TextField title={title} shown={form[key]} isArea enter={(text) => set({ [key]: text })} />
  );
  return (
    <>
      {field('ID', 'id', !isNew)}
      <div class="row">
        {field('CPUs', 'cpus')}
        {field('Memory (MiB)', 'mem')}
        {field('Disk (MiB)', 'disk')}
        {field('Instances', 'instances')}
      </div>
      {area('Command', 'cmd')}
      {field('Docker image', 'image')}
      {area('Environment, NAME=value', 'env')}
      {area('Labels, name=value', 'labels')}
      {[portsKind(definition), HEALTH_CHECKS, VOLUMES].map((kind) => (
        <RowFields key={kind.title} kind={kind} definition={definition} update={update} />
      ))}
      <details>
        <summary>Placement, files, user</summary>
        {area('Constraints, field OPERATOR value', 'constraints')}
        {area('Files to fetch, one address a line', 'uris')}
        {field('User', 'user')}
      </details>
    </>
  );
}
