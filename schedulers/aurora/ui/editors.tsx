/** Windows that change definitions: an update of a job, a new job, a quota. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { showNotice } from '../../../core/webui/kit/alerts.tsx';
import {
  DefinitionDialog,
  type DefinitionDialogProps,
  type UpdateDefinition,
} from '../../../core/webui/kit/definition-dialog.tsx';
import type { Json } from '../../../core/webui/kit/reading.ts';
import { jobHref } from './address.ts';
import { createJob, setQuota, startUpdate } from './api.ts';
import {
  commandsOf,
  JOB_FIELDS,
  keyOfDefinition,
  type NumberField,
  newJob,
  numberAt,
  QUOTA_FIELDS,
  quotaDefinition,
  suggestedUpdate,
  UPDATE_FIELDS,
  withCommand,
  withNumber,
} from './definition.ts';
import { type JobKey, keyText, type QuotaView } from './model.ts';

type Editing = Omit<DefinitionDialogProps, 'onClose'>;

/** A button that opens the window. */
function Editor({ label, ...editing }: Editing & { readonly label: string }): JSX.Element {
  const [isOpen, setIsOpen] = useState(false);
  return (
    <>
      <button type="button" onClick={() => setIsOpen(true)}>
        {label}
      </button>
      {isOpen && <DefinitionDialog {...editing} onClose={() => setIsOpen(false)} />}
    </>
  );
}

export function UpdateEditor(props: { readonly job: JobKey; readonly before: Json }): JSX.Element {
  const { job, before } = props;
  return (
    <Editor
      label="Update"
      title={`Update ${keyText(job)}`}
      action="Start the update"
      before={before}
      suggested={suggestedUpdate(before)}
      form={jobForm(UPDATE_FIELDS)}
      send={async (definition) => {
        location.hash = jobHref(job, 'update', await startUpdate(job, definition));
      }}
    />
  );
}

export function JobEditor(props: {
  readonly role: string;
  readonly environment: string | undefined;
}): JSX.Element {
  const { role, environment = 'devel' } = props;
  return (
    <Editor
      label="New job"
      title={`New job of ${role}`}
      action="Create"
      before={undefined}
      suggested={newJob(role, environment)}
      form={newJobForm}
      send={async (definition) => {
        await createJob(definition);
        location.hash = jobHref(keyOfDefinition(definition));
      }}
    />
  );
}

export function QuotaEditor(props: {
  readonly role: string;
  readonly quota: QuotaView;
  readonly onDone: () => void;
}): JSX.Element {
  const { role, quota, onDone } = props;
  const before = quotaDefinition(quota);
  return (
    <Editor
      label="Change the quota"
      title={`Quota of ${role}`}
      action="Set"
      before={before}
      suggested={before}
      form={(definition, update) => <Numbers fields={QUOTA_FIELDS} {...{ definition, update }} />}
      send={async (definition) => {
        await setQuota(role, definition);
        showNotice(`${role} has another quota.`);
        onDone();
      }}
    />
  );
}

interface FormProps {
  readonly definition: Json;
  readonly update: UpdateDefinition;
}

function newJobForm(definition: Json, update: UpdateDefinition): JSX.Element {
  return (
    <>
      {(['name', 'environment'] as const).map((name) => (
        <label key={name}>
          {name === 'name' ? 'Name' : 'Environment'}
          <input
            required
            value={keyOfDefinition(definition)[name]}
            onChange={({ currentTarget }) => {
              const { value } = currentTarget;
              update((known) => ({ ...known, [name]: value }));
            }}
          />
        </label>
      ))}
      {jobForm(JOB_FIELDS)(definition, update)}
    </>
  );
}

function jobForm(fields: readonly NumberField[]): DefinitionDialogProps['form'] {
  return (definition, update) => (
    <>
      <Numbers fields={fields} definition={definition} update={update} />
      {commandsOf(definition).map(({ name, cmdline }, at) => (
        <label key={name}>
          Command of {name}
          <textarea
            value={cmdline}
            onChange={({ currentTarget }) => {
              const { value } = currentTarget;
              update((known) => withCommand(known, at, value));
            }}
          />
        </label>
      ))}
    </>
  );
}

function Numbers(props: FormProps & { readonly fields: readonly NumberField[] }): JSX.Element {
  const { fields, definition, update } = props;
  return (
    <>
      {fields.map((field) => (
        <label key={field.label}>
          {field.label}
          <input
            type="number"
            min="0"
            step={field.step ?? '1'}
            required
            value={numberAt(definition, field)}
            onChange={({ currentTarget }) => {
              const value = Number(currentTarget.value);
              update((known) => withNumber(known, field, value));
            }}
          />
        </label>
      ))}
    </>
  );
}
