/** Agents, and one of them with its frameworks, reservations and figures. */
import type { JSX } from 'preact';
import { type Column, DataTable } from '../../kit/data-table.tsx';
import { Facts } from '../../kit/facts.tsx';
import { type Json, numberIn, numberOrNone, recordIn, textIn } from '../../kit/reading.ts';
import { hashOf } from '../../kit/route.ts';
import { Breadcrumb } from '../../kit/router.tsx';
import { Time } from '../../kit/times.tsx';
import { useSource } from '../../kit/use-source.ts';
import { agentFileUrl, readAgentMetrics, readAgentState, readStatistics } from '../cluster.ts';
import {
  agentHref,
  amountColumns,
  idColumn,
  pairColumns,
  ResourceTable,
  timeColumn,
} from '../columns.tsx';
import {
  type AgentFramework,
  type AgentRow,
  type AgentView,
  amountsIn,
  type ClusterView,
  combine,
  paceOf,
  sumOf,
} from '../model.ts';
import { type Usage, usageOf } from '../usage.ts';

export function AgentsPage({ view }: { readonly view: ClusterView }): JSX.Element {
  const columns: readonly Column<AgentRow>[] = [
    idColumn(
      'ID',
      (row) => row.id,
      (row) => agentHref(row.id),
    ),
    { title: 'Host', value: ({ hostname }) => hostname },
    { title: 'State', value: ({ state }) => state },
    ...pairColumns<AgentRow>(
      ({ used }) => used,
      ({ total }) => total,
      'Allocated / Total',
    ),
    timeColumn('Registered', (row) => row.registeredAt),
    timeColumn('Re-Registered', (row) => row.reregisteredAt),
  ];
  return (
    <>
      <Breadcrumb>
        <a href="#/">Master</a> / Agents
      </Breadcrumb>
      <DataTable title="Agents" rows={view.agents} columns={columns} keyOf={({ id }) => id} />
    </>
  );
}

interface AgentData {
  readonly view: AgentView;
  readonly metrics: Json;
}

/** The agent a page is about; says so when there is none. */
export function WithAgent({
  view,
  id,
  children,
}: {
  readonly view: ClusterView;
  readonly id: string;
  readonly children: (agent: AgentRow) => JSX.Element;
}): JSX.Element {
  const agent = view.agentsById.get(id);
  if (agent !== undefined) return children(agent);
  return (
    <p class="alert error" role="alert">
      No agent found with ID: {id}
    </p>
  );
}

/** What was read of an agent, or why not. */
export function Reading({
  agent,
  error,
}: {
  readonly agent: AgentRow;
  readonly error: unknown;
}): JSX.Element {
  if (error === undefined) return <p class="quiet">Reading the agent's state…</p>;
  return (
    <p class="alert error" role="alert">
      Failed to connect to {agent.hostname}:{agent.port}! Its name must resolve for this browser.
    </p>
  );
}

export function AgentPage({
  view,
  agent,
}: {
  readonly view: ClusterView;
  readonly agent: AgentRow;
}): JSX.Element {
  const source = useSource<AgentData>(
    agent.id,
    async () => ({ view: await readAgentState(agent), metrics: await readAgentMetrics(agent) }),
    paceOf(view.agents.length),
  );
  const usage = useUsage(agent);
  const { value, failure } = source;
  return (
    <>
      <Breadcrumb>
        <a href="#/">Master</a> / Agent {agent.id}
      </Breadcrumb>
      {value === undefined ? (
        <Reading agent={agent} error={failure?.error} />
      ) : (
        <div class="columns">
          <div>
            <AgentFacts view={view} agent={agent} data={value} />
            <ResourceTable
              lines={[
                { title: 'Used', amounts: usage.total },
                { title: 'Allocated', amounts: agent.used },
                { title: 'Available', amounts: combine(agent.total, agent.used, (a, b) => a - b) },
                { title: 'Total', amounts: agent.total },
              ]}
            />
          </div>
          <div>
            <Reservations json={value.view.json} />
            <FrameworkTable
              title="Frameworks"
              agent={agent}
              rows={value.view.frameworks}
              usage={usage}
            />
            <FrameworkTable
              title="Completed Frameworks"
              agent={agent}
              rows={value.view.completedFrameworks}
              usage={undefined}
            />
          </div>
        </div>
      )}
    </>
  );
}

const USAGE_MS = 3_000;

