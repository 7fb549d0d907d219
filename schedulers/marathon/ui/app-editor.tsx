/** Creates or changes an app: as a form or as JSON, with the difference shown before it is sent. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { showNotice } from '../../../core/webui/kit/alerts.tsx';
import { Dialog } from '../../../core/webui/kit/dialog.tsx';
import { DiffView } from '../../../core/webui/kit/diff-view.tsx';
import { isJson, type Json, textIn } from '../../../core/webui/kit/reading.ts';
import { RequestError, requestJson } from '../../../core/webui/kit/requests.ts';
import { goTo } from '../../../core/webui/kit/router.tsx';
import { type FormFields, formOf, pretty, withForm } from './model.ts';
import { appHref } from './parts.tsx';
import { API, pathOf, poller } from './source.ts';

export interface AppEditorProps {
  /** The definition that is changed; undefined for a new app. */
  readonly before: Json | undefined;
  readonly suggested: Json;
  readonly onClose: () => void;
}

type Mode = 'form' | 'json' | 'diff';

const MODES: readonly (readonly [Mode, string])[] = [
  ['form', 'Form'],
  ['json', 'JSON'],
  ['diff', 'Changes'],
];

export function AppEditor({ before, suggested, onClose }: AppEditorProps): JSX.Element {
  const [mode, setMode] = useState<Mode>('form');
  const [text, setText] = useState(pretty(suggested));
  const [problems, setProblems] = useState<readonly string[]>([]);
  const [isForced, setForced] = useState(false);
  const definition = parsed(text);
  const send = async (): Promise<void> => {
    if (definition === undefined) return setProblems(['This is no JSON object.']);
    const failed = await save(before, definition, isForced);
    if (failed !== undefined) return setProblems(failed);
    const id = textIn(definition, 'id');
    showNotice(before === undefined ? `${id} was created.` : `${id} is being changed.`);
    poller.refresh();
    onClose();
    goTo(appHref(id.startsWith('/') ? id : `/${id}`));
  };
  return (
    <Dialog
      title={before === undefined ? 'New application' : `Edit ${textIn(before, 'id')}`}
      onClose={onClose}
      isWide
    >
      <div class="tabs" role="tablist">
        {MODES.map(([name, title]) => (
          <button
            type="button"
            key={name}
            role="tab"
            aria-selected={mode === name}
            class={mode === name ? 'primary' : undefined}
            onClick={() => setMode(name)}
          >
            {title}
          </button>
        ))}
      </div>
      <form
        class="form"
        onSubmit={(event) => {
          event.preventDefault();
          void send();
        }}
      >
        {mode === 'form' && (
          <FormPart
            definition={definition}
            isNew={before === undefined}
            onChange={(changed) => setText(pretty(changed))}
          />
        )}
        {mode === 'json' && (
          <label>
            Definition
            <textarea
              class="document"
              spellcheck={false}
              value={text}
              onInput={({ currentTarget }) => setText(currentTarget.value)}
            />
          </label>
        )}
        {mode === 'diff' && (
          <DiffView before={before === undefined ? '' : pretty(before)} after={text} />
        )}
        {problems.length > 0 && (
          <ul class="error" role="alert">
            {problems.map((line) => (
              <li key={line}>{line}</li>
            ))}
          </ul>
        )}
        <footer class="actions">
          <button type="submit" class="primary">
            {before === undefined ? 'Create application' : 'Change application'}
          </button>
          <button type="button" onClick={onClose}>
            Cancel
          </button>
          <label>
            <input
              type="checkbox"
              checked={isForced}
              onChange={({ currentTarget }) => setForced(currentTarget.checked)}
            />{' '}
            Force: cancel a deployment that is under way
          </label>
        </footer>
      </form>
    </Dialog>
  );
}

function parsed(text: string): Json | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isJson(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** What was wrong; undefined when it was taken. */
async function save(
  before: Json | undefined,
  definition: Json,
  isForced: boolean,
): Promise<readonly string[] | undefined> {
  const query = isForced ? 'force=true' : '';
  try {
    if (before === undefined) {
      await requestJson(`${API}/apps?${query}`, { method: 'POST', body: definition });
    } else {
      const path = `${API}/apps${pathOf(textIn(before, 'id'))}?partialUpdate=false&${query}`;
      await requestJson(path, { method: 'PUT', body: definition });
    }
    return undefined;
  } catch (thrown) {
    if (!(thrown instanceof RequestError)) return [String(thrown)];
    return [thrown.message, ...thrown.details];
  }
}

interface FormPartProps {
  readonly definition: Json | undefined;
  readonly isNew: boolean;
  readonly onChange: (definition: Json) => void;
}

function FormPart({ definition, isNew, onChange }: FormPartProps): JSX.Element {
  if (definition === undefined) return <p class="error">The JSON has to be repaired first.</p>;
  const form = formOf(definition);
  const set = (changed: Partial<FormFields>): void =>
    onChange(withForm(definition, { ...form, ...changed }));
  const field = (title: string, key: keyof FormFields, isReadOnly = false): JSX.Element => (
    <label>
      {title}
      <input
        value={form[key]}
        readOnly={isReadOnly}
        onChange={({ currentTarget }) => set({ [key]: currentTarget.value })}
      />
    </label>
  );
  const area = (title: string, key: keyof FormFields): JSX.Element => (
    <label>
      {title}
      <textarea
        spellcheck={false}
        value={form[key]}
        onChange={({ currentTarget }) => set({ [key]: currentTarget.value })}
      />
    </label>
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
    </>
  );
}
