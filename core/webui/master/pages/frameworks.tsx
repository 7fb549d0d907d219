/** Frameworks: those connected, those away, those that ended; and one of them with its tasks. */
import type { JSX } from 'preact';
import { type Column, DataTable } from '../../kit/data-table.tsx';
import { Facts } from '../../kit/facts.tsx';
import { Breadcrumb } from '../../kit/router.tsx';
import { Time } from '../../kit/times.tsx';
import {
  amountColumns,
  frameworkHref,
  idColumn,
  ResourceTable,
  TaskTable,
  timeColumn,
} from '../columns.tsx';
import {
  type ClusterView,
  combine,
  type FrameworkRow,
  maxShare,
  NOTHING,
  sumOf,
} from '../model.ts';

const named: readonly Column<FrameworkRow>[] = [
  idColumn(
    'ID',
    (row) => row.id,
    (row) => frameworkHref(row.id),
  ),
  { title: 'Host', value: ({ hostname }) => hostname, show: (row) => <WebLink row={row} /> },
  { title: 'User', value: ({ user }) => user },
  { title: 'Name', value: ({ name }) => name },
  { title: 'Roles', value: ({ roles }) => roles.join(', '), show: (row) => <Roles row={row} /> },
  { title: 'Principal', value: ({ principal }) => principal },
];

export function FrameworksPage({ view }: { readonly view: ClusterView }): JSX.Element {
  const total = sumOf(view.agents.map((agent) => agent.total));
  const connected: readonly Column<FrameworkRow>[] = [
    ...named,
    { title: 'Active Tasks', value: ({ tasks }) => tasks.length, isNumber: true },
    ...amountColumns<FrameworkRow>(({ used }) => used),
    {
      title: 'Max Share',
      value: ({ used }) => maxShare(used, total),
      show: ({ used }) => `${(maxShare(used, total) * 100).toFixed(2)}%`,
      isNumber: true,
    },
    timeColumn('Registered', (row) => row.registeredAt),
    timeColumn('Re-Registered', (row) => row.reregisteredAt),
  ];
  const ended: readonly Column<FrameworkRow>[] = [
    ...named,
    timeColumn('Registered', (row) => row.registeredAt),
    timeColumn('Unregistered', (row) => row.unregisteredAt),
  ];
  const keyOf = ({ id }: FrameworkRow): string => id;
  return (
    <>
      <Breadcrumb>
        <a href="#/">Master</a> / Frameworks
      </Breadcrumb>
      <DataTable
        title="Active Frameworks"
        rows={view.frameworks.filter(({ isActive }) => isActive)}
        columns={connected}
        keyOf={keyOf}
      />
      <DataTable
        title="Inactive Frameworks"
        rows={view.frameworks.filter(({ isActive }) => !isActive)}
        columns={connected}
        keyOf={keyOf}
      />
      <DataTable
        title="Completed Frameworks"
        rows={view.completedFrameworks}
        columns={ended}
        keyOf={keyOf}
      />
    </>
  );
}

function WebLink({ row }: { readonly row: FrameworkRow }): JSX.Element {
  if (row.webuiUrl === undefined || !/^https?:/.test(row.webuiUrl)) return <>{row.hostname}</>;
  return <a href={row.webuiUrl}>{row.hostname === '' ? row.webuiUrl : row.hostname}</a>;
}

/** One role as it is; several behind a click. */
function Roles({ row }: { readonly row: FrameworkRow }): JSX.Element {
  if (row.roles.length <= 1) return <>{row.roles[0] ?? '-'}</>;
  return (
    <details>
      <summary>{row.roles.length} roles</summary>
      {row.roles.map((role) => (
        <div key={role}>{role}</div>
      ))}
    </details>
  );
}

const ACTIVE_STATES = ['Staging', 'Starting', 'Running', 'Killing'] as const;
const ENDED_STATES = ['Finished', 'Killed', 'Failed', 'Lost'] as const;

export function FrameworkPage({
  view,
  id,
}: {
  readonly view: ClusterView;
  readonly id: string;
}): JSX.Element {
  const running = view.frameworks.find((each) => each.id === id);
  const row = running ?? view.completedFrameworks.find((each) => each.id === id);
  if (row === undefined) {
    return (
      <p class="alert error" role="alert">
        No framework found with ID: {id}
      </p>
    );
  }
  const offered = sumOf(row.offers.map(({ resources }) => resources));
  return (
    <>
      <Breadcrumb>
        <a href="#/">Master</a> / Framework {row.id}
      </Breadcrumb>
      {running === undefined && (
        <p class="alert error" role="alert">
          {'This framework has terminated!'}
        </p>
      )}
      <div class="columns">
        <div>
          <section class="card">
            <Facts
              facts={[
                ['Name', row.name],
                [
                  'Web UI',
                  row.webuiUrl === undefined ? undefined : (
                    <a href={row.webuiUrl}>{row.webuiUrl}</a>
                  ),
                ],
                ['User', row.user],
                ['Roles', row.roles.join(', ')],
                ['Principal', row.principal === '' ? undefined : row.principal],
                ['Registered', <Time at={row.registeredAt} />],
                ['Re-registered', <Time at={row.reregisteredAt} />],
                ['Active tasks', row.tasks.length],
              ]}
            />
          </section>
          <section class="card">
            <h2>Tasks</h2>
            <Facts facts={stateCounts(row)} />
          </section>
          <ResourceTable
            lines={[
              { title: 'Used', amounts: running === undefined ? NOTHING : row.used },
              { title: 'Offered', amounts: offered },
              { title: 'Sum', amounts: combine(row.used, offered, (a, b) => a + b) },
            ]}
          />
        </div>
        <div>
          <TaskTable kind="active" tasks={row.tasks} showsFramework={false} />
          <TaskTable kind="unreachable" tasks={row.unreachableTasks} showsFramework={false} />
          <TaskTable kind="completed" tasks={row.completedTasks} showsFramework={false} />
        </div>
      </div>
    </>
  );
}

function stateCounts(row: FrameworkRow): readonly (readonly [string, number])[] {
  const count = (tasks: FrameworkRow['tasks'], name: string): number =>
    tasks.filter(({ state }) => state === name.toUpperCase()).length;
  return [
    ...ACTIVE_STATES.map((name) => [name, count(row.tasks, name)] as const),
    ...ENDED_STATES.map((name) => [name, count(row.completedTasks, name)] as const),
  ];
}
