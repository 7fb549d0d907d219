/** One job: its instances, what waits and why, updates, configurations, SLA, next runs. */
import type { JSX } from 'preact';
import { type Column, CopyableId, DataTable } from '../../../../core/webui/kit/data-table.tsx';
import { Facts } from '../../../../core/webui/kit/facts.tsx';
import { Time } from '../../../../core/webui/kit/times.tsx';
import { useSource } from '../../../../core/webui/kit/use-source.ts';
import { type Action, Actions, instanceActions, WHY } from '../actions.tsx';
import { jobHref } from '../address.ts';
import { addInstances, type JobView, killJob, readJob, restart, startCron } from '../api.ts';
import { ConfigGroups } from '../config-view.tsx';
import { configText } from '../configurations.ts';
import { definitionOf } from '../definition.ts';
import { UpdateEditor } from '../editors.tsx';
import {
  type JobKey,
  type JobRow,
  keyText,
  sinceOf,
  splitTasks,
  type TaskRow,
  waitOf,
} from '../model.ts';
import { amountsText, HostLinks, instanceHref, Path, Shown, StatusText } from '../parts.tsx';
import { isUnderWay } from '../updates.ts';
import { NextRuns, Sla } from './job-figures.tsx';
import { UpdateTable } from './updates.tsx';

const PACE_MS = 2_000;
/** Lists of thousands are asked for less often. */
const LARGE_COUNT = 1_000;
const LARGE_PACE_MS = 10_000;
const paceOf = ({ tasks }: JobView): number =>
  tasks.total > LARGE_COUNT ? LARGE_PACE_MS : PACE_MS;

export function JobPage({ job }: { readonly job: JobKey }): JSX.Element {
  const source = useSource('job', () => readJob(job), paceOf);
  return (
    <>
      <Path {...job} />
      <Shown source={source} what="the job">
        {(view) => <JobParts view={view} onDone={source.refresh} />}
      </Shown>
    </>
  );
}

function JobParts(props: { readonly view: JobView; readonly onDone: () => void }): JSX.Element {
  const { view, onDone } = props;
  const { job, tasks, reasons, updates } = view;
  const { active, ended } = splitTasks(tasks.rows);
  const update = updates.find(({ status }) => isUnderWay(status));
  const definition = job.kind === 'cron' ? undefined : definitionOf(view.groups[0], active.length);
  return (
    <>
      <div class="title">
        <h1>{job.key.name}</h1>
        <span class="label">{job.kind}</span>
        {update !== undefined && (
          <a href={jobHref(job.key, 'update', update.id)}>
            Update <StatusText status={update.status} />
          </a>
        )}
      </div>
      <div class="actions">
        {definition !== undefined && <UpdateEditor job={job.key} before={definition} />}
        <Actions actions={actionsOf(job, active)} onDone={onDone} />
      </div>
      <div class="columns">
        <div>
          <JobFacts job={job} />
          {job.kind === 'cron' && <NextRuns job={job.key} />}
          {job.kind !== 'cron' && <Sla job={job.key} />}
        </div>
        <div>
          <DataTable
            title="Instances"
            rows={active}
            columns={activeColumns(job.key, reasons, onDone)}
            keyOf={({ id }) => id}
            sortedBy="Instance"
            empty="No instance is active."
          />
          {updates.length > 0 && <UpdateTable title="Updates" rows={updates} empty="" isOfOneJob />}
          {ended.length > 0 && (
            <DataTable
              title="Ended tasks"
              rows={ended}
              columns={endedColumns(job.key)}
              keyOf={({ id }) => id}
            />
          )}
          <Configuration view={view} />
        </div>
      </div>
    </>
  );
}

function Configuration({ view: { job, groups } }: { readonly view: JobView }): JSX.Element {
  if (job.kind !== 'cron') return <ConfigGroups groups={groups} />;
  return (
    <details class="card">
      <summary>
        Configuration <span class="quiet">of each run</span>
      </summary>
      <pre class="document">{configText(job.template)}</pre>
    </details>
  );
}

