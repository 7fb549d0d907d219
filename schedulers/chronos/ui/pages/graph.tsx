/** Which jobs depend on which, as the server has laid them out. */
import type { JSX } from 'preact';
import { Breadcrumb } from '../../../../core/webui/kit/router.tsx';
import { useSource } from '../../../../core/webui/kit/use-source.ts';
import { readGraph } from '../api.ts';
import type { GraphView, PlacedJob } from '../model.ts';
import { jobHref } from './jobs.tsx';

const PACE_MS = 5_000;
const NODE = { width: 170, height: 26, gapX: 60, gapY: 12 } as const;
const NAME_CHARS_MAX = 24;

export function GraphPage({ around }: { readonly around: string | undefined }): JSX.Element {
  const { value: view } = useSource(`graph ${around}`, () => readGraph(around), PACE_MS);
  return (
    <>
      <Breadcrumb>
        {around === undefined ? (
          'All jobs that depend on each other'
        ) : (
          <>
            <a href="#/graph">All</a> / around <a href={jobHref(around)}>{around}</a>
          </>
        )}
      </Breadcrumb>
      {view === undefined ? (
        <p class="quiet">The graph is being read...</p>
      ) : (
        <Picture view={view} />
      )}
    </>
  );
}

function Picture({ view }: { readonly view: GraphView }): JSX.Element {
  const { jobs, links, omitted } = view;
  if (jobs.length === 0) return <p class="quiet">No job depends on another.</p>;
  const places = new Map(jobs.map((job) => [job.name, placeOf(job)]));
  const width = Math.max(...jobs.map((job) => placeOf(job).x)) + NODE.width + NODE.gapX;
  const height = Math.max(...jobs.map((job) => placeOf(job).y)) + NODE.height + NODE.gapY;
  return (
    <section class="card picture">
      {omitted > 0 && <p>{omitted} more jobs are not shown; open the graph of one job.</p>}
      <svg width={width} height={height} aria-labelledby="picture-title">
        <title id="picture-title">Dependency graph</title>
        {links.map(({ parent, child }) => {
          const [from, to] = [places.get(parent), places.get(child)];
          if (from === undefined || to === undefined) return null;
          return <path key={`${parent} ${child}`} class="link" d={curve(from, to)} />;
        })}
        {jobs.map((job) => (
          <Node key={job.name} job={job} />
        ))}
      </svg>
    </section>
  );
}

interface Place {
  readonly x: number;
  readonly y: number;
}

function placeOf({ layer, row }: PlacedJob): Place {
  return {
    x: 4 + layer * (NODE.width + NODE.gapX),
    y: 4 + row * (NODE.height + NODE.gapY),
  };
}

function curve(from: Place, to: Place): string {
  const [x1, y1] = [from.x + NODE.width, from.y + NODE.height / 2];
  const [x2, y2] = [to.x, to.y + NODE.height / 2];
  const middle = (x1 + x2) / 2;
  return `M${x1} ${y1} C${middle} ${y1} ${middle} ${y2} ${x2} ${y2}`;
}

function Node({ job }: { readonly job: PlacedJob }): JSX.Element {
  const { x, y } = placeOf(job);
  const { name } = job;
  const short = name.length > NAME_CHARS_MAX ? `${name.slice(0, NAME_CHARS_MAX - 1)}…` : name;
  return (
    <a href={jobHref(name)} aria-label={`${name}, ${job.status}, ${job.state}`}>
      <g class={`node ${job.status}${job.isDisabled ? ' disabled' : ''}`}>
        <title>{`${name}: ${job.status}, ${job.state}`}</title>
        <rect x={x} y={y} width={NODE.width} height={NODE.height} rx="5" />
        <text x={x + 8} y={y + 17}>
          {short}
        </text>
      </g>
    </a>
  );
}
