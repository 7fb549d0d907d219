/** A framework on an agent with its executors, and one executor with its tasks. */
import type { JSX } from 'preact';
import { type Column, DataTable } from '../../kit/data-table.tsx';
import { Facts } from '../../kit/facts.tsx';
import { amountText } from '../../kit/format.ts';
import { numberIn, textIn } from '../../kit/reading.ts';
import { hashOf } from '../../kit/route.ts';
import { Breadcrumb } from '../../kit/router.tsx';
import { useSource } from '../../kit/use-source.ts';
import { readAgentState } from '../cluster.ts';
import {
  agentHref,
  HealthText,
  memText,
  pairColumns,
  ResourceTable,
  taskSandboxHref,
} from '../columns.tsx';
import {
  type AgentRow,
  type AgentView,
  type ClusterView,
  type ExecutorRow,
  executorsOf,
  paceOf,
  sumOf,
  type TaskRow,
} from '../model.ts';
import { Reading, useUsage } from './agents.tsx';

export interface PlaceProps {
  readonly view: ClusterView;
  readonly agent: AgentRow;
  readonly frameworkId: string;
}

function useAgentView(view: ClusterView, agent: AgentRow) {
  return useSource<AgentView>(agent.id, () => readAgentState(agent), paceOf(view.agents.length));
}

function executorHref(agent: AgentRow, frameworkId: string, executorId: string): string {
  return hashOf(['agents', agent.id, 'frameworks', frameworkId, 'executors', executorId]);
}

export function AgentFrameworkPage({ view, agent, frameworkId }: PlaceProps): JSX.Element {
  const { value, failure } = useAgentView(view, agent);
  const usage = useUsage(agent);
  if (value === undefined) return <Reading agent={agent} error={failure?.error} />;
  const rows = [...value.frameworks, ...value.completedFrameworks].filter(
    ({ id }) => id === frameworkId,
  );
  const [first] = rows;
  if (first === undefined) return <Missing what="framework" id={frameworkId} />;
  const executors = rows.flatMap((row) => row.executors);
  const completed = rows.flatMap((row) => row.completedExecutors);
  const named: readonly Column<ExecutorRow>[] = [
    {
      title: 'ID',
      value: ({ id }) => id,
      show: ({ id }) => <a href={executorHref(agent, frameworkId, id)}>{id}</a>,
    },
    { title: 'Name', value: ({ name }) => name },
    { title: 'Source', value: ({ source }) => source },
    { title: 'Role', value: ({ role }) => role },
  ];
  const sandbox: Column<ExecutorRow> = {
    title: 'Sandbox',
    value: () => undefined,
    show: ({ id }) => <a href={`${executorHref(agent, frameworkId, id)}/browse`}>browse</a>,
  };
  return (
    <>
      <Breadcrumb>
        <a href="#/">Master</a> / <a href={agentHref(agent.id)}>Agent</a> / Framework {frameworkId}
      </Breadcrumb>
      <div class="columns">
        <div>
          <section class="card">
            <Facts
              facts={[
                ['Name', first.name],
                ['Master', textIn(value.json, 'master_hostname')],
                ['Roles', first.roles.join(', ')],
                ['Active Tasks', executors.reduce((count, { tasks }) => count + tasks.length, 0)],
              ]}
            />
          </section>
          <ResourceTable
            lines={[
              { title: 'Used', amounts: usage.ofFramework(frameworkId) },
              { title: 'Allocated', amounts: sumOf(executors.map((each) => each.allocated)) },
            ]}
          />
        </div>
        <div>
          <DataTable
            title="Executors"
            rows={executors}
            columns={[
              ...named,
              { title: 'Active Tasks', value: ({ tasks }) => tasks.length, isNumber: true },
              { title: 'Queued Tasks', value: (row) => row.queuedTasks.length, isNumber: true },
              ...pairColumns<ExecutorRow>(
                ({ id }) => usage.ofExecutor(frameworkId, id),
                (row) => row.allocated,
                'Used / Allocated',
              ),
              sandbox,
            ]}
            keyOf={(row) => row.containerId}
          />
          <DataTable
            title="Completed Executors"
            rows={completed}
            columns={[...named, sandbox]}
            keyOf={(row) => row.containerId}
          />
        </div>
      </div>
    </>
  );
}