function JobFacts({ job }: { readonly job: JobRow }): JSX.Element {
  const count = (value: number, kind: string): JSX.Element => (
    <span class={value > 0 ? kind : 'quiet'}>{value}</span>
  );
  return (
    <section class="card">
      <Facts
        facts={[
          ['Job', <CopyableId id={keyText(job.key)} short={keyText(job.key)} />],
          ['Active', count(job.active, 'good')],
          ['Pending', count(job.pending, 'warn')],
          ['Finished', job.finished],
          ['Failed', count(job.failed, 'bad')],
          ['Tier', job.tier === '' ? undefined : job.tier],
          ['Priority', job.priority],
          ['Each instance', amountsText(job.amounts)],
          ['Owner', job.owner === '' ? undefined : job.owner],
          ['Contact', job.contact],
          ['Instances', job.kind === 'cron' ? `${job.cronInstances} each run` : undefined],
          [
            'Collisions',
            job.kind === 'cron'
              ? (COLLISIONS[job.collisionPolicy] ?? job.collisionPolicy)
              : undefined,
          ],
        ]}
      />
    </section>
  );
}

const COLLISIONS: Readonly<Record<string, string>> = {
  KILL_EXISTING: 'a new run ends the former',
  CANCEL_NEW: 'no new run while one is active',
  RUN_OVERLAP: 'runs side by side',
};

function actionsOf(job: JobRow, active: readonly TaskRow[]): readonly Action[] {
  const { key, kind } = job;
  const about = keyText(key);
  const like = active[0]?.instance;
  const start: Action = {
    verb: 'Run now',
    about,
    text: 'A run starts at once, as the collision policy allows; the schedule stays.',
    kind: 'primary',
    run: () => startCron(key),
    done: `${about} runs.`,
  };
  const again: Action = {
    verb: 'Restart all',
    about,
    text: 'All active instances are restarted at once. An update restarts them in groups.',
    run: () => restart(key),
    done: `${about} restarts.`,
  };
  const kill: Action = {
    verb: 'Kill',
    about,
    text:
      kind === 'cron'
        ? 'Its instances end, and it leaves the schedule.'
        : 'All its instances end and are not started again.',
    kind: 'danger',
    input: WHY,
    run: (message) => killJob(key, message),
    done: `${about} is being killed.`,
  };
  const base = kind === 'cron' ? [start] : [];
  if (like === undefined) return kind === 'cron' ? [...base, kill] : base;
  const add: Action = {
    verb: 'Add instances',
    about,
    text: `They get the configuration of instance ${like}.`,
    input: { label: 'How many', type: 'number', value: '1' },
    run: (count) => addInstances(key, Number(count), like),
    done: `${about} gets more instances.`,
  };
  return [...base, again, ...(kind === 'cron' ? [] : [add]), kill];
}

function activeColumns(
  key: JobKey,
  reasons: ReadonlyMap<string, string>,
  onDone: () => void,
): readonly Column<TaskRow>[] {
  const wordsFor = (task: TaskRow): string =>
    waitOf(task, reasons) ?? task.events.at(-1)?.message ?? '';
  return [
    instanceColumn(key),
    STATUS_COLUMN,
    SINCE_COLUMN,
    HOST_COLUMN,
    {
      title: 'Message',
      value: (task) => wordsFor(task) || undefined,
      show: (task) => (
        <span class={task.status === 'PENDING' ? 'message warn' : 'message'}>{wordsFor(task)}</span>
      ),
    },
    {
      title: 'Actions',
      value: () => undefined,
      show: ({ instance }) => (
        <span class="row-actions">
          <Actions actions={instanceActions(key, instance)} onDone={onDone} />
        </span>
      ),
    },
  ];
}

function endedColumns(key: JobKey): readonly Column<TaskRow>[] {
  return [
    instanceColumn(key),
    STATUS_COLUMN,
    SINCE_COLUMN,
    HOST_COLUMN,
    {
      title: 'Message',
      value: ({ events }) => events.at(-1)?.message || undefined,
      show: ({ events }) => <span class="message">{events.at(-1)?.message ?? ''}</span>,
    },
    {
      title: 'Task',
      value: ({ id }) => id,
      show: ({ id }) => (
        <CopyableId id={id} short={`…${id.slice(-12)}`} href={jobHref(key, 'task', id)} />
      ),
    },
  ];
}

function instanceColumn(key: JobKey): Column<TaskRow> {
  return {
    title: 'Instance',
    value: ({ instance }) => instance,
    show: ({ instance }) => <a href={instanceHref(key, instance)}>{instance}</a>,
  };
}

const STATUS_COLUMN: Column<TaskRow> = {
  title: 'Status',
  value: ({ status }) => status.toLowerCase(),
  show: ({ status }) => <StatusText status={status} />,
};

const SINCE_COLUMN: Column<TaskRow> = {
  title: 'Since',
  value: sinceOf,
  show: (task) => <Time at={sinceOf(task)} />,
};

const HOST_COLUMN: Column<TaskRow> = {
  title: 'Host',
  value: ({ host }) => host,
  show: (task) => <HostLinks task={task} />,
};
