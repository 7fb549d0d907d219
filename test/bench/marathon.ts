/**
 * Marathon as a process with its store on disk, a master as a process, simulated agents: many small
 * apps, one big one that is scaled while Marathon is killed and started again, the list of all apps,
 * and the time until it is ready again.
 */
import { join } from 'node:path';
import { silentLog } from '../../core/base/log.ts';
import { createHttpServer } from '../../core/net/http-server.ts';
import { createLibprocess } from '../../core/net/libprocess.ts';
import { at, numberAt } from '../e2e/support/json.ts';
import {
  eventually,
  freePorts,
  http,
  type Program,
  removeDirectory,
  startOrrery,
  temporaryDirectory,
} from '../e2e/support/programs.ts';
import { bytesOf, exchange } from '../e2e/support/wire-http.ts';
import { startMaster, within } from './cluster.ts';
import type { Benchmark, Figure } from './figures.ts';
import { percentile } from './measure.ts';
import { SimulatedAgents } from './simulated-agents.ts';

const AGENTS = 100;
const SMALL_APPS = 1_000;
const ALL_APPS = 5_000;
const INSTANCES = 50_000;
const POSTS_AT_A_TIME = 20;
const READS = 200;
const PATIENCE_MS = 300_000;

const APP = { cmd: 'sleep 1000', cpus: 0.01, mem: 16, portDefinitions: [] } as const;

export const marathonBenchmark: Benchmark = {
  name: 'marathon',
  what: `Marathon with ${ALL_APPS} apps and ${INSTANCES} instances on ${AGENTS} simulated agents`,
  run: measure,
};

async function measure(): Promise<readonly Figure[]> {
  const master = await startMaster();
  const server = createHttpServer({ ip: '127.0.0.1', port: 0, log: silentLog });
  await server.listen();
  const transport = createLibprocess({ http: server, log: silentLog });
  await transport.start();
  const agents = new SimulatedAgents(transport, { ip: '127.0.0.1', port: master.port }, AGENTS);
  const directory = await temporaryDirectory('bench-marathon');
  const marathon = new MarathonProcess(master.port, directory, (await freePorts(1))[0] ?? 0);
  try {
    await within(PATIENCE_MS, 'registration of all agents', agents.register());
    await marathon.start();
    return [
      ...(await postApps(marathon)),
      ...(await listApps(marathon)),
      ...(await scaleUp(marathon, agents)),
      ...(await restart(marathon)),
    ];
  } finally {
    await marathon.kill();
    await master.stop();
    await transport.stop();
    await server.close();
    await removeDirectory(directory);
  }
}

class MarathonProcess {
  readonly url: string;
  private readonly flags: readonly string[];
  private program: Program | undefined;

  constructor(masterPort: number, directory: string, port: number) {
    this.url = `http://127.0.0.1:${port}`;
    this.flags = [
      `--master=127.0.0.1:${masterPort}`,
      `--http_port=${port}`,
      '--http_address=127.0.0.1',
      `--work_dir=${join(directory, 'marathon')}`,
      '--max_running_deployments=2000',
      '--group_versions_cache_size=5000',
      '--max_instances_per_offer=1000',
      '--launch_tokens=100000',
      '--min_revive_offers_interval=100',
    ];
  }

  /** Resolves when it answers requests. */
  async start(): Promise<void> {
    const program = startOrrery(['marathon', ...this.flags]);
    this.program = program;
    let hasEnded = false;
    await eventually(
      'Marathon is ready',
      async () => {
        hasEnded = program.child.exitCode !== null;
        if (hasEnded) return true;
        if (!program.output().includes('READY')) return undefined;
        return (await http('GET', `${this.url}/v2/info`)).status === 200 ? true : undefined;
      },
      program.output,
      PATIENCE_MS,
    );
    if (hasEnded) throw new Error(`Marathon ended: ${program.output()}`);
  }

  async kill(): Promise<void> {
    await this.program?.stop('SIGKILL');
  }

  async noDeployments(): Promise<void> {
    await this.until('all deployments are done', async () => {
      const { body } = await http('GET', `${this.url}/v2/deployments`);
      return Array.isArray(body) && body.length === 0;
    });
  }

  async running(id: string): Promise<number> {
    const { body } = await http('GET', `${this.url}/v2/apps?id=${encodeURIComponent(id)}`);
    return numberAt(body, 'apps', 0, 'tasksRunning');
  }