export function ExecutorPage({
  view,
  agent,
  frameworkId,
  executorId,
}: PlaceProps & { readonly executorId: string }): JSX.Element {
  const { value, failure } = useAgentView(view, agent);
  const usage = useUsage(agent);
  if (value === undefined) return <Reading agent={agent} error={failure?.error} />;
  const row = executorsOf(value, frameworkId).find(({ id }) => id === executorId);
  if (row === undefined) return <Missing what="executor" id={executorId} />;
  return (
    <>
      <Breadcrumb>
        <a href="#/">Master</a> / <a href={agentHref(agent.id)}>Agent</a> /{' '}
        <a href={hashOf(['agents', agent.id, 'frameworks', frameworkId])}>Framework</a> / Executor{' '}
        {executorId}
      </Breadcrumb>
      <div class="columns">
        <div>
          <section class="card">
            <Facts
              facts={[
                ['Executor Name', row.name],
                ['Source', row.source],
                ['Role', row.role],
                ['Cluster', view.name ?? '(Unnamed)'],
                ['Master', textIn(value.json, 'master_hostname')],
                ['Agent', agent.hostname],
                ['Active Tasks', row.tasks.length],
                [
                  'Sandbox',
                  <a href={`${executorHref(agent, frameworkId, executorId)}/browse`}>browse</a>,
                ],
              ]}
            />
          </section>
          <ResourceTable
            lines={[
              { title: 'Used', amounts: usage.ofExecutor(frameworkId, executorId) },
              { title: 'Allocated', amounts: row.allocated },
            ]}
          />
        </div>
        <div>
          <ExecutorTasks title="Queued Tasks" tasks={row.queuedTasks} />
          <ExecutorTasks title="Tasks" tasks={row.tasks} />
          <ExecutorTasks title="Completed Tasks" tasks={row.completedTasks} />
        </div>
      </div>
    </>
  );
}

function ExecutorTasks({
  title,
  tasks,
}: {
  readonly title: string;
  readonly tasks: readonly TaskRow[];
}): JSX.Element {
  const limit = (
    { limits }: TaskRow,
    name: 'cpus' | 'mem',
    text: (value: number) => string,
  ): string => {
    const value = limits[name];
    if (value === undefined) return '-';
    return typeof value === 'number' ? text(numberIn(limits, name)) : '∞';
  };
  const columns: readonly Column<TaskRow>[] = [
    { title: 'ID', value: ({ id }) => id },
    { title: 'Name', value: ({ name }) => name },
    { title: 'Role', value: ({ role }) => role },
    { title: 'State', value: ({ state }) => state },
    {
      title: 'Health',
      value: ({ health }) => health,
      show: ({ health }) => <HealthText health={health} />,
    },
    {
      title: 'CPUs (Allocated / Limit)',
      value: ({ resources }) => resources.cpus,
      show: (task) => `${amountText(task.resources.cpus)} / ${limit(task, 'cpus', amountText)}`,
      isNumber: true,
    },
    {
      title: 'Mem (Allocated / Limit)',
      value: ({ resources }) => resources.mem,
      show: (task) => `${memText(task.resources.mem)} / ${limit(task, 'mem', memText)}`,
      isNumber: true,
    },
    { title: 'GPUs', value: ({ resources }) => resources.gpus, isNumber: true },
    {
      title: 'Disk',
      value: ({ resources }) => resources.disk,
      show: ({ resources }) => memText(resources.disk),
      isNumber: true,
    },
    {
      title: 'Sandbox',
      value: () => undefined,
      show: (task) => <a href={taskSandboxHref(task)}>browse</a>,
    },
  ];
  return <DataTable title={title} rows={tasks} columns={columns} keyOf={({ id }) => id} />;
}

function Missing({ what, id }: { readonly what: string; readonly id: string }): JSX.Element {
  return (
    <p class="alert error" role="alert">
      No {what} found with ID: {id}
    </p>
  );
}
