/** A role or one of its environments: quota, environments, jobs. */
import type { JSX } from 'preact';
import { type Column, DataTable } from '../../../../core/webui/kit/data-table.tsx';
import { amountText } from '../../../../core/webui/kit/format.ts';
import { Time } from '../../../../core/webui/kit/times.tsx';
import { useSource } from '../../../../core/webui/kit/use-source.ts';
import { jobHref, roleHref } from '../address.ts';
import { type RoleView, readRole } from '../api.ts';
import { JobEditor, QuotaEditor } from '../editors.tsx';
import {
  type Amounts,
  type EnvironmentRow,
  environmentsOf,
  type JobRow,
  keyText,
  type QuotaView,
} from '../model.ts';
import { mbText, Path, Shown } from '../parts.tsx';

const PACE_MS = 2_000;
/** Lists of thousands are asked for less often. */
const LARGE_COUNT = 1_000;
const LARGE_PACE_MS = 10_000;
const paceOf = ({ jobs }: RoleView): number => (jobs.total > LARGE_COUNT ? LARGE_PACE_MS : PACE_MS);

export interface RolePageProps {
  readonly role: string;
  readonly environment?: string;
}

export function RolePage({ role, environment }: RolePageProps): JSX.Element {
  const source = useSource(`role ${role}`, () => readRole(role), paceOf);
  return (
    <>
      <Path role={role} environment={environment} />
      <Shown source={source} what="jobs">
        {(view) => (
          <RoleParts role={role} environment={environment} view={view} onDone={source.refresh} />
        )}
      </Shown>
    </>
  );
}

function RoleParts(props: {
  readonly role: string;
  readonly environment: string | undefined;
  readonly view: RoleView;
  readonly onDone: () => void;
}): JSX.Element {
  const { role, environment, view, onDone } = props;
  const { rows } = view.jobs;
  const shown =
    environment === undefined ? rows : rows.filter(({ key }) => key.environment === environment);
  return (
    <>
      <div class="actions">
        <JobEditor role={role} environment={environment} />
      </div>
      <div class="columns">
        <div>
          <Quota role={role} quota={view.quota} onDone={onDone} />
          <Environments role={role} rows={environmentsOf(rows)} shown={environment} />
        </div>
        <DataTable
          title="Jobs"
          rows={shown}
          columns={JOB_COLUMNS}
          keyOf={({ key }) => keyText(key)}
          sortedBy="Job"
          empty={`${role}${environment === undefined ? '' : `/${environment}`} has no jobs.`}
        />
      </div>
    </>
  );
}

const RESOURCES: readonly (readonly [string, (amounts: Amounts) => number, typeof mbText])[] = [
  ['CPU', ({ cpus }) => cpus, amountText],
  ['RAM', ({ ramMb }) => ramMb, mbText],
  ['Disk', ({ diskMb }) => diskMb, mbText],
];

function Quota(props: {
  readonly role: string;
  readonly quota: QuotaView;
  readonly onDone: () => void;
}): JSX.Element {
  const { role, quota, onDone } = props;
  const uses: readonly (readonly [string, Amounts])[] = [
    ['Quota', quota.quota],
    ['Production', quota.production],
    ['Preemptible', quota.other],
    ['Dedicated', quota.dedicated],
  ];
  return (
    <section class="card">
      <h2>Resources</h2>
      <table>
        <thead>
          <tr>
            <th />
            {RESOURCES.map(([name]) => (
              <th key={name} scope="col" class="number">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {uses.map(([name, amounts]) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              {RESOURCES.map(([resource, of, text]) => (
                <td key={resource} class="number">
                  {text(of(amounts))}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      <p class="quiet">Only production tasks are charged to the quota.</p>
      <QuotaEditor role={role} quota={quota} onDone={onDone} />
    </section>
  );
}

function Environments(props: {
  readonly role: string;
  readonly rows: readonly EnvironmentRow[];
  readonly shown: string | undefined;
}): JSX.Element {
  const { role, rows, shown } = props;
  return (
    <section class="card">
      <h2>Environments</h2>
      <table>
        <tbody>
          {rows.map(({ environment, jobs, active, pending, failed }) => (
            <tr key={environment}>
              <th scope="row">
                <a
                  href={roleHref(role, environment)}
                  aria-current={shown === environment ? 'page' : undefined}
                >
                  {environment}
                </a>
              </th>
              <td class="number">{jobs === 1 ? '1 job' : `${jobs} jobs`}</td>
              <td class="number">{active} active</td>
              <td class={`number ${pending > 0 ? 'warn' : 'quiet'}`}>{pending} pending</td>
              <td class={`number ${failed > 0 ? 'bad' : 'quiet'}`}>{failed} failed</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

const JOB_COLUMNS: readonly Column<JobRow>[] = [
  {
    title: 'Job',
    value: ({ key }) => key.name,
    show: ({ key }) => <a href={jobHref(key)}>{key.name}</a>,
  },
  { title: 'Environment', value: ({ key }) => key.environment },
  { title: 'Kind', value: ({ kind }) => kind },
  { title: 'Tier', value: ({ tier }) => (tier === '' ? undefined : tier) },
  { title: 'Active', value: ({ active }) => active, isNumber: true },
  {
    title: 'Pending',
    value: ({ pending }) => pending,
    show: ({ pending }) => <span class={pending > 0 ? 'warn' : 'quiet'}>{pending}</span>,
    isNumber: true,
  },
  { title: 'Finished', value: ({ finished }) => finished, isNumber: true },
  {
    title: 'Failed',
    value: ({ failed }) => failed,
    show: ({ failed }) => <span class={failed > 0 ? 'bad' : 'quiet'}>{failed}</span>,
    isNumber: true,
  },
  {
    title: 'Next run',
    value: ({ nextRunAt }) => nextRunAt,
    show: ({ nextRunAt }) => <Time at={nextRunAt} />,
  },
];
