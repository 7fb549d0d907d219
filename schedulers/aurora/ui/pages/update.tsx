/** One update: how far each instance is, what changes, what has happened, and its steering. */
import type { JSX } from 'preact';
import { type Column, CopyableId, DataTable } from '../../../../core/webui/kit/data-table.tsx';
import { Facts } from '../../../../core/webui/kit/facts.tsx';
import { durationText, isoTime } from '../../../../core/webui/kit/format.ts';
import { Time } from '../../../../core/webui/kit/times.tsx';
import { useSource } from '../../../../core/webui/kit/use-source.ts';
import { type Action, Actions, WHY } from '../actions.tsx';
import { readUpdate, steerUpdate } from '../api.ts';
import { ConfigChanges } from '../config-view.tsx';
import type { JobKey } from '../model.ts';
import { wordsOf } from '../model.ts';
import { instanceHref, Path, Shown, StatusText } from '../parts.tsx';
import {
  countsOf,
  type GridCell,
  isUnderWay,
  onlyText,
  progressOf,
  type Steer,
  steersOf,
  type UpdateEventRow,
  type UpdateRow,
  type UpdateView,
} from '../updates.ts';

const PACE_MS = 2_000;
const LARGE_COUNT = 1_000;
const LARGE_PACE_MS = 5_000;
const ENDED_PACE_MS = 30_000;

function paceOf({ row, cells }: UpdateView): number {
  if (!isUnderWay(row.status)) return ENDED_PACE_MS;
  return cells.length > LARGE_COUNT ? LARGE_PACE_MS : PACE_MS;
}

export function UpdatePage({
  job,
  id,
}: {
  readonly job: JobKey;
  readonly id: string;
}): JSX.Element {
  const source = useSource('update', () => readUpdate(job, id), paceOf);
  return (
    <>
      <Path {...job}>
        update <code>{id}</code>
      </Path>
      <Shown source={source} what="the update">
        {(view) => <UpdateParts view={view} onDone={source.refresh} />}
      </Shown>
    </>
  );
}

function UpdateParts(props: {
  readonly view: UpdateView;
  readonly onDone: () => void;
}): JSX.Element {
  const { view, onDone } = props;
  const { row, cells, before, after, events } = view;
  const { done, of } = progressOf(view);
  return (
    <>
      <div class="title">
        <h1>
          Update of {row.key.name} <StatusText status={row.status} />
        </h1>
        <span class="quiet">
          {done} of {of} instances
        </span>
      </div>
      <progress class="whole" max={Math.max(1, of)} value={done} aria-label="Progress" />
      <div class="actions">
        <Actions actions={steersOf(row.status).map((each) => steerOf(row, each))} onDone={onDone} />
      </div>
      <div class="columns">
        <div>
          <UpdateFacts view={view} />
        </div>
        <div>
          <section class="card">
            <h2>Instances</h2>
            <InstanceGrid job={row.key} cells={cells} />
          </section>
          <ConfigChanges before={before} after={after} />
          <DataTable
            title="Events"
            rows={events}
            columns={EVENT_COLUMNS}
            keyOf={({ at, instance, what }) => `${at} ${instance} ${what}`}
          />
        </div>
      </div>
    </>
  );
}

function UpdateFacts({ view }: { readonly view: UpdateView }): JSX.Element {
  const { row, settings } = view;
  const { perInstanceFailures, failedInstances, watchMs, pulseMs } = settings;
  return (
    <section class="card">
      <Facts
        facts={[
          ['Update', <CopyableId id={row.id} short={row.id} />],
          ['By', row.user],
          ['Started', <Time at={row.createdAt} />],
          ['Last change', <Time at={row.modifiedAt} />],
          ['Strategy', settings.strategy],
          ['Only', onlyText(settings)],
          ['Watched for', durationText(watchMs)],
          ['Failures', `${perInstanceFailures} per instance, ${failedInstances} instances in all`],
          ['When it fails', settings.rollsBack ? 'rolls back' : 'stays as it is'],
          ['SLA-aware', settings.isSlaAware ? 'yes' : undefined],
          ['Needs a pulse', pulseMs === undefined ? undefined : `every ${durationText(pulseMs)}`],
          ...row.metadata.map(([key, value]) => [key, value] as const),
        ]}
      />
    </section>
  );
}

const TEXTS: Readonly<Record<Steer, Omit<Action, 'about' | 'run'>>> = {
  pause: {
    verb: 'Pause',
    text: 'No further instance is touched until it goes on.',
    done: 'The update pauses.',
  },
  resume: {
    verb: 'Resume',
    text: 'It goes on where it was.',
    kind: 'primary',
    done: 'The update goes on.',
  },
  pulse: {
    verb: 'Pulse',
    text: 'The sign of life that the update waits for, given by hand.',
    done: 'The pulse was given.',
  },
  rollback: {
    verb: 'Roll back',
    text: 'Instances that were changed get their former configuration back.',
    kind: 'danger',
    done: 'The update rolls back.',
  },
  abort: {
    verb: 'Abort',
    text: 'It ends here: what was changed stays changed, the rest stays as it is.',
    kind: 'danger',
    done: 'The update was aborted.',
  },
};

function steerOf(row: UpdateRow, steer: Steer): Action {
  return {
    ...TEXTS[steer],
    ...(steer === 'pulse' ? {} : { input: WHY }),
    about: 'the update',
    run: (message) => steerUpdate(row, steer, message),
  };
}

/** A square for each instance; its colour and its label say how far it is. */
export function InstanceGrid(props: {
  readonly job: JobKey;
  readonly cells: readonly GridCell[];
}): JSX.Element {
  const { job, cells } = props;
  return (
    <>
      <ul class="legend">
        {countsOf(cells).map(([state, count]) => (
          <li key={state}>
            <span class={`cell ${state.replace(' ', '-')}`} aria-hidden="true" /> {count} {state}
          </li>
        ))}
      </ul>
      <div class="grid">
        {cells.map(({ instance, state, change, at }) => {
          const when = at === undefined ? '' : `, ${isoTime(at)}`;
          const text = `Instance ${instance}: ${state}${change === 'changed' ? '' : `, ${change}`}${when}`;
          return (
            <a
              key={instance}
              class={`cell ${state.replace(' ', '-')} ${change}`}
              href={instanceHref(job, instance)}
              title={text}
              aria-label={text}
            >
              {instance}
            </a>
          );
        })}
      </div>
    </>
  );
}

const EVENT_COLUMNS: readonly Column<UpdateEventRow>[] = [
  { title: 'When', value: ({ at }) => at, show: ({ at }) => <Time at={at} /> },
  {
    title: 'Of',
    value: ({ instance }) => (instance === undefined ? 'the update' : `instance ${instance}`),
  },
  {
    title: 'What',
    value: ({ what }) => wordsOf(what),
    show: ({ what, instance }) =>
      instance === undefined ? (
        <StatusText status={what} />
      ) : (
        wordsOf(what.replace('INSTANCE_', ''))
      ),
  },
  { title: 'By', value: ({ user }) => (user === '' ? undefined : user) },
  { title: 'Message', value: ({ message }) => (message === '' ? undefined : message) },
];
