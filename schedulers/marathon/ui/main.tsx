/** Marathon's pages: apps and groups, deployments, events. */

import type { JSX } from 'preact';
import { render } from 'preact';
import '../../../core/webui/kit/style.css';
import './ui.css';
import { ConnectionDialog } from '../../../core/webui/kit/connection-dialog.tsx';
import { Frame } from '../../../core/webui/kit/frame.tsx';
import { type PageEntry, Pages } from '../../../core/webui/kit/router.tsx';
import { AppPage } from './pages/app.tsx';
import { AppsPage } from './pages/apps.tsx';
import { DeploymentsPage } from './pages/deployments.tsx';
import { EventsPage } from './pages/events.tsx';
import { InstancePage } from './pages/instance.tsx';
import { PodPage } from './pages/pod.tsx';
import { ContainerPage } from './pages/pod-container.tsx';
import { type ClusterData, data, followEvents, isLive, poller } from './source.ts';

function entriesOf(known: ClusterData): readonly PageEntry[] {
  const app = (tab: string): PageEntry['page'] =>
    function page({ id = '' }) {
      return <AppPage key={id} data={known} id={id} tab={tab} />;
    };
  const pod = (tab: string): PageEntry['page'] =>
    function page({ id = '' }) {
      return <PodPage key={id} data={known} id={id} tab={tab} />;
    };
  return [
    {
      pattern: '',
      page: (_, query) => <AppsPage data={known} group={query.get('group') ?? '/'} />,
    },
    { pattern: 'app/:id', page: app('instances') },
    ...['instances', 'configuration', 'versions', 'why'].map((tab) => ({
      pattern: `app/:id/${tab}`,
      page: app(tab),
    })),
    {
      pattern: 'app/:id/instances/:instance',
      page: ({ id = '', instance = '' }, query) => (
        <InstancePage key={instance} appId={id} id={instance} path={query.get('path')} />
      ),
    },
    { pattern: 'pod/:id', page: pod('instances') },
    ...['instances', 'configuration', 'versions', 'why'].map((tab) => ({
      pattern: `pod/:id/${tab}`,
      page: pod(tab),
    })),
    {
      pattern: 'pod/:id/instances/:task',
      page: ({ id = '', task = '' }, query) => (
        <ContainerPage key={task} data={known} podId={id} taskId={task} path={query.get('path')} />
      ),
    },
    { pattern: 'deployments', page: () => <DeploymentsPage data={known} /> },
    { pattern: 'events', page: () => <EventsPage /> },
  ];
}

function App(): JSX.Element {
  const known = data.value;
  const failure = poller.failure.value;
  const tabs = [
    {
      title: 'Applications',
      hash: '#/',
      covers: ([first]: readonly string[]) => first === 'app' || first === 'pod',
    },
    { title: 'Deployments', hash: '#/deployments', count: known?.deployments.length },
    { title: 'Events', hash: '#/events' },
  ];
  return (
    <Frame
      name="Marathon"
      tabs={tabs}
      aside={<span class="live">{isLive.value ? 'live' : 'not live'}</span>}
    >
      {known === undefined ? <p class="quiet">Loading…</p> : <Pages entries={entriesOf(known)} />}
      {failure !== undefined && (
        <ConnectionDialog host={location.host} failure={failure} onRetry={() => poller.refresh()} />
      )}
    </Frame>
  );
}

poller.start();
followEvents();
const root = document.querySelector('#app');
if (root !== null) render(<App />, root);