  async until(what: string, isTrue: () => Promise<boolean>): Promise<void> {
    const probe = async (): Promise<true | undefined> => ((await isTrue()) ? true : undefined);
    await eventually(what, probe, () => this.program?.output() ?? '', PATIENCE_MS);
  }
}

async function postApps(marathon: MarathonProcess): Promise<readonly Figure[]> {
  const start = performance.now();
  const ids = Array.from({ length: SMALL_APPS }, (_, index) => `/small/${index}`);
  const post = async (): Promise<void> => {
    for (let id = ids.pop(); id !== undefined; id = ids.pop()) {
      const answer = await http('POST', `${marathon.url}/v2/apps`, { ...APP, id });
      if (answer.status !== 201) throw new Error(`${answer.status} ${answer.text}`);
    }
  };
  await Promise.all(Array.from({ length: POSTS_AT_A_TIME }, post));
  await marathon.noDeployments();
  return [
    {
      name: `marathon: ${SMALL_APPS} apps, first POST to all deployments done`,
      value: (performance.now() - start) / 1_000,
      unit: 's',
      target: { bound: 'at most', value: 5 },
    },
  ];
}

async function listApps(marathon: MarathonProcess): Promise<readonly Figure[]> {
  const apps = Array.from({ length: ALL_APPS - SMALL_APPS }, (_, index) => ({
    ...APP,
    id: `/idle/${index}`,
    instances: 0,
  }));
  const put = await http('PUT', `${marathon.url}/v2/groups/idle`, { apps });
  if (put.status !== 200) throw new Error(`${put.status} ${put.text.slice(0, 300)}`);
  await marathon.noDeployments();
  const times: number[] = [];
  let first: Buffer | undefined;
  for (let count = 0; count < READS; count += 1) {
    const start = performance.now();
    const bytes = await bytesOf(
      await exchange({ method: 'GET', url: `${marathon.url}/v2/apps`, headers: {} }),
    );
    times.push(performance.now() - start);
    // Parsed once: to clear away what all would leave here would be measured with the next.
    first ??= withAllApps(bytes);
    if (!bytes.equals(first)) throw new Error('the list has changed');
  }
  return [
    {
      name: `marathon: GET /v2/apps with ${ALL_APPS} apps, p50`,
      value: percentile(times, 50),
      unit: 'ms',
    },
    {
      name: 'marathon: the same, p99',
      value: percentile(times, 99),
      unit: 'ms',
      target: { bound: 'at most', value: 100 },
    },
  ];
}

function withAllApps(bytes: Buffer): Buffer {
  const list = at(JSON.parse(bytes.toString('utf8')), 'apps');
  const length = Array.isArray(list) ? list.length : 0;
  if (length !== ALL_APPS) throw new Error(`${length} apps are listed`);
  return bytes;
}

async function scaleUp(
  marathon: MarathonProcess,
  agents: SimulatedAgents,
): Promise<readonly Figure[]> {
  await http('POST', `${marathon.url}/v2/apps`, { ...APP, id: '/big', instances: 0 });
  await marathon.noDeployments();
  const start = performance.now();
  await http('PUT', `${marathon.url}/v2/apps/big`, { instances: INSTANCES });
  await marathon.until(
    'half of it runs',
    async () => (await marathon.running('/big')) >= INSTANCES / 2,
  );
  await marathon.kill();
  await marathon.start();
  await marathon.until(
    'all of it runs',
    async () => (await marathon.running('/big')) === INSTANCES,
  );
  const seconds = (performance.now() - start) / 1_000;
  return [
    {
      name: `marathon: one app from 0 to ${INSTANCES} instances, killed and started in the middle`,
      value: seconds,
      unit: 's',
      target: { bound: 'at most', value: 30 },
    },
    {
      name: 'marathon: tasks started beyond the wanted ones, and kills',
      value: agents.launchedCount - SMALL_APPS - INSTANCES + agents.killCount,
      unit: 'tasks',
      target: { bound: 'at most', value: 0 },
    },
  ];
}

async function restart(marathon: MarathonProcess): Promise<readonly Figure[]> {
  await marathon.noDeployments();
  await marathon.kill();
  const start = performance.now();
  await marathon.start();
  return [
    {
      name: `marathon: ready again with ${ALL_APPS} apps and ${INSTANCES} instances`,
      value: (performance.now() - start) / 1_000,
      unit: 's',
      target: { bound: 'at most', value: 5 },
    },
  ];
}
