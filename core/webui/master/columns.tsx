/** Columns that several tables of the master's pages share. */
import type { JSX } from 'preact';
import { type Column, CopyableId, DataTable } from '../kit/data-table.tsx';
import { amountText, shortId, sizeText } from '../kit/format.ts';
import { hashOf } from '../kit/route.ts';
import { Time } from '../kit/times.tsx';
import { cluster } from './cluster.ts';
import type { Amounts, TaskRow } from './model.ts';

const MIB = 1024 ** 2;

export const memText = (megabytes: number): string => sizeText(megabytes * MIB);

export function amountColumns<R>(amountsOf: (row: R) => Amounts): readonly Column<R>[] {
  const column = (
    title: string,
    name: keyof Amounts,
    text: (value: number) => string,
  ): Column<R> => ({
    title,
    value: (row) => amountsOf(row)[name],
    show: (row) => text(amountsOf(row)[name]),
    isNumber: true,
  });
  return [
    column('CPUs', 'cpus', amountText),
    column('GPUs', 'gpus', amountText),
    column('Mem', 'mem', memText),
    column('Disk', 'disk', memText),
  ];
}

/** `3 / 8` for each resource. */
export function pairColumns<R>(
  partOf: (row: R) => Amounts,
  totalOf: (row: R) => Amounts,
  note: string,
): readonly Column<R>[] {
  const column = (
    title: string,
    name: keyof Amounts,
    text: (value: number) => string,
  ): Column<R> => ({
    title: `${title} (${note})`,
    value: (row) => partOf(row)[name],
    show: (row) => `${text(partOf(row)[name])} / ${text(totalOf(row)[name])}`,
    isNumber: true,
  });
  return [
    column('CPUs', 'cpus', amountText),
    column('GPUs', 'gpus', amountText),
    column('Mem', 'mem', memText),
    column('Disk', 'disk', memText),
  ];
}

export function timeColumn<R>(title: string, at: (row: R) => number | undefined): Column<R> {
  return { title, value: at, show: (row) => <Time at={at(row)} /> };
}

export function idColumn<R>(
  title: string,
  idOf: (row: R) => string,
  hrefOf?: (row: R) => string,
): Column<R> {
  return {
    title,
    value: idOf,
    show: (row) => <CopyableId id={idOf(row)} short={shortId(idOf(row))} href={hrefOf?.(row)} />,
  };
}

export const frameworkHref = (id: string): string => hashOf(['frameworks', id]);
export const agentHref = (id: string): string => hashOf(['agents', id]);

export function HealthText({ health }: { readonly health: string }): JSX.Element {
  const kind = health === 'healthy' ? 'good' : health === 'unhealthy' ? 'bad' : 'quiet';
  return <span class={kind}>{health}</span>;
}

export function AgentLink({ id }: { readonly id: string }): JSX.Element {
  const agent = cluster.value?.agentsById.get(id);
  if (agent === undefined) return <span class="quiet">Agent offline</span>;
  return <a href={agentHref(id)}>{agent.hostname}</a>;
}

function hostOf(id: string): string | undefined {
  return cluster.value?.agentsById.get(id)?.hostname;
}

export function taskSandboxHref(task: TaskRow): string {
  return hashOf([
    ...['agents', task.agentId, 'frameworks', task.frameworkId],
    ...['executors', task.executorId, 'tasks', task.id, 'browse'],
  ]);
}

function SandboxLink({ task }: { readonly task: TaskRow }): JSX.Element {
  if (hostOf(task.agentId) === undefined) return <span class="quiet">Agent offline</span>;
  return <a href={taskSandboxHref(task)}>Sandbox</a>;
}

type TaskKind = 'active' | 'unreachable' | 'completed';

const TITLES: Readonly<Record<TaskKind, string>> = {
  active: 'Active Tasks',
  unreachable: 'Unreachable Tasks',
  completed: 'Completed Tasks',
};

export function TaskTable({
  kind,
  tasks,
  showsFramework,
}: {
  readonly kind: TaskKind;
  readonly tasks: readonly TaskRow[];
  readonly showsFramework: boolean;
}): JSX.Element {
  const title = TITLES[kind];
  const prefix = showsFramework ? 'Task ' : '';
  const framework: readonly Column<TaskRow>[] = showsFramework
    ? [
        idColumn(
          'Framework ID',
          (task) => task.frameworkId,
          (task) => frameworkHref(task.frameworkId),
        ),
      ]
    : [];
  const named: readonly Column<TaskRow>[] = [
    ...framework,
    { title: `${prefix}ID`, value: ({ id }) => id },
    { title: `${prefix}Name`, value: ({ name }) => name },
    { title: 'Role', value: ({ role }) => role },
  ];
  const state: Column<TaskRow> = { title: 'State', value: (task) => task.state };
  const started = timeColumn<TaskRow>('Started', (task) => task.startedAt);
  const place: readonly Column<TaskRow>[] = [
    {
      title: 'Host',
      value: ({ agentId }) => hostOf(agentId),
      show: ({ agentId }) => <AgentLink id={agentId} />,
    },
    { title: 'Sandbox', value: () => undefined, show: (task) => <SandboxLink task={task} /> },
  ];
  const health: Column<TaskRow> = {
    title: 'Health',
    value: (task) => task.health,
    show: (task) => <HealthText health={task.health} />,
  };
  const columns: Readonly<Record<TaskKind, readonly Column<TaskRow>[]>> = {
    active: [...named, state, health, started, ...place],
    unreachable: [...named, started, idColumn('Agent ID', (task) => task.agentId)],
    completed: [
      ...named,
      state,
      started,
      timeColumn('Stopped', (task) => task.stoppedAt),
      ...place,
    ],
  };
  return (
    <DataTable
      title={title}
      rows={tasks}
      columns={columns[kind]}
      keyOf={(task) => `${task.frameworkId} ${task.id} ${task.startedAt}`}
      sortedBy={kind === 'completed' ? 'Stopped' : 'Started'}
      direction="down"
      empty={`No ${title.toLowerCase()}.`}
    />
  );
}

export interface ResourceLine {
  readonly title: string;
  readonly amounts: Amounts;
}

export function ResourceTable({ lines }: { readonly lines: readonly ResourceLine[] }): JSX.Element {
  return (
    <section class="card">
      <h2>Resources</h2>
      <div class="scroll">
        <table>
          <thead>
            <tr>
              <th />
              {['CPUs', 'GPUs', 'Mem', 'Disk'].map((name) => (
                <th key={name} scope="col" class="number">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {lines.map(({ title, amounts }) => (
              <tr key={title}>
                <th scope="row">{title}</th>
                <td class="number">{amountText(amounts.cpus)}</td>
                <td class="number">{amountText(amounts.gpus)}</td>
                <td class="number">{memText(amounts.mem)}</td>
                <td class="number">{memText(amounts.disk)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
