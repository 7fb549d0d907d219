/** A real master and a real agent as processes, and a framework in this process. */
import { join } from 'node:path';
import { SystemClock } from '../../core/base/clock.ts';
import { silentLog } from '../../core/base/log.ts';
import { SystemRandom } from '../../core/base/random.ts';
import { createHttpClient } from '../../core/net/http-client.ts';
import { createScheduler, type Scheduler } from '../../core/scheduler/index.ts';
import type { Offer, TaskInfo, TaskStatus } from '../../core/wire/types/mesos.v1.ts';
import {
  eventually,
  freePorts,
  type Program,
  removeDirectory,
  startOrrery,
  temporaryDirectory,
} from '../e2e/support/programs.ts';

/** Holds offers back for longer than any benchmark. */
export const REFUSE = { refuse_seconds: 3_600 };

export interface Cluster {
  readonly masterAddress: string;
  readonly master: Program;
  readonly agent: Program;
  readonly workDirectory: string;
  stop(): Promise<void>;
}

export async function startCluster(resources: string): Promise<Cluster> {
  const directory = await temporaryDirectory('bench');
  const [masterPort = 0, agentPort = 0] = await freePorts(2);
  const masterAddress = `127.0.0.1:${masterPort}`;
  const workDirectory = join(directory, 'agent');
  const master = startOrrery([
    'master',
    '--ip=127.0.0.1',
    `--port=${masterPort}`,
    `--work_dir=${join(directory, 'master')}`,
  ]);
  const agent = startOrrery([
    'agent',
    '--ip=127.0.0.1',
    `--port=${agentPort}`,
    `--master=${masterAddress}`,
    `--work_dir=${workDirectory}`,
    `--resources=${resources}`,
  ]);
  const stop = async (): Promise<void> => {
    // SIGUSR1 unregisters the agent and ends its tasks and launcher.
    await agent.stop('SIGUSR1');
    await master.stop();
    await removeDirectory(directory);
  };
  try {
    await ready('master', master);
    await ready('agent', agent);
  } catch (thrown) {
    await stop();
    throw thrown;
  }
  return { masterAddress, master, agent, workDirectory, stop };
}

export interface MasterProcess {
  readonly pid: number;
  readonly port: number;
  /** Ends it and starts another with the same registry at the same address. */
  restart(): Promise<MasterProcess>;
  stop(): Promise<void>;
}

/** A master alone, for simulated agents. */
export async function startMaster(): Promise<MasterProcess> {
  const directory = await temporaryDirectory('bench-master');
  const [port = 0] = await freePorts(1);
  const start = async (): Promise<MasterProcess> => {
    const program = startOrrery([
      'master',
      '--ip=127.0.0.1',
      `--port=${port}`,
      `--work_dir=${directory}`,
    ]);
    await ready('master', program);
    return {
      pid: program.pid,
      port,
      restart: async () => {
        await program.stop('SIGKILL');
        return start();
      },
      stop: async () => {
        await program.stop();
        await removeDirectory(directory);
      },
    };
  };
  return start();
}

async function ready(name: string, program: Program): Promise<void> {
  await eventually(
    `the ${name} is ready`,
    () => {
      if (program.child.exitCode !== null) throw new Error(`the ${name} ended`);
      return program.output().includes('READY') || undefined;
    },
    program.output,
  );
}

/** A framework whose events are waited for one at a time. */
export class BenchFramework {
  readonly scheduler: Scheduler;
  private readonly http = createHttpClient();
  private offerWaiters: ((offer: Offer) => void)[] = [];
  private waitingOffers: Offer[] = [];
  /** Called for every status; replaced by the benchmark. */
  onUpdate: (status: TaskStatus) => void = () => {};

  constructor(masterAddress: string) {
    this.scheduler = createScheduler(
      {
        master: masterAddress,
        framework: {
          user: process.env['USER'] ?? 'root',
          name: 'bench',
          roles: ['bench'],
          capabilities: [{ type: 'MULTI_ROLE' }, { type: 'RESERVATION_REFINEMENT' }],
        },
        encoding: 'protobuf',
      },
      {
        offers: (offers) => {
          for (const offer of offers) this.offered(offer);
        },
        update: (status) => this.onUpdate(status),
      },
      { clock: new SystemClock(), random: new SystemRandom(), http: this.http, log: silentLog },
    );
  }

  /** The next offer, or one that came already. */
  nextOffer(): Promise<Offer> {
    const [offer] = this.waitingOffers.splice(0, 1);
    if (offer !== undefined) return Promise.resolve(offer);
    return new Promise((resolve) => this.offerWaiters.push(resolve));
  }

  async stop(): Promise<void> {
    await this.scheduler.stop({ teardown: true });
    await this.http.close();
  }

  private offered(offer: Offer): void {
    const [waiter] = this.offerWaiters.splice(0, 1);
    if (waiter === undefined) this.waitingOffers.push(offer);
    else waiter(offer);
  }
}

export function shellTask(
  offer: Offer,
  id: string,
  command: string,
  use: { readonly cpus: number; readonly mem: number },
): TaskInfo {
  return {
    name: id,
    task_id: { value: id },
    agent_id: offer.agent_id,
    command: { value: command },
    resources: [
      { name: 'cpus', type: 'SCALAR', scalar: { value: use.cpus } },
      { name: 'mem', type: 'SCALAR', scalar: { value: use.mem } },
    ],
  };
}

/** Fails instead of waiting for ever. */
export async function within<T>(durationMs: number, what: string, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} did not happen`)), durationMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
