/** What can be done with a job, from the list and from its page. */
import { signal } from '@preact/signals';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { showError, showNotice } from '../../../core/webui/kit/alerts.tsx';
import { Confirm, Dialog } from '../../../core/webui/kit/dialog.tsx';
import { goTo } from '../../../core/webui/kit/router.tsx';
import { deleteJob, killTasks, readJob, runJob, saveJob } from './api.ts';
import { jobsPoller } from './jobs.ts';
import type { JobRow } from './model.ts';

type Asked = { readonly kind: 'run' | 'kill' | 'delete'; readonly job: JobRow };

const asked = signal<Asked | undefined>(undefined);

/** Does it, says so, and shows what has become of it. */
export function act(doing: Promise<void>, done: string): void {
  doing.then(() => {
    showNotice(done);
    jobsPoller.refresh();
  }, showError);
}

async function setDisabled(job: JobRow, disabled: boolean): Promise<void> {
  await saveJob({ ...(await readJob(job.name, job.epsilon)), disabled });
}

export function JobActions({ job }: { readonly job: JobRow }): JSX.Element {
  const ask = (kind: Asked['kind']) => () => {
    asked.value = { kind, job };
  };
  const { name, isDisabled } = job;
  const button = (text: string, onClick: () => void): JSX.Element => (
    <button type="button" aria-label={`${text} ${name}`} onClick={onClick}>
      {text}
    </button>
  );
  return (
    <>
      {button('Run', ask('run'))}
      {button('Kill', ask('kill'))}
      {button(isDisabled ? 'Enable' : 'Disable', () =>
        act(setDisabled(job, !isDisabled), `${name} is ${isDisabled ? 'enabled' : 'disabled'}`),
      )}
      {button('Edit', () => goTo(`#/jobs/${encodeURIComponent(name)}/edit`))}
      {button('Delete', ask('delete'))}
    </>
  );
}

/** The window of the action that was asked for; once on a page. */
export function ActionDialogs(): JSX.Element | null {
  if (asked.value === undefined) return null;
  const { kind, job } = asked.value;
  const { name } = job;
  const close = (): void => {
    asked.value = undefined;
  };
  if (kind === 'run') return <RunDialog name={name} onClose={close} />;
  if (kind === 'kill') {
    return (
      <Confirm
        title={`Kill the tasks of ${name}?`}
        text="They end as killed: nothing is counted, retried or started after them."
        action="Kill"
        onConfirm={() => act(killTasks(name), `The tasks of ${name} are being killed`)}
        onClose={close}
      />
    );
  }
  return (
    <Confirm
      title={`Delete ${name}?`}
      text="Its tasks are killed and its history goes. Jobs that depend on it take over its schedule or its parents."
      action="Delete"
      onConfirm={() => {
        act(deleteJob(name), `${name} was deleted`);
        goTo('#/');
      }}
      onClose={close}
    />
  );
}

function RunDialog({
  name,
  onClose,
}: {
  readonly name: string;
  readonly onClose: () => void;
}): JSX.Element {
  const [words, setWords] = useState('');
  return (
    <Dialog title={`Run ${name} now`} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          act(runJob(name, words.trim()), `${name} was started`);
          onClose();
        }}
      >
        <label>
          Arguments in place of the job's own{' '}
          <input value={words} onInput={({ currentTarget }) => setWords(currentTarget.value)} />
        </label>
        <footer>
          <button type="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" class="primary">
            Run
          </button>
        </footer>
      </form>
    </Dialog>
  );
}
