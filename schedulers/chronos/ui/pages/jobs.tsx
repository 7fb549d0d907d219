/** All jobs: counted, filtered, sorted, paged. */
import type { JSX } from 'preact';
import { type Column, DataTable } from '../../../../core/webui/kit/data-table.tsx';
import { ActionDialogs, JobActions } from '../actions.tsx';
import { jobsPoller, shownStatus } from '../jobs.ts';
import { countsOf, type JobRow, nextText } from '../model.ts';

const STATUSES = ['success', 'failure', 'fresh', 'running', 'queued', 'idle'] as const;

export function jobHref(name: string): string {
  return `#/jobs/${encodeURIComponent(name)}`;
}

function columnsAt(now: number): readonly Column<JobRow>[] {
  return [
    {
      title: 'Job',
      value: ({ name }) => name,
      show: ({ name }) => <a href={jobHref(name)}>{name}</a>,
    },
    {
      title: 'Next run',
      value: ({ nextAt, isDisabled }) => (isDisabled ? undefined : nextAt),
      show: (job) => {
        const text = nextText(job, now);
        const title = job.schedule ?? `after ${job.parents.join(', ')}`;
        return (
          <span title={title} class={text === 'OVERDUE' ? 'bad' : undefined}>
            {text}
          </span>
        );
      },
    },
    {
      title: 'Status',
      value: ({ status }) => status,
      show: ({ status }) => <span class={classOf(status)}>{status}</span>,
    },
    { title: 'State', value: ({ state }) => state },
    { title: 'Owner', value: ({ owner }) => (owner === '' ? undefined : owner) },
    {
      title: 'Actions',
      value: () => undefined,
      show: (job) => (
        <span class="row-actions">
          <JobActions job={job} />
        </span>
      ),
    },
  ];
}

export function classOf(status: string): string | undefined {
  if (status === 'success') return 'good';
  return status === 'failure' ? 'bad' : undefined;
}

function isShown(job: JobRow, wanted: string): boolean {
  if (wanted === 'all') return true;
  return job.status === wanted || job.state === wanted || job.state.endsWith(` ${wanted}`);
}

export function JobsPage(): JSX.Element {
  const view = jobsPoller.value.value;
  if (view === undefined) return <p class="quiet">The jobs are being read...</p>;
  const counts = countsOf(view.jobs);
  const chip = (name: string, count: number): JSX.Element => (
    <button
      type="button"
      key={name}
      aria-pressed={shownStatus.value === name}
      onClick={() => {
        shownStatus.value = shownStatus.value === name ? 'all' : name;
      }}
    >
      {name.toUpperCase()} <span class="count">{count}</span>
    </button>
  );
  return (
    <>
      <div class="actions">
        <a class="button" href="#/new/scheduled">
          New scheduled job
        </a>
        <a class="button" href="#/new/dependent">
          New dependent job
        </a>
      </div>
      <fieldset class="counts" aria-label="Show only">
        {chip('all', view.jobs.length)}
        {STATUSES.map((name) => chip(name, counts[name]))}
      </fieldset>
      <DataTable
        title="Jobs"
        rows={view.jobs.filter((job) => isShown(job, shownStatus.value))}
        columns={columnsAt(view.now)}
        keyOf={({ name }) => name}
        sortedBy="Job"
        classOf={({ isDisabled }) => (isDisabled ? 'disabled' : undefined)}
      />
      <ActionDialogs />
    </>
  );
}