/** What the agent's containers use, from the difference of two samples. */
export function useUsage(agent: AgentRow): Usage {
  let before: readonly Json[] = [];
  const { value } = useSource(
    `usage of ${agent.id}`,
    async () => {
      const samples = await readStatistics(agent);
      const usage = usageOf(before, samples);
      before = samples;
      return usage;
    },
    USAGE_MS,
  );
  return value ?? usageOf([], []);
}

const TASK_STATES = [
  'staging',
  'starting',
  'running',
  'killing',
  'finished',
  'killed',
  'failed',
  'lost',
];

function AgentFacts({
  view,
  agent,
  data,
}: {
  readonly view: ClusterView;
  readonly agent: AgentRow;
  readonly data: AgentData;
}): JSX.Element {
  const { json } = data.view;
  const built = numberOrNone(json, 'build_time');
  const started = numberOrNone(json, 'start_time');
  const hasLog = json['log_dir'] !== undefined || json['external_log_file'] !== undefined;
  return (
    <>
      <section class="card">
        <Facts
          facts={[
            ['Cluster', view.name ?? '(Unnamed)'],
            ['Agent', `${agent.hostname}:${agent.port}`],
            ['State', agent.state],
            ['Version', textIn(json, 'version')],
            ['Built', built === undefined ? undefined : <Time at={built * 1000} />],
            ['Started', started === undefined ? undefined : <Time at={started * 1000} />],
            ['Master', textIn(json, 'master_hostname')],
          ]}
        />
      </section>
      {agent.drain !== undefined && (
        <section class="card">
          <h2>{agent.state}</h2>
          <Facts
            facts={[
              ['Mark gone', String(agent.drain.isMarkedGone)],
              ['Estimated drain end time', <Time at={agent.drain.endsAt} />],
            ]}
          />
        </section>
      )}
      {hasLog && (
        <section class="card">
          <h2>Agent Log</h2>
          <a href={agentFileUrl(agent, 'download', '/slave/log')}>Download</a>{' '}
          <a
            href={hashOf(['agents', agent.id, 'log'], { path: '/slave/log' })}
            target="_blank"
            rel="noreferrer"
          >
            View
          </a>
        </section>
      )}
      <section class="card">
        <h2>Tasks</h2>
        <Facts
          facts={TASK_STATES.map((name) => [
            `${name.charAt(0).toUpperCase()}${name.slice(1)}`,
            numberIn(data.metrics, `slave/tasks_${name}`),
          ])}
        />
      </section>
    </>
  );
}

interface ReservationRow {
  readonly role: string;
  readonly json: Json;
}

function Reservations({ json }: { readonly json: Json }): JSX.Element {
  const reserved = recordIn(json, 'reserved_resources');
  const rows: readonly ReservationRow[] = [
    { role: 'Unreserved', json: { resources: recordIn(json, 'unreserved_resources') } },
    ...Object.keys(reserved).map((role) => ({
      role,
      json: { resources: recordIn(reserved, role) },
    })),
  ];
  return (
    <DataTable
      title="Resource Reservations"
      rows={rows}
      columns={[
        { title: 'Reservation Role', value: ({ role }) => role },
        ...amountColumns<ReservationRow>((row) => amountsIn(row.json, 'resources')),
      ]}
      keyOf={({ role }) => role}
    />
  );
}

function FrameworkTable({
  title,
  agent,
  rows,
  usage,
}: {
  readonly title: string;
  readonly agent: AgentRow;
  readonly rows: readonly AgentFramework[];
  readonly usage: Usage | undefined;
}): JSX.Element {
  const allocated = (row: AgentFramework) => sumOf(row.executors.map((each) => each.allocated));
  const figures: readonly Column<AgentFramework>[] =
    usage === undefined
      ? []
      : [
          {
            title: 'Active Tasks',
            value: ({ executors }) =>
              executors.reduce((count, { tasks }) => count + tasks.length, 0),
            isNumber: true,
          },
          ...pairColumns<AgentFramework>(
            (row) => usage.ofFramework(row.id),
            allocated,
            'Used / Allocated',
          ),
        ];
  return (
    <DataTable
      title={title}
      rows={rows}
      columns={[
        idColumn<AgentFramework>(
          'ID',
          (row) => row.id,
          (row) => hashOf(['agents', agent.id, 'frameworks', row.id]),
        ),
        { title: 'User', value: ({ user }) => user },
        { title: 'Name', value: ({ name }) => name },
        { title: 'Roles', value: ({ roles }) => roles.join(', ') },
        ...figures,
      ]}
      keyOf={({ id }) => id}
    />
  );
}
