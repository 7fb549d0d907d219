/** The master's pages (spec cli-and-webui, section 7). */

import type { JSX } from 'preact';
import { render } from 'preact';
import { useEffect } from 'preact/hooks';
import '../kit/style.css';
import { ConnectionDialog } from '../kit/connection-dialog.tsx';
import { Frame } from '../kit/frame.tsx';
import { hashOf, type RouteParams } from '../kit/route.ts';
import { type PageEntry, Pages, replaceBy, route } from '../kit/router.tsx';
import { cluster, clusterPoller, leaderHost, metricsPoller } from './cluster.ts';
import type { AgentRow, ClusterView } from './model.ts';
import { AgentPage, AgentsPage, WithAgent } from './pages/agents.tsx';
import { AgentFrameworkPage, ExecutorPage } from './pages/executors.tsx';
import { AgentLogPage, BrowsePage, FindSandbox, MasterLogPage } from './pages/files.tsx';
import { FrameworkPage, FrameworksPage } from './pages/frameworks.tsx';
import { HomePage } from './pages/home.tsx';
import { MaintenancePage, OffersPage, RolesPage } from './pages/roles.tsx';

const TABS = [
  { title: 'Frameworks', hash: '#/frameworks' },
  { title: 'Agents', hash: '#/agents' },
  { title: 'Roles', hash: '#/roles' },
  { title: 'Offers', hash: '#/offers' },
  { title: 'Maintenance', hash: '#/maintenance' },
];

function entriesOf(view: ClusterView): readonly PageEntry[] {
  const onAgent =
    (show: (agent: AgentRow, params: RouteParams, query: URLSearchParams) => JSX.Element) =>
    (params: RouteParams, query: URLSearchParams): JSX.Element => (
      <WithAgent view={view} id={params['agent'] ?? ''}>
        {(agent) => show(agent, params, query)}
      </WithAgent>
    );
  const sandbox = onAgent((agent, { framework = '', executor = '', task }) => (
    <FindSandbox agent={agent} frameworkId={framework} executorId={executor} taskId={task} />
  ));
  const executor = 'agents/:agent/frameworks/:framework/executors/:executor';
  return [
    { pattern: '', page: () => <HomePage view={view} /> },
    { pattern: 'frameworks', page: () => <FrameworksPage view={view} /> },
    { pattern: 'frameworks/:id', page: ({ id = '' }) => <FrameworkPage view={view} id={id} /> },
    { pattern: 'agents', page: () => <AgentsPage view={view} /> },
    {
      pattern: 'agents/:agent',
      page: onAgent((agent) => <AgentPage key={agent.id} view={view} agent={agent} />),
    },
    {
      pattern: 'agents/:agent/browse',
      page: onAgent((agent, _, query) => <BrowsePage agent={agent} path={query.get('path')} />),
    },
    {
      pattern: 'agents/:agent/log',
      page: onAgent((agent, _, query) => (
        <AgentLogPage agent={agent} path={query.get('path') ?? ''} />
      )),
    },
    {
      pattern: 'agents/:agent/frameworks/:framework',
      page: onAgent((agent, { framework = '' }) => (
        <AgentFrameworkPage view={view} agent={agent} frameworkId={framework} />
      )),
    },
    {
      pattern: executor,
      page: onAgent((agent, params) => (
        <ExecutorPage
          view={view}
          agent={agent}
          frameworkId={params['framework'] ?? ''}
          executorId={params['executor'] ?? ''}
        />
      )),
    },
    { pattern: `${executor}/browse`, page: sandbox },
    { pattern: `${executor}/tasks/:task/browse`, page: sandbox },
    { pattern: 'roles', page: () => <RolesPage view={view} /> },
    { pattern: 'offers', page: () => <OffersPage view={view} /> },
    { pattern: 'maintenance', page: () => <MaintenancePage view={view} /> },
    { pattern: 'log', page: () => <MasterLogPage /> },
  ];
}

function App(): JSX.Element {
  const { segments, query } = route.value;
  useEffect(() => {
    // The name of agents before version 1.0.
    if (segments[0] === 'slaves') {
      replaceBy(hashOf(['agents', ...segments.slice(1)], Object.fromEntries(query)));
    }
  }, [segments, query]);
  const view = cluster.value;
  const failure = clusterPoller.failure.value;
  return (
    <Frame name="Mesos" tabs={TABS} aside={view?.name}>
      {view !== undefined && view.leader === undefined && (
        <p class="alert error" role="alert">
          No master is currently leading ...
        </p>
      )}
      {view === undefined ? <p class="quiet">Loading…</p> : <Pages entries={entriesOf(view)} />}
      {failure !== undefined && (
        <ConnectionDialog
          host={leaderHost()}
          failure={failure}
          onRetry={() => clusterPoller.refresh()}
        />
      )}
    </Frame>
  );
}

clusterPoller.start();
metricsPoller.start();
const root = document.querySelector('#app');
if (root !== null) render(<App />, root);
