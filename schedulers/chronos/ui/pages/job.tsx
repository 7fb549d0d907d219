/** One job: what comes, why it is late, what has run, what was missed. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { type Column, DataTable } from '../../../../core/webui/kit/data-table.tsx';
import { Facts } from '../../../../core/webui/kit/facts.tsx';
import { durationText } from '../../../../core/webui/kit/format.ts';
import { numberIn, textIn, textOrNone } from '../../../../core/webui/kit/reading.ts';
import { Breadcrumb } from '../../../../core/webui/kit/router.tsx';
import { Time } from '../../../../core/webui/kit/times.tsx';
import { useSource } from '../../../../core/webui/kit/use-source.ts';
import { ActionDialogs, JobActions } from '../actions.tsx';
import { readComing, readHistory, readJob, readMissed } from '../api.ts';
import { jobNamed, jobsPoller } from '../jobs.ts';
import {
  type HistoryView,
  type JobRow,
  type MissedRow,
  type RunRow,
  timelineOf,
} from '../model.ts';
import { classOf, jobHref } from './jobs.tsx';

const PACE_MS = 2_000;
const NEXT_COUNT = 5;
const PAGE_RUNS = 50;

export function JobPage({ name }: { readonly name: string }): JSX.Element {
  const job = jobNamed(name);
  if (jobsPoller.value.value === undefined) return <p class="quiet">The job is being read...</p>;
  return (
    <>
      <Breadcrumb>
        <a href="#/">Jobs</a> / {name}
      </Breadcrumb>
      {job === undefined ? (
        <p class="quiet">There is no job of this name.</p>
      ) : (
        <JobParts key={name} job={job} />
      )}
      <ActionDialogs />
    </>
  );
}

function JobParts({ job }: { readonly job: JobRow }): JSX.Element {
  const [offset, setOffset] = useState(0);
  const { name } = job;
  const detail = useSource(`job ${name}`, () => readJob(name, job.epsilon), PACE_MS).value ?? {};
  const missed = useSource(`missed ${name}`, () => readMissed(name), PACE_MS).value ?? [];
  const history = useSource(
    `history ${name} ${offset}`,
    () => readHistory(name, offset, PAGE_RUNS),
    PACE_MS,
  ).value;
  return (
    <>
      <h1>{name}</h1>
      <div class="actions">
        <JobActions job={job} />
        <a class="button" href={`#/graph?job=${encodeURIComponent(name)}`}>
          Graph
        </a>
      </div>
      <div class="columns">
        <div>
          <section class="card">
            <Facts
              facts={[
                ['Status', <span class={classOf(job.status)}>{job.status}</span>],
                ['State', job.state],
                ['Disabled', job.isDisabled ? 'yes' : undefined],
                ['Schedule', job.schedule],
                ['Time zone', textOrNone(detail, 'scheduleTimeZone')],
                ['Parents', job.parents.length === 0 ? undefined : <Parents names={job.parents} />],
                ['Overlap', textOrNone(detail, 'overlap')],
                ['Command', <code>{textIn(detail, 'command')}</code>],
                ['Owner', job.owner === '' ? undefined : job.owner],
                ['Description', textOrNone(detail, 'description')],
                ['Successes', numberIn(detail, 'successCount')],
                ['Errors', numberIn(detail, 'errorCount')],
              ]}
            />
          </section>
          <Coming name={name} isScheduled={job.schedule !== undefined} />
        </div>
        <div>
          <Timeline runs={history?.runs ?? []} />
          <History history={history} offset={offset} onOffset={setOffset} />
          {missed.length > 0 && (
            <DataTable
              title="Missed starts"
              rows={missed}
              columns={MISSED_COLUMNS}
              keyOf={({ from, reason }) => `${from} ${reason}`}
            />
          )}
        </div>
      </div>
    </>
  );
}

function Parents({ names }: { readonly names: readonly string[] }): JSX.Element {
  return (
    <>
      {names.map((name) => (
        <div key={name}>
          <a href={jobHref(name)}>{name}</a>
        </div>
      ))}
    </>
  );
}

function Coming(props: {
  readonly name: string;
  readonly isScheduled: boolean;
}): JSX.Element | null {
  const { name, isScheduled } = props;
  const coming = useSource(`next ${name}`, () => readComing(name, NEXT_COUNT), PACE_MS).value;
  if (coming === undefined) return null;
  const { next, waiting } = coming;
  return (
    <section class="card">
      {waiting !== undefined && (
        <>
          <h2>Waiting</h2>
          <p class="bad">
            Due <Time at={waiting.since} />: {waiting.reason}
          </p>
        </>
      )}
      <h2>Next runs</h2>
      {next.length === 0 && (
        <p class="quiet">{isScheduled ? 'None are left.' : 'After the jobs it depends on.'}</p>
      )}
      <ol>
        {next.map((at) => (
          <li key={at}>
            <Time at={at} />
          </li>
        ))}
      </ol>
    </section>
  );
}

const LANE_HEIGHT = 16;
const WIDTH = 1_000;
const BAR_MIN = 3;

function Timeline({ runs }: { readonly runs: readonly RunRow[] }): JSX.Element | null {
  if (runs.length === 0) return null;
  const bars = timelineOf(runs, jobsPoller.value.value?.now ?? 0);
  const lanes = Math.max(...bars.map(({ lane }) => lane)) + 1;
  return (
    <section class="card timeline">
      <h2>Timeline</h2>
      <svg
        viewBox={`0 0 ${WIDTH} ${lanes * LANE_HEIGHT}`}
        height={lanes * LANE_HEIGHT}
        preserveAspectRatio="none"
        role="img"
        aria-label={`${runs.length} runs; the table below has the same`}
      >
        {bars.map(({ run, from, to, lane }) => {
          const width = Math.max(BAR_MIN, (to - from) * WIDTH);
          return (
            <rect
              key={run.taskId}
              class={`run ${run.state}`}
              x={Math.min(from * WIDTH, WIDTH - width)}
              y={lane * LANE_HEIGHT + 2}
              width={width}
              height={LANE_HEIGHT - 4}
            >
              <title>{`${run.state}, started ${new Date(run.startAt).toISOString()}`}</title>
            </rect>
          );
        })}
      </svg>
    </section>
  );
}

const RUN_COLUMNS: readonly Column<RunRow>[] = [
  {
    title: 'Started',
    value: ({ startAt }) => startAt,
    show: ({ startAt }) => <Time at={startAt} />,
  },
  {
    title: 'Took',
    value: ({ startAt, endAt }) => (endAt === undefined ? undefined : endAt - startAt),
    show: ({ startAt, endAt }) => (endAt === undefined ? '-' : durationText(endAt - startAt)),
  },
  { title: 'State', value: ({ state }) => state },
  { title: 'Why', value: ({ cause }) => cause },
  { title: 'Attempt', value: ({ attempt }) => attempt, isNumber: true },
  { title: 'Message', value: ({ message }) => (message === '' ? undefined : message) },
  {
    title: 'Agent',
    value: ({ agent }) => agent,
    show: ({ agent, sandbox }) =>
      sandbox === undefined ? agent : <a href={sandbox}>Sandbox on {agent}</a>,
  },
];

function History(props: {
  readonly history: HistoryView | undefined;
  readonly offset: number;
  readonly onOffset: (offset: number) => void;
}): JSX.Element {
  const { history, offset, onOffset } = props;
  const total = history?.total ?? 0;
  return (
    <>
      <DataTable
        title="Runs"
        rows={history?.runs ?? []}
        columns={RUN_COLUMNS}
        keyOf={({ taskId }) => taskId}
        empty="It has not run yet."
      />
      {total > PAGE_RUNS && (
        <nav class="pager" aria-label="Older and newer runs">
          <button
            type="button"
            disabled={offset === 0}
            onClick={() => onOffset(offset - PAGE_RUNS)}
          >
            Newer
          </button>
          <button
            type="button"
            disabled={offset + PAGE_RUNS >= total}
            onClick={() => onOffset(offset + PAGE_RUNS)}
          >
            Older
          </button>
          <span class="quiet">{total} runs</span>
        </nav>
      )}
    </>
  );
}

const REASONS: Readonly<Record<string, string>> = {
  'before-creation': 'before the job was created',
  'older-than-epsilon': 'older than epsilon when they could have started',
  overlap: 'an earlier run had not ended',
};

const MISSED_COLUMNS: readonly Column<MissedRow>[] = [
  { title: 'From', value: ({ from }) => from, show: ({ from }) => <Time at={from} /> },
  { title: 'To', value: ({ to }) => to, show: ({ to }) => <Time at={to} /> },
  { title: 'Starts', value: ({ count }) => count, isNumber: true },
  { title: 'Why', value: ({ reason }) => REASONS[reason] ?? reason },
];
