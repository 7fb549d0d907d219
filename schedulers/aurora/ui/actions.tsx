/** Buttons that do something, after they have asked. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { showError, showNotice } from '../../../core/webui/kit/alerts.tsx';
import { Dialog } from '../../../core/webui/kit/dialog.tsx';
import { killInstance, restart } from './api.ts';
import { type JobKey, keyText } from './model.ts';

export interface Action {
  /** On the button. */
  readonly verb: string;
  /** What it is done with, for those who hear the page. */
  readonly about: string;
  /** What happens then. */
  readonly text: string;
  readonly kind?: 'primary' | 'danger';
  /** Asked for before it is done. */
  readonly input?: {
    readonly label: string;
    readonly type: 'text' | 'number';
    readonly value: string;
  };
  readonly run: (input: string) => Promise<void>;
  /** Said when it was done. */
  readonly done: string;
}

export interface ActionsProps {
  readonly actions: readonly Action[];
  /** Looks again. */
  readonly onDone: () => void;
}

export function Actions({ actions, onDone }: ActionsProps): JSX.Element {
  const [asked, setAsked] = useState<Action | undefined>(undefined);
  return (
    <>
      {actions.map((action) => (
        <button
          type="button"
          key={action.verb}
          class={action.kind}
          aria-label={`${action.verb} ${action.about}`}
          onClick={() => setAsked(action)}
        >
          {action.verb}
        </button>
      ))}
      {asked !== undefined && (
        <ActionDialog action={asked} onDone={onDone} onClose={() => setAsked(undefined)} />
      )}
    </>
  );
}

function ActionDialog(props: {
  readonly action: Action;
  readonly onDone: () => void;
  readonly onClose: () => void;
}): JSX.Element {
  const { action, onDone, onClose } = props;
  const { verb, about, text, kind, input, run, done } = action;
  const [value, setValue] = useState(input?.value ?? '');
  const change = ({ currentTarget }: { readonly currentTarget: HTMLInputElement }): void =>
    setValue(currentTarget.value);
  const submit = (event: Event): void => {
    event.preventDefault();
    run(value.trim()).then(() => {
      showNotice(done);
      onDone();
    }, showError);
    onClose();
  };
  return (
    <Dialog title={`${verb} ${about}?`} onClose={onClose}>
      <form class="form" onSubmit={submit}>
        <p>{text}</p>
        {input?.type === 'text' && (
          <label>
            {input.label}
            <input value={value} onInput={change} />
          </label>
        )}
        {input?.type === 'number' && (
          <label>
            {input.label}
            <input type="number" min="1" required value={value} onInput={change} />
          </label>
        )}
        <footer class="actions">
          <button type="submit" class={kind ?? 'primary'}>
            {verb}
          </button>
          <button type="button" onClick={onClose}>
            Cancel
          </button>
        </footer>
      </form>
    </Dialog>
  );
}

export const WHY = { label: 'Reason, kept with the events', type: 'text', value: '' } as const;

/** What can be done with one instance. */
export function instanceActions(key: JobKey, instance: number): readonly Action[] {
  const about = `${keyText(key)}/${instance}`;
  return [
    {
      verb: 'Restart',
      about,
      text: 'Its task is killed, and another is started with the same configuration.',
      run: () => restart(key, [instance]),
      done: `${about} restarts.`,
    },
    {
      verb: 'Kill',
      about,
      text: 'The instance ends and is not started again; the others stay.',
      kind: 'danger',
      input: WHY,
      run: (message) => killInstance(key, instance, message),
      done: `${about} is being killed.`,
    },
  ];
}
