/** The pages of Aurora, at the addresses of the original's behind the `#` (spec aurora-scheduler, section 10). */
import type { JSX } from 'preact';
import { render } from 'preact';
import '../../../core/webui/kit/style.css';
import './aurora.css';
import { Frame } from '../../../core/webui/kit/frame.tsx';
import { enterAt, type PageEntry, Pages } from '../../../core/webui/kit/router.tsx';
import { hashOfPath } from './address.ts';
import { HostsPage } from './pages/hosts.tsx';
import { InstancePage } from './pages/instance.tsx';
import { JobPage } from './pages/job.tsx';
import { RolePage } from './pages/role.tsx';
import { RolesPage } from './pages/roles.tsx';
import { TaskPage } from './pages/task.tsx';
import { UpdatePage } from './pages/update.tsx';
import { UpdatesPage } from './pages/updates.tsx';

const TABS = [
  { title: 'Roles', hash: '#/scheduler' },
  { title: 'Updates', hash: '#/updates' },
  { title: 'Hosts', hash: '#/hosts' },
];

const JOB = 'scheduler/:role/:environment/:name';

const ENTRIES: readonly PageEntry[] = [
  { pattern: '', page: () => <RolesPage /> },
  { pattern: 'scheduler', page: () => <RolesPage /> },
  { pattern: 'hosts', page: () => <HostsPage /> },
  { pattern: 'updates', page: (_, query) => <UpdatesPage status={query.get('status') ?? ''} /> },
  {
    pattern: 'scheduler/:role',
    page: ({ role = '' }) => <RolePage key={role} role={role} />,
  },
  {
    pattern: 'scheduler/:role/:environment',
    page: ({ role = '', environment = '' }) => (
      <RolePage key={`${role}/${environment}`} role={role} environment={environment} />
    ),
  },
  { pattern: JOB, page: (params) => <JobPage {...keyed(params)} /> },
  {
    pattern: `${JOB}/update/:id`,
    page: ({ id = '', ...params }) => <UpdatePage id={id} {...keyed(params, id)} />,
  },
  {
    pattern: `${JOB}/task/:id`,
    page: ({ id = '', ...params }) => <TaskPage id={id} {...keyed(params, id)} />,
  },
  {
    pattern: `${JOB}/:instance`,
    page: ({ instance = '', ...params }) => (
      <InstancePage instance={instance} {...keyed(params, instance)} />
    ),
  },
];

/** What pages of a job have in common; another job or part is another page. */
function keyed(params: Readonly<Record<string, string>>, part = '') {
  const { role = '', environment = '', name = '' } = params;
  return { job: { role, environment, name }, key: `${role}/${environment}/${name}/${part}` };
}

function App(): JSX.Element {
  return (
    <Frame name="Aurora" tabs={TABS}>
      <Pages entries={ENTRIES} />
    </Frame>
  );
}

const base = new URL('.', document.baseURI);
const hash = location.hash === '' ? hashOfPath(location.pathname, base.pathname) : undefined;
enterAt(new URL(hash ?? location.hash, base).href);

const root = document.querySelector('#app');
if (root !== null) render(<App />, root);
