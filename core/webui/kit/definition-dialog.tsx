/** Edits a definition in three views, form, JSON and changes, and sends it; problems keep it open. */

import { useSignal } from '@preact/signals';
import type { ComponentChildren, JSX } from 'preact';
import { useState } from 'preact/hooks';
import { Dialog } from './dialog.tsx';
import { DiffView } from './diff-view.tsx';
import { pretty } from './format.ts';
import { isJson, type Json } from './reading.ts';
import { RequestError } from './requests.ts';

/** Several fields may change before the next look: each change is made to what there is by then. */
export type UpdateDefinition = (change: (definition: Json) => Json) => void;

export interface DefinitionDialogProps {
  readonly title: string;
  /** The verb on the button. */
  readonly action: string;
  /** What is changed; undefined for something new. */
  readonly before: Json | undefined;
  readonly suggested: Json;
  readonly form: (definition: Json, update: UpdateDefinition) => JSX.Element;
  /** What is wrong before it is sent. */
  readonly check?: (definition: Json) => readonly string[];
  /** Rejects when it was not taken. */
  readonly send: (definition: Json) => Promise<void>;
  readonly onClose: () => void;
  /** Beside the buttons. */
  readonly children?: ComponentChildren;
}

type Mode = 'form' | 'json' | 'diff';

const MODES: readonly (readonly [Mode, string])[] = [
  ['form', 'Form'],
  ['json', 'JSON'],
  ['diff', 'Changes'],
];

export function DefinitionDialog(props: DefinitionDialogProps): JSX.Element {
  const { title, action, before, suggested, form, check, send, onClose, children } = props;
  const [mode, setMode] = useState<Mode>('form');
  // A field that is left by the click that sends has changed it by then.
  const text = useSignal(pretty(suggested));
  const [problems, setProblems] = useState<readonly string[]>([]);
  const update: UpdateDefinition = (change) => {
    const known = parsed(text.value);
    if (known !== undefined) text.value = pretty(change(known));
  };
  const submit = async (): Promise<void> => {
    const definition = parsed(text.value);
    if (definition === undefined) return setProblems(['This is no JSON object.']);
    const wrong = check?.(definition) ?? [];
    if (wrong.length > 0) return setProblems(wrong);
    try {
      await send(definition);
      onClose();
    } catch (thrown) {
      setProblems(problemsIn(thrown));
    }
  };
  const definition = parsed(text.value);
  return (
    <Dialog title={title} onClose={onClose} isWide>
      <div class="tabs" role="tablist">
        {MODES.map(([name, shown]) => (
          <button
            type="button"
            key={name}
            role="tab"
            aria-selected={mode === name}
            class={mode === name ? 'primary' : undefined}
            onClick={() => setMode(name)}
          >
            {shown}
          </button>
        ))}
      </div>
      <form
        class="form"
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        {mode === 'form' &&
          (definition === undefined ? (
            <p class="error">The JSON has to be repaired first.</p>
          ) : (
            form(definition, update)
          ))}
        {mode === 'json' && (
          <label>
            Definition
            <textarea
              class="document"
              spellcheck={false}
              value={text.value}
              onInput={({ currentTarget }) => {
                text.value = currentTarget.value;
              }}
            />
          </label>
        )}
        {mode === 'diff' && (
          <DiffView before={before === undefined ? '' : pretty(before)} after={text.value} />
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
            {action}
          </button>
          <button type="button" onClick={onClose}>
            Cancel
          </button>
          {children}
        </footer>
      </form>
    </Dialog>
  );
}

function problemsIn(thrown: unknown): readonly string[] {
  if (thrown instanceof RequestError) return [thrown.message, ...thrown.details];
  return [thrown instanceof Error ? thrown.message : String(thrown)];
}

function parsed(text: string): Json | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isJson(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
