/** The start: the cluster's figures, the leader's log, all tasks. */
import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import { Facts } from '../../kit/facts.tsx';
import { numberIn, numberOrNone, textIn } from '../../kit/reading.ts';
import { Breadcrumb } from '../../kit/router.tsx';
import { Time } from '../../kit/times.tsx';
import { leaderHost, masterFileUrl, metrics } from '../cluster.ts';
import { ResourceTable, TaskTable } from '../columns.tsx';
import { type ClusterView, combine, sumOf } from '../model.ts';

export function HomePage({ view }: { readonly view: ClusterView }): JSX.Element {
  const tasks = useMemo(
    () => ({
      active: view.frameworks.flatMap((framework) => framework.tasks),
      unreachable: view.frameworks.flatMap((framework) => framework.unreachableTasks),
      completed: [...view.frameworks, ...view.completedFrameworks].flatMap(
        (framework) => framework.completedTasks,
      ),
    }),
    [view],
  );
  return (
    <>
      <Breadcrumb>Master {view.id}</Breadcrumb>
      <div class="columns">
        <div>
          <ClusterCard view={view} />
          {view.hasLog && <LogCard />}
          <AgentsCard view={view} />
          <TasksCard unreachable={tasks.unreachable.length} />
          <ResourceTable lines={resourceLines(view)} />
        </div>
        <div>
          <TaskTable kind="active" tasks={tasks.active} showsFramework />
          <TaskTable kind="unreachable" tasks={tasks.unreachable} showsFramework />
          <TaskTable kind="completed" tasks={tasks.completed} showsFramework />
        </div>
      </div>
    </>
  );
}

function ClusterCard({ view }: { readonly view: ClusterView }): JSX.Element {
  const built = numberOrNone(view.json, 'build_time');
  const user = textIn(view.json, 'build_user');
  const host = leaderHost();
  return (
    <section class="card">
      <Facts
        facts={[
          ['Cluster', view.name ?? <span title="Set it with --cluster">(Unnamed)</span>],
          ['Leader', <a href={`//${host}`}>{host}</a>],
          ['Version', view.version],
          [
            'Built',
            built === undefined ? undefined : (
              <>
                <Time at={built * 1000} /> by <i>{user}</i>
              </>
            ),
          ],
          ['Started', <Time at={view.startedAt} />],
          ['Elected', <Time at={view.electedAt} />],
        ]}
      />
    </section>
  );
}

function LogCard(): JSX.Element {
  return (
    <section class="card">
      <h2>Leading Master Log</h2>
      <a href={masterFileUrl('download', '/master/log')}>Download</a>{' '}
      <a href="#/log" target="_blank" rel="noreferrer">
        View
      </a>
    </section>
  );
}

function AgentsCard({ view }: { readonly view: ClusterView }): JSX.Element {
  return (
    <section class="card">
      <h2>Agents</h2>
      <Facts
        facts={[
          ['Activated', numberIn(view.json, 'activated_slaves')],
          ['Deactivated', numberIn(view.json, 'deactivated_slaves')],
          ['Unreachable', numberIn(view.json, 'unreachable_slaves')],
        ]}
      />
    </section>
  );
}

const TASK_STATES = ['Staging', 'Starting', 'Running', 'Unreachable', 'Killing'] as const;
const ENDED_STATES = ['Finished', 'Killed', 'Failed', 'Lost'] as const;

/** The ended ones are counted since the leader was elected. */
function TasksCard({ unreachable }: { readonly unreachable: number }): JSX.Element {
  const known = metrics.value;
  return (
    <section class="card">
      <h2>Tasks</h2>
      <Facts
        facts={[...TASK_STATES, ...ENDED_STATES].map((name) => [
          name,
          name === 'Unreachable'
            ? unreachable
            : numberIn(known, `master/tasks_${name.toLowerCase()}`),
        ])}
      />
    </section>
  );
}

function resourceLines(view: ClusterView) {
  const total = sumOf(view.agents.map((agent) => agent.total));
  const allocated = sumOf(view.agents.map((agent) => agent.used));
  const offered = sumOf(
    view.frameworks.flatMap(({ offers }) => offers.map(({ resources }) => resources)),
  );
  const taken = combine(allocated, offered, (a, b) => a + b);
  return [
    { title: 'Total', amounts: total },
    { title: 'Allocated', amounts: allocated },
    { title: 'Offered', amounts: offered },
    { title: 'Idle', amounts: combine(total, taken, (a, b) => Math.max(0, a - b)) },
  ];
}
