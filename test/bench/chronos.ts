/**
 * Chronos with 100,000 jobs, a thousand of them due each minute, as its own process with its state on
 * disk, before a master of the test kit whose tasks end at once. How late starts are, how long posting
 * and searching take meanwhile, and how long after a kill it is ready again.
 */
import { Agent, request } from 'undici';
import {
  eventually,
  freePorts,
  type Program,
  removeDirectory,
  startOrrery,
  temporaryDirectory,
} from '../e2e/support/programs.ts';
import { type ClusterServer, startClusterServer } from './cluster-server.ts';
import type { Benchmark, Figure } from './figures.ts';
import { percentile, residentKib } from './measure.ts';

const JOBS = 100_000;
const PERIOD_MINUTES = 100;
const PERIOD_MS = PERIOD_MINUTES * 60_000;
const POSTING_LANES = 32;
const MEASURE_MS = 60_000;
/** Requests of each kind are this far apart while starts are measured. */
const PACE_MS = 50;

export const chronosBenchmark: Benchmark = {
  name: 'chronos',
  what: `${JOBS} jobs, ${JOBS / PERIOD_MINUTES} due per minute: lateness, POST, search, restart`,
  run: measure,
};

async function measure(): Promise<readonly Figure[]> {
  const server = await startClusterServer(1_000, 1_000_000);
  const directory = await temporaryDirectory('bench-chronos');
  const [port = 0] = await freePorts(1);
  const flags = [`--master=127.0.0.1:${server.port}`, `--work_dir=${directory}`];
  const args = ['chronos', ...flags, `--http_port=${port}`, '--hostname=127.0.0.1'];
  const client = new JobClient(port);
  let program = startOrrery(args);
  try {
    await ready(program, client);
    const postingMs = await postAll(client);
    const busy = await measureBusy(client, server);
    const memoryKib = residentKib(program.pid);
    program.child.kill('SIGKILL');
    const start = performance.now();
    program = startOrrery(args);
    await ready(program, client);
    const restartMs = performance.now() - start;
    return [
      { name: 'chronos: jobs posted', value: JOBS / (postingMs / 1_000), unit: 'jobs/s' },
      ...percentilesOf('chronos: start lateness', busy.lateness, 100),
      { name: 'chronos: starts measured', value: busy.lateness.length, unit: 'starts' },
      ...percentilesOf('chronos: POST', busy.posts, 20),
      ...percentilesOf('chronos: search', busy.searches, 50),
      {
        name: 'chronos: ready after a kill',
        value: restartMs / 1_000,
        unit: 's',
        target: { bound: 'at most', value: 10 },
      },
      { name: 'chronos: memory', value: memoryKib / 1_024, unit: 'MB' },
    ];
  } finally {
    await client.close();
    await program.stop();
    await server.close();
    await removeDirectory(directory);
  }
}

function percentilesOf(name: string, values: readonly number[], most: number): readonly Figure[] {
  return [
    { name: `${name}, median`, value: percentile(values, 50), unit: 'ms' },
    {
      name: `${name}, 99th percentile`,
      value: percentile(values, 99),
      unit: 'ms',
      target: { bound: 'at most', value: most },
    },
  ];
}

async function ready(program: Program, client: JobClient): Promise<void> {
  await eventually(
    'Chronos is ready',
    () => program.output().includes('READY') || undefined,
    program.output,
    120_000,
  );
  await client.get('/scheduler/jobs/search?limit=1');
}

/** The jobs' starts are spread evenly over the period. */
function startOffsetMs(number: number): number {
  return (number * PERIOD_MS) / JOBS;
}

async function postAll(client: JobClient): Promise<number> {
  const start = performance.now();
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < JOBS) {
      const number = next;
      next += 1;
      await client.post(number);
    }
  };
  await Promise.all(Array.from({ length: POSTING_LANES }, lane));
  return performance.now() - start;
}

async function measureBusy(
  client: JobClient,
  { cluster }: ClusterServer,
): Promise<{ lateness: number[]; posts: number[]; searches: number[] }> {
  const begin = cluster.launched.length;
  const [posts, searches]: [number[], number[]] = [[], []];
  const end = performance.now() + MEASURE_MS;
  for (let round = 0; performance.now() < end; round += 1) {
    const number = (round * 7_919) % JOBS;
    // Posting a job again replaces it; its next start stays where it was.
    posts.push(await timed(() => client.post(number)));
    const word = `job-${number % 1_000}`;
    searches.push(await timed(() => client.get(`/scheduler/jobs/search?name=${word}&limit=10`)));
    await new Promise((resolve) => setTimeout(resolve, PACE_MS));
  }
  const lateness = cluster.launched.slice(begin).map(({ info, launchedAt }) => {
    const number = Number(/job-(\d+)/.exec(info.name)?.[1]);
    return (launchedAt - client.base - startOffsetMs(number)) % PERIOD_MS;
  });
  return { lateness, posts, searches };
}

async function timed(action: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await action();
  return performance.now() - start;
}

class JobClient {
  /** The first start of the first job: a period ago, so that starts are due from the beginning. */
  readonly base = Date.now() - PERIOD_MS;
  private readonly agent = new Agent({ connections: POSTING_LANES });
  private readonly port: number;

  constructor(port: number) {
    this.port = port;
  }

  async post(number: number): Promise<void> {
    const start = new Date(this.base + startOffsetMs(number)).toISOString();
    const body = JSON.stringify({
      name: `job-${number}`,
      command: 'true',
      schedule: `R/${start}/PT${PERIOD_MINUTES}M`,
      epsilon: 'PT1M',
      ...{ owner: 'a@example.com', cpus: 0.1, mem: 16, disk: 1 },
    });
    const { statusCode, body: answer } = await request(this.url('/scheduler/iso8601'), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
      dispatcher: this.agent,
    });
    const text = await answer.text();
    if (statusCode !== 204) throw new Error(`${statusCode} ${text}`);
  }

  async get(path: string): Promise<string> {
    const { statusCode, body } = await request(this.url(path), { dispatcher: this.agent });
    const text = await body.text();
    if (statusCode !== 200) throw new Error(`${statusCode} ${text}`);
    return text;
  }

  async close(): Promise<void> {
    await this.agent.destroy();
  }

  private url(path: string): string {
    return `http://127.0.0.1:${this.port}${path}`;
  }
}
