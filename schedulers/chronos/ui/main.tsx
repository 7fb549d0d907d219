/** The pages of Chronos (spec chronos, section 11.4). */
import type { JSX } from 'preact';
import { render } from 'preact';
import { useEffect } from 'preact/hooks';
import '../../../core/webui/kit/style.css';
import './chronos.css';
import { Frame } from '../../../core/webui/kit/frame.tsx';
import { type PageEntry, Pages } from '../../../core/webui/kit/router.tsx';
import { jobsPoller } from './jobs.ts';
import { EditPage, NewPage } from './pages/form.tsx';
import { GraphPage } from './pages/graph.tsx';
import { JobPage } from './pages/job.tsx';
import { JobsPage } from './pages/jobs.tsx';

const TABS = [
  { title: 'Jobs', hash: '#/' },
  { title: 'Graph', hash: '#/graph' },
];

const ENTRIES: readonly PageEntry[] = [
  { pattern: '', page: () => <JobsPage /> },
  { pattern: 'graph', page: (_, query) => <GraphPage around={query.get('job') ?? undefined} /> },
  {
    pattern: 'new/:kind',
    page: ({ kind }) => <NewPage key={kind} isDependent={kind === 'dependent'} />,
  },
  { pattern: 'jobs/:name', page: ({ name = '' }) => <JobPage key={name} name={name} /> },
  { pattern: 'jobs/:name/edit', page: ({ name = '' }) => <EditPage key={name} name={name} /> },
];

function App(): JSX.Element {
  useEffect(() => {
    jobsPoller.start();
    return () => jobsPoller.stop();
  }, []);
  const isStale = jobsPoller.failure.value !== undefined;
  return (
    <Frame
      name="CHRONOS"
      tabs={TABS}
      aside={isStale ? <span role="status">No answer; what is shown is old</span> : undefined}
    >
      <Pages entries={ENTRIES} />
    </Frame>
  );
}

const root = document.querySelector('#app');
if (root !== null) render(<App />, root);
